//! The real service in this process: on a port of its own, a folder of its own, SQLite and files as
//! ever, and a clock that only the test moves.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    reason = "shared by several test crates, each using a part; a test that cannot go on has failed"
)]

pub mod answer;
pub mod family;
pub mod sound;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{Client, Method, RequestBuilder};
use rules::{
    Timestamp,
    contract::{NewSession, Permission},
};
use service::{
    api::Options,
    clock::{Clock, ManualClock},
    core::{Core, Policy},
    outbound::{self, Reach},
    processors::Processor,
    serve, session,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub use answer::Answer;
pub use family::Family;

/// The vendor key of every test.
pub const VENDOR: &str = "fmv_0123456789abcdef0123456789abcdef";
/// Where the page that embeds the element is.
pub const ORIGIN: &str = "https://parents.example";
/// What the clock shows at first.
pub const START: &str = "2026-11-21T14:00:00Z";

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Service {
    pub core: Arc<Core>,
    pub clock: Arc<ManualClock>,
    pub address: SocketAddr,
    pub closing: CancellationToken,
    pub running: JoinHandle<anyhow::Result<()>>,
    pub client: Client,
    pub folder: tempfile::TempDir,
}

impl Service {
    pub async fn start() -> Self {
        Self::with(Policy::default(), |_| {}).await
    }

    /// With another policy, and options as `change` leaves them.
    pub async fn with(policy: Policy, change: impl FnOnce(&mut Options)) -> Self {
        Self::with_core(policy, |_| {}, change).await
    }

    /// The same with another core.
    pub async fn with_core(
        policy: Policy,
        change_core: impl FnOnce(&mut Core),
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let clock = Arc::new(ManualClock::at(START.parse().unwrap()));
        Self::over(tempfile::tempdir().unwrap(), clock, policy, None, change_core, change).await
    }

    /// One whose recordings may be given to these.
    pub async fn giving_to(processors: Vec<Processor>, policy: Policy) -> Self {
        let clock = Arc::new(ManualClock::at(START.parse().unwrap()));
        Self::over(tempfile::tempdir().unwrap(), clock, policy, Some(processors), |_| {}, |_| {}).await
    }

    async fn over(
        folder: tempfile::TempDir,
        clock: Arc<ManualClock>,
        policy: Policy,
        processors: Option<Vec<Processor>>,
        change_core: impl FnOnce(&mut Core),
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let mut core = Core::open_to(folder.path(), policy, clock.clone(), processors).await.unwrap();
        change_core(Arc::get_mut(&mut core).unwrap());
        let mut options = Options::new(VENDOR);
        change(&mut options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closing = CancellationToken::new();
        let running = tokio::spawn(serve::run(listener, core.clone(), options, closing.clone()));
        let client = outbound::builder(Reach::ThisMachine).build().unwrap();
        Self { core, clock, address, closing, running, client, folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request that shows nothing.
    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// A request of the vendor's backend.
    pub fn vendor(&self, method: Method, path: &str) -> RequestBuilder {
        self.ask(method, path).bearer_auth(VENDOR)
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        Answer::to(self.ask(Method::GET, path).bearer_auth(token)).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &serde_json::Value) -> Answer {
        Answer::to(self.ask(Method::POST, path).bearer_auth(token).json(body)).await
    }

    pub async fn put(&self, token: &str, path: &str, body: &serde_json::Value) -> Answer {
        Answer::to(self.ask(Method::PUT, path).bearer_auth(token).json(body)).await
    }

    pub async fn delete(&self, token: &str, path: &str) -> Answer {
        Answer::to(self.ask(Method::DELETE, path).bearer_auth(token)).await
    }

    /// A session of a guardian, for all children, with these permissions.
    pub async fn session(&self, guardian: &str, permissions: &[Permission]) -> String {
        let new = NewSession {
            guardian: guardian.into(),
            children: Vec::new(),
            permissions: permissions.to_vec(),
            origin: ORIGIN.into(),
            ttl_seconds: None,
        };
        session::mint(&self.core.db, self.clock.now(), &new).await.unwrap().client_secret
    }

    /// Moves the clock on, and lets the engine see it.
    pub fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.core.engine.notify_one();
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Asks it to end, and waits until it has; what is left is its folder.
    pub async fn end(self) -> tempfile::TempDir {
        self.closing.cancel();
        self.running.await.unwrap().unwrap();
        self.folder
    }

    /// Ends it and starts another one on the same folder.
    pub async fn restart(self) -> Self {
        let (clock, policy) = (self.clock.clone(), self.core.policy);
        Self::over(self.end().await, clock, policy, None, |_| {}, |_| {}).await
    }
}
