//! The keys without which nothing of a recording can be read, nor what was made from it, and their end.
//!
//! A key for each part of a recording and for each thing made from some, wrapped by the child's key, wrapped by the
//! key of the present epoch. Destroying a part's key makes every copy of it unreadable, wherever it is; what a
//! copy of this database could still open ends with the next [rotation](Keys::rotate).
//!
//! A database of its own, apart from all else: what is destroyed here is overwritten, not only
//! forgotten, and the file stays small enough to be searched for it byte by byte.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use rules::{ChildId, RecordingId, StoreId, Stores, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, Row, Sqlite, SqlitePool, Transaction,
    migrate::Migrator,
    query, query_scalar,
    sqlite::{SqlitePoolOptions, SqliteRow},
};
use zeroize::Zeroizing;

use crate::db;

pub mod chunked;
mod fit;
mod fsck;
pub mod kms;
mod parts;
mod rotate;
pub mod rows;
mod things;
mod traces;

pub use self::{
    fit::fit,
    fsck::look,
    kms::{Kms, LocalFiles, Wrapping},
    rotate::Rotated,
    rows::{RecordingKeys, RowKey, ThingId},
};

static MIGRATIONS: Migrator = sqlx::migrate!("keys/migrations");

/// Their name in the data folder.
pub const FILE: &str = "keys.db";
const READERS: u32 = 4;
/// How often a key is looked for whose epoch has just ended.
const TRIES: u32 = 8;

/// Refuses to go on where the keys of recordings are lost: new ones would open nothing, and stand in the way of a backup's.
pub async fn refuse_lost(db: &db::Db, data: &Path) -> anyhow::Result<()> {
    if data.join(FILE).is_file() {
        return Ok(());
    }
    let any: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM recording)").fetch_one(db.read()).await?;
    anyhow::ensure!(
        !any,
        "there is no {FILE} in {}, and nothing in its recordings can be read without it: copy it back, with epochs/",
        data.display()
    );
    Ok(())
}

/// A recording, and whose it is.
pub type Owner = (ChildId, RecordingId);

/// Why a key could not be had. No secret is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database failed.
    #[error("keys.db: {0}")]
    Database(#[from] sqlx::Error),
    /// An epoch key could not be read, made or destroyed.
    #[error("the epoch key: {0}")]
    Kms(#[from] std::io::Error),
    /// What is stored does not open with the key it says.
    #[error("a wrapped key does not open")]
    Damaged,
}

/// The key of one recording's media.
pub struct MediaKey {
    key: Zeroizing<[u8; chunked::KEY]>,
    context: Vec<u8>,
}

impl MediaKey {
    fn new(key: Zeroizing<[u8; chunked::KEY]>, of: Owner) -> Self {
        Self { key, context: name("media", of) }
    }

    /// For a file that is about to be written.
    #[must_use]
    pub fn message(&self) -> chunked::Message {
        chunked::Message::new(&self.key, &self.context)
    }

    /// For the file that begins with these bytes.
    ///
    /// # Errors
    /// It is not this recording's.
    pub fn message_of(&self, header: &[u8]) -> Result<chunked::Message, chunked::Damaged> {
        chunked::Message::of(&self.key, header, &self.context)
    }
}

/// All keys, in `keys.db` of the data folder.
pub struct Keys {
    write: SqlitePool,
    read: SqlitePool,
    kms: Arc<dyn Kms>,
    /// The database, for reading it as bytes.
    file: PathBuf,
}

impl Keys {
    /// Opens the keys of a data folder, and makes the first epoch where there is none.
    pub async fn open(data: &Path, now: Timestamp) -> anyhow::Result<Self> {
        let kms = LocalFiles::open(data).context("cannot use the folder epochs/")?;
        Self::open_with(data, Arc::new(kms), now).await
    }

    /// The same with epoch keys kept elsewhere.
    pub async fn open_with(data: &Path, kms: Arc<dyn Kms>, now: Timestamp) -> anyhow::Result<Self> {
        let file = data.join(FILE);
        let options = db::options(&file);
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        MIGRATIONS.run(&write).await?;
        let read =
            SqlitePoolOptions::new().max_connections(READERS).connect_with(options.read_only(true)).await?;
        let keys = Self { write, read, kms, file };
        let mut tx = keys.write().await?;
        let epoch = match epoch(&mut tx).await? {
            Some(epoch) => epoch,
            None => {
                keys.kms.make(1).context("cannot make the first epoch key")?;
                begin_epoch(&mut tx, 1, now).await?;
                1
            }
        };
        tx.commit().await?;
        // Without it nothing could be played or taken in: better to say so now.
        keys.kms.epoch(epoch).with_context(|| format!("cannot read the key of epoch {epoch}"))?;
        Ok(keys)
    }

    /// The rows that `sql` finds of these ids (a JSON array) of a child, each after the child's own key and its epoch;
    /// with that key, opened. None where there are none.
    async fn rows_of(
        &self,
        sql: &str,
        child: ChildId,
        ids: String,
    ) -> Result<Option<(Wrapping, Vec<SqliteRow>)>, KeyError> {
        for attempt in 1.. {
            let rows =
                query(AssertSqlSafe(sql)).bind(child.to_string()).bind(&ids).fetch_all(&self.read).await?;
            let Some(first) = rows.first() else { return Ok(None) };
            let wrapping = match self.kms.epoch(first.try_get(0)?) {
                // A rotation ended the epoch since the row was read.
                Err(error) if error.kind() == ErrorKind::NotFound && attempt < TRIES => continue,
                wrapping => wrapping?,
            };
            let kek = open_kek(&wrapping, child, first.try_get(1)?)?;
            return Ok(Some((kek, rows)));
        }
        Err(KeyError::Damaged)
    }

    /// A transaction that holds the only writing connection, and the write lock from the start.
    async fn write(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.write.begin_with("BEGIN IMMEDIATE").await
    }

    /// The keys of these parts of recordings; those that are not there are made. When this returns they survive a
    /// power cut, all by one commit.
    pub async fn make(&self, recordings: &[(Owner, Stores)]) -> Result<Vec<RecordingKeys>, KeyError> {
        let mut made = Vec::with_capacity(recordings.len());
        if recordings.is_empty() {
            return Ok(made);
        }
        let mut tx = self.write().await?;
        let mut kek = CurrentKek::default();
        for ((child, recording), parts) in recordings.iter().copied() {
            let kek = kek.of(self, &mut tx, child).await?;
            made.push(parts::make(&mut tx, kek, (child, recording), parts).await?);
        }
        tx.commit().await?;
        Ok(made)
    }

    async fn child_key_or_new(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        child: ChildId,
        epoch: i64,
        wrapping: &Wrapping,
    ) -> Result<Wrapping, KeyError> {
        let row = query("SELECT epoch, wrapped FROM kek WHERE child = ?")
            .bind(child.to_string())
            .fetch_optional(&mut **tx)
            .await?;
        if let Some(row) = row {
            let (its, wrapped): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            return if its == epoch {
                open_kek(wrapping, child, &wrapped)
            } else {
                open_kek(&self.kms.epoch(its)?, child, &wrapped)
            };
        }
        let (kek, wrapped) = new_kek(wrapping, child);
        query("INSERT INTO kek (child, epoch, wrapped, stale) VALUES (?, ?, ?, 0)")
            .bind(child.to_string())
            .bind(epoch)
            .bind(wrapped)
            .execute(&mut **tx)
            .await?;
        Ok(kek)
    }

    /// The key of a recording's media; none once it is destroyed.
    pub async fn key(&self, child: ChildId, recording: RecordingId) -> Result<Option<MediaKey>, KeyError> {
        let mut keys = self.of_parts(child, &[recording], Stores::NONE.with(StoreId::Media)).await?;
        keys.remove(&recording).unwrap_or_default().media()
    }

    /// How many recordings of a child have a key.
    pub async fn count(&self, child: ChildId) -> sqlx::Result<i64> {
        query_scalar("SELECT count(*) FROM dek WHERE child = ?")
            .bind(child.to_string())
            .fetch_one(&self.read)
            .await
    }

    /// Destroys the keys of these parts of recordings and of these things, and the key of a child with its last
    /// one. What is destroyed already is no error.
    pub async fn destroy(&self, recordings: &[(Owner, Stores)], things: &[ThingId]) -> sqlx::Result<()> {
        let mut tx = self.write().await?;
        parts::destroy(&mut tx, recordings).await?;
        things::destroy(&mut tx, things).await?;
        let mut children: Vec<ChildId> = recordings.iter().map(|((child, _), _)| *child).collect();
        children.extend(things.iter().map(|(child, _)| *child));
        children.sort_unstable();
        children.dedup();
        for child in children {
            let child = child.to_string();
            query(
                "DELETE FROM kek WHERE child = ?1 AND NOT EXISTS (SELECT 1 FROM dek WHERE child = ?1)
                 AND NOT EXISTS (SELECT 1 FROM thing WHERE child = ?1)",
            )
            .bind(&child)
            .execute(&mut *tx)
            .await?;
            // What stays of the child is wrapped anew with another key at the next rotation: this one
            // opens, in an old copy, what was destroyed now.
            query("UPDATE kek SET stale = 1 WHERE child = ? AND stale = 0")
                .bind(child)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }

    /// Moves everything from the write-ahead log into the main file, and empties the log.
    pub async fn empty_wal(&self) -> anyhow::Result<()> {
        let busy: i64 = query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.write).await?.try_get(0)?;
        if busy == 0 { Ok(()) } else { Err(db::WalBusy.into()) }
    }

    /// Writes the file anew, so that no gap of a page keeps what was destroyed, and empties the log.
    pub async fn scrub(&self) -> anyhow::Result<()> {
        query("VACUUM").execute(&self.write).await?;
        self.empty_wal().await
    }

    /// How many of these recordings still have anything here: a key of one of these parts that opens, or bytes of
    /// one in the files, read as bytes.
    pub async fn traces(&self, recordings: &[(Owner, Stores)]) -> Result<u64, KeyError> {
        let mut opens = Vec::with_capacity(recordings.len());
        for some in recordings.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
            let ids: Vec<RecordingId> = some.iter().map(|((_, recording), _)| *recording).collect();
            let [((child, _), _), ..] = some else { continue };
            let keys = self.of_parts(*child, &ids, Stores::ALL).await?;
            // One that is there and does not open is a trace as well.
            opens.extend(some.iter().map(|((_, id), parts)| keys.get(id).is_some_and(|k| k.has_any(*parts))));
        }
        let needles: Vec<_> = recordings.iter().map(|(of, parts)| traces::Needles::of(*of, *parts)).collect();
        let file = self.file.clone();
        let found = tokio::task::spawn_blocking(move || traces::find(&file, &needles))
            .await
            .map_err(std::io::Error::other)??;
        Ok(opens.iter().zip(found).filter(|(opens, found)| **opens || *found).count() as u64)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// The present epoch.
async fn epoch(tx: &mut Transaction<'_, Sqlite>) -> sqlx::Result<Option<i64>> {
    query_scalar("SELECT max(number) FROM epoch").fetch_one(&mut **tx).await
}

async fn begin_epoch(tx: &mut Transaction<'_, Sqlite>, number: i64, now: Timestamp) -> sqlx::Result<()> {
    query("INSERT INTO epoch (number, made_at) VALUES (?, ?)")
        .bind(number)
        .bind(now.ms())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn kek_name(child: ChildId) -> Vec<u8> {
    format!("forget-me-not/kek/v1\0{child}").into_bytes()
}

/// What a recording's key or its use is bound to.
fn name(what: &str, (child, recording): Owner) -> Vec<u8> {
    format!("forget-me-not/{what}/v1\0{child}\0{recording}").into_bytes()
}

/// A new key for a child, and itself wrapped.
fn new_kek(wrapping: &Wrapping, child: ChildId) -> (Wrapping, Vec<u8>) {
    let key: Zeroizing<[u8; kms::KEY]> = Zeroizing::new(rand::random());
    (Wrapping::new(&key), wrapping.wrap(rand::random(), &kek_name(child), &key[..]))
}

fn open_kek(wrapping: &Wrapping, child: ChildId, wrapped: &[u8]) -> Result<Wrapping, KeyError> {
    let key = wrapping.open(&kek_name(child), wrapped).ok_or(KeyError::Damaged)?;
    Ok(Wrapping::new(&key))
}

/// What the wrapped key of a part is bound to.
fn dek_name(part: StoreId, of: Owner) -> Vec<u8> {
    match part {
        StoreId::Media => name("dek", of),
        part => name(&format!("dek/{}", part.name()), of),
    }
}

/// What the wrapped key of a thing or its use is bound to.
fn thing_name(what: &str, (child, derivation): ThingId) -> Vec<u8> {
    format!("forget-me-not/{what}/v1\0{child}\0{derivation}").into_bytes()
}

/// Bytes of a part's nonce that anybody who knows the id knows: what to look for when the key is gone.
const MARK: usize = 8;

/// With what the nonce of a part begins.
fn dek_mark(part: StoreId, of: Owner) -> [u8; MARK] {
    let mut mark = [0; MARK];
    let name = match part {
        StoreId::Media => name("nonce", of),
        part => name(&format!("nonce/{}", part.name()), of),
    };
    mark.copy_from_slice(&Sha256::digest(name)[..MARK]);
    mark
}

/// The nonce with which the key of a part is wrapped. A part gets a key once; the bytes at random are for
/// one that is restored from before it was destroyed and gets another.
fn dek_nonce(part: StoreId, of: Owner) -> [u8; kms::NONCE] {
    let mut nonce = [0; kms::NONCE];
    nonce[..MARK].copy_from_slice(&dek_mark(part, of));
    nonce[MARK..].copy_from_slice(&rand::random::<[u8; kms::NONCE - MARK]>());
    nonce
}

/// The key of the child that has just been worked at, opened once for all in a row that are its.
#[derive(Default)]
struct CurrentKek(Option<(ChildId, Wrapping)>);

impl CurrentKek {
    async fn of(
        &mut self,
        keys: &Keys,
        tx: &mut Transaction<'_, Sqlite>,
        child: ChildId,
    ) -> Result<&Wrapping, KeyError> {
        if self.0.as_ref().is_none_or(|(last, _)| *last != child) {
            // Read under the write lock: a rotation that has begun is known here.
            let epoch = epoch(tx).await?.ok_or(KeyError::Damaged)?;
            let wrapping = keys.kms.epoch(epoch)?;
            self.0 = Some((child, keys.child_key_or_new(tx, child, epoch, &wrapping).await?));
        }
        self.0.as_ref().map(|(_, kek)| kek).ok_or(KeyError::Damaged)
    }
}
