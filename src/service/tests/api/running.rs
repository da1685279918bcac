//! Starting and ending, within this process.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use rules::{StoreId, contract::Erasure};
use serde_json::json;
use service::{
    api::Options,
    clock::ManualClock,
    core::{Core, Policy},
    serve,
    store::{Holds, Item, Store, StoreError, Subject},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::common::{START, Service, VENDOR, family::Clip, sound};

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

/// A store with a bug.
struct Buggy;

#[async_trait]
impl Store for Buggy {
    fn id(&self) -> StoreId {
        StoreId::ALL[0]
    }

    async fn list(&self, _: Subject) -> Result<Holds, StoreError> {
        Ok(Holds::default())
    }

    async fn erase(&self, _: &[Item]) -> Result<(), StoreError> {
        panic!("a bug")
    }

    async fn probe(&self, _: &[Item]) -> Result<u64, StoreError> {
        panic!("a bug")
    }
}

#[tokio::test]
async fn a_service_that_cannot_erase_any_more_does_not_go_on_as_if_it_could() {
    let first = Service::start().await;
    let family = first.family("parent").await;
    first.record(&family, "2026-11-20T08:00:00Z", "word").await;
    first.erase(&family, json!({ "type": "child" })).await;
    let folder = first.end().await;

    let clock = Arc::new(ManualClock::at(START.parse().unwrap()));
    clock.advance(72 * 3600);
    let mut core = Core::open_with(folder.path(), Policy::default(), clock).await.unwrap();
    Arc::get_mut(&mut core).unwrap().stores[0] = Box::new(Buggy);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closing = CancellationToken::new();
    let ended = serve::run(listener, core, Options::new(VENDOR), closing).await;
    assert!(ended.unwrap_err().to_string().contains("erasure engine"));
}
