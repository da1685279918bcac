//! What comes in, read strictly: an id of the wrong kind is an id of nothing, a misspelt condition
//! is refused instead of ignored.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use rules::problem::ProblemType;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{Api, failure::Failure};

/// The longest JSON body: 10,000 recordings named one by one are 340 KB.
pub const JSON_BYTES: usize = 1 << 20;
/// The longest `Idempotency-Key`, in characters.
const KEY_CHARS: usize = 200;

/// The id in the path. One that cannot be an id names nothing: 404, like any other.
pub struct Id<T>(pub T);

impl<T: FromStr + Send> FromRequestParts<Api> for Id<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, api).await else {
            return Err(Failure::not_found());
        };
        text.parse().map(Self).map_err(|_| Failure::not_found())
    }
}

/// Two ids in a path.
pub struct Ids<A, B>(pub A, pub B);

impl<A: FromStr + Send, B: FromStr + Send> FromRequestParts<Api> for Ids<A, B> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let Ok(Path((first, second))) = Path::<(String, String)>::from_request_parts(parts, api).await else {
            return Err(Failure::not_found());
        };
        let ids = first.parse().ok().zip(second.parse().ok());
        ids.map(|(first, second)| Self(first, second)).ok_or_else(Failure::not_found)
    }
}

/// The query string.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Failure> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|error| Failure::invalid(format!("query: {}", without_values(&error.body_text()))))
    }
}

/// A JSON body, and its hash, by which a retry is known.
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
}

impl<T: DeserializeOwned> FromRequest<Api> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &Api) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(Failure::invalid("send JSON, with Content-Type: application/json"));
        }
        let bytes = Bytes::from_request(request, &()).await.map_err(|refused| match refused.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(JSON_BYTES),
            _ => Failure::invalid("the body broke off"),
        })?;
        let value = json(&bytes)?;
        Ok(Self { value, hash: Sha256::digest(&bytes).into() })
    }
}

/// A value from JSON.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| Failure::invalid(without_values(&error.to_string())))
}

/// Too many bytes, and how many may be sent.
pub fn too_large(most: usize) -> Failure {
    Failure::because(ProblemType::TooLarge, format!("at most {most} bytes"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let media_type = value.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/json")
}

/// What serde says, without the text it complains about: a problem's detail ends up in the logs of
/// others, and the text may be what a child said.
fn without_values(message: &str) -> String {
    for (what, open, close) in [("string", " \"", "\", "), ("variant", " `", "`, ")] {
        if let Some((before, rest)) = message.split_once(&format!("{what}{open}"))
            && let Some((_, after)) = rest.split_once(&format!("{close}expected"))
        {
            return format!("{before}{what}, expected{after}");
        }
    }
    message.to_owned()
}

/// The `Idempotency-Key`, if there is one.
pub struct IdempotencyKey(pub Option<String>);

impl FromRequestParts<Api> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Failure> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match value.to_str() {
            Ok(key) if (1..=KEY_CHARS).contains(&key.len()) => Ok(Self(Some(key.to_owned()))),
            _ => Err(Failure::invalid(format!("an Idempotency-Key has 1 to {KEY_CHARS} ASCII characters"))),
        }
    }
}

/// How many entries a page has.
pub fn limit(asked: Option<u32>, usual: u32, most: u32) -> Result<u32, Failure> {
    let limit = asked.unwrap_or(usual);
    if (1..=most).contains(&limit) {
        Ok(limit)
    } else {
        Err(Failure::invalid(format!("limit lies between 1 and {most}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_does_not_repeat_what_was_said() {
        let error = serde_json::from_str::<u32>(r#""I am \"home\", alone""#).unwrap_err().to_string();
        assert!(error.contains("home"), "{error}");
        assert_eq!(without_values(&error), "invalid type: string, expected u32 at line 1 column 22");
        assert_eq!(
            without_values("unknown variant `home alone`, expected `voice` or `video`"),
            "unknown variant, expected `voice` or `video`"
        );
        assert_eq!(
            without_values("unknown field `form`, expected `from`"),
            "unknown field `form`, expected `from`"
        );
    }
}
