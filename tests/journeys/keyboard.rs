//! A parent without a mouse: every step by keys, the focus always somewhere, every change said.

use fantoccini::actions::{InputSource, KeyAction, KeyActions};

use super::world::{CLIPS, World};

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const SHIFT: char = '\u{e008}';
const ESCAPE: char = '\u{e00c}';
const SPACE: char = ' ';
const DOWN: char = '\u{e015}';

/// What the focus is on, by its name; nothing where it fell to the body.
const FOCUSED: &str = "const at = root.activeElement; if (!at) return ''; \
    return (at.getAttribute('aria-label') ?? at.closest('label')?.firstElementChild?.textContent \
      ?? at.textContent).trim() || at.localName;";

impl World {
    async fn key(&self, key: char) {
        let actions = KeyActions::new("keys".into())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        self.page.perform_actions(actions).await.unwrap();
    }

    async fn back_tab(&self) {
        let actions = KeyActions::new("keys".into())
            .then(KeyAction::Down { value: SHIFT })
            .then(KeyAction::Down { value: TAB })
            .then(KeyAction::Up { value: TAB })
            .then(KeyAction::Up { value: SHIFT });
        self.page.perform_actions(actions).await.unwrap();
    }

    async fn focused(&self) -> String {
        self.ask(FOCUSED, vec![]).await.as_str().unwrap_or_default().to_owned()
    }

    /// Tabs on until the focus is on something of this name; gives the names on the way.
    async fn tab_to(&self, name: &str) -> Vec<String> {
        let mut way = Vec::new();
        for _ in 0..30 {
            self.key(TAB).await;
            let at = self.focused().await;
            way.push(at.clone());
            if at.contains(name) {
                return way;
            }
        }
        panic!("no way to “{name}” by Tab: {way:?}");
    }

    async fn until_focused(&self, name: &str) {
        let script = format!("(() => {{ {FOCUSED} }})().includes({})", serde_json::json!(name));
        self.until(&format!("the focus is on “{name}”"), &script).await;
    }

    /// Waits until the live region says it.
    async fn until_said(&self, words: &str) {
        let script =
            format!("root.querySelector('[role=status]').textContent.includes({})", serde_json::json!(words));
        self.until(&format!("“{words}” is said"), &script).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_without_a_mouse_finds_hears_keeps_and_deletes() {
    let world = World::new(true).await;
    world.page.goto(&world.api).await.unwrap();
    world.until_rows(CLIPS.len()).await;

    // The order of the focus is that of the page. (The picture over time is there from two days on.)
    let way = world.tab_to("Is there walnut in pesto").await;
    let picture = ["From", "To", "As a table"];
    let way: Vec<_> = way
        .iter()
        .filter(|name| !picture.iter().any(|part| name.contains(part)))
        .map(String::as_str)
        .collect();
    let expected = [
        "Recordings",
        "What is held",
        "History",
        "Requests",
        "Leave this page",
        "Search what was said",
        "Filters",
        "Select all 8",
        "Select all of",
        "Select ",
    ];
    assert_eq!(way.len(), expected.len(), "{way:?}");
    for (at, name) in way.iter().zip(expected) {
        assert!(at.contains(name), "{at} where {name} was expected: {way:?}");
    }

    // Search: what was found is said.
    while !world.focused().await.contains("Search what was said") {
        world.back_tab().await;
    }
    for letter in "walnu".chars() {
        world.key(letter).await;
    }
    world.until_rows(2).await;
    world.until_said("2 recordings").await;

    // Tick, open, hear.
    world.tab_to("Select all 2").await;
    world.tab_to("lettuce").await;
    world.key(SPACE).await;
    world.until_said("1 recording selected").await;
    // The box of a day may lie between.
    while !world.focused().await.contains("pesto") {
        world.back_tab().await;
    }
    world.key(ENTER).await;
    world.until_shown("Is there walnut in pesto?").await;
    world.until_focused("Voice recording").await;
    world.key('p').await;
    world.until("the sound is played", "(root.querySelector('audio')?.currentTime ?? 0) > 0.1").await;
    world.key('p').await;
    world.until("the sound pauses", "root.querySelector('audio').paused").await;

    // The next and the previous one.
    world.key('n').await;
    world.until_shown("Walnut, walnut, lettuce.").await;
    world.key('b').await;
    world.until_shown("Is there walnut in pesto?").await;

    // Keep.
    world.key('k').await;
    world.until("the offered dates have the focus", "root.activeElement?.closest('.keep')").await;
    world.key(DOWN).await;
    world.tab_to("Keep it").await;
    world.key(ENTER).await;
    world.until_said("Kept until").await;
    assert_ne!(world.focused().await, "", "the focus fell to the body");

    // Delete: the box takes the focus, Escape gives it back.
    world.key('n').await;
    world.until_shown("Walnut, walnut, lettuce.").await;
    world.key('d').await;
    world.until_shown("Delete 1 recording of Mia").await;
    world.until_focused("Cancel").await;
    world.key(ESCAPE).await;
    world.until("the box is closed", "!root.querySelector('dialog[open]')").await;
    assert_ne!(world.focused().await, "", "the focus fell to the body");
    world.key('d').await;
    world.until_focused("Cancel").await;
    world.until_shown("Delete 1 recording of Mia").await;
    world.tab_to("Delete 1 recording").await;
    world.key(ENTER).await;
    world.until_said("Hidden from everyone").await;
    world.until_focused("Hidden from everyone").await;
    world.tab_to("Undo").await;
    world.key(ENTER).await;
    world.until_said("Taken back").await;
    assert_ne!(world.focused().await, "", "the focus fell to the body");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_without_a_mouse_reads_the_history_and_checks_it() {
    let world = World::new(true).await;
    // So there is more than one page.
    for hours in 30..33 {
        world.record("kitchen-sky.opus", "Why is the sky blue?", hours).await;
    }
    world.page.goto(&world.api).await.unwrap();
    world.until_rows(CLIPS.len() + 3).await;
    world.tab_to("History").await;
    world.key(ENTER).await;
    world.until_focused("What happened to what is held about Mia").await;
    world.until("an entry can be checked", "root.querySelector('.entries .button')").await;

    // All of them: the focus stays where it was, while it is checked and afterwards.
    world.tab_to("Check that none is missing").await;
    let watch = "const it = root.activeElement; window.waits = []; \
        new MutationObserver(() => window.waits.push(it.getAttribute('aria-disabled'))) \
          .observe(it, { attributes: true, attributeFilter: ['aria-disabled'] });";
    world.ask(watch, vec![]).await;
    world.key(ENTER).await;
    world.until_said("none missing up to").await;
    world.until_focused("Check that none is missing").await;
    let waits = world.ask("return window.waits;", vec![]).await;
    assert_eq!(waits, serde_json::json!(["true", "false"]), "while it is checked nothing else can be");

    // One by one: the focus is on the entry with what came of it, and each is said, also in the same words.
    world
        .ask(
            "window.said = []; const status = root.querySelector('[role=status]'); \
         new MutationObserver(() => window.said.push(status.textContent)) \
           .observe(status, { characterData: true, childList: true, subtree: true });",
            vec![],
        )
        .await;
    for n in 1..=2 {
        world.tab_to("Check: ").await;
        world.key(ENTER).await;
        let proved = format!("root.querySelectorAll('.entries .checked').length === {n}");
        world.until("the entry is checked", &proved).await;
        world.until_focused("Checked: it is in the ledger as you read it.").await;
        let said = "window.said.filter((words) => words.startsWith('Checked:')).length";
        world.until("it is said", &format!("{said} === {n}")).await;
    }

    // The page is turned by keys, and the heading says where one is.
    for way in ["Older", "Newer"] {
        world
            .until(
                "there is another page",
                &format!("[...root.querySelectorAll('button')].some((it) => it.textContent === '{way}')"),
            )
            .await;
        for _ in 0..100 {
            world.key(TAB).await;
            if world.focused().await.contains(way) {
                break;
            }
        }
        world.key(ENTER).await;
        world.until_focused("What happened to what is held about Mia").await;
    }
    world.end().await;
}
