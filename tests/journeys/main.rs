//! Whole journeys: a parent in a real Chromium, the real service, real recordings.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a journey stops where it cannot go on")]

mod companies;
#[path = "../../src/service/tests/fake/mod.rs"]
mod fake;
mod halves;
mod history;
mod keyboard;
mod look;
mod receipt;
mod start;
mod states;
mod unchecked;
mod weather;
mod witness;
mod world;

use world::{CLIPS, World};

/// How far the open recording has been played, in seconds.
const PLAYED: &str = "(root.querySelector('audio, video')?.currentTime ?? 0)";

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_finds_hears_keeps_and_deletes() {
    let world = World::new(true).await;
    world.page.goto(&world.api).await.unwrap();

    world.until_shown("Mia").await;
    world.until_rows(CLIPS.len()).await;
    let first = world.find("li.row", CLIPS[0].1).await;
    assert!(first.text().await.unwrap().contains("kitchen"), "the device is named");

    // Search: any word, or its beginning.
    let search = world.find("input[type=search]", "").await;
    search.send_keys("walnu").await.unwrap();
    world.until_rows(2).await;
    world.find("button.open", "lettuce").await;

    // Open, read, hear: the sound really moves on.
    world.find("button.open", "pesto").await.click().await.unwrap();
    world.until_shown("Is there walnut in pesto?").await;
    world.until_shown("47.60620").await;
    world.press("Play").await;
    world.until("the sound is played", &format!("{PLAYED} > 0.2")).await;

    // Keep until an offered date.
    world.press("Keep until a date").await;
    world.find("label", "12 months").await.click().await.unwrap();
    world.press("Keep it").await;
    world.until_shown("You keep it until").await;
    world.press("Back to the list").await;
    world.until_shown("Kept until").await;

    // Delete both: the kept one stays unless she says so, and the preview tells.
    world.press("Select all 2").await;
    world.press("Delete 2 recordings").await;
    world.until_shown("Delete 1 recording of Mia").await;
    world.until_shown("1 recording stays, because you asked to keep it").await;
    world.until_shown("Sound and video files").await;
    assert!(!world.text().await.contains("Deleted"));
    world.find("dialog button, .decide button", "Delete 1 recording").await.click().await.unwrap();
    world.until_shown("Hidden from everyone").await;
    assert!(!world.text().await.contains("Deleted"), "{}", world.text().await);
    world.press("Undo").await;
    world.until_shown("Taken back").await;
    world.press("Back").await;
    world.until_rows(2).await;

    assert_eq!(world.refused().await, serde_json::json!([[], []]));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_for_good_is_said_after_the_stores_were_read_again() {
    let world = World::new(true).await;
    world.page.goto(&world.api).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    let before = world.copies().await;

    world.find("button.open", "sky blue").await.click().await.unwrap();
    world.press("Play").await;
    world.until("the sound is played", &format!("{PLAYED} > 0.1")).await;
    world.until_shown("Learned from this").await;
    world.until_shown("Has said: Why is the sky blue?").await;
    world.press("Delete this recording").await;
    world.until_shown("Delete 1 recording of Mia").await;
    world.until("the sound stops before anything is decided", "!root.querySelector('audio')?.src").await;
    world.choose("Do not wait").await;
    world.find("dialog button, .decide button", "Delete 1 recording").await.click().await.unwrap();
    world.until_shown("Every place was read again and holds nothing of it").await;
    world.until_shown("Gone and checked").await;
    for ((store, before), (_, after)) in before.iter().zip(world.copies().await) {
        let had_place = rules::Stores::reached_by(rules::Class::Location).has(*store);
        assert_eq!(after, before - u64::from(!had_place), "{store:?}");
    }
    world.press("Back").await;
    world.until_rows(CLIPS.len() - 1).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_does_the_same_under_its_strict_policy() {
    let world = World::new(false).await;
    let host = world.host().await;
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    world.find("button.open", "pesto").await.click().await.unwrap();
    world.press("Play").await;
    world.until("the sound is played", &format!("{PLAYED} > 0.2")).await;
    world.press("Back to the list").await;

    // Everything of the child, for good.
    world.press("What is held").await;
    world.press("Delete everything of Mia").await;
    world.until_shown("To confirm, type: Mia").await;
    world.choose("Do not wait").await;
    let typed = world.find("label.field.wide input", "").await;
    typed.send_keys("Mia").await.unwrap();
    world
        .find("dialog button, .decide button", &format!("Delete {} recordings", CLIPS.len()))
        .await
        .click()
        .await
        .unwrap();
    world.until_shown("Every place was read again and holds nothing of it").await;
    for (store, copies) in world.copies().await {
        assert_eq!(copies, 0, "{store:?}");
    }
    let left = std::fs::read_dir(world.folder.path().join("media")).unwrap().count();
    assert_eq!(left, 0, "no file is left in the folder");
    assert_eq!(world.refused().await, serde_json::json!([[], []]));
    world.end().await;
}
