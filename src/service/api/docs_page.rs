//! `/docs`, which shows the OpenAPI document, and `/openapi.json`, which is it.

use axum::{Router, http::header};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{NO_REFERRER, NOSNIFF, set};

/// The viewer sets styles by attribute and draws its icons from `data:`; it loads nothing from
/// anywhere else.
const VIEWER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn router(document: OpenApi) -> Router {
    // "none" keeps the viewer from asking its maker's server whether the document is valid.
    let viewer = SwaggerUi::new("/docs")
        .config(Config::default().validator_url("none").try_it_out_enabled(true))
        .url("/openapi.json", document);
    Router::from(viewer)
        .layer(set(header::CONTENT_SECURITY_POLICY, VIEWER_POLICY))
        .layer(set(header::CACHE_CONTROL, "no-cache"))
        .layer(set(NOSNIFF.0, NOSNIFF.1))
        .layer(set(NO_REFERRER.0, NO_REFERRER.1))
}
