//! Starting and ending, within this process.

use reqwest::Method;
use rules::contract::Erasure;
use serde_json::json;

use crate::common::{Service, family::Clip, sound};

#[tokio::test]
async fn ending_ends_streams_and_lets_a_download_finish() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let clip =
        Clip { media: sound::wav(16 << 20, b"la la"), ..Clip::at("2026-11-20T08:00:00Z", "a long song") };
    let id = service.hand_in(family.child, clip).await.ok::<rules::contract::RecordingCreated>().id;
    let other = service.record(&family, "2026-11-20T09:00:00Z", "word").await;
    let erasure: Erasure = service.erase(&family, json!({ "type": "items", "recordings": [other] })).await;
    let url = service.ticket(&family, id).await;
    let path = format!("/v1/erasures/{}/events", erasure.id);
    let mut events = service.ask(Method::GET, &path).bearer_auth(&family.token).send().await.unwrap();
    events.chunk().await.unwrap().unwrap();
    let mut playing = service.ask(Method::GET, &url).send().await.unwrap();
    let mut received = playing.chunk().await.unwrap().unwrap().len();

    service.closing.cancel();
    while events.chunk().await.unwrap().is_some() {}
    while let Some(chunk) = playing.chunk().await.unwrap() {
        received += chunk.len();
    }
    assert_eq!(received, (16 << 20) + 44);
    let (client, health) = (service.client.clone(), service.url("/healthz"));
    service.end().await;
    assert!(client.get(health).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn what_was_accepted_before_the_end_is_there_after_the_next_start() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    let again = service.restart().await;
    let now: Erasure = again.get(&family.token, &format!("/v1/erasures/{}", erasure.id)).await.ok();
    assert_eq!(now, erasure);
}
