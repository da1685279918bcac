//! The words that are searched for, in a file of their own: wherever it is lost, old or of another day, it is what the
//! recordings say once the folder is opened.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;
mod process;

use std::path::Path;

use household::{Household, canary, contains};
use process::Process;
use rules::{Class, RecordingId, Scope, contract::NewErasure, scope::Filter};
use service::{
    db::index,
    erasure::accept,
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

/// As after a process that died between the two files' commits; and more of it than that.
#[tokio::test]
async fn a_file_that_is_behind_lost_or_broken_is_made_anew_from_what_is_there() {
    for how in ["without an entry", "of yesterday", "lost", "broken", "empty", "no index"] {
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
            "empty" => std::fs::write(&file, []).unwrap(),
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
    assert!(index::put(home.folder.path(), &elsewhere.path().join("none/words.db")).is_err());
    index::put(home.folder.path(), &file).unwrap();
    let home = home.reopened().await;
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
