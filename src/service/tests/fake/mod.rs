//! A processor: a real HTTP server that speaks OpenDSR as well or as badly as it is told to.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    reason = "shared by several test crates, each using a part"
)]

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::Path as FilePath,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use proof::base64;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use service::processors::{Processor, settings};

/// How the next answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As the specification says.
    Well,
    /// Signed with another key.
    SignedByAnother,
    /// Signed, and a byte changed after that.
    Changed,
    /// Signed, under another domain.
    AnotherDomain,
    /// Signed, about another request.
    AnotherRequest,
    /// Signed, and repeats something else than what was asked.
    RepeatsOther,
    /// A page for people.
    Garbage,
    /// 500.
    Failing,
    /// 400, as to a request that is there already.
    Refusing,
    /// To somewhere else.
    Redirecting,
    /// More than anybody wants to read.
    Endless,
    /// The request is taken, and the connection never answers.
    Hanging,
    /// Well, once the test says so.
    WhenTold,
}

/// What the processor knows and does.
#[derive(Debug)]
pub struct Inner {
    /// How the next answers are given; after them, well.
    pub manners: VecDeque<Manner>,
    /// What it says of erasures it has got.
    pub status: &'static str,
    /// What it says it has, asked for that; none: it does not say.
    pub holds: Option<u64>,
    /// Bodies of requests, each as often as it came.
    pub posted: Vec<Value>,
    /// Paths that were asked, in order: `POST /requests`, `GET /requests/…`.
    pub calls: Vec<String>,
    /// Whether those answer that wait to be told.
    pub told: bool,
    /// What came to `/elsewhere`.
    pub elsewhere: usize,
}

pub struct Fake {
    pub inner: Arc<Mutex<Inner>>,
    pub address: SocketAddr,
    key: Arc<Ed25519KeyPair>,
    seed: [u8; 32],
}

#[derive(Clone)]
struct Server(Arc<Mutex<Inner>>, Arc<Ed25519KeyPair>);

/// Under which name it answers.
pub const DOMAIN: &str = "opendsr.speech.example";
/// Where its callbacks go.
pub const CALLBACK: &str = "https://recordings.example/v1/processors/speech/status";

impl Fake {
    /// Begins to listen; says `pending` and has nothing.
    pub async fn start() -> Self {
        Self::with_seed([7; 32]).await
    }

    pub async fn with_seed(seed: [u8; 32]) -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            manners: VecDeque::new(),
            status: "pending",
            holds: Some(0),
            posted: Vec::new(),
            calls: Vec::new(),
            told: false,
            elsewhere: 0,
        }));
        let key = Arc::new(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap());
        let router = Router::new()
            .route("/requests", post(create))
            .route("/requests/{id}", get(status))
            .route("/elsewhere", get(elsewhere).post(elsewhere))
            .with_state(Server(inner.clone(), key.clone()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, address, key, seed }
    }

    /// Its entry in the settings.
    pub fn settings(&self, name: &str) -> String {
        self.settings_at(name, &format!("http://{}/requests", self.address))
    }

    /// The same, at another address.
    pub fn settings_at(&self, name: &str, requests: &str) -> String {
        let mut spki = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        spki.extend_from_slice(self.key.public_key().as_ref());
        format!(
            "[[processor]]\nname = \"{name}\"\nabout = \"https://{name}.example/privacy\"\nrequests = \"{requests}\"\n\
             domain = \"{DOMAIN}\"\ngets = [\"media\", \"transcript\"]\n\
             key = \"\"\"-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\"\"\"\n",
            base64::encode(&spki)
        )
    }

    /// As the service reads it.
    pub fn processors(&self) -> Vec<Processor> {
        parse(&self.settings("speech"))
    }

    pub fn next(&self, manners: impl IntoIterator<Item = Manner>) {
        self.inner.lock().unwrap().manners.extend(manners);
    }

    pub fn says(&self, status: &'static str, holds: Option<u64>) {
        let mut inner = self.inner.lock().unwrap();
        (inner.status, inner.holds) = (status, holds);
    }

    /// The erasure requests that came, each as often as it did.
    pub fn posted(&self) -> Vec<Value> {
        let inner = self.inner.lock().unwrap();
        inner.posted.iter().filter(|it| it["subject_request_type"] == "erasure").cloned().collect()
    }

    pub fn calls(&self) -> usize {
        self.inner.lock().unwrap().calls.len()
    }

    /// A status callback: headers and body, signed.
    pub fn callback(&self, body: &Value) -> (HeaderMap, Vec<u8>) {
        let bytes = serde_json::to_vec(body).unwrap();
        (signed(&self.key, DOMAIN, &bytes), bytes)
    }
}

/// Settings as the service reads them.
pub fn parse(entries: &str) -> Vec<Processor> {
    let text = format!("callback = \"https://recordings.example\"\n{entries}");
    settings::parse(&text, FilePath::new("/nowhere")).unwrap()
}

fn signed(key: &Ed25519KeyPair, domain: &str, body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    headers.insert("x-opendsr-processor-domain", domain.parse().unwrap());
    headers.insert("x-opendsr-signature", base64::encode(key.sign(body).as_ref()).parse().unwrap());
    headers
}

async fn create(State(Server(inner, key)): State<Server>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let id = asked["subject_request_id"].as_str().unwrap().to_owned();
    let manner = {
        let mut inner = inner.lock().unwrap();
        inner.calls.push("POST /requests".into());
        inner.posted.push(asked);
        inner.manners.pop_front().unwrap_or(Manner::Well)
    };
    let answer = json!({
        "controller_id": "toys",
        "expected_completion_time": "2026-12-01T15:00:01Z",
        "received_time": "2026-11-21T15:00:01Z",
        "encoded_request": base64::encode(if manner == Manner::RepeatsOther { b"{}" } else { &body }),
        "subject_request_id": id,
    });
    while manner == Manner::WhenTold && !inner.lock().unwrap().told {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    give(&key, manner, StatusCode::CREATED, answer).await
}

async fn status(State(Server(inner, key)): State<Server>, Path(id): Path<String>) -> Response {
    let (manner, answer) = {
        let mut inner = inner.lock().unwrap();
        inner.calls.push(format!("GET /requests/{id}"));
        let known = inner.posted.iter().find(|it| it["subject_request_id"] == id.as_str());
        let Some(known) = known else { return StatusCode::NOT_FOUND.into_response() };
        let access = known["subject_request_type"] == "access";
        let answer = json!({
            "controller_id": "toys",
            "expected_completion_time": "2026-12-01T15:00:01Z",
            "subject_request_id": id,
            "request_status": if access { "completed" } else { inner.status },
            "api_version": "2.0",
            "results_url": null,
            "results_count": inner.holds.filter(|_| access),
        });
        (inner.manners.pop_front().unwrap_or(Manner::Well), answer)
    };
    while manner == Manner::WhenTold && !inner.lock().unwrap().told {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    give(&key, manner, StatusCode::OK, answer).await
}

async fn elsewhere(State(Server(inner, _)): State<Server>, _: Request<Body>) -> StatusCode {
    inner.lock().unwrap().elsewhere += 1;
    StatusCode::OK
}

async fn give(key: &Ed25519KeyPair, manner: Manner, status: StatusCode, mut answer: Value) -> Response {
    if manner == Manner::AnotherRequest {
        answer["subject_request_id"] = "a7551968-d5d6-44b2-9831-815ac9017798".into();
    }
    let mut bytes = serde_json::to_vec(&answer).unwrap();
    let other = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let headers = match manner {
        Manner::SignedByAnother => signed(&other, DOMAIN, &bytes),
        Manner::AnotherDomain => signed(key, "elsewhere.example", &bytes),
        _ => signed(key, DOMAIN, &bytes),
    };
    match manner {
        Manner::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Manner::Refusing => StatusCode::BAD_REQUEST.into_response(),
        Manner::Garbage => (StatusCode::OK, "<html>It works!</html>").into_response(),
        Manner::Redirecting => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")]).into_response()
        }
        Manner::Endless => {
            let piece = Bytes::from(vec![b' '; 1 << 20]);
            let pieces = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
            (status, headers, Body::from_stream(pieces)).into_response()
        }
        Manner::Hanging => std::future::pending().await,
        Manner::Changed => {
            let last = bytes.len() - 2;
            bytes[last] ^= 1;
            (status, headers, bytes).into_response()
        }
        _ => (status, headers, bytes).into_response(),
    }
}
