//! Asking processors: at addresses of the settings alone ([`crate::outbound`]), with answers that are bounded in
//! length and in time.

use std::time::Duration;

use anyhow::Context;
use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
};
use reqwest::{Client as Http, Method};

use super::settings::Processor;
use crate::outbound::{self, Reach};

/// The longest answer. An acknowledgement repeats the request in base64.
const MOST: usize = 32 << 20;
/// How long one exchange may take, from the connection to the last byte.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks processors.
pub struct Client {
    /// None where all of them are on this machine.
    anywhere: Option<Http>,
    this_machine: Http,
    patience: Duration,
}

/// What came back, believed by nobody yet.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The very bytes.
    pub body: Vec<u8>,
}

impl Client {
    /// One for these processors.
    pub fn new(processors: &[Processor]) -> anyhow::Result<Self> {
        let client = |reach| outbound::builder(reach).user_agent(AGENT).build();
        let far = processors.iter().any(|processor| processor.reach == Reach::Anywhere);
        let anywhere = far.then(|| client(Reach::Anywhere)).transpose();
        Ok(Self {
            anywhere: anywhere
                .context("no client for processors: are the system's root certificates there?")?,
            this_machine: client(Reach::ThisMachine)?,
            patience: PATIENCE,
        })
    }

    /// The same, less patient.
    #[must_use]
    pub fn patient_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// One exchange. An error says that there is no whole answer, never what one said.
    pub async fn ask(
        &self,
        processor: &Processor,
        method: Method,
        url: &str,
        body: Option<Bytes>,
    ) -> anyhow::Result<Answer> {
        let http = match processor.reach {
            Reach::Anywhere => self.anywhere.as_ref().unwrap_or(&self.this_machine),
            Reach::ThisMachine => &self.this_machine,
        };
        let mut request =
            http.request(method, url).timeout(self.patience).header(header::ACCEPT, "application/json");
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        if let Some(bearer) = &processor.bearer {
            request = request.bearer_auth(bearer);
        }
        // Without the address: it has the request's id in it.
        let response = request.send().await.map_err(reqwest::Error::without_url)?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { status, headers, body: outbound::bytes(response, MOST).await? })
    }
}

/// What it calls itself.
const AGENT: &str = concat!("forget-me-not/", env!("CARGO_PKG_VERSION"));
