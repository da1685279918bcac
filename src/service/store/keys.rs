//! The keys of recordings' parts, and of things made from them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use rules::{ChildId, DerivationId, StoreId, Stores};
use sqlx::{query_as, query_scalar};

use super::{DERIVED, Holds, Item, Store, StoreError, Subject, count};
use crate::{
    db::Db,
    keys::{Keys, Owner, ThingId},
    session::id,
};

/// Keys looked at in one go: bounds memory.
const PAGE: i64 = 1000;

/// The keys as a store: destroying one makes every copy of what it opens unreadable.
pub struct KeysOfParts {
    keys: Arc<Keys>,
    db: Db,
}

impl KeysOfParts {
    /// Over the keys; what things there are says the database.
    pub const fn new(keys: Arc<Keys>, db: Db) -> Self {
        Self { keys, db }
    }

    /// The things that go with these items. As their own stores find them: only while an erasure that is being
    /// carried out names recording and store.
    async fn things(&self, items: &[Item]) -> sqlx::Result<Vec<ThingId>> {
        let planned = with_things(items);
        if planned.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(String, String)> = query_as(
            "SELECT DISTINCT c.id, d.id FROM json_each(?1) j
             CROSS JOIN derivation_source s ON s.seq = j.value ->> 0 AND (j.value ->> 1) & (1 << s.store) <> 0
             CROSS JOIN derivation d ON d.number = s.derivation CROSS JOIN child c ON c.number = d.child
             WHERE EXISTS (SELECT 1 FROM erasure_item i CROSS JOIN erasure e ON e.id = i.erasure
                 WHERE i.seq = s.seq AND i.stores & (1 << s.store) <> 0 AND e.state = 'erasing')",
        )
        .bind(serde_json::json!(planned).to_string())
        .fetch_all(self.db.read())
        .await?;
        rows.iter().map(|(child, thing)| Ok((id(child)?, id(thing)?))).collect()
    }

    /// How many keys are there of things that are not, or that go with these items.
    async fn things_left(&self, items: &[Item]) -> Result<u64, StoreError> {
        if with_things(items).is_empty() {
            return Ok(0);
        }
        let mut left = 0;
        let mut of: BTreeMap<ChildId, Vec<DerivationId>> = BTreeMap::new();
        for (child, thing) in self.things(items).await? {
            of.entry(child).or_default().push(thing);
        }
        for (child, things) in of {
            // Whether it opens or not.
            left += self.keys.which_things(child, &things).await?.len() as u64;
        }
        // And from the keys, which do not ask what was deleted.
        for child in children(items) {
            left += without_thing(&self.db, &self.keys, child).await?.len() as u64;
        }
        Ok(left)
    }

    /// Whether a child has as many keys of things as things, which it nearly always has.
    async fn as_many(&self, child: ChildId) -> Result<bool, StoreError> {
        let things: i64 = query_scalar(
            "SELECT count(*) FROM derivation WHERE child = (SELECT number FROM child WHERE id = ?)",
        )
        .bind(child.to_string())
        .fetch_one(self.db.read())
        .await?;
        Ok(self.keys.count_things(child).await? == things)
    }
}

/// The keys of a child that are there for no thing: where the store of a thing was faster than the keys, which
/// had failed; or in a backup, whose files are not copied in one moment.
pub async fn without_thing(db: &Db, keys: &Keys, child: ChildId) -> Result<Vec<ThingId>, StoreError> {
    let mut without = Vec::new();
    let mut after = String::new();
    loop {
        let page = keys.things(child, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(without) };
        after = last.to_string();
        // The keys first: a note of a thing on its way comes before its key, and goes with the thing's coming.
        let none: Vec<String> = query_scalar(
                "SELECT j.value FROM json_each(?) j WHERE NOT EXISTS (SELECT 1 FROM derivation d WHERE d.id = j.value)
                 AND NOT EXISTS (SELECT 1 FROM incoming_thing n WHERE n.thing = j.value)",
            )
            .bind(serde_json::json!(page).to_string())
            .fetch_all(db.read())
            .await?;
        for thing in none {
            without.push((child, id(&thing)?));
        }
    }
}

#[async_trait]
impl Store for KeysOfParts {
    fn id(&self) -> StoreId {
        StoreId::Keys
    }

    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        Ok(Holds { copies: count(self.keys.count(child.id).await?), bytes: None })
    }

    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        let mut things = self.things(items).await?;
        if !with_things(items).is_empty() {
            for child in children(items) {
                if !self.as_many(child).await? {
                    things.extend(without_thing(&self.db, &self.keys, child).await?);
                }
            }
        }
        self.keys.destroy(&parts(items), &things).await?;
        Ok(self.keys.empty_wal().await?)
    }

    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        // The way a reader takes, and the files as bytes: neither asks the rows that were deleted.
        Ok(self.keys.traces(&parts(items)).await? + self.things_left(items).await?)
    }
}

/// What is destroyed of each recording. With its entry every part goes, also one that the plan does not know of: nobody
/// could read it any more, nor find it.
fn parts(items: &[Item]) -> Vec<(Owner, Stores)> {
    let all = |item: &Item| if item.stores.has(StoreId::Catalogue) { Stores::ALL } else { item.stores };
    items.iter().map(|item| ((item.child, item.recording), all(item))).collect()
}

/// Those of which something that was made goes.
fn with_things(items: &[Item]) -> Vec<(i64, u32)> {
    let made: Stores = DERIVED.into_iter().collect();
    items
        .iter()
        .map(|item| (item.seq, item.stores.and(made).bits()))
        .filter(|(_, stores)| *stores != 0)
        .collect()
}

fn children(items: &[Item]) -> BTreeSet<ChildId> {
    items.iter().map(|item| item.child).collect()
}
