//! `/v1/children`

use axum::{Json, extract::State, http::StatusCode};
use rules::{
    ChildId,
    contract::{ChildCreated, Children, Holdings, NewChild},
};

use super::{
    Api,
    access::{May, Vendor, View},
    failure::Failure,
    input::{Body, Id},
};
use crate::{ingest, listing, session::Session};

/// How long a child's name may be, in characters.
const NAME_CHARS: usize = 100;
/// How long a vendor's reference for a guardian may be, in characters.
const REFERENCE_CHARS: usize = 200;

/// The children of the session
///
/// With what is held of each in numbers, and the next date something is deleted.
#[utoipa::path(get, path = "/children", operation_id = "list_children", tag = "children", security(("session" = ["view"])),
    responses((status = 200, description = "All of them", body = Children)))]
pub async fn list(State(api): State<Api>, session: May<View>) -> Result<Json<Children>, Failure> {
    Ok(Json(of(&api, &session).await?))
}

/// The children of a session.
pub(super) async fn of(api: &Api, session: &Session) -> Result<Children, Failure> {
    let core = api.core();
    let items = listing::children(core, &session.asker).await?;
    let policy = &core.policy;
    Ok(Children { items, demo: policy.demo, undo_window_seconds: policy.undo_window_seconds })
}

/// Name a child of a guardian
///
/// A guardian appears with their first child. A child of that name who is there already is the
/// answer, so that a repeated call makes nothing twice.
#[utoipa::path(post, path = "/children", operation_id = "name_child", tag = "children", security(("vendor" = [])),
    request_body = NewChild,
    responses((status = 201, description = "The child", body = ChildCreated)))]
pub async fn create(
    State(api): State<Api>,
    _: Vendor,
    Body { value: new, .. }: Body<NewChild>,
) -> Result<(StatusCode, Json<ChildCreated>), Failure> {
    let name = text("name", &new.name, NAME_CHARS)?;
    let guardian = text("guardian", &new.guardian, REFERENCE_CHARS)?;
    let id = ingest::find_or_make_child(api.core(), guardian, name).await?;
    Ok((StatusCode::CREATED, Json(ChildCreated { id })))
}

fn text<'a>(field: &str, text: &'a str, most: usize) -> Result<&'a str, Failure> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text)
    } else {
        Err(Failure::invalid(format!("{field} has 1 to {most} characters on one line")))
    }
}

/// What every store holds of a child
///
/// Each store of the inventory is asked itself. "none", "not searched" and "not linkable" are
/// three different answers.
#[utoipa::path(get, path = "/children/{id}/holdings", operation_id = "list_holdings", tag = "children", security(("session" = ["view"])),
    params(("id" = ChildId, Path)),
    responses((status = 200, description = "One entry a store", body = Holdings)))]
pub async fn holdings(
    State(api): State<Api>,
    session: May<View>,
    Id(child): Id<ChildId>,
) -> Result<Json<Holdings>, Failure> {
    Ok(Json(listing::holdings(api.core(), &session.asker, child).await?))
}
