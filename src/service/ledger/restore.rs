//! A database from a backup beside the ledger of today: what was published since is brought back.
//!
//! The public files have every entry, so the tree goes on where it was and nobody sees a fork. What
//! an entry committed to was only in the database that is lost: such an entry is known to be lost,
//! and to be whose it is where the backup has the child's key.

use std::{collections::HashMap, fs::File};

use anyhow::{Context, ensure};
use proof::{
    Hash,
    child::ChildKey,
    leaf::{Kind, Leaf},
    merkle::{self, leaf_hash},
};
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};

use super::{
    LOCK, Ledger, hash, inventory, read_checkpoint,
    tiles::{Level, Tiles, WIDTH, entries},
    unsigned,
};
use crate::{clock::Clock, db::Db};

/// A child's entries as far as they are known, and what the next one is found by.
struct Chain {
    child: i64,
    key: ChildKey,
    next: u64,
    last: Option<Hash>,
}

/// Brings back what was published and is not in the database. Whole or not at all; returns how many
/// entries that were.
pub async fn catch_up(db: &Db, ledger: &Ledger, clock: &dyn Clock) -> anyhow::Result<u64> {
    let Some(checkpoint) = ledger.newest()? else { return Ok(0) };
    let (size, root) = read_checkpoint(&checkpoint)?;
    let lock = File::create(ledger.data.join(LOCK))?;
    lock.lock()?;
    let mut tx = db.write().await?;
    let head: i64 = query_scalar("SELECT size FROM ledger_head").fetch_one(&mut *tx).await?;
    if unsigned(head) >= size {
        return Ok(0);
    }
    let known: i64 = query_scalar("SELECT count(*) FROM ledger_entry").fetch_one(&mut *tx).await?;
    let known = unsigned(known);
    let mut chains = chains(&mut tx).await?;
    let mut brought = 0;
    for n in unsigned(head) / WIDTH..size.div_ceil(WIDTH) {
        // Read anew for each bundle: nothing is held but what it makes.
        let mut tiles = Tiles::new(ledger.folder(), size);
        let bundle = tiles.tile(Level::Entries, n).context("a file of the ledger is missing")?.to_vec();
        for (place, entry) in (n * WIDTH..size).zip(entries(&bundle)) {
            let hashed = leaf_hash(entry);
            ensure!(
                tiles.node(0, place)? == hashed,
                "the ledger's files contradict each other: fsck tells where"
            );
            let leaf = String::from_utf8(entry.to_vec())?;
            if place < known {
                let ours: String = query_scalar("SELECT leaf FROM ledger_entry WHERE place = ?")
                    .bind(place.cast_signed())
                    .fetch_one(&mut *tx)
                    .await?;
                ensure!(
                    ours == leaf,
                    "the database has entered something else than what was published at place {place}: it was served \
                     after it had been copied"
                );
                continue;
            }
            bring(&mut tx, &mut chains, place, &leaf, clock.now().ms()).await?;
            brought += 1;
        }
    }
    let mut tiles = Tiles::new(ledger.folder(), size);
    let computed = merkle::root(size, |level, index| tiles.node(level, index))?;
    ensure!(computed == root, "the ledger's files are not those of its checkpoint: fsck tells where");
    for Chain { child, next, last, .. } in chains.into_values() {
        query("UPDATE child_log SET next = ?, last = ? WHERE child = ?")
            .bind(next.cast_signed())
            .bind(last.as_ref().map(|last| &last[..]))
            .bind(child)
            .execute(&mut *tx)
            .await?;
    }
    query("UPDATE ledger_head SET size = ?1, root = ?2, staged = max(staged, ?1)")
        .bind(size.cast_signed())
        .bind(&root[..])
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    drop(lock);
    Ok(brought)
}

/// Every child's chain, by the tag of its next entry.
async fn chains(tx: &mut Transaction<'_, Sqlite>) -> anyhow::Result<HashMap<Hash, Chain>> {
    let rows = query("SELECT child, key, next, last FROM child_log").fetch_all(&mut **tx).await?;
    let mut chains = HashMap::with_capacity(rows.len());
    for row in rows {
        let key = ChildKey(hash(&row.try_get::<Vec<u8>, _>(1)?)?);
        let last = row.try_get::<Option<Vec<u8>>, _>(3)?.map(|last| hash(&last)).transpose()?;
        let next = unsigned(row.try_get(2)?);
        chains.insert(key.tag(next), Chain { child: row.try_get(0)?, key, next, last });
    }
    Ok(chains)
}

async fn bring(
    tx: &mut Transaction<'_, Sqlite>,
    chains: &mut HashMap<Hash, Chain>,
    place: u64,
    text: &str,
    now: i64,
) -> anyhow::Result<()> {
    let leaf = Leaf::parse(text)?;
    let mut of = None;
    // One of a child that the backup does not know stays nobody's.
    if let Some(link) = leaf.link
        && let Some(mut chain) = chains.remove(&link.tag)
    {
        ensure!(
            link.prev == chain.key.prev(chain.last.as_ref()),
            "entry {place} does not name the one before it"
        );
        of = Some((chain.child, chain.next.cast_signed()));
        chain.last = Some(leaf.hash());
        chain.next += 1;
        chains.insert(chain.key.tag(chain.next), chain);
    }
    let body = match leaf.kind {
        Kind::Inventory => Some(inventory::bring_back(tx, &leaf, place.cast_signed()).await?),
        _ => None,
    };
    query(
        "INSERT INTO ledger_entry (place, leaf, child, seq, body, entered_at, lost) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(place.cast_signed())
    .bind(text)
    .bind(of.map(|(child, _)| child))
    .bind(of.map(|(_, seq)| seq))
    .bind(body.as_deref().unwrap_or_default())
    .bind(now)
    .bind(body.is_none_or(|body| body.is_empty()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
