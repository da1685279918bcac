//! `/v1/erasures`

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rules::{
    ChildId, ErasureId, Scope,
    contract::{Erasure, Erasures, NewErasure, Preview},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Api,
    access::{Erase, May, View},
    failure::Failure,
    input::{Body, Id, IdempotencyKey, Params, limit},
};
use crate::{
    erasure::{Idempotency, accept, view},
    listing::{DEFAULT_LIMIT, MAX_LIMIT},
    session::Session,
};

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Past {
    /// Of this child only.
    child: Option<ChildId>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// What was asked to be deleted, and how it stands
///
/// Newest first, by every guardian of the children and by the inactivity rule.
#[utoipa::path(get, path = "/erasures", operation_id = "list_erasures", tag = "erasures", security(("session" = ["view"])), params(Past),
    responses((status = 200, description = "One page", body = Erasures)))]
pub async fn list(
    State(api): State<Api>,
    session: May<View>,
    Params(asked): Params<Past>,
) -> Result<Json<Erasures>, Failure> {
    let limit = limit(asked.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    if asked.cursor.as_ref().is_some_and(|cursor| cursor.parse::<ErasureId>().is_err()) {
        return Err(Failure::invalid("cursor: not one of this list; begin without"));
    }
    let cursor = asked.cursor.as_deref();
    Ok(Json(view::list(api.core(), &session.asker, asked.child, cursor, limit).await?))
}

/// What an erasure would delete
///
/// From which stores, what is kept and why, until when it could be taken back. Changes nothing.
#[utoipa::path(post, path = "/erasures/preview", operation_id = "preview_erasure", tag = "erasures", security(("session" = ["erase"])),
    request_body = NewErasure,
    responses((status = 200, description = "Exactly what would go", body = Preview)))]
pub async fn preview(
    State(api): State<Api>,
    session: May<Erase>,
    Body { value: asked, .. }: Body<NewErasure>,
) -> Result<Json<Preview>, Failure> {
    may_ask(&session, &asked)?;
    Ok(Json(accept::preview(api.core(), &session.asker, &asked).await?))
}

/// Ask for an erasure
///
/// Accepting it stops all use at once. It is sealed until the undo window closes, then every store
/// erases its copies and is read again. Nothing is called deleted before that.
#[utoipa::path(post, path = "/erasures", operation_id = "ask_for_erasure", tag = "erasures", security(("session" = ["erase"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 characters; the same key and body again find what the first call made")),
    request_body = NewErasure,
    responses(
        (status = 201, description = "Accepted", body = Erasure, headers(("Location" = String, description = "The erasure"))),
        (status = 200, description = "Accepted before, with the same Idempotency-Key", body = Erasure),
        (status = 503, description = "Accepted, perhaps, and not safe from a loss yet: the same request with the same key will do"),
    ))]
pub async fn create(
    State(api): State<Api>,
    session: May<Erase>,
    IdempotencyKey(key): IdempotencyKey,
    Body { value: asked, hash }: Body<NewErasure>,
) -> Result<Response, Failure> {
    may_ask(&session, &asked)?;
    let idempotency = key.map(|key| Idempotency { key, request_hash: hash });
    let (erasure, created) = accept::accept(api.core(), &session.asker, &asked, idempotency).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let location = [(header::LOCATION, format!("/v1/erasures/{}", erasure.id))];
    Ok((status, location, Json(erasure)).into_response())
}

/// A search is a question too, whatever is done with what it finds.
pub(crate) fn may_ask(session: &Session, asked: &NewErasure) -> Result<(), Failure> {
    match &asked.scope {
        Scope::Search { filter } => session.may_look_for(filter),
        _ => Ok(()),
    }
}

/// How an erasure stands
///
/// With an outcome for each store.
#[utoipa::path(get, path = "/erasures/{id}", operation_id = "get_erasure", tag = "erasures", security(("session" = ["view"])),
    params(("id" = ErasureId, Path)),
    responses((status = 200, description = "The erasure", body = Erasure)))]
pub async fn get(
    State(api): State<Api>,
    session: May<View>,
    Id(erasure): Id<ErasureId>,
) -> Result<Json<Erasure>, Failure> {
    Ok(Json(view::get(api.core(), &session.asker, erasure).await?))
}

/// Take an erasure back
///
/// While it is sealed: everything it named is in use again.
#[utoipa::path(delete, path = "/erasures/{id}", operation_id = "take_erasure_back", tag = "erasures", security(("session" = ["erase"])),
    params(("id" = ErasureId, Path)),
    responses(
        (status = 200, description = "Cancelled", body = Erasure),
        (status = 503, description = "Cancelled, perhaps, and not safe from a loss yet: the same request will do"),
    ))]
pub async fn cancel(
    State(api): State<Api>,
    session: May<Erase>,
    Id(erasure): Id<ErasureId>,
) -> Result<Json<Erasure>, Failure> {
    Ok(Json(accept::cancel(api.core(), &session.asker, erasure).await?))
}
