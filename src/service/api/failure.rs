//! Every error as an answer: RFC 9457 problem details, and nothing of the inside.

use std::any::Any;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rules::problem::{Problem, ProblemType};

use crate::{
    derived::DeriveError,
    erasure::ErasureError,
    ingest::IngestError,
    keep::KeepError,
    keys::KeyError,
    listing::ListError,
    playback::PlaybackError,
    session::{MintError, Refused},
};

/// The media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub Problem);

impl Failure {
    /// Nothing more to say than its kind.
    pub fn new(kind: ProblemType) -> Self {
        Self(Problem::new(kind))
    }

    /// With what exactly, and what to do.
    pub fn because(kind: ProblemType, detail: impl ToString) -> Self {
        Self(Problem::new(kind).because(detail))
    }

    /// The request does not say what it must.
    pub fn invalid(detail: impl ToString) -> Self {
        Self::because(ProblemType::Invalid, detail)
    }

    /// No such thing, or not this family's: the same answer.
    pub fn not_found() -> Self {
        Self::new(ProblemType::NotFound)
    }

    /// Our fault. The log has what happened; the answer does not.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed on our side");
        Self::new(ProblemType::Internal)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // For the plain pages, which say the same in a parent's words.
        response.extensions_mut().insert(self.0);
        response
    }
}

/// The answer when a handler panicked; the panic hook has told the log where.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Failure::internal("a handler panicked").into_response()
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        // SQLITE_BUSY, or no free connection: nothing was done, and the same request will do later.
        let busy = match &error {
            sqlx::Error::PoolTimedOut => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| code == "5"),
            _ => false,
        };
        if busy {
            tracing::warn!(%error, "the database is busy");
            Self::because(ProblemType::Unavailable, "too busy; the same request will do in a moment")
        } else {
            Self::internal(error)
        }
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Database(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<Refused> for Failure {
    fn from(error: Refused) -> Self {
        match error {
            Refused::Unknown => Self::new(ProblemType::NoSession),
            Refused::Expired => Self::new(ProblemType::SessionExpired),
            Refused::WrongOrigin => Self::new(ProblemType::WrongOrigin),
            Refused::Database(error) => error.into(),
        }
    }
}

impl From<MintError> for Failure {
    fn from(error: MintError) -> Self {
        match error {
            MintError::NoGuardian | MintError::NoChild => Self::because(ProblemType::NotFound, error),
            MintError::BadOrigin(_) | MintError::BadTtl => Self::invalid(error),
            MintError::Database(error) => error.into(),
        }
    }
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NotFound => Self::not_found(),
            ListError::Database(error) => error.into(),
            ListError::Keys(error) => error.into(),
        }
    }
}

impl From<KeepError> for Failure {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::NotFound => Self::not_found(),
            KeepError::Refused(why) => Self::invalid(why),
            KeepError::NotWrittenDown => Self::because(ProblemType::Unavailable, error),
            KeepError::Database(error) => error.into(),
        }
    }
}

impl From<PlaybackError> for Failure {
    fn from(error: PlaybackError) -> Self {
        match error {
            PlaybackError::NotFound => Self::not_found(),
            PlaybackError::Gone => Self::new(ProblemType::Gone),
            PlaybackError::Database(error) => error.into(),
            PlaybackError::Keys(error) => error.into(),
        }
    }
}

impl From<ErasureError> for Failure {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::NotFound => Self::not_found(),
            ErasureError::BadScope(_) => Self::invalid(error),
            ErasureError::NothingMatches | ErasureError::NotSealed(_) => {
                Self::because(ProblemType::Conflict, error)
            }
            ErasureError::Covered => Self::because(ProblemType::Conflict, error),
            ErasureError::NotYours => Self::because(ProblemType::NotAllowed, error),
            ErasureError::KeyReused => Self::new(ProblemType::KeyReused),
            ErasureError::NotWrittenDown => Self::because(ProblemType::Unavailable, error),
            ErasureError::Database(error) => error.into(),
        }
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::NoChild => Self::not_found(),
            IngestError::BadMoment | IngestError::BadPlace | IngestError::BadReference => {
                Self::invalid(error)
            }
            IngestError::Erased => Self::new(ProblemType::Erased),
            IngestError::ReferenceTaken | IngestError::Leaving | IngestError::Overtaken => {
                Self::because(ProblemType::Conflict, error)
            }
            IngestError::Database(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<DeriveError> for Failure {
    fn from(error: DeriveError) -> Self {
        match error {
            DeriveError::NotFound => Self::not_found(),
            DeriveError::Invalid(_) => Self::invalid(error),
            DeriveError::Erased => Self::new(ProblemType::Erased),
            DeriveError::Unusable
            | DeriveError::Overtaken
            | DeriveError::NameTaken
            | DeriveError::NotRebuilt
            | DeriveError::NoConsent
            | DeriveError::NotConcerned => Self::because(ProblemType::Conflict, error),
            DeriveError::Database(error) => error.into(),
            DeriveError::NotWhole(_) => Self::internal(error),
            DeriveError::Keys(error) => error.into(),
        }
    }
}
