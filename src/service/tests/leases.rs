//! Several engines on one database: each erasure is carried out by one of them at a time, whatever
//! the others, or one that was paused, believe.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use std::{sync::Arc, time::Duration};

use household::{Household, canary};
use proof::leaf::Kind;
use rules::{
    Class, ErasureId, ErasureState, Scope, StoreId,
    contract::{NewDerivation, NewErasure},
};
use service::{
    core::{Core, Policy},
    erasure::{
        accept, engine,
        lease::{self, Lease, Lost},
    },
    ledger,
    store::{Holds, Item, Store, StoreError, Subject},
};
use sqlx::query_scalar;
use tokio::sync::Notify;

async fn ask(home: &Household, scope: Scope) -> ErasureId {
    let request =
        NewErasure { child: Some(home.child), scope, include_kept: false, waive_undo: true, as_of: None };
    accept::accept(&home.core, &home.asker, &request, None).await.unwrap().0.id
}

/// Another process on the same folder, as far as the database and the folder can tell.
async fn another(home: &Household) -> Arc<Core> {
    Core::open_with(home.folder.path(), Policy::default(), home.clock.clone()).await.unwrap()
}

/// How often each kind of entry is in the ledger.
async fn entered(home: &Household, kind: Kind) -> usize {
    let leaves: Vec<String> =
        query_scalar("SELECT leaf FROM ledger_entry").fetch_all(home.core.db.read()).await.unwrap();
    leaves.iter().filter(|leaf| proof::leaf::Leaf::parse(leaf).unwrap().kind == kind).count()
}

/// Every one of `erasures` was carried out once, and told of once.
async fn assert_once(home: &Household, erasures: usize) {
    assert_eq!(entered(home, Kind::Complete).await, erasures);
    assert_eq!(entered(home, Kind::KeyDestroyed).await, erasures);
    assert_eq!(entered(home, Kind::StoreResult).await, erasures * (StoreId::ALL.len() - 1));
    home.assert_no_orphans().await;
    ledger::sequence(&home.core).await.unwrap();
    assert_eq!(ledger::fsck(home.folder.path()).await.unwrap(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_at_once_carry_each_erasure_out_once() {
    let home = Household::new().await;
    let mut ids = Vec::new();
    for n in 0..12 {
        let recording = home.record_whole(n, &canary(n), true).await;
        ids.push(ask(&home, Scope::Items { recordings: vec![recording] }).await);
    }
    let other = another(&home).await;
    loop {
        let (one, two) = tokio::join!(engine::tick(&home.core), engine::tick(&other));
        one.unwrap();
        two.unwrap();
        let mut open = 0;
        for id in &ids {
            open += usize::from(home.state(*id).await != ErasureState::Deleted);
        }
        if open == 0 {
            break;
        }
        // A store that could not be read while the other was cleaning is tried again, seconds later.
        home.clock.advance(2);
    }
    other.db.close().await;
    assert_once(&home, 12).await;
    for n in 0..12 {
        assert!(!home.files_contain(&canary(n)), "canary {n}");
    }
}

/// A store in which an engine stops, as a paused process would, and goes on when it is told.
struct Pausing {
    inner: Box<dyn Store>,
    probing: bool,
    reached: Arc<Notify>,
    go: Arc<Notify>,
}

impl Pausing {
    async fn pause(&self) {
        self.reached.notify_one();
        self.go.notified().await;
    }
}

#[async_trait::async_trait]
impl Store for Pausing {
    fn id(&self) -> StoreId {
        self.inner.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.inner.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        if !self.probing {
            self.pause().await;
        }
        self.inner.erase(items).await
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        if self.probing {
            self.pause().await;
        }
        self.inner.probe(items).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_was_paused_is_taken_over_and_then_can_write_nothing() {
    for store in StoreId::ALL {
        for probing in [false, true] {
            let mut home = Household::new().await;
            let (reached, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            home.wrap(store, |inner| {
                Box::new(Pausing { inner, probing, reached: reached.clone(), go: go.clone() })
            });
            home.record_whole(0, &canary(0), true).await;
            home.record_whole(1, &canary(1), true).await;
            let id = ask(&home, Scope::Child {}).await;
            let core = home.core.clone();
            let paused = tokio::spawn(async move { engine::tick(&core).await });
            reached.notified().await;

            let other = another(&home).await;
            engine::tick(&other).await.unwrap();
            assert_eq!(home.state(id).await, ErasureState::Erasing, "it is the first one's: {store:?}");
            home.clock.advance(if probing { lease::CLEANING_SECONDS } else { lease::SECONDS });
            engine::tick(&other).await.unwrap();
            assert_eq!(home.state(id).await, ErasureState::Deleted, "{store:?} {probing}");
            let rows = home.rows().await;
            // What arrives now is nobody's plan.
            let late = home.record_whole(2, &canary(2), true).await;

            go.notify_one();
            paused.await.unwrap().unwrap();
            assert_eq!(home.state(id).await, ErasureState::Deleted);
            assert!(rows.is_empty());
            for held in StoreId::ALL {
                assert_eq!(home.holds(held).await, 1, "{held:?} after {store:?} woke up");
            }
            home.play(late).await.unwrap();
            other.db.close().await;
            assert_once(&home, 1).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_after_the_end_outlives_an_engine_that_wakes_up() {
    let mut home = Household::new().await;
    let (reached, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    home.wrap(StoreId::Fact, |inner| {
        Box::new(Pausing { inner, probing: false, reached: reached.clone(), go: go.clone() })
    });
    let recording = home.record_whole(0, &canary(0), true).await;
    let id = ask(&home, Scope::Class { class: Class::Derived, from: None, to: None }).await;
    let core = home.core.clone();
    let paused = tokio::spawn(async move { engine::tick(&core).await });
    reached.notified().await;
    let other = another(&home).await;
    home.clock.advance(lease::SECONDS);
    engine::tick(&other).await.unwrap();
    assert_eq!(home.state(id).await, ErasureState::Deleted);
    // The words are still there, and something is learned of them anew.
    home.derive(NewDerivation::Fact(home.made("learned anew", &[recording]))).await;
    go.notify_one();
    paused.await.unwrap().unwrap();
    assert_eq!(home.holds(StoreId::Fact).await, 1);
    other.db.close().await;
}

#[tokio::test]
async fn a_lease_ends_with_its_process_and_else_by_the_clock() {
    let home = Household::new().await;
    home.record_whole(0, "walnut", true).await;
    let id = ask(&home, Scope::Child {}).await;
    let other = another(&home).await;
    assert!(Lease::claim(&other, &[id], lease::SECONDS).await.unwrap().is_empty(), "it is still sealed");
    let mut tx = home.core.db.write().await.unwrap();
    sqlx::query("UPDATE erasure SET state = 'erasing'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    let first = Lease::claim(&other, &[id], lease::SECONDS).await.unwrap().remove(0);
    assert!(Lease::claim(&home.core, &[id], lease::SECONDS).await.unwrap().is_empty());
    // Each note renews it.
    home.clock.advance(lease::SECONDS - 1);
    let mut tx = other.db.write().await.unwrap();
    first.keep(&mut tx, &other).await.unwrap();
    tx.commit().await.unwrap();
    home.clock.advance(lease::SECONDS - 1);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(id).await, ErasureState::Erasing);
    home.clock.advance(1);
    let second = Lease::claim(&home.core, &[id], lease::SECONDS).await.unwrap().remove(0);
    let mut tx = other.db.write().await.unwrap();
    let lost = first.keep(&mut tx, &other).await.unwrap_err();
    assert!(lost.is::<Lost>(), "{lost}");
    tx.rollback().await.unwrap();
    // What the first lets go is not the second's.
    first.release(&other).await.unwrap();
    assert!(Lease::claim(&other, &[id], lease::SECONDS).await.unwrap().is_empty());

    second.release(&home.core).await.unwrap();
    let third = Lease::claim(&other, &[id], lease::CLEANING_SECONDS).await.unwrap();
    assert_eq!(third.len(), 1);
    other.db.close().await;
    drop(other);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(id).await, ErasureState::Deleted, "nobody waits for a process that has ended");
}

#[tokio::test]
async fn a_lease_that_could_not_be_let_go_keeps_neither_its_erasure_nor_others_waiting() {
    let home = Household::new().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let recording = home.record_whole(n, &canary(n), true).await;
        ids.push(ask(&home, Scope::Items { recordings: vec![recording] }).await);
    }
    let change = async |sql: &'static str| {
        let mut tx = home.core.db.write().await.unwrap();
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    // A reader keeps the log from being emptied, and then the database is in use when the long lease of one
    // of them should end.
    let mut reader = home.core.db.read().begin().await.unwrap();
    let _: i64 = query_scalar("SELECT count(*) FROM recording").fetch_one(&mut *reader).await.unwrap();
    change(
        "CREATE TRIGGER in_use BEFORE UPDATE OF lease_owner ON erasure
         WHEN NEW.lease_owner IS NULL AND OLD.id = (SELECT min(id) FROM erasure)
         AND OLD.lease_until = (SELECT max(lease_until) FROM erasure) BEGIN SELECT RAISE(ABORT, 'in use'); END",
    )
    .await;
    engine::tick(&home.core).await.unwrap();
    let held: Vec<String> = query_scalar("SELECT id FROM erasure WHERE lease_owner IS NOT NULL")
        .fetch_all(home.core.db.read())
        .await
        .unwrap();
    assert_eq!(held, [ids.iter().min().unwrap().to_string()], "the others are anybody's");

    reader.rollback().await.unwrap();
    change("DROP TRIGGER in_use").await;
    // Not a second later.
    engine::tick(&home.core).await.unwrap();
    for id in ids {
        assert_eq!(home.state(id).await, ErasureState::Deleted);
    }
    assert_once(&home, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_work_renews_its_lease_and_ends_where_it_is_lost() {
    let home = Household::new().await;
    home.record_whole(0, "walnut", true).await;
    let id = ask(&home, Scope::Child {}).await;
    let mut tx = home.core.db.write().await.unwrap();
    sqlx::query("UPDATE erasure SET state = 'erasing'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let lease = Lease::claim(&home.core, &[id], lease::SECONDS).await.unwrap().remove(0);
    let until = async || -> i64 {
        query_scalar("SELECT lease_until FROM erasure").fetch_one(home.core.db.read()).await.unwrap()
    };
    let every = Duration::from_millis(5);
    for _ in 0..3 {
        let before = until().await;
        home.clock.advance(lease::SECONDS - 1);
        // Work that ends when its lease was renewed.
        let work = async {
            while until().await == before {
                tokio::task::yield_now().await;
            }
            Ok(())
        };
        lease.during(&home.core, every, work).await.unwrap();
    }
    home.clock.advance(lease::SECONDS);
    let other = another(&home).await;
    let taken = Lease::claim(&other, &[id], lease::SECONDS).await.unwrap();
    assert_eq!(taken.len(), 1);
    let lost =
        lease.during(&home.core, every, std::future::pending::<anyhow::Result<()>>()).await.unwrap_err();
    assert!(lost.is::<Lost>(), "{lost}");
}
