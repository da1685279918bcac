//! What is handed out: receipts, and a child's entries opened to its guardians.

use proof::{
    Hash, Time, base64,
    child::ChildKey,
    inventory::Inventory,
    leaf::{Kind, Leaf, NO_SALT},
    merkle::{self, inclusion, leaf_hash, verify_inclusion},
    receipt::Receipt,
    statement::Statement,
};
use rules::{
    ChildId, ErasureId, ErasureState, Timestamp,
    contract::{ChildLedger, LedgerEntry, PublicEntries, PublicEntry},
};
use sqlx::{Row, query, query_as, query_scalar, sqlite::SqliteRow};

use super::{hash, read_checkpoint, tiles::Tiles, unsigned};
use crate::{
    core::Core,
    erasure::{Asker, ErasureError, view},
};

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// No such erasure, child or inventory in this session.
    #[error("there is no such thing in this session")]
    NotFound,
    /// It is of several children, and each has a receipt of its own.
    #[error("child: this erasure is of several children; name the one whose receipt it should be")]
    WhichChild,
    /// It is still sealed or being erased.
    #[error("the erasure is not finished; its receipt comes with its end")]
    NotFinished,
    /// It was taken back.
    #[error("the erasure was taken back: nothing was erased, and there is no receipt")]
    Cancelled,
    /// It finished when nothing was entered.
    #[error("the erasure finished before there was a ledger; it has no receipt")]
    BeforeTheLedger,
    /// The database was restored from a backup that did not have what the entry says.
    #[error(
        "what this entry says is lost: the service was restored from a backup that is older. A receipt from before still holds"
    )]
    Lost,
    /// It is entered, and no checkpoint has it yet.
    #[error("the ledger has not published it yet; ask again in a moment")]
    NotPublished,
    /// A checkpoint has it, and too few witnesses have seen that one.
    #[error("no witness has seen it yet, or fewer than the policy asks for; it waits for them since {}", .0.text())]
    NotWitnessed(Time),
    /// The ledger's files are not what they should be.
    #[error("the ledger cannot prove this: {0:#}")]
    Ledger(anyhow::Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<ErasureError> for ReceiptError {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::Database(error) => Self::Database(error),
            _ => Self::NotFound,
        }
    }
}

/// The receipt of a finished erasure, as far as it is about one child.
pub async fn of_erasure(
    core: &Core,
    asker: &Asker,
    id: ErasureId,
    child: Option<ChildId>,
) -> Result<String, ReceiptError> {
    let erasure = view::get(core, asker, id).await?;
    let child = match (child, &erasure.children[..]) {
        (Some(child), children) if children.contains(&child) => child,
        (None, [child]) => *child,
        (None, _) => return Err(ReceiptError::WhichChild),
        (Some(_), _) => return Err(ReceiptError::NotFound),
    };
    match erasure.state {
        ErasureState::Deleted => {}
        ErasureState::Cancelled => return Err(ReceiptError::Cancelled),
        ErasureState::Sealed | ErasureState::Erasing => return Err(ReceiptError::NotFinished),
    }
    let number = asker.number_of(child).ok_or(ReceiptError::NotFound)?;
    let row = query(
        "SELECT l.place, l.leaf, l.body, l.seq, k.key, l.entered_at, l.lost FROM erasure_child c
         JOIN ledger_entry l ON l.place = c.place JOIN child_log k ON k.child = c.child
         WHERE c.erasure = ? AND c.child = ?",
    )
    .bind(id.to_string())
    .bind(number)
    .fetch_optional(core.db.read())
    .await?
    .ok_or(ReceiptError::BeforeTheLedger)?;
    open(core, &row).await
}

/// The receipt of a child's entry of any kind, by its number among the child's.
pub async fn of_entry(core: &Core, asker: &Asker, child: ChildId, seq: u64) -> Result<String, ReceiptError> {
    let number = asker.number_of(child).ok_or(ReceiptError::NotFound)?;
    let row = query(
        "SELECT l.place, l.leaf, l.body, l.seq, k.key, l.entered_at, l.lost FROM ledger_entry l
         JOIN child_log k ON k.child = l.child WHERE l.child = ? AND l.seq = ?",
    )
    .bind(number)
    .bind(i64::try_from(seq).map_err(|_| ReceiptError::NotFound)?)
    .fetch_optional(core.db.read())
    .await?
    .ok_or(ReceiptError::NotFound)?;
    open(core, &row).await
}

/// The receipt of the entry in this row; that of a finished erasure has the inventory that it names.
async fn open(core: &Core, row: &SqliteRow) -> Result<String, ReceiptError> {
    if row.try_get(6)? {
        return Err(ReceiptError::Lost);
    }
    let (leaf, body, seq): (String, String, i64) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let mut inventory = String::new();
    if Leaf::parse(&leaf).map_err(broken)?.kind == Kind::Complete {
        let statement = Statement::parse(&body).map_err(broken)?;
        inventory = query_scalar("SELECT body FROM inventory WHERE version = ?")
            .bind(statement.inventory.cast_signed())
            .fetch_one(core.db.read())
            .await?;
    }
    let key = ChildKey(hash(&row.try_get::<Vec<u8>, _>(4)?)?);
    let entry = Opened {
        leaf,
        salt: key.salt(unsigned(seq)),
        body,
        inventory,
        entered: super::time(Timestamp::from_ms(row.try_get(5)?)),
    };
    prove(core, unsigned(row.try_get(0)?), entry).await
}

/// The proof that the ledger of `new` entries only added to the one of `old`: hashes in base64, one a line.
pub async fn consistency(core: &Core, old: u64, new: u64) -> Result<String, ReceiptError> {
    let checkpoint = core.ledger.checkpoint().map_err(broken)?.ok_or(ReceiptError::NotFound)?;
    let (size, _) = read_checkpoint(&checkpoint).map_err(ReceiptError::Ledger)?;
    if old > new || new > size {
        return Err(ReceiptError::NotFound);
    }
    let folder = core.ledger.folder();
    let path = tokio::task::spawn_blocking(move || {
        // The tiles are those of the ledger as it is now: what was full at any time still is.
        let mut tiles = Tiles::new(folder, size);
        merkle::consistency(old, new, |level, n| tiles.node(level, n))
    });
    let path = path.await.map_err(broken)?.map_err(broken)?;
    Ok(path.iter().map(|hash| base64::encode(hash) + "\n").collect())
}

/// How the guardian who asks is named in a child's entries.
pub async fn pseudonym(core: &Core, asker: &Asker, child: ChildId) -> Result<Hash, ReceiptError> {
    let number = asker.number_of(child).ok_or(ReceiptError::NotFound)?;
    let key: Vec<u8> = query_scalar("SELECT key FROM child_log WHERE child = ?")
        .bind(number)
        .fetch_one(core.db.read())
        .await?;
    Ok(ChildKey(hash(&key)?).pseudonym(&asker.guardian.to_string()))
}

/// The receipt of an inventory's own entry.
pub async fn of_inventory(core: &Core, version: i64) -> Result<String, ReceiptError> {
    let (place, body): (i64, String) = query_as("SELECT place, body FROM inventory WHERE version = ?")
        .bind(version)
        .fetch_optional(core.db.read())
        .await?
        .ok_or(ReceiptError::NotFound)?;
    if body.is_empty() {
        return Err(ReceiptError::Lost);
    }
    debug_assert!(Inventory::parse(&body).is_ok());
    of_public(core, unsigned(place)).await
}

/// The receipt of an entry that belongs to no child.
pub async fn of_public(core: &Core, index: u64) -> Result<String, ReceiptError> {
    let place = i64::try_from(index).map_err(|_| ReceiptError::NotFound)?;
    let (leaf, body, at): (String, String, i64) =
        query_as("SELECT leaf, body, entered_at FROM ledger_entry WHERE place = ? AND child IS NULL")
            .bind(place)
            .fetch_optional(core.db.read())
            .await?
            .ok_or(ReceiptError::NotFound)?;
    // One of a child that a restored database does not know is nobody's, and not everybody's.
    if Leaf::parse(&leaf).map_err(broken)?.kind.is_of_a_child() {
        return Err(ReceiptError::NotFound);
    }
    if body.is_empty() {
        return Err(ReceiptError::Lost);
    }
    let entered = super::time(Timestamp::from_ms(at));
    prove(core, index, Opened { leaf, salt: NO_SALT, body, inventory: String::new(), entered }).await
}

/// A page of the published entries that belong to no child, the newest first.
pub async fn public(core: &Core, after: Option<u64>, limit: u32) -> Result<PublicEntries, ReceiptError> {
    let published = core.ledger.shown().map_err(ReceiptError::Ledger)?;
    let before = after.unwrap_or(u64::MAX).min(published);
    // What has a tag is of a child, also where a restored database does not know whose.
    let mut rows: Vec<(i64, String, String, i64)> = query_as(
        "SELECT place, leaf, body, entered_at FROM ledger_entry INDEXED BY ledger_entry_public
         WHERE child IS NULL AND place < ? AND instr(leaf, char(10) || 'tag ') = 0 ORDER BY place DESC LIMIT ?",
    )
    .bind(i64::try_from(before).unwrap_or(i64::MAX))
    .bind(i64::from(limit) + 1)
    .fetch_all(core.db.read())
    .await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|(place, ..)| unsigned(*place));
    let mut items = Vec::with_capacity(rows.len());
    for (place, leaf, body, at) in rows {
        let kind = Leaf::parse(&leaf).map_err(broken)?.kind.word().to_owned();
        items.push(PublicEntry {
            index: unsigned(place),
            kind,
            entered_at: Timestamp::from_ms(at),
            body,
            leaf,
        });
    }
    Ok(PublicEntries { items, next })
}

/// An entry and what it commits to.
struct Opened {
    leaf: String,
    salt: Hash,
    body: String,
    inventory: String,
    entered: Time,
}

/// A receipt under the checkpoint that is shown: one that its own policy would not accept is not
/// handed out.
async fn prove(core: &Core, index: u64, entry: Opened) -> Result<String, ReceiptError> {
    let has = |checkpoint: Option<String>| {
        let Some(text) = checkpoint else { return Ok::<_, ReceiptError>(None) };
        let (size, root) = read_checkpoint(&text).map_err(ReceiptError::Ledger)?;
        Ok((index < size).then_some((text, size, root)))
    };
    let Some((checkpoint, size, root)) = has(core.ledger.checkpoint().map_err(broken)?)? else {
        let newest = has(core.ledger.newest().map_err(broken)?)?;
        return Err(newest.map_or(ReceiptError::NotPublished, |_| ReceiptError::NotWitnessed(entry.entered)));
    };
    let folder = core.ledger.folder();
    let text = tokio::task::spawn_blocking(move || {
        let mut tiles = Tiles::new(folder, size);
        let path = inclusion(index, size, |level, n| tiles.node(level, n))?;
        // A file that does not prove anything is not handed out.
        verify_inclusion(leaf_hash(entry.leaf.as_bytes()), index, size, &path, &root)?;
        let Opened { leaf, salt, body, inventory, .. } = entry;
        anyhow::Ok(Receipt { leaf, salt, body, inventory, index, path, checkpoint }.text()?)
    });
    text.await.map_err(broken)?.map_err(ReceiptError::Ledger)
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> ReceiptError {
    ReceiptError::Ledger(error.into())
}

/// A page of a child's entries, the first or the `newest` one first, with what they commit to and the key
/// that ties them together.
pub async fn entries(
    core: &Core,
    asker: &Asker,
    child: ChildId,
    newest: bool,
    after: Option<u64>,
    limit: u32,
) -> Result<ChildLedger, ReceiptError> {
    let number = asker.number_of(child).ok_or(ReceiptError::NotFound)?;
    let checkpoint = core.ledger.checkpoint().map_err(broken)?;
    let published = checkpoint.as_deref().map(read_checkpoint).transpose().map_err(ReceiptError::Ledger)?;
    let published = published.map_or(0, |(size, _)| size);
    let key: Option<Vec<u8>> = query_scalar("SELECT key FROM child_log WHERE child = ?")
        .bind(number)
        .fetch_optional(core.db.read())
        .await?;
    let (from, page) = if newest {
        (i64::MAX, "WHERE child = ? AND seq < ? ORDER BY seq DESC LIMIT ?")
    } else {
        (-1, "WHERE child = ? AND seq > ? ORDER BY seq LIMIT ?")
    };
    let mut rows = query(sqlx::AssertSqlSafe(format!(
        "SELECT seq, place, leaf, body, entered_at FROM ledger_entry {page}"
    )))
    .bind(number)
    .bind(after.map_or(from, |after| i64::try_from(after).unwrap_or(i64::MAX)))
    .bind(i64::from(limit) + 1)
    .fetch_all(core.db.read())
    .await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let leaf: String = row.try_get(2)?;
        let index = unsigned(row.try_get(1)?);
        items.push(LedgerEntry {
            seq: unsigned(row.try_get(0)?),
            kind: Leaf::parse(&leaf).map_err(broken)?.kind.word().to_owned(),
            index: (index < published).then_some(index),
            entered_at: Timestamp::from_ms(row.try_get(4)?),
            body: row.try_get(3)?,
            leaf,
        });
    }
    let next = items.last().filter(|_| more).map(|last| last.seq);
    let key = key.map(|key| hash(&key)).transpose()?;
    let you = key.map(|key| base64::encode(&ChildKey(key).pseudonym(&asker.guardian.to_string())));
    Ok(ChildLedger { key: key.map(|key| base64::encode(&key)), you, items, next })
}
