//! The restore drill, with the real binary: recorded, backed up, deleted, lost, restored. What was deleted
//! after the backup is nowhere, and nothing is served before that is so.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;
mod process;

use std::path::Path;

use household::{Household, canary, wav};
use process::{Process, free_port, mint};
use rules::{
    ChildId, Class, ErasureId, ErasureState, RecordingId, Scope, StoreId,
    contract::{Erasure, NewErasure, NewSession},
};
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    erasure::{Asker, ErasureError, Idempotency, accept, engine, report, view},
    ledger,
    outbound::{self, Reach},
    playback,
    store::Subject,
};
use sqlx::query_scalar;

/// A household, its backup, and what happened after that.
struct Drill {
    data: tempfile::TempDir,
    backup: tempfile::TempDir,
    asker: Asker,
    child: ChildId,
    recordings: Vec<RecordingId>,
    /// Deleted, a place alone, still sealed, taken back.
    erasures: [ErasureId; 4],
    published: u64,
}

/// What each of the recordings says and what becomes of it.
const GONE_BEFORE: i64 = 0;
const GONE_SINCE: i64 = 1;
const PLACE_GONE: i64 = 2;
const SEALED: i64 = 3;
const UNDONE: i64 = 4;
const UNTOUCHED: i64 = 5;
const CAME_SINCE: i64 = 6;

fn copy(from: &Path, to: &Path) {
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
    async fn new() -> Self {
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
        home.core.db.empty_wal().await.unwrap();
        let backup = tempfile::tempdir().unwrap();
        copy(home.folder.path(), backup.path());
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
        home.core.db.close().await;
        home.core.keys.close().await;
        let Household { core, asker, folder, child, .. } = home;
        drop(core);
        let erasures = [deleted, place, sealed, undone];
        Self { data: folder, backup, asker, child, recordings, erasures, published: size.cast_unsigned() }
    }

    /// The backup's database, for what cannot be waited for.
    async fn in_the_backup(&self, sql: &'static str) {
        let db = service::db::Db::open(&self.backup.path().join("forget-me-not.db")).await.unwrap();
        let mut tx = db.write().await.unwrap();
        assert_eq!(sqlx::query(sql).execute(&mut *tx).await.unwrap().rows_affected(), 1);
        tx.commit().await.unwrap();
        db.close().await;
    }

    /// The disk with the database is lost; of the rest only what is named is left.
    fn lose(&self, left: &[&str]) {
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

    fn restore(&self, stop_at: Option<&str>) -> Process {
        let from = self.backup.path().to_string_lossy();
        Process::run(self.data.path(), ["restore", "--from", &from], stop_at)
    }

    /// What `restore` says when it refuses.
    fn refused(&self) -> String {
        let mut command = process::on(self.data.path());
        let output = command.arg("restore").arg("--from").arg(self.backup.path()).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    /// Everything is as it was before the loss, and what was deleted is nowhere.
    async fn check(&self) {
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

async fn play(core: &std::sync::Arc<Core>, asker: &Asker, recording: RecordingId) -> Vec<u8> {
    use futures::TryStreamExt;
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
const VENDOR: &str = "fmv_0123456789abcdef0123456789abcdef";

/// What is best to have left, and the least there must be.
const BEST: &[&str] =
    &["deletions", "keys.db", "epochs", "ledger", "ledger.key", "tombstone.key", "vendor.key", "media"];
const LEAST: &[&str] = &["deletions", "ledger"];

#[tokio::test]
async fn what_was_deleted_after_the_backup_stays_deleted() {
    for left in [BEST, LEAST] {
        let drill = Drill::new().await;
        assert!(
            household::contains(drill.backup.path(), canary(GONE_SINCE).as_bytes()),
            "the drill means something"
        );
        drill.lose(left);
        assert!(drill.restore(None).ends_well());
        let core = Core::open(drill.data.path(), Policy::default()).await.unwrap();
        let sessions: i64 =
            query_scalar("SELECT count(*) FROM session").fetch_one(core.db.read()).await.unwrap();
        assert_eq!(sessions, 0, "who was signed in then may have signed out since");
        core.db.close().await;
        core.keys.close().await;
        drop(core);
        drill.check().await;
    }
}

#[tokio::test]
async fn killed_anywhere_the_next_start_goes_on() {
    for point in [
        "restore-copying",
        "restore-placing",
        "restore-copied",
        "restore-replayed",
        "restore-erased",
        "restore-entered",
    ] {
        let drill = Drill::new().await;
        drill.lose(LEAST);
        // Twice: going on may be killed too.
        for _ in 0..2 {
            drill.restore(Some(point)).kill_where_it_stopped(drill.data.path());
        }
        if point == "restore-copying" {
            // The service goes on as well, and makes no secret in the place of one that the backup has.
            Process::serve(drill.data.path(), Some("restore-replayed"))
                .kill_where_it_stopped(drill.data.path());
            assert_eq!(std::fs::read_to_string(drill.data.path().join("vendor.key")).unwrap(), VENDOR);
        }
        assert!(drill.restore(None).ends_well(), "{point}");
        drill.check().await;
    }
}

#[tokio::test]
async fn nothing_is_served_before_all_of_it_is_deleted_again() {
    let drill = Drill::new().await;
    let data = drill.data.path();
    drill.lose(LEAST);
    drill.restore(Some("restore-copied")).kill_where_it_stopped(data);
    let client = outbound::builder(Reach::ThisMachine).build().unwrap();
    for point in ["restore-replayed", "restore-erased", "restore-entered"] {
        let service = Process::serve_on(data, free_port(), Some(point));
        let waiting = service.port;
        let path = data.to_owned();
        let service = tokio::task::spawn_blocking(move || {
            service.wait_where_it_stops(&path);
            service
        })
        .await
        .unwrap();
        let token = mint(data);
        let status = async |path: &str| {
            let url = format!("http://127.0.0.1:{waiting}{path}");
            client.get(url).bearer_auth(&token).send().await.unwrap().status().as_u16()
        };
        assert_eq!(status("/healthz").await, 200, "{point}");
        for path in
            ["/readyz", "/v1/children", "/", "/ledger/checkpoint", "/metrics", "/openapi.json", "/app"]
        {
            assert_eq!(status(path).await, 503, "{point} {path}");
        }
        service.kill_where_it_stopped(data);
        let import = Process::run(data, ["import", "--child", "Mia", "."], None).ends_well();
        assert!(!import, "and nothing is taken in");
    }
    let service = Process::serve_on(data, free_port(), None);
    service.is_ready().await;
    drop(service);
    drill.check().await;
}

/// The undo came after the backup, and the loss after the end of its time: nobody erases meanwhile.
#[tokio::test]
async fn what_was_taken_back_after_the_backup_is_not_erased_by_the_service_that_restores() {
    let drill = Drill::new().await;
    drill.in_the_backup("UPDATE erasure SET sealed_until = requested_at WHERE state = 'sealed'").await;
    let data = drill.data.path();
    drill.lose(LEAST);
    drill.restore(Some("restore-copied")).kill_where_it_stopped(data);
    let service = Process::serve_on(data, free_port(), None);
    service.is_ready().await;
    drop(service);
    drill.check().await;

    // And where somebody has erased all the same, it is said.
    let drill = Drill::new().await;
    drill.in_the_backup("UPDATE erasure SET state = 'erasing' WHERE state = 'sealed'").await;
    drill.lose(LEAST);
    assert!(drill.refused().contains("was taken back, and the restored database carries it out"));
}

/// A database that somebody put in place while the restoring was broken off.
#[tokio::test]
async fn a_database_that_stands_in_the_place_is_never_written_over() {
    for point in ["restore-copying", "restore-placing"] {
        let drill = Drill::new().await;
        let data = drill.data.path();
        drill.lose(LEAST);
        drill.restore(Some(point)).kill_where_it_stopped(data);
        let theirs = data.join("forget-me-not.db");
        std::fs::write(&theirs, "somebody's").unwrap();
        assert!(drill.refused().contains("move"), "{point}");
        assert!(!Process::serve(data, None).ends_well(), "{point}");
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "somebody's", "{point}");
        std::fs::remove_file(theirs).unwrap();
        assert!(drill.restore(None).ends_well(), "{point}");
        drill.check().await;
    }
}

/// `keys.db` and the epochs' keys belong together, and a rotation after the backup parts those of the backup
/// from those of the folder.
#[tokio::test]
async fn keys_that_do_not_belong_together_are_refused_and_none_is_replaced() {
    let drill = Drill::new().await;
    let data = drill.data.path();
    let epoch = |folder: &Path, n: u32| std::fs::read(folder.join(format!("epochs/{n}.key"))).ok();
    std::fs::remove_file(drill.backup.path().join("keys.db")).unwrap();
    drill.lose(&["deletions", "ledger", "epochs"]);
    let first = epoch(data, 1).unwrap();
    assert!(drill.refused().contains("there is no keys.db"));
    assert_eq!(epoch(data, 1), Some(first), "and nothing was touched");
    assert!(!data.join("restoring").exists());

    let drill = Drill::new().await;
    let data = drill.data.path();
    assert!(Process::run(data, ["keys", "rotate"], None).ends_well());
    let second = epoch(data, 2);
    assert!(second.is_some() && epoch(data, 1).is_none());
    // The new keys without the key that opens them, and with the old one in the backup.
    let saved = tempfile::tempdir().unwrap();
    copy(&data.join("epochs"), &saved.path().join("epochs"));
    drill.lose(&["deletions", "ledger", "keys.db"]);
    assert!(drill.refused().contains("they belong together"));
    assert!(!data.join("restoring").exists());
    copy(&saved.path().join("epochs"), &data.join("epochs"));
    assert!(drill.restore(None).ends_well());
    assert_eq!(epoch(data, 2), second);
    assert!(epoch(data, 1).is_none(), "what a rotation ended stays ended");
    drill.check().await;
}

/// What only the database knows is not accepted yet, and the operator hears of it.
#[tokio::test]
async fn what_cannot_be_written_down_is_not_answered_as_accepted() {
    let home = Household::new().await;
    home.record(0, &canary(0), true).await;
    let folder = home.folder.path().join("deletions");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::write(&folder, "a file where a folder should be").unwrap();
    home.clock.advance(1);
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Child {},
        include_kept: false,
        waive_undo: true,
        as_of: None,
    };
    let ask = async || {
        let key = Idempotency { key: "once".into(), request_hash: [7; 32] };
        accept::accept(&home.core, &home.asker, &request, Some(key)).await
    };
    for _ in 0..2 {
        assert!(matches!(ask().await, Err(ErasureError::NotWrittenDown)), "also when it is asked again");
    }
    assert!(engine::tick(&home.core).await.is_err(), "and nothing is erased");
    assert_eq!(home.holds(StoreId::Media).await, 1);
    let now = home.clock.now();
    let report = async |now| report::list(&home.core.db, home.folder.path(), now, false).await.unwrap();
    assert!(!report(now).await[0].is_alarming(), "it may be written within the minute");
    let later = report(now.plus_seconds(120)).await;
    assert!(later[0].unwritten && later[0].is_alarming());
    assert!(later[0].to_string().contains("not written to deletions/"));

    std::fs::remove_file(&folder).unwrap();
    let (erasure, new) = ask().await.unwrap();
    assert!(!new && folder.join(erasure.id.to_string()).is_file());
    assert!(!report(now.plus_seconds(120)).await[0].unwritten);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
}

/// A file of a deletion is written again when more is buried with it.
#[tokio::test]
async fn what_is_refused_on_its_way_is_written_down_too() {
    let home = Household::new().await;
    home.record(0, &canary(0), true).await;
    let file = home.folder.path().join("late.wav");
    std::fs::write(&file, wav(&canary(1))).unwrap();
    let late = household::incoming(home.child, home.core.clock.now(), &file);
    home.clock.advance(1);
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Child {},
        include_kept: false,
        waive_undo: false,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    let written = home.folder.path().join("deletions").join(erasure.id.to_string());
    let tombstones = || std::fs::read_to_string(&written).unwrap().matches("\ntombstone ").count();
    let buried = tombstones();
    let refused = service::ingest::ingest(&home.core, &late).await;
    assert!(matches!(refused, Err(service::ingest::IngestError::Leaving)), "{refused:?}");
    engine::tick(&home.core).await.unwrap();
    assert_eq!(tombstones(), buried + 1);
    // Done, its plan is gone, and what was written down stays as it was.
    home.clock.advance(72 * 3600);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
    let refused = service::ingest::ingest(&home.core, &late).await;
    assert!(matches!(refused, Err(service::ingest::IngestError::Erased)), "{refused:?}");
    engine::tick(&home.core).await.unwrap();
    assert_eq!(std::fs::read_to_string(&written).unwrap().matches("\nitem ").count(), 1);
}

#[tokio::test]
async fn without_what_must_be_known_nothing_is_restored() {
    let drill = Drill::new().await;
    assert!(drill.refused().contains("there is a database"), "no deletion would reach that one");
    drill.lose(&["ledger"]);
    assert!(drill.refused().contains("there is no folder deletions"));

    let drill = Drill::new().await;
    // The backup's ledger is older than what the world has seen.
    drill.lose(&["deletions"]);
    let refused = drill.refused();
    assert!(refused.contains("the ledger has published"), "{refused}");

    let drill = Drill::new().await;
    drill.lose(&["deletions", "ledger"]);
    std::fs::write(drill.data.path().join("tombstone.key"), [1; 32]).unwrap();
    assert!(drill.refused().contains("another service"));

    let drill = Drill::new().await;
    drill.lose(LEAST);
    std::fs::remove_file(drill.backup.path().join("tombstone.key")).unwrap();
    assert!(drill.refused().contains("there is no tombstone.key"), "nothing would be recognised");
    assert!(!drill.data.path().join("tombstone.key").exists());

    // The file of a deletion that was not copied whole.
    let drill = Drill::new().await;
    drill.lose(LEAST);
    let file = drill.data.path().join("deletions").join(drill.erasures[0].to_string());
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.strip_suffix("end\n").unwrap()).unwrap();
    assert!(drill.refused().contains("ends too early"));
    std::fs::write(&file, text).unwrap();
    assert!(drill.restore(None).ends_well(), "with the whole file it goes on");
    drill.check().await;
}
