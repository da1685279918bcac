//! Whether the service lives, and whether it can work.

use axum::{
    Json,
    extract::{Request, State},
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use rules::problem::ProblemType;
use serde::Serialize;
use sqlx::query_scalar;

use super::{Api, failure::Failure};

/// How it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Health {
    /// `ok` or `ready`.
    status: &'static str,
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", operation_id = "lives", tag = "operation", responses((status = 200, description = "It lives", body = Health)))]
pub async fn lives() -> impl IntoResponse {
    answer("ok")
}

/// Whether it can work
///
/// The database answers, every migration has been applied, and nothing is being restored from a backup.
#[utoipa::path(get, path = "/readyz", operation_id = "is_ready", tag = "operation", responses((status = 200, description = "It can work", body = Health)))]
pub async fn ready(State(api): State<Api>) -> Result<impl IntoResponse, Failure> {
    let unready = |error: Option<sqlx::Error>| {
        tracing::warn!(error = error.map(|error| error.to_string()), "not ready");
        Failure::new(ProblemType::Unavailable)
    };
    let migrated: bool = query_scalar("SELECT count(*) > 0 AND min(success) FROM _sqlx_migrations")
        .fetch_one(api.core().db.read())
        .await
        .map_err(|error| unready(Some(error)))?;
    if migrated { Ok(answer("ready")) } else { Err(unready(None)) }
}

/// Lets nothing but [`lives`] pass as long as a backup is being restored: what was deleted after it was made is
/// still in it.
pub async fn gate(State(api): State<Api>, request: Request, next: Next) -> Response {
    if api.core().is_restoring() && request.uri().path() != "/healthz" {
        return Failure::new(ProblemType::Unavailable).into_response();
    }
    next.run(request).await
}

fn answer(status: &'static str) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], Json(Health { status }))
}
