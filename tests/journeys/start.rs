//! How the page starts: what it shows first is asked for while its module is loaded, once, and given to nobody
//! else; and nothing that stands there is pushed away.

use serde_json::{Value, json};

use crate::world::{CLIPS, World};

/// How often each address of the service was asked.
const ASKED: &str = "const asked = {}; \
    for (const { name } of performance.getEntriesByType('resource')) { \
      const [, path] = name.split('/v1'); \
      if (path) { const last = path.split('?')[0].split('/').pop(); asked[last] = (asked[last] ?? 0) + 1; } \
    } return asked;";

/// What the host was told, in order.
async fn told(world: &World) -> Value {
    world.ask("return window.told;", vec![]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_view_is_asked_for_while_the_module_is_loaded_and_only_once() {
    let world = World::new(false).await;
    let host =
        world.host_that("element.fetchSession = async () => { told.push('session'); return minted; };").await;
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    assert_eq!(told(&world).await, json!(["session", "ready"]), "the page is ready when the module is there");
    let once = json!({ "first-view": 1 });
    assert_eq!(world.ask(ASKED, vec![]).await, once);

    // What was given once is not given again.
    world.ask("root.host.refresh();", vec![]).await;
    let asked = format!("(() => {{ {ASKED} }})()");
    world
        .until("everything was asked again", &format!("{asked}.timeline === 1 && {asked}.children === 1"))
        .await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_over_when_it_was_asked_for_early_is_renewed_once() {
    let world = World::new(false).await;
    let host = world
        .host_that(
            "element.fetchSession = async () => { told.push('session'); \
             return told.length > 2 ? minted : { ...minted, client_secret: 'fmn_over' }; };",
        )
        .await;
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    assert_eq!(told(&world).await, json!(["session", "ready", "session"]));
    let asked = json!({ "first-view": 1, "children": 2, "recordings": 1, "timeline": 1 });
    assert_eq!(world.ask(ASKED, vec![]).await, asked);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_one_parent_is_never_shown_to_another() {
    let world = World::new(false).await;
    // While the first one's session is fetched, another one signs in, whose session is no good.
    let host = world
        .host_that(
            "element.fetchSession = async () => { \
               told.push('first'); \
               element.fetchSession = async () => { told.push('second'); return {}; }; \
               return minted; \
             };",
        )
        .await;
    world.page.goto(&host).await.unwrap();
    world.until_shown("You are not signed in here").await;
    assert_eq!(told(&world).await, json!(["first", "ready", "second"]));
    assert!(!world.text().await.contains("Mia"), "{}", world.text().await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_what_was_asked_for_also_where_the_same_function_signs_in_again() {
    let world = World::new(false).await;
    let host = world
        .host_that(
            "const ask = async () => { \
               told.push('session'); \
               if (told.length > 1) return {}; \
               element.fetchSession = undefined; \
               element.fetchSession = ask; \
               return minted; \
             }; element.fetchSession = ask;",
        )
        .await;
    world.page.goto(&host).await.unwrap();
    world.until_shown("You are not signed in here").await;
    assert_eq!(told(&world).await, json!(["session", "ready", "session"]));
    assert!(!world.text().await.contains("Mia"), "{}", world.text().await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_that_was_taken_out_and_put_back_asks_for_itself() {
    let world = World::new(false).await;
    let host = world
        .host_that(
            "element.fetchSession = async () => { \
               told.push('session'); \
               if (told.length == 1) { const place = element.parentNode; element.remove(); setTimeout(() => place.append(element)); } \
               return minted; \
             };",
        )
        .await;
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    assert_eq!(told(&world).await, json!(["session", "ready", "session"]));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_cannot_sign_in_is_asked_once_and_the_page_says_so() {
    let world = World::new(false).await;
    let host = world
        .host_that("element.fetchSession = () => { told.push('session'); throw new Error('not now'); };")
        .await;
    world.page.goto(&host).await.unwrap();
    world.until_shown("You are not signed in here").await;
    assert_eq!(told(&world).await, json!(["session", "ready"]));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_pushed_away_while_the_page_is_loaded() {
    let world = World::new(true).await;
    for (width, height) in [(412, 1300), (1280, 900)] {
        world.page.set_window_size(width, height).await.unwrap();
        world.page.goto("about:blank").await.unwrap();
        world.page.goto(&world.api).await.unwrap();
        world.until_rows(CLIPS.len()).await;
        let script = "return new Promise((done) => { let sum = 0; let from = []; \
            new PerformanceObserver((list) => { for (const shift of list.getEntries()) { sum += shift.value; \
              from.push(...shift.sources.map(({ node }) => String(node?.className || node?.nodeName))); } }) \
              .observe({ type: 'layout-shift', buffered: true }); \
            setTimeout(() => done([sum, from.join(' ')]), 300); });";
        let shifted = world.page.execute(script, vec![]).await.unwrap();
        assert!(shifted[0].as_f64() < Some(0.05), "{width} x {height}: {shifted}");
    }
    world.end().await;
}
