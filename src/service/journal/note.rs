//! What is decided and is no deletion: a keep, an undo, what is handed to others, what is refused on its way; and what the
//! ledger says in few words that must not be lost. It is a row in the transaction that decides it, and becomes a file from
//! there ([`keep`](super::keep)).

use std::fmt::Write as _;

use proof::merkle::leaf_hash;
use rules::{ErasureId, Timestamp};
use sqlx::{Sqlite, Transaction, query, query_as, query_scalar};

use super::file::Line;
use crate::db::Db;

/// The lines of a note.
#[derive(Debug, Default)]
pub struct Note {
    said: String,
}

impl Note {
    /// Says one thing more.
    pub fn say(&mut self, line: &Line) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.said, "{line}");
    }

    /// Says what was entered in the ledger, which comes first.
    pub async fn entered(&mut self, tx: &mut Transaction<'_, Sqlite>, place: i64) -> sqlx::Result<()> {
        let (leaf, body): (String, String) = query_as("SELECT leaf, body FROM ledger_entry WHERE place = ?")
            .bind(place)
            .fetch_one(&mut **tx)
            .await?;
        self.say(&Line::Entry(leaf_hash(leaf.as_bytes()), body));
        Ok(())
    }

    /// Has it written down, with the transaction; with what it says about which erasure, if about one.
    pub async fn insert(
        self,
        tx: &mut Transaction<'_, Sqlite>,
        at: Timestamp,
        erasure: Option<ErasureId>,
    ) -> sqlx::Result<()> {
        query("INSERT INTO note (erasure, said, at) VALUES (?, ?, ?)")
            .bind(erasure.map(|id| id.to_string()))
            .bind(self.said)
            .bind(at.ms())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

/// A restored database begins to take over the notes of a folder, of which the last has this number: it remembers which
/// ones it knows, and whatever it makes itself from now on comes after them.
pub async fn begin_replay(db: &Db, last: i64) -> sqlx::Result<()> {
    let mut tx = db.write().await?;
    query(
        "INSERT INTO replay (known) SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'note'), 0)
         WHERE NOT EXISTS (SELECT 1 FROM replay)",
    )
    .execute(&mut *tx)
    .await?;
    go_on_after(&mut tx, last).await?;
    tx.commit().await
}

/// The number of the last note that a restored database has made itself.
pub async fn known(db: &Db) -> sqlx::Result<i64> {
    query_scalar("SELECT known FROM replay").fetch_one(db.read()).await
}

/// All of them, up to this number, are taken over.
pub async fn end_replay(tx: &mut Transaction<'_, Sqlite>, last: i64) -> sqlx::Result<()> {
    go_on_after(tx, last).await?;
    query("UPDATE replay SET known = max(known, ?)").bind(last).execute(&mut **tx).await?;
    Ok(())
}

/// It is restored.
pub async fn forget_replay(tx: &mut Transaction<'_, Sqlite>) -> sqlx::Result<()> {
    query("DELETE FROM replay").execute(&mut **tx).await?;
    Ok(())
}

/// Has the next note come after this number.
async fn go_on_after(tx: &mut Transaction<'_, Sqlite>, last: i64) -> sqlx::Result<()> {
    query("INSERT OR IGNORE INTO note (number, said, at) VALUES (?, '', 0)")
        .bind(last)
        .execute(&mut **tx)
        .await?;
    query("DELETE FROM note WHERE number = ? AND said = ''").bind(last).execute(&mut **tx).await?;
    Ok(())
}
