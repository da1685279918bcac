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
use tokio::sync::Semaphore;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{Refused, Witness};

/// How long a request may take, its body included.
const PATIENCE: Duration = Duration::from_secs(15);
/// Requests that are judged at once. A request whose time is over lets nobody else take its place before
/// it is done.
const AT_ONCE: usize = 4;
/// The media type of a size in a refusal.
const SIZE: HeaderValue = HeaderValue::from_static("text/x.tlog.size");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NOSNIFF: (HeaderName, HeaderValue) =
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

#[derive(Clone)]
struct Desk {
    witness: Arc<Witness>,
    places: Arc<Semaphore>,
}

/// Every route.
pub fn router(witness: Arc<Witness>) -> Router {
    let desk = Desk { witness, places: Arc::new(Semaphore::new(AT_ONCE)) };
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/", get(about))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .layer(CatchPanicLayer::new())
        .with_state(desk)
}

async fn add_checkpoint(State(Desk { witness, places }): State<Desk>, body: Bytes) -> Response {
    let Ok(body) = String::from_utf8(body.into()) else { return refused(&Refused::By(Refusal::Malformed)) };
    let place = places.acquire_owned().await;
    // It waits for the disk.
    let judged = tokio::task::spawn_blocking(move || {
        let judged = witness.add_checkpoint(&body);
        drop(place);
        judged
    });
    match judged.await {
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
async fn about(State(Desk { witness, .. }): State<Desk>) -> Response {
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

#[cfg(test)]
mod tests {
    use std::sync::PoisonError;

    use proof::{
        Policy,
        checkpoint::Checkpoint,
        merkle::leaf_hash,
        note::{Role, Signer},
        witness::Request,
    };

    use super::*;
    use crate::clock::SystemClock;

    const ORIGIN: &str = "ledger.toys.example/2026";

    /// A request with a checkpoint that the key of these bytes has signed.
    fn request(secret: u8) -> String {
        let text = Checkpoint { origin: ORIGIN, size: 1, root: leaf_hash(b"entry") }.text();
        let line = Signer::new(ORIGIN, Role::Log, &[secret; 32]).unwrap().line(&text, 0);
        Request { old: 0, path: Vec::new(), checkpoint: format!("{text}\n{line}") }.text()
    }

    fn desk(state: &std::path::Path, places: usize) -> Desk {
        let log = Signer::new(ORIGIN, Role::Log, &[7; 32]).unwrap();
        let policy = Policy::parse(&format!("log {}\nquorum none\n", log.key().text())).unwrap();
        let witness = Witness::open(state, Some("watch.example/w1"), policy, Arc::new(SystemClock)).unwrap();
        Desk { witness: Arc::new(witness), places: Arc::new(Semaphore::new(places)) }
    }

    #[tokio::test]
    async fn who_has_no_signature_of_the_log_waits_for_nobody_and_makes_nobody_wait() {
        let state = tempfile::tempdir().unwrap();
        let desk = desk(state.path(), AT_ONCE);
        let held = desk.witness.memory.lock().unwrap_or_else(PoisonError::into_inner);
        for bad in ["old 0\n\n".to_owned(), request(8)] {
            let asked = desk.clone();
            // In another thread, where waiting for this one would be seen.
            let (told, answer) = std::sync::mpsc::channel();
            std::thread::spawn(move || told.send(asked.witness.add_checkpoint(&bad)));
            assert!(answer.recv_timeout(PATIENCE).expect("it waits for nobody").is_err());
        }
        drop(held);
        assert!(desk.witness.add_checkpoint(&request(7)).is_ok());
    }

    #[tokio::test]
    async fn a_place_is_free_when_the_work_is_done_and_not_when_nobody_waits_for_it_any_more() {
        let state = tempfile::tempdir().unwrap();
        let desk = desk(state.path(), 1);
        let (places, witness) = (desk.places.clone(), desk.witness.clone());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (holds, held) = tokio::sync::oneshot::channel();
        // Somebody has the memory until they are told to let it go.
        let holder = std::thread::spawn(move || {
            let memory = witness.memory.lock().unwrap_or_else(PoisonError::into_inner);
            holds.send(()).unwrap();
            wait.recv().unwrap();
            drop(memory);
        });
        held.await.unwrap();
        let asked = tokio::spawn(add_checkpoint(State(desk.clone()), request(7).into()));
        while places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        // As the time limit does.
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(places.available_permits(), 0);
        go.send(()).unwrap();
        holder.join().unwrap();
        let answer = add_checkpoint(State(desk), request(7).into()).await;
        // It was signed meanwhile: the next one has to begin there.
        assert_eq!((answer.status(), places.available_permits()), (StatusCode::CONFLICT, 1));
    }
}
