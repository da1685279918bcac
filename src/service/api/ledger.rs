//! `/ledger`: public, for everyone; and what of it is opened to a child's guardians.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use rules::{
    ChildId, ErasureId,
    contract::{ChildLedger, PublicEntries},
    problem::ProblemType,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Api,
    access::{May, View},
    failure::Failure,
    input::{Id, Ids, Params, limit},
};
use crate::ledger::{
    receipt::{self, ReceiptError},
    tiles::Tile,
};

/// Entries on one page.
const PAGE: u32 = 200;
/// The most entries on one page.
const MOST: u32 = 1000;
/// Tiles never change.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Whose receipt.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// Of this child; needed where the erasure is of several.
    child: Option<ChildId>,
}

/// The receipt of a finished erasure
///
/// A file to keep (`c2sp.org/tlog-proof@v1`): what was erased from which store, and the proof that this
/// is entered in the ledger. It can be checked without us. 409 until the erasure has finished and a
/// checkpoint has it, a second or two later.
#[utoipa::path(get, path = "/erasures/{id}/receipt", operation_id = "get_receipt", tag = "erasures", security(("session" = ["view"])),
    params(("id" = ErasureId, Path), Whose),
    responses((status = 200, description = "The receipt", body = String, content_type = "text/plain")))]
pub async fn of_erasure(
    State(api): State<Api>,
    session: May<View>,
    Id(erasure): Id<ErasureId>,
    Params(whose): Params<Whose>,
) -> Result<Response, Failure> {
    Ok(text(receipt::of_erasure(api.core(), &session.asker, erasure, whose.child).await?))
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The first entry first.
    #[default]
    First,
    /// The newest one first.
    Newest,
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Entries {
    /// Which comes first.
    #[serde(default)]
    order: Order,
    /// Those after the one with this number, in that order: `next` of the page before.
    after: Option<u64>,
    /// How many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 200)]
    limit: Option<u32>,
}

/// A child's entries in the ledger
///
/// With what they say, and the key that ties them together, so that a page can see that none is missing.
#[utoipa::path(get, path = "/children/{id}/ledger", operation_id = "list_ledger", tag = "children", security(("session" = ["view"])),
    params(("id" = ChildId, Path), Entries),
    responses((status = 200, description = "One page", body = ChildLedger)))]
pub async fn of_child(
    State(api): State<Api>,
    session: May<View>,
    Id(child): Id<ChildId>,
    Params(asked): Params<Entries>,
) -> Result<Json<ChildLedger>, Failure> {
    let limit = limit(asked.limit, PAGE, MOST)?;
    let newest = asked.order == Order::Newest;
    Ok(Json(receipt::entries(api.core(), &session.asker, child, newest, asked.after, limit).await?))
}

/// The receipt of one entry of a child
///
/// The same file as that of a finished erasure, for an entry of any kind: what it says, and the proof that
/// it is in the ledger. 409 until a checkpoint has it, a second or two later.
#[utoipa::path(get, path = "/children/{id}/ledger/{seq}/receipt", operation_id = "get_entry_receipt", tag = "children", security(("session" = ["view"])),
    params(("id" = ChildId, Path), ("seq" = u64, Path, description = "Its number among the child's entries, from 0")),
    responses((status = 200, description = "The receipt", body = String, content_type = "text/plain")))]
pub async fn of_entry(
    State(api): State<Api>,
    session: May<View>,
    Ids(child, seq): Ids<ChildId, u64>,
) -> Result<Response, Failure> {
    Ok(text(receipt::of_entry(api.core(), &session.asker, child, seq).await?))
}

/// The ledger's latest checkpoint
///
/// A signed note (`c2sp.org/tlog-checkpoint`). The tiles it speaks of are at `/ledger/tile/…`, as
/// `c2sp.org/tlog-tiles` names them.
#[utoipa::path(get, path = "/ledger/checkpoint", operation_id = "get_checkpoint", tag = "ledger",
    responses((status = 200, description = "The checkpoint", body = String, content_type = "text/plain")))]
pub async fn checkpoint(State(api): State<Api>) -> Result<Response, Failure> {
    let checkpoint = api.core().ledger.checkpoint().map_err(Failure::internal)?;
    Ok(text(checkpoint.ok_or_else(Failure::not_found)?))
}

/// Whom to believe who checks this ledger
///
/// A policy (`c2sp.org/tlog-policy`) with the ledger's name and key. Compare it with one that came
/// another way: what an operator says of its own key proves nothing by itself.
#[utoipa::path(get, path = "/ledger/policy", operation_id = "get_ledger_policy", tag = "ledger",
    responses((status = 200, description = "The policy", body = String, content_type = "text/plain")))]
pub async fn policy(State(api): State<Api>) -> Response {
    text(api.core().ledger.policy())
}

/// A version of the inventory
///
/// Every store where copies live, with the proof that it was published in the ledger
/// (`c2sp.org/tlog-proof@v1`).
#[utoipa::path(get, path = "/ledger/inventory/{version}", operation_id = "get_inventory", tag = "ledger",
    params(("version" = i64, Path, description = "From 1; a receipt names its own")),
    responses((status = 200, description = "The inventory's receipt", body = String, content_type = "text/plain")))]
pub async fn inventory(State(api): State<Api>, Id(version): Id<i64>) -> Result<Response, Failure> {
    Ok(text(receipt::of_inventory(api.core(), version).await?))
}

/// Which of those that belong to no child.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Public {
    /// Those before the one at this place: `next` of the page before.
    after: Option<u64>,
    /// How many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 200)]
    limit: Option<u32>,
}

/// What the ledger says to everybody
///
/// The entries that belong to no child, the newest first, with what they say: that the service was restored from a
/// backup, and what was lost with that; or another version of the inventory.
#[utoipa::path(get, path = "/ledger/public", operation_id = "list_public_entries", tag = "ledger",
    params(Public),
    responses((status = 200, description = "One page", body = PublicEntries)))]
pub async fn public(
    State(api): State<Api>,
    Params(asked): Params<Public>,
) -> Result<Json<PublicEntries>, Failure> {
    let limit = limit(asked.limit, PAGE, MOST)?;
    Ok(Json(receipt::public(api.core(), asked.after, limit).await?))
}

/// The receipt of an entry that belongs to no child
///
/// What it says, and the proof that it is in the ledger (`c2sp.org/tlog-proof@v1`).
#[utoipa::path(get, path = "/ledger/public/{index}/receipt", operation_id = "get_public_receipt", tag = "ledger",
    params(("index" = u64, Path, description = "Its place in the ledger")),
    responses((status = 200, description = "The receipt", body = String, content_type = "text/plain")))]
pub async fn of_public(State(api): State<Api>, Id(index): Id<u64>) -> Result<Response, Failure> {
    Ok(text(receipt::of_public(api.core(), index).await?))
}

/// That the ledger only grew
///
/// The hashes that prove that the ledger of `new` entries has all of the one of `old`, unchanged (RFC 6962
/// section 2.1.2), in base64, one a line; none where there is nothing to prove. Who kept a checkpoint sees with
/// them whether a later one is of the same ledger. 404 beyond its end.
#[utoipa::path(get, path = "/ledger/consistency/{old}/{new}", operation_id = "get_consistency", tag = "ledger",
    params(("old" = u64, Path, description = "Entries of the earlier one"), ("new" = u64, Path, description = "Entries of the later one")),
    responses((status = 200, description = "The hashes", body = String, content_type = "text/plain")))]
pub async fn consistency(State(api): State<Api>, Ids(old, new): Ids<u64, u64>) -> Result<Response, Failure> {
    Ok(text(receipt::consistency(api.core(), old, new).await?))
}

/// A tile, partial tile or bundle. Not in the OpenAPI document, which has no paths of any depth.
pub async fn tile(State(api): State<Api>, Path(path): Path<String>) -> Result<Response, Failure> {
    let tile = Tile::parse(&format!("tile/{path}")).ok_or_else(Failure::not_found)?;
    match tokio::fs::read(api.core().ledger.folder().join(tile.path())).await {
        Ok(bytes) => {
            let bytes_as_they_are = HeaderValue::from_static("application/octet-stream");
            let headers = [(header::CONTENT_TYPE, bytes_as_they_are), (header::CACHE_CONTROL, FOR_EVER)];
            Ok((headers, bytes).into_response())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Failure::not_found()),
        Err(error) => Err(Failure::internal(error)),
    }
}

fn text(text: String) -> Response {
    ([(header::CONTENT_TYPE, TEXT)], text).into_response()
}

impl From<ReceiptError> for Failure {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::NotFound => Self::not_found(),
            ReceiptError::WhichChild => Self::invalid(error),
            ReceiptError::Cancelled | ReceiptError::BeforeTheLedger | ReceiptError::Lost => {
                Self::because(ProblemType::NoReceipt, error)
            }
            ReceiptError::NotFinished | ReceiptError::NotPublished => {
                Self::because(ProblemType::Conflict, error)
            }
            ReceiptError::NotWitnessed(_) => Self::because(ProblemType::NotWitnessed, error),
            ReceiptError::Ledger(error) => Self::internal(format_args!("{error:#}")),
            ReceiptError::Database(error) => error.into(),
        }
    }
}
