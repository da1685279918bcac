//! What anybody can read, over HTTP: the routes of the service in this process, without a socket.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use rules::{
    Timestamp,
    contract::{NewSession, SessionCreated},
};
use serde::de::DeserializeOwned;
use service::{
    api::{Api, Options},
    core::Core,
    session,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const VENDOR: &str = "fmv_0123456789abcdef0123456789abcdef";
/// The vendor's names for the guardians.
pub const GUARDIANS: [&str; 2] = ["parent-1", "parent-2"];

pub struct Served {
    routes: Router,
    sessions: [Option<SessionCreated>; 2],
}

impl Served {
    pub fn of(core: &Arc<Core>) -> Self {
        let api = Api::new(core.clone(), Options::new(VENDOR), CancellationToken::new());
        Self { routes: api.router(), sessions: [None, None] }
    }

    /// Lets nobody in with a session that is over.
    pub async fn sign_in(&mut self, core: &Core, now: Timestamp) {
        for (guardian, session) in GUARDIANS.into_iter().zip(&mut self.sessions) {
            if session.as_ref().is_some_and(|session| now < session.expires_at) {
                continue;
            }
            let new = NewSession {
                guardian: guardian.into(),
                children: Vec::new(),
                permissions: Vec::new(),
                origin: "https://parents.example".into(),
                ttl_seconds: None,
            };
            *session = Some(session::mint(&core.db, now, &new).await.unwrap());
        }
    }

    /// What a guardian gets; none where there is no such thing for them.
    pub async fn get<T: DeserializeOwned>(&self, by: usize, path: &str) -> Option<T> {
        let (status, body) = self.ask(Method::GET, path, self.token(by), Body::empty()).await;
        match status {
            StatusCode::OK => Some(serde_json::from_slice(&body).unwrap()),
            StatusCode::NOT_FOUND => None,
            _ => panic!("{path}: {status} {}", String::from_utf8_lossy(&body)),
        }
    }

    /// What a guardian is answered.
    pub async fn post<T: DeserializeOwned>(
        &self,
        by: usize,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, StatusCode> {
        let body = Body::from(body.to_string());
        let (status, body) = self.ask(Method::POST, path, self.token(by), body).await;
        if status.is_success() { Ok(serde_json::from_slice(&body).unwrap()) } else { Err(status) }
    }

    /// What anybody gets who has a ticket.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let (status, body) = self.ask(Method::GET, path, "", Body::empty()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        body
    }

    /// What a training gets: a line for each row.
    pub async fn export(&self, dataset: &str) -> Vec<serde_json::Value> {
        let path = format!("/v1/datasets/{dataset}/export");
        let (status, body) = self.ask(Method::GET, &path, VENDOR, Body::empty()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let lines = String::from_utf8(body).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn token(&self, by: usize) -> &str {
        &self.sessions[by].as_ref().unwrap().client_secret
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Body) -> (StatusCode, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap();
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        (status, to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec())
    }
}
