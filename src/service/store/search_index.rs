//! The full-text index.

use async_trait::async_trait;
use rules::StoreId;
use sqlx::{query, query_scalar};

use super::{Holds, Item, Store, StoreError, Subject, count, seqs};
use crate::{db::Db, search};

/// An FTS5 table with its own copy of the words, so that it can forget a row by its number alone,
/// and `secure-delete`, so that it really does.
pub struct SearchIndex {
    db: Db,
}

impl SearchIndex {
    pub const fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl Store for SearchIndex {
    fn id(&self) -> StoreId {
        StoreId::SearchIndex
    }

    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        let copies = query_scalar("SELECT count(*) FROM search_index WHERE search_index MATCH ?")
            .bind(search::match_all(child.number))
            .fetch_one(self.db.read())
            .await?;
        Ok(Holds { copies: count(copies), bytes: None })
    }

    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        let mut tx = self.db.write_effect().await?;
        query("DELETE FROM search_index WHERE rowid IN (SELECT value FROM json_each(?))")
            .bind(seqs(items))
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        // The tables behind the index, where its rows would be if the index did not tell.
        let rows = query_scalar(
            "SELECT count(*) FROM json_each(?) j
             WHERE EXISTS (SELECT 1 FROM search_index_content c WHERE c.id = j.value)
                OR EXISTS (SELECT 1 FROM search_index_docsize d WHERE d.id = j.value)",
        )
        .bind(seqs(items))
        .fetch_one(self.db.read())
        .await?;
        Ok(count(rows))
    }
}
