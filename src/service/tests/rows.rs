//! What is said, where, how loud, and what was made from it: rows that nobody can read without their keys, each with
//! its own, and keys that are gone when it was deleted.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;
mod process;

use std::path::Path;

use household::{Household, canary, wav};
use process::Process;
use rules::{
    Class, DerivationId, ErasureState, RecordingId, Scope, StepState, StoreId, Stores,
    contract::{NewErasure, Recording},
    scope::Filter,
};
use service::{
    core::{Core, Policy},
    db::index,
    derived,
    erasure::{accept, engine, view},
    keys::{KeyError, Keys},
    ledger, listing,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, query, query_as, query_scalar,
    sqlite::SqliteConnectOptions,
};

fn of(scope: Scope, home: &Household) -> NewErasure {
    NewErasure { child: Some(home.child), scope, include_kept: false, waive_undo: true, as_of: None }
}

fn items(recordings: &[RecordingId]) -> Scope {
    Scope::Items { recordings: recordings.to_vec() }
}

fn class(class: Class) -> Scope {
    Scope::Class { class, from: None, to: None }
}

async fn raw(data: &Path, file: &str) -> SqliteConnection {
    SqliteConnectOptions::new().filename(data.join(file)).connect().await.unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every encrypted row, by whatever it is of.
async fn sealed(db: &mut SqliteConnection) -> Vec<(String, String, Vec<u8>)> {
    let mut rows = Vec::new();
    for (table, named) in [
        ("transcript", "(SELECT id FROM recording r WHERE r.seq = t.seq)"),
        ("location", "(SELECT id FROM recording r WHERE r.seq = t.seq)"),
        ("waveform", "(SELECT id FROM recording r WHERE r.seq = t.seq)"),
        ("derivation", "id"),
    ] {
        let sql = format!("SELECT '{table}', {named}, sealed FROM {table} t");
        rows.extend(
            query_as::<_, (String, String, Vec<u8>)>(AssertSqlSafe(sql)).fetch_all(&mut *db).await.unwrap(),
        );
    }
    rows
}

/// Whether a row opens with what these keys have for it. `Err` where not even that can be said.
async fn opens(keys: &Keys, home: &Household, row: &(String, String, Vec<u8>)) -> Result<bool, KeyError> {
    let (table, id, sealed) = row;
    if table == "derivation" {
        let id: DerivationId = id.parse().unwrap();
        let key = keys.of_things(home.child, &[id]).await?.remove(&id);
        return Ok(key.is_some_and(|key| key.open(sealed).is_some()));
    }
    let id: RecordingId = id.parse().unwrap();
    let part = StoreId::ALL.into_iter().find(|store| store.name() == table).unwrap();
    let keys = keys.of_parts(home.child, &[id], Stores::ALL).await?.remove(&id).unwrap_or_default();
    Ok(keys.row(part).is_some_and(|key| key.open(sealed).is_some()))
}

/// A backup of everything but the epoch keys, before the deletion; somebody has it after the rotation.
#[tokio::test]
async fn a_copy_from_before_opens_nothing_of_what_was_deleted() {
    let home = Household::new().await;
    let gone = home.record_whole(0, &canary(0), true).await;
    let kept = home.record_whole(1, &canary(1), true).await;
    home.core.db.empty_wal().await.unwrap();
    home.core.keys.empty_wal().await.unwrap();
    let backup = tempfile::tempdir().unwrap();
    copy(home.folder.path(), backup.path());
    std::fs::remove_dir_all(backup.path().join("epochs")).unwrap();
    let mut db = raw(backup.path(), "forget-me-not.db").await;
    let rows = sealed(&mut db).await;
    assert_eq!(rows.len(), 2 * (3 + 5), "three parts and five things of each");
    for row in &rows {
        assert!(opens(&home.core.keys, &home, row).await.unwrap(), "the test opens {row:?} as a reader does");
    }

    home.delete(&of(items(&[gone]), &home)).await;
    let left = sealed(&mut raw(home.folder.path(), "forget-me-not.db").await).await;
    assert_eq!(left.len(), 3 + 5);
    home.core.keys.rotate(|| home.at(0)).await.unwrap();

    // With the keys of today the copy's rows of what was deleted do not open: there are none for them.
    for row in &rows {
        let lives = left.contains(row);
        assert_eq!(opens(&home.core.keys, &home, row).await.unwrap(), lives, "{row:?}");
    }
    // With its own keys nothing opens, not even what lives: the epoch's key is gone.
    copy(&home.folder.path().join("epochs"), &backup.path().join("epochs"));
    let mut keys = raw(backup.path(), "keys.db").await;
    query("INSERT INTO epoch (number, made_at) VALUES (2, 0)").execute(&mut keys).await.unwrap();
    keys.close().await.unwrap();
    let restored = Keys::open(backup.path(), home.at(0)).await.unwrap();
    for row in &rows {
        let opened = opens(&restored, &home, row).await;
        assert!(matches!(opened, Err(KeyError::Kms(_))), "{row:?}");
    }
    restored.close().await;
    // And who puts the old wrapped keys of what was deleted into the database of today has nothing either.
    let mut keys = raw(home.folder.path(), "keys.db").await;
    let from = backup.path().join("keys.db");
    query("ATTACH DATABASE ? AS old").bind(from.to_str().unwrap()).execute(&mut keys).await.unwrap();
    for sql in [
        "INSERT OR IGNORE INTO dek SELECT * FROM old.dek",
        "INSERT OR IGNORE INTO thing SELECT * FROM old.thing",
    ] {
        query(sql).execute(&mut keys).await.unwrap();
    }
    for row in &rows {
        assert_eq!(opens(&home.core.keys, &home, row).await.unwrap(), left.contains(row), "{row:?}");
    }
    assert_eq!(home.play(kept).await.unwrap(), wav(&canary(1)), "what is alive plays");
    assert_eq!(home.read(kept).await.unwrap().transcript.unwrap().text, canary(1));
}

#[tokio::test]
async fn a_class_that_is_deleted_alone_loses_its_keys_alone() {
    for (deleted, stays) in [
        (Class::Transcript, ["media", "location", "waveform"].as_slice()),
        (Class::Location, &["media", "transcript", "waveform"]),
        (Class::Derived, &["media", "transcript", "location"]),
        (Class::Media, &["location"]),
    ] {
        let home = Household::new().await;
        let id = home.record_whole(0, &canary(0), true).await;
        let before = sealed(&mut raw(home.folder.path(), "forget-me-not.db").await).await;
        home.delete(&of(class(deleted), &home)).await;
        let keys =
            home.core.keys.of_parts(home.child, &[id], Stores::ALL).await.unwrap().remove(&id).unwrap();
        for part in [StoreId::Media, StoreId::Transcript, StoreId::Location, StoreId::Waveform] {
            let there = keys.has_any(Stores::NONE.with(part));
            assert_eq!(there, stays.contains(&part.name()), "{part:?} without {deleted:?}");
        }
        let left = sealed(&mut raw(home.folder.path(), "forget-me-not.db").await).await;
        for row in &before {
            let opened = opens(&home.core.keys, &home, row).await.unwrap();
            assert_eq!(opened, left.contains(row), "{row:?} without {deleted:?}");
        }
        let read = home.read(id).await.unwrap();
        assert_eq!(read.transcript.is_some(), stays.contains(&"transcript"));
        assert_eq!(read.location.is_some(), stays.contains(&"location"));
        assert_eq!(read.waveform.is_some(), stays.contains(&"waveform"));
        if stays.contains(&"media") {
            assert_eq!(home.play(id).await.unwrap(), wav(&canary(0)), "it plays without {deleted:?}");
        }
    }
}

#[tokio::test]
async fn a_row_that_is_moved_does_not_open() {
    let home = Household::new().await;
    let one = home.record_whole(0, &canary(0), true).await;
    let two = home.record_whole(1, &canary(1), true).await;
    let mut db = raw(home.folder.path(), "forget-me-not.db").await;
    for sql in [
        "UPDATE transcript SET sealed = (SELECT sealed FROM transcript ORDER BY seq LIMIT 1)",
        "UPDATE location SET sealed = (SELECT sealed FROM waveform w WHERE w.seq = location.seq)",
        "UPDATE derivation SET sealed = (SELECT sealed FROM derivation ORDER BY number LIMIT 1)",
    ] {
        query(sql).execute(&mut db).await.unwrap();
    }
    let (first, second) = (home.read(one).await.unwrap(), home.read(two).await.unwrap());
    assert_eq!(first.transcript.unwrap().text, canary(0), "it is still in its place");
    assert!(second.transcript.is_none() && second.item.excerpt.is_none(), "another recording's");
    assert!(first.location.is_none() && second.location.is_none(), "another part's");
    assert!(first.waveform.is_some());
    let view = listing::View { asker: &home.asker, words: true };
    let things = derived::view::list(&home.core, view, home.child, None, 50).await.unwrap();
    let said: Vec<String> = things.items.into_iter().filter_map(|thing| thing.text).collect();
    assert_eq!(said, [canary(0)], "a thing says what is its own, or nothing");
}

#[tokio::test]
async fn a_key_that_a_dead_process_noted_and_no_thing_came_to_is_swept_at_the_next_start() {
    let home = Household::new().await;
    home.record_whole(0, &canary(0), true).await;
    let of_nothing = (home.child, DerivationId::from_parts(1, 1));
    home.core.keys.make_things(&[of_nothing]).await.unwrap();
    assert_eq!(home.core.keys.count_things(home.child).await.unwrap(), 6);
    query("INSERT INTO incoming_thing (thing, child, owner) VALUES (?, ?, 'dead')")
        .bind(of_nothing.1.to_string())
        .bind(home.child.to_string())
        .execute(&mut raw(home.folder.path(), "forget-me-not.db").await)
        .await
        .unwrap();
    let home = home.reopened().await;
    assert!(home.core.keys.of_things(home.child, &[of_nothing.1]).await.unwrap().is_empty());
    for row in sealed(&mut raw(home.folder.path(), "forget-me-not.db").await).await {
        assert!(opens(&home.core.keys, &home, &row).await.unwrap(), "and nothing else is: {row:?}");
    }
}

/// Everything that the household has said.
async fn said(home: &Household) -> Vec<(RecordingId, Recording)> {
    let mut said = Vec::new();
    for id in home.ids_where(|_| true).await {
        said.push((id, home.read(id).await.unwrap()));
    }
    said
}

/// The tables as they were before there were keys for rows, with what the household has said in them.
async fn as_before(home: Household, texts: Vec<(RecordingId, Recording)>) -> tempfile::TempDir {
    let things: Vec<(i64, String)> =
        query_as("SELECT d.number, d.id FROM derivation d").fetch_all(home.core.db.read()).await.unwrap();
    home.core.db.close().await;
    home.core.keys.close().await;
    let Household { core, folder, .. } = home;
    drop(core);
    index::remove(&folder.path().join(index::FILE)).unwrap();
    let mut db = raw(folder.path(), "forget-me-not.db").await;
    for sql in [
        "DROP TABLE transcript",
        "DROP TABLE location",
        "DROP TABLE waveform",
        "CREATE TABLE transcript (seq INTEGER PRIMARY KEY, child INTEGER NOT NULL, text TEXT NOT NULL, language TEXT) STRICT",
        "CREATE TABLE location (seq INTEGER PRIMARY KEY, child INTEGER NOT NULL, latitude_udeg INTEGER NOT NULL,
             longitude_udeg INTEGER NOT NULL, accuracy_m INTEGER) STRICT",
        "CREATE TABLE waveform (seq INTEGER PRIMARY KEY, child INTEGER NOT NULL, peaks BLOB NOT NULL) STRICT",
        "ALTER TABLE derivation DROP COLUMN sealed",
        "ALTER TABLE derivation ADD COLUMN content TEXT NOT NULL DEFAULT 'nothing'",
        "CREATE VIRTUAL TABLE search_index USING fts5 (words, tokenize = 'ascii')",
        "INSERT INTO search_index (rowid, words) SELECT seq, 'zqxold' FROM recording",
        "DELETE FROM _sqlx_migrations WHERE version IN (15, 17)",
        "PRAGMA user_version = 1",
    ] {
        query(sql).execute(&mut db).await.unwrap();
    }
    for (id, read) in texts {
        let (said, place) = (read.transcript.unwrap(), read.location.unwrap());
        for sql in [
            "INSERT INTO transcript SELECT seq, child, ?2, ?3 FROM recording WHERE id = ?1",
            "INSERT INTO location SELECT seq, child, ?4, ?5, ?6 FROM recording WHERE id = ?1",
            "INSERT INTO waveform SELECT seq, child, ?7 FROM recording WHERE id = ?1",
        ] {
            query(sql)
                .bind(id.to_string())
                .bind(&said.text)
                .bind(&said.language)
                .bind(place.latitude_udeg)
                .bind(place.longitude_udeg)
                .bind(place.accuracy_m)
                .bind(read.waveform.clone().unwrap())
                .execute(&mut db)
                .await
                .unwrap();
        }
    }
    for (number, id) in things {
        query("UPDATE derivation SET content = ? WHERE number = ?")
            .bind(format!("{} {id}", canary(77)))
            .bind(number)
            .execute(&mut db)
            .await
            .unwrap();
    }
    let mut keys = raw(folder.path(), "keys.db").await;
    for sql in [
        "DROP TABLE thing",
        "CREATE TABLE old (child TEXT NOT NULL, recording TEXT NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (child, recording))
             STRICT, WITHOUT ROWID",
        "INSERT INTO old SELECT child, recording, media FROM dek",
        "DROP TABLE dek",
        "ALTER TABLE old RENAME TO dek",
        "DELETE FROM _sqlx_migrations WHERE version = 2",
    ] {
        query(sql).execute(&mut keys).await.unwrap();
    }
    folder
}

#[tokio::test]
async fn what_was_held_in_the_clear_is_encrypted_at_the_next_start_wherever_that_was_killed() {
    let home = Household::new().await;
    for n in 0..3 {
        home.record_whole(n, &canary(n), true).await;
    }
    let (asker, child, ids) = (home.asker.clone(), home.child, home.ids_where(|_| true).await);
    let texts = said(&home).await;
    let folder = as_before(home, texts).await;
    let data = folder.path();
    assert!(household::contains(data, canary(77).as_bytes()), "it is there in the clear");
    for point in
        ["upgrade-batch", "upgrade-batch", "upgrade-things", "upgrade-encrypted", "upgrade-encrypted"]
    {
        Process::serve(data, Some(point)).kill_where_it_stopped(data);
    }
    let core = Core::open(data, Policy::default()).await.unwrap();
    for (id, n) in ids.iter().zip(0..) {
        let read = listing::recording(&core, &asker, *id, None).await.unwrap();
        let said = read.transcript.unwrap();
        assert_eq!((said.text, said.language.as_deref()), (canary(n), Some("en")));
        assert_eq!(read.location.unwrap().latitude_udeg, 47_606_200);
        assert_eq!(read.waveform.unwrap().len(), 256);
        let filter = Filter { q: Some(canary(n)), ..Filter::default() };
        assert_eq!(listing::count(&core, &asker, child, &filter).await.unwrap(), 1, "and is found");
    }
    let view = listing::View { asker: &asker, words: true };
    let things = derived::view::list(&core, view, child, None, 50).await.unwrap().items;
    let said = |thing: &rules::contract::Derivation| {
        thing.text.clone().is_none_or(|text| text.contains(&canary(77)))
    };
    assert!(things.len() == 15 && things.iter().all(said));
    core.db.empty_wal().await.unwrap();
    for said in [canary(77), "zqxold".into()] {
        assert!(!household::contains(data, said.as_bytes()), "and nothing of it is left in the clear");
    }
    let columns: i64 = query_scalar(
        "SELECT count(*) FROM pragma_table_info('transcript') WHERE name IN ('text', 'language')",
    )
    .fetch_one(core.db.read())
    .await
    .unwrap();
    assert_eq!(columns, 0);
    ledger::sequence(&core).await.unwrap();
    core.db.close().await;
    core.keys.close().await;
    assert_eq!(ledger::fsck(data).await.unwrap(), [""; 0]);
}

/// As the old version left them: what has only a place has no keys, and no step for them.
#[tokio::test]
async fn what_is_being_erased_or_sealed_at_the_upgrade_loses_keys_before_a_receipt_says_so() {
    let home = Household::new().await;
    for n in 0..3 {
        home.record_whole(n, &canary(n), true).await;
    }
    let texts = said(&home).await;
    let mut asked = Vec::new();
    for (n, class) in [(0, Class::Location), (1, Class::Location), (2, Class::Transcript)] {
        let (from, to) = (Some(home.at(n)), Some(home.at(n).plus_seconds(1)));
        let request = NewErasure { waive_undo: false, ..of(Scope::Class { class, from, to }, &home) };
        asked.push(accept::accept(&home.core, &home.asker, &request, None).await.unwrap().0.id);
    }
    let (asker, child, clock) = (home.asker.clone(), home.child, home.clock.clone());
    let folder = as_before(home, texts.clone()).await;
    let mut db = raw(folder.path(), "forget-me-not.db").await;
    query("DELETE FROM erasure_step WHERE store = 'keys'").execute(&mut db).await.unwrap();
    query("UPDATE erasure SET state = 'erasing' WHERE id = ?")
        .bind(asked[0].to_string())
        .execute(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();

    let core = Core::open_with(folder.path(), Policy::default(), clock.clone()).await.unwrap();
    accept::cancel(&core, &asker, asked[2]).await.unwrap();
    let back = listing::recording(&core, &asker, texts[2].0, None).await.unwrap();
    assert_eq!(back.transcript.unwrap().text, canary(2), "what is taken back is there as it was");
    let location = Stores::NONE.with(StoreId::Location);
    let sealed = [((child, texts[1].0), location)];
    assert_eq!(core.keys.traces(&sealed).await.unwrap(), 1, "what can be taken back has a key");
    clock.advance(core.policy.undo_window_seconds + 1);
    engine::tick(&core).await.unwrap();
    ledger::sequence(&core).await.unwrap();
    for id in &asked[..2] {
        let erasure = view::get(&core, &asker, *id).await.unwrap();
        assert_eq!(erasure.state, ErasureState::Deleted);
        let keys = erasure.steps.iter().find(|step| step.store == StoreId::Keys).unwrap();
        assert_eq!(keys.state, StepState::VerifiedAbsent, "nothing counts as done because it was skipped");
        ledger::receipt::of_erasure(&core, &asker, *id, None).await.unwrap();
    }
    assert_eq!(core.keys.traces(&sealed).await.unwrap(), 0);
    let destroyed: i64 = query_scalar("SELECT count(*) FROM ledger_entry WHERE leaf LIKE '%key-destroyed%'")
        .fetch_one(core.db.read())
        .await
        .unwrap();
    assert_eq!(destroyed, 2, "the ledger has an entry of each");
    core.db.close().await;
    core.keys.close().await;
    assert_eq!(ledger::fsck(folder.path()).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn no_statement_is_made_of_keys_that_nobody_looked_for() {
    let home = Household::new().await;
    let id = home.record_whole(0, &canary(0), true).await;
    let erasure = home.ask(items(&[id]), true).await;
    let mut tx = home.core.db.write().await.unwrap();
    query("DELETE FROM erasure_step WHERE store = 'keys'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Erasing);
}
