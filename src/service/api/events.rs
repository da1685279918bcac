//! `/v1/erasures/{id}/events`: progress as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, stream};
use rules::{ErasureId, ErasureState, Timestamp, contract::Erasure};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

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
/// deleted or cancelled and no processor is asked any more, or the session is over. While it is being carried out it comes at least every
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
        let mut beat = Beat::after(self.told, if erasing { options.beat } else { options.heartbeat });
        loop {
            if self.last.as_ref().is_some_and(Erasure::is_over) {
                return None;
            }
            tokio::select! {
                () = self.api.0.closing.cancelled() => return None,
                waited = beat.or_change(&mut self.changes) => waited?,
            }
            let core = self.api.core();
            if core.clock.now() >= self.session_ends {
                return None;
            }
            match view::get(core, &self.asker, self.id).await {
                Ok(erasure) if self.last.as_ref() != Some(&erasure) => return Some(erasure),
                Ok(erasure)
                    if self.told.elapsed() >= beat.every && view::is_carried_out(core, self.id).await =>
                {
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

/// When it is time to look again although nobody says that anything has changed: another process may do
/// the erasing, and an hour may make it late.
struct Beat {
    every: Duration,
    due: Instant,
}

impl Beat {
    fn after(told: Instant, every: Duration) -> Self {
        Self { every, due: told + every }
    }

    /// Waits for a change or for the beat, which no change puts off; none where nothing changes any more.
    async fn or_change(&mut self, changes: &mut watch::Receiver<u64>) -> Option<()> {
        tokio::select! {
            // However much changes.
            biased;
            () = sleep_until(self.due) => {
                self.due = Instant::now() + self.every;
                Some(())
            }
            changed = changes.changed() => changed.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_that_tells_nothing_new_does_not_put_the_beat_off() {
        let (change, mut changes) = watch::channel(0);
        let (told, hour) = (Instant::now(), Duration::from_secs(3600));
        let mut beat = Beat::after(told, hour);
        for _ in 0..3 {
            change.send_modify(|n| *n += 1);
            beat.or_change(&mut changes).await.unwrap();
            assert_eq!((beat.due, changes.has_changed().unwrap()), (told + hour, false));
        }
        // Once it is due it comes, whatever changes meanwhile; then the next one is a beat away.
        let mut beat = Beat { every: hour, due: told - Duration::from_secs(1) };
        change.send_modify(|n| *n += 1);
        beat.or_change(&mut changes).await.unwrap();
        assert!(beat.due >= told + hour && changes.has_changed().unwrap());
        beat.or_change(&mut changes).await.unwrap();
        assert!(!changes.has_changed().unwrap());
        drop(change);
        assert_eq!(beat.or_change(&mut changes).await, None);
    }
}
