//! The words that are searched for, in a file of their own: wherever it is lost, old or of another day, it is what the
//! recordings say once the folder is opened.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;
mod process;

use std::{
    ffi::OsStr,
    os::unix::fs::{FileExt, PermissionsExt},
    path::Path,
    sync::Arc,
};

use household::{Household, canary, contains};
use process::{Process, told};
use rules::{Class, ErasureState, RecordingId, Scope, contract::NewErasure, scope::Filter};
use service::{
    core::{Core, Policy},
    db::index,
    erasure::{accept, engine},
    listing::{self, View},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, query, query_scalar, sqlite::SqliteConnectOptions};

async fn raw(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap()
}

fn erase(home: &Household, scope: Scope, waive_undo: bool) -> NewErasure {
    NewErasure { child: Some(home.child), scope, include_kept: false, waive_undo, as_of: None }
}

async fn found(home: &Household, n: i64) -> Vec<RecordingId> {
    let filter = Filter { q: Some(canary(n)), ..Filter::default() };
    let view = View { asker: &home.asker, words: true };
    let page = listing::page(&home.core, view, home.child, &filter, None, 50).await.unwrap();
    page.items.iter().map(|item| item.id).collect()
}

async fn entries(home: &Household) -> i64 {
    query_scalar("SELECT count(*) FROM search_index_docsize").fetch_one(home.core.db.read()).await.unwrap()
}

#[tokio::test]
async fn words_stand_in_their_own_file_and_in_no_other() {
    let home = Household::new().await;
    home.record_whole(0, &canary(0), true).await;
    home.core.db.empty_wal().await.unwrap();
    let backup = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(home.folder.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() && !entry.file_name().to_string_lossy().starts_with(index::FILE) {
            std::fs::copy(entry.path(), backup.path().join(entry.file_name())).unwrap();
        }
    }
    assert!(home.files_contain(&canary(0)), "the scan would find it");
    assert!(!contains(backup.path(), canary(0).as_bytes()), "a backup has no word of it");
}

/// Opens the folder with its words in this file from now on.
async fn moved(home: &Household, file: &Path) -> anyhow::Result<Arc<Core>> {
    let (data, clock) = (home.folder.path(), home.clock.clone());
    Core::open_with_index(data, Policy::default(), clock, None, Some(file)).await
}

async fn reopened_with(mut home: Household, file: &Path) -> Household {
    home.core.db.close().await;
    home.core.keys.close().await;
    home.core = moved(&home, file).await.unwrap();
    home
}

/// Destroys the pages of what is written, and leaves those by which it would be found.
async fn damage(file: &Path) {
    let page: i64 = {
        let mut db = raw(file).await;
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'search_index_content'";
        let page = query_scalar(root).fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        page
    };
    let file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(&[0xee; 4096], (page.cast_unsigned() - 1) * 4096).unwrap();
}

/// As after a process that died between the two files' commits; and more of it than that.
#[tokio::test]
async fn a_file_that_is_behind_lost_or_broken_is_made_anew_from_what_is_there() {
    for how in [
        "without an entry",
        "of yesterday",
        "lost",
        "broken",
        "broken inside",
        "empty",
        "no index",
        "another version",
    ] {
        let home = Household::new().await;
        let file = home.folder.path().join(index::FILE);
        let first = home.record(0, &canary(0), true).await;
        home.core.db.empty_wal().await.unwrap();
        let yesterday = std::fs::read(&file).unwrap();
        let second = home.record(1, &canary(1), true).await;
        let sealed = home.record(2, &canary(2), true).await;
        let scope = Scope::Items { recordings: vec![sealed] };
        let (erasure, _) =
            accept::accept(&home.core, &home.asker, &erase(&home, scope, false), None).await.unwrap();
        // Its words go, and it stays.
        home.record(3, &canary(3), true).await;
        let (from, to) = (Some(home.at(3)), Some(home.at(4)));
        home.delete(&erase(&home, Scope::Class { class: Class::Derived, from, to }, true)).await;
        home.core.db.close().await;
        match how {
            "without an entry" => {
                let mut db = raw(&file).await;
                query("DELETE FROM search_index WHERE rowid <> (SELECT min(id) FROM search_index_docsize)")
                    .execute(&mut db)
                    .await
                    .unwrap();
                db.close().await.unwrap();
            }
            "of yesterday" => std::fs::write(&file, yesterday).unwrap(),
            "lost" => index::remove(&file).unwrap(),
            "broken" => std::fs::write(&file, [7; 10_000]).unwrap(),
            "broken inside" => damage(&file).await,
            "empty" => std::fs::write(&file, []).unwrap(),
            "another version" => {
                let mut db = raw(&file).await;
                query("UPDATE about SET format = 0").execute(&mut db).await.unwrap();
                query("UPDATE search_index SET words = 'old'").execute(&mut db).await.unwrap();
                db.close().await.unwrap();
            }
            _ => {
                index::remove(&file).unwrap();
                let mut db = raw(&file).await;
                query("CREATE TABLE another (thing)").execute(&mut db).await.unwrap();
                db.close().await.unwrap();
            }
        }
        let home = home.reopened().await;
        assert_eq!(found(&home, 0).await, [first], "{how}");
        assert_eq!(found(&home, 1).await, [second], "{how}");
        assert_eq!((found(&home, 2).await, found(&home, 3).await), (vec![], vec![]), "{how}");
        assert_eq!(entries(&home).await, 3, "two in use and one that can be taken back: {how}");
        accept::cancel(&home.core, &home.asker, erasure.id).await.unwrap();
        assert_eq!(found(&home, 2).await, [sealed], "{how}");
    }
}

#[tokio::test]
async fn killed_between_a_recording_and_its_entry_the_next_start_enters_it() {
    let home = Household::new().await;
    home.record(0, &canary(0), true).await;
    home.core.db.close().await;
    home.core.keys.close().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.wav"), household::wav("one")).unwrap();
    let manifest = format!("file,captured_at,transcript\none.wav,2026-11-20T08:00:00Z,{}\n", canary(1));
    std::fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
    let from = folder.path().to_string_lossy().into_owned();
    let data = home.folder.path();
    Process::run(
        data,
        ["import", "--guardian", "parent-1", "--child", "Mia", &from],
        Some("ingest-committed"),
    )
    .kill_where_it_stopped(data);
    assert!(!home.files_contain(&canary(1)), "it has no entry yet");
    let home = home.reopened().await;
    assert_eq!((found(&home, 0).await.len(), found(&home, 1).await.len()), (1, 1));
}

#[tokio::test]
async fn a_file_that_knows_what_was_deleted_is_cleaned_before_anything_is_served() {
    let home = Household::new().await;
    let file = home.folder.path().join(index::FILE);
    let gone = home.record(0, &canary(0), true).await;
    home.record(1, &canary(1), true).await;
    home.core.db.empty_wal().await.unwrap();
    let yesterday = std::fs::read(&file).unwrap();
    home.delete(&erase(&home, Scope::Items { recordings: vec![gone] }, true)).await;
    home.core.db.close().await;
    std::fs::write(&file, yesterday).unwrap();
    assert!(home.files_contain(&canary(0)));
    let home = home.reopened().await;
    assert!(!home.files_contain(&canary(0)), "every byte of it");
    assert!(found(&home, 0).await.is_empty() && found(&home, 1).await.len() == 1);
}

#[tokio::test]
async fn on_another_disk_it_is_erased_from_as_well_and_nothing_of_it_is_in_the_folder() {
    let home = Household::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("words.db");
    let gone = home.record(0, &canary(0), true).await;
    home.record(1, &canary(1), true).await;
    home.core.db.close().await;
    assert!(moved(&home, &elsewhere.path().join("none/words.db")).await.is_err());
    let home = reopened_with(home, &file).await;
    for n in 0..2 {
        assert!(!home.files_contain(&canary(n)), "the words have moved");
        assert_eq!(found(&home, n).await.len(), 1);
    }
    home.core.db.empty_wal().await.unwrap();
    assert!(contains(elsewhere.path(), canary(0).as_bytes()));
    home.delete(&erase(&home, Scope::Items { recordings: vec![gone] }, true)).await;
    assert!(!contains(elsewhere.path(), canary(0).as_bytes()), "and are deleted there");
    assert!(contains(elsewhere.path(), canary(1).as_bytes()));
}

#[tokio::test]
async fn nobody_else_of_the_machine_reads_it_wherever_it_is() {
    let home = Household::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::set_permissions(elsewhere.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let file = elsewhere.path().join("words.db");
    let home = reopened_with(home, &file).await;
    home.record(0, &canary(0), true).await;
    let modes = || {
        let entries = std::fs::read_dir(elsewhere.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect::<Vec<_>>()
    };
    assert_eq!(modes(), [0o600; 3], "the file, its log and its index");
    // Of a copy that somebody put back.
    home.core.db.close().await;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let home = home.reopened().await;
    assert_eq!((modes(), found(&home, 0).await.len()), (vec![0o600; 3], 1));
}

#[tokio::test]
async fn what_is_not_a_search_index_of_this_folder_is_refused_and_left_as_it_is() {
    let (home, other) = (Household::new().await, Household::new().await);
    home.record(0, &canary(0), true).await;
    other.record(1, &canary(1), true).await;
    other.core.db.close().await;
    home.core.db.close().await;
    home.core.keys.close().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (data, notes) = (home.folder.path(), elsewhere.path().join("notes.txt"));
    std::fs::write(&notes, "dear diary").unwrap();
    let of_somebody = elsewhere.path().join("another.db");
    let mut db = raw(&of_somebody).await;
    query("CREATE TABLE thing (name)").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    let link = elsewhere.path().join("link.db");
    std::os::unix::fs::symlink(data.join("forget-me-not.db"), &link).unwrap();
    for (path, why) in [
        (notes, "is no search index"),
        (of_somebody, "is no search index"),
        (other.folder.path().join("forget-me-not.db"), "is no search index"),
        (other.folder.path().join(index::FILE), "is the search index of "),
        (data.join("forget-me-not.db"), "in the data folder it is search.db"),
        (link, "in the data folder it is search.db"),
        (data.join("keys.db"), "in the data folder it is search.db"),
        (data.join("words.db"), "in the data folder it is search.db"),
        (elsewhere.path().to_owned(), "that is a folder"),
    ] {
        let before = std::fs::read(&path).ok();
        let refused = moved(&home, &path).await.err().unwrap();
        assert!(format!("{refused:#}").contains(why), "{}: {refused:#}", path.display());
        assert_eq!(std::fs::read(&path).ok(), before, "{}", path.display());
        assert!(!data.join(index::ELSEWHERE).exists(), "nor remembered");
    }
    let home = home.reopened().await;
    assert_eq!(found(&home, 0).await.len(), 1);
}

#[tokio::test]
async fn as_long_as_another_process_has_it_open_it_is_neither_moved_nor_replaced() {
    let home = Household::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (file, new) = (home.folder.path().join(index::FILE), elsewhere.path().join("words.db"));
    home.record(0, &canary(0), true).await;
    let refused = moved(&home, &new).await.err().unwrap();
    assert!(format!("{refused:#}").contains("another process has the search index"), "{refused:#}");
    assert!(!new.exists() && file.exists() && found(&home, 0).await.len() == 1);
    home.core.db.empty_wal().await.unwrap();
    std::fs::write(&file, [7; 4096]).unwrap();
    let refused = Core::open(home.folder.path(), Policy::default()).await.err().unwrap();
    assert!(format!("{refused:#}").contains("another process has the search index"), "{refused:#}");
    assert_eq!(std::fs::read(&file).unwrap(), [7; 4096]);
    let home = home.reopened().await;
    assert_eq!(found(&home, 0).await.len(), 1);
    // Two may share it.
    let second = Core::open(home.folder.path(), Policy::default()).await.unwrap();
    second.db.close().await;
    assert!(reopened_with(home, &new).await.files_contain("Kitchen") && new.exists() && !file.exists());
}

#[tokio::test]
async fn a_copy_of_the_folder_does_not_share_the_index_of_the_original() {
    let home = Household::new().await;
    let (elsewhere, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = elsewhere.path().join("words.db");
    let home = reopened_with(home, &file).await;
    home.record(0, &canary(0), true).await;
    home.core.db.close().await;
    home.core.keys.close().await;
    for entry in std::fs::read_dir(home.folder.path()).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    for epoch in std::fs::read_dir(home.folder.path().join("epochs")).unwrap().map(Result::unwrap) {
        std::fs::create_dir_all(copy.path().join("epochs")).unwrap();
        std::fs::copy(epoch.path(), copy.path().join("epochs").join(epoch.file_name())).unwrap();
    }
    let before = std::fs::read(&file).unwrap();
    let refused = Core::open(copy.path(), Policy::default()).await.err().unwrap();
    assert!(format!("{refused:#}").contains("is the search index of"), "{refused:#}");
    let own = copy.path().join(index::FILE);
    let core =
        Core::open_with_index(copy.path(), Policy::default(), home.clock.clone(), None, Some(&own)).await;
    core.unwrap().db.close().await;
    assert_eq!(std::fs::read(&file).unwrap(), before, "the original's is as it was");
    assert!(contains(copy.path(), canary(0).as_bytes()));
    let home = home.reopened().await;
    assert_eq!(found(&home, 0).await.len(), 1);
}

#[tokio::test]
async fn one_that_is_damaged_while_the_service_runs_stops_no_deletion() {
    let home = Household::new().await;
    let file = home.folder.path().join(index::FILE);
    let gone = home.record(0, &canary(0), true).await;
    home.record(1, &canary(1), true).await;
    home.core.db.empty_wal().await.unwrap();
    damage(&file).await;
    let (well, words) = told([OsStr::new("--data"), home.folder.path().as_os_str(), OsStr::new("erasures")]);
    assert!(!well && words.contains("the search index is damaged"), "{words}");
    let request = erase(&home, Scope::Items { recordings: vec![gone] }, true);
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    for _ in 0..4 {
        engine::tick(&home.core).await.unwrap();
        home.clock.advance(120);
    }
    assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
    assert_eq!(index::damage(&home.core.db).await.unwrap(), None);
    assert!(found(&home, 0).await.is_empty() && found(&home, 1).await.len() == 1);
    assert!(!home.files_contain(&canary(0)));
}

#[tokio::test]
async fn killed_before_it_was_cleaned_the_next_start_cleans_it() {
    let home = Household::new().await;
    let file = home.folder.path().join(index::FILE);
    let gone = home.record(0, &canary(0), true).await;
    home.record(1, &canary(1), true).await;
    home.core.db.empty_wal().await.unwrap();
    let yesterday = std::fs::read(&file).unwrap();
    home.delete(&erase(&home, Scope::Items { recordings: vec![gone] }, true)).await;
    home.core.db.close().await;
    home.core.keys.close().await;
    std::fs::write(&file, yesterday).unwrap();
    let data = home.folder.path();
    let empty = tempfile::tempdir().unwrap();
    let from = empty.path().to_string_lossy().into_owned();
    Process::run(data, ["import", "--guardian", "parent-1", "--child", "Mia", &from], Some("index-removed"))
        .kill_where_it_stopped(data);
    let unclean = async || {
        let mut db = raw(&file).await;
        let unclean: bool = query_scalar("SELECT unclean FROM about").fetch_one(&mut db).await.unwrap();
        let entries: i64 =
            query_scalar("SELECT count(*) FROM search_index_docsize").fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        (unclean, entries)
    };
    assert_eq!(unclean().await, (true, 1));
    let home = home.reopened().await;
    assert_eq!(unclean().await, (false, 1));
    assert!(!home.files_contain(&canary(0)) && found(&home, 1).await.len() == 1);
}
