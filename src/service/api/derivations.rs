//! `/v1/derivations` and `/v1/children/{id}/derivations`

use axum::{Json, extract::State, http::StatusCode};
use rules::{
    ChildId, DerivationId,
    contract::{DerivationCreated, Derivations, NewDerivation, Permission},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Api,
    access::{May, Vendor, View},
    failure::Failure,
    input::{Body, Id, Params, limit},
};
use crate::{derived, listing};

/// Register what was made from recordings
///
/// Facts, voiceprints, thumbnails, datasets with their rows, models. Each goes with the recordings it was
/// made from, at first or second hand. What was made from a recording that is sealed or deleted is refused and
/// stored nowhere, also if it was under way when that happened. Handed in again it is there already.
#[utoipa::path(post, path = "/derivations", operation_id = "register_derivation", tag = "derivations", security(("vendor" = [])),
    request_body = NewDerivation,
    responses(
        (status = 201, description = "It was taken in", body = DerivationCreated),
        (status = 200, description = "It was there already", body = DerivationCreated),
    ))]
pub async fn create(
    State(api): State<Api>,
    _: Vendor,
    Body { value: new, .. }: Body<NewDerivation>,
) -> Result<(StatusCode, Json<DerivationCreated>), Failure> {
    let made = derived::register(api.core(), &new).await?;
    let status = if made.already_there { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(made)))
}

/// Which things.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Things {
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// What was made from a child's recordings
///
/// Newest first. What facts say is shown to sessions that may play.
#[utoipa::path(get, path = "/children/{id}/derivations", operation_id = "list_derivations", tag = "children", security(("session" = ["view"])),
    params(("id" = ChildId, Path), Things),
    responses((status = 200, description = "One page", body = Derivations)))]
pub async fn list(
    State(api): State<Api>,
    session: May<View>,
    Id(child): Id<ChildId>,
    Params(asked): Params<Things>,
) -> Result<Json<Derivations>, Failure> {
    let limit = limit(asked.limit, listing::DEFAULT_LIMIT, listing::MAX_LIMIT)?;
    let before: Option<DerivationId> = asked
        .cursor
        .map(|cursor| cursor.parse())
        .transpose()
        .map_err(|_| Failure::invalid("cursor: not one of this list; begin without"))?;
    let view = listing::View { asker: &session.asker, words: session.permissions.has(Permission::Play) };
    Ok(Json(derived::view::list(api.core(), view, child, before, limit).await?))
}
