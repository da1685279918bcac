//! Every state of the page, reached as a parent reaches it, looked at as everyone may have to.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use fantoccini::Locator;
use rules::StoreId;
use serde_json::json;
use service::{
    ingest,
    store::{Holds, Item, Store, StoreError, Subject},
};

use super::{
    look::Looker,
    receipt::fork,
    weather::{Line, Weather},
    world::{CLIPS, DEMO_GUARDIAN, World},
};

/// A store that does nothing while it is down.
struct Down {
    inner: Box<dyn Store>,
    is: Arc<AtomicBool>,
}

#[async_trait]
impl Store for Down {
    fn id(&self) -> StoreId {
        self.inner.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.up()?;
        self.inner.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        self.up()?;
        self.inner.erase(items).await
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        self.up()?;
        self.inner.probe(items).await
    }
}

impl Down {
    fn up(&self) -> Result<(), StoreError> {
        if self.is.load(Ordering::SeqCst) {
            Err(StoreError::Folder(std::io::Error::other("down")))
        } else {
            Ok(())
        }
    }
}

/// A family with two children, one store that can be down, and a line that can fail.
async fn family() -> (World, Arc<AtomicBool>, Line) {
    let down = Arc::new(AtomicBool::new(false));
    let is = down.clone();
    let world = World::with(true, |core| {
        let last = core.stores.iter().position(|store| store.id() == StoreId::Waveform).unwrap();
        let inner = core.stores.remove(last);
        core.stores.insert(last, Box::new(Down { inner, is }));
    })
    .await;
    ingest::find_or_make_child(&world.core, DEMO_GUARDIAN, "Ben").await.unwrap();
    // So there is more than one moment to choose a period from.
    world.record("kitchen-sky.opus", "Why is the sky blue in winter?", 24 * 40).await;
    let line = Line::to(&world.api).await;
    (world, down, line)
}

const DIALOG: &str = "dialog button, .decide button";

#[tokio::test(flavor = "multi_thread")]
async fn every_state_is_open_to_everyone() {
    let (world, down, line) = family().await;
    let mut looker = Looker::new();

    // Before anything is there.
    line.is(Weather::Fair);
    world.page.goto(&line.origin).await.unwrap();
    world.until_shown("Mia").await;
    assert!(looker.sees_a_fault(&world).await);
    looker.at(&world, "children").await;

    // A child of whom nothing is held.
    world.press("See Ben").await;
    world.until_shown("No recording of this child is in use.").await;
    looker.at(&world, "nothing-held").await;

    // The list.
    world.press("Children").await;
    line.is(Weather::Jammed);
    world.press("See Mia").await;
    world.until_shown("One moment").await;
    looker.at(&world, "loading").await;
    line.is(Weather::Cut);
    world.until_shown("The service did not answer").await;
    looker.at(&world, "unreachable").await;
    line.is(Weather::Answers("500 Internal Server Error"));
    world.press("Try again").await;
    world.until_shown("Something failed at the service").await;
    looker.at(&world, "service-failed").await;
    line.is(Weather::Answers("401 Unauthorized"));
    world.press("Try again").await;
    world.until_shown("You are not signed in").await;
    looker.at(&world, "signed-out").await;
    line.is(Weather::Fair);
    world.press("Try again").await;
    world.until_rows(CLIPS.len() + 1).await;
    looker.at(&world, "recordings").await;
    world.language("ar").await;
    looker.at(&world, "recordings-right-to-left").await;
    world.language("en").await;
    looker.offline(&world, true).await;
    world.until_shown("This device is offline").await;
    looker.at(&world, "offline").await;
    looker.offline(&world, false).await;

    // Found, ticked, not found.
    world.find("summary", "Filters").await.click().await.unwrap();
    let search = world.find("input[type=search]", "").await;
    search.send_keys("walnu").await.unwrap();
    world.until_rows(2).await;
    world.press("Select all 2 that match").await;
    world.until_shown("2 recordings selected").await;
    looker.at(&world, "found-and-selected").await;
    search.send_keys("zzz").await.unwrap();
    world.until_shown("Nothing matches").await;
    looker.at(&world, "nothing-matches").await;
    world.press("Clear search and filters").await;
    world.until_rows(CLIPS.len() + 1).await;

    // One recording; kept.
    world.find("button.open", "No transcript").await.click().await.unwrap();
    world.until_shown("No place can be shown").await;
    looker.at(&world, "video").await;
    world.press("Back to the list").await;
    world.find("summary", "As a table").await.click().await.unwrap();
    world.until("the table is there", "root.querySelector('table')").await;
    looker.at(&world, "recordings-as-a-table").await;
    world.find("summary", "As a table").await.click().await.unwrap();
    line.is(Weather::Jammed);
    world.find("button.open", "pesto").await.click().await.unwrap();
    world.until_shown("This takes longer than usual").await;
    looker.at(&world, "slow").await;
    line.is(Weather::Fair);
    world.press("Try again").await;
    world.until_shown("Is there walnut in pesto?").await;
    looker.at(&world, "recording").await;
    world.language("ar").await;
    looker.at(&world, "recording-right-to-left").await;
    world.language("en").await;
    world.press("Keep until a date").await;
    world.press("Keep it").await;
    world.until_shown("Choose a date.").await;
    looker.at(&world, "keep").await;
    world.find("label", "12 months").await.click().await.unwrap();
    world.press("Keep it").await;
    world.until_shown("You keep it until").await;
    looker.at(&world, "kept").await;

    // A deletion in a box: shown, failing, sealed, taken back.
    world.press("Delete this recording").await;
    world.until_shown("There is nothing to delete here").await;
    looker.at(&world, "delete-only-kept").await;
    world.choose("Delete what I asked to keep").await;
    world.until_shown("Delete 1 recording of Mia").await;
    looker.at(&world, "delete-one").await;
    let stop = "root.host.addEventListener('fmn-before-erasure', (e) => e.preventDefault(), { once: true });";
    world.ask(stop, vec![]).await;
    world.find(DIALOG, "Delete 1 recording").await.click().await.unwrap();
    world.until_shown("This site stopped it").await;
    looker.at(&world, "delete-stopped-by-the-site").await;
    line.is(Weather::Cut);
    world.find(DIALOG, "Try again").await.click().await.unwrap();
    world.until_shown("It may have arrived").await;
    looker.at(&world, "delete-unanswered").await;
    line.is(Weather::Fair);
    world.find(DIALOG, "Try again").await.click().await.unwrap();
    world.until_shown("Hidden from everyone").await;
    looker.at(&world, "sealed").await;
    world.press("Undo").await;
    world.until_shown("Taken back").await;
    looker.at(&world, "taken-back").await;

    // What is held, and one place that cannot be asked.
    world.press("What is held").await;
    world.until_shown("Sound and video files").await;
    looker.at(&world, "holdings").await;
    down.store(true, Ordering::SeqCst);
    world.press("Recordings").await;
    world.press("What is held").await;
    world.until_shown("Could not be asked").await;
    looker.at(&world, "holdings-one-silent").await;

    // Everything, with the name; one place fails, then all is late, then gone.
    world.press("Delete everything of Mia").await;
    world.until_shown("To confirm, type: Mia").await;
    world.choose("Do not wait").await;
    world.find(DIALOG, "Delete 9 recordings").await.click().await.unwrap();
    world.until_shown("This does not match yet").await;
    looker.at(&world, "delete-everything").await;
    world.find("label.field.wide input", "").await.send_keys("Mia").await.unwrap();
    world.find(DIALOG, "Delete 9 recordings").await.click().await.unwrap();
    world.until_shown("Some places are asked again").await;
    looker.at(&world, "partly-failed").await;
    let mut passing = world.core.db.write().await.unwrap();
    sqlx::query("UPDATE erasure SET expected_by = (unixepoch() - 60) * 1000")
        .execute(&mut *passing)
        .await
        .unwrap();
    passing.commit().await.unwrap();
    world.press("Requests").await;
    world.press("See how it stands").await;
    world.until_shown("This takes longer than we said").await;
    looker.at(&world, "late").await;
    assert!(!world.text().await.contains("Deleted"));
    down.store(false, Ordering::SeqCst);
    world.core.engine.notify_one();
    world.until_shown("Every place was read again and holds nothing of it").await;
    world.until_shown("Your browser has checked the receipt, and it adds up.").await;
    looker.at(&world, "deleted").await;
    world.press("Requests").await;
    world.until_shown("Requests to delete").await;
    looker.at(&world, "requests").await;

    // The receipt of it, and what happened before.
    world.press("See the receipt").await;
    world.until_shown("Only promised").await;
    looker.at(&world, "receipt").await;
    looker.on_paper(&world, "receipt-on-paper").await;
    world.language("ar").await;
    looker.at(&world, "receipt-right-to-left").await;
    world.language("en").await;
    world.press("History").await;
    world.until_shown("A recording came in.").await;
    world.find(".entries button", "Check").await.click().await.unwrap();
    world.until_shown("Checked: it is in the ledger as you read it.").await;
    looker.at(&world, "history").await;
    world.press("Check that none is missing").await;
    world.until_shown("none missing").await;
    looker.at(&world, "history-checked").await;

    // The next day the ledger is another one.
    fork(world.folder.path());
    world.page.goto("about:blank").await.unwrap();
    world.page.goto(&line.origin).await.unwrap();
    world.until_shown("See Mia").await;
    world.press("Requests").await;
    world.until_shown("Requests to delete").await;
    world.press("See the receipt").await;
    world.until_shown("Two states of the ledger that do not fit").await;
    looker.at(&world, "receipt-failed").await;

    looker.conclude(37);
    assert_eq!(world.refused().await, json!([[], []]));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plain_pages_are_open_to_everyone() {
    let world = World::new(true).await;
    let mut looker = Looker::new();
    let page = &world.page;
    let open = async |path: &str| page.goto(&format!("{}{path}", world.api)).await.unwrap();
    let press = async |selector: &str| {
        page.wait().for_element(Locator::Css(selector)).await.unwrap().click().await.unwrap();
    };
    open("/plain").await;
    looker.at(&world, "plain-children").await;
    press("main a[href^='/plain/children/']").await;
    page.wait().for_element(Locator::Css("a[href^='/plain/recordings/']")).await.unwrap();
    looker.at(&world, "plain-recordings").await;
    press("a[href^='/plain/recordings/']").await;
    page.wait().for_element(Locator::Css("audio")).await.unwrap();
    looker.at(&world, "plain-recording").await;
    open(&format!("/plain/children/{}/holdings?locale=ar", world.child)).await;
    looker.at(&world, "plain-holdings-right-to-left").await;
    open("/plain/requests?locale=en").await;
    looker.at(&world, "plain-requests").await;
    open("/plain/nothing").await;
    looker.at(&world, "plain-not-found").await;

    // One is deleted at once, and its receipt read and printed.
    open(&format!("/plain/children/{}", world.child)).await;
    press("a[href^='/plain/recordings/']").await;
    let way = page.wait().for_element(Locator::Css("a[href^='/plain/erase']")).await.unwrap();
    let way = way.attr("href").await.unwrap().unwrap();
    open(&format!("{way}&waive_undo=1")).await;
    press("form[method=post][action='/plain/erase'] button").await;
    let at = async || page.current_url().await.unwrap();
    world.tried("it is asked for", async || at().await.path().starts_with("/plain/requests/")).await;
    let progress = at().await;
    world
        .tried("there is a receipt, and it is published", async || {
            page.goto(progress.as_str()).await.unwrap();
            let Ok(way) = page.find(Locator::Css("a[href*='/receipt?']")).await else { return false };
            way.click().await.unwrap();
            page.find(Locator::Css("a[download]")).await.is_ok()
        })
        .await;
    looker.at(&world, "plain-receipt").await;
    looker.on_paper(&world, "plain-receipt-on-paper").await;
    looker.conclude(8);
    world.end().await;
}
