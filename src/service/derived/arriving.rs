//! Keys of things that are on their way. Their ids are noted before there are keys for them, so that what is left of
//! one that never came is known for what it is, and no other key is ever swept. All that takes long, a rotation of
//! the keys above all, is waited for here, before the database's write lock.

use std::collections::{BTreeMap, HashMap};

use rules::DerivationId;
use sqlx::{Sqlite, Transaction, query, query_as};

use super::DeriveError;
use crate::{
    core::Core,
    faults,
    keys::{RowKey, ThingId},
    session::id,
};

/// The keys of things that are about to be written.
pub struct Arriving {
    keys: HashMap<DerivationId, RowKey>,
    /// Those that have not come.
    noted: Vec<ThingId>,
}

impl Arriving {
    /// Notes the things, and makes a key for each, all by one commit.
    pub async fn begin(core: &Core, things: Vec<ThingId>) -> Result<Self, DeriveError> {
        if things.is_empty() {
            return Ok(Self { keys: HashMap::new(), noted: things });
        }
        let rows: Vec<_> = things.iter().map(|(child, thing)| (thing, child)).collect();
        let mut tx = core.db.write().await?;
        query(
            "INSERT INTO incoming_thing (thing, child, owner)
             SELECT j.value ->> 0, j.value ->> 1, ?2 FROM json_each(?1) j",
        )
        .bind(serde_json::json!(rows).to_string())
        .bind(core.owner.name())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        faults::point("derive-noted");
        let made = core.keys.make_things(&things).await?;
        faults::point("derive-keys");
        let keys = things.iter().map(|(_, thing)| *thing).zip(made).collect();
        Ok(Self { keys, noted: things })
    }

    /// The key of a thing; none where it was not to be written when this began.
    pub fn key(&self, thing: DerivationId) -> Option<&RowKey> {
        self.keys.get(&thing)
    }

    /// They have come, in this transaction.
    pub async fn forget(tx: &mut Transaction<'_, Sqlite>, things: &[DerivationId]) -> sqlx::Result<()> {
        query("DELETE FROM incoming_thing WHERE thing IN (SELECT value FROM json_each(?))")
            .bind(serde_json::json!(things).to_string())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Destroys the keys of those that were not written. Where that fails their notes stay for the next start.
    pub async fn end(self, core: &Core, written: &[DerivationId]) {
        let gone: Vec<_> = self.noted.into_iter().filter(|(_, thing)| !written.contains(thing)).collect();
        if let Err(error) = discard(core, &gone).await {
            tracing::warn!(%error, "keys of things that did not come are swept later");
        }
    }
}

async fn discard(core: &Core, things: &[ThingId]) -> sqlx::Result<()> {
    if things.is_empty() {
        return Ok(());
    }
    core.keys.destroy(&[], things).await?;
    let ids: Vec<DerivationId> = things.iter().map(|(_, thing)| *thing).collect();
    let mut tx = core.db.write().await?;
    Arriving::forget(&mut tx, &ids).await?;
    tx.commit().await
}

/// Clears away the keys that processes made for things and did not live to write.
pub async fn sweep(core: &Core) -> anyhow::Result<()> {
    let notes: Vec<(String, String, String)> =
        query_as("SELECT owner, child, thing FROM incoming_thing").fetch_all(core.db.read()).await?;
    let mut left: BTreeMap<String, Vec<ThingId>> = BTreeMap::new();
    for (owner, child, thing) in notes {
        left.entry(owner).or_default().push((id(&child)?, id(&thing)?));
    }
    for (owner, things) in left {
        if !core.owner.is_alive(&owner)? {
            discard(core, &things).await?;
            core.owner.forget(&owner)?;
            tracing::info!(things = things.len(), "keys of things that never came are destroyed");
        }
    }
    Ok(())
}
