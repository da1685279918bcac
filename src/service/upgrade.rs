//! Rows from before there were keys for them: encrypted in batches, before anything is served; then the files
//! are written anew, so that nothing of them is left in the clear. May be killed anywhere: the next start goes on.

use rules::{ChildId, DerivationId, RecordingId, StoreId, Stores, location::Place};
use sqlx::{AssertSqlSafe, Row, query, query_scalar, sqlite::SqliteRow};

use crate::{
    db::Db,
    faults,
    keys::{Keys, rows},
    search,
    session::id,
};

/// Files of this version (SQLite's `user_version`) have nothing of a recording in the clear, and no word that is
/// searched for.
const ENCRYPTED: i64 = 3;
/// Rows encrypted in one transaction: bounds memory, and what a crash repeats.
const BATCH: i64 = 1000;
/// The same of things, which may have 256 KiB each.
const THINGS: i64 = 50;

/// A table of one row a recording, and its columns from before.
struct Old {
    part: StoreId,
    columns: &'static [&'static str],
    emptied: &'static str,
}

const OLD: [Old; 3] = [
    Old { part: StoreId::Transcript, columns: &["text", "language"], emptied: "text = '', language = NULL" },
    Old {
        part: StoreId::Location,
        columns: &["latitude_udeg", "longitude_udeg", "accuracy_m"],
        emptied: "latitude_udeg = 0, longitude_udeg = 0, accuracy_m = NULL",
    },
    Old { part: StoreId::Waveform, columns: &["peaks"], emptied: "peaks = x''" },
];

/// Encrypts what is in the clear. One process at a time.
pub async fn encrypt(db: &Db, keys: &Keys) -> anyhow::Result<()> {
    let version: i64 = query_scalar("PRAGMA user_version").fetch_one(db.read()).await?;
    if version >= ENCRYPTED {
        return Ok(());
    }
    let is_new = is_new(db).await?;
    for old in &OLD {
        if has_column(db, old.part.name(), old.columns[0]).await? {
            parts(db, keys, old).await?;
            drop_columns(db, old.part.name(), old.columns, "sealed IS NULL").await?;
        }
    }
    if has_column(db, "derivation", "content").await? {
        things(db, keys).await?;
        let in_the_clear = "sealed IS NULL AND content <> '' AND child IN (SELECT number FROM child)";
        drop_columns(db, "derivation", &["content"], in_the_clear).await?;
    }
    give_steps(db).await?;
    faults::point("upgrade-encrypted");
    if !is_new {
        search::mend::scrub(db, keys).await?;
        db.scrub().await?;
        keys.scrub().await?;
        db.empty_wal().await?;
        tracing::info!("what is held of recordings is encrypted, and nothing of it is left in the clear");
    }
    let mut tx = db.write().await?;
    query(AssertSqlSafe(format!("PRAGMA user_version = {ENCRYPTED}"))).execute(&mut *tx).await?;
    Ok(tx.commit().await?)
}

/// Whether the tables have just been made, so that there is nothing to clean.
async fn is_new(db: &Db) -> sqlx::Result<bool> {
    let any: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM recording) OR EXISTS (SELECT 1 FROM erasure) OR EXISTS (SELECT 1 FROM derivation)",
    )
    .fetch_one(db.read())
    .await?;
    Ok(!any && has_column(db, "derivation", "content").await?)
}

async fn has_column(db: &Db, table: &str, column: &str) -> sqlx::Result<bool> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM pragma_table_info(?) WHERE name = ?)")
        .bind(table)
        .bind(column)
        .fetch_one(db.read())
        .await
}

/// Drops what is empty now: unless a process of the old version, which somebody has left running, wrote there since.
async fn drop_columns(db: &Db, table: &str, columns: &[&str], in_the_clear: &str) -> anyhow::Result<()> {
    let mut tx = db.write().await?;
    let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE {in_the_clear})");
    let any: bool = query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *tx).await?;
    anyhow::ensure!(!any, "a process of an older version still writes here: end it, and start again");
    for column in columns {
        query(AssertSqlSafe(format!("ALTER TABLE {table} DROP COLUMN {column}"))).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

/// Encrypts one table. What is just being erased is not: it goes here and now, and its store will find nothing.
async fn parts(db: &Db, keys: &Keys, old: &Old) -> anyhow::Result<()> {
    let (table, bit) = (old.part.name(), Stores::NONE.with(old.part).bits());
    let select = format!(
        "SELECT t.seq, c.id, coalesce(r.id, (SELECT i.recording FROM erasure_item i WHERE i.seq = t.seq)),
             EXISTS (SELECT 1 FROM erasure_item i JOIN erasure e ON e.id = i.erasure
                     WHERE i.seq = t.seq AND i.stores & {bit} <> 0 AND e.state = 'erasing'), {}
         FROM {table} t LEFT JOIN child c ON c.number = t.child LEFT JOIN recording r ON r.seq = t.seq
         WHERE t.seq > ? AND t.sealed IS NULL ORDER BY t.seq LIMIT ?",
        old.columns.join(", ")
    );
    let update = format!("UPDATE {table} SET sealed = ?, {} WHERE seq = ?", old.emptied);
    let (mut after, mut done) = (i64::MIN, 0_u64);
    loop {
        let found = query(AssertSqlSafe(&*select)).bind(after).bind(BATCH).fetch_all(db.read()).await?;
        let Some(last) = found.last() else { return Ok(()) };
        after = last.try_get(0)?;
        let (mut sealed, mut gone) = (Vec::with_capacity(found.len()), Vec::new());
        for row in &found {
            let owner = row.try_get::<Option<&str>, _>(1)?.zip(row.try_get::<Option<&str>, _>(2)?);
            match owner {
                Some((child, recording)) if !row.try_get::<bool, _>(3)? => {
                    sealed.push((row, (id::<ChildId>(child)?, id::<RecordingId>(recording)?)));
                }
                // Of no recording, or about to be nothing.
                _ => gone.push(row.try_get::<i64, _>(0)?),
            }
        }
        let owners: Vec<_> = sealed.iter().map(|(_, of)| (*of, Stores::NONE.with(old.part))).collect();
        let made = keys.make(&owners).await?;
        let mut tx = db.write().await?;
        for ((row, _), keys) in sealed.iter().zip(&made) {
            let key = keys.row(old.part).ok_or_else(|| anyhow::anyhow!("a key in keys.db does not open"))?;
            query(AssertSqlSafe(&*update))
                .bind(key.seal(&plain(old.part, row)?))
                .bind(row.try_get::<i64, _>(0)?)
                .execute(&mut *tx)
                .await?;
        }
        query(AssertSqlSafe(format!("DELETE FROM {table} WHERE seq IN (SELECT value FROM json_each(?))")))
            .bind(serde_json::json!(gone).to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        done += found.len() as u64;
        tracing::info!(table, rows = done, "encrypting what was held in the clear");
        faults::point("upgrade-batch");
    }
}

/// What a row says, as it is encrypted.
fn plain(part: StoreId, row: &SqliteRow) -> sqlx::Result<zeroize::Zeroizing<Vec<u8>>> {
    Ok(match part {
        StoreId::Transcript => rows::words(row.try_get(4)?, row.try_get(5)?),
        StoreId::Location => {
            let place = Place {
                latitude_udeg: row.try_get(4)?,
                longitude_udeg: row.try_get(5)?,
                accuracy_m: row.try_get(6)?,
            };
            rows::place(place).to_vec().into()
        }
        _ => row.try_get::<Vec<u8>, _>(4)?.into(),
    })
}

/// Encrypts what things say. One that is just being erased loses it at once, and the rest by its store.
async fn things(db: &Db, keys: &Keys) -> anyhow::Result<()> {
    let (mut after, mut done) = (0_i64, 0_u64);
    loop {
        let found = query(
            "SELECT d.number, c.id, d.id, d.content,
                 EXISTS (SELECT 1 FROM derivation_source s JOIN erasure_item i ON i.seq = s.seq
                         JOIN erasure e ON e.id = i.erasure
                         WHERE s.derivation = d.number AND i.stores & (1 << s.store) <> 0 AND e.state = 'erasing')
             FROM derivation d JOIN child c ON c.number = d.child
             WHERE d.number > ? AND d.sealed IS NULL ORDER BY d.number LIMIT ?",
        )
        .bind(after)
        .bind(THINGS)
        .fetch_all(db.read())
        .await?;
        let Some(last) = found.last() else { return Ok(()) };
        after = last.try_get(0)?;
        let (mut sealed, mut gone) = (Vec::with_capacity(found.len()), Vec::new());
        for row in &found {
            if row.try_get(4)? {
                gone.push(row.try_get::<i64, _>(0)?);
            } else {
                sealed.push((row, (id::<ChildId>(row.try_get(1)?)?, id::<DerivationId>(row.try_get(2)?)?)));
            }
        }
        let things: Vec<_> = sealed.iter().map(|(_, thing)| *thing).collect();
        let made = keys.make_things(&things).await?;
        let mut tx = db.write().await?;
        for ((row, _), key) in sealed.iter().zip(&made) {
            query("UPDATE derivation SET sealed = ?, content = '' WHERE number = ?")
                .bind(key.seal(row.try_get::<&str, _>(3)?.as_bytes()))
                .bind(row.try_get::<i64, _>(0)?)
                .execute(&mut *tx)
                .await?;
        }
        query("UPDATE derivation SET content = '' WHERE number IN (SELECT value FROM json_each(?))")
            .bind(serde_json::json!(gone).to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        done += found.len() as u64;
        tracing::info!(things = done, "encrypting what was held in the clear");
        faults::point("upgrade-things");
    }
}

/// Whatever is to be erased has keys now that go with it. Where those of media were looked for already, but not these,
/// it is done once more: a receipt tells of all of them as one store.
async fn give_steps(db: &Db) -> sqlx::Result<()> {
    let keys = StoreId::Keys.takes_part_in().bits();
    let mut tx = db.write().await?;
    query(
        "INSERT INTO erasure_step (erasure, store, position, state, copies)
         SELECT i.erasure, ?1, 0, 'waiting', count(*) FROM erasure_item i JOIN erasure e ON e.id = i.erasure
         WHERE e.finished_at IS NULL AND i.stores & ?2 <> 0 GROUP BY i.erasure
         ON CONFLICT (erasure, store) DO UPDATE SET copies = excluded.copies,
             state = CASE WHEN state = 'verified_absent' AND copies <> excluded.copies THEN 'waiting' ELSE state END,
             last_seq = CASE WHEN state = 'verified_absent' AND copies <> excluded.copies THEN 0 ELSE last_seq END,
             verified_at = CASE WHEN copies = excluded.copies THEN verified_at END",
    )
    .bind(StoreId::Keys.name())
    .bind(keys)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
