//! One line and one measurement for each request. Neither has a child's data, a token, a query
//! string or a ticket: what is written down is the route, never the address.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

use super::Api;

/// Names a request in the answer and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The route of what no route matched: the files of the page, and nothing.
const NO_ROUTE: &str = "/";

pub async fn observe(State(api): State<Api>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let id = format!("{:016x}", rand::random::<u64>());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status().as_u16();
    let took = started.elapsed();
    api.0.metrics.request(&method, route, status, took);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%method, route, status, ms, id, "request");
    response
}
