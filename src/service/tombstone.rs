//! What was deleted stays deleted: the same bytes, or the vendor's own name for them, are refused for
//! ever (R4). Written in the transaction that accepts an erasure, before anything is destroyed;
//! only an undo takes them back.
//!
//! A tombstone is an HMAC under a key of the data folder. Who reads the table learns neither what was
//! deleted nor whose it was; once its erasure is over, nothing ties it to one.

use std::{fmt::Write as _, path::Path};

use hmac::{Hmac, KeyInit, Mac};
use rules::{ChildId, ErasureId};
use sha2::Sha256;
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};

use crate::{db::Db, secret};

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
    /// With the key of this data folder. It is made where it is missing, unless there are tombstones.
    pub async fn open(data: &Path, db: &Db) -> anyhow::Result<Self> {
        let any = query_scalar("SELECT EXISTS (SELECT 1 FROM tombstone)").fetch_one(db.read()).await?;
        Ok(Self(Hmac::new_from_slice(&secret::key(&data.join(FILE), any)?)?))
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
    pub async fn find(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        child: ChildId,
        marks: &[Mark<'_>],
    ) -> sqlx::Result<Option<Buried>> {
        let mut found = None;
        for mark in marks {
            let for_good: Option<bool> =
                query_scalar("SELECT max(erasure = '') FROM tombstone WHERE hash = ?")
                    .bind(&self.hash(child, *mark)[..])
                    .fetch_one(&mut **tx)
                    .await?;
            match for_good {
                Some(true) => return Ok(Some(Buried::ForGood)),
                Some(false) => found = Some(Buried::WithAnErasure),
                None => {}
            }
        }
        Ok(found)
    }
}

/// How something lies among the tombstones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buried {
    /// An erasure that is not finished means it.
    WithAnErasure,
    /// It was deleted.
    ForGood,
}

/// The erasure was taken back: what it buried may come in again, unless another buried it too.
pub async fn take_back(tx: &mut Transaction<'_, Sqlite>, erasure: ErasureId) -> sqlx::Result<()> {
    query("DELETE FROM tombstone WHERE erasure = ? AND erasure <> ''")
        .bind(erasure.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The erasure is over: its tombstones stay for good, and nothing ties them to it.
pub async fn settle(tx: &mut Transaction<'_, Sqlite>, erasure: ErasureId) -> sqlx::Result<()> {
    query("INSERT OR IGNORE INTO tombstone (hash, erasure) SELECT hash, '' FROM tombstone WHERE erasure = ? AND erasure <> ''")
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
