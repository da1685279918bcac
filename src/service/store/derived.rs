//! Things that were made from recordings: facts, voiceprints, thumbnails, rows of datasets, and whatever
//! was made from places. One table has them all; what hangs on which store says `derivation_source`.

use async_trait::async_trait;
use rules::{StoreId, derived::Made};
use sqlx::{Sqlite, Transaction, query, query_as, query_scalar};

use super::{Holds, Item, Store, StoreError, Subject, count, seqs};
use crate::{db::Db, keys::rows::SEALED_MORE};

/// SQL that says whether a thing (alias `d`) lives in the store of its kind: it was made from more than places.
pub const ELSEWHERE: &str =
    "EXISTS (SELECT 1 FROM derivation_source h WHERE h.derivation = d.number AND h.store <> 11)";

/// The things that go with one store.
pub struct Derived {
    id: StoreId,
    db: Db,
}

impl Derived {
    pub const fn new(id: StoreId, db: Db) -> Self {
        Self { id, db }
    }

    /// The one kind it has; none for what was made from places, which is of any kind.
    fn kind(&self) -> Option<&'static str> {
        Made::ALL.into_iter().find(|made| made.store() == self.id).map(Made::name)
    }
}

#[async_trait]
impl Store for Derived {
    fn id(&self) -> StoreId {
        self.id
    }

    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        // The things themselves, however many recordings each was made from.
        let sql = format!(
            "SELECT count(*), coalesce(sum(octet_length(sealed) - {SEALED_MORE}), 0) FROM derivation d
             WHERE d.child = ?1 AND (?2 IS NULL OR d.kind = ?2)
               AND EXISTS (SELECT 1 FROM derivation_source s WHERE s.derivation = d.number AND s.store = ?3)
               AND (?2 IS NOT NULL OR NOT {ELSEWHERE})"
        );
        let (copies, bytes): (i64, i64) = query_as(sqlx::AssertSqlSafe(sql))
            .bind(child.number)
            .bind(self.kind())
            .bind(self.id as i64)
            .fetch_one(self.db.read())
            .await?;
        Ok(Holds { copies: count(copies), bytes: Some(count(bytes)) })
    }

    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        let mut tx = self.db.write_effect().await?;
        let gone: Vec<i64> = query_scalar(
            "SELECT DISTINCT s.derivation FROM json_each(?1) j CROSS JOIN derivation_source s ON s.seq = j.value
             WHERE s.store = ?2 AND EXISTS (SELECT 1 FROM erasure_item i CROSS JOIN erasure e ON e.id = i.erasure
                 WHERE i.seq = s.seq AND i.stores & (1 << s.store) <> 0 AND e.state = 'erasing')",
        )
        .bind(seqs(items))
        .bind(self.id as i64)
        .fetch_all(&mut *tx)
        .await?;
        forget(&mut tx, &gone).await?;
        Ok(tx.commit().await?)
    }

    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        // What hangs on these recordings; and what has lost its lineage, which no erasure will ever find, so
        // that it counts as made from any of them. From the items and from the things: neither asks the other.
        let things: i64 = query_scalar(
            "SELECT (SELECT count(*) FROM json_each(?1) j CROSS JOIN derivation_source s ON s.seq = j.value
                         WHERE s.store = ?2)
                  + (SELECT count(*) FROM json_each(?3) j CROSS JOIN child c ON c.id = j.value
                         CROSS JOIN derivation d ON d.child = c.number
                         WHERE (?4 IS NULL OR d.kind = ?4) AND NOT EXISTS
                             (SELECT 1 FROM derivation_source s WHERE s.derivation = d.number))",
        )
        .bind(seqs(items))
        .bind(self.id as i64)
        .bind(super::children(items))
        .bind(self.kind())
        .fetch_one(self.db.read())
        .await?;
        Ok(count(things))
    }
}

/// Deletes things with their lineage. Datasets they were rows of are new snapshots; recordings of which
/// nothing of a kind is left do not say so any more.
async fn forget(tx: &mut Transaction<'_, Sqlite>, gone: &[i64]) -> sqlx::Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let gone = serde_json::Value::from_iter(gone.iter().copied()).to_string();
    // What it was made from, to be looked at again below.
    let sources: Vec<i64> = query_scalar(
        "SELECT DISTINCT seq FROM derivation_source WHERE derivation IN (SELECT value FROM json_each(?))",
    )
    .bind(&gone)
    .fetch_all(&mut **tx)
    .await?;
    for sql in [
        "UPDATE dataset SET version = version + 1 WHERE number IN (SELECT dataset FROM derivation
             WHERE number IN (SELECT value FROM json_each(?)))",
        "DELETE FROM derivation WHERE number IN (SELECT value FROM json_each(?))",
        "DELETE FROM derivation_source WHERE derivation IN (SELECT value FROM json_each(?))",
    ] {
        query(sql).bind(&gone).execute(&mut **tx).await?;
    }
    settle(tx, &serde_json::Value::from(sources).to_string()).await
}

/// Takes back that something made from these recordings (a JSON array of places) is there, where none is.
pub async fn settle(tx: &mut Transaction<'_, Sqlite>, seqs: &str) -> sqlx::Result<()> {
    for store in super::DERIVED {
        query(
            "UPDATE recording SET usable = usable & ~?2 WHERE seq IN (SELECT value FROM json_each(?1)) AND usable & ?2 <> 0
             AND NOT EXISTS (SELECT 1 FROM derivation_source s WHERE s.seq = recording.seq AND s.store = ?3)",
        )
        .bind(seqs)
        .bind(rules::Stores::NONE.with(store).bits())
        .bind(store as i64)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
