//! The entries of recordings, and what hangs on them: keeps, tickets, devices without recordings.

use async_trait::async_trait;
use rules::StoreId;
use sqlx::{query, query_scalar};

use super::{Holds, Item, Store, StoreError, Subject, children, count, seqs};
use crate::db::Db;

/// The last store of an erasure: without an entry nothing ties a moment and a device to a child.
pub struct Catalogue {
    db: Db,
}

impl Catalogue {
    pub const fn new(db: Db) -> Self {
        Self { db }
    }
}

#[async_trait]
impl Store for Catalogue {
    fn id(&self) -> StoreId {
        StoreId::Catalogue
    }

    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        let copies = query_scalar("SELECT count(*) FROM recording WHERE child = ?")
            .bind(child.number)
            .fetch_one(self.db.read())
            .await?;
        Ok(Holds { copies: count(copies), bytes: None })
    }

    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        let seqs = seqs(items);
        let mut tx = self.db.write_effect().await?;
        for sql in [
            "DELETE FROM keep WHERE seq IN (SELECT value FROM json_each(?))",
            "DELETE FROM ticket WHERE seq IN (SELECT value FROM json_each(?))",
            // Who was given it: what they are to delete stands in the request to them.
            "DELETE FROM disclosure WHERE seq IN (SELECT value FROM json_each(?))",
            "DELETE FROM recording WHERE seq IN (SELECT value FROM json_each(?))",
        ] {
            query(sql).bind(&seqs).execute(&mut *tx).await?;
        }
        // A device's name is a child's data too, once nothing it captured is left.
        query(
            "DELETE FROM device WHERE child IN (SELECT number FROM child WHERE id IN (SELECT value FROM json_each(?)))
             AND NOT EXISTS (SELECT 1 FROM recording WHERE recording.device = device.id)",
        )
        .bind(children(items))
        .execute(&mut *tx)
        .await?;
        // So is the day of its last use, once nothing is left that it could end.
        query(
            "UPDATE child SET last_use = NULL WHERE id IN (SELECT value FROM json_each(?))
             AND NOT EXISTS (SELECT 1 FROM recording WHERE recording.child = child.number)",
        )
        .bind(children(items))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        // By public id and by seq: two indexes that would both have to have lost the row.
        let ids =
            serde_json::Value::from_iter(items.iter().map(|item| item.recording.to_string())).to_string();
        let rows = query_scalar(
            "SELECT (SELECT count(*) FROM json_each(?1) j CROSS JOIN recording r ON r.id = j.value)
                  + (SELECT count(*) FROM json_each(?2) j CROSS JOIN keep k ON k.seq = j.value)
                  + (SELECT count(*) FROM json_each(?2) j CROSS JOIN disclosure d ON d.seq = j.value)
                  + (SELECT count(*) FROM json_each(?2) j CROSS JOIN recording r ON r.seq = j.value)",
        )
        .bind(ids)
        .bind(seqs(items))
        .fetch_one(self.db.read())
        .await?;
        Ok(count(rows))
    }
}
