//! `/v1/children/{id}/recordings` and `/v1/recordings/{id}`

use axum::{Json, extract::State};
use jiff::tz::TimeZone;
use rules::{
    ChildId, Class, DeviceId, Kind, RecordingId, Timestamp,
    contract::{Permission, Recording, RecordingCount, RecordingPage, Timeline},
    scope::Filter,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Api,
    access::{May, Play, View},
    failure::Failure,
    input::{Id, Params, limit},
};
use crate::{access, listing, session::Session};

/// A query: conditions, all of which must hold, and more. The conditions are those of a [`Filter`]
/// in a body, written out in each, because a query string that is flattened cannot refuse what it
/// does not know.
macro_rules! query {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $more:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            /// Words of the transcript, each a whole word or its beginning, in any language.
            q: Option<String>,
            /// Captured at this moment or later.
            from: Option<Timestamp>,
            /// Captured before this moment.
            to: Option<Timestamp>,
            /// Captured by this device.
            device: Option<DeviceId>,
            /// Voice or video only.
            kind: Option<Kind>,
            /// With something of this class.
            class: Option<Class>,
            $($(#[$of])* $more: $kind,)*
        }

        impl $name {
            /// Its conditions, checked.
            fn filter(&mut self) -> Result<Filter, Failure> {
                let Self { from, to, device, kind, class, .. } = *self;
                let filter = Filter { q: self.q.take(), from, to, device, kind, class };
                filter.check().map_err(Failure::invalid)?;
                Ok(filter)
            }
        }
    };
}

query! {
    /// The conditions alone.
    Conditions {}
}

query! {
    /// The conditions, and which page.
    PageOf {
        /// `next` of the page before.
        cursor: Option<String>,
        /// Passes over as many of the newest, and costs what they are: to jump to a place in a long
        /// list. Go on from there by `cursor`, not together with it.
        #[param(minimum = 0, maximum = 10_000_000, default = 0)]
        skip: Option<u32>,
        /// How many, 1 to 200.
        #[param(minimum = 1, maximum = 200, default = 50)]
        limit: Option<u32>,
    }
}

query! {
    /// The conditions, and whose midnight ends a day.
    DaysOf {
        /// IANA name of the time zone whose days are counted, like `Europe/Berlin`.
        #[param(default = "UTC")]
        tz: Option<String>,
    }
}

/// The recordings of a child
///
/// Newest first. Words are shown to sessions that may play.
#[utoipa::path(get, path = "/children/{id}/recordings", operation_id = "list_recordings", tag = "recordings", security(("session" = ["view"])),
    params(("id" = ChildId, Path), PageOf),
    responses((status = 200, description = "One page", body = RecordingPage)))]
pub async fn list(
    State(api): State<Api>,
    session: May<View>,
    Id(child): Id<ChildId>,
    Params(mut asked): Params<PageOf>,
) -> Result<Json<RecordingPage>, Failure> {
    let filter = asked.filter()?;
    let PageOf { cursor, skip, limit: most, .. } = asked;
    let limit = limit(most, listing::DEFAULT_LIMIT, listing::MAX_LIMIT)?;
    session.may_look_for(&filter)?;
    let number = session.asker.number_of(child).ok_or_else(Failure::not_found)?;
    let before = match (cursor, skip) {
        (Some(_), Some(_)) => {
            return Err(Failure::invalid("a page begins by cursor or by skip, not by both"));
        }
        (Some(cursor), None) => {
            let before = api.0.cursors.open(number, &cursor);
            Some(before.ok_or_else(|| Failure::invalid("cursor: not one of this list; begin without"))?)
        }
        (None, Some(skip)) if skip > listing::MAX_SKIP => {
            return Err(Failure::invalid(format!("skip lies between 0 and {}", listing::MAX_SKIP)));
        }
        (None, Some(skip)) => match listing::place(api.core(), &session.asker, child, &filter, skip).await? {
            Some(before) => Some(before),
            None => return Ok(Json(RecordingPage { items: Vec::new(), next: None })),
        },
        (None, None) => None,
    };
    Ok(Json(page(&api, &session, child, &filter, before, limit).await?))
}

/// So many recordings from a place in time on.
pub(super) async fn page(
    api: &Api,
    session: &Session,
    child: ChildId,
    filter: &Filter,
    before: Option<i64>,
    limit: u32,
) -> Result<RecordingPage, Failure> {
    let number = session.asker.number_of(child).ok_or_else(Failure::not_found)?;
    let view = listing::View { asker: &session.asker, words: session.permissions.has(Permission::Play) };
    let page = listing::page(api.core(), view, child, filter, before, limit).await?;
    let next = page.next_before.map(|place| api.0.cursors.seal(number, place));
    Ok(RecordingPage { items: page.items, next })
}

/// The time zone of a query.
pub(super) fn zone(name: Option<&str>) -> Result<TimeZone, Failure> {
    listing::zone(name.unwrap_or("UTC"))
        .ok_or_else(|| Failure::invalid("tz: not the name of a time zone, like Europe/Berlin"))
}

/// How many recordings a filter finds
#[utoipa::path(get, path = "/children/{id}/recordings/count", operation_id = "count_recordings", tag = "recordings", security(("session" = ["view"])),
    params(("id" = ChildId, Path), Conditions),
    responses((status = 200, description = "All of them, over all pages", body = RecordingCount)))]
pub async fn count(
    State(api): State<Api>,
    session: May<View>,
    Id(child): Id<ChildId>,
    Params(mut asked): Params<Conditions>,
) -> Result<Json<RecordingCount>, Failure> {
    let filter = asked.filter()?;
    session.may_look_for(&filter)?;
    let total = listing::count(api.core(), &session.asker, child, &filter).await?;
    Ok(Json(RecordingCount { total }))
}

/// How the recordings that a filter finds lie in time
///
/// Costs what they are: one pass over an index.
#[utoipa::path(get, path = "/children/{id}/timeline", operation_id = "show_timeline", tag = "recordings", security(("session" = ["view"])),
    params(("id" = ChildId, Path), DaysOf),
    responses((status = 200, description = "Every day that has any, newest first", body = Timeline)))]
pub async fn timeline(
    State(api): State<Api>,
    session: May<View>,
    Id(child): Id<ChildId>,
    Params(mut asked): Params<DaysOf>,
) -> Result<Json<Timeline>, Failure> {
    let filter = asked.filter()?;
    session.may_look_for(&filter)?;
    let zone = zone(asked.tz.as_deref())?;
    Ok(Json(listing::timeline(api.core(), &session.asker, child, &filter, &zone).await?))
}

/// What is looked for in a recording that is opened.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WordsOf {
    /// The search that led here: what it finds in the words is marked.
    q: Option<String>,
}

/// One recording, opened
#[utoipa::path(get, path = "/recordings/{id}", operation_id = "open_recording", tag = "recordings", security(("session" = ["play"])),
    params(("id" = RecordingId, Path), WordsOf),
    responses((status = 200, description = "With everything that is held of it but the bytes", body = Recording)))]
pub async fn get(
    State(api): State<Api>,
    session: May<Play>,
    Id(recording): Id<RecordingId>,
    Params(WordsOf { q }): Params<WordsOf>,
) -> Result<Json<Recording>, Failure> {
    let filter = Filter { q, ..Filter::default() };
    filter.check().map_err(Failure::invalid)?;
    Ok(Json(access::read(api.core(), &session.asker, recording, filter.q.as_deref()).await?))
}
