//! Is the ledger what it should be? Everything is computed again from the entries, and compared with
//! the tiles, the head, the checkpoint and the database.

use std::{collections::HashSet, fs, path::Path};

use anyhow::{Context, bail};
use proof::{
    Error, Hash, Policy,
    child::ChildKey,
    leaf::Leaf,
    merkle::{self, leaf_hash, root_of},
    note::Note,
    verify::{signed, witnessed},
};
use rules::StoreId;
use sqlx::{Row, query, query_as, query_scalar};

mod statements;

use super::{
    Ledger, hash,
    tiles::{Level, Tile, Tiles, WIDTH, entries},
    unsigned,
};
use crate::{
    clock::{Clock, SystemClock},
    db::{Db, index},
    keys::{self, Keys},
    search,
};

/// Looks at a data folder; one line for each fault. Nobody adds to the ledger meanwhile.
pub async fn fsck(data: &Path) -> anyhow::Result<Vec<String>> {
    let file = data.join("forget-me-not.db");
    if !file.is_file() || !data.join(super::KEY).is_file() {
        bail!("there is no ledger in {}: name the folder, --data DIR", data.display());
    }
    let lock = fs::File::create(data.join(super::LOCK))?;
    lock.lock()?;
    let db = Db::open(&file).await.with_context(|| format!("cannot open {}", file.display()))?;
    let ledger = Ledger::open(data, true)?;
    let mut look = Look { db, ledger, faults: Vec::new() };
    let looked = look.at_everything(data).await;
    look.db.close().await;
    looked?;
    Ok(look.faults)
}

struct Look {
    db: Db,
    ledger: Ledger,
    faults: Vec<String>,
}

impl Look {
    async fn at_everything(&mut self, data: &Path) -> anyhow::Result<()> {
        let row = query("SELECT size, root FROM ledger_head").fetch_one(self.db.read()).await?;
        let (size, root) = (unsigned(row.try_get(0)?), hash(&row.try_get::<Vec<u8>, _>(1)?)?);
        self.checkpoint(size, &root)?;
        self.cosigned(size)?;
        self.tree(size, &root).await?;
        self.chains().await?;
        self.stores(data).await?;
        self.statements().await?;
        self.keys(data).await
    }

    fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    fn checkpoint(&mut self, size: u64, root: &Hash) -> anyhow::Result<()> {
        let Some(text) = self.ledger.newest()? else {
            if size > 0 {
                self.fault("checkpoint: missing");
            }
            return Ok(());
        };
        let policy = Policy::parse(&self.ledger.policy())?;
        match Note::parse(&text).and_then(|note| signed(&policy, &note).map(|it| (it.size, it.root))) {
            Err(error) => self.fault(format!("checkpoint: {error}")),
            Ok((published, _)) if published > size => {
                self.fault(format!(
                    "checkpoint: has {published} entries, the head {size}: the database is older"
                ));
            }
            Ok((published, _)) if published < size => {
                self.fault(format!(
                    "checkpoint: has {published} entries, the head {size}: the next serve publishes it"
                ));
            }
            Ok((_, published)) if published != *root => {
                self.fault("checkpoint: another root than the head's")
            }
            Ok(_) => {}
        }
        Ok(())
    }

    /// The checkpoint that witnesses have signed: an earlier one, or the same.
    fn cosigned(&mut self, size: u64) -> anyhow::Result<()> {
        let Some(text) = self.ledger.read(super::COSIGNED)? else { return Ok(()) };
        let policy = &self.ledger.trust.policy;
        let read = Note::parse(&text).and_then(|note| {
            let checkpoint = signed(policy, &note)?;
            match witnessed(policy, &note, None) {
                // The policy may ask for more now than it did then.
                Ok(_) | Err(Error::TooFewWitnesses) => Ok((checkpoint.size, checkpoint.root)),
                Err(error) => Err(error),
            }
        });
        let fault = match read {
            Err(error) => Some(error.to_string()),
            Ok((seen, _)) if seen > size => Some(format!("has {seen} entries, the head {size}")),
            Ok((seen, root)) => {
                let mut tiles = Tiles::new(self.ledger.folder(), seen);
                match merkle::root(seen, |level, n| tiles.node(level, n)) {
                    Ok(own) if own == root => None,
                    Ok(_) => Some(format!("another root than that of the first {seen} entries")),
                    Err(error) => Some(error.to_string()),
                }
            }
        };
        if let Some(fault) = fault {
            self.fault(format!("{}: {fault}", super::COSIGNED));
        }
        Ok(())
    }

    /// Builds the tree anew, a bundle at a time. Only tags are all in memory, 32 bytes each.
    async fn tree(&mut self, size: u64, root: &Hash) -> anyhow::Result<()> {
        let mut tags = HashSet::new();
        let mut levels: Vec<Vec<Hash>> = vec![Vec::new()];
        for n in 0..size.div_ceil(WIDTH) {
            // Read anew for each bundle: nothing is held but what it makes.
            let mut tiles = Tiles::new(self.ledger.folder(), size);
            let width = WIDTH.min(size - n * WIDTH);
            let known = self.known(n * WIDTH, width).await?;
            let found: Vec<String> = match tiles.tile(Level::Entries, n) {
                Ok(bytes) => {
                    entries(bytes).map(|entry| String::from_utf8_lossy(entry).into_owned()).collect()
                }
                Err(error) => {
                    self.fault(format!("{}: {error}", Tile { level: Level::Entries, n, width }.path()));
                    Vec::new()
                }
            };
            let mut hashes = Vec::new();
            for place in 0..width {
                let (at, place) = (n * WIDTH + place, place as usize);
                let known = known.get(place).and_then(Option::as_ref);
                let entry = match (found.get(place), known) {
                    (Some(found), Some(known)) if found != known => {
                        self.fault(format!("entry {at}: not the one that the database remembers"));
                        found
                    }
                    (Some(found), None) => {
                        self.fault(format!("entry {at}: missing in the database"));
                        found
                    }
                    (None, Some(known)) => {
                        if !found.is_empty() {
                            self.fault(format!("entry {at}: missing in its bundle"));
                        }
                        known
                    }
                    (Some(found), Some(_)) => found,
                    (None, None) => {
                        self.fault(format!("the head has {size} entries, and there are {at}"));
                        return Ok(());
                    }
                };
                match Leaf::parse(entry).map(|leaf| leaf.link) {
                    Err(error) => self.fault(format!("entry {at}: {error}")),
                    Ok(Some(link)) if !tags.insert(link.tag) => {
                        self.fault(format!("entry {at}: its tag was there before"));
                    }
                    Ok(_) => {}
                }
                hashes.push(leaf_hash(entry.as_bytes()));
            }
            levels[0] = hashes;
            let (mut level, count) = (0, n * WIDTH + width);
            while levels[level].len() as u64 == WIDTH {
                let full = std::mem::take(&mut levels[level]);
                self.compare(&mut tiles, level, (count >> (8 * (level + 1))) - 1, &full);
                level += 1;
                if levels.len() == level {
                    levels.push(Vec::new());
                }
                levels[level].push(root_of(&full));
            }
        }
        let mut tiles = Tiles::new(self.ledger.folder(), size);
        self.edge(&mut tiles, size, root, &levels)
    }

    /// What is in no full tile.
    fn edge(
        &mut self,
        tiles: &mut Tiles,
        size: u64,
        root: &Hash,
        levels: &[Vec<Hash>],
    ) -> anyhow::Result<()> {
        for (level, hashes) in levels.iter().enumerate().filter(|(_, hashes)| !hashes.is_empty()) {
            let n = (size >> (8 * level)) / WIDTH;
            self.compare(tiles, level, n, hashes);
        }
        let rebuilt = merkle::root(size, |level: u8, index: u64| {
            let hashes = levels.get(usize::from(level / 8)).map_or(&[][..], Vec::as_slice);
            let (first, count) = ((index << (level % 8)) % WIDTH, 1_usize << (level % 8));
            hashes.get(first as usize..first as usize + count).map(root_of).context("the tree is not whole")
        });
        if rebuilt? != *root {
            self.fault(format!("the head's root is not that of the {size} entries"));
        }
        Ok(())
    }

    fn compare(&mut self, tiles: &mut Tiles, level: usize, n: u64, hashes: &[Hash]) {
        let level = Level::Hashes(level as u8);
        let path = Tile { level, n, width: hashes.len() as u64 }.path();
        match tiles.tile(level, n) {
            Ok(bytes) if bytes.starts_with(hashes.as_flattened()) => {}
            Ok(_) => self.fault(format!("{path}: not what its entries make it")),
            Err(error) => self.fault(format!("{path}: {error}")),
        }
    }

    /// The entries that the database remembers at these places.
    async fn known(&self, from: u64, width: u64) -> anyhow::Result<Vec<Option<String>>> {
        let rows: Vec<(i64, String)> =
            query_as("SELECT place, leaf FROM ledger_entry WHERE place >= ? AND place < ?")
                .bind(from.cast_signed())
                .bind((from + width).cast_signed())
                .fetch_all(self.db.read())
                .await?;
        let mut known = vec![None; width as usize];
        for (place, leaf) in rows {
            known[(unsigned(place) - from) as usize] = Some(leaf);
        }
        Ok(known)
    }

    /// Each child's entries, from the first, under the child's key.
    async fn chains(&mut self) -> anyhow::Result<()> {
        let logs = query("SELECT child, key, next, last FROM child_log").fetch_all(self.db.read()).await?;
        for log in logs {
            let (child, next): (i64, i64) = (log.try_get(0)?, log.try_get(2)?);
            let key = ChildKey(hash(&log.try_get::<Vec<u8>, _>(1)?)?);
            let head: Option<Vec<u8>> = log.try_get(3)?;
            let (mut seq, mut last) = (0, None);
            loop {
                let rows = query(
                    "SELECT seq, leaf, body, lost FROM ledger_entry WHERE child = ? AND seq >= ? ORDER BY seq LIMIT 1000",
                )
                .bind(child)
                .bind(seq)
                .fetch_all(self.db.read())
                .await?;
                if rows.is_empty() {
                    break;
                }
                for row in rows {
                    let (leaf, body): (String, String) = (row.try_get(1)?, row.try_get(2)?);
                    // What an entry that came back from the public files committed to, nobody knows.
                    let lost: bool = row.try_get(3)?;
                    let same = Leaf::parse(&leaf).is_ok_and(|read| {
                        let n = unsigned(seq);
                        let made = Leaf::of(read.kind, &key, n, last.as_ref(), &key.salt(n), &body);
                        if lost { read.link == made.link } else { read == made }
                    });
                    if row.try_get::<i64, _>(0)? != seq || !same {
                        self.fault(format!("child number {child}: entry {seq} is not what the key makes it"));
                        seq = row.try_get(0)?;
                    }
                    last = Some(leaf_hash(leaf.as_bytes()));
                    seq += 1;
                }
            }
            if seq != next || last.as_ref().map(|last| &last[..]) != head.as_deref() {
                self.fault(format!("child number {child}: {seq} entries, and its log has {next}"));
            }
        }
        Ok(())
    }

    /// That each row opens, and no key is there for nothing.
    async fn keys(&mut self, data: &Path) -> anyhow::Result<()> {
        // One that looks makes none: a restoring would take it for those that were lost.
        if !data.join(keys::FILE).is_file() {
            self.fault(format!("keys: {} is missing", keys::FILE));
            return Ok(());
        }
        match Keys::open(data, SystemClock.now()).await {
            Ok(keys) => {
                let looked = keys::look(&self.db, &keys).await;
                keys.close().await;
                self.faults.extend(looked?);
            }
            Err(error) => self.fault(format!("keys: {error:#}")),
        }
        Ok(())
    }

    /// That no store holds what no list and no plan knows, and every finished erasure has its entry.
    async fn stores(&mut self, data: &Path) -> anyhow::Result<()> {
        for (what, sql) in [
            (
                "plans of finished erasures",
                "SELECT count(*) FROM erasure_item i JOIN erasure e ON e.id = i.erasure WHERE e.finished_at IS NOT NULL",
            ),
            (
                "erasures with a store that did not answer",
                "SELECT count(*) FROM erasure e JOIN erasure_step s ON s.erasure = e.id WHERE e.state = 'deleted' AND s.state <> 'verified_absent'",
            ),
            (
                "finished erasures without their entry",
                "SELECT count(*) FROM erasure e JOIN erasure_child c ON c.erasure = e.id WHERE e.state = 'deleted' AND e.inventory IS NOT NULL AND c.place IS NULL",
            ),
            (
                "transcripts of no recording",
                "SELECT count(*) FROM transcript WHERE seq NOT IN (SELECT seq FROM recording UNION ALL SELECT seq FROM erasure_item)",
            ),
            (
                "locations of no recording",
                "SELECT count(*) FROM location WHERE seq NOT IN (SELECT seq FROM recording UNION ALL SELECT seq FROM erasure_item)",
            ),
            (
                "waveforms of no recording",
                "SELECT count(*) FROM waveform WHERE seq NOT IN (SELECT seq FROM recording UNION ALL SELECT seq FROM erasure_item)",
            ),
            (
                "things made from no recording",
                "SELECT count(*) FROM derivation d WHERE NOT EXISTS (SELECT 1 FROM derivation_source s WHERE s.derivation = d.number)
                 OR EXISTS (SELECT 1 FROM derivation_source s WHERE s.derivation = d.number
                     AND s.seq NOT IN (SELECT seq FROM recording UNION ALL SELECT seq FROM erasure_item))",
            ),
        ] {
            let found: i64 = query_scalar(sql).fetch_one(self.db.read()).await?;
            if found > 0 {
                self.fault(format!("{what}: {found}"));
            }
        }
        self.search_index().await?;
        let children: Vec<String> = query_scalar("SELECT id FROM child").fetch_all(self.db.read()).await?;
        for child in children {
            let folder = data.join(StoreId::Media.name()).join(&child);
            let Ok(files) = fs::read_dir(&folder) else { continue };
            for file in files {
                let name = file?.file_name().to_string_lossy().into_owned();
                let known: bool = query_scalar(
                    "SELECT EXISTS (SELECT 1 FROM recording WHERE id = ?1) OR EXISTS (SELECT 1 FROM erasure_item WHERE recording = ?1)
                     OR EXISTS (SELECT 1 FROM incoming WHERE object = ?2)",
                )
                .bind(&name)
                .bind(format!("media/{child}/{name}"))
                .fetch_one(self.db.read())
                .await?;
                // Objects being written have a name of their own until they are whole.
                if !known && !name.contains('#') {
                    self.fault(format!("media of no recording: {name}"));
                }
            }
        }
        Ok(())
    }

    /// That it can be read, and has nothing but what may be found.
    async fn search_index(&mut self) -> anyhow::Result<()> {
        if let Some(damage) = index::damage(&self.db).await? {
            self.fault(format!("the search index is damaged, and the next serve makes it anew: {damage}"));
            return Ok(());
        }
        match search::mend::amiss(&self.db).await {
            Ok(0) => {}
            Ok(found) => self.fault(format!("search entries of no recording: {found}")),
            Err(error) if index::is_damaged(&error) => {
                self.fault(format!("the search index is not made yet: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
