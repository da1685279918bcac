//! A new epoch: what is alive is wrapped anew, and the old epoch's key is destroyed. From then on a copy
//! of `keys.db` made before opens nothing, and so nothing in a copy made before opens either.

use std::fs::File;

use rules::{ChildId, Timestamp};
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};
use zeroize::Zeroizing;

use super::{KeyError, Keys, Wrapping, begin_epoch, epoch, kek_name, kms, new_kek, open_kek, parts, things};
use crate::{faults, hex::hex};

/// Children's keys wrapped in one transaction.
const BATCH: i64 = 2000;

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// The epoch that began.
    pub epoch: i64,
    /// Children whose key was wrapped anew.
    pub children: u64,
    /// Those of them that got another key, because something of theirs had been destroyed.
    pub renewed: u64,
    /// Epochs whose key was destroyed.
    pub destroyed: u64,
    /// When that was.
    pub at: Timestamp,
}

impl std::fmt::Display for Rotated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { epoch, children, renewed, destroyed, at } = self;
        write!(
            f,
            "epoch {epoch}: {children} children's keys wrapped anew, {renewed} of them replaced; {destroyed} old epoch \
             keys destroyed at {at}: copies of keys.db from before open nothing"
        )
    }
}

impl Keys {
    /// Begins a new epoch. May be killed anywhere: until the last key is wrapped anew all epochs are
    /// readable, and the next rotation takes along what this one left.
    pub async fn rotate(&self, now: impl Fn() -> Timestamp) -> anyhow::Result<Rotated> {
        // One at a time, whichever process asks.
        let one = File::create(self.file.with_file_name("rotate.lock"))?;
        one.lock()?;
        let mut tx = self.write().await?;
        let new = epoch(&mut tx).await?.unwrap_or(0) + 1;
        self.kms.make(new)?;
        faults::point("rotate-made");
        begin_epoch(&mut tx, new, now()).await?;
        tx.commit().await?;
        faults::point("rotate-begun");

        let wrapping = self.kms.epoch(new)?;
        let (mut children, mut renewed) = (0, 0);
        loop {
            let (wrapped, replaced) = self.wrap_batch(new, &wrapping).await?;
            if wrapped == 0 {
                break;
            }
            children += wrapped;
            renewed += replaced;
            faults::point("rotate-batch");
        }
        faults::point("rotate-wrapped");

        // Nothing is wrapped with an older epoch, and nothing can be any more.
        let old: Vec<i64> =
            query_scalar("SELECT number FROM epoch WHERE number < ? AND destroyed_at IS NULL")
                .bind(new)
                .fetch_all(&self.read)
                .await?;
        for epoch in &old {
            self.kms.destroy(*epoch)?;
        }
        faults::point("rotate-destroyed");
        let at = now();
        query("UPDATE epoch SET destroyed_at = ? WHERE number < ? AND destroyed_at IS NULL")
            .bind(at.ms())
            .bind(new)
            .execute(&self.write)
            .await?;
        self.scrub().await?;
        Ok(Rotated { epoch: new, children, renewed, destroyed: old.len() as u64, at })
    }

    /// Wraps the next children's keys with the new epoch; returns how many, and how many were replaced.
    async fn wrap_batch(&self, new: i64, wrapping: &Wrapping) -> Result<(u64, u64), KeyError> {
        let mut tx = self.write().await?;
        let rows = query("SELECT child, epoch, wrapped, stale FROM kek WHERE epoch < ? LIMIT ?")
            .bind(new)
            .bind(BATCH)
            .fetch_all(&mut *tx)
            .await?;
        let mut of: Option<(i64, Wrapping)> = None;
        let mut renewed = 0;
        let mut anew = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: String = row.try_get(0)?;
            let child: ChildId = id.parse().map_err(|_| KeyError::Damaged)?;
            let (epoch, wrapped): (i64, Vec<u8>) = (row.try_get(1)?, row.try_get(2)?);
            if of.as_ref().is_none_or(|(last, _)| *last != epoch) {
                of = Some((epoch, self.kms.epoch(epoch)?));
            }
            let Some((_, old)) = &of else { return Err(KeyError::Damaged) };
            let wrapped = if row.try_get::<bool, _>(3)? {
                renewed += 1;
                replace(&mut tx, child, &open_kek(old, child, &wrapped)?, wrapping).await?
            } else {
                let key: Zeroizing<[u8; kms::KEY]> =
                    old.open(&kek_name(child), &wrapped).ok_or(KeyError::Damaged)?;
                wrapping.wrap(rand::random(), &kek_name(child), &key[..])
            };
            anew.push((id, hex(&wrapped)));
        }
        let changed = query(
            "UPDATE kek SET epoch = ?, wrapped = unhex(j.value ->> 1), stale = 0
             FROM json_each(?) j WHERE kek.child = j.value ->> 0",
        )
        .bind(new)
        .bind(serde_json::json!(anew).to_string())
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() != rows.len() as u64 {
            return Err(KeyError::Damaged);
        }
        tx.commit().await?;
        Ok((rows.len() as u64, renewed))
    }
}

/// Wraps the keys of what a child has with a new key of the child; returns that, wrapped.
///
/// The old one also wraps, in old copies of the database, what was destroyed since: whoever had such a
/// copy and this database would otherwise have both.
async fn replace(
    tx: &mut Transaction<'_, Sqlite>,
    child: ChildId,
    old: &Wrapping,
    wrapping: &Wrapping,
) -> Result<Vec<u8>, KeyError> {
    let (new, wrapped) = new_kek(wrapping, child);
    parts::wrap_anew(tx, child, old, &new).await?;
    things::wrap_anew(tx, child, old, &new).await?;
    Ok(wrapped)
}
