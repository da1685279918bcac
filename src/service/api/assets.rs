//! The built page and the element's files: the same for everyone, no secret, and nothing that a
//! strict content security policy would refuse.

use std::{convert::Infallible, path::Path};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, Method, header},
    response::{IntoResponse, Response},
};
use rules::problem::ProblemType;
use tower_http::services::ServeDir;

use super::{NO_REFERRER, NOSNIFF, cors, failure::Failure, set};

/// The page loads its own files, talks to its own origin, plays from it, and does nothing else.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self'; media-src 'self'; img-src 'self'; require-trusted-types-for 'script'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves `folder` at `/`; without one, says that there is nothing.
pub fn router(folder: Option<&Path>) -> Router {
    let router = match folder {
        Some(folder) => Router::new().fallback_service(
            ServeDir::new(folder)
                .precompressed_br()
                .precompressed_gzip()
                .call_fallback_on_method_not_allowed(true)
                .fallback(tower::service_fn(|request| async { Ok::<_, Infallible>(nothing(request)) })),
        ),
        None => Router::new().fallback(async |request: Request| nothing(request)),
    };
    let policies = HeaderName::from_static("permissions-policy");
    router
        .layer(set(header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .layer(set(policies, "camera=(), geolocation=(), microphone=()"))
        .layer(set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"))
        // Names are not hashed: ask each time, and be told "not modified".
        .layer(set(header::CACHE_CONTROL, "no-cache"))
        .layer(set(NOSNIFF.0, NOSNIFF.1))
        .layer(set(NO_REFERRER.0, NO_REFERRER.1))
        .layer(cors::for_everyone())
}

fn nothing(request: Request) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => Failure::not_found().into_response(),
        _ => Failure::new(ProblemType::NoMethod).into_response(),
    }
}
