//! The second half of the page's module: not fetched before it is needed, needed then, and missed aloud.

use serde_json::{Value, json};

use crate::{
    weather::{Line, Weather},
    world::{CLIPS, World},
};

/// How often the second half was asked for.
const ASKED: &str =
    "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('_later.wasm')).length";

async fn asked(world: &World) -> Value {
    // A browser writes an answer down a little after it has handed it over.
    let script = format!("return new Promise((done) => setTimeout(() => done({ASKED}), 200))");
    world.ask(&script, vec![]).await
}

/// A parent reads for a while before she presses anything.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_half_comes_also_when_what_was_asked_for_early_is_over() {
    let world = World::new(false).await;
    let host = world
        .host_that(
            "const patient = setTimeout; \
             window.setTimeout = (then, ms, ...rest) => { \
               if (ms != 3e4) return patient(then, ms, ...rest); \
               window.setTimeout = patient; \
               return patient(then, 0, ...rest); \
             }; \
             element.fetchSession = async () => minted;",
        )
        .await;
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    assert_eq!(asked(&world).await, json!(0));
    world.find("button.open", "pesto").await.click().await.unwrap();
    world.until_shown("Is there walnut in pesto?").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_half_comes_when_it_is_needed_and_nothing_is_lost_when_it_does_not() {
    let world = World::new(true).await;
    let line = Line::to(&world.api).await;
    world.page.goto(&line.origin).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    assert_eq!(asked(&world).await, json!(0), "the first view does without it");

    // It cannot be had: she stays where she is, and is told.
    line.is(Weather::Cut);
    let open = world.find("button.open", "pesto").await;
    open.click().await.unwrap();
    world.until_shown("A part of this page could not be loaded.").await;
    world.until_shown("Nothing was changed.").await;
    world.until_rows(CLIPS.len()).await;

    // The same wish, once more.
    line.is(Weather::Fair);
    world.press("Try again").await;
    world.until_shown("Is there walnut in pesto?").await;
    assert!(!world.text().await.contains("could not be loaded"));
    let after = asked(&world).await;
    assert!(after.as_u64() >= Some(1), "{after}");

    // It is there for good.
    world.press("Requests").await;
    world.until_shown("Requests to delete").await;
    assert_eq!(asked(&world).await, after);
    world.end().await;
}
