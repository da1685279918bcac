//! Server-sent events.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, Response};
use rules::{
    ErasureState, StepState, StoreId,
    contract::{Erasure, Permission},
    problem::ProblemType,
};
use serde_json::json;
use service::{
    core::{Core, Policy},
    store::{Holds, Item, Store, StoreError, Subject},
};
use tokio::sync::Semaphore;

use crate::common::{Family, Service};

/// A stream of events, read as a browser's script would.
pub struct Events {
    response: Response,
    unread: String,
}

impl Events {
    pub async fn follow(service: &Service, token: &str, erasure: &Erasure) -> Self {
        let path = format!("/v1/erasures/{}/events", erasure.id);
        let response = service.ask(Method::GET, &path).bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, unread: String::new() }
    }

    /// The next block of lines, whatever it is; none at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let block = block.to_owned();
                self.unread = rest.to_owned();
                return Some(block);
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event; none at the end.
    pub async fn event(&mut self) -> Option<Erasure> {
        loop {
            let block = self.block().await?;
            if block.starts_with(':') {
                continue;
            }
            let data = block.strip_prefix("event: erasure\ndata: ").unwrap_or_else(|| panic!("{block}"));
            return Some(serde_json::from_str(data).unwrap());
        }
    }

    /// Every event until the end.
    async fn all(mut self) -> Vec<Erasure> {
        let mut all = Vec::new();
        while let Some(erasure) = self.event().await {
            all.push(erasure);
        }
        all
    }
}

async fn sealed(service: &Service) -> (Family, Erasure) {
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    (family, erasure)
}

#[tokio::test]
async fn progress_goes_from_sealed_to_verified_and_then_ends() {
    // Shorter than a session, so that one stream sees it all.
    let policy = Policy { undo_window_seconds: 120, demo: false };
    let service = Service::with(policy, |options| options.beat = Duration::from_secs(600)).await;
    let (family, erasure) = sealed(&service).await;
    let mut events = Events::follow(&service, &family.token, &erasure).await;
    assert_eq!(events.event().await.unwrap().state, ErasureState::Sealed, "the first event is how it stands");
    service.advance(120);
    let rest = events.all().await;
    for pair in rest.windows(2) {
        assert_ne!(pair[0], pair[1], "an event tells something new");
    }
    let last = rest.last().unwrap();
    assert_eq!(last.state, ErasureState::Deleted);
    assert!(last.steps.iter().all(|step| step.state == StepState::VerifiedAbsent));
}

/// A store that stands still in the middle of a batch, as long as the test likes.
struct Standing {
    inner: Box<dyn Store>,
    go: Arc<Semaphore>,
}

#[async_trait::async_trait]
impl Store for Standing {
    fn id(&self) -> StoreId {
        self.inner.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.inner.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        self.go.acquire().await.unwrap().forget();
        self.inner.erase(items).await
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        self.go.acquire().await.unwrap().forget();
        self.inner.probe(items).await
    }
}

#[tokio::test]
async fn however_long_a_batch_takes_how_far_it_is_is_told_again_and_again() {
    let go = Arc::new(Semaphore::new(0));
    let stand = |core: &mut Core| {
        let n = core.stores.iter().position(|store| store.id() == StoreId::Transcript).unwrap();
        let inner = core.stores.remove(n);
        core.stores.insert(n, Box::new(Standing { inner, go: go.clone() }));
    };
    let policy = Policy { undo_window_seconds: 120, demo: false };
    let service = Service::with_core(policy, stand, |options| options.beat = Duration::from_millis(10)).await;
    let (family, erasure) = sealed(&service).await;
    let mut events = Events::follow(&service, &family.token, &erasure).await;
    events.event().await.unwrap();
    service.advance(120);
    for state in [StepState::Erasing, StepState::Probing] {
        let (mut told, mut last) = (0, None);
        while told < 5 {
            let now = events.event().await.unwrap();
            assert_eq!(now.state, ErasureState::Erasing);
            let step = now.steps.iter().find(|step| step.store == StoreId::Transcript).unwrap();
            told += u32::from(step.state == state && last.as_ref() == Some(&now));
            last = Some(now);
        }
        go.add_permits(1);
    }
    assert_eq!(events.all().await.last().unwrap().state, ErasureState::Deleted);
}

#[tokio::test]
async fn taking_it_back_is_the_last_event() {
    let service = Service::start().await;
    let (family, erasure) = sealed(&service).await;
    let mut events = Events::follow(&service, &family.token, &erasure).await;
    events.event().await.unwrap();
    service.delete(&family.token, &format!("/v1/erasures/{}", erasure.id)).await;
    let rest = events.all().await;
    assert_eq!(rest.iter().map(|erasure| erasure.state).collect::<Vec<_>>(), [ErasureState::Cancelled]);
    // And of one that is over there is only that to tell.
    assert_eq!(Events::follow(&service, &family.token, &erasure).await.all().await, rest);
}

#[tokio::test]
async fn a_quiet_stream_says_that_it_is_still_there_and_ends_with_the_session() {
    let service =
        Service::with(Policy::default(), |options| options.heartbeat = Duration::from_millis(20)).await;
    let (family, erasure) = sealed(&service).await;
    let mut events = Events::follow(&service, &family.token, &erasure).await;
    assert!(events.block().await.unwrap().starts_with("event: erasure"));
    assert!(events.block().await.unwrap().starts_with(':'));
    service.advance(900);
    assert_eq!(events.event().await, None);
}

#[tokio::test]
async fn a_stream_needs_a_session_of_this_family() {
    let service = Service::start().await;
    let (_, erasure) = sealed(&service).await;
    let stranger = service.family("stranger").await;
    let path = format!("/v1/erasures/{}/events", erasure.id);
    service.get(&stranger.token, &path).await.refused(ProblemType::NotFound);
    let keeper = service.session("parent", &[Permission::Keep]).await;
    service.get(&keeper, &path).await.refused(ProblemType::NotAllowed);
}
