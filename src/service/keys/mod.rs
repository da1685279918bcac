//! The keys without which media cannot be read, and their end.
//!
//! A key for each recording, wrapped by its child's key, wrapped by the key of the present epoch.
//! Destroying a recording's key makes every copy of its media unreadable, wherever it is; what a copy
//! of this database could still open ends with the next [rotation](Keys::rotate).
//!
//! A database of its own, apart from all else: what is destroyed here is overwritten, not only
//! forgotten, and the file stays small enough to be searched for it byte by byte.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use rules::{ChildId, RecordingId, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::{
    Row, Sqlite, SqlitePool, Transaction, migrate::Migrator, query, query_as, query_scalar,
    sqlite::SqlitePoolOptions,
};
use zeroize::Zeroizing;

use crate::db;

pub mod chunked;
mod fit;
pub mod kms;
mod rotate;
mod traces;

pub use self::{
    fit::fit,
    kms::{Kms, LocalFiles, Wrapping},
    rotate::Rotated,
};

static MIGRATIONS: Migrator = sqlx::migrate!("keys/migrations");

const FILE: &str = "keys.db";
const READERS: u32 = 4;
/// How often a key is looked for whose epoch has just ended.
const TRIES: u32 = 8;

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

    /// A transaction that holds the only writing connection, and the write lock from the start.
    async fn write(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.write.begin_with("BEGIN IMMEDIATE").await
    }

    /// Makes the keys of new recordings. When this returns they survive a power cut.
    pub async fn make(&self, recordings: &[Owner]) -> Result<Vec<MediaKey>, KeyError> {
        let mut made = Vec::with_capacity(recordings.len());
        if recordings.is_empty() {
            return Ok(made);
        }
        let mut tx = self.write().await?;
        // Read under the write lock: a rotation that has begun is known here.
        let epoch = epoch(&mut tx).await?.ok_or(KeyError::Damaged)?;
        let wrapping = self.kms.epoch(epoch)?;
        let mut of: Option<(ChildId, Wrapping)> = None;
        for (child, recording) in recordings.iter().copied() {
            if of.as_ref().is_none_or(|(last, _)| *last != child) {
                of = Some((child, self.child_key_or_new(&mut tx, child, epoch, &wrapping).await?));
            }
            let Some((_, kek)) = &of else { return Err(KeyError::Damaged) };
            let key: Zeroizing<[u8; chunked::KEY]> = Zeroizing::new(rand::random());
            insert_dek(&mut tx, kek, (child, recording), &key).await?;
            made.push(MediaKey::new(key, (child, recording)));
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
        for attempt in 1.. {
            let row = query(
                "SELECT k.epoch, k.wrapped, d.wrapped FROM dek d JOIN kek k ON k.child = d.child
                 WHERE d.child = ? AND d.recording = ?",
            )
            .bind(child.to_string())
            .bind(recording.to_string())
            .fetch_optional(&self.read)
            .await?;
            let Some(row) = row else { return Ok(None) };
            let wrapping = match self.kms.epoch(row.try_get(0)?) {
                // A rotation ended the epoch since the row was read.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && attempt < TRIES => continue,
                wrapping => wrapping?,
            };
            let kek = open_kek(&wrapping, child, &row.try_get::<Vec<u8>, _>(1)?)?;
            let key = kek.open(&name("dek", (child, recording)), &row.try_get::<Vec<u8>, _>(2)?);
            return Ok(Some(MediaKey::new(key.ok_or(KeyError::Damaged)?, (child, recording))));
        }
        Err(KeyError::Damaged)
    }

    /// How many recordings of a child have a key.
    pub async fn count(&self, child: ChildId) -> sqlx::Result<i64> {
        query_scalar("SELECT count(*) FROM dek WHERE child = ?")
            .bind(child.to_string())
            .fetch_one(&self.read)
            .await
    }

    /// The recordings that have a key, in the order of their ids, from the one after `after` on.
    pub async fn owners(&self, after: &str, limit: i64) -> Result<Vec<Owner>, KeyError> {
        let rows: Vec<(String, String)> =
            query_as("SELECT child, recording FROM dek WHERE recording > ? ORDER BY recording LIMIT ?")
                .bind(after)
                .bind(limit)
                .fetch_all(&self.read)
                .await?;
        let owner =
            |(child, recording): &(String, String)| Some((child.parse().ok()?, recording.parse().ok()?));
        rows.iter().map(owner).collect::<Option<_>>().ok_or(KeyError::Damaged)
    }

    /// Destroys the keys of these recordings, and the key of a child with its last one. What is
    /// destroyed already is no error.
    pub async fn destroy(&self, recordings: &[Owner]) -> sqlx::Result<()> {
        let mut tx = self.write().await?;
        for (child, recording) in recordings {
            query("DELETE FROM dek WHERE child = ? AND recording = ?")
                .bind(child.to_string())
                .bind(recording.to_string())
                .execute(&mut *tx)
                .await?;
        }
        let mut children: Vec<String> = recordings.iter().map(|(child, _)| child.to_string()).collect();
        children.sort_unstable();
        children.dedup();
        for child in children {
            query("DELETE FROM kek WHERE child = ?1 AND NOT EXISTS (SELECT 1 FROM dek WHERE child = ?1)")
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

    /// How many of these recordings still have anything here: a key that opens, or bytes of one in the
    /// files, read as bytes.
    pub async fn traces(&self, recordings: &[Owner]) -> Result<u64, KeyError> {
        let mut opens = Vec::with_capacity(recordings.len());
        for (child, recording) in recordings {
            // One that is there and does not open is a trace as well.
            opens.push(match self.key(*child, *recording).await {
                Ok(key) => key.is_some(),
                Err(KeyError::Database(error)) => return Err(error.into()),
                Err(_) => true,
            });
        }
        let needles: Vec<_> = recordings.iter().map(|of| traces::Needles::of(*of)).collect();
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

/// The nonce with which a recording's key is wrapped. An id is used once, so a child's key meets each
/// nonce once; and whoever knows the id knows which bytes to look for when the key is gone.
fn dek_nonce(of: Owner) -> [u8; kms::NONCE] {
    let mut nonce = [0; kms::NONCE];
    nonce.copy_from_slice(&Sha256::digest(name("nonce", of))[..kms::NONCE]);
    nonce
}

fn wrap_dek(kek: &Wrapping, of: Owner, key: &[u8; chunked::KEY]) -> Vec<u8> {
    kek.wrap(dek_nonce(of), &name("dek", of), key)
}

async fn insert_dek(
    tx: &mut Transaction<'_, Sqlite>,
    kek: &Wrapping,
    of: Owner,
    key: &[u8; chunked::KEY],
) -> sqlx::Result<()> {
    query("INSERT INTO dek (child, recording, wrapped) VALUES (?, ?, ?)")
        .bind(of.0.to_string())
        .bind(of.1.to_string())
        .bind(wrap_dek(kek, of, key))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
