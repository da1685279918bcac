//! Connections to a witness. Anybody may come, and nobody may keep it from answering others, or from
//! ending: there are only so many at once, a request has to begin in time, and the end waits for none.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::{Router, serve::Listener};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

/// What a witness puts up with.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once. A witness is asked by few, and each of them is an open file.
    pub connections: u32,
    /// How long a connection may be open until a whole head of a request has come.
    pub head: Duration,
    /// How long requests under way may take to end once the witness was asked to.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 256, head: Duration::from_secs(10), grace: Duration::from_secs(10) }
    }
}

/// Answers requests until `asked` resolves.
pub async fn answer(
    mut listener: TcpListener,
    router: Router,
    limits: Limits,
    asked: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let closing = CancellationToken::new();
    let accepting = async {
        loop {
            // It is never closed.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let (stream, _) = Listener::accept(&mut listener).await;
            let connection = one(stream, router.clone(), limits.head, closing.clone());
            tokio::spawn(async move {
                connection.await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = asked => {}
    }
    closing.cancel();
    // All places are free once all of them have ended.
    if tokio::time::timeout(limits.grace, places.acquire_many(limits.connections)).await.is_err() {
        tracing::warn!("requests still under way are broken off");
    }
}

async fn one(stream: TcpStream, router: Router, head: Duration, closing: CancellationToken) {
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(head);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended early");
    }
}
