//! `/v1/recordings/{id}/keep`

use axum::{Json, extract::State, http::StatusCode};
use rules::{RecordingId, contract::Keep};

use super::{
    Api,
    access::{self, May},
    failure::Failure,
    input::{Body, Id},
};
use crate::keep;

/// Keep a recording until a date
///
/// At most 18 months from now; there is no "for ever". Said again with another date, it moves.
#[utoipa::path(put, path = "/recordings/{id}/keep", operation_id = "keep_recording", tag = "recordings", security(("session" = ["keep"])),
    params(("id" = RecordingId, Path)), request_body = Keep,
    responses(
        (status = 200, description = "The keep as it stands", body = Keep),
        (status = 503, description = "Kept, perhaps, and not safe from a loss yet: the same request will do"),
    ))]
pub async fn put(
    State(api): State<Api>,
    session: May<access::Keep>,
    Id(recording): Id<RecordingId>,
    Body { value: asked, .. }: Body<Keep>,
) -> Result<Json<Keep>, Failure> {
    Ok(Json(keep::put(api.core(), &session.asker, recording, asked.until).await?))
}

/// Give a keep up
///
/// Nothing is deleted by that: the other rules hold again.
#[utoipa::path(delete, path = "/recordings/{id}/keep", operation_id = "give_up_keep", tag = "recordings", security(("session" = ["keep"])),
    params(("id" = RecordingId, Path)),
    responses(
        (status = 204, description = "It is not kept by this guardian any more"),
        (status = 503, description = "Given up, perhaps, and that not safe from a loss yet: the same request will do"),
    ))]
pub async fn delete(
    State(api): State<Api>,
    session: May<access::Keep>,
    Id(recording): Id<RecordingId>,
) -> Result<StatusCode, Failure> {
    keep::delete(api.core(), &session.asker, recording).await?;
    Ok(StatusCode::NO_CONTENT)
}
