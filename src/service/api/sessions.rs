//! `/v1/sessions`

use axum::{Json, extract::State, http::StatusCode};
use rules::contract::{NewSession, SessionCreated};

use super::{Api, access::Vendor, failure::Failure, input::Body};
use crate::session;

/// Mint a session
///
/// Called by the vendor's own backend once it knows its guardian; the page hands the answer's
/// `client_secret` to the element. At most 15 minutes.
#[utoipa::path(post, path = "/sessions", operation_id = "mint_session", tag = "sessions", security(("vendor" = [])),
    request_body = NewSession,
    responses((status = 201, description = "The session; its secret is told once", body = SessionCreated)))]
pub async fn mint(
    State(api): State<Api>,
    _: Vendor,
    Body { value: new, .. }: Body<NewSession>,
) -> Result<(StatusCode, Json<SessionCreated>), Failure> {
    let core = api.core();
    let session = session::mint(&core.db, core.clock.now(), &new).await?;
    Ok((StatusCode::CREATED, Json(session)))
}
