//! The contract over HTTP, one file a resource.
//!
//! The routes and the OpenAPI document come from the same place ([`document::routes`]), so they
//! cannot diverge. Everything under `/v1` but a ticket's address passes [`access::authenticate`]
//! before anything else looks at it, so that a new route cannot forget to.

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    middleware,
};
use tokio_util::sync::CancellationToken;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate as _,
        predicate::{DefaultPredicate, NotForContentType},
    },
    timeout::RequestBodyTimeoutLayer,
};

use crate::core::Core;

pub(crate) mod access;
mod assets;
mod brake;
mod children;
mod cors;
mod cursor;
mod datasets;
pub(crate) mod demo;
mod derivations;
mod docs_page;
pub mod document;
pub(crate) mod erasures;
mod events;
pub(crate) mod failure;
mod first_view;
mod health;
pub(crate) mod input;
mod keep;
mod ledger;
mod metrics;
mod models;
mod observe;
mod playback;
mod processors;
mod recordings;
mod sessions;
pub mod upload;

use brake::Brake;
pub use demo::GUARDIAN as DEMO_GUARDIAN;
use metrics::Metrics;

/// How long a client may fall silent in the middle of a request's body.
const BODY_SILENCE: Duration = Duration::from_secs(30);

/// What the HTTP side needs to be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The key a vendor's backend shows.
    pub vendor_key: String,
    /// Origins whose pages may read answers, beside those of sessions.
    pub allow_origins: Vec<String>,
    /// The built page, served at `/`.
    pub assets: Option<PathBuf>,
    /// The longest recording that is taken in, in bytes.
    pub max_upload_bytes: usize,
    /// How long a progress stream is silent before it says that it is still there.
    pub heartbeat: Duration,
    /// How often a progress stream tells how an erasure stands that an engine is carrying out, also
    /// where nothing has changed. Less than the second that is promised: telling takes time as well.
    pub beat: Duration,
}

impl Options {
    /// The usual ones.
    #[must_use]
    pub fn new(vendor_key: impl Into<String>) -> Self {
        Self {
            vendor_key: vendor_key.into(),
            allow_origins: Vec::new(),
            assets: None,
            max_upload_bytes: 512 << 20,
            heartbeat: Duration::from_secs(15),
            beat: Duration::from_millis(800),
        }
    }
}

/// What every handler stands on.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    options: Options,
    vendor_key: [u8; 32],
    cursors: cursor::Sealer,
    metrics: Metrics,
    brake: Brake,
    closing: CancellationToken,
}

impl Api {
    /// The HTTP side of an opened core. When `closing` is cancelled, streams that would go on for
    /// ever end.
    #[must_use]
    pub fn new(core: Arc<Core>, options: Options, closing: CancellationToken) -> Self {
        let vendor_key = crate::session::hash(&options.vendor_key);
        Self(Arc::new(Inner {
            core,
            vendor_key,
            cursors: cursor::Sealer::new(&vendor_key),
            metrics: Metrics::default(),
            brake: Brake::default(),
            closing,
            options,
        }))
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0.core
    }

    /// Keeps the memory of long-lived counters small. To be called every few seconds.
    pub fn upkeep(&self) {
        self.0.brake.forget();
        self.0.metrics.upkeep();
    }

    /// Every route.
    pub fn router(&self) -> Router {
        // Lists are a tenth of their size then. Only the contract's answers: a page with a form holds
        // a secret beside what somebody else may have put there, and its length would tell (BREACH).
        // Sound and video are small already, and are asked for in ranges.
        let media = NotForContentType::const_new("audio/").and(NotForContentType::const_new("video/"));
        let compress = CompressionLayer::new()
            .quality(CompressionLevel::Fastest)
            .compress_when(DefaultPredicate::new().and(media));
        document::routes(self)
            .layer(compress)
            .merge(crate::plain::router(self))
            .with_state(self.clone())
            .merge(docs_page::router(document::document()))
            .merge(assets::router(self.0.options.assets.as_deref()))
            .layer(CatchPanicLayer::custom(failure::panicked))
            .layer(RequestBodyTimeoutLayer::new(BODY_SILENCE))
            .layer(middleware::from_fn_with_state(self.clone(), health::gate))
            .layer(middleware::from_fn_with_state(self.clone(), observe::observe))
    }
}

/// A header that a layer sets where a handler did not.
fn set(name: HeaderName, value: &'static str) -> tower_http::set_header::SetResponseHeaderLayer<HeaderValue> {
    tower_http::set_header::SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// What every answer says, whoever gave it.
const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
const NO_REFERRER: (HeaderName, &str) = (header::REFERRER_POLICY, "no-referrer");
