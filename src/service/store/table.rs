//! A table of the database with one row a recording, keyed by `seq`: transcripts, places, waveforms.

use async_trait::async_trait;
use rules::StoreId;
use sqlx::{AssertSqlSafe, query, query_scalar};

use super::{Holds, Item, Store, StoreError, Subject, count, seqs};
use crate::db::Db;

/// The store whose table has its name.
pub struct Table {
    id: StoreId,
    db: Db,
}

impl Table {
    pub const fn new(id: StoreId, db: Db) -> Self {
        Self { id, db }
    }
}

#[async_trait]
impl Store for Table {
    fn id(&self) -> StoreId {
        self.id
    }

    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        let table = self.id.name();
        let sql = format!("SELECT count(*) FROM {table} WHERE child = ?");
        let copies = query_scalar(AssertSqlSafe(sql)).bind(child.number).fetch_one(self.db.read()).await?;
        Ok(Holds { copies: count(copies), bytes: None })
    }

    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM {} WHERE seq IN (SELECT value FROM json_each(?))", self.id.name());
        let mut tx = self.db.write_effect().await?;
        query(AssertSqlSafe(sql)).bind(seqs(items)).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        // From the ids outwards, on a connection that cannot write.
        let sql =
            format!("SELECT count(*) FROM json_each(?) j CROSS JOIN {} t ON t.seq = j.value", self.id.name());
        Ok(count(query_scalar(AssertSqlSafe(sql)).bind(seqs(items)).fetch_one(self.db.read()).await?))
    }
}
