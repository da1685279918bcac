//! Moves entries from the database into the public tree, in order.
//!
//! The order is Sunlight's: what is to be added is on the disk for good ("staged"), then the tiles,
//! then the head by compare-and-swap, then the checkpoint. The same entries always get the same
//! places, so whoever is killed anywhere, or meets another process there, only does again what was
//! done: nothing is lost, nothing doubled, and no two checkpoints contradict each other.

use std::{fs::File, future::Future, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use proof::Hash;
use sqlx::{Row, query, query_as};

use super::{CHECKPOINT, LOCK, hash, read_checkpoint, tiles, unsigned};
use crate::{core::Core, faults, files, journal};

/// Entries added in one go: bounds memory.
const BATCH: u64 = 4096;
/// How often it looks when nobody wakes it.
const TICK: Duration = Duration::from_secs(1);
/// How long it collects entries before it signs one checkpoint for all of them.
const COLLECT: Duration = Duration::from_millis(200);
/// How long it waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Sequences what is entered until `shutdown` resolves. It may stop anywhere, as it may be killed anywhere.
pub async fn run(core: Arc<Core>, shutdown: impl Future<Output = ()> + Send) {
    let work = async {
        loop {
            let wait = match sequence(&core).await {
                Ok(_) => TICK,
                Err(error) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the ledger does not grow; it is tried again"
                    );
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                () = core.ledger.wake.notified() => tokio::time::sleep(COLLECT.min(wait)).await,
                () = tokio::time::sleep(wait) => {}
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = shutdown => {}
    }
}

/// Adds everything that was entered to the ledger, and publishes its checkpoint. Returns how many
/// entries were added. It ends although more are entered all the while: those are the next call's.
pub async fn sequence(core: &Core) -> anyhow::Result<u64> {
    let mut all = 0;
    loop {
        let added = step(core).await?;
        all += added;
        if added < BATCH {
            return Ok(all);
        }
    }
}

/// Adds one batch; returns how many entries it had. One process at a time does this for a data folder.
async fn step(core: &Core) -> anyhow::Result<u64> {
    let lock = lock(core).await?;
    let (size, root) = head(core).await?;
    let old = core.ledger.newest()?.as_deref().map(read_checkpoint).transpose()?;
    if let Some((published, published_root)) = old {
        // Going on would sign another history than the one that was published.
        let older = published > size || published == size && published_root != root;
        ensure!(
            !older,
            "the database is older than the ledger's checkpoint: it was restored without data/ledger"
        );
    }
    if old.is_none_or(|(published, _)| published < size) {
        publish(core, size, root)?;
    }
    let next = batch(core, size).await?;
    drop(lock);
    Ok(next - size)
}

async fn lock(core: &Core) -> anyhow::Result<File> {
    let (folder, path) = (core.ledger.folder(), core.data.join(LOCK));
    tokio::task::spawn_blocking(move || {
        let file = File::create(&path)?;
        file.lock()?;
        std::fs::create_dir_all(&folder)?;
        files::sweep(&folder)?;
        Ok(file)
    })
    .await?
}

/// How long the ledger is, and its root.
pub(super) async fn head(core: &Core) -> anyhow::Result<(u64, Hash)> {
    let row = query("SELECT size, root FROM ledger_head").fetch_one(core.db.read()).await?;
    Ok((unsigned(row.try_get(0)?), hash(&row.try_get::<Vec<u8>, _>(1)?)?))
}

/// Adds what comes next; returns the new size.
async fn batch(core: &Core, size: u64) -> anyhow::Result<u64> {
    let entries: Vec<(i64, String)> =
        query_as("SELECT place, leaf FROM ledger_entry WHERE place >= ? ORDER BY place LIMIT ?")
            .bind(size.cast_signed())
            .bind(BATCH.cast_signed())
            .fetch_all(core.db.read())
            .await?;
    if entries.is_empty() {
        return Ok(size);
    }
    let (_, root) = head(core).await?;
    let next = size + entries.len() as u64;
    let in_order = (size..).zip(&entries).all(|(due, (place, _))| unsigned(*place) == due);
    ensure!(in_order, "an entry is missing in the database");

    // Entries of effects that may be repeated survive a power cut only from here on: the log of the
    // database is one file, and syncing it syncs what was written before.
    let mut tx = core.db.write().await?;
    query("UPDATE ledger_head SET staged = max(staged, ?)")
        .bind(next.cast_signed())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    faults::point("ledger-staged");

    let folder = core.ledger.folder();
    let leaves: Vec<String> = entries.into_iter().map(|(_, leaf)| leaf).collect();
    let added = tokio::task::spawn_blocking(move || tiles::add(&folder, size, &root, &leaves)).await??;
    faults::point("ledger-tiles");

    let mut tx = core.db.write().await?;
    let swapped = query("UPDATE ledger_head SET size = ?, root = ? WHERE size = ? AND root = ?")
        .bind(next.cast_signed())
        .bind(&added.root[..])
        .bind(size.cast_signed())
        .bind(&root[..])
        .execute(&mut *tx)
        .await?;
    ensure!(swapped.rows_affected() == 1, "another process has added to the ledger");
    tx.commit().await?;
    faults::point("ledger-head");

    publish(core, next, added.root)?;
    tiles::clear(&core.ledger.folder(), &added.filled).context("cannot clear away parts of full tiles")?;
    Ok(next)
}

/// Publishes the head, which is on the disk for good.
fn publish(core: &Core, size: u64, root: Hash) -> anyhow::Result<()> {
    let folder = core.ledger.folder();
    if size > 0 {
        let path: &Path = &folder.join(CHECKPOINT);
        let checkpoint = core.ledger.sign(size, root);
        files::write(&folder, path, checkpoint.as_bytes())?;
        files::settle(&folder)?;
        journal::note_checkpoint(&core.data, &checkpoint)?;
        core.ledger.published.notify_one();
    }
    Ok(())
}
