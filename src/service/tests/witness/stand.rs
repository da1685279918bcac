//! A witness on a port of its own in this process, and a log that signs what the test wants.

use std::sync::Arc;

use proof::{
    Hash, Policy,
    checkpoint::Checkpoint,
    merkle::{self, leaf_hash},
    note::{Role, Signer},
    witness::Request,
};
use reqwest::Client;
use service::{
    clock::Clock,
    outbound::{self, Reach},
    witness::{Witness, router},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running witness.
pub struct Stand {
    pub witness: Arc<Witness>,
    pub url: String,
    pub client: Client,
    running: JoinHandle<()>,
}

impl Stand {
    pub async fn new(state: &std::path::Path, name: &str, logs: &str, clock: Arc<dyn Clock>) -> Self {
        let policy = Policy::parse(&format!("{logs}quorum none\n")).unwrap();
        let witness = Arc::new(Witness::open(state, Some(name), policy, clock).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let routes = router(witness.clone());
        let running = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let client = outbound::builder(Reach::ThisMachine).build().unwrap();
        Self { witness, url, client, running }
    }

    /// Its line in a policy, under a name of the policy's own.
    pub fn line(&self, name: &str) -> String {
        format!("witness {name} {} {}\n", self.witness.key().text(), self.url)
    }

    pub async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String, String) {
        let url = format!("{}add-checkpoint", self.url);
        let answer = self.client.post(url).body(body).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind, answer.text().await.unwrap())
    }

    pub async fn end(self) {
        self.running.abort();
        let _ = self.running.await;
    }
}

/// A log of made-up entries.
#[derive(Clone)]
pub struct Log {
    pub signer: Arc<Signer>,
    pub entries: Vec<Hash>,
}

impl Log {
    pub fn new(origin: &str, of: &str, entries: usize) -> Self {
        let signer = Arc::new(Signer::new(origin, Role::Log, &[7; 32]).unwrap());
        let mut log = Self { signer, entries: Vec::new() };
        log.grow(of, entries);
        log
    }

    pub fn grow(&mut self, of: &str, by: usize) {
        let from = self.entries.len();
        self.entries.extend((from..from + by).map(|n| leaf_hash(format!("{of} {n}").as_bytes())));
    }

    pub fn line(&self) -> String {
        format!("log {}\n", self.signer.key().text())
    }

    fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
        let width = 1_usize << level;
        Ok(merkle::root_of(&self.entries[index as usize * width..(index as usize + 1) * width]))
    }

    pub fn note(&self) -> String {
        let root = merkle::root_of(&self.entries);
        let origin = self.signer.key().name();
        let text = Checkpoint { origin, size: self.entries.len() as u64, root }.text();
        format!("{text}\n{}", self.signer.line(&text, 0))
    }

    pub fn request(&self, old: u64) -> String {
        let size = self.entries.len() as u64;
        let path = merkle::consistency(old, size, |level, index| self.node(level, index)).unwrap();
        Request { old, path, checkpoint: self.note() }.text()
    }
}
