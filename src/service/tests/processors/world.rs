//! A household, a processor that may be given its recordings, and what both of them say.

use std::{sync::Arc, time::Duration};

use axum::{body::Bytes, http::HeaderMap};
use rules::{
    Class, RecordingId, Scope, Timestamp,
    contract::{DisclosureCreated, Erasure, NewDisclosure, ProcessorStep},
    processor::FIRST_ASKED_WITHIN_SECONDS,
};
use serde_json::{Value, json};
use service::{
    erasure::{engine, view},
    processors::{
        answer::{self, Refused},
        disclose, run,
    },
};
use sqlx::query_scalar;

use crate::{
    fake::{CALLBACK, Fake},
    household::{Household, canary},
};

pub const DAY: i64 = 86_400;

pub fn start() -> Timestamp {
    "2026-11-21T14:00:00Z".parse().unwrap()
}

/// A household and a processor that may be given its recordings.
pub async fn world() -> (Household, Fake) {
    let fake = Fake::start().await;
    let mut home = Household::giving_to(start(), fake.processors()).await;
    // Less patient than with a stranger far away.
    Arc::get_mut(&mut home.core).unwrap().processors.patient_for(Duration::from_millis(500));
    (home, fake)
}

/// Tells what is handed over, and that has time to arrive.
pub async fn give(home: &Household, recordings: &[RecordingId]) -> DisclosureCreated {
    let new = NewDisclosure {
        processor: "speech".into(),
        recordings: recordings.to_vec(),
        classes: vec![Class::Media, Class::Transcript],
    };
    let given = disclose::disclose(&home.core, &new).await.unwrap();
    home.clock.advance(900);
    given
}

/// Tells that one processor gets the sound, which may be on its way for a while.
pub async fn give_sound(home: &Household, processor: &str, recording: RecordingId) -> DisclosureCreated {
    let new = NewDisclosure {
        processor: processor.into(),
        recordings: vec![recording],
        classes: vec![Class::Media],
    };
    disclose::disclose(&home.core, &new).await.unwrap()
}

/// Until whoever is to be asked for the first time is due.
pub fn wait_for_turns(home: &Household) {
    home.clock.advance(FIRST_ASKED_WITHIN_SECONDS);
}

/// One recording, given and deleted everywhere here; nobody was asked yet.
pub async fn deleted_here() -> (Household, Fake, Erasure) {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give(&home, &[recording]).await;
    let erasure = home.ask(Scope::Child {}, true).await;
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    (home, fake, erasure)
}

pub async fn now(home: &Household, erasure: &Erasure) -> Erasure {
    view::get(&home.core, &home.asker, erasure.id).await.unwrap()
}

/// How the one processor stands, after it was asked what is due.
pub async fn tick(home: &Household, erasure: &Erasure) -> ProcessorStep {
    run::tick(&home.core).await.unwrap();
    now(home, erasure).await.processors.remove(0)
}

/// What the ledger says of processors, in order.
pub async fn entered(home: &Household) -> Vec<String> {
    let bodies: Vec<String> = query_scalar("SELECT body FROM ledger_entry WHERE child = ? ORDER BY seq")
        .bind(home.number)
        .fetch_all(home.core.db.read())
        .await
        .unwrap();
    let word = |body: &String| {
        let line = body.strip_prefix("forget-me-not/processor/v1\n")?.lines().nth(2)?;
        Some(line.strip_prefix("processor speech ")?.to_owned())
    };
    bodies.iter().filter_map(word).collect()
}

pub async fn rows(home: &Household, table: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    query_scalar(sql).fetch_one(home.core.db.read()).await.unwrap()
}

pub async fn call_back(home: &Household, (headers, body): (HeaderMap, Vec<u8>)) -> Result<(), Refused> {
    answer::callback(&home.core, "speech", &headers, Bytes::from(body)).await
}

pub fn status(id: &Value, status: &str) -> Value {
    json!({ "controller_id": "toys", "expected_completion_time": "2026-12-01T15:00:01Z", "status_callback_url": CALLBACK,
            "subject_request_id": id, "request_status": status, "results_url": null })
}
