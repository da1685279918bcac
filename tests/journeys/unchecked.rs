//! What the page says where it cannot check, or cannot remember: never more than it knows.

use serde_json::json;

use super::{
    look::Devtools,
    world::{CLIPS, Setting, World},
};

/// From now on the browser gets nothing whose address looks like this.
async fn block(world: &World, urls: &[&str]) {
    for command in
        [Devtools("Network.enable", json!({})), Devtools("Network.setBlockedURLs", json!({ "urls": urls }))]
    {
        world.page.issue_cmd(command).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_module_that_checks_nothing_is_called_checked() {
    let world = World::new(true).await;
    world.page.goto(&world.api).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    block(&world, &["*verifier*"]).await;
    world.find("button.open", "sky blue").await.click().await.unwrap();
    world.delete_opened().await;
    world.until_shown("Every place was read again and holds nothing of it").await;

    let unchecked = "Your browser has checked nothing of this.";
    let none_checked = async || {
        let text = world.text().await;
        for claim in ["it adds up", "has checked it", "Checked by", "Checked:"] {
            assert!(!text.contains(claim), "{claim}: {text}");
        }
    };
    world.until_shown("A part of this page could not be loaded.").await;
    world.until_shown(unchecked).await;
    none_checked().await;
    world.press("See the receipt").await;
    world.until_shown(unchecked).await;
    none_checked().await;
    world.press("History").await;
    world.press("Check that none is missing").await;
    world.until_shown(unchecked).await;
    none_checked().await;
    world.find(".entries button", "Check").await.click().await.unwrap();
    world.until("it is said at the entry", "root.querySelector('.entries .trouble')").await;
    none_checked().await;

    // It comes after all.
    block(&world, &[]).await;
    world.press("Try again").await;
    world.until_shown("Checked: it is in the ledger as you read it.").await;
    world.press("Requests").await;
    world.press("See the receipt").await;
    world.until_shown("it adds up").await;
    assert!(!world.text().await.contains(unchecked));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_may_keep_nothing_says_that_it_cannot_remember_and_checks_the_rest() {
    let world = World::set(Setting { forgetful: true, ..Setting::default() }, |_| {}).await;
    let host = world.host().await;
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    let refused = "try { return String(localStorage.length); } catch (error) { return error.name; }";
    assert_eq!(world.ask(refused, vec![]).await, json!("SecurityError"), "it really keeps nothing");
    world.find("button.open", "sky blue").await.click().await.unwrap();
    world.delete_opened().await;
    world.until_shown("it adds up").await;
    for _ in 0..2 {
        world.press("See the receipt").await;
        world.until_shown("it adds up").await;
        world.until_shown("This browser had nothing to compare it with, and cannot remember").await;
        let text = world.text().await;
        assert!(!text.contains("From now on it remembers") && !text.contains("Not so"), "{text}");
        world.page.goto(&host).await.unwrap();
        world.until_rows(CLIPS.len() - 1).await;
        world.press("Requests").await;
    }
    assert_eq!(world.refused().await, json!([[], []]));
    world.end().await;
}
