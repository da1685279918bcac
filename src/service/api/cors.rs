//! Which pages may read our answers.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header, request::Parts};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use super::Api;
use crate::session;

/// How long a browser may remember that it may ask. Only the permission to ask: every answer is
/// decided again.
const PREFLIGHT_REMEMBERED: Duration = Duration::from_secs(600);

/// For the API: pages of listed origins and of origins that sessions are bound to. Without
/// credentials, as there are no cookies; a page shows its bearer token or gets nothing.
pub fn for_sessions(api: &Api) -> CorsLayer {
    let api = api.clone();
    let origins = AllowOrigin::async_predicate(move |origin: HeaderValue, _: &Parts| async move {
        let Ok(origin) = origin.to_str() else { return false };
        let listed = api.0.options.allow_origins.iter().any(|allowed| allowed == origin);
        let core = api.core();
        listed
            || session::knows_origin(&core.db, core.clock.now(), origin).await.unwrap_or_else(|error| {
                tracing::error!(%error, "cannot tell whether an origin is known");
                false
            })
    });
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([
            header::ACCEPT_RANGES,
            header::CONTENT_LENGTH,
            header::CONTENT_RANGE,
            header::LOCATION,
            header::RETRY_AFTER,
            super::observe::REQUEST_ID,
        ])
        .max_age(PREFLIGHT_REMEMBERED)
}

/// For the built page: the same for everyone and no secret, so that any site may embed the element
/// from here.
pub fn for_everyone() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::HEAD])
}
