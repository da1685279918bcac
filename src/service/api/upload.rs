//! `POST /v1/recordings`: a vendor's device or backend hands a recording in.

use std::path::{Path, PathBuf};

use axum::{
    Json,
    extract::{
        Multipart, State,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rules::{
    Timestamp,
    contract::{NewRecording, RecordingCreated},
    problem::ProblemType,
};
use tokio::{fs::File, io::AsyncWriteExt};

use super::{
    Api,
    access::Vendor,
    failure::Failure,
    input::{self, JSON_BYTES, too_large},
};
use crate::{
    ingest::{self, Incoming},
    media::{self, ProbeError},
};

/// Where bytes are while they arrive, within the data folder.
const FOLDER: &str = "uploads";

/// The parts of the request. Only described: they are read one by one, and the bytes never as a whole.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "its fields are the parts of a multipart body in the OpenAPI document")]
pub struct Upload {
    /// What is known of it, as JSON.
    recording: NewRecording,
    /// The sound or video file.
    #[schema(value_type = String, format = Binary)]
    media: Vec<u8>,
}

/// Take a recording in
///
/// WAV, MP3, Ogg Vorbis and Opus, FLAC, M4A, MP4, WebM; what it is and how long comes from the bytes.
/// The same bytes of the same moment are one recording, however often they are sent. What a guardian deleted
/// is refused, by its bytes and by your own name for it; so is what was on its way meanwhile.
#[utoipa::path(post, path = "/recordings", operation_id = "take_recording_in", tag = "recordings", security(("vendor" = [])),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "It was taken in", body = RecordingCreated, headers(("Location" = String, description = "The recording"))),
        (status = 200, description = "It was there already", body = RecordingCreated),
    ))]
pub async fn create(
    State(api): State<Api>,
    _: Vendor,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Failure> {
    let begun = api.core().clock.now();
    let parts = parts
        .map_err(|_| Failure::invalid("send multipart/form-data with the parts `recording` and `media`"))?;
    let (recording, file) = receive(&api, parts).await?;
    // On its own task: a client that hangs up now must not leave half of it behind.
    let taken_in = tokio::spawn(async move { take_in(&api, recording, file, begun).await });
    let created = taken_in.await.map_err(Failure::internal)??;
    let status = if created.already_there { StatusCode::OK } else { StatusCode::CREATED };
    let location = [(header::LOCATION, format!("/v1/recordings/{}", created.id))];
    Ok((status, location, Json(created)).into_response())
}

async fn receive(api: &Api, mut parts: Multipart) -> Result<(NewRecording, Arriving), Failure> {
    let most = api.0.options.max_upload_bytes;
    let (mut recording, mut media) = (None, None);
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error, most))? {
        match part.name() {
            Some("recording") if recording.is_none() => recording = Some(described(part, most).await?),
            Some("media") if media.is_none() => media = Some(arrive(&api.core().data, part, most).await?),
            _ => return Err(Failure::invalid("one part `recording` and one part `media`, nothing else")),
        }
    }
    match (recording, media) {
        (Some(recording), Some(media)) => Ok((recording, media)),
        (None, _) => Err(Failure::invalid("the part `recording` is missing: what is known of it, as JSON")),
        (_, None) => Err(Failure::invalid("the part `media` is missing: the sound or video file")),
    }
}

async fn described(mut part: Field<'_>, most: usize) -> Result<NewRecording, Failure> {
    let mut json = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error, most))? {
        json.extend_from_slice(&chunk);
        if json.len() > JSON_BYTES {
            return Err(too_large(JSON_BYTES));
        }
    }
    input::json(&json)
}

/// A file that is removed when nobody needs it any more, however that comes about.
struct Arriving(PathBuf);

impl Drop for Arriving {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::error!(%error, "an upload could not be removed; the next start will");
        }
    }
}

async fn arrive(data: &Path, mut part: Field<'_>, most: usize) -> Result<Arriving, Failure> {
    let folder = data.join(FOLDER);
    tokio::fs::create_dir_all(&folder).await.map_err(Failure::internal)?;
    let arriving = Arriving(folder.join(format!("{:032x}", rand::random::<u128>())));
    let mut file = File::create_new(&arriving.0).await.map_err(Failure::internal)?;
    while let Some(chunk) = part.chunk().await.map_err(|error| broken(&error, most))? {
        file.write_all(&chunk).await.map_err(Failure::internal)?;
    }
    file.flush().await.map_err(Failure::internal)?;
    Ok(arriving)
}

fn broken(error: &MultipartError, most: usize) -> Failure {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(most),
        _ => Failure::invalid("the multipart body is broken or broke off"),
    }
}

async fn take_in(
    api: &Api,
    recording: NewRecording,
    file: Arriving,
    begun: Timestamp,
) -> Result<RecordingCreated, Failure> {
    let path = file.0.clone();
    let probed = tokio::task::spawn_blocking(move || media::probe_file(&path));
    let probed = probed.await.map_err(Failure::internal)?.map_err(|error| match error {
        ProbeError::Io(error) => Failure::internal(error),
        error => Failure::because(ProblemType::NotARecording, error),
    })?;
    let incoming = Incoming { recording, moment_stated: true, begun, media: file.0.clone(), probed };
    Ok(ingest::ingest(api.core(), &incoming).await?)
}

/// Removes what uploads left when the process died. Only for the one service of a data folder,
/// before it listens.
pub fn sweep(data: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(data.join(FOLDER)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
