//! The ledger: what happened to a child's data, entered where it cannot be taken back.
//!
//! An entry is written in the transaction that does what it tells of ([`enter`]), so there is never
//! the one without the other. A [sequencer](sequence) moves entries in order into a Merkle tree of
//! static files and signs a checkpoint. What is public says nothing of anybody; what it commits to
//! ([`body`]) is opened to the child's guardians alone.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, bail};
use proof::{
    Hash, Policy, Time,
    checkpoint::Checkpoint,
    child::ChildKey,
    leaf::{Kind, Leaf},
    merkle::{leaf_hash, sha256},
    note::{Note, Role, Signer, VerifierKey},
    verify::witnessed,
};
use rules::Timestamp;
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};
use tokio::sync::Notify;

use crate::{core::Core, db::Db, journal, secret};

mod ask;
pub mod body;
mod cosign;
pub mod erased;
mod fsck;
pub mod inventory;
pub mod policy;
pub mod receipt;
pub mod restore;
mod sequence;
pub mod tiles;

pub use cosign::{Witnesses, ask_witnesses};
pub use fsck::fsck;
pub use sequence::{run, sequence};

/// The file of the signing key, in the data folder: an Ed25519 seed of 32 bytes.
const KEY: &str = "ledger.key";
/// The file of the ledger's name, where it was given one.
const ORIGIN: &str = "ledger.origin";
/// The folder of the public files.
const FOLDER: &str = "ledger";
/// Held by whoever adds to the ledger.
const LOCK: &str = "ledger.lock";
/// The newest checkpoint, below that folder, signed by the ledger alone.
const CHECKPOINT: &str = "checkpoint";
/// The newest one with what witnesses have signed under it.
const COSIGNED: &str = "checkpoint.cosigned";

/// What signs, and where it is published.
pub struct Ledger {
    signer: Signer,
    trust: policy::Trust,
    data: PathBuf,
    met: Met,
    /// Wakes the sequencer.
    wake: Notify,
    /// Wakes who asks witnesses.
    published: Notify,
}

impl Ledger {
    /// The ledger of a data folder. Its key is made where it is missing, unless anything was entered.
    pub fn open(data: &Path, begun: bool) -> anyhow::Result<Self> {
        let seed = secret::key(&data.join(KEY), begun)?;
        let origin = match std::fs::read_to_string(data.join(ORIGIN)) {
            Ok(origin) => origin.trim_end().to_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => default_origin(&seed)?,
            Err(error) => return Err(error).context("cannot read the ledger's name"),
        };
        let signer = signer(&origin, &seed)?;
        let trust = policy::Trust::open(data, signer.key())?;
        let data = data.to_owned();
        Ok(Self { signer, trust, data, met: Met::default(), wake: Notify::new(), published: Notify::new() })
    }

    /// Its name.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.signer.key().name()
    }

    /// Its public key.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        self.signer.key()
    }

    /// The folder of its public files.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.data.join(FOLDER)
    }

    /// Whom to believe who checks this ledger (c2sp.org/tlog-policy).
    #[must_use]
    pub fn policy(&self) -> String {
        self.trust.text.clone()
    }

    /// The checkpoint that is shown: the newest that enough witnesses have seen. Where the policy asks
    /// for none it is the newest there is, with those that have seen it all the same. None before the
    /// first.
    pub fn checkpoint(&self) -> std::io::Result<Option<String>> {
        let met = |text: &String| self.met.by(text, |text| is_met(&self.trust.policy, text));
        let cosigned = self.read(COSIGNED)?.filter(met);
        if self.trust.policy.asks_for_witnesses() {
            return Ok(cosigned);
        }
        let newest = self.newest()?;
        Ok(cosigned.filter(|text| is_under(newest.as_ref(), text)).or(newest))
    }

    /// Forgets what witnesses have signed, unless it is the newest checkpoint.
    fn forget_older(&self) -> std::io::Result<()> {
        let newest = self.newest()?;
        if self.read(COSIGNED)?.is_some_and(|text| !is_under(newest.as_ref(), &text)) {
            std::fs::remove_file(self.folder().join(COSIGNED))?;
            crate::files::settle(&self.folder())?;
        }
        Ok(())
    }

    /// How many entries the checkpoint that is shown has.
    pub fn shown(&self) -> anyhow::Result<u64> {
        let shown = self.checkpoint()?.as_deref().map(read_checkpoint).transpose()?;
        Ok(shown.map_or(0, |(size, _)| size))
    }

    /// The newest checkpoint, whoever has seen it.
    fn newest(&self) -> std::io::Result<Option<String>> {
        self.read(CHECKPOINT)
    }

    fn read(&self, name: &str) -> std::io::Result<Option<String>> {
        match std::fs::read_to_string(self.folder().join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A checkpoint, signed. Signing the same again gives the same bytes.
    fn sign(&self, size: u64, root: Hash) -> String {
        let text = Checkpoint { origin: self.origin(), size, root }.text();
        let line = self.signer.line(&text, 0);
        format!("{text}\n{line}")
    }
}

/// Whether a text is this checkpoint, with whatever witnesses have signed under it.
fn is_under(checkpoint: Option<&String>, text: &str) -> bool {
    checkpoint.is_some_and(|checkpoint| text.starts_with(checkpoint))
}

/// Whether the policy is met by the text that was asked about last: anybody may ask at any time, and
/// must not have every signature verified again.
#[derive(Default)]
struct Met(Mutex<Option<(String, bool)>>);

impl Met {
    fn by(&self, text: &str, verify: impl FnOnce(&str) -> bool) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, met)) = &*last
            && known == text
        {
            return *met;
        }
        let met = verify(text);
        *last = Some((text.to_owned(), met));
        met
    }
}

/// Whether enough witnesses have signed a checkpoint.
fn is_met(policy: &Policy, text: &str) -> bool {
    Note::parse(text).is_ok_and(|note| witnessed(policy, &note, None).is_ok())
}

fn signer(origin: &str, seed: &Hash) -> anyhow::Result<Signer> {
    Signer::new(origin, Role::Log, seed)
        .map_err(|_| anyhow::anyhow!("a ledger's name has no spaces and no plus sign: {origin}"))
}

/// Whether anything was entered in the ledger.
pub async fn is_begun(db: &Db) -> sqlx::Result<bool> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM ledger_entry)").fetch_one(db.read()).await
}

/// Whether the ledger of a data folder was published.
#[must_use]
pub fn is_published(data: &Path) -> bool {
    data.join(FOLDER).join(CHECKPOINT).exists()
}

/// A name that nobody else's ledger has, on a host that cannot exist.
fn default_origin(seed: &Hash) -> anyhow::Result<String> {
    let hash = sha256(&[signer("unnamed", seed)?.key().bytes()]);
    let short: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("forget-me-not.invalid/{short}"))
}

/// Names the ledger of a data folder. Once it has published anything its name never changes: for
/// whoever follows it, it would be another ledger.
pub fn name(data: &Path, origin: &str) -> anyhow::Result<()> {
    let seed = secret::key(&data.join(KEY), is_published(data))?;
    signer(origin, &seed)?;
    let published = Ledger::open(data, false)?.newest()?;
    if let Some(old) = published.as_deref().and_then(|text| text.lines().next()).filter(|old| *old != origin)
    {
        bail!("the ledger in {} is called {old}, and its name never changes", data.display());
    }
    std::fs::write(data.join(ORIGIN), format!("{origin}\n")).context("cannot write the ledger's name")
}

/// How many entries a checkpoint in this file speaks of; 0 where there is none.
pub(crate) fn checkpoint_size(path: &Path) -> anyhow::Result<u64> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(read_checkpoint(&text).with_context(|| format!("cannot read {}", path.display()))?.0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// The size and root of a checkpoint of our own.
fn read_checkpoint(text: &str) -> anyhow::Result<(u64, Hash)> {
    let checkpoint = Note::parse(text).and_then(|note| Checkpoint::parse(note.text));
    let checkpoint = checkpoint.context("the checkpoint cannot be read")?;
    Ok((checkpoint.size, checkpoint.root))
}

/// A child's entries, where the next one goes.
pub struct Log {
    child: i64,
    /// What ties them together.
    pub key: ChildKey,
    /// The number of the next one.
    pub seq: u64,
    last: Option<Hash>,
}

impl Log {
    /// That of child number `child`; its key is made with the first use.
    pub async fn of(tx: &mut Transaction<'_, Sqlite>, child: i64) -> sqlx::Result<Self> {
        let row = query("SELECT key, next, last FROM child_log WHERE child = ?")
            .bind(child)
            .fetch_optional(&mut **tx)
            .await?;
        if let Some(row) = row {
            let last = row.try_get::<Option<Vec<u8>>, _>(2)?.map(|last| hash(&last)).transpose()?;
            let key = ChildKey(hash(&row.try_get::<Vec<u8>, _>(0)?)?);
            return Ok(Self { child, key, seq: unsigned(row.try_get(1)?), last });
        }
        let key: Hash = rand::random();
        query("INSERT INTO child_log (child, key, next) VALUES (?, ?, 0)")
            .bind(child)
            .bind(&key[..])
            .execute(&mut **tx)
            .await?;
        Ok(Self { child, key: ChildKey(key), seq: 0, last: None })
    }

    /// Enters the next one. Returns its place in the ledger.
    pub async fn enter(
        &mut self,
        tx: &mut Transaction<'_, Sqlite>,
        core: &Core,
        kind: Kind,
        body: &str,
    ) -> sqlx::Result<i64> {
        self.insert(tx, core, &[(kind, body)]).await
    }

    /// Enters the next ones, in this order.
    pub async fn enter_all(
        &mut self,
        tx: &mut Transaction<'_, Sqlite>,
        core: &Core,
        entries: &[(Kind, impl AsRef<str>)],
    ) -> sqlx::Result<()> {
        if !entries.is_empty() {
            self.insert(tx, core, entries).await?;
        }
        Ok(())
    }

    /// Returns the last one's place.
    async fn insert(
        &mut self,
        tx: &mut Transaction<'_, Sqlite>,
        core: &Core,
        entries: &[(Kind, impl AsRef<str>)],
    ) -> sqlx::Result<i64> {
        let mut rows = Vec::with_capacity(entries.len());
        for (kind, body) in entries {
            let body = body.as_ref();
            let salt = self.key.salt(self.seq);
            let leaf = Leaf::of(*kind, &self.key, self.seq, self.last.as_ref(), &salt, body).text();
            self.last = Some(leaf_hash(leaf.as_bytes()));
            rows.push((leaf, self.seq, body));
            self.seq += 1;
        }
        // Two statements at once: the way to the thread that has the connection costs more than each of them.
        let entered = query(
            "INSERT INTO ledger_entry (place, leaf, child, seq, body, entered_at)
             SELECT (SELECT coalesce(max(place) + 1, 0) FROM ledger_entry) + j.key,
                    j.value ->> 0, ?, j.value ->> 1, j.value ->> 2, ? FROM json_each(?) j;
             UPDATE child_log SET next = ?, last = ? WHERE child = ?",
        )
        .bind(self.child)
        .bind(core.clock.now().ms())
        .bind(serde_json::json!(rows).to_string())
        .bind(self.seq.cast_signed())
        .bind(self.last.map(|last| last.to_vec()))
        .bind(self.child)
        .execute(&mut **tx)
        .await?;
        // Before the commit: the sequencer collects a moment before it looks.
        core.ledger.wake.notify_one();
        Ok(entered.last_insert_rowid())
    }
}

/// Enters something about child number `child`, in the transaction that does it. Returns its place
/// in the ledger.
pub async fn enter(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    child: i64,
    kind: Kind,
    body: impl FnOnce(&ChildKey) -> String,
) -> sqlx::Result<i64> {
    let mut log = Log::of(tx, child).await?;
    let body = body(&log.key);
    log.enter(tx, core, kind, &body).await
}

/// Enters what belongs to no child and everybody may read, also when the database is lost.
pub(crate) async fn enter_public(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    kind: Kind,
    body: &str,
) -> sqlx::Result<i64> {
    let place = query_scalar(
        "INSERT INTO ledger_entry (place, leaf, body, entered_at)
         VALUES ((SELECT coalesce(max(place) + 1, 0) FROM ledger_entry), ?, ?, ?) RETURNING place",
    )
    .bind(Leaf::public(kind, body).text())
    .bind(body)
    .bind(core.clock.now().ms())
    .fetch_one(&mut **tx)
    .await?;
    let mut note = journal::note::Note::default();
    note.entered(tx, place).await?;
    note.insert(tx, core.clock.now(), None).await?;
    core.ledger.wake.notify_one();
    Ok(place)
}

/// A moment as the ledger writes it: to the second.
#[must_use]
pub fn time(at: Timestamp) -> Time {
    Time(unsigned(at.ms()) / 1000)
}

fn hash(bytes: &[u8]) -> sqlx::Result<Hash> {
    bytes.try_into().map_err(|_| sqlx::Error::Decode("not 32 bytes".into()))
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_checkpoint_is_verified_once_however_often_it_is_asked_for() {
        let (met, asked) = (Met::default(), std::cell::Cell::new(0));
        let by = |text: &str, answer: bool| {
            met.by(text, |_| {
                asked.set(asked.get() + 1);
                answer
            })
        };
        for _ in 0..3 {
            assert!(by("enough", true));
        }
        assert_eq!(asked.get(), 1);
        for _ in 0..3 {
            assert!(!by("too few", false));
        }
        assert!(by("enough", true));
        assert_eq!(asked.get(), 3);
    }
}
