//! Processors: real HTTP servers that answer well, late, wrongly, twice or never, and what a parent is told.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod fake;
mod household;

use std::{sync::Arc, time::Duration};

use axum::{body::Bytes, http::HeaderMap};
use fake::{CALLBACK, Fake, Manner, parse};
use household::{Household, canary};
use proof::{
    Policy,
    statement::{Answer, Statement},
    verify::{Known, verify},
};
use rules::{
    Class, ProcessorState, RecordingId, Scope, Timestamp,
    contract::{DisclosureCreated, Erasure, NewDisclosure, NewErasure, ProcessorProblem, ProcessorStep},
    erasure::Phrase,
    scope::Filter,
};
use serde_json::{Value, json};
use service::{
    clock::{Clock, ManualClock},
    core::{Core, Policy as Deciding},
    erasure::{accept, engine, report, view},
    ledger::{self, receipt},
    processors::{
        answer::{self, Refused},
        disclose::{self, DiscloseError},
        plan, run,
    },
};
use sqlx::query_scalar;

const DAY: i64 = 86_400;

fn start() -> Timestamp {
    "2026-11-21T14:00:00Z".parse().unwrap()
}

/// A household and a processor that may be given its recordings.
async fn world() -> (Household, Fake) {
    let fake = Fake::start().await;
    let mut home = Household::giving_to(start(), fake.processors()).await;
    // Less patient than with a stranger far away.
    Arc::get_mut(&mut home.core).unwrap().processors.patient_for(Duration::from_millis(500));
    (home, fake)
}

/// Tells what is handed over, and that has time to arrive.
async fn give(home: &Household, recordings: &[RecordingId]) -> DisclosureCreated {
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
async fn give_sound(home: &Household, processor: &str, recording: RecordingId) -> DisclosureCreated {
    let new = NewDisclosure {
        processor: processor.into(),
        recordings: vec![recording],
        classes: vec![Class::Media],
    };
    disclose::disclose(&home.core, &new).await.unwrap()
}

/// One recording, given and deleted everywhere here; nobody was asked yet.
async fn deleted_here() -> (Household, Fake, Erasure) {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give(&home, &[recording]).await;
    let erasure = home.ask(Scope::Child {}, true).await;
    engine::tick(&home.core).await.unwrap();
    (home, fake, erasure)
}

async fn now(home: &Household, erasure: &Erasure) -> Erasure {
    view::get(&home.core, &home.asker, erasure.id).await.unwrap()
}

/// How the one processor stands, after it was asked what is due.
async fn tick(home: &Household, erasure: &Erasure) -> ProcessorStep {
    run::tick(&home.core).await.unwrap();
    now(home, erasure).await.processors.remove(0)
}

/// What the ledger says of processors, in order.
async fn entered(home: &Household) -> Vec<String> {
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

async fn rows(home: &Household, table: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    query_scalar(sql).fetch_one(home.core.db.read()).await.unwrap()
}

#[tokio::test]
async fn it_is_asked_for_exactly_what_it_was_given_and_told_nobodys_name() {
    let (home, fake) = world().await;
    let first = home.record(0, &canary(0), true).await;
    let second = home.record(1, &canary(1), true).await;
    let third = home.record(2, &canary(2), true).await;
    let given = give(&home, &[first, second]).await;
    assert_eq!(
        give(&home, &[first, second]).await.items,
        given.items,
        "told twice is told once, under the same names"
    );

    let erasure = home.ask(Scope::Items { recordings: vec![first, third] }, false).await;
    let step = tick(&home, &erasure).await;
    assert_eq!((step.state, step.recordings), (ProcessorState::NotSent, 1));
    assert_eq!(fake.calls(), 0, "it can still be undone, so nobody is asked");

    home.clock.advance(3 * DAY);
    engine::tick(&home.core).await.unwrap();
    let step = tick(&home, &erasure).await;
    assert_eq!(step.state, ProcessorState::Acknowledged);
    let posted = fake.posted();
    assert_eq!(posted.len(), 1);
    let asked = &posted[0];
    assert_eq!(asked["subject_request_type"], "erasure");
    assert_eq!((&asked["api_version"], &asked["regulation"]), (&json!("2.0"), &json!("gdpr")));
    assert_eq!(
        asked["submitted_time"], "2026-11-21T00:00:00Z",
        "the day: siblings have the moment in common"
    );
    assert_eq!(asked["status_callback_urls"], json!([CALLBACK]));
    assert_eq!(
        asked["subject_identities"],
        json!([{ "identity_type": "controller_customer_id", "identity_value": given.items[0].subject,
                 "identity_format": "raw" }])
    );
    assert_eq!(
        asked["extensions"][fake::DOMAIN]["scope"],
        json!([{ "classes": ["media", "transcript"], "recordings": [given.items[0].name] }])
    );
    let text = asked.to_string();
    for secret in ["Mia", "parent-1", &home.child.to_string(), &first.to_string(), &canary(0)] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_eq!(rows(&home, "disclosure").await, 1, "what was given of the first goes with it");
}

#[tokio::test]
async fn a_class_is_asked_back_from_who_was_given_it() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give(&home, &[recording]).await;
    let of = |class| Scope::Class { class, from: None, to: None };
    let location = home.ask(of(Class::Location), true).await;
    assert!(location.processors.is_empty(), "it never got the place");
    let words = home.ask(of(Class::Transcript), true).await;
    engine::tick(&home.core).await.unwrap();
    tick(&home, &words).await;
    assert_eq!(
        fake.posted()[0]["extensions"][fake::DOMAIN]["scope"][0]["classes"],
        json!(["transcript", "derived"])
    );
    // Nothing that it never got is asked of it.
    engine::tick(&home.core).await.unwrap();
    assert_eq!(now(&home, &location).await.phrase(), Phrase::Deleted);
}

#[tokio::test]
async fn signed_completed_and_found_empty_it_is_deleted() {
    let (home, fake, erasure) = deleted_here().await;
    assert_eq!(now(&home, &erasure).await.phrase(), Phrase::NotConfirmed);
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Acknowledged);
    assert_eq!(now(&home, &erasure).await.phrase(), Phrase::NotConfirmed, "to promise is not to do");

    fake.says("completed", Some(0));
    home.clock.advance(60);
    let step = tick(&home, &erasure).await;
    assert_eq!((step.state, step.found_none_at), (ProcessorState::Completed, None));
    let step = tick(&home, &erasure).await;
    assert_eq!((step.found_none_at, step.next_attempt_at), (Some(home.clock.now()), None));
    assert_eq!(now(&home, &erasure).await.phrase(), Phrase::Deleted);
    assert_eq!(entered(&home).await, ["asked", "acknowledged", "completed", "found-none"]);
    assert_eq!(rows(&home, "processor_item").await, 0, "who was given what is nobody's business any more");

    // What it has signed is kept, but for the one that repeats the request.
    let bodies: Vec<Option<Vec<u8>>> =
        query_scalar("SELECT body FROM processor_answer ORDER BY at, answer DESC")
            .fetch_all(home.core.db.read())
            .await
            .unwrap();
    assert_eq!(bodies.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, true]);
    let calls = fake.calls();
    home.clock.advance(100 * DAY);
    tick(&home, &erasure).await;
    assert_eq!(fake.calls(), calls, "nothing more is asked");
}

#[tokio::test]
async fn what_is_no_answer_changes_nothing_and_is_asked_again_under_the_same_id() {
    for (manner, problem) in [
        (Manner::SignedByAnother, ProcessorProblem::NotSigned),
        (Manner::Changed, ProcessorProblem::NotSigned),
        (Manner::AnotherDomain, ProcessorProblem::NotSigned),
        (Manner::Garbage, ProcessorProblem::NotSigned),
        (Manner::AnotherRequest, ProcessorProblem::NotAnAnswer),
        (Manner::Failing, ProcessorProblem::Failed),
        (Manner::Redirecting, ProcessorProblem::Failed),
        (Manner::Endless, ProcessorProblem::Unreachable),
        (Manner::Hanging, ProcessorProblem::Unreachable),
    ] {
        let (home, fake, erasure) = deleted_here().await;
        // Whatever was answered, the status may tell more.
        fake.next(if problem == ProcessorProblem::Unreachable { vec![manner] } else { vec![manner; 2] });
        let step = tick(&home, &erasure).await;
        assert_eq!((step.state, step.problem), (ProcessorState::Sent, Some(problem)), "{manner:?}");
        let next = step.next_attempt_at.unwrap();
        assert!(next > home.clock.now(), "{manner:?}");
        tick(&home, &erasure).await;
        assert_eq!(fake.posted().len(), 1, "not before its time: {manner:?}");
        home.clock.advance((next.ms() - home.clock.now().ms()) / 1000);
        let step = tick(&home, &erasure).await;
        assert_eq!((step.state, step.problem), (ProcessorState::Acknowledged, None), "{manner:?}");
        let posted = fake.posted();
        assert_eq!(posted.len(), 2);
        assert_eq!(posted[0], posted[1], "the same request");
        assert_eq!(entered(&home).await, ["asked", "acknowledged"], "{manner:?}");
        assert_eq!(fake.inner.lock().unwrap().elsewhere, 0, "no redirect is followed");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_in_the_status() {
    // The first one arrives, and its answer does not; the second one is refused as known, or not well answered.
    for manner in [Manner::Refusing, Manner::Failing, Manner::RepeatsOther] {
        let (home, fake, erasure) = deleted_here().await;
        fake.says("completed", Some(0));
        fake.next([Manner::Hanging]);
        assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Sent);
        fake.next([manner]);
        home.clock.advance(3600);
        assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Completed, "{manner:?}");
        assert_eq!(entered(&home).await, ["asked", "completed"]);
    }
}

#[tokio::test]
async fn one_that_forgot_the_request_is_asked_anew() {
    let (home, fake, erasure) = deleted_here().await;
    tick(&home, &erasure).await;
    fake.inner.lock().unwrap().posted.clear();
    home.clock.advance(3600);
    let step = tick(&home, &erasure).await;
    assert_eq!((step.state, step.problem), (ProcessorState::Acknowledged, None));
    assert_eq!(fake.posted().len(), 1);
}

#[tokio::test]
async fn who_never_answers_is_not_confirmed_since_then_and_asked_every_day() {
    let (home, fake, erasure) = deleted_here().await;
    let asked_at = home.clock.now();
    for day in 0..40 {
        fake.next([Manner::Failing, Manner::Failing]);
        let step = tick(&home, &erasure).await;
        let silent = day >= 10;
        assert_eq!(step.state == ProcessorState::Silent, silent, "day {day}");
        assert_eq!(step.since, asked_at, "since it was asked");
        assert_eq!(step.due_by.is_none(), silent);
        assert_eq!(now(&home, &erasure).await.phrase(), Phrase::NotConfirmed);
        home.clock.advance(DAY);
    }
    // Whoever runs the service is told, without being told of whom.
    let open = report::list(&home.core.db, home.folder.path(), home.clock.now(), false).await.unwrap();
    assert!(open.len() == 1 && open[0].is_alarming(), "deleted here, and not over");
    let told = open[0].to_string();
    let line =
        format!("\n  processor speech: silent, 1 recordings, since {asked_at}, last failed, next try ");
    assert!(told.contains(&line), "{told}");
    assert!(!told.contains(&home.child.to_string()));
    assert_eq!(entered(&home).await, ["asked", "silent"], "silence is entered once");
    assert_eq!(fake.posted().len(), 40, "and it is asked on");

    // Late, and better than never.
    fake.inner.lock().unwrap().manners.clear();
    home.clock.advance(DAY);
    let step = tick(&home, &erasure).await;
    assert_eq!(step.state, ProcessorState::Acknowledged);
    home.clock.advance(60);
    let step = tick(&home, &erasure).await;
    assert_eq!(step.state, ProcessorState::Silent, "its month was over long ago");
    for _ in 0..3 {
        home.clock.advance(DAY);
        assert_eq!(
            tick(&home, &erasure).await.state,
            ProcessorState::Silent,
            "to promise again gains nothing"
        );
    }
    fake.says("completed", Some(0));
    home.clock.advance(DAY);
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Completed);
    assert_eq!(entered(&home).await, ["asked", "silent", "acknowledged", "silent", "completed"]);
}

#[tokio::test]
async fn who_says_done_and_still_has_it_is_contradicted() {
    let (home, fake, erasure) = deleted_here().await;
    fake.says("completed", Some(3));
    // Acknowledged, completed, found.
    tick(&home, &erasure).await;
    home.clock.advance(60);
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Completed);
    let step = tick(&home, &erasure).await;
    assert_eq!((step.state, step.since), (ProcessorState::Contradicted, home.clock.now()));
    assert_eq!(now(&home, &erasure).await.phrase(), Phrase::NotConfirmed);
    for _ in 0..3 {
        // It is asked to delete again at once, and in a day what it has.
        assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Contradicted);
        home.clock.advance(DAY);
        assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Contradicted);
    }
    tick(&home, &erasure).await;
    let erasures = fake.posted();
    assert_eq!(erasures.len(), 5);
    for pair in erasures.windows(2) {
        assert_ne!(pair[0]["subject_request_id"], pair[1]["subject_request_id"], "each time a new request");
        assert_eq!(pair[0]["extensions"], pair[1]["extensions"], "for the same");
    }
    let probes: Vec<String> = {
        let inner = fake.inner.lock().unwrap();
        let probes = inner.posted.iter().filter(|it| it["subject_request_type"] == "access");
        probes.map(|it| it["subject_request_id"].to_string()).collect()
    };
    assert_eq!(probes.len(), 4);
    assert!(probes.windows(2).all(|pair| pair[0] != pair[1]), "each time a new question");

    fake.says("completed", Some(0));
    home.clock.advance(DAY);
    let step = tick(&home, &erasure).await;
    assert_eq!((step.state, step.next_attempt_at), (ProcessorState::Completed, None));
    assert_eq!(now(&home, &erasure).await.phrase(), Phrase::Deleted);
    assert_eq!(entered(&home).await, ["asked", "acknowledged", "completed", "found", "found-none"]);
}

#[tokio::test]
async fn who_does_not_say_what_it_has_stands_as_it_signed() {
    let (home, fake, erasure) = deleted_here().await;
    fake.says("completed", None);
    for _ in 0..40 {
        tick(&home, &erasure).await;
        home.clock.advance(DAY);
    }
    let step = tick(&home, &erasure).await;
    assert_eq!((step.state, step.found_none_at), (ProcessorState::Completed, None));
    assert_eq!(step.next_attempt_at, None, "a month is enough to ask");
    assert_eq!(entered(&home).await, ["asked", "acknowledged", "completed"]);

    // It says so in the end after all, and that it has some.
    let probe = {
        let inner = fake.inner.lock().unwrap();
        let probe = inner.posted.iter().find(|it| it["subject_request_type"] == "access");
        probe.unwrap()["subject_request_id"].clone()
    };
    let mut found = status(&probe, "completed");
    found["results_count"] = 2.into();
    call_back(&home, fake.callback(&found)).await.unwrap();
    let step = now(&home, &erasure).await.processors.remove(0);
    assert_eq!(step.state, ProcessorState::Contradicted);
    assert!(step.next_attempt_at.is_some() && rows(&home, "processor_item").await == 1, "it can be asked on");
    assert!(matches!(call_back(&home, fake.callback(&found)).await, Err(Refused::NotFound)), "answered once");
}

#[tokio::test]
async fn one_that_cancels_the_request_has_confirmed_nothing() {
    let (home, fake, erasure) = deleted_here().await;
    fake.says("cancelled", Some(0));
    tick(&home, &erasure).await;
    // Every other time it is asked anew, and says that it will.
    for problem in [Some(ProcessorProblem::Cancelled), None, Some(ProcessorProblem::Cancelled)] {
        home.clock.advance(DAY);
        let step = tick(&home, &erasure).await;
        assert_eq!((step.state, step.problem), (ProcessorState::Acknowledged, problem));
    }
    home.clock.advance(30 * DAY);
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Silent);
    assert_eq!(
        entered(&home).await,
        ["asked", "acknowledged", "cancelled", "silent"],
        "cancelled is entered once"
    );
    let ids: Vec<Value> = fake.posted().iter().map(|it| it["subject_request_id"].clone()).collect();
    assert!(ids.len() == 3 && ids[0] != ids[1] && ids[1] != ids[2], "each time a new request: {ids:?}");

    // What it says late of the one before counts, but for that it is cancelled.
    call_back(&home, fake.callback(&status(&ids[1], "cancelled"))).await.unwrap();
    assert_eq!(now(&home, &erasure).await.processors[0].problem, None);
    call_back(&home, fake.callback(&status(&ids[1], "completed"))).await.unwrap();
    assert_eq!(now(&home, &erasure).await.processors[0].state, ProcessorState::Completed);
}

#[tokio::test]
async fn nobody_is_asked_while_something_may_be_on_its_way_to_them() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give_sound(&home, "speech", recording).await;
    home.clock.advance(600);
    // Told again, it may be handed over again.
    let given = give_sound(&home, "speech", recording).await;
    assert_eq!(given.until, home.clock.now().plus_seconds(900));
    let erasure = home.ask(Scope::Child {}, true).await;
    home.clock.advance(899);
    engine::tick(&home.core).await.unwrap();
    tick(&home, &erasure).await;
    assert_eq!(fake.calls(), 0);
    home.clock.advance(1);
    tick(&home, &erasure).await;
    assert_eq!(fake.posted().len(), 1);
}

#[tokio::test]
async fn nobody_is_silent_who_could_not_be_heard() {
    let (home, fake, erasure) = deleted_here().await;
    tick(&home, &erasure).await;
    fake.says("completed", Some(0));
    // We were not there for a month.
    home.clock.advance(31 * DAY);
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Completed);
    assert_eq!(entered(&home).await, ["asked", "acknowledged", "completed"]);
}

#[tokio::test]
async fn a_clock_that_was_wrong_puts_nobody_off() {
    let (home, fake, erasure) = deleted_here().await;
    fake.next([Manner::Hanging]);
    home.clock.advance(400 * DAY);
    tick(&home, &erasure).await;
    home.clock.advance(-400 * DAY);
    tick(&home, &erasure).await;
    assert_eq!(fake.posted().len(), 2);
}

#[tokio::test]
async fn what_it_made_of_what_it_got_is_asked_back() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give_sound(&home, "speech", recording).await;
    let words = home.ask(Scope::Class { class: Class::Transcript, from: None, to: None }, true).await;
    assert_eq!(words.processors.len(), 1, "a recogniser is given sound and makes words");
    home.clock.advance(DAY);
    engine::tick(&home.core).await.unwrap();
    tick(&home, &words).await;
    let classes = &fake.posted()[0]["extensions"][fake::DOMAIN]["scope"][0]["classes"];
    assert!(classes.as_array().unwrap().contains(&json!("transcript")), "{classes}");
    assert!(!classes.as_array().unwrap().contains(&json!("media")), "{classes}");
}

#[tokio::test]
async fn what_was_confirmed_while_another_was_asked_is_not_asked_about_nothing() {
    let fake = Fake::start().await;
    let settings = parse(&format!("{}probe = false\n", fake.settings("speech")));
    let home = Household::giving_to(start(), settings).await;
    for n in 0..2 {
        let recording = home.record(n, &canary(n), true).await;
        give(&home, &[recording]).await;
        home.clock.advance(DAY);
        home.ask(Scope::Items { recordings: vec![recording] }, true).await;
    }
    engine::tick(&home.core).await.unwrap();
    for _ in 0..2 {
        fake.next([Manner::Failing, Manner::Failing]);
        run::tick(&home.core).await.unwrap();
    }
    assert_eq!(fake.posted().len(), 2);
    home.clock.advance(DAY);
    fake.next([Manner::WhenTold]);
    let id = |asked: &Value| asked["subject_request_id"].clone();
    let meanwhile = async {
        while fake.posted().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let posted = fake.posted();
        let other = posted[..2].iter().map(id).find(|it| *it != id(&posted[2])).unwrap();
        call_back(&home, fake.callback(&status(&other, "completed"))).await.unwrap();
        fake.inner.lock().unwrap().told = true;
    };
    let (done, ()) = tokio::join!(run::tick(&home.core), meanwhile);
    done.unwrap();
    assert_eq!(rows(&home, "processor_item").await, 1, "nothing more is kept of the one that is confirmed");
    let posted = fake.posted();
    assert_eq!(posted.len(), 3, "nor asked");
    assert!(posted.iter().all(|it| it["extensions"][fake::DOMAIN]["scope"][0]["recordings"][0].is_string()));
}

async fn call_back(home: &Household, (headers, body): (HeaderMap, Vec<u8>)) -> Result<(), Refused> {
    answer::callback(&home.core, "speech", &headers, Bytes::from(body)).await
}

fn status(id: &Value, status: &str) -> Value {
    json!({ "controller_id": "toys", "expected_completion_time": "2026-12-01T15:00:01Z", "status_callback_url": CALLBACK,
            "subject_request_id": id, "request_status": status, "results_url": null })
}

#[tokio::test]
async fn a_callback_counts_once_and_only_signed_for_this_very_request() {
    let (home, fake, erasure) = deleted_here().await;
    tick(&home, &erasure).await;
    let id = fake.posted()[0]["subject_request_id"].clone();
    let completed = fake.callback(&status(&id, "completed"));

    let (headers, mut changed) = completed.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(matches!(call_back(&home, (headers, changed)).await, Err(Refused::NotSigned)));
    let stranger = Fake::with_seed([8; 32]).await.callback(&status(&id, "completed"));
    assert!(matches!(call_back(&home, stranger).await, Err(Refused::NotSigned)));
    let unsigned = (HeaderMap::new(), completed.1.clone());
    assert!(matches!(call_back(&home, unsigned).await, Err(Refused::NotSigned)));
    let other = fake.callback(&status(&json!("a7551968-d5d6-44b2-9831-815ac9017798"), "completed"));
    assert!(matches!(call_back(&home, other).await, Err(Refused::NotFound)));
    let mut meant_for_another = status(&id, "completed");
    meant_for_another["status_callback_url"] = "https://elsewhere.example/status".into();
    assert!(matches!(call_back(&home, fake.callback(&meant_for_another)).await, Err(Refused::NotAStatus)));
    let nonsense = fake.callback(&json!({ "subject_request_id": id, "status_callback_url": CALLBACK }));
    assert!(matches!(call_back(&home, nonsense).await, Err(Refused::NotAStatus)));
    assert_eq!(now(&home, &erasure).await.processors[0].state, ProcessorState::Acknowledged);

    for _ in 0..2 {
        call_back(&home, completed.clone()).await.unwrap();
    }
    // What it said before comes late.
    call_back(&home, fake.callback(&status(&id, "in_progress"))).await.unwrap();
    assert_eq!(now(&home, &erasure).await.processors[0].state, ProcessorState::Completed);
    tick(&home, &erasure).await;
    assert_eq!(entered(&home).await, ["asked", "acknowledged", "completed", "found-none"]);
}

#[tokio::test]
async fn an_erasure_that_is_repeated_on_a_backup_asks_the_same_of_the_same() {
    let (home, fake) = world().await;
    let first = home.record(0, &canary(0), true).await;
    let second = home.record(1, &canary(1), true).await;
    let given = give(&home, &[first, second]).await;
    let erasure = home.ask(Scope::Items { recordings: vec![first] }, true).await;
    // The backup knows what was given, and not that it was asked back.
    let mut tx = home.core.db.write().await.unwrap();
    plan::take_back(&mut tx, erasure.id).await.unwrap();
    plan::open_again(&mut tx, erasure.id, home.clock.now(), erasure.sealed_until).await.unwrap();
    tx.commit().await.unwrap();
    engine::tick(&home.core).await.unwrap();
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Acknowledged);
    let scope = &fake.posted()[0]["extensions"][fake::DOMAIN]["scope"];
    assert_eq!(scope[0]["recordings"], json!([given.items[0].name]));
}

#[tokio::test]
async fn taken_back_nobody_is_asked() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    give(&home, &[recording]).await;
    let erasure = home.ask(Scope::Child {}, false).await;
    accept::cancel(&home.core, &home.asker, erasure.id).await.unwrap();
    home.clock.advance(40 * DAY);
    engine::tick(&home.core).await.unwrap();
    run::tick(&home.core).await.unwrap();
    assert_eq!(fake.calls(), 0);
    assert!(now(&home, &erasure).await.processors.is_empty());
    assert_eq!((rows(&home, "processor_item").await, rows(&home, "disclosure").await), (0, 1));
}

#[tokio::test]
async fn what_is_sealed_or_deleted_is_handed_to_nobody() {
    let (home, _fake) = world().await;
    let going = home.record(0, &canary(0), true).await;
    let staying = home.record(1, &canary(1), true).await;
    let try_to_give = async |recordings: &[RecordingId], classes: &[Class], processor: &str| {
        let new = NewDisclosure {
            processor: processor.into(),
            recordings: recordings.to_vec(),
            classes: classes.to_vec(),
        };
        disclose::disclose(&home.core, &new).await.map(|_| ())
    };
    let media = [Class::Media];
    home.ask(Scope::Items { recordings: vec![going] }, true).await;
    for _ in 0..2 {
        let refused = try_to_give(&[staying, going], &media, "speech").await;
        assert!(
            matches!(refused, Err(DiscloseError::NotInUse | DiscloseError::NotFound)),
            "sealed, then gone: {refused:?}"
        );
        engine::tick(&home.core).await.unwrap();
    }
    assert_eq!(rows(&home, "disclosure").await, 0, "all or nothing");
    let refused = try_to_give(&[staying], &[Class::Location], "speech").await;
    assert!(matches!(refused, Err(DiscloseError::NotForThem)));
    assert!(matches!(try_to_give(&[staying], &media, "nobody").await, Err(DiscloseError::NoProcessor)));
    assert!(matches!(try_to_give(&[], &media, "speech").await, Err(DiscloseError::HowMany)));
    assert!(matches!(try_to_give(&[staying], &[], "speech").await, Err(DiscloseError::HowMany)));
    home.ask(Scope::Class { class: Class::Transcript, from: None, to: None }, false).await;
    let words = try_to_give(&[staying], &[Class::Transcript], "speech").await;
    assert!(matches!(words, Err(DiscloseError::NotInUse)), "the words are sealed, the sound is not");
    try_to_give(&[staying], &media, "speech").await.unwrap();
}

#[tokio::test]
async fn the_statement_says_what_each_had_answered_and_leaves_none_out() {
    let (speech, mail) = (Fake::start().await, Fake::start().await);
    let entries = [speech.settings("speech"), mail.settings("mail")].concat();
    let home = Household::giving_to(start(), parse(&entries)).await;
    let first = home.record(0, &canary(0), true).await;
    give(&home, &[first]).await;
    let erasure = home.ask(Scope::Items { recordings: vec![first] }, true).await;
    engine::tick(&home.core).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let text = receipt::of_erasure(&home.core, &home.asker, erasure.id, None).await.unwrap();
    let inventory = receipt::of_inventory(&home.core, 1).await.unwrap();
    let policy = Policy::parse(&home.core.ledger.policy()).unwrap();
    let report = verify(&text, &policy, &Known { inventory: Some(&inventory), ..Known::default() });
    assert!(!report.failed(), "{}", report.text());
    let said = |statement: &Statement| -> Vec<(String, Answer)> {
        statement.processors.iter().map(|it| (it.name.clone(), it.answer)).collect()
    };
    let statement = report.statement.as_ref().unwrap();
    assert_eq!(said(statement), [("mail".into(), Answer::None), ("speech".into(), Answer::NotAsked)]);
    assert!(report.text().contains("mail none speech not-asked\n"), "{}", report.text());

    // Asked before our own stores are done, its answer is in the statement.
    let second = home.record(1, &canary(1), true).await;
    give(&home, &[second]).await;
    let erasure = home.ask(Scope::Items { recordings: vec![second] }, true).await;
    let mut tx = home.core.db.write().await.unwrap();
    sqlx::query("UPDATE erasure SET state = 'erasing' WHERE finished_at IS NULL")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    run::tick(&home.core).await.unwrap();
    engine::tick(&home.core).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let text = receipt::of_erasure(&home.core, &home.asker, erasure.id, None).await.unwrap();
    let inventory = receipt::of_inventory(&home.core, 1).await.unwrap();
    let report = verify(&text, &policy, &Known { inventory: Some(&inventory), ..Known::default() });
    assert!(!report.failed(), "{}", report.text());
    let statement = report.statement.unwrap();
    assert_eq!(said(&statement), [("mail".into(), Answer::None), ("speech".into(), Answer::Acknowledged)]);
}

#[tokio::test]
async fn nobody_who_was_given_something_can_be_left_out() {
    let fake = Fake::start().await;
    let home = Household::giving_to(start(), fake.processors()).await;
    let recording = home.record(0, &canary(0), true).await;
    give(&home, &[recording]).await;
    let erasure = home.ask(Scope::Child {}, true).await;
    engine::tick(&home.core).await.unwrap();
    home.core.db.close().await;
    let Household { core, folder, asker, .. } = home;
    drop(core);
    let clock = Arc::new(ManualClock::at(start().plus_seconds(3600)));
    let open = async |list| Core::open_to(folder.path(), Deciding::default(), clock.clone(), list).await;
    let inventory = async |core: &Core| -> (i64, String) {
        sqlx::query_as("SELECT version, body FROM inventory ORDER BY version DESC LIMIT 1")
            .fetch_one(core.db.read())
            .await
            .unwrap()
    };

    // An import beside the service has no list, and changes none.
    let core = open(None).await.unwrap();
    let (version, body) = inventory(&core).await;
    assert_eq!(version, 1);
    assert!(body.ends_with("processor speech https://speech.example/privacy\n"), "{body}");
    core.db.close().await;
    let refused = open(Some(Vec::new())).await.err().unwrap().to_string();
    assert!(refused.contains("speech"), "{refused}");

    // It confirms; then it can go, and the inventory says so.
    fake.says("completed", Some(0));
    let core = open(Some(fake.processors())).await.unwrap();
    for _ in 0..3 {
        run::tick(&core).await.unwrap();
        clock.advance(3600);
    }
    core.db.close().await;
    let core = open(Some(Vec::new())).await.unwrap();
    let (version, body) = inventory(&core).await;
    assert_eq!(version, 2);
    assert!(!body.contains("processor "), "{body}");
    let past = view::get(&core, &asker, erasure.id).await.unwrap();
    assert_eq!(past.processors[0].state, ProcessorState::Completed, "what it confirmed stays said");
}

#[tokio::test]
async fn one_that_hangs_holds_up_no_other() {
    let (slow, quick) = (Fake::start().await, Fake::start().await);
    let entries = [slow.settings("slow"), quick.settings("speech")].concat();
    let mut home = Household::giving_to(start(), parse(&entries)).await;
    Arc::get_mut(&mut home.core).unwrap().processors.patient_for(Duration::from_millis(500));
    for n in 0..3 {
        let recording = home.record(n, &canary(n), true).await;
        give(&home, &[recording]).await;
        give_sound(&home, "slow", recording).await;
        home.ask(Scope::Items { recordings: vec![recording] }, true).await;
    }
    home.clock.advance(900);
    engine::tick(&home.core).await.unwrap();
    slow.next([Manner::Hanging]);
    run::tick(&home.core).await.unwrap();
    assert_eq!(slow.posted().len(), 1, "not reached once, it is left alone for now");
    assert_eq!(quick.posted().len(), 3);
    run::tick(&home.core).await.unwrap();
    assert_eq!(slow.posted().len(), 3, "the others' turn comes");
}

#[tokio::test]
async fn siblings_are_two_requests_that_nobody_can_put_together() {
    let (mut home, fake) = world().await;
    let other = home.another_family().await;
    let (number, child) = other.children[0];
    let first = home.record(0, &canary(0), true).await;
    (home.child, home.number) = (child, number);
    let second = home.record(5, &canary(5), true).await;
    let given = give(&home, &[first, second]).await;
    assert_ne!(given.items[0].subject, given.items[1].subject);
    let mut asker = home.asker.clone();
    asker.children.extend(other.children);
    let request = NewErasure {
        child: None,
        scope: Scope::Everything {},
        include_kept: false,
        waive_undo: true,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&home.core, &asker, &request, None).await.unwrap();
    assert_eq!(erasure.processors.len(), 2);
    assert_eq!(erasure.not_confirmed(), 1, "one processor, of two children");
    engine::tick(&home.core).await.unwrap();
    run::tick(&home.core).await.unwrap();
    let posted = fake.posted();
    assert_eq!(posted.len(), 2);
    assert_ne!(posted[0]["subject_request_id"], posted[1]["subject_request_id"]);
    for asked in &posted {
        assert_eq!(asked["subject_identities"].as_array().unwrap().len(), 1);
        let scope = &asked["extensions"][fake::DOMAIN]["scope"];
        assert_eq!(scope[0]["recordings"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_was_given_is_entered_in_the_childs_history_without_its_name() {
    let (home, _fake) = world().await;
    let first = home.record(0, &canary(0), true).await;
    let second = home.record(1, &canary(1), true).await;
    give(&home, &[first, second]).await;
    give(&home, &[first, second]).await;
    let bodies: Vec<String> = query_scalar("SELECT body FROM ledger_entry WHERE body LIKE '%disclosure%'")
        .fetch_all(home.core.db.read())
        .await
        .unwrap();
    assert_eq!(
        bodies,
        [
            "forget-me-not/disclosure/v1\nat 2026-11-21T14:00:00Z\nprocessor speech\nclass media\nclass transcript\n\
          recordings 2\n"
        ]
    );
    let search = Scope::Search { filter: Filter { q: Some(canary(0)), ..Filter::default() } };
    assert_eq!(home.ask(search, true).await.processors[0].recordings, 1);
}
