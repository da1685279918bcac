//! Media that nobody can read without their keys, and keys that are really gone.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use std::path::{Path, PathBuf};

use futures::StreamExt;
use household::{Household, Shared, canary, long_wav, wav};
use rules::{Class, RecordingId, Scope, StoreId, Stores, contract::NewErasure};
use service::{
    core::{Core, Policy},
    keys::{KeyError, Keys, kms::Kms},
    playback::{self, BrokenOff},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, query, query_scalar, sqlite::SqliteConnectOptions};

fn of(scope: Scope, home: &Household) -> NewErasure {
    NewErasure { child: Some(home.child), scope, include_kept: false, waive_undo: true, as_of: None }
}

fn items(recordings: &[RecordingId]) -> Scope {
    Scope::Items { recordings: recordings.to_vec() }
}

fn object(home: &Household, recording: RecordingId) -> PathBuf {
    home.folder.path().join(format!("media/{}/{recording}", home.child))
}

/// The key database, beside the service.
async fn raw(data: &Path, secure_delete: &'static str) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(data.join("keys.db"));
    options.pragma("secure_delete", secure_delete).connect().await.unwrap()
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

#[tokio::test]
async fn what_was_heard_is_nowhere_on_the_disk_in_the_clear_also_while_it_plays() {
    let home = Household::new().await;
    let (small, large) = (wav(&canary(1)), long_wav(&canary(2), 5 << 20));
    for (n, bytes) in [(1, &small), (2, &large)] {
        let id = home.record_bytes(n, bytes).await;
        assert!(household::holds(bytes, canary(n).as_bytes()), "the scan would find it");
        assert!(!home.files_contain(&canary(n)), "after it was taken in: {n}");
        let opened = home.open(id).await;
        assert_eq!(opened.bytes, bytes.len() as u64);
        let mut playing =
            Box::pin(playback::stream(Shared(home.core.clone()), opened, 0..bytes.len() as u64));
        let first = playing.next().await.unwrap().unwrap();
        assert!(bytes.starts_with(&first) && household::holds(&first, canary(n).as_bytes()), "it plays");
        assert!(!home.files_contain(&canary(n)), "while it plays: {n}");
        drop(playing);
        assert_eq!(home.play(id).await.unwrap(), *bytes);
    }
    for (from, to) in [(0, 1), (16_383, 16_385), (16_384, 32_768), (131_071, 300_000), (5_000_000, 5_242_924)]
    {
        let id = home.ids_where(|n| n == 1).await[0];
        let opened = home.open(id).await;
        let pieces: Vec<_> = playback::stream(Shared(home.core.clone()), opened, from..to).collect().await;
        let pieces: Vec<_> = pieces.into_iter().map(Result::unwrap).collect();
        assert_eq!(pieces.concat(), large[from as usize..to as usize], "{from}..{to}");
    }
}

#[tokio::test]
async fn an_object_that_is_not_what_was_written_breaks_off() {
    let home = Household::new().await;
    let (a, b) = (home.record_bytes(0, &wav("first")).await, home.record_bytes(1, &wav("other")).await);
    let good = std::fs::read(object(&home, a)).unwrap();
    let mut flipped = good.clone();
    flipped[4000] ^= 1;
    let other = std::fs::read(object(&home, b)).unwrap();
    assert_eq!(good.len(), other.len());
    let longer = [&good[..], b"more"].concat();
    for (what, bytes) in [
        ("flipped", &flipped[..]),
        ("another's", &other),
        ("cut", &good[..good.len() - 1]),
        ("longer", &longer),
    ] {
        std::fs::write(object(&home, a), bytes).unwrap();
        assert!(matches!(home.play(a).await, Err(BrokenOff::Damaged(_))), "{what}");
    }
    std::fs::write(object(&home, a), good).unwrap();
    assert_eq!(home.play(a).await.unwrap(), wav("first"));
}

#[tokio::test]
async fn a_wrapped_key_that_is_moved_to_another_recording_does_not_open() {
    let home = Household::new().await;
    let (a, b) = (home.record_bytes(0, &wav("first")).await, home.record_bytes(1, &wav("other")).await);
    let mut keys = raw(home.folder.path(), "ON").await;
    query("UPDATE dek SET media = (SELECT media FROM dek WHERE recording = ?) WHERE recording = ?")
        .bind(a.to_string())
        .bind(b.to_string())
        .execute(&mut keys)
        .await
        .unwrap();
    assert!(matches!(home.play(b).await, Err(BrokenOff::Key(KeyError::Damaged))));
    assert_eq!(home.play(a).await.unwrap(), wav("first"));
}

#[tokio::test]
async fn a_childs_own_key_goes_with_its_last_recording() {
    let home = Household::new().await;
    let first = home.record_bytes(0, &wav("first")).await;
    home.record_bytes(1, &wav("other")).await;
    let mut keys = raw(home.folder.path(), "ON").await;
    let media = Scope::Class { class: Class::Media, from: None, to: None };
    for (scope, deks, keks) in [(items(&[first]), 1, 1), (media, 0, 0)] {
        home.delete(&of(scope, &home)).await;
        assert_eq!(home.holds(StoreId::Keys).await, deks);
        let left: i64 = query_scalar("SELECT count(*) FROM kek").fetch_one(&mut keys).await.unwrap();
        assert_eq!(left, keks);
    }
}

#[tokio::test]
async fn the_check_finds_what_sqlite_only_forgot() {
    let home = Household::new().await;
    let id = home.record_bytes(0, &wav("first")).await;
    home.record_bytes(1, &wav("other")).await;
    let owner = [((home.child, id), Stores::ALL)];
    assert_eq!(home.core.keys.traces(&owner).await.unwrap(), 1);
    // Deleted as SQLite does it by itself: the row is gone, its bytes are not.
    let mut keys = raw(home.folder.path(), "OFF").await;
    query("DELETE FROM dek WHERE recording = ?").bind(id.to_string()).execute(&mut keys).await.unwrap();
    keys.close().await.unwrap();
    assert!(home.core.keys.key(home.child, id).await.unwrap().is_none());
    assert_eq!(home.core.keys.traces(&owner).await.unwrap(), 1, "the bytes are still in a file");
    home.core.keys.empty_wal().await.unwrap();
    assert_eq!(home.core.keys.traces(&owner).await.unwrap(), 1, "also in the main file");
    home.core.keys.scrub().await.unwrap();
    assert_eq!(home.core.keys.traces(&owner).await.unwrap(), 0);
}

#[tokio::test]
async fn no_trace_of_a_destroyed_key_is_left_whatever_the_order() {
    let home = Household::new().await;
    // Any ids, out of order: rows move between pages, and SQLite leaves copies in the gaps.
    let all: Vec<_> = (0..3000_u128)
        .map(|n| {
            let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 40;
            ((home.child, RecordingId::from_parts(5, n)), Stores::ALL)
        })
        .collect();
    for some in all.chunks(50) {
        home.core.keys.make(some).await.unwrap();
    }
    let (gone, kept): (Vec<_>, Vec<_>) = all.iter().copied().enumerate().partition(|(n, _)| n % 3 != 0);
    let [gone, kept] = [gone, kept].map(|some| some.into_iter().map(|(_, of)| of).collect::<Vec<_>>());
    assert_eq!(home.core.keys.traces(&gone).await.unwrap(), 2000);
    for some in gone.chunks(100) {
        home.core.keys.destroy(some, &[]).await.unwrap();
    }
    home.core.keys.scrub().await.unwrap();
    assert_eq!(home.core.keys.traces(&gone).await.unwrap(), 0);
    assert_eq!(home.core.keys.traces(&kept).await.unwrap(), 1000);
}

/// A backup of everything but the epoch keys, before the deletion; brought back after the rotation.
#[tokio::test]
async fn a_copy_from_before_opens_nothing_after_a_rotation() {
    let home = Household::new().await;
    let (gone, kept) =
        (home.record_bytes(0, &wav(&canary(0))).await, home.record_bytes(1, &wav("kept")).await);
    let backup = tempfile::tempdir().unwrap();
    copy(home.folder.path(), backup.path());
    std::fs::remove_dir_all(backup.path().join("epochs")).unwrap();

    home.delete(&of(items(&[gone]), &home)).await;
    // Until a rotation the copy opens: the page may not say otherwise.
    copy(&home.folder.path().join("epochs"), &backup.path().join("epochs"));
    let before = Keys::open(backup.path(), home.at(0)).await.unwrap();
    assert!(before.key(home.child, gone).await.unwrap().is_some());
    before.close().await;
    std::fs::remove_dir_all(backup.path().join("epochs")).unwrap();

    let rotated = home.core.keys.rotate(|| home.at(0)).await.unwrap();
    assert_eq!((rotated.epoch, rotated.children, rotated.renewed, rotated.destroyed), (2, 1, 1, 1));
    assert_eq!(home.play(kept).await.unwrap(), wav("kept"), "what is alive plays");
    copy(&home.folder.path().join("epochs"), &backup.path().join("epochs"));
    let refused = Keys::open(backup.path(), home.at(0)).await.err().unwrap();
    assert!(refused.to_string().contains("the key of epoch 1"), "{refused:#}");
    // Also told that there is a later epoch, it has no key that would open what it holds.
    let mut keys = raw(backup.path(), "ON").await;
    query("INSERT INTO epoch (number, made_at) VALUES (2, 0)").execute(&mut keys).await.unwrap();
    keys.close().await.unwrap();
    let restored = Keys::open(backup.path(), home.at(0)).await.unwrap();
    for recording in [gone, kept] {
        let opened = restored.key(home.child, recording).await;
        assert!(matches!(opened, Err(KeyError::Kms(_))), "{recording}");
    }
    assert!(backup.path().join(format!("media/{}/{gone}", home.child)).exists(), "the bytes are there");
    assert!(!household::contains(backup.path(), canary(0).as_bytes()), "and nobody can read them");
}

/// Worse: somebody has the copy and the living database, and puts the old row into it.
#[tokio::test]
async fn a_row_from_a_copy_does_not_open_in_the_living_database_after_a_rotation() {
    let home = Household::new().await;
    let gone = home.record_bytes(0, &wav("gone")).await;
    let kept = home.record_bytes(1, &wav("kept")).await;
    let mut keys = raw(home.folder.path(), "ON").await;
    let old: Vec<u8> = query_scalar("SELECT media FROM dek WHERE recording = ?")
        .bind(gone.to_string())
        .fetch_one(&mut keys)
        .await
        .unwrap();
    home.delete(&of(items(&[gone]), &home)).await;
    for (rotate, opens) in [(false, true), (true, false)] {
        if rotate {
            home.core.keys.rotate(|| home.at(0)).await.unwrap();
        }
        query("INSERT OR REPLACE INTO dek (child, recording, media) VALUES (?, ?, ?)")
            .bind(home.child.to_string())
            .bind(gone.to_string())
            .bind(&old)
            .execute(&mut keys)
            .await
            .unwrap();
        assert_eq!(home.core.keys.key(home.child, gone).await.is_ok(), opens, "rotated: {rotate}");
        query("DELETE FROM dek WHERE recording = ?").bind(gone.to_string()).execute(&mut keys).await.unwrap();
    }
    assert_eq!(home.play(kept).await.unwrap(), wav("kept"));
}

#[tokio::test]
async fn epoch_keys_are_this_users_alone_and_end_for_good() {
    use std::os::unix::fs::PermissionsExt;
    let home = Household::new().await;
    let file = home.folder.path().join("epochs/1.key");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let first = std::fs::read(&file).unwrap();
    assert_eq!(first.len(), 32);
    Core::open(home.folder.path(), Policy::default()).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), first, "made once");
    // Another name for the same bytes on the disk sees them overwritten.
    let link = home.folder.path().join("link");
    std::fs::hard_link(&file, &link).unwrap();
    let kms = service::keys::LocalFiles::open(home.folder.path()).unwrap();
    kms.destroy(1).unwrap();
    kms.destroy(1).unwrap();
    assert_eq!(std::fs::read(link).unwrap(), [0; 32]);
    assert_eq!(kms.epoch(1).err().unwrap().kind(), std::io::ErrorKind::NotFound);
    let refused = Core::open(home.folder.path(), Policy::default()).await.err().unwrap();
    assert!(format!("{refused:#}").contains("cannot read the key of epoch 1"), "{refused:#}");
}

#[tokio::test]
async fn a_folder_from_before_media_were_encrypted_is_refused() {
    let home = Household::new().await;
    home.record(0, "one", true).await;
    let mut tx = home.core.db.write().await.unwrap();
    query("UPDATE recording SET usable = usable & 63").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let refused = Core::open(home.folder.path(), Policy::default()).await.err().unwrap();
    assert!(refused.to_string().contains("from before media were encrypted"), "{refused}");
}
