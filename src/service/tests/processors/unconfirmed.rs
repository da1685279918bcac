//! Those who do not confirm: silent, contradicted, cancelled, or without a number.

use rules::{
    Class, ProcessorState, RecordingId, Scope,
    contract::{NewDisclosure, ProcessorProblem},
    erasure::Phrase,
};
use serde_json::Value;
use service::{
    clock::Clock,
    erasure::{engine, report},
    processors::{answer::Refused, disclose, recipients},
};

use crate::{
    fake::Manner,
    household::{Household, canary},
    world::{DAY, call_back, deleted_here, entered, now, rows, status, tick, wait_for_turns, world},
};

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

async fn hand_over(home: &Household, recording: RecordingId, classes: &[Class]) {
    let new =
        NewDisclosure { processor: "speech".into(), recordings: vec![recording], classes: classes.to_vec() };
    disclose::disclose(&home.core, &new).await.unwrap();
    home.clock.advance(900);
}

/// Of how many recordings the holdings say that it has not confirmed that nothing is left there.
async fn not_confirmed(home: &Household) -> u64 {
    let recipients = recipients::of_child(home.core.db.read(), home.number).await.unwrap();
    recipients.iter().map(|it| it.recordings).sum()
}

#[tokio::test]
async fn who_has_confirmed_the_class_it_was_given_is_not_said_to_have_something() {
    let (home, fake) = world().await;
    let words = home.record(0, &canary(0), true).await;
    let both = home.record(1, &canary(1), true).await;
    hand_over(&home, words, &[Class::Transcript]).await;
    hand_over(&home, both, &[Class::Media, Class::Transcript]).await;
    let erasure = home.ask(Scope::Class { class: Class::Transcript, from: None, to: None }, true).await;
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    tick(&home, &erasure).await;
    assert_eq!(not_confirmed(&home).await, 2, "it has only promised");
    fake.says("completed", None);
    home.clock.advance(60);
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Completed);
    assert_eq!(not_confirmed(&home).await, 1, "it has the sound of one");

    // It still has something of both: then it has not confirmed.
    fake.says("completed", Some(2));
    home.clock.advance(60);
    assert_eq!(tick(&home, &erasure).await.state, ProcessorState::Contradicted);
    assert_eq!(not_confirmed(&home).await, 2);
    fake.says("completed", Some(0));
    while tick(&home, &erasure).await.state != ProcessorState::Completed {
        home.clock.advance(DAY);
    }
    assert_eq!(not_confirmed(&home).await, 1);

    // Handed over again, it has it again.
    hand_over(&home, words, &[Class::Media]).await;
    assert_eq!(not_confirmed(&home).await, 2);
    // With the rest it is asked back what it has confirmed, too.
    let everything = home.ask(Scope::Child {}, true).await;
    assert_eq!(everything.processors[0].recordings, 2);
}

#[tokio::test]
async fn what_was_handed_over_again_meanwhile_is_not_confirmed_with_the_rest() {
    let (home, fake) = world().await;
    let recording = home.record(0, &canary(0), true).await;
    hand_over(&home, recording, &[Class::Transcript]).await;
    let erasure = home.ask(Scope::Class { class: Class::Transcript, from: None, to: None }, true).await;
    engine::tick(&home.core).await.unwrap();
    hand_over(&home, recording, &[Class::Media]).await;
    wait_for_turns(&home);
    fake.says("completed", Some(0));
    for _ in 0..3 {
        tick(&home, &erasure).await;
        home.clock.advance(60);
    }
    assert!(now(&home, &erasure).await.is_over());
    assert_eq!(not_confirmed(&home).await, 1);
}
