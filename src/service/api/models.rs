//! `/v1/models`

use axum::{Json, extract::State};
use rules::{
    ModelId,
    contract::{Model, ModelOutcome, Models},
};

use super::{
    Api,
    access::Vendor,
    failure::Failure,
    input::{Body, Id},
};
use crate::derived::model;

/// All models
///
/// With the day by which each has to be retired or trained anew, where that is so.
#[utoipa::path(get, path = "/models", operation_id = "list_models", tag = "derivations", security(("vendor" = [])),
    responses((status = 200, description = "By name", body = Models)))]
pub async fn list(State(api): State<Api>, _: Vendor) -> Result<Json<Models>, Failure> {
    Ok(Json(model::list(api.core()).await?))
}

/// Say what became of a model
///
/// Entered in the ledger for every child whose data it had learned from and that was deleted since.
#[utoipa::path(put, path = "/models/{id}/outcome", operation_id = "tell_model_outcome", tag = "derivations", security(("vendor" = [])),
    params(("id" = ModelId, Path)), request_body = ModelOutcome,
    responses((status = 200, description = "The model as it stands", body = Model)))]
pub async fn outcome(
    State(api): State<Api>,
    _: Vendor,
    Id(model): Id<ModelId>,
    Body { value: said, .. }: Body<ModelOutcome>,
) -> Result<Json<Model>, Failure> {
    Ok(Json(model::outcome(api.core(), model, &said).await?))
}
