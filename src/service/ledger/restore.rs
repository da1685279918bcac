//! A database from a backup beside the ledger of today: what was published since is brought back.
//!
//! The public files have every entry, so the tree goes on where it was and nobody sees a fork. What
//! an entry committed to was in the database that is lost, and what guardians have decided, how erasures ended and what
//! everybody reads is in the folder `deletions` as well. Any other entry is known to be lost, and to be whose it is where the
//! backup has the child's key.
//! A decision that the folder does not have is one that the restored service would not carry out: nobody goes on
//! without it unasked.

use std::{collections::HashMap, fs::File};

use anyhow::{Context, ensure};
use proof::{
    Hash,
    child::ChildKey,
    leaf::{Kind, Leaf, NO_SALT, commitment},
    merkle::{self, leaf_hash},
};
use rules::{Timestamp, retention::BACKUPS_END_AFTER_DAYS};
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};

use super::{
    LOCK, Ledger, hash, inventory, read_checkpoint,
    tiles::{Level, Tiles, WIDTH, entries},
    unsigned,
};
use crate::{
    clock::Clock,
    db::Db,
    journal::{self, Said},
};

/// In `ledger_entry.lost`: nobody knows any more what the entry commits to.
const LOST: i64 = 1;
/// And it was a decision of a guardian, which is written down nowhere.
const MISSING: i64 = 2;

/// A child's entries as far as they are known, and what the next one is found by.
struct Chain {
    child: i64,
    key: ChildKey,
    next: u64,
    last: Option<Hash>,
}

/// Guardians' decisions among the entries that were brought back.
struct Decided<'a> {
    /// What the folder `deletions` says of them.
    said: &'a HashMap<Hash, Said>,
    /// How many there are.
    all: u64,
    /// How many of them the folder does not have, and the place of the first.
    missing: u64,
    first: Option<u64>,
    /// The last moment of which it is known that nothing was missing.
    whole_until: Option<Timestamp>,
}

impl Decided<'_> {
    /// Takes note of the next entry. What it committed to, if the folder has it; else how it is lost.
    fn meet(&mut self, place: u64, leaf: &Leaf) -> Result<&str, i64> {
        let is_decision = matches!(leaf.kind, Kind::Request | Kind::Decision);
        self.all += u64::from(is_decision);
        match self.said.get(&leaf.hash()) {
            Some(said) => {
                if self.first.is_none() {
                    self.whole_until = self.whole_until.max(Some(said.at));
                }
                Ok(&said.body)
            }
            None if is_decision => {
                self.missing += 1;
                self.first.get_or_insert(place);
                Err(MISSING)
            }
            None => Err(LOST),
        }
    }

    /// Refuses to go on without any of them.
    fn is_whole(&self, ledger: &Ledger) -> anyhow::Result<()> {
        let Self { all, missing, first, whole_until, .. } = self;
        let since = whole_until.map_or_else(|| "the beginning".to_owned(), |at| at.to_string());
        ensure!(
            *missing == 0,
            "of {all} deletions and other decisions of guardians that the ledger shows after the backup, {missing} are not in {}: \
             the first is entry {} of the ledger, decided after {since}. What they deleted would be there again. Copy the \
             newest copy of deletions/ there and restore again; a backup older than {BACKUPS_END_AFTER_DAYS} days has \
             ended, and needs a newer one. --accept-missing-deletions goes on without them, and the ledger says so",
            ledger.data.join(journal::FOLDER).display(),
            first.unwrap_or_default(),
        );
        Ok(())
    }
}

/// Brings back what was published and is not in the database. Whole or not at all; returns how many
/// entries that were. Refused where `said` does not have what guardians have decided, unless that is accepted.
pub async fn catch_up(
    db: &Db,
    ledger: &Ledger,
    clock: &dyn Clock,
    said: &HashMap<Hash, Said>,
    accepts_missing: bool,
) -> anyhow::Result<u64> {
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
    let last: Option<i64> = query_scalar("SELECT entered_at FROM ledger_entry ORDER BY place DESC LIMIT 1")
        .fetch_optional(&mut *tx)
        .await?;
    let whole_until = last.map(Timestamp::from_ms);
    let mut decided = Decided { said, all: 0, missing: 0, first: None, whole_until };
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
            bring(&mut tx, &mut chains, &mut decided, place, &leaf, clock.now().ms()).await?;
            brought += 1;
        }
    }
    if accepts_missing {
        tracing::warn!(missing = decided.missing, "decisions of guardians are lost, as was accepted");
    } else {
        decided.is_whole(ledger)?;
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
    decided: &mut Decided<'_>,
    place: u64,
    text: &str,
    now: i64,
) -> anyhow::Result<()> {
    let leaf = Leaf::parse(text)?;
    let mut of = None;
    let mut salt = (!leaf.kind.is_of_a_child()).then_some(NO_SALT);
    // One of a child that the backup does not know stays nobody's.
    if let Some(link) = leaf.link
        && let Some(mut chain) = chains.remove(&link.tag)
    {
        ensure!(
            link.prev == chain.key.prev(chain.last.as_ref()),
            "entry {place} does not name the one before it"
        );
        of = Some((chain.child, chain.next.cast_signed()));
        salt = Some(chain.key.salt(chain.next));
        chain.last = Some(leaf.hash());
        chain.next += 1;
        chains.insert(chain.key.tag(chain.next), chain);
    }
    let (mut body, lost) = match decided.meet(place, &leaf) {
        // Of a child that the backup does not know nobody can open it.
        Ok(body) if salt.is_some_and(|salt| commitment(&salt, body) == leaf.body) => (body.to_owned(), LOST),
        Ok(_) => (String::new(), LOST),
        Err(lost) => (String::new(), lost),
    };
    if leaf.kind == Kind::Inventory {
        body = inventory::bring_back(tx, &leaf, place.cast_signed(), body).await?;
    }
    query(
        "INSERT INTO ledger_entry (place, leaf, child, seq, body, entered_at, lost) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(place.cast_signed())
    .bind(text)
    .bind(of.map(|(child, _)| child))
    .bind(of.map(|(_, seq)| seq))
    .bind(&body)
    .bind(now)
    .bind(if body.is_empty() { lost } else { 0 })
    .execute(&mut **tx)
    .await?;
    Ok(())
}
