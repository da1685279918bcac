//! `/v1/recordings/{id}/playback` and `/v1/media/{ticket}`

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use rules::{RecordingId, contract::Playback, problem::ProblemType};

use super::{
    Api,
    access::{May, Play},
    failure::Failure,
    input::Id,
};
use crate::playback::{self, Asked};

/// A way to a recording's bytes, for one media element
///
/// The address is the secret: it needs no session, works ten minutes at most, and dies when the
/// recording is sealed, also in the middle of a download.
#[utoipa::path(post, path = "/recordings/{id}/playback", operation_id = "play_recording", tag = "recordings", security(("session" = ["play"])),
    params(("id" = RecordingId, Path)),
    responses((status = 200, description = "The address", body = Playback)))]
pub async fn ticket(
    State(api): State<Api>,
    session: May<Play>,
    Id(recording): Id<RecordingId>,
) -> Result<Json<Playback>, Failure> {
    Ok(Json(playback::ticket(api.core(), &session, recording).await?))
}

/// The bytes behind a ticket
///
/// Serves one range of bytes, if asked.
#[utoipa::path(method(get, head), path = "/media/{ticket}", operation_id = "get_media", tag = "recordings",
    params(
        ("ticket" = String, Path, description = "From `playback`"),
        ("Range" = Option<String>, Header, description = "One range of bytes, like `bytes=0-1023`"),
    ),
    responses(
        (status = 200, description = "All of it", body = [u8], content_type = "application/octet-stream"),
        (status = 206, description = "The range", body = [u8], content_type = "application/octet-stream"),
    ))]
pub async fn media(
    State(api): State<Api>,
    Id(ticket): Id<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let opened = playback::open(api.core(), &ticket).await?;
    let len = opened.bytes;
    let (status, range) = match playback::ask(wanted(&headers), len) {
        Asked::Whole => (StatusCode::OK, 0..len),
        Asked::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Asked::Outside => return Ok(outside(len)),
    };
    let mut answer = HeaderMap::new();
    let mut say = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    };
    if status == StatusCode::PARTIAL_CONTENT {
        say(header::CONTENT_RANGE, &format!("bytes {}-{}/{len}", range.start, range.end - 1));
    }
    say(header::CONTENT_LENGTH, &(range.end - range.start).to_string());
    say(header::ACCEPT_RANGES, "bytes");
    say(header::CONTENT_TYPE, &opened.media_type);
    // Whatever the bytes pretend to be, opened as a page they can do nothing.
    say(header::CONTENT_SECURITY_POLICY, "sandbox");
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(playback::stream(api, opened, range))
    };
    Ok((status, answer, body).into_response())
}

/// The range asked for. We give out no validators, so `If-Range` can never match: then all of it.
fn wanted(headers: &HeaderMap) -> Option<&str> {
    let range = headers.get(header::RANGE)?.to_str().ok()?;
    (!headers.contains_key(header::IF_RANGE)).then_some(range)
}

fn outside(len: u64) -> Response {
    let mut response = Failure::new(ProblemType::BadRange).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{len}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

impl AsRef<crate::core::Core> for Api {
    fn as_ref(&self) -> &crate::core::Core {
        self.core()
    }
}
