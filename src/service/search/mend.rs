//! The index has an entry for each recording that may be found, and no other. Looked at when the folder is opened:
//! a process may have died between the two files' commits, the file may be lost, or from another day.

use std::collections::HashMap;

use rules::{ChildId, RecordingId, StoreId, Stores};
use sqlx::{AssertSqlSafe, Row, query, query_scalar};

use super::index_words;
use crate::{
    db::{Db, index},
    faults,
    keys::Keys,
    session::id,
    transcript,
};

/// Entries looked at or made in one go: bounds memory, and how long nobody else can write.
const BATCH: i64 = 1000;

const INDEXED: u32 = Stores::NONE.with(StoreId::SearchIndex).bits();

/// Removes entries that nothing may be found by, makes those that are missing. What cannot be read is made anew.
pub async fn mend(db: &Db, keys: &Keys) -> anyhow::Result<()> {
    if let Err(error) = clean(db).await {
        return match error.downcast::<sqlx::Error>() {
            Ok(error) if index::is_damaged(&error) => renew(db, keys, &error).await,
            Ok(error) => Err(error.into()),
            Err(error) => Err(error),
        };
    }
    make(db, keys).await
}

/// Writes the index anew, so that no page keeps what was erased. One that is damaged would stop every deletion, so it is
/// made anew from the transcripts.
pub async fn scrub(db: &Db, keys: &Keys) -> anyhow::Result<()> {
    match db.scrub_index().await {
        Err(error) if index::is_damaged(&error) => renew(db, keys, &error).await,
        scrubbed => Ok(scrubbed?),
    }
}

async fn renew(db: &Db, keys: &Keys, error: &sqlx::Error) -> anyhow::Result<()> {
    tracing::error!(%error, "the search index is damaged, and is made anew");
    db.renew_index().await?;
    make(db, keys).await
}

/// Removes entries that nothing may be found by, and what is left of them in the file.
async fn clean(db: &Db) -> anyhow::Result<()> {
    let removed = remove(db).await?;
    faults::point("index-removed");
    if removed > 0 {
        tracing::warn!(entries = removed, "the search index knew what is deleted, and is cleaned");
    }
    // Also where the process that removed them was killed before it had cleaned.
    if query_scalar("SELECT unclean FROM search.about").fetch_one(db.read()).await? {
        db.scrub_index().await?;
        db.empty_wal().await?;
        let mut tx = db.write().await?;
        query("UPDATE search.about SET unclean = 0").execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// SQL that holds of a recording (alias `r`) that may be found, or may be again when a deletion is taken back, and that no
/// erasing has begun to empty.
fn wanted() -> String {
    let planned = |state| {
        format!(
            "EXISTS (SELECT 1 FROM erasure_item i JOIN erasure e ON e.id = i.erasure
                WHERE i.seq = r.seq AND i.stores & {INDEXED} <> 0 AND e.state = '{state}')"
        )
    };
    format!("((r.usable & {INDEXED} <> 0 OR {}) AND NOT {})", planned("sealed"), planned("erasing"))
}

/// Holds where such a recording has no entry.
const MISSING: &str = "NOT EXISTS (SELECT 1 FROM search.search_index_docsize d WHERE d.id = r.seq)";

/// How many entries there are that there should not be.
pub async fn amiss(db: &Db) -> sqlx::Result<i64> {
    query_scalar(AssertSqlSafe(format!(
        "SELECT count(*) FROM (SELECT id FROM search.search_index_docsize UNION SELECT id FROM search.search_index_content) d
         WHERE NOT EXISTS (SELECT 1 FROM recording r WHERE r.seq = d.id AND {})",
        wanted()
    )))
    .fetch_one(db.read())
    .await
}

/// Entries of all else.
async fn remove(db: &Db) -> sqlx::Result<u64> {
    let of_nothing = format!(
        "SELECT d.id FROM search.search_index_docsize d WHERE d.id > ?
             AND NOT EXISTS (SELECT 1 FROM recording r WHERE r.seq = d.id AND {})
         ORDER BY d.id LIMIT ?",
        wanted()
    );
    let (mut after, mut removed) = (i64::MIN, 0);
    loop {
        let found: Vec<i64> =
            query_scalar(AssertSqlSafe(&*of_nothing)).bind(after).bind(BATCH).fetch_all(db.read()).await?;
        if found.is_empty() {
            return Ok(removed);
        }
        // Again, under the lock that every writer of both files has.
        let mut tx = db.write().await?;
        let found: Vec<i64> =
            query_scalar(AssertSqlSafe(&*of_nothing)).bind(after).bind(BATCH).fetch_all(&mut *tx).await?;
        query("DELETE FROM search_index WHERE rowid IN (SELECT value FROM json_each(?))")
            .bind(serde_json::json!(found).to_string())
            .execute(&mut *tx)
            .await?;
        query("UPDATE search.about SET unclean = 1 WHERE unclean = 0").execute(&mut *tx).await?;
        tx.commit().await?;
        removed += found.len() as u64;
        after = found.last().copied().unwrap_or(i64::MAX);
    }
}

/// Recordings of one child: their places, and what they say.
#[derive(Default)]
struct Recordings {
    seqs: Vec<i64>,
    sealed: Vec<(RecordingId, Vec<u8>)>,
}

/// Enters words of recordings, each where it is still wanted, under the lock that every writer of both files has. In a
/// transaction of its own: SQLite could commit the one file and fail with the other.
pub async fn enter(db: &Db, entries: &[(i64, String)]) -> sqlx::Result<u64> {
    if entries.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "INSERT INTO search_index (rowid, words) SELECT r.seq, ?2 FROM recording r WHERE r.seq = ?1 AND {} AND {MISSING}",
        wanted()
    );
    let mut made = 0;
    let mut tx = db.write_effect().await?;
    for (seq, words) in entries.iter().filter(|(_, words)| !words.is_empty()) {
        made += query(AssertSqlSafe(&*sql)).bind(seq).bind(words).execute(&mut *tx).await?.rows_affected();
    }
    tx.commit().await?;
    Ok(made)
}

/// Entries of what may be found, or may be again when a deletion is taken back.
async fn make(db: &Db, keys: &Keys) -> anyhow::Result<()> {
    let select = format!(
        "SELECT r.seq, r.child, r.id, c.id, t.sealed FROM recording r CROSS JOIN transcript t ON t.seq = r.seq
         CROSS JOIN child c ON c.number = r.child WHERE r.seq > ? AND {} AND {MISSING} ORDER BY r.seq LIMIT ?",
        wanted()
    );
    let (mut after, mut made) = (i64::MIN, 0);
    loop {
        let found = query(AssertSqlSafe(&*select)).bind(after).bind(BATCH).fetch_all(db.read()).await?;
        let Some(last) = found.last() else {
            if made > 0 {
                tracing::info!(entries = made, "the search index was made anew where it was behind");
            }
            return Ok(());
        };
        after = last.try_get(0)?;
        let mut of: HashMap<(i64, ChildId), Recordings> = HashMap::new();
        for row in &found {
            let recordings = of.entry((row.try_get(1)?, id(row.try_get(3)?)?)).or_default();
            recordings.seqs.push(row.try_get(0)?);
            recordings.sealed.push((id(row.try_get(2)?)?, row.try_get(4)?));
        }
        let mut entries = Vec::with_capacity(found.len());
        for ((number, child), Recordings { seqs, sealed }) in of {
            let texts = transcript::texts(keys, child, &sealed).await?;
            for (seq, (id, _)) in seqs.into_iter().zip(&sealed) {
                // One whose key is gone is about to be deleted.
                entries.extend(texts.get(id).map(|text| (seq, index_words(number, text))));
            }
        }
        made += enter(db, &entries).await?;
        if made > 0 && found.len() as i64 == BATCH {
            tracing::info!(entries = made, "making the search index");
        }
    }
}
