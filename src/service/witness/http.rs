//! What a witness answers over HTTP.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use proof::{
    base64,
    witness::{MAX_REQUEST, Refusal},
};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{Refused, Witness};

/// How long a request may take, its body included.
const PATIENCE: Duration = Duration::from_secs(15);
/// The media type of a size in a refusal.
const SIZE: HeaderValue = HeaderValue::from_static("text/x.tlog.size");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NOSNIFF: (HeaderName, HeaderValue) =
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

/// Every route.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/", get(about))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .layer(CatchPanicLayer::new())
        .with_state(witness)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let Ok(body) = String::from_utf8(body.into()) else { return refused(&Refused::By(Refusal::Malformed)) };
    // It waits for the disk.
    match tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await {
        Ok(Ok(line)) => answer(StatusCode::OK, TEXT, line),
        Ok(Err(error)) => refused(&error),
        Err(error) => {
            tracing::error!(%error, "a request failed on our side");
            answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "it failed on our side\n".into())
        }
    }
}

fn answer(status: StatusCode, kind: HeaderValue, text: String) -> Response {
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (status, [(header::CONTENT_TYPE, kind), NOSNIFF, no_store], text).into_response()
}

fn refused(error: &Refused) -> Response {
    let (status, why) = match error {
        Refused::By(Refusal::Elsewhere(size) | Refusal::Contradicted(size)) => {
            return answer(StatusCode::CONFLICT, SIZE, format!("{size}\n"));
        }
        Refused::By(Refusal::Malformed) => (StatusCode::BAD_REQUEST, "this is not an add-checkpoint request"),
        Refused::By(Refusal::UnknownLog) => {
            (StatusCode::NOT_FOUND, "this witness follows no log of that name")
        }
        Refused::By(Refusal::Unsigned) => {
            (StatusCode::FORBIDDEN, "the log has not signed it with the key that is known here")
        }
        Refused::By(Refusal::NotProved) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "the proof does not show that the log only grew")
        }
        Refused::Memory(error) => {
            tracing::error!(%error, "nothing is signed: what was seen cannot be written down");
            (StatusCode::INTERNAL_SERVER_ERROR, "it failed on our side")
        }
    };
    answer(status, TEXT, format!("{why}\n"))
}

/// What it is and what it saw last, for people.
async fn about(State(witness): State<Arc<Witness>>) -> Response {
    let key = witness.key();
    let mut text = format!(
        "This is the witness {}, a part of Forget-me-not.\n\n\
         It watches ledgers of deletions and signs that each of them only grew: nothing that was entered\n\
         was taken back, and nobody was shown another ledger under the same name. It has never seen a\n\
         recording, a name or anything else of a child; only how long a ledger is, and one hash over\n\
         everything in it.\n\n\
         Its key:\n{}\n\n",
        key.name(),
        key.text()
    );
    let seen = witness.seen();
    if seen.is_empty() {
        text.push_str("It has seen nothing yet.\n");
    }
    for (origin, last) in seen {
        let root = base64::encode(&last.root);
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{origin}\n{} entries at {}, root {root}", last.size, last.at.text());
        if last.contradicted {
            text.push_str("This ledger has signed two different states of one length. Both are kept here.\n");
        }
    }
    answer(StatusCode::OK, TEXT, text)
}
