//! What counts as an answer, asked for or called back.

use axum::http::HeaderMap;
use rules::{ProcessorState, contract::ProcessorProblem, erasure::Phrase};
use serde_json::json;
use service::{clock::Clock, processors::answer::Refused};
use sqlx::query_scalar;

use crate::{
    fake::{CALLBACK, Fake, Manner},
    world::{DAY, call_back, deleted_here, entered, now, rows, status, tick},
};

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
