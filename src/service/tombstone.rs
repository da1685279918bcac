//! What was deleted stays deleted: the same bytes, or the vendor's own name for them, are refused for
//! ever (R4). Written in the transaction that accepts an erasure, before anything is destroyed;
//! only an undo takes them back.
//!
//! A tombstone is an HMAC under a key of the data folder. Who reads the table learns neither what was
//! deleted nor whose it was; once its erasure is over, nothing ties it to one.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write as _},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use hmac::{Hmac, KeyInit, Mac};
use rules::{ChildId, ErasureId};
use sha2::Sha256;
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};

/// The file of the key, in the data folder. Without it a restored database would take back in what
/// was deleted, so it belongs into every backup.
const FILE: &str = "tombstone.key";

/// Makes and recognises tombstones.
pub struct Tombstones(Hmac<Sha256>);

/// What makes a recording the same as a deleted one.
#[derive(Debug, Clone, Copy)]
pub enum Mark<'a> {
    /// SHA-256 of its bytes, whatever moment is stated with them.
    Content(&'a [u8]),
    /// Bytes and moment, of a recording from before contents were written down.
    Identity(&'a [u8]),
    /// The vendor's own name for it.
    Reference(&'a str),
}

impl Tombstones {
    /// With the key of this data folder, which is made where it is missing.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        let key = read_or_make(&path).with_context(|| format!("cannot read or make {}", path.display()))?;
        Ok(Self(Hmac::new_from_slice(&key)?))
    }

    fn hash(&self, child: ChildId, mark: Mark<'_>) -> [u8; 32] {
        let (kind, bytes) = match mark {
            Mark::Content(hash) => (b'c', hash),
            Mark::Identity(hash) => (b'i', hash),
            Mark::Reference(name) => (b'r', name.as_bytes()),
        };
        let mut mac = self.0.clone();
        mac.update(child.to_string().as_bytes());
        mac.update(&[0, kind]);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    /// Buries the recordings at these places, a JSON array, with an erasure.
    pub async fn bury(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        erasure: ErasureId,
        child: ChildId,
        seqs: &str,
    ) -> sqlx::Result<()> {
        let rows = query(
            "SELECT r.content, r.identity, r.reference FROM json_each(?) j CROSS JOIN recording r ON r.seq = j.value",
        )
        .bind(seqs)
        .fetch_all(&mut **tx)
        .await?;
        let mut hashes = Vec::with_capacity(rows.len());
        for row in rows {
            let (content, identity): (Option<Vec<u8>>, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            let mark = content.as_deref().map_or(Mark::Identity(&identity), Mark::Content);
            hashes.push(self.hash(child, mark));
            if let Some(reference) = row.try_get::<Option<String>, _>(2)? {
                hashes.push(self.hash(child, Mark::Reference(&reference)));
            }
        }
        insert(tx, Some(erasure), &hashes).await
    }

    /// Buries what was refused because its erasure came while it was on its way; for good, if that is
    /// over already.
    pub async fn bury_arriving(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        erasure: Option<ErasureId>,
        child: ChildId,
        marks: &[Mark<'_>],
    ) -> sqlx::Result<()> {
        let hashes: Vec<_> = marks.iter().map(|mark| self.hash(child, *mark)).collect();
        insert(tx, erasure, &hashes).await
    }

    /// Whether any of these was deleted, or is about to be.
    pub async fn has(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        child: ChildId,
        marks: &[Mark<'_>],
    ) -> sqlx::Result<bool> {
        for mark in marks {
            let there: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM tombstone WHERE hash = ?)")
                .bind(&self.hash(child, *mark)[..])
                .fetch_one(&mut **tx)
                .await?;
            if there {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The erasure was taken back: what it buried may come in again, unless another buried it too.
pub async fn take_back(tx: &mut Transaction<'_, Sqlite>, erasure: ErasureId) -> sqlx::Result<()> {
    query("DELETE FROM tombstone WHERE erasure = ?").bind(erasure.to_string()).execute(&mut **tx).await?;
    Ok(())
}

/// The erasure is over: its tombstones stay for good, and nothing ties them to it.
pub async fn settle(tx: &mut Transaction<'_, Sqlite>, erasure: ErasureId) -> sqlx::Result<()> {
    query("INSERT OR IGNORE INTO tombstone (hash, erasure) SELECT hash, '' FROM tombstone WHERE erasure = ?")
        .bind(erasure.to_string())
        .execute(&mut **tx)
        .await?;
    take_back(tx, erasure).await
}

async fn insert(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: Option<ErasureId>,
    hashes: &[[u8; 32]],
) -> sqlx::Result<()> {
    let hashes = serde_json::Value::from_iter(hashes.iter().map(|hash| hex(hash)));
    query("INSERT OR IGNORE INTO tombstone (hash, erasure) SELECT unhex(j.value), ? FROM json_each(?) j")
        .bind(erasure.map(|erasure| erasure.to_string()).unwrap_or_default())
        .bind(hashes.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A key of 32 random bytes in a file of its own, readable by this user only; made where it is missing.
pub(crate) fn read_or_make(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut key = [0; 32];
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            key = rand::random();
            file.write_all(&key)?;
            file.sync_all()?;
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => File::open(path)?.read_exact(&mut key)?,
        Err(error) => return Err(error),
    }
    Ok(key)
}
