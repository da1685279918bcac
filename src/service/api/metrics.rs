//! Numbers for the operator, in the text format of Prometheus.

use std::{fmt::Write as _, time::Duration};

use ::metrics::{Key, Label, Level, Metadata, Recorder as _};
use axum::{
    extract::State,
    http::{Method, header},
    response::IntoResponse,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use sqlx::{Row, query, query_scalar};

use super::{Api, access::Vendor, failure::Failure};
use crate::derived::model;

/// Upper bounds of the latency histogram, in seconds: 1 ms to 10 s.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What this process has seen. Its own recorder, not the process-wide one, so that two services in
/// one process (a test) do not count each other's requests.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Default for Metrics {
    fn default() -> Self {
        // It refuses an empty list of buckets only, and then shows quantiles: no reason to fail.
        let builder = PrometheusBuilder::new();
        let recorder = builder.set_buckets(&BUCKETS).unwrap_or_default().build_recorder();
        recorder.describe_counter(
            "fmn_requests_total".into(),
            None,
            "Requests answered, by method, route and status.".into(),
        );
        recorder.describe_histogram(
            "fmn_request_seconds".into(),
            None,
            "Seconds until an answer began, by method and route.".into(),
        );
        let handle = recorder.handle();
        Self { recorder, handle }
    }
}

impl Metrics {
    /// One request was answered.
    pub fn request(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let metadata = Metadata::new(module_path!(), Level::INFO, None);
        let mut labels = vec![Label::new("method", known(method)), Label::new("route", route.to_owned())];
        let seconds = Key::from_parts("fmn_request_seconds", labels.clone());
        self.recorder.register_histogram(&seconds, &metadata).record(took.as_secs_f64());
        labels.push(Label::new("status", status.to_string()));
        let requests = Key::from_parts("fmn_requests_total", labels);
        self.recorder.register_counter(&requests, &metadata).increment(1);
    }

    /// Folds single measurements into the histogram.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// A method of HTTP; whatever else a client makes up is one word, or it could fill the memory.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// Numbers for the operator
///
/// Requests by route and status, their latency, erasures by state, the age of the oldest unfinished one, models
/// past the day by which they were to be retired or trained anew, how processors stand, and how much of the ledger
/// waits to be shown.
#[utoipa::path(get, path = "/metrics", operation_id = "show_metrics", tag = "operation", security(("vendor" = [])),
    responses((status = 200, description = "The text format of Prometheus", body = String, content_type = "text/plain")))]
pub async fn show(State(api): State<Api>, _: Vendor) -> Result<impl IntoResponse, Failure> {
    let mut text = api.0.metrics.handle.render();
    erasures(&api, &mut text).await?;
    models(&api, &mut text).await?;
    processors(&api, &mut text).await?;
    ledger(&api, &mut text).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

/// Read from the database at the moment of asking: several processes work on one.
async fn erasures(api: &Api, text: &mut String) -> Result<(), Failure> {
    let core = api.core();
    let rows = query(
        "SELECT state, count(*) AS erasures,
            min(CASE WHEN finished_at IS NULL THEN requested_at END) AS oldest
         FROM erasure GROUP BY state",
    )
    .fetch_all(core.db.read())
    .await?;
    text.push_str("# HELP fmn_erasures Erasures, by state.\n# TYPE fmn_erasures gauge\n");
    let mut oldest: Option<i64> = None;
    for row in rows {
        let (state, erasures): (String, i64) = (row.try_get("state")?, row.try_get("erasures")?);
        let _ = writeln!(text, "fmn_erasures{{state=\"{state}\"}} {erasures}");
        oldest = oldest.into_iter().chain(row.try_get::<Option<i64>, _>("oldest")?).min();
    }
    let age = oldest.map_or(0, |asked| (core.clock.now().ms() - asked).max(0) / 1000);
    let _ = write!(
        text,
        "# HELP fmn_oldest_unfinished_erasure_seconds Seconds since the oldest unfinished erasure was asked for.\n\
         # TYPE fmn_oldest_unfinished_erasure_seconds gauge\nfmn_oldest_unfinished_erasure_seconds {age}\n"
    );
    Ok(())
}

async fn models(api: &Api, text: &mut String) -> Result<(), Failure> {
    let overdue = model::list(api.core()).await?.items.iter().filter(|model| model.overdue).count();
    let _ = write!(
        text,
        "# HELP fmn_overdue_models Models past the day by which they were to be retired or trained anew.\n\
         # TYPE fmn_overdue_models gauge\nfmn_overdue_models {overdue}\n"
    );
    Ok(())
}

/// `silent` and `contradicted` are those at which somebody must look.
async fn processors(api: &Api, text: &mut String) -> Result<(), Failure> {
    let rows = query("SELECT processor, state, count(*) FROM processor_step GROUP BY processor, state")
        .fetch_all(api.core().db.read())
        .await?;
    text.push_str(
        "# HELP fmn_processor_requests Requests to processors, by state.\n# TYPE fmn_processor_requests gauge\n",
    );
    for row in rows {
        let (processor, state, requests): (String, String, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let _ = writeln!(
            text,
            "fmn_processor_requests{{processor=\"{processor}\",state=\"{state}\"}} {requests}"
        );
    }
    Ok(())
}

/// How long the ledger is, and how much of it enough witnesses have seen: what is between the two has no receipts.
async fn ledger(api: &Api, text: &mut String) -> Result<(), Failure> {
    let entered: i64 = query_scalar("SELECT coalesce(max(place) + 1, 0) FROM ledger_entry")
        .fetch_one(api.core().db.read())
        .await?;
    let shown = api.core().ledger.shown().map_err(Failure::internal)?;
    let _ = write!(
        text,
        "# HELP fmn_ledger_entries Entries of the ledger.\n# TYPE fmn_ledger_entries gauge\nfmn_ledger_entries {entered}\n\
         # HELP fmn_ledger_shown_entries Entries under the checkpoint that is shown.\n\
         # TYPE fmn_ledger_shown_entries gauge\nfmn_ledger_shown_entries {shown}\n"
    );
    Ok(())
}
