//! Two processes on one database, each with a loop that asks.

use std::{sync::Arc, time::Duration};

use rules::{
    ErasureState, ProcessorState, Scope,
    contract::{ProcessorProblem, ProcessorStep},
};
use service::{
    core::{Core, Policy},
    erasure::{engine, view},
    processors::run,
};

use crate::{
    fake::{Fake, Manner},
    household::{Household, canary},
    world::{deleted_here, entered, give, now, rows, tick, wait_for_turns, world},
};

/// Another process on the household's database.
async fn another(home: &Household, fake: &Fake) -> Arc<Core> {
    let (folder, clock) = (home.folder.path(), home.clock.clone());
    let mut core = Core::open_to(folder, Policy::default(), clock, Some(fake.processors())).await.unwrap();
    Arc::get_mut(&mut core).unwrap().processors.patient_for(Duration::from_millis(500));
    core
}

#[tokio::test]
async fn asking_at_once_they_make_the_same_request_and_hear_one_answer() {
    let (home, fake, erasure) = deleted_here().await;
    let other = another(&home, &fake).await;
    fake.next([Manner::WhenTold, Manner::WhenTold]);
    let have_asked = async |times| {
        while fake.posted().len() < times {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // The other one comes while the first waits for its answer, and neither has one before both have asked.
    let afterwards = async {
        have_asked(1).await;
        run::tick(&other).await
    };
    let both = async {
        have_asked(2).await;
        fake.inner.lock().unwrap().told = true;
    };
    let (here, there, ()) = tokio::join!(run::tick(&home.core), afterwards, both);
    here.and(there).unwrap();
    let posted = fake.posted();
    assert_eq!(posted.len(), 2, "each of them once");
    assert_eq!(posted[0], posted[1], "the same request");
    assert_eq!(entered(&home).await, ["asked", "acknowledged"], "noted once");
    assert_eq!(rows(&home, "processor_answer").await, 1);
    assert_eq!(now(&home, &erasure).await.processors[0].state, ProcessorState::Acknowledged);
}

#[tokio::test]
async fn what_one_could_not_hear_takes_nothing_back_that_the_other_heard() {
    let (home, fake, erasure) = deleted_here().await;
    let other = another(&home, &fake).await;
    tick(&home, &erasure).await;
    home.clock.advance(60);
    fake.says("completed", Some(0));
    // The first to ask hangs; meanwhile the other one hears all there is to hear.
    fake.next([Manner::Hanging]);
    let calls = fake.calls();
    let meanwhile = async {
        while fake.calls() == calls {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..2 {
            run::tick(&other).await.unwrap();
        }
        now(&home, &erasure).await.processors.remove(0)
    };
    let (hung, heard) = tokio::join!(run::tick(&home.core), meanwhile);
    hung.unwrap();
    assert_eq!((heard.state, heard.next_attempt_at), (ProcessorState::Completed, None));
    assert_eq!(now(&home, &erasure).await.processors, [heard], "as if nothing had been asked");
    assert_eq!(entered(&home).await, ["asked", "acknowledged", "completed", "found-none"]);
}

#[tokio::test]
async fn nor_where_the_other_heard_something_that_leaves_the_state_as_it_was() {
    let (home, fake, erasure) = deleted_here().await;
    let other = another(&home, &fake).await;
    tick(&home, &erasure).await;
    // What is heard: that the request is cancelled, and, once it has signed, each day that it still has some.
    for (says, state) in
        [("cancelled", ProcessorState::Acknowledged), ("completed", ProcessorState::Contradicted)]
    {
        home.clock.advance(86_400);
        fake.says(says, Some(2));
        if state == ProcessorState::Contradicted {
            while tick(&home, &erasure).await.state != state {
                home.clock.advance(86_400);
            }
            home.clock.advance(60);
            tick(&home, &erasure).await;
            home.clock.advance(86_400);
        }
        fake.next([Manner::Hanging]);
        let calls = fake.calls();
        let meanwhile = async {
            while fake.calls() == calls {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            run::tick(&other).await.unwrap();
            now(&home, &erasure).await.processors.remove(0)
        };
        let (hung, heard) = tokio::join!(run::tick(&home.core), meanwhile);
        hung.unwrap();
        assert_eq!(heard.state, state, "{says}");
        assert_ne!(heard.problem, Some(ProcessorProblem::Unreachable), "the other one heard it");
        assert_eq!(now(&home, &erasure).await.processors, [heard], "as if nothing had been asked");
    }
}

/// How far one is; who is silent or contradicted, as here nobody becomes, is nowhere in it.
fn rank(step: &ProcessorStep) -> usize {
    use ProcessorState::{Acknowledged, Completed, NotSent, Sent};
    let order = [NotSent, Sent, Acknowledged, Completed];
    order.iter().position(|state| *state == step.state).unwrap()
}

#[tokio::test]
async fn however_they_take_turns_nobody_is_asked_oftener_than_each_would_and_nothing_goes_back() {
    let (home, fake) = world().await;
    let other = another(&home, &fake).await;
    let mut erasures = Vec::new();
    for n in 0..4 {
        let recording = home.record(n, &canary(n), true).await;
        give(&home, &[recording]).await;
        erasures.push(home.ask(Scope::Items { recordings: vec![recording] }, true).await.id);
    }
    engine::tick(&home.core).await.unwrap();
    wait_for_turns(&home);
    // What goes wrong, and in which order the two of them come, is different in each round.
    let trouble = [
        Manner::Failing,
        Manner::Hanging,
        Manner::Well,
        Manner::Garbage,
        Manner::Well,
        Manner::Refusing,
        Manner::SignedByAnother,
    ];
    let mut furthest = [0; 4];
    for round in 0..14 {
        if round == 7 {
            fake.says("completed", Some(0));
        }
        if round < 10 {
            fake.next((0..3).map(|n| trouble[(round * 3 + n) % trouble.len()]));
        }
        let before = fake.inner.lock().unwrap().posted.len();
        let late = Duration::from_millis(round as u64 % 4 * 3);
        let (here, there) = tokio::join!(run::tick(&home.core), async {
            tokio::time::sleep(late).await;
            run::tick(&other).await
        });
        here.and(there).unwrap();
        let posted = fake.inner.lock().unwrap().posted[before..].to_vec();
        for asked in &posted {
            let id = &asked["subject_request_id"];
            let same: Vec<_> = posted.iter().filter(|it| it["subject_request_id"] == *id).collect();
            assert!(same.len() <= 2, "round {round}: {} times the same", same.len());
            assert!(same.iter().all(|it| *it == asked), "round {round}: the same id means the same");
        }
        for (id, furthest) in erasures.iter().zip(&mut furthest) {
            let erasure = view::get(&home.core, &home.asker, *id).await.unwrap();
            assert_eq!(erasure.state, ErasureState::Deleted);
            let rank = rank(&erasure.processors[0]);
            assert!(rank >= *furthest, "round {round}: {:?} after {furthest}", erasure.processors[0]);
            *furthest = rank;
        }
        home.clock.advance(6 * 3600);
    }
    for id in &erasures {
        let erasure = view::get(&home.core, &home.asker, *id).await.unwrap();
        assert!(erasure.is_over(), "{:?}", erasure.processors);
    }
    let told = entered(&home).await;
    for word in ["asked", "acknowledged", "completed", "found-none"] {
        let times = told.iter().filter(|it| *it == word).count();
        assert!(times == 4 || word == "acknowledged" && times < 4, "{word}: {times} times");
    }
    assert!(told.iter().all(|word| word != "silent" && word != "found"), "{told:?}");
}
