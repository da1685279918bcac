//! Keys that are lost or damaged, and keys that nothing came of: what is said of them, and what is left alone.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;
mod process;

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use household::{Household, canary};
use process::Process;
use rules::{
    Class, DerivationId, RecordingId, Scope, StoreId, Stores,
    contract::{NewDerivation, NewErasure},
    derived::Consent,
    scope::Filter,
};
use service::{
    derived::{self, DeriveError, dataset::Export},
    keys::KeyError,
    ledger,
    listing::{self, View},
    outbound::{self, Reach},
    store::{Holds, Item, Store, StoreError, Subject},
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, SqliteConnection, query, query_scalar, sqlite::SqliteConnectOptions,
};

/// What this thread logs, from now on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let logs = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(logs))
    }

    /// What was logged since it was last asked.
    fn said(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

fn of(scope: Scope, home: &Household) -> NewErasure {
    NewErasure { child: Some(home.child), scope, include_kept: false, waive_undo: true, as_of: None }
}

fn items(recordings: &[RecordingId]) -> Scope {
    Scope::Items { recordings: recordings.to_vec() }
}

async fn raw(home: &Household, file: &str) -> SqliteConnection {
    SqliteConnectOptions::new().filename(home.folder.path().join(file)).connect().await.unwrap()
}

async fn change(home: &Household, file: &str, sql: &str) {
    let done = query(AssertSqlSafe(sql)).execute(&mut raw(home, file).await).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql}");
}

/// What the list says of each recording, the newest first.
async fn excerpts(home: &Household) -> Vec<Option<String>> {
    let view = View { asker: &home.asker, words: true };
    let page = listing::page(&home.core, view, home.child, &Filter::default(), None, 50).await.unwrap();
    page.items.into_iter().map(|item| item.excerpt).collect()
}

async fn things(home: &Household) -> Vec<Option<String>> {
    let view = View { asker: &home.asker, words: true };
    let list = derived::view::list(&home.core, view, home.child, None, 50).await.unwrap();
    list.items.into_iter().map(|thing| thing.text).collect()
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_in_the_log_and_hides_nothing_else() {
    for (file, sql, said) in [
        ("keys.db", "UPDATE dek SET transcript = NULL WHERE recording = 'ID'", "no key for it that opens"),
        ("keys.db", "UPDATE dek SET location = NULL WHERE recording = 'ID'", "no key for it that opens"),
        ("keys.db", "UPDATE dek SET waveform = x'00' WHERE recording = 'ID'", "a wrapped key does not open"),
        (
            "forget-me-not.db",
            "UPDATE transcript SET sealed = x'00' WHERE seq = SEQ",
            "what is held does not open",
        ),
        (
            "forget-me-not.db",
            "UPDATE location SET sealed = x'00' WHERE seq = SEQ",
            "what is held does not open",
        ),
        (
            "forget-me-not.db",
            "UPDATE waveform SET sealed = x'00' WHERE seq = SEQ",
            "what is held does not open",
        ),
    ] {
        let home = Household::new().await;
        let damaged = home.record_whole(0, &canary(0), true).await;
        let whole = home.record_whole(1, &canary(1), true).await;
        let seq: i64 =
            query_scalar("SELECT min(seq) FROM recording").fetch_one(home.core.db.read()).await.unwrap();
        let sql = sql.replace("ID", &damaged.to_string()).replace("SEQ", &seq.to_string());
        change(&home, file, &sql).await;
        let (log, _guard) = Log::begin();
        let read = home.read(damaged).await.unwrap();
        let told = log.said();
        assert!(told.contains(said) && told.contains(&damaged.to_string()), "{sql}: {told}");
        let missing = [read.transcript.is_none(), read.location.is_none(), read.waveform.is_none()];
        assert_eq!(missing.iter().filter(|missing| **missing).count(), 1, "{sql}");
        let read = home.read(whole).await.unwrap();
        assert!(read.transcript.is_some() && read.location.is_some() && read.waveform.is_some());
        assert_eq!(excerpts(&home).await[0].as_deref(), Some(&*canary(1)));
        assert!(!log.said().contains(&whole.to_string()));
    }
}

#[tokio::test]
async fn a_key_that_was_destroyed_because_somebody_deleted_is_no_error() {
    let home = Household::new().await;
    home.record_whole(0, &canary(0), true).await;
    let (log, _guard) = Log::begin();
    let transcript = Scope::Class { class: Class::Transcript, from: None, to: None };
    home.delete(&of(transcript, &home)).await;
    assert_eq!((excerpts(&home).await, things(&home).await.len()), (vec![None], 3));
    assert_eq!(log.said(), "");
}

#[tokio::test]
async fn a_thing_whose_key_is_lost_is_an_error_in_the_log() {
    let home = Household::new().await;
    let id = home.record(0, &canary(0), true).await;
    home.derive(NewDerivation::Fact(home.made("allergic to walnuts", &[id]))).await;
    home.derive(NewDerivation::Fact(home.made("sleeps early", &[id]))).await;
    change(&home, "keys.db", "DELETE FROM thing WHERE derivation = (SELECT min(derivation) FROM thing)")
        .await;
    let (log, _guard) = Log::begin();
    assert_eq!(things(&home).await.iter().flatten().count(), 1);
    assert!(log.said().contains("no key for it that opens"));
}

#[tokio::test]
async fn a_child_whose_own_key_does_not_open_is_listed_without_words() {
    let home = Household::new().await;
    let id = home.record_whole(0, &canary(0), true).await;
    home.record_whole(1, &canary(1), true).await;
    change(&home, "keys.db", "UPDATE kek SET wrapped = x'00'").await;
    let (log, _guard) = Log::begin();
    assert_eq!(excerpts(&home).await, [None, None]);
    let told = log.said();
    assert!(told.contains("nothing of this child can be read"), "{told}");
    assert!(told.contains(&home.child.to_string()), "{told}");
    assert!(home.read(id).await.unwrap().transcript.is_none());
    // And can be deleted.
    home.delete(&of(items(&[id]), &home)).await;
    assert_eq!(excerpts(&home).await.len(), 1);
}

#[tokio::test]
async fn an_export_gives_out_what_can_be_read_and_says_that_it_is_not_whole() {
    for sql in [
        "UPDATE derivation SET sealed = x'00' WHERE number = (SELECT min(number) + 1 FROM derivation)",
        "DELETE FROM thing WHERE derivation = (SELECT max(derivation) FROM thing)",
    ] {
        let home = Household::new().await;
        let mut ids = Vec::new();
        for n in 0..3 {
            ids.push(home.record(n, &canary(n), true).await);
        }
        let rows: Vec<_> = ids.iter().map(|id| (*id, "content")).collect();
        let dataset = home.dataset("speech-1", Consent::Given, &rows).await;
        change(&home, if sql.starts_with("DELETE") { "keys.db" } else { "forget-me-not.db" }, sql).await;
        let mut export = Export::of(&home.core, dataset).await.unwrap();
        for _ in 0..2 {
            assert_eq!(export.next(&home.core).await.unwrap().unwrap().content, "content");
        }
        let end = export.next(&home.core).await;
        assert!(matches!(end, Err(DeriveError::NotWhole(1))), "{end:?}");
    }
}

#[tokio::test]
async fn a_key_that_does_not_open_is_named_and_stops_no_rotation() {
    let home = Household::new().await;
    let gone = home.record_whole(0, &canary(0), true).await;
    let damaged = home.record_whole(1, &canary(1), true).await;
    let whole = home.record_whole(2, &canary(2), true).await;
    home.delete(&of(items(&[gone]), &home)).await;
    let other = home.another_family().await;
    let child = other.children[0].1;
    let theirs = RecordingId::from_parts(1, 1);
    home.core.keys.make(&[((child, theirs), Stores::ALL)]).await.unwrap();
    let broken = format!("UPDATE dek SET location = x'00' WHERE recording = '{damaged}'");
    change(&home, "keys.db", &broken).await;
    change(&home, "keys.db", &format!("UPDATE kek SET wrapped = x'00' WHERE child = '{child}'")).await;
    let (log, _guard) = Log::begin();
    for epoch in 2..4 {
        let rotated = home.core.keys.rotate(|| home.at(0)).await.unwrap();
        assert_eq!((rotated.epoch, rotated.children, rotated.destroyed), (epoch, 2, 1));
        assert!(rotated.damaged > 0 && rotated.to_string().contains("do not open"));
        assert!(log.said().contains(&child.to_string()));
    }
    assert!(home.read(damaged).await.unwrap().transcript.is_some(), "its other parts");
    assert!(home.read(whole).await.unwrap().location.is_some(), "and all others'");
    assert_eq!(things(&home).await.len(), 10);
    let theirs = home.core.keys.of_parts(child, &[theirs], Stores::ALL).await;
    assert!(matches!(theirs, Err(KeyError::Damaged)));
}

async fn keys_of_things(home: &Household) -> i64 {
    query_scalar("SELECT count(*) FROM thing").fetch_one(&mut raw(home, "keys.db").await).await.unwrap()
}

/// An older database beside the living keys, which somebody has put there: nothing of what it does not know is
/// destroyed by a start.
#[tokio::test]
async fn a_start_destroys_no_key_but_those_noted_by_a_process_that_died() {
    let home = Household::new().await;
    let id = home.record_whole(0, &canary(0), true).await;
    let before = keys_of_things(&home).await;
    let (noted, unknown) = (DerivationId::from_parts(1, 1), DerivationId::from_parts(1, 2));
    home.core.keys.make_things(&[(home.child, noted), (home.child, unknown)]).await.unwrap();
    for (thing, owner) in [(noted, "dead"), (DerivationId::from_parts(1, 3), home.core.owner.name())] {
        let mut tx = home.core.db.write().await.unwrap();
        query("INSERT INTO incoming_thing (thing, child, owner) VALUES (?, ?, ?)")
            .bind(thing.to_string())
            .bind(home.child.to_string())
            .bind(owner)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    derived::sweep(&home.core).await.unwrap();
    assert_eq!(keys_of_things(&home).await, before + 1, "the noted one went");
    let notes: i64 =
        query_scalar("SELECT count(*) FROM incoming_thing").fetch_one(home.core.db.read()).await.unwrap();
    assert_eq!(notes, 1, "that of a living process stays");
    change(&home, "forget-me-not.db", "DELETE FROM derivation").await;
    let home = home.reopened().await;
    assert_eq!(keys_of_things(&home).await, before + 1);
    // What is deleted takes such keys along all the same.
    change(&home, "forget-me-not.db", "DELETE FROM derivation_source").await;
    home.delete(&of(items(&[id]), &home)).await;
    assert_eq!(keys_of_things(&home).await, 0);
}

#[tokio::test]
async fn a_thing_that_is_refused_or_there_already_leaves_neither_key_nor_note() {
    let home = Household::new().await;
    let (one, gone) = (home.record(0, &canary(0), true).await, home.record(1, &canary(1), true).await);
    home.dataset("speech-1", Consent::Given, &[(one, "content")]).await;
    home.delete(&of(items(&[gone]), &home)).await;
    home.dataset("speech-1", Consent::Given, &[(one, "content")]).await;
    let refused = derived::register(&home.core, &NewDerivation::Fact(home.made("a fact", &[gone]))).await;
    assert!(matches!(refused, Err(DeriveError::Erased)));
    let notes: i64 =
        query_scalar("SELECT count(*) FROM incoming_thing").fetch_one(home.core.db.read()).await.unwrap();
    assert_eq!((keys_of_things(&home).await, notes), (1, 0));
    ledger::sequence(&home.core).await.unwrap();
    assert_eq!(ledger::fsck(home.folder.path()).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_process_that_dies_before_its_thing_is_written_leaves_nothing_after_the_next_start() {
    for point in ["derive-noted", "derive-keys"] {
        let home = Household::new().await;
        let id = home.record(0, &canary(0), true).await;
        let fact = serde_json::to_value(NewDerivation::Fact(home.made("a fact", &[id]))).unwrap();
        let child = home.child;
        let (folder, asker) = home.left().await;
        let data = folder.path();
        let process = Process::serve_on(data, process::free_port(), Some(point));
        process.is_ready().await;
        let key = std::fs::read_to_string(data.join("vendor.key")).unwrap();
        let client = outbound::builder(Reach::ThisMachine).build().unwrap();
        let address = format!("http://127.0.0.1:{}/v1/derivations", process.port);
        let asked = tokio::spawn(client.post(address).bearer_auth(key.trim()).json(&fact).send());
        let stopped = data.join("stopped");
        assert!(process::until(async || stopped.exists().then_some(())).await.is_some(), "{point}");
        process.kill_where_it_stopped(data);
        assert!(asked.await.unwrap().is_err());
        let core = service::core::Core::open(data, service::core::Policy::default()).await.unwrap();
        assert_eq!(core.keys.things(child, "", 10).await.unwrap(), [], "{point}");
        let notes: i64 =
            query_scalar("SELECT count(*) FROM incoming_thing").fetch_one(core.db.read()).await.unwrap();
        assert_eq!(notes, 0, "{point}");
        let view = View { asker: &asker, words: true };
        let list = derived::view::list(&core, view, child, None, 50).await.unwrap();
        assert_eq!(list.items.len(), 0, "{point}");
    }
}

/// A part's key that no bit of the recording's knows of, as after a repair by hand.
#[tokio::test]
async fn with_the_entry_every_key_goes_also_one_that_no_plan_knows() {
    let home = Household::new().await;
    let id = home.record(0, &canary(0), false).await;
    home.record(1, &canary(1), true).await;
    let location = Stores::NONE.with(StoreId::Location);
    home.core.keys.make(&[((home.child, id), location)]).await.unwrap();
    home.delete(&of(items(&[id]), &home)).await;
    assert_eq!(home.core.keys.traces(&[((home.child, id), Stores::ALL)]).await.unwrap(), 0);
    home.delete(&of(Scope::Child {}, &home)).await;
    let left: i64 =
        query_scalar("SELECT count(*) FROM kek").fetch_one(&mut raw(&home, "keys.db").await).await.unwrap();
    assert_eq!(left, 0, "the child's own goes with the last");
}

/// A damaged key of a thing is a key: it is destroyed, and not taken for absent.
#[tokio::test]
async fn the_check_counts_keys_of_things_that_do_not_open() {
    let home = Household::new().await;
    let id = home.record_whole(0, &canary(0), true).await;
    change(&home, "keys.db", "UPDATE thing SET wrapped = x'00'").await;
    let keys = home.core.stores.iter().find(|store| store.id() == StoreId::Keys).unwrap();
    let request = of(Scope::Class { class: Class::Derived, from: None, to: None }, &home);
    let (erasure, _) =
        service::erasure::accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    change(&home, "forget-me-not.db", "UPDATE erasure SET state = 'erasing'").await;
    let (seq, stores): (i64, u32) =
        sqlx::query_as("SELECT seq, stores FROM erasure_item").fetch_one(home.core.db.read()).await.unwrap();
    let item = Item { seq, recording: id, child: home.child, stores: Stores::from_bits(stores) };
    // The waveform's, and five of things.
    assert_eq!(keys.probe(&[item]).await.unwrap(), 1 + 5);
    service::erasure::engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, rules::ErasureState::Deleted);
    assert_eq!(keys_of_things(&home).await, 0);
}

/// Cannot erase, at first.
struct Fails {
    inner: Box<dyn Store>,
    fails: AtomicBool,
}

#[async_trait::async_trait]
impl Store for Fails {
    fn id(&self) -> StoreId {
        self.inner.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.inner.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        if self.fails.swap(false, Ordering::SeqCst) {
            return Err(std::io::Error::other("the disk is full").into());
        }
        self.inner.erase(items).await
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        self.inner.probe(items).await
    }
}

#[tokio::test]
async fn keys_of_things_whose_store_was_faster_are_destroyed_all_the_same() {
    let mut home = Household::new().await;
    home.wrap(StoreId::Keys, |inner| Box::new(Fails { inner, fails: true.into() }));
    let id = home.record_whole(0, &canary(0), true).await;
    home.record_whole(1, &canary(1), true).await;
    let erasure = home.ask(items(&[id]), true).await;
    service::erasure::engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, rules::ErasureState::Erasing);
    assert_eq!(
        (things(&home).await.len(), keys_of_things(&home).await),
        (5, 10),
        "things are gone, not their keys"
    );
    home.clock.advance(60);
    service::erasure::engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, rules::ErasureState::Deleted);
    assert_eq!(keys_of_things(&home).await, 5);
}
