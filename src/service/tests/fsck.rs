//! `fsck` finds each fault that can be made, and none where there is none.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;
mod process;

use std::path::{Path, PathBuf};

use household::{Household, canary};
use proof::leaf::Kind;
use rules::{Scope, contract::NewErasure};
use service::ledger::{
    self, receipt,
    tiles::{Level, Tile},
};
use sqlx::{query, query_scalar};

/// A ledger of a full tile and more, with an erasure in it.
async fn household() -> Household {
    let home = Household::new().await;
    for n in 0..3 {
        home.record(n, &canary(n), true).await;
    }
    let mut tx = home.core.db.write().await.unwrap();
    for n in 0..300 {
        let body = format!("entry {n}\n");
        ledger::enter(&mut tx, &home.core, home.number, Kind::Access, |_| body).await.unwrap();
    }
    tx.commit().await.unwrap();
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Items { recordings: home.ids_where(|n| n < 2).await },
        include_kept: false,
        waive_undo: true,
        as_of: None,
    };
    home.delete(&request).await;
    ledger::sequence(&home.core).await.unwrap();
    home
}

async fn faults(home: &Household) -> Vec<String> {
    ledger::fsck(home.folder.path()).await.unwrap()
}

/// The one fault that there is.
async fn fault(home: &Household) -> String {
    let faults = faults(home).await;
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults.into_iter().next().unwrap()
}

async fn change(home: &Household, sql: &'static str) {
    let mut tx = home.core.db.write().await.unwrap();
    let changed = query(sql).execute(&mut *tx).await.unwrap();
    assert!(changed.rows_affected() > 0, "{sql}");
    tx.commit().await.unwrap();
}

async fn file(home: &Household, level: Level, n: u64) -> PathBuf {
    let size: i64 =
        query_scalar("SELECT size FROM ledger_head").fetch_one(home.core.db.read()).await.unwrap();
    let size = size.cast_unsigned();
    let whole = Tile { level, n, width: 256 };
    home.core
        .ledger
        .folder()
        .join(ledger::tiles::edge(level, size).filter(|tile| tile.n == n).unwrap_or(whole).path())
}

fn flip(path: &std::path::Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn nothing_is_found_where_nothing_is_wrong() {
    let home = household().await;
    assert_eq!(faults(&home).await, [""; 0]);
    // An entry that waits is no fault.
    let mut tx = home.core.db.write().await.unwrap();
    ledger::enter(&mut tx, &home.core, home.number, Kind::Access, |_| "waits\n".into()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(faults(&home).await, [""; 0]);
}

#[tokio::test]
async fn a_changed_tile_or_entry_and_a_missing_file() {
    for (level, n) in [(Level::Hashes(0), 0), (Level::Hashes(0), 1), (Level::Hashes(1), 0)] {
        let home = household().await;
        let path = file(&home, level, n).await;
        flip(&path, 7);
        let found = fault(&home).await;
        assert!(found.contains("not what its entries make it") && found.starts_with("tile/"), "{found}");
        std::fs::remove_file(&path).unwrap();
        assert!(fault(&home).await.starts_with("tile/"));
    }
    for n in [0, 1] {
        let home = household().await;
        let path = file(&home, Level::Entries, n).await;
        flip(&path, 40);
        let found = faults(&home).await;
        assert!(
            found.iter().any(|fault| fault.contains("not the one that the database remembers")),
            "{found:?}"
        );
        std::fs::remove_file(&path).unwrap();
        assert!(fault(&home).await.starts_with("tile/entries/"));
    }
}

#[tokio::test]
async fn a_head_that_is_ahead_and_a_checkpoint_that_is_not_the_heads() {
    let home = household().await;
    change(&home, "UPDATE ledger_head SET size = size + 3").await;
    let found = faults(&home).await;
    assert!(found.iter().any(|fault| fault.starts_with("the head has ")), "{found:?}");

    // Ahead of the tiles, and entered: the files are what is missing.
    let home = household().await;
    let mut tx = home.core.db.write().await.unwrap();
    ledger::enter(&mut tx, &home.core, home.number, Kind::Access, |_| "entered\n".into()).await.unwrap();
    tx.commit().await.unwrap();
    change(&home, "UPDATE ledger_head SET size = size + 1").await;
    let found = faults(&home).await;
    assert!(found.iter().any(|fault| fault.starts_with("tile/entries/001.p/")), "{found:?}");
    assert!(found.iter().any(|fault| fault.starts_with("the head's root")), "{found:?}");
    assert!(found.iter().any(|fault| fault.starts_with("checkpoint: has ")), "{found:?}");

    let home = household().await;
    let path = home.core.ledger.folder().join("checkpoint");
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().nth(2).unwrap();
    std::fs::write(&path, text.replacen(line, &proof::base64::encode(&[7; 32]), 1)).unwrap();
    assert!(fault(&home).await.starts_with("checkpoint: "));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(fault(&home).await, "checkpoint: missing");
}

#[tokio::test]
async fn a_tag_that_comes_twice_and_a_broken_chain() {
    let home = household().await;
    // An operator who makes another entry in the place of one, and forgets nothing else.
    change(
        &home,
        "INSERT INTO ledger_entry (place, leaf, body, entered_at)
         SELECT (SELECT max(place) + 1 FROM ledger_entry), leaf, body, entered_at FROM ledger_entry WHERE seq = 5",
    )
    .await;
    ledger::sequence(&home.core).await.unwrap();
    let found = fault(&home).await;
    assert!(found.ends_with("its tag was there before"), "{found}");

    let home = household().await;
    change(&home, "UPDATE ledger_entry SET body = 'otherwise' WHERE seq = 5").await;
    assert!(fault(&home).await.contains("entry 5 is not what the key makes it"));
    let home = household().await;
    change(&home, "UPDATE child_log SET next = next + 1").await;
    assert!(fault(&home).await.contains("its log has"));
}

#[tokio::test]
async fn what_a_store_still_holds() {
    let home = household().await;
    change(&home, "INSERT INTO transcript (seq, child, sealed) VALUES (1, 1, x'6c656674')").await;
    assert_eq!(fault(&home).await, "transcripts of no recording: 1");
    for lineage in ["", "; INSERT INTO derivation_source VALUES (9, 1, 7)"] {
        let home = household().await;
        let sql = format!(
            "INSERT INTO derivation (number, id, child, kind, sealed, made_at, created_at)
             VALUES (9, 'drv', 1, 'fact', x'6c656674', 0, 0){lineage}"
        );
        let mut tx = home.core.db.write().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(fault(&home).await, "things made from no recording: 1");
    }
    let home = household().await;
    let folder = home.folder.path().join("media").join(home.child.to_string());
    std::fs::write(folder.join("rec_00000000000000000000000000"), "left").unwrap();
    assert!(fault(&home).await.starts_with("media of no recording"));
    let home = household().await;
    change(&home, "UPDATE erasure_child SET place = NULL").await;
    assert_eq!(fault(&home).await, "finished erasures without their entry: 1");
}

#[tokio::test]
async fn rows_and_keys_that_do_not_belong_together() {
    for (in_keys, sql, expected) in [
        (true, "UPDATE dek SET transcript = NULL", "transcript with no key: 3"),
        (true, "UPDATE dek SET location = waveform", "location with a key that does not open: 3"),
        (true, "DELETE FROM thing", "things with no key: 10"),
        (false, "DELETE FROM waveform", "waveform with a key of nothing: 3"),
        (false, "UPDATE transcript SET sealed = x'00'", "transcript with what does not open: 3"),
        (true, "UPDATE thing SET wrapped = x'00'", "things with a key that does not open: 10"),
        (true, "UPDATE kek SET wrapped = x'00'", "the key of CHILD does not open"),
        (false, "DELETE FROM transcript", "transcript with a key of nothing: 3"),
        (
            false,
            "UPDATE recording SET usable = usable & ~4",
            "location with a key that is in no use and no plan: 3",
        ),
        (false, "UPDATE derivation SET sealed = x'00'", "things that do not open: 10"),
        (
            true,
            "INSERT INTO dek SELECT child, 'rec_00000000000000000000000000', NULL, transcript, NULL, NULL FROM dek LIMIT 1",
            "keys of no recording: 1",
        ),
        (
            true,
            "INSERT INTO thing SELECT child, 'drv_00000000000000000000000000', wrapped FROM thing LIMIT 1",
            "keys of no thing: 1",
        ),
    ] {
        let home = household().await;
        for n in 20..22 {
            home.record_whole(n, "walnut", true).await;
        }
        ledger::sequence(&home.core).await.unwrap();
        let file = home.folder.path().join(if in_keys { "keys.db" } else { "forget-me-not.db" });
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let mut db = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::query(sql).execute(&mut db).await.unwrap();
        let expected = expected.replace("CHILD", &home.child.to_string());
        assert_eq!(fault(&home).await, expected, "{sql}");
    }
    let home = household().await;
    home.core.keys.close().await;
    std::fs::remove_file(home.folder.path().join("keys.db")).unwrap();
    assert_eq!(fault(&home).await, "keys: keys.db is missing");
}

/// A backup whose keys are older than its database: what was recorded between has rows and no keys.
#[tokio::test]
async fn rows_whose_keys_are_lost_and_neither_row_nor_key() {
    let home = household().await;
    ledger::sequence(&home.core).await.unwrap();
    let file = home.folder.path().join("keys.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut keys = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query("DELETE FROM dek").execute(&mut keys).await.unwrap();
    let found = faults(&home).await;
    for part in ["media", "transcript", "location", "waveform"] {
        assert!(found.contains(&format!("{part} with no key: 1")), "{found:?}");
    }
    change(&home, "DELETE FROM waveform").await;
    let found = faults(&home).await;
    assert!(found.contains(&"waveform with neither row nor key: 1".into()), "{found:?}");
}

#[tokio::test]
async fn a_statement_about_a_store_that_nobody_looked_into() {
    let home = household().await;
    change(&home, "DELETE FROM erasure_step WHERE store = 'keys'").await;
    let found = fault(&home).await;
    assert!(found.ends_with("its statement says that keys was emptied, which nobody looked for"), "{found}");
    let home = household().await;
    change(&home, "UPDATE erasure_step SET verified_at = NULL WHERE store = 'media'").await;
    let found = fault(&home).await;
    assert!(found.ends_with("says that media was emptied, which nobody looked for"), "{found}");
}

/// A restoring would take an empty one for those that were lost.
#[tokio::test]
async fn lost_keys_are_told_and_not_made_anew() {
    let home = household().await;
    let (folder, _) = home.left().await;
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(folder.path().join(format!("keys.db{end}")));
    }
    assert_eq!(ledger::fsck(folder.path()).await.unwrap(), ["keys: keys.db is missing"]);
    let refused = service::core::Core::open(folder.path(), service::core::Policy::default()).await;
    assert!(refused.err().unwrap().to_string().contains("there is no keys.db"));
    assert!(!folder.path().join("keys.db").exists());
}

#[tokio::test]
async fn the_commands_say_it_and_fail() {
    let home = household().await;
    let erasure: String =
        query_scalar("SELECT id FROM erasure").fetch_one(home.core.db.read()).await.unwrap();
    let receipt = receipt::of_erasure(&home.core, &home.asker, erasure.parse().unwrap(), None).await.unwrap();
    let inventory = receipt::of_inventory(&home.core, 1).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let policy = write("policy", &home.core.ledger.policy());
    let inventory = write("inventory.tlog-proof", &inventory);
    let verify = |receipt: &str| {
        let receipt = write("receipt.tlog-proof", receipt);
        let of = Path::new;
        process::told([of("verify"), &receipt, of("--policy"), &policy, of("--inventory"), &inventory])
    };
    let (good, told) = verify(&receipt);
    assert!(good, "{told}");
    assert!(told.contains("proved     that inventory was published before"), "{told}");
    let (good, told) = verify(&receipt.replacen("\nindex ", "\nindex 1", 1));
    assert!(!good && told.contains("failed "), "{told}");

    let fsck = || process::told([Path::new("fsck"), Path::new("--data"), home.folder.path()]);
    assert_eq!(fsck(), (true, "the ledger is what it should be\n".into()));
    flip(&file(&home, Level::Hashes(0), 0).await, 0);
    let (good, told) = fsck();
    assert!(!good && told.lines().count() == 1, "{told}");
}
