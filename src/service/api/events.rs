//! `/v1/erasures/{id}/events`: progress as server-sent events.

use std::convert::Infallible;

use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, stream};
use rules::{ErasureId, ErasureState, Timestamp, contract::Erasure};
use tokio::{sync::watch, time::Instant};

use super::{
    Api,
    access::{May, View},
    failure::Failure,
    input::Id,
};
use crate::erasure::{Asker, view};

/// The progress of an erasure
///
/// An event `erasure` with the whole erasure now, and again whenever it has changed, until it is
/// deleted or cancelled or the session is over. While it is being carried out it comes at least every
/// second, also where nothing has changed. A comment every 15 seconds says that the stream is still there.
#[utoipa::path(get, path = "/erasures/{id}/events", operation_id = "follow_erasure", tag = "erasures", security(("session" = ["view"])),
    params(("id" = ErasureId, Path)),
    responses((status = 200, description = "Events named `erasure`", body = Erasure, content_type = "text/event-stream")))]
pub async fn events(
    State(api): State<Api>,
    session: May<View>,
    Id(id): Id<ErasureId>,
) -> Result<impl IntoResponse, Failure> {
    // Subscribed before it is read for the first time: no change falls in between.
    let changes = api.core().progress.subscribe();
    let first = view::get(api.core(), &session.asker, id).await?;
    let heartbeat = KeepAlive::new().interval(api.0.options.heartbeat);
    let follow = Follow {
        api,
        changes,
        asker: session.asker.clone(),
        session_ends: session.expires_at,
        id,
        unsent: Some(first),
        last: None,
        told: Instant::now(),
    };
    // Proxies that collect answers before they pass them on are asked not to.
    let headers = [("x-accel-buffering", "no"), ("cache-control", "no-store")];
    Ok((headers, Sse::new(follow.stream()).keep_alive(heartbeat)))
}

struct Follow {
    api: Api,
    changes: watch::Receiver<u64>,
    asker: Asker,
    session_ends: Timestamp,
    id: ErasureId,
    unsent: Option<Erasure>,
    last: Option<Erasure>,
    told: Instant,
}

impl Follow {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut follow| async {
            let erasure = follow.next().await?;
            let event = Event::default().event("erasure").json_data(&erasure).ok()?;
            follow.last = Some(erasure);
            follow.told = Instant::now();
            Some((Ok(event), follow))
        })
    }

    /// The erasure as it stands once it is not as it was told last, or a beat later while an engine
    /// carries it out; none when there is no more to tell.
    async fn next(&mut self) -> Option<Erasure> {
        if let Some(first) = self.unsent.take() {
            return Some(first);
        }
        let options = &self.api.0.options;
        let erasing = self.last.as_ref().is_some_and(|last| last.state == ErasureState::Erasing);
        let pause = if erasing { options.beat } else { options.heartbeat };
        loop {
            if self.last.as_ref().is_some_and(|last| last.state.is_final()) {
                return None;
            }
            tokio::select! {
                () = self.api.0.closing.cancelled() => return None,
                changed = self.changes.changed() => changed.ok()?,
                // Another process may do the erasing, and an hour may make it late.
                () = tokio::time::sleep(pause) => {}
            }
            let core = self.api.core();
            if core.clock.now() >= self.session_ends {
                return None;
            }
            match view::get(core, &self.asker, self.id).await {
                Ok(erasure) if self.last.as_ref() != Some(&erasure) => return Some(erasure),
                Ok(erasure) if self.told.elapsed() >= pause && view::is_carried_out(core, self.id).await => {
                    return Some(erasure);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "a progress stream ends early");
                    return None;
                }
            }
        }
    }
}
