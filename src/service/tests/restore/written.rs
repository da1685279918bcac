//! What is decided is on the disk outside of the database before it is answered, names nobody, and goes with the
//! backups that do not know it.

use std::path::Path;

use rules::{
    ErasureState, Scope, StoreId, contract::NewErasure, erasure::UNDO_WINDOW_SECONDS,
    retention::BACKUPS_END_AFTER_DAYS,
};
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    erasure::{ErasureError, Idempotency, accept, engine, report},
    keep::{self, KeepError},
    ledger,
};
use sqlx::query_scalar;

use crate::{
    drill::{Folders, LEAST, back_up, copy, end},
    household::{self, Household, canary},
};

const DAY: i64 = 86_400;

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

#[tokio::test]
async fn an_undo_or_a_keep_that_cannot_be_written_down_is_answered_by_the_same_request_once_it_is() {
    let home = Household::new().await;
    let recording = home.record(0, &canary(0), true).await;
    let until = home.clock.now().date().plus_days(30);
    let request = of(&home, Scope::Items { recordings: vec![home.record(1, &canary(1), true).await] });
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    let folder = home.folder.path().join("deletions");
    let aside = home.folder.path().join("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "a file where a folder should be").unwrap();
    let undo = async || accept::cancel(&home.core, &home.asker, erasure.id).await;
    let keep = async || keep::put(&home.core, &home.asker, recording, until).await;
    let release = async || keep::delete(&home.core, &home.asker, recording).await;
    for _ in 0..2 {
        assert!(matches!(undo().await, Err(ErasureError::NotWrittenDown)));
        assert!(matches!(keep().await, Err(KeepError::NotWrittenDown)));
    }
    let soon = home.clock.now().plus_seconds(120);
    let report = report::list(&home.core.db, home.folder.path(), soon, false).await.unwrap();
    assert!(report[0].unwritten, "the operator hears of the undo");
    assert_eq!(report::unwritten(&home.core.db, soon).await.unwrap(), 1, "and of the keep");

    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(aside, &folder).unwrap();
    // Whether the engine wrote it or the request does.
    engine::tick(&home.core).await.unwrap();
    assert_eq!(undo().await.unwrap().state, ErasureState::Cancelled);
    assert!(matches!(undo().await, Err(ErasureError::NotSealed(_))), "answered once");
    assert_eq!(keep().await.unwrap().until, until);
    release().await.unwrap();
    assert_eq!((say(&folder, "\nundone "), say(&folder, "\nkeep ")), (1, 2));
    assert_eq!(report::unwritten(&home.core.db, soon).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_written_down_names_nobody() {
    let home = Household::new().await;
    let recordings = [home.record(0, &canary(0), true).await, home.record(1, &canary(1), true).await];
    home.clock.advance(1);
    let (undone, _) =
        accept::accept(&home.core, &home.asker, &of(&home, Scope::Child {}), None).await.unwrap();
    accept::cancel(&home.core, &home.asker, undone.id).await.unwrap();
    keep::put(&home.core, &home.asker, recordings[0], home.clock.now().date().plus_days(9)).await.unwrap();
    home.delete(&NewErasure { waive_undo: true, ..of(&home, Scope::Child {}) }).await;
    let folder = home.folder.path().join("deletions");
    assert_eq!(["\nitem ", "\nundone ", "\nkeep "].map(|what| say(&folder, what)), [2, 1, 1]);
    let guardian = home.asker.guardian.to_string();
    for id in [home.child.to_string(), guardian, recordings[0].to_string(), recordings[1].to_string()] {
        assert!(!household::contains(&folder, id.as_bytes()), "{id}");
    }
    assert!(!household::contains(&folder, b"parent-1") && !household::contains(&folder, b"Mia"));
}

/// It may be accepted between what an engine does: that has looked for what is to be written down, and now erases.
#[tokio::test]
async fn what_is_accepted_while_the_engine_works_is_not_erased_before_it_is_written_down() {
    let home = Household::new().await;
    let recordings = [home.record(0, &canary(0), true).await, home.record(1, &canary(1), true).await];
    let items = |n: usize| of(&home, Scope::Items { recordings: vec![recordings[n]] });
    let (due, _) = accept::accept(&home.core, &home.asker, &items(0), None).await.unwrap();
    home.clock.advance(UNDO_WINDOW_SECONDS + 1);
    let folder = home.folder.path().join("deletions");
    std::fs::rename(&folder, home.folder.path().join("aside")).unwrap();
    std::fs::write(&folder, "a file where a folder should be").unwrap();
    let held = home.core.db.write().await.unwrap();
    let now = NewErasure { waive_undo: true, ..items(1) };
    let (accepted, _, ()) = tokio::join!(
        // First in the queue of those who write, and next the engine, which has seen that there is nothing to write down.
        accept::accept(&home.core, &home.asker, &now, None),
        engine::tick(&home.core),
        async {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            held.rollback().await.unwrap();
        }
    );
    assert!(matches!(accepted, Err(ErasureError::NotWrittenDown)));
    assert_eq!(home.state(due.id).await, ErasureState::Deleted, "the engine has worked");
    assert_eq!(home.holds(StoreId::Media).await, 1);
}

/// Under another key nothing that is written down would be recognised, also where nothing was ever deleted.
#[tokio::test]
async fn a_lost_key_is_not_replaced_once_anything_is_written_down() {
    let home = Household::new().await;
    let recording = home.record(0, &canary(0), true).await;
    keep::put(&home.core, &home.asker, recording, home.clock.now().date().plus_days(9)).await.unwrap();
    let folder = end(home).await;
    std::fs::remove_file(folder.path().join("tombstone.key")).unwrap();
    let Err(refused) = Core::open(folder.path(), Policy::default()).await else { panic!("it was opened") };
    assert!(format!("{refused:#}").contains("tombstone.key is missing"), "{refused:#}");
}

/// It is needed as long as there may be a backup that does not know it.
#[tokio::test]
async fn what_is_written_down_goes_with_the_backups_that_do_not_know_it() {
    let past = SystemClock.now().plus_seconds(-60 * DAY);
    let home = Household::starting(past).await;
    let recordings = [
        home.record(0, &canary(0), true).await,
        home.record(1, &canary(1), true).await,
        home.record(2, &canary(2), true).await,
    ];
    home.clock.advance(1);
    let backup = back_up(&home).await;
    let items = |n: usize| Scope::Items { recordings: vec![recordings[n]] };
    home.delete(&NewErasure { waive_undo: true, ..of(&home, items(0)) }).await;
    let (undone, _) = accept::accept(&home.core, &home.asker, &of(&home, items(1)), None).await.unwrap();
    accept::cancel(&home.core, &home.asker, undone.id).await.unwrap();
    keep::put(&home.core, &home.asker, recordings[1], home.clock.now().date().plus_days(400)).await.unwrap();
    let folder = home.folder.path().join("deletions");
    engine::tick(&home.core).await.unwrap();
    let later = async |days: i64| {
        home.clock.advance(days * DAY);
        engine::tick(&home.core).await.unwrap();
        files(&folder)
    };
    later(BACKUPS_END_AFTER_DAYS).await;
    let there = ["\nitem ", "\nundone ", "\nkeep "].map(|what| say(&folder, what));
    assert_eq!(there, [2, 1, 1], "the last backup ends today");
    // One that is not over stays, whatever its age.
    let (open, _) = accept::accept(&home.core, &home.asker, &of(&home, items(2)), None).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    assert_eq!(later(1).await, ["checkpoint".to_owned(), open.id.to_string()]);

    // Whoever restores a backup that should have ended is told, and nothing comes back.
    let folders = Folders { data: end(home).await, backup };
    folders.lose(LEAST);
    let refused = folders.refused();
    assert!(refused.contains("a backup older than 35 days"), "{refused}");
}

/// Files that are many become few, and say the same, also where a copy elsewhere has both.
#[tokio::test]
async fn the_notes_of_a_day_become_one_file() {
    for both in [false, true] {
        let home = Household::starting(SystemClock.now().plus_seconds(-2 * DAY)).await;
        let mut recordings = Vec::new();
        for n in 0..3 {
            recordings.push(home.record(n, &canary(n), true).await);
        }
        home.clock.advance(1);
        let backup = back_up(&home).await;
        let until = home.clock.now().date().plus_days(30);
        for recording in &recordings {
            keep::put(&home.core, &home.asker, *recording, until).await.unwrap();
        }
        keep::delete(&home.core, &home.asker, recordings[1]).await.unwrap();
        ledger::sequence(&home.core).await.unwrap();
        let folder = home.folder.path().join("deletions");
        assert_eq!(say(&folder, "\nkeep "), 4);
        let elsewhere = tempfile::tempdir().unwrap();
        copy(&folder, elsewhere.path());
        home.clock.advance(DAY);
        engine::tick(&home.core).await.unwrap();
        let notes = files(&folder).into_iter().filter(|name| name.starts_with("note_")).count();
        assert_eq!((notes, say(&folder, "\nkeep ")), (1, 1));

        let folders = Folders { data: end(home).await, backup };
        folders.lose(LEAST);
        if both {
            copy(elsewhere.path(), &folders.data.path().join("deletions"));
        }
        assert!(folders.restore(None).ends_well());
        let core = Core::open(folders.data.path(), Policy::default()).await.unwrap();
        let kept: Vec<String> =
            query_scalar("SELECT r.id FROM keep k JOIN recording r ON r.seq = k.seq ORDER BY r.seq")
                .fetch_all(core.db.read())
                .await
                .unwrap();
        assert_eq!(kept, [recordings[0].to_string(), recordings[2].to_string()]);
        core.db.close().await;
        core.keys.close().await;
    }
}

/// Asks for this, with an undo.
fn of(home: &Household, scope: Scope) -> NewErasure {
    NewErasure { child: Some(home.child), scope, include_kept: true, waive_undo: false, as_of: None }
}

fn files(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

/// How many files say this.
fn say(folder: &Path, what: &str) -> usize {
    let says = |name: &String| std::fs::read_to_string(folder.join(name)).unwrap().contains(what);
    files(folder).iter().filter(|name| says(name)).count()
}
