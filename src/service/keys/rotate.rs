//! A new epoch: what is alive is wrapped anew, and the old epoch's key is destroyed. From then on a copy
//! of `keys.db` made before opens nothing, and so nothing in a copy made before opens either.

use std::fs::File;

use rules::{ChildId, Timestamp};
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};
use zeroize::Zeroizing;

use super::{KeyError, Keys, Wrapping, begin_epoch, epoch, kek_name, kms, new_kek, parts, things};
use crate::{faults, hex::hex};

/// Children's keys wrapped in one transaction.
const BATCH: i64 = 2000;
/// After so many rows of replaced children's a transaction ends: meanwhile nobody else can make or destroy a key.
const ROWS: u64 = 10_000;

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// The epoch that began.
    pub epoch: i64,
    /// Children whose key was wrapped anew.
    pub children: u64,
    /// Those of them that got another key, because something of theirs had been destroyed.
    pub renewed: u64,
    /// Wrapped keys that do not open, each named in the log. They stay as they are.
    pub damaged: u64,
    /// Epochs whose key was destroyed.
    pub destroyed: u64,
    /// When that was.
    pub at: Timestamp,
}

impl std::fmt::Display for Rotated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { epoch, children, renewed, damaged, destroyed, at } = self;
        if *damaged > 0 {
            write!(f, "{damaged} wrapped keys do not open, as the log says; ")?;
        }
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
        let mut all = Wrapped::default();
        loop {
            let batch = self.wrap_batch(new, &wrapping).await?;
            if batch.children == 0 {
                break;
            }
            all.children += batch.children;
            all.renewed += batch.renewed;
            all.damaged += batch.damaged;
            faults::point("rotate-batch");
        }
        let Wrapped { children, renewed, damaged, .. } = all;
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
        Ok(Rotated { epoch: new, children, renewed, damaged, destroyed: old.len() as u64, at })
    }

    /// Wraps the next children's keys with the new epoch. One that does not open stays as it is, and stops nobody: it
    /// counts as the new epoch's, or the old one could never end.
    async fn wrap_batch(&self, new: i64, wrapping: &Wrapping) -> Result<Wrapped, KeyError> {
        let mut tx = self.write().await?;
        let rows = query("SELECT child, epoch, wrapped, stale FROM kek WHERE epoch < ? LIMIT ?")
            .bind(new)
            .bind(BATCH)
            .fetch_all(&mut *tx)
            .await?;
        let mut of: Option<(i64, Wrapping)> = None;
        let mut done = Wrapped::default();
        let mut anew = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: String = row.try_get(0)?;
            let child: ChildId = id.parse().map_err(|_| KeyError::Damaged)?;
            let (epoch, wrapped): (i64, Vec<u8>) = (row.try_get(1)?, row.try_get(2)?);
            if of.as_ref().is_none_or(|(last, _)| *last != epoch) {
                of = Some((epoch, self.kms.epoch(epoch)?));
            }
            let Some((_, old)) = &of else { return Err(KeyError::Damaged) };
            let key: Option<Zeroizing<[u8; kms::KEY]>> = old.open(&kek_name(child), &wrapped);
            let wrapped = match key {
                None => {
                    tracing::error!(%child, "the key of a child does not open");
                    done.damaged += 1;
                    wrapped
                }
                Some(key) if row.try_get(3)? => {
                    done.renewed += 1;
                    replace(&mut tx, child, &Wrapping::new(&key), wrapping, &mut done).await?
                }
                Some(key) => wrapping.wrap(rand::random(), &kek_name(child), &key[..]),
            };
            anew.push((id, hex(&wrapped)));
            if done.rows >= ROWS {
                break;
            }
        }
        done.children = anew.len() as u64;
        let changed = query(
            "UPDATE kek SET epoch = ?, wrapped = unhex(j.value ->> 1), stale = 0
             FROM json_each(?) j WHERE kek.child = j.value ->> 0",
        )
        .bind(new)
        .bind(serde_json::json!(anew).to_string())
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() != done.children {
            return Err(KeyError::Damaged);
        }
        tx.commit().await?;
        Ok(done)
    }
}

/// What was wrapped in one transaction.
#[derive(Default)]
struct Wrapped {
    children: u64,
    renewed: u64,
    damaged: u64,
    /// Rows of children whose key was replaced.
    rows: u64,
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
    done: &mut Wrapped,
) -> Result<Vec<u8>, KeyError> {
    let (new, wrapped) = new_kek(wrapping, child);
    for (rows, damaged) in
        [parts::wrap_anew(tx, child, old, &new).await?, things::wrap_anew(tx, child, old, &new).await?]
    {
        done.rows += rows;
        done.damaged += damaged;
    }
    Ok(wrapped)
}
