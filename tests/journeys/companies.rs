//! Other companies that were given recordings: a real server that answers well, never, or falsely, and what a
//! parent is told of it.

use rules::{Class, RecordingId, contract::NewDisclosure};
use service::processors::disclose;
use sqlx::query_scalar;

use super::{
    fake::{Fake, Manner},
    look::Looker,
    world::{CLIPS, Setting, World},
};

/// Days after which silence is called silence.
const TOO_LONG: i64 = 11;

/// A family whose recordings another company was given, long enough ago that they have arrived there.
async fn family(fake: &Fake) -> World {
    let setting = Setting { demo: true, processors: fake.processors(), ..Setting::default() };
    let world = World::set(setting, |_| {}).await;
    let recordings: Vec<String> =
        query_scalar("SELECT id FROM recording").fetch_all(world.core.db.read()).await.unwrap();
    let recordings: Vec<RecordingId> = recordings.iter().map(|id| id.parse().unwrap()).collect();
    assert_eq!(recordings.len(), CLIPS.len());
    let new = NewDisclosure { processor: "speech".into(), recordings, classes: vec![Class::Media] };
    disclose::disclose(&world.core, &new).await.unwrap();
    world.clock.by_days(1);
    world
}

/// Deletes the recording with these words, to where it says that others have not confirmed.
async fn delete(world: &World, words: &str) {
    world.page.goto(&world.api).await.unwrap();
    world.find("button.open", words).await.click().await.unwrap();
    world.delete_opened().await;
    world.until_shown("Others who were given it and have not confirmed yet: 1").await;
    // First requests go out within an hour, each at a moment of its own.
    world.clock.by_hours(1);
}

/// Looks at the newest request again, until it shows this.
async fn look_again(world: &World, text: &str) {
    world
        .tried(&format!("“{text}” is shown"), async || {
            world.press("Requests").await;
            world.press("See how it stands").await;
            world.until_shown("Other recipients").await;
            world.text().await.contains(text)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_of_another_company_is_told_and_open_to_everyone() {
    let fake = Fake::start().await;
    let world = family(&fake).await;
    let mut looker = Looker::new();

    // It has promised; in the end it has done it, and was asked what it still has.
    delete(&world, "sky blue").await;
    look_again(&world, "Confirmed on").await;
    looker.at_end(&world, "company-promised").await;
    fake.says("completed", Some(0));
    world.clock.by_days(1);
    look_again(&world, "Asked again on").await;
    looker.at_end(&world, "company-confirmed").await;

    // It never answers: not confirmed, since a day that is named.
    fake.says("pending", Some(0));
    fake.next([Manner::Failing; 200]);
    delete(&world, "pesto").await;
    look_again(&world, "no answer yet").await;
    looker.at_end(&world, "company-asked").await;
    world.clock.by_days(TOO_LONG);
    look_again(&world, "Not confirmed since").await;
    looker.at_end(&world, "company-silent").await;
    assert!(!world.text().await.contains("that it has nothing left"));

    // It says that all is gone, and still has some.
    fake.inner.lock().unwrap().manners.clear();
    fake.says("completed", Some(3));
    delete(&world, "lettuce").await;
    look_again(&world, "Confirmed on").await;
    world.clock.by_days(1);
    look_again(&world, "answered that it still has some").await;
    looker.at_end(&world, "company-contradicted").await;

    // The history has all of it, each by the company's name, and each can be checked.
    world.press("History").await;
    world.press("Check that none is missing").await;
    world.until_shown("none missing up to").await;
    world.find(".entries button", "still had some").await.click().await.unwrap();
    world.until_shown("Checked: it is in the ledger as you read it.").await;
    looker.at(&world, "history-of-a-company").await;
    let mut told = String::new();
    loop {
        told += &world.text().await;
        let first = "root.querySelector('.entries li').id";
        let before = world.ask(&format!("return {first};"), vec![]).await;
        if world
            .ask(
                "return [...root.querySelectorAll('button')].some((it) => it.textContent === 'Older');",
                vec![],
            )
            .await
            != true
        {
            break;
        }
        world.press("Older").await;
        world.until("the page is turned", &format!("{first} != {before}")).await;
    }
    for said in [
        "8 recordings were given to the company speech.",
        "The company speech was asked to erase what it had been given.",
        "The company speech says that it will erase what it was given.",
        "The company speech says that all of it is gone.",
        "The company speech was asked again, and has nothing of it.",
        "The company speech has not answered.",
        "The company speech still had some of it.",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    looker.conclude(6);
    world.end().await;
}
