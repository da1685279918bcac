//! What came back.

use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use rules::problem::{Problem, ProblemType};
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The value of a success.
    pub fn ok<T: DeserializeOwned>(&self) -> T {
        assert!(StatusCode::from_u16(self.status).unwrap().is_success(), "{} {}", self.status, self.text());
        serde_json::from_value(self.json()).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The problem of a refusal, in the form every refusal has.
    pub fn problem(&self) -> Problem {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text()
        );
        let problem: Problem = serde_json::from_value(self.json()).unwrap();
        assert_eq!(problem.status, self.status);
        assert_eq!(problem.kind.status(), self.status);
        assert_eq!(problem.title, problem.kind.title());
        problem
    }

    /// Refused, and why.
    #[track_caller]
    pub fn refused(&self, kind: ProblemType) -> Problem {
        let problem = self.problem();
        assert_eq!(problem.kind, kind, "{}", self.text());
        problem
    }
}
