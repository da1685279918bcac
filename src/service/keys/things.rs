//! The keys of things that were made from recordings, one each.

use std::collections::{HashMap, HashSet};

use rules::{ChildId, DerivationId};
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};
use zeroize::Zeroizing;

use super::{CurrentKek, KeyError, Keys, RowKey, ThingId, Wrapping, kms, thing_name};
use crate::hex::hex;

impl Keys {
    /// The keys of these things; those that are not there are made. When this returns they survive a power cut.
    pub async fn make_things(&self, things: &[ThingId]) -> Result<Vec<RowKey>, KeyError> {
        let mut made = Vec::with_capacity(things.len());
        if things.is_empty() {
            return Ok(made);
        }
        let mut tx = self.write().await?;
        let mut kek = CurrentKek::default();
        for of in things.iter().copied() {
            let kek = kek.of(self, &mut tx, of.0).await?;
            let owner = thing_name("dek/thing", of);
            let known: Option<Vec<u8>> =
                query_scalar("SELECT wrapped FROM thing WHERE child = ? AND derivation = ?")
                    .bind(of.0.to_string())
                    .bind(of.1.to_string())
                    .fetch_optional(&mut *tx)
                    .await?;
            let key: Zeroizing<[u8; kms::KEY]> = match known {
                Some(wrapped) => kek.open(&owner, &wrapped).ok_or(KeyError::Damaged)?,
                None => {
                    let key: Zeroizing<[u8; kms::KEY]> = Zeroizing::new(rand::random());
                    query("INSERT INTO thing (child, derivation, wrapped) VALUES (?, ?, ?)")
                        .bind(of.0.to_string())
                        .bind(of.1.to_string())
                        .bind(kek.wrap(rand::random(), &owner, &key[..]))
                        .execute(&mut *tx)
                        .await?;
                    key
                }
            };
            made.push(RowKey::of_thing(&key, of));
        }
        tx.commit().await?;
        Ok(made)
    }

    /// The keys of these things of a child, as far as there are any that open.
    pub async fn of_things(
        &self,
        child: ChildId,
        things: &[DerivationId],
    ) -> Result<HashMap<DerivationId, RowKey>, KeyError> {
        if things.is_empty() {
            return Ok(HashMap::new());
        }
        let ids = serde_json::json!(things).to_string();
        let sql = "SELECT k.epoch, k.wrapped, t.derivation, t.wrapped FROM kek k CROSS JOIN json_each(?2) j
                   CROSS JOIN thing t ON t.child = k.child AND t.derivation = j.value WHERE k.child = ?1";
        let Some((kek, rows)) = self.rows_of(sql, child, ids).await? else { return Ok(HashMap::new()) };
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            let id: DerivationId = row.try_get::<&str, _>(2)?.parse().map_err(|_| KeyError::Damaged)?;
            match kek.open(&thing_name("dek/thing", (child, id)), row.try_get(3)?) {
                Some(key) => {
                    found.insert(id, RowKey::of_thing(&key, (child, id)));
                }
                None => tracing::error!(thing = %id, "a wrapped key does not open"),
            }
        }
        Ok(found)
    }

    /// Which of these things of a child have a key, also one that does not open.
    pub async fn which_things(
        &self,
        child: ChildId,
        things: &[DerivationId],
    ) -> Result<HashSet<DerivationId>, KeyError> {
        let ids: Vec<String> = query_scalar(
            "SELECT t.derivation FROM json_each(?2) j CROSS JOIN thing t ON t.child = ?1 AND t.derivation = j.value",
        )
        .bind(child.to_string())
        .bind(serde_json::json!(things).to_string())
        .fetch_all(&self.read)
        .await?;
        ids.iter().map(|id| id.parse().map_err(|_| KeyError::Damaged)).collect()
    }

    /// The things of a child that have a key, whatever else knows of them, from the one after `after` on.
    pub async fn things(
        &self,
        child: ChildId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<DerivationId>, KeyError> {
        let ids: Vec<String> = query_scalar(
            "SELECT derivation FROM thing WHERE child = ? AND derivation > ? ORDER BY derivation LIMIT ?",
        )
        .bind(child.to_string())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        ids.iter().map(|id| id.parse().map_err(|_| KeyError::Damaged)).collect()
    }

    /// How many things of a child have a key.
    pub async fn count_things(&self, child: ChildId) -> sqlx::Result<i64> {
        query_scalar("SELECT count(*) FROM thing WHERE child = ?")
            .bind(child.to_string())
            .fetch_one(&self.read)
            .await
    }

    /// Every child of whom a thing has a key.
    pub async fn children_with_things(&self) -> Result<Vec<ChildId>, KeyError> {
        let ids: Vec<String> = query_scalar("SELECT DISTINCT child FROM thing").fetch_all(&self.read).await?;
        ids.iter().map(|id| id.parse().map_err(|_| KeyError::Damaged)).collect()
    }
}

/// Destroys the keys of these things, a statement a child.
pub async fn destroy(tx: &mut Transaction<'_, Sqlite>, things: &[ThingId]) -> sqlx::Result<()> {
    let mut of: HashMap<ChildId, Vec<DerivationId>> = HashMap::new();
    for (child, thing) in things {
        of.entry(*child).or_default().push(*thing);
    }
    for (child, things) in of {
        query("DELETE FROM thing WHERE child = ?1 AND derivation IN (SELECT value FROM json_each(?2))")
            .bind(child.to_string())
            .bind(serde_json::json!(things).to_string())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Things whose keys are wrapped anew in one go: bounds memory.
const PAGE: i64 = 1000;

/// Wraps the keys of a child's things with another key of the child. Returns how many there are, and how many of them
/// do not open, which stay as they are.
pub async fn wrap_anew(
    tx: &mut Transaction<'_, Sqlite>,
    child: ChildId,
    old: &Wrapping,
    new: &Wrapping,
) -> Result<(u64, u64), KeyError> {
    let (mut after, mut wrapped, mut damaged) = (String::new(), 0, 0);
    loop {
        let rows: Vec<(String, Vec<u8>)> = query_as(
            "SELECT derivation, wrapped FROM thing WHERE child = ? AND derivation > ? ORDER BY derivation LIMIT ?",
        )
        .bind(child.to_string())
        .bind(&after)
        .bind(PAGE)
        .fetch_all(&mut **tx)
        .await?;
        let Some((last, _)) = rows.last() else { return Ok((wrapped, damaged)) };
        after.clone_from(last);
        let mut anew = Vec::with_capacity(rows.len());
        for (thing, known) in &rows {
            let owner = thing_name("dek/thing", (child, thing.parse().map_err(|_| KeyError::Damaged)?));
            match old.open_any(&owner, known) {
                Some(key) => anew.push((thing, hex(&new.wrap(rand::random(), &owner, &key)))),
                None => {
                    tracing::error!(thing, "a wrapped key does not open");
                    damaged += 1;
                }
            }
        }
        query(
            "UPDATE thing SET wrapped = unhex(j.value ->> 1) FROM json_each(?2) j
             WHERE thing.child = ?1 AND thing.derivation = j.value ->> 0",
        )
        .bind(child.to_string())
        .bind(serde_json::json!(anew).to_string())
        .execute(&mut **tx)
        .await?;
        wrapped += rows.len() as u64;
    }
}
