//! `/v1/datasets/{id}`

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures::stream;
use rules::{DatasetId, contract::Dataset};

use super::{Api, access::Vendor, failure::Failure, input::Id};
use crate::derived::dataset::{self, Export};

/// A dataset
///
/// As it is now: its version, and how many rows an export gives out.
#[utoipa::path(get, path = "/datasets/{id}", operation_id = "get_dataset", tag = "derivations", security(("vendor" = [])),
    params(("id" = DatasetId, Path)),
    responses((status = 200, description = "The dataset", body = Dataset)))]
pub async fn get(
    State(api): State<Api>,
    _: Vendor,
    Id(dataset): Id<DatasetId>,
) -> Result<Json<Dataset>, Failure> {
    Ok(Json(dataset::get(api.core(), dataset).await?))
}

/// The rows of a dataset
///
/// The one way from here to a training: JSON Lines, a row with `recording` and `content` each. Whether a row may
/// be used is asked at the moment it goes out, so what is sealed or deleted is never in it, also what is while
/// it runs.
#[utoipa::path(get, path = "/datasets/{id}/export", operation_id = "export_dataset", tag = "derivations", security(("vendor" = [])),
    params(("id" = DatasetId, Path)),
    responses((status = 200, description = "Its rows", body = String, content_type = "application/x-ndjson")))]
pub async fn export(
    State(api): State<Api>,
    _: Vendor,
    Id(dataset): Id<DatasetId>,
) -> Result<Response, Failure> {
    let export = Export::of(api.core(), dataset).await?;
    let lines = stream::try_unfold((api, export), async |(api, mut export)| {
        let Some(row) = export.next(api.core()).await.map_err(std::io::Error::other)? else {
            return Ok(None);
        };
        let mut line = serde_json::to_vec(&row).map_err(std::io::Error::other)?;
        line.push(b'\n');
        Ok::<_, std::io::Error>(Some((Bytes::from(line), (api, export))))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}
