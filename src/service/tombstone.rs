//! What was deleted stays deleted: the same bytes, or the vendor's own name for them, are refused for
//! ever (R4). Written in the transaction that accepts an erasure, before anything is destroyed;
//! only an undo takes them back.
//!
//! A tombstone is a mark: an HMAC under a key of the data folder. Who reads the table learns neither what was
//! deleted nor whose it was; once its erasure is over, nothing ties it to one. The entry of a recording has
//! its marks and no hash of its bytes, for an entry may outlive them: where its place is kept, say.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use rules::{ChildId, ErasureId};
use sha2::Sha256;
use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction, query, query_scalar};

use crate::{
    db::{Db, rows},
    hex::hex,
    secret,
    session::id,
};

/// The file of the key, in the data folder. Without it a restored database would take back in what
/// was deleted, so it belongs into every backup.
pub const FILE: &str = "tombstone.key";

/// Makes and recognises tombstones.
pub struct Tombstones(Hmac<Sha256>);

/// What a recording is recognised by, without telling what it is.
pub type Mark = [u8; 32];

/// The marks of one recording.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    /// Of its bytes, whatever moment is stated with them.
    pub content: Mark,
    /// Of bytes and moment: what makes two imports the same recording.
    pub identity: Mark,
    /// Of the vendor's own name for it.
    pub reference: Option<Mark>,
}

impl Marks {
    /// What is buried with it: the same bytes do not come in with another moment either.
    pub fn buried(&self) -> impl Iterator<Item = Mark> {
        [self.content].into_iter().chain(self.reference)
    }

    /// All of them. That of identity is buried where an entry from before contents were written down was.
    fn all(&self) -> impl Iterator<Item = Mark> {
        [self.content, self.identity].into_iter().chain(self.reference)
    }
}

/// Entries of this version of the tables (SQLite's `user_version`) have marks; before, bare hashes.
const MARKED: i64 = 1;
/// Entries that are marked in one go: bounds memory.
const PAGE: i64 = 10_000;

impl Tombstones {
    /// With the key of this data folder. It is made where it is missing, unless there are tombstones, or notes with marks.
    pub async fn open(data: &Path, db: &Db) -> anyhow::Result<Self> {
        let any = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM tombstone) OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'note')",
        )
        .fetch_one(db.read())
        .await?;
        let tombstones = Self::under(&secret::key(&data.join(FILE), any)?)?;
        tombstones.mark_old_entries(db).await?;
        Ok(tombstones)
    }

    /// With this key.
    pub fn under(key: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(Hmac::new_from_slice(key)?))
    }

    /// The mark of a text that everybody knows: who has the key can tell whether marks were made under it.
    #[must_use]
    pub fn mark_of_key(&self) -> Mark {
        self.mark_of_id("forget-me-not/tombstone-key")
    }

    /// The marks of a recording: of the SHA-256 of its bytes, of that and the moment, of the vendor's name.
    #[must_use]
    pub fn marks(&self, child: ChildId, content: &[u8], identity: &[u8], reference: Option<&str>) -> Marks {
        Marks {
            content: self.mark(child, b'c', content),
            identity: self.mark(child, b'i', identity),
            reference: reference.map(|name| self.mark(child, b'r', name.as_bytes())),
        }
    }

    fn mark(&self, child: ChildId, kind: u8, bytes: &[u8]) -> Mark {
        let mut mac = self.0.clone();
        mac.update(child.to_string().as_bytes());
        mac.update(&[0, kind]);
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }

    /// The mark of what was asked for, by its hash: to know it again, and to tell nobody else.
    #[must_use]
    pub fn mark_of_request(&self, hash: &[u8; 32]) -> Mark {
        let mut mac = self.0.clone();
        mac.update(b"request\0");
        mac.update(hash);
        mac.finalize().into_bytes().into()
    }

    /// The mark of a thing that was made from recordings, by the vendor's own name for it.
    #[must_use]
    pub fn mark_of_thing(&self, child: ChildId, reference: &str) -> Mark {
        self.mark(child, b't', reference.as_bytes())
    }

    /// The mark of an id: of a recording, by which it is named to whoever makes something of it; of a child or a
    /// guardian.
    #[must_use]
    pub fn mark_of_id(&self, id: &str) -> Mark {
        let mut mac = self.0.clone();
        mac.update(id.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Buries these recordings, by place and id, with an erasure.
    pub async fn bury(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        erasure: ErasureId,
        child: ChildId,
        recordings: impl Iterator<Item = (i64, &str)>,
    ) -> sqlx::Result<()> {
        let (seqs, mut marks): (Vec<i64>, Vec<Mark>) =
            recordings.map(|(seq, id)| (seq, self.mark_of_id(id))).unzip();
        let seqs = serde_json::Value::from(seqs).to_string();
        // The marks of their bytes are there already.
        query(
            "INSERT OR IGNORE INTO tombstone (hash, erasure)
             SELECT coalesce(r.content, r.identity), ? FROM json_each(?) j CROSS JOIN recording r ON r.seq = j.value ORDER BY 1",
        )
        .bind(erasure.to_string())
        .bind(&seqs)
        .execute(&mut **tx)
        .await?;
        let references: String = query_scalar(
            "SELECT json_group_array(r.reference) FROM json_each(?) j CROSS JOIN recording r ON r.seq = j.value
             WHERE r.reference IS NOT NULL",
        )
        .bind(seqs)
        .fetch_one(&mut **tx)
        .await?;
        let references: Vec<String> = rows(&references)?;
        marks.extend(references.iter().map(|name| self.mark(child, b'r', name.as_bytes())));
        bury_marks(tx, Some(erasure), &marks).await
    }

    /// Turns the bare hashes of entries from before there were marks into marks. Whole or not at all.
    async fn mark_old_entries(&self, db: &Db) -> sqlx::Result<()> {
        let version: i64 = query_scalar("PRAGMA user_version").fetch_one(db.read()).await?;
        if version >= MARKED {
            return Ok(());
        }
        let mut tx = db.write().await?;
        let mut after = i64::MIN;
        loop {
            let rows = query(
                "SELECT r.seq, c.id, r.content, r.identity FROM recording r JOIN child c ON c.number = r.child
                 WHERE r.seq > ? ORDER BY r.seq LIMIT ?",
            )
            .bind(after)
            .bind(PAGE)
            .fetch_all(&mut *tx)
            .await?;
            let Some(last) = rows.last() else { break };
            after = last.try_get(0)?;
            for row in rows {
                let (seq, child): (i64, ChildId) = (row.try_get(0)?, id(row.try_get(1)?)?);
                let (content, identity): (Option<Vec<u8>>, Vec<u8>) = (row.try_get(2)?, row.try_get(3)?);
                query("UPDATE recording SET content = ?, identity = ? WHERE seq = ?")
                    .bind(content.map(|hash| self.mark(child, b'c', &hash).to_vec()))
                    .bind(&self.mark(child, b'i', &identity)[..])
                    .bind(seq)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        query(AssertSqlSafe(format!("PRAGMA user_version = {MARKED}"))).execute(&mut *tx).await?;
        tx.commit().await
    }
}

/// Buries these marks with an erasure, or for good: of things that were made from recordings, of what was refused
/// because its erasure came while it was on its way, or of what a restored database has forgotten.
pub async fn bury_marks(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: Option<ErasureId>,
    marks: &[Mark],
) -> sqlx::Result<()> {
    let mut marks: Vec<String> = marks.iter().map(|mark| hex(mark)).collect();
    // In the order of the table: each of its pages is looked for once.
    marks.sort_unstable();
    let marks = serde_json::Value::from(marks);
    query("INSERT OR IGNORE INTO tombstone (hash, erasure) SELECT unhex(j.value), ? FROM json_each(?) j")
        .bind(erasure.map(|erasure| erasure.to_string()).unwrap_or_default())
        .bind(marks.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether what has this mark was deleted, or is about to be.
pub async fn is_buried(tx: &mut Transaction<'_, Sqlite>, mark: &Mark) -> sqlx::Result<bool> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM tombstone WHERE hash = ?)")
        .bind(&mark[..])
        .fetch_one(&mut **tx)
        .await
}

/// Whether any of these was deleted, or is about to be.
pub async fn find(tx: &mut Transaction<'_, Sqlite>, marks: &Marks) -> sqlx::Result<Option<Buried>> {
    let mut found = None;
    for mark in marks.all() {
        let for_good: Option<bool> = query_scalar("SELECT max(erasure = '') FROM tombstone WHERE hash = ?")
            .bind(&mark[..])
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
