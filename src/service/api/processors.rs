//! `/v1/disclosures`, and where processors call back.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::StatusCode,
};
use rules::{
    contract::{DisclosureCreated, NewDisclosure},
    problem::ProblemType,
};

use super::{
    Api,
    access::Vendor,
    failure::Failure,
    input::{Body, Id, too_large},
};
use crate::processors::{answer, disclose};

/// The longest callback.
pub const CALLBACK_BYTES: usize = 64 << 10;

/// Tell what is about to be handed to a processor
///
/// Before it is handed over: what is sealed or deleted is refused (409), and the answer says by which names
/// the processor is to know the child and the recordings, for under these it is asked to delete them. Told twice
/// is told once.
#[utoipa::path(post, path = "/disclosures", operation_id = "tell_disclosure", tag = "processors", security(("vendor" = [])),
    request_body = NewDisclosure,
    responses(
        (status = 201, description = "It may be handed over until then, under these names", body = DisclosureCreated),
        (status = 409, description = "Something of it is sealed or deleted: hand over nothing"),
        (status = 503, description = "It would be lost with the database: hand over nothing yet, the same request will do"),
    ))]
pub async fn disclose(
    State(api): State<Api>,
    _: Vendor,
    Body { value: new, .. }: Body<NewDisclosure>,
) -> Result<(StatusCode, Json<DisclosureCreated>), Failure> {
    Ok((StatusCode::CREATED, Json(disclose::disclose(api.core(), &new).await?)))
}

/// A processor says how a request stands
///
/// The status callback of OpenDSR 2.0 (8.5 to 8.8), signed with the key in the settings over the very bytes;
/// otherwise it is refused (403) and nothing in it is read.
#[utoipa::path(post, path = "/processors/{name}/status", operation_id = "call_back", tag = "processors",
    params(
        ("name" = String, Path, description = "Of the processor, as in the settings"),
        ("X-OpenDSR-Processor-Domain" = String, Header, description = "Who has signed"),
        ("X-OpenDSR-Signature" = String, Header, description = "The signature over the body, in base64"),
    ),
    responses(
        (status = 202, description = "Noted"),
        (status = 403, description = "Not signed by this processor"),
    ))]
pub async fn status(
    State(api): State<Api>,
    Id(name): Id<String>,
    request: Request,
) -> Result<StatusCode, Failure> {
    let (headers, extensions) = (request.headers().clone(), request.extensions().clone());
    let body = Bytes::from_request(request, &()).await.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(CALLBACK_BYTES),
        _ => Failure::invalid("the body broke off"),
    })?;
    match answer::callback(api.core(), &name, &headers, body).await {
        Ok(()) => Ok(StatusCode::ACCEPTED),
        // Guessing is slowed down as with tokens.
        Err(answer::Refused::NotSigned | answer::Refused::NotFound) if !api.allows_failure(&extensions) => {
            Err(Failure::new(ProblemType::TooMany))
        }
        Err(refused) => Err(refused.into()),
    }
}

impl From<answer::Refused> for Failure {
    fn from(refused: answer::Refused) -> Self {
        match refused {
            answer::Refused::NotFound => Self::not_found(),
            answer::Refused::NotSigned => Self::because(ProblemType::NotAllowed, refused),
            answer::Refused::NotAStatus => Self::invalid(refused),
            answer::Refused::Database(error) => error.into(),
        }
    }
}

impl From<disclose::DiscloseError> for Failure {
    fn from(error: disclose::DiscloseError) -> Self {
        use disclose::DiscloseError;
        match error {
            DiscloseError::NotFound => Self::not_found(),
            DiscloseError::NoProcessor | DiscloseError::NotForThem | DiscloseError::HowMany => {
                Self::invalid(error)
            }
            DiscloseError::NotInUse => Self::because(ProblemType::Conflict, error),
            DiscloseError::NotWrittenDown => Self::because(ProblemType::Unavailable, error),
            DiscloseError::Database(error) => error.into(),
        }
    }
}
