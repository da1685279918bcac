//! The drill's household, its backup, and the loss.

use std::{ops::Deref, path::Path, sync::Arc};

use futures::TryStreamExt;
use rules::{
    ChildId, Class, ErasureId, ErasureState, RecordingId, Scope, StoreId,
    contract::{Erasure, NewErasure, NewSession},
};
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    erasure::{Asker, accept, engine, view},
    ledger, playback,
    store::Subject,
};
use sqlx::query_scalar;
use tempfile::TempDir;

use crate::{
    household::{self, Household, canary, wav},
    process::{self, Process},
};

/// What is left of a data folder, and its backup.
pub struct Folders {
    pub data: TempDir,
    pub backup: TempDir,
}

/// A household, its backup, and what happened after that.
pub struct Drill {
    folders: Folders,
    pub asker: Asker,
    pub child: ChildId,
    pub recordings: Vec<RecordingId>,
    /// Deleted, a place alone, still sealed, taken back.
    pub erasures: [ErasureId; 4],
    published: u64,
}

impl Deref for Drill {
    type Target = Folders;

    fn deref(&self) -> &Folders {
        &self.folders
    }
}

/// What each of the recordings says and what becomes of it.
pub const GONE_BEFORE: i64 = 0;
pub const GONE_SINCE: i64 = 1;
pub const PLACE_GONE: i64 = 2;
pub const SEALED: i64 = 3;
pub const UNDONE: i64 = 4;
pub const UNTOUCHED: i64 = 5;
pub const CAME_SINCE: i64 = 6;

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl Drill {
    pub async fn new() -> Self {
        let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
        let mut recordings = Vec::new();
        for n in GONE_BEFORE..=UNTOUCHED {
            recordings.push(home.record_whole(n, &canary(n), true).await);
        }
        let of = |scope, waive_undo| NewErasure {
            child: Some(home.child),
            scope,
            include_kept: false,
            waive_undo,
            as_of: None,
        };
        let items = |n: i64| Scope::Items { recordings: vec![recordings[n as usize]] };
        let ask = async |scope, waive| {
            accept::accept(&home.core, &home.asker, &of(scope, waive), None).await.unwrap().0.id
        };
        home.delete(&of(items(GONE_BEFORE), true)).await;
        let undone = ask(items(UNDONE), false).await;
        ledger::sequence(&home.core).await.unwrap();
        let session = NewSession {
            guardian: "parent-1".into(),
            children: Vec::new(),
            permissions: Vec::new(),
            origin: "https://parents.example".into(),
            ttl_seconds: None,
        };
        service::session::mint(&home.core.db, home.core.clock.now(), &session).await.unwrap();
        let backup = back_up(&home).await;
        std::fs::write(backup.path().join("vendor.key"), VENDOR).unwrap();

        let deleted = ask(items(GONE_SINCE), true).await;
        let place = Scope::Class {
            class: Class::Location,
            from: Some(home.at(PLACE_GONE)),
            to: Some(home.at(PLACE_GONE + 1)),
        };
        let place = ask(place, true).await;
        let sealed = ask(items(SEALED), false).await;
        accept::cancel(&home.core, &home.asker, undone).await.unwrap();
        home.clock.advance(1);
        recordings.push(home.record_whole(CAME_SINCE, &canary(CAME_SINCE), true).await);
        engine::tick(&home.core).await.unwrap();
        assert_eq!(home.state(deleted).await, ErasureState::Deleted);
        ledger::sequence(&home.core).await.unwrap();
        let size: i64 =
            query_scalar("SELECT size FROM ledger_head").fetch_one(home.core.db.read()).await.unwrap();
        let (asker, child) = (home.asker.clone(), home.child);
        let erasures = [deleted, place, sealed, undone];
        let folders = Folders { data: end(home).await, backup };
        Self { folders, asker, child, recordings, erasures, published: size.cast_unsigned() }
    }

    /// Everything is as it was before the loss, and what was deleted is nowhere.
    pub async fn check(&self) {
        let data = self.data.path();
        let core = Core::open(data, Policy::default()).await.unwrap();
        assert!(!core.is_restoring());
        let [deleted, place, sealed, undone] = self.erasures;
        let state = async |id| view::get(&core, &self.asker, id).await.unwrap();
        for id in [deleted, place] {
            let done: Erasure = state(id).await;
            assert_eq!(done.phrase(), rules::erasure::Phrase::Deleted, "{:?}", done.scope);
        }
        assert_eq!(state(undone).await.state, ErasureState::Cancelled);
        assert_eq!(state(sealed).await.state, ErasureState::Sealed);
        // It can still be taken back, as she was told.
        accept::cancel(&core, &self.asker, sealed).await.unwrap();

        let subject = Subject { number: self.asker.children[0].0, id: self.child };
        for store in &core.stores {
            let copies = store.list(subject).await.unwrap().copies;
            let place = [StoreId::Location, StoreId::FromLocation].contains(&store.id());
            let expected = if place { 3 } else { 4 };
            assert_eq!(copies, expected, "{:?}", store.id());
        }
        for n in [PLACE_GONE, SEALED, UNDONE, UNTOUCHED] {
            assert_eq!(play(&core, &self.asker, self.recordings[n as usize]).await, wav(&canary(n)));
        }
        // What was deleted is not taken in again, also now.
        let child = subject.id;
        for n in [GONE_BEFORE, GONE_SINCE] {
            let file = data.join("again.wav");
            std::fs::write(&file, wav(&canary(n))).unwrap();
            let incoming = household::incoming(child, core.clock.now(), &file);
            let refused = service::ingest::ingest(&core, &incoming).await;
            assert!(matches!(refused, Err(service::ingest::IngestError::Erased)), "{n}: {refused:?}");
            std::fs::remove_file(file).unwrap();
        }
        ledger::sequence(&core).await.unwrap();
        // What was decided and how it ended can be proved as before.
        let entries =
            ledger::receipt::entries(&core, &self.asker, child, false, None, 1000).await.unwrap().items;
        let told =
            ["request", "decision", "complete"].map(|kind| entries.iter().filter(move |it| it.kind == kind));
        assert_eq!(told.clone().map(Iterator::count), [5, 2, 5]);
        for entry in told.into_iter().flatten() {
            let proof = ledger::receipt::of_entry(&core, &self.asker, child, entry.seq).await;
            assert!(proof.is_ok(), "{} {}: {proof:?}", entry.seq, entry.kind);
        }
        let (size, restores): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT size FROM ledger_head),
                    (SELECT count(*) FROM ledger_entry WHERE body LIKE 'forget-me-not/restore/v1%')",
        )
        .fetch_one(core.db.read())
        .await
        .unwrap();
        assert!(size.cast_unsigned() > self.published, "the ledger goes on where it was");
        assert_eq!(restores, 1, "and says that it was restored");
        core.db.close().await;
        core.keys.close().await;
        assert_eq!(ledger::fsck(data).await.unwrap(), [""; 0]);
        for n in GONE_BEFORE..=CAME_SINCE {
            let gone = [GONE_BEFORE, GONE_SINCE, CAME_SINCE].contains(&n);
            assert_eq!(household::contains(data, canary(n).as_bytes()), !gone, "canary {n}");
        }
        let ids: Vec<String> = self.recordings.iter().map(ToString::to_string).collect();
        for n in [GONE_BEFORE, GONE_SINCE, CAME_SINCE] {
            assert!(!household::contains(data, ids[n as usize].as_bytes()), "the id of {n}");
            assert!(!data.join(format!("media/{child}/{}", ids[n as usize])).exists());
        }
    }
}

/// A copy of a household's folder.
pub async fn back_up(home: &Household) -> TempDir {
    home.core.db.empty_wal().await.unwrap();
    let backup = tempfile::tempdir().unwrap();
    copy(home.folder.path(), backup.path());
    backup
}

/// The service ends; its folder stays.
pub async fn end(home: Household) -> TempDir {
    home.core.db.close().await;
    home.core.keys.close().await;
    home.folder
}

impl Folders {
    /// The backup's database, for what cannot be waited for.
    pub async fn in_the_backup(&self, sql: &'static str) {
        let db = service::db::Db::open(&self.backup.path().join("forget-me-not.db")).await.unwrap();
        let mut tx = db.write().await.unwrap();
        assert_eq!(sqlx::query(sql).execute(&mut *tx).await.unwrap().rows_affected(), 1);
        tx.commit().await.unwrap();
        db.close().await;
    }

    /// The disk with the database is lost; of the rest only what is named is left.
    pub fn lose(&self, left: &[&str]) {
        for entry in std::fs::read_dir(self.data.path()).unwrap() {
            let entry = entry.unwrap();
            if !left.contains(&&*entry.file_name().to_string_lossy()) {
                if entry.path().is_dir() {
                    std::fs::remove_dir_all(entry.path()).unwrap();
                } else {
                    std::fs::remove_file(entry.path()).unwrap();
                }
            }
        }
    }

    pub fn restore(&self, stop_at: Option<&str>) -> Process {
        self.restore_with(&[], stop_at)
    }

    pub fn restore_with(&self, arguments: &[&str], stop_at: Option<&str>) -> Process {
        let from = self.backup.path().to_string_lossy();
        Process::run(self.data.path(), [&["restore", "--from", &*from], arguments].concat(), stop_at)
    }

    /// What `restore` says when it refuses.
    pub fn refused(&self) -> String {
        let mut command = process::on(self.data.path());
        let output = command.arg("restore").arg("--from").arg(self.backup.path()).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }
}

pub async fn play(core: &Arc<Core>, asker: &Asker, recording: RecordingId) -> Vec<u8> {
    let expires_at = core.clock.now().plus_seconds(600);
    let session = service::session::Session {
        asker: asker.clone(),
        permissions: service::session::Permissions::ALL,
        expires_at,
    };
    let ticket = playback::ticket(core, &session, recording).await.unwrap();
    let opened = playback::open(core, ticket.url.rsplit('/').next().unwrap()).await.unwrap();
    let all = 0..opened.bytes;
    let pieces: Vec<_> =
        playback::stream(household::Shared(core.clone()), opened, all).try_collect().await.unwrap();
    pieces.concat()
}

/// The vendor's key, of which only the backup has a copy.
pub const VENDOR: &str = "fmv_0123456789abcdef0123456789abcdef";

/// What is best to have left, and the least there must be.
pub const BEST: &[&str] =
    &["deletions", "keys.db", "epochs", "ledger", "ledger.key", "tombstone.key", "vendor.key", "media"];
pub const LEAST: &[&str] = &["deletions", "ledger"];
