//! What happened to several children's data: each has a history and receipts of her own, and nothing of one is
//! ever said under the name of the other.

use service::ingest;

use super::world::{DEMO_GUARDIAN, World};

/// How many entries of the child on screen were checked on the whole.
async fn checked(world: &World) -> u64 {
    world.press("Check that none is missing").await;
    world.until_shown("none missing up to").await;
    let script = "return Number(root.querySelector('.checked').textContent.match(/it: (\\d+) entr/)[1]);";
    world.ask(script, vec![]).await.as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_child_has_a_history_and_a_receipt_of_its_own() {
    let mut world = World::new(true).await;
    let mia = world.child;
    world.child = ingest::find_or_make_child(&world.core, DEMO_GUARDIAN, "Ben").await.unwrap();
    world.record("toy-good-night.ogg", "Good night, Ben.", 3).await;
    world.child = mia;
    world.page.goto(&world.api).await.unwrap();

    let mut counts = Vec::new();
    for name in ["Mia", "Ben", "Mia"] {
        world.press(&format!("See {name}")).await;
        world.until("the list is there", "root.querySelector('li.row')").await;
        world.press("History").await;
        world.until_shown(&format!("What happened to what is held about {name}")).await;
        world.until("an entry can be checked", "root.querySelector('.entries .button')").await;
        let text = world.text().await;
        assert!(!text.contains("Checked:") && !text.contains("none missing"), "of another child: {text}");
        counts.push(checked(&world).await);
        world.until_shown(&format!("It is about {name} and nobody else")).await;
        world.find(".entries button", "Check").await.click().await.unwrap();
        world.until_shown("Checked: it is in the ledger as you read it.").await;
        world.press("Children").await;
    }
    assert!(counts[0] > counts[1], "Mia has more than Ben: {counts:?}");

    // One request for both of them: a receipt for each.
    world.press("Delete everything of all children").await;
    world.choose("Do not wait").await;
    let typed = world.find("label.field.wide input", "").await;
    typed.send_keys("everything").await.unwrap();
    world.find("dialog button, .decide button", "Delete 9 recordings").await.click().await.unwrap();
    world.until_shown("Every place was read again and holds nothing of it").await;
    world.until_shown("Your browser has checked the receipt, and it adds up.").await;
    world.press("See the receipt").await;
    for (name, other) in [("Mia", "Ben"), ("Ben", "Mia"), ("Mia", "Ben")] {
        world.press(&format!("Receipt about {name}")).await;
        world.until_shown(&format!("It is about {name} and nobody else")).await;
        world.until_shown(&format!("No entry about {name} is missing")).await;
        let text = world.text().await;
        assert!(!text.contains(&format!("It is about {other}")) && !text.contains("Not so"), "{text}");
        let current =
            format!("root.querySelector('[aria-current=true]').textContent === 'Receipt about {name}'");
        world.until("the chosen one is marked", &current).await;
    }
    world.end().await;
}
