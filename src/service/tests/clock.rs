//! A clock that was ahead and is set right: nothing waits for it, and nothing that a witness will see
//! speaks of a time to come.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use household::{Household, canary};
use proof::receipt::Receipt;
use rules::{ErasureId, ErasureState, Scope, StepState, StoreId, contract::NewErasure};
use service::{
    clock::Clock,
    erasure::{accept, engine, view},
    ledger::{self, receipt},
    store::{Holds, Item, Store, StoreError, Subject},
};
use sqlx::query;

const YEAR: i64 = 365 * 86_400;

async fn ask(home: &Household, scope: Scope, waive_undo: bool) -> ErasureId {
    let request = NewErasure { child: Some(home.child), scope, include_kept: false, waive_undo, as_of: None };
    accept::accept(&home.core, &home.asker, &request, None).await.unwrap().0.id
}

/// When the statement says that it was finished, in seconds since 1970.
async fn finished(home: &Household, id: ErasureId) -> u64 {
    ledger::sequence(&home.core).await.unwrap();
    let receipt = receipt::of_erasure(&home.core, &home.asker, id, None).await.unwrap();
    let body = Receipt::parse(&receipt).unwrap().body;
    let statement = proof::statement::Statement::parse(&body).unwrap();
    assert!(
        statement.stores.iter().all(|store| statement.until <= store.at && store.at <= statement.finished)
    );
    statement.finished.0
}

/// A store that cannot be read as long as it is told so.
struct Unreadable {
    inner: Box<dyn Store>,
    is: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl Store for Unreadable {
    fn id(&self) -> StoreId {
        self.inner.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.inner.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        self.inner.erase(items).await
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        if self.is.load(Ordering::SeqCst) {
            return Err(StoreError::Folder(std::io::Error::other("made up")));
        }
        self.inner.probe(items).await
    }
}

#[tokio::test]
async fn an_erasure_whose_seal_was_opened_early_is_told_of_when_its_time_has_come() {
    let home = Household::new().await;
    home.record(0, &canary(0), true).await;
    let id = ask(&home, Scope::Child {}, false).await;
    let until = view::get(&home.core, &home.asker, id).await.unwrap().sealed_until;
    // An hour early, by a clock that was an hour ahead.
    home.clock.advance(72 * 3600 - 3600);
    let mut tx = home.core.db.write().await.unwrap();
    query("UPDATE erasure SET state = 'erasing'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(id).await, ErasureState::Erasing);
    assert_eq!(home.holds(StoreId::Media).await, 0);

    home.clock.advance(3600);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(id).await, ErasureState::Deleted);
    assert_eq!(finished(&home, id).await, until.ms() as u64 / 1000);
}

#[tokio::test]
async fn what_failed_or_was_read_again_while_the_clock_was_ahead_keeps_nobody_waiting() {
    let mut home = Household::new().await;
    let is = Arc::new(AtomicBool::new(true));
    home.wrap(StoreId::Transcript, |inner| Box::new(Unreadable { inner, is: is.clone() }));
    home.record(0, &canary(0), true).await;
    let id = ask(&home, Scope::Child {}, true).await;
    home.clock.advance(YEAR);
    engine::tick(&home.core).await.unwrap();
    let steps = view::get(&home.core, &home.asker, id).await.unwrap().steps;
    for step in steps {
        let expected =
            if step.store == StoreId::Transcript { StepState::Retrying } else { StepState::VerifiedAbsent };
        assert_eq!(step.state, expected, "{:?}", step.store);
    }

    home.clock.advance(-YEAR);
    is.store(false, Ordering::SeqCst);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(id).await, ErasureState::Deleted);
    // A witness that sees it now sees nothing of a time to come.
    assert_eq!(finished(&home, id).await, home.clock.now().ms() as u64 / 1000);
}

#[tokio::test]
async fn a_large_database_is_written_anew_although_that_was_noted_for_a_time_to_come() {
    let home = Household::new().await;
    let mut tx = home.core.db.write().await.unwrap();
    query("CREATE TABLE ballast AS SELECT zeroblob(70000000) AS bytes").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let erased = async |n| {
        let recording = home.record(n, &canary(n), true).await;
        let id = ask(&home, Scope::Items { recordings: vec![recording] }, true).await;
        engine::tick(&home.core).await.unwrap();
        home.state(id).await
    };
    home.clock.advance(YEAR);
    assert_eq!(erased(0).await, ErasureState::Deleted);
    home.clock.advance(-YEAR);
    assert_eq!(erased(1).await, ErasureState::Deleted);
    assert_eq!(erased(2).await, ErasureState::Erasing, "and then once an hour, as ever");
    home.clock.advance(3600);
    assert_eq!(erased(3).await, ErasureState::Deleted);
}
