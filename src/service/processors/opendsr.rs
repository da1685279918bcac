//! OpenDSR 2.0 on the wire: what a processor is asked, and what it answers.
//!
//! A request names nobody: the child is a `controller_customer_id` that no other processor knows, and the
//! recordings and classes are in `extensions`, under the processor's domain:
//!
//! ```json
//! { "subject": "fmn_…", "scope": [ { "classes": ["media", "transcript"], "recordings": ["fmn_…", "fmn_…"] } ] }
//! ```
//!
//! Everything of these recordings of this child that is of these classes, and whatever was made of it. The child is
//! named there again, so that a scope is never read without whose it is, nor beside another one's name; and what
//! repeats the request and is signed has signed both as one.

use axum::body::Bytes;
use proof::base64;
use rules::{Class, Timestamp, processor::ClassSet};
use serde::{Deserialize, Serialize};

use super::settings::Processor;

/// The header with the domain that has signed.
pub const DOMAIN: &str = "x-opendsr-processor-domain";
/// The header with the signature over the body, in base64.
pub const SIGNATURE: &str = "x-opendsr-signature";

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To delete.
    Erasure,
    /// What there is.
    Access,
}

/// The recordings that are to lose the same classes.
#[derive(Debug, Serialize)]
pub struct Part {
    classes: Vec<Class>,
    recordings: Vec<String>,
}

/// What a request is about. Never nothing: that may be read as everything of the child.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Scope(Vec<Part>);

/// Names and classes, put together by classes; none where there are none. In the order of the items, so that
/// the same request is the same bytes.
#[must_use]
pub fn scope(items: Vec<(String, ClassSet)>) -> Option<Scope> {
    let mut parts: Vec<(ClassSet, Part)> = Vec::new();
    for (name, classes) in items {
        match parts.iter_mut().find(|(of, _)| *of == classes) {
            Some((_, part)) => part.recordings.push(name),
            None => parts.push((classes, Part { classes: classes.iter().collect(), recordings: vec![name] })),
        }
    }
    let parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
    (!parts.is_empty()).then_some(Scope(parts))
}

/// A request, as its body. Of when it was asked for it says the day: siblings' requests have the very moment in
/// common, and nobody is to learn who are siblings.
pub fn request(
    processor: &Processor,
    asked: Asked,
    id: &str,
    submitted: Timestamp,
    subject: &str,
    scope: &Scope,
) -> serde_json::Result<Bytes> {
    let kind = match asked {
        Asked::Erasure => "erasure",
        Asked::Access => "access",
    };
    let identity = serde_json::json!({ "identity_type": "controller_customer_id", "identity_value": subject, "identity_format": "raw" });
    let mut body = serde_json::json!({
        "regulation": processor.regulation.word(),
        "subject_request_id": id,
        "subject_request_type": kind,
        "submitted_time": submitted.date().start(),
        "subject_identities": [identity],
        "api_version": "2.0",
        "extensions": { processor.domain.as_str(): { "subject": subject, "scope": scope } },
    });
    if let Some(callback) = &processor.callback {
        body["status_callback_urls"] = serde_json::json!([callback]);
    }
    serde_json::to_vec(&body).map(Bytes::from)
}

/// How a processor says that a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Received.
    Pending,
    /// Being acted on.
    InProgress,
    /// Done.
    Completed,
    /// Given up.
    Cancelled,
}

/// What a signed body says: the answer to a new request, or the status of one.
#[derive(Debug, Deserialize)]
pub struct Said {
    /// Of which request.
    pub subject_request_id: String,
    /// How it stands. The answer to a new request has none: it was received.
    pub request_status: Option<Status>,
    /// The request again, in base64.
    encoded_request: Option<String>,
    /// How much was found, of an access.
    pub results_count: Option<u64>,
    /// Where a callback was sent.
    pub status_callback_url: Option<String>,
}

impl Said {
    /// Reads a body whose signature was verified.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Whether it is about this very request, in its very words where it repeats them.
    #[must_use]
    pub fn answers(&self, id: &str, sent: Option<&[u8]>) -> bool {
        let repeats = match (&self.encoded_request, sent) {
            (Some(encoded), Some(sent)) => base64::decode(encoded).is_some_and(|bytes| bytes == sent),
            _ => true,
        };
        self.subject_request_id.eq_ignore_ascii_case(id) && repeats
    }
}

/// What may be said in a body that is kept as evidence.
const HARMLESS: [&str; 8] = [
    "api_version",
    "controller_id",
    "expected_completion_time",
    "received_time",
    "request_status",
    "results_count",
    "status_callback_url",
    "subject_request_id",
];

/// Whether a body says nothing but how a request stands. Others are known by their hash alone: OpenDSR itself
/// forbids to keep an `encoded_request`.
#[must_use]
pub fn may_be_kept(body: &[u8]) -> bool {
    let Ok(said) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body) else {
        return false;
    };
    body.len() <= 4096
        && said.iter().all(|(name, value)| {
            value.is_null() || (HARMLESS.contains(&name.as_str()) && !value.is_object() && !value.is_array())
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

    use super::*;

    #[test]
    fn a_scope_says_once_what_several_lose() {
        let media: ClassSet = [Class::Media].into_iter().collect();
        let items = [("a", media), ("b", ClassSet::ALL), ("c", media)];
        let parts = scope(items.map(|(name, classes)| (name.to_owned(), classes)).to_vec()).unwrap();
        let json = serde_json::to_value(parts).unwrap();
        assert_eq!(json[0], serde_json::json!({ "classes": ["media"], "recordings": ["a", "c"] }));
        assert_eq!(json[1]["recordings"], serde_json::json!(["b"]));
        assert!(scope(Vec::new()).is_none(), "a request about nothing cannot be built");
    }

    #[test]
    fn an_answer_is_to_one_request() {
        let said = |text: &str| Said::read(text.as_bytes()).unwrap();
        let one = said(r#"{"subject_request_id":"A1","request_status":"in_progress","extensions":null}"#);
        assert_eq!(one.request_status, Some(Status::InProgress));
        assert!(one.answers("a1", None) && !one.answers("a2", None));
        let repeated = said(&format!(
            r#"{{"subject_request_id":"a1","encoded_request":"{}"}}"#,
            base64::encode(b"what was sent")
        ));
        assert!(repeated.answers("a1", Some(b"what was sent")));
        assert!(!repeated.answers("a1", Some(b"something else")));
        assert!(Said::read(br#"{"subject_request_id":"a1","request_status":"perhaps"}"#).is_none());
        assert!(Said::read(b"<html>").is_none());
    }

    #[test]
    fn evidence_is_free_of_content() {
        assert!(may_be_kept(
            br#"{"subject_request_id":"a","request_status":"completed","results_url":null}"#
        ));
        for bad in [
            r#"{"subject_request_id":"a","encoded_request":"e30="}"#,
            r#"{"subject_request_id":"a","results_url":"https://speech.example/secret"}"#,
            r#"{"subject_request_id":"a","note":"Mia"}"#,
            r#"{"subject_request_id":"a","controller_id":{"child":"Mia"}}"#,
            "no object",
        ] {
            assert!(!may_be_kept(bad.as_bytes()), "{bad}");
        }
    }
}
