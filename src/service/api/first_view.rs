//! `/v1/first-view`

use axum::{Json, extract::State};
use rules::{
    contract::{Children, FirstList, FirstView},
    scope::Filter,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Api,
    access::{May, View},
    children,
    failure::Failure,
    input::Params,
    recordings,
};
use crate::{listing, session::Session};

/// Recordings of it: what a page asks for at a time.
const RECORDINGS: u32 = 100;

/// Whose midnight ends a day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ZoneOf {
    /// IANA name of the time zone whose days are counted, like `Europe/Berlin`.
    #[param(default = "UTC")]
    tz: Option<String>,
}

/// What a page shows first, in one answer
///
/// The children; of an only child the newest recordings and how all lie in time, too, which saves a page that
/// is being loaded over a slow line one way there and back. The same as the answers of `/children`,
/// `/children/{id}/recordings?limit=100` and `/children/{id}/timeline`.
#[utoipa::path(get, path = "/first-view", operation_id = "show_first_view", tag = "children", security(("session" = ["view"])),
    params(ZoneOf),
    responses((status = 200, description = "What there is of it", body = FirstView)))]
pub async fn show(
    State(api): State<Api>,
    session: May<View>,
    Params(ZoneOf { tz }): Params<ZoneOf>,
) -> Result<Json<FirstView>, Failure> {
    let zone = recordings::zone(tz.as_deref())?;
    let children = children::of(&api, &session).await?;
    let list = first_list(&api, &session, &children, &zone).await?;
    Ok(Json(FirstView { children, list }))
}

async fn first_list(
    api: &Api,
    session: &Session,
    children: &Children,
    zone: &jiff::tz::TimeZone,
) -> Result<Option<FirstList>, Failure> {
    let [child] = &children.items[..] else { return Ok(None) };
    let all = Filter::default();
    let recordings = recordings::page(api, session, child.id, &all, None, RECORDINGS).await?;
    let timeline = listing::timeline(api.core(), &session.asker, child.id, &all, zone).await?;
    Ok(Some(FirstList { recordings, timeline }))
}
