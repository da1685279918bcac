//! What was made from recordings: taken in, shown, exported, and what becomes of models that learned from it.
//!
//! A thing is written down in the transaction that looks whether each of its recordings may still be used, so
//! that nothing is ever made of what a guardian has given up. With which store's erasure of which
//! recording it goes is fixed then as well (`derivation_source`): a deletion finds all of it, at first or second
//! hand, without walking a graph.

use std::collections::BTreeMap;

use proof::leaf::Kind;
use rules::{
    ChildId, Class, DerivationId, StoreId, Stores, Timestamp,
    contract::{DerivationCreated, NewDerivation, NewMade, Source},
    derived::{MAX_CONTENT_BYTES, MAX_LINEAGE, MAX_SOURCES, Made},
};
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};

use crate::{
    core::Core,
    keys::KeyError,
    ledger::{self, body},
    session, tombstone,
};

mod arriving;
pub mod dataset;
pub mod erased;
pub mod model;
pub mod view;

use arriving::Arriving;
pub use arriving::sweep;

/// The most characters of a vendor's own name for a thing.
const REFERENCE_CHARS: usize = 200;

/// Why nothing was taken in. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// A child, recording, dataset or model that never was, or is another child's.
    #[error("there is no such thing")]
    NotFound,
    /// The request does not say what it must.
    #[error("{0}")]
    Invalid(&'static str),
    /// A recording or thing it was made from was deleted, or this very thing was.
    #[error("it was made from what was deleted")]
    Erased,
    /// A part of a recording it was made from is sealed, or never was there.
    #[error("it was made from what is not to be used: sealed, deleted, or never held")]
    Unusable,
    /// Something of a recording was deleted while it was being made.
    #[error("something of a recording was deleted while it was being made; make it again from what there is")]
    Overtaken,
    /// The name of something else.
    #[error("this name is another one's")]
    NameTaken,
    /// It has not left the dataset yet.
    #[error("what was deleted has not left this dataset yet; wait until the erasure is done")]
    NotRebuilt,
    /// A model that was trained without consent is not mended by more of the same.
    #[error("this dataset was made without consent")]
    NoConsent,
    /// No erasure took anything that the model learned from.
    #[error("nothing that it learned from was deleted: there is nothing to say")]
    NotConcerned,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Rows of a dataset could not be read; they are named in the log.
    #[error("{0} rows cannot be read and are not in it")]
    NotWhole(u64),
    /// No key could be made for it.
    #[error("it could not be encrypted: {0}")]
    Keys(#[from] KeyError),
}

/// Takes in what a vendor made.
pub async fn register(core: &Core, new: &NewDerivation) -> Result<DerivationCreated, DeriveError> {
    match new {
        NewDerivation::Fact(new) => thing(core, Made::Fact, new).await,
        NewDerivation::Voiceprint(new) => thing(core, Made::Voiceprint, new).await,
        NewDerivation::Thumbnail(new) => thing(core, Made::Thumbnail, new).await,
        NewDerivation::Dataset(new) => dataset::put(core, new).await,
        NewDerivation::Model(new) => {
            let mut tx = core.db.write().await?;
            let made = model::put(&mut tx, core, new).await?;
            tx.commit().await?;
            Ok(made)
        }
    }
}

/// What is to be written of a thing: nothing where it is there.
enum Planned<'a> {
    There(DerivationCreated),
    New(Thing<'a>),
}

async fn thing(core: &Core, made: Made, new: &NewMade) -> Result<DerivationCreated, DeriveError> {
    let id = new_id(core);
    // What is refused, or there already, needs no key.
    let mut looking = core.db.read().begin().await?;
    if let Planned::There(there) = plan(&mut looking, core, made, new, id).await? {
        return Ok(there);
    }
    drop(looking);
    let arriving = Arriving::begin(core, vec![(new.child, id)]).await?;
    let done = write_thing(core, made, new, id, &arriving).await;
    let came: Vec<_> = done.iter().filter(|done| !done.already_there).map(|_| id).collect();
    arriving.end(core, &came).await;
    done
}

async fn write_thing(
    core: &Core,
    made: Made,
    new: &NewMade,
    id: DerivationId,
    arriving: &Arriving,
) -> Result<DerivationCreated, DeriveError> {
    let mut tx = core.db.write().await?;
    // Once more, under the lock: something may have been deleted meanwhile, or come from elsewhere.
    let thing = match plan(&mut tx, core, made, new, id).await? {
        Planned::There(there) => return Ok(there),
        Planned::New(thing) => thing,
    };
    insert(&mut tx, core, std::slice::from_ref(&thing), arriving).await?;
    let (id, now) = (id.to_string(), core.clock.now());
    let from = thing.lineage.values().map(|(id, _)| id.as_str());
    ledger::enter(&mut tx, core, thing.child.0, Kind::Derive, |key| {
        body::derive(key, now, made.name(), &id, from)
    })
    .await?;
    tx.commit().await?;
    Ok(DerivationCreated { id, already_there: false })
}

/// The recordings a thing goes with: their ids, and with which of their stores.
type Lineage = BTreeMap<i64, (String, Stores)>;

/// Decides, and writes nothing.
async fn plan<'a>(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    made: Made,
    new: &'a NewMade,
    id: DerivationId,
) -> Result<Planned<'a>, DeriveError> {
    check_content(&new.content)?;
    check_moment(core, new.made_at)?;
    if !(1..=MAX_SOURCES).contains(&(new.recordings.len() + new.derivations.len())) {
        return Err(DeriveError::Invalid("name 1 to 100 recordings and derivations it was made from"));
    }
    let child: Option<i64> = query_scalar("SELECT number FROM child WHERE id = ?")
        .bind(new.child.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let child = child.ok_or(DeriveError::NotFound)?;
    if let Some(reference) = &new.reference
        && let Some(there) = known(tx, core, (child, new.child), made, reference).await?
    {
        return Ok(Planned::There(DerivationCreated { id: there, already_there: true }));
    }
    let mut lineage = Lineage::new();
    for source in &new.recordings {
        if use_recording(tx, core, made, source, &mut lineage).await?.0 != child {
            return Err(DeriveError::NotFound);
        }
    }
    for parent in &new.derivations {
        use_thing(tx, child, made, *parent, &mut lineage).await?;
    }
    if lineage.len() > MAX_LINEAGE {
        return Err(DeriveError::Invalid(
            "a thing is made from at most 1000 recordings, at first or second hand",
        ));
    }
    refuse_overtaken(tx, child, new.made_at).await?;
    refuse_leaving(tx, &lineage).await?;
    Ok(Planned::New(Thing {
        id,
        child: (child, new.child),
        made,
        content: &new.content,
        dataset: None,
        reference: new.reference.as_deref(),
        made_at: new.made_at,
        lineage,
    }))
}

fn check_content(content: &str) -> Result<(), DeriveError> {
    if (1..=MAX_CONTENT_BYTES).contains(&content.len()) {
        Ok(())
    } else {
        Err(DeriveError::Invalid("content has 1 to 262144 bytes"))
    }
}

/// A moment to come would let in what is deleted until then, so a vendor's clock may not run ahead.
fn check_moment(core: &Core, made_at: Timestamp) -> Result<(), DeriveError> {
    if made_at <= core.clock.now() { Ok(()) } else { Err(DeriveError::Invalid("made_at lies in the future")) }
}

/// The id of a thing that is known by this name of the vendor's; refused where it is of another kind, or
/// was deleted.
async fn known(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    (number, child): (i64, ChildId),
    made: Made,
    reference: &str,
) -> Result<Option<String>, DeriveError> {
    if !(1..=REFERENCE_CHARS).contains(&reference.chars().count()) {
        return Err(DeriveError::Invalid("reference has 1 to 200 characters"));
    }
    // Sealed or deleted: under this name it does not come in again.
    if tombstone::is_buried(tx, &core.tombstones.mark_of_thing(child, reference)).await? {
        return Err(DeriveError::Erased);
    }
    let there: Option<(String, String)> =
        query_as("SELECT id, kind FROM derivation WHERE child = ? AND reference = ?")
            .bind(number)
            .bind(reference)
            .fetch_optional(&mut **tx)
            .await?;
    match there {
        Some((id, kind)) if kind == made.name() => Ok(Some(id)),
        Some(_) => Err(DeriveError::NameTaken),
        None => Ok(None),
    }
}

/// Adds a recording to the lineage of a thing, if the parts that it was made from may still be used. Returns
/// whose it is.
async fn use_recording(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    made: Made,
    source: &Source,
    lineage: &mut Lineage,
) -> Result<(i64, ChildId), DeriveError> {
    let id = source.recording.to_string();
    let row = query(
        "SELECT r.seq, r.child, r.usable, c.id FROM recording r JOIN child c ON c.number = r.child WHERE r.id = ?",
    )
        .bind(&id)
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = row else {
        let deleted = tombstone::is_buried(tx, &core.tombstones.mark_of_id(&id)).await?;
        return Err(if deleted { DeriveError::Erased } else { DeriveError::NotFound });
    };
    let (seq, child) = (row.try_get(0)?, (row.try_get(1)?, session::id(row.try_get(3)?)?));
    let usable = Stores::from_bits(row.try_get(2)?);
    if source.from.contains(&Class::Derived) {
        return Err(DeriveError::Invalid("from: media, transcript, location; name things under derivations"));
    }
    if !source.from.iter().all(|class| made.may_be_from(*class)) {
        return Err(DeriveError::Invalid("voiceprints and thumbnails are made from media or location"));
    }
    let usual = made.usually_from(usable);
    let from = if source.from.is_empty() { &usual } else { &source.from };
    if from.is_empty() || !from.iter().all(|class| usable.has_class(*class)) {
        return Err(DeriveError::Unusable);
    }
    add(lineage, seq, id, made.goes_with(from));
    Ok(child)
}

/// Adds what another thing was made from to the lineage of a thing.
async fn use_thing(
    tx: &mut Transaction<'_, Sqlite>,
    child: i64,
    made: Made,
    thing: DerivationId,
    lineage: &mut Lineage,
) -> Result<(), DeriveError> {
    let number: Option<i64> = query_scalar("SELECT number FROM derivation WHERE id = ? AND child = ?")
        .bind(thing.to_string())
        .bind(child)
        .fetch_optional(&mut **tx)
        .await?;
    let number = number.ok_or(DeriveError::NotFound)?;
    let sources = query(
        "SELECT s.seq, s.store, r.id, r.usable FROM derivation_source s LEFT JOIN recording r ON r.seq = s.seq
         WHERE s.derivation = ?",
    )
    .bind(number)
    .fetch_all(&mut **tx)
    .await?;
    for source in sources {
        let goes_with = Stores::from_bits(1 << source.try_get::<u32, _>(1)?);
        let usable = Stores::from_bits(source.try_get::<Option<u32>, _>(3)?.unwrap_or_default());
        let id: String = source.try_get::<Option<_>, _>(2)?.ok_or(DeriveError::Unusable)?;
        if usable.and(goes_with).is_empty() {
            return Err(DeriveError::Unusable);
        }
        let own =
            if goes_with.has(StoreId::FromLocation) { Stores::NONE } else { made.goes_with(&[Class::Media]) };
        add(lineage, source.try_get(0)?, id, Stores::from_bits(goes_with.bits() | own.bits()));
    }
    Ok(())
}

fn add(lineage: &mut Lineage, seq: i64, id: String, stores: Stores) {
    let (_, known) = lineage.entry(seq).or_insert((id, Stores::NONE));
    *known = Stores::from_bits(known.bits() | stores.bits());
}

/// Refuses what was begun before a guardian deleted a class of the child's data: whether it was made from
/// that nobody knows any more. (What is deleted with its recording is known by the recording.)
async fn refuse_overtaken(
    tx: &mut Transaction<'_, Sqlite>,
    child: i64,
    made_at: Timestamp,
) -> Result<(), DeriveError> {
    let overtaken: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM erasure_child c CROSS JOIN erasure e ON e.id = c.erasure
             WHERE c.child = ? AND e.requested_at >= ? AND e.scope = 'class' AND e.state <> 'cancelled')",
    )
    .bind(child)
    .bind(made_at.ms())
    .fetch_one(&mut **tx)
    .await?;
    if overtaken { Err(DeriveError::Overtaken) } else { Ok(()) }
}

/// A thing on its way into the table.
struct Thing<'a> {
    id: DerivationId,
    child: (i64, ChildId),
    made: Made,
    content: &'a str,
    dataset: Option<i64>,
    reference: Option<&'a str>,
    made_at: Timestamp,
    lineage: Lineage,
}

fn new_id(core: &Core) -> DerivationId {
    let (ms, random) = core.id_parts();
    DerivationId::from_parts(ms, random)
}

/// Refuses a thing where an erasure is on its way to any of what it would go with, although what it was made from is
/// still there: it would be in use again.
async fn refuse_leaving(tx: &mut Transaction<'_, Sqlite>, lineage: &Lineage) -> Result<(), DeriveError> {
    for (seq, (_, stores)) in lineage {
        let about_to_go: bool =
            query_scalar("SELECT EXISTS (SELECT 1 FROM erasure_item WHERE seq = ? AND stores & ? <> 0)")
                .bind(seq)
                .bind(stores.bits())
                .fetch_one(&mut **tx)
                .await?;
        if about_to_go {
            return Err(DeriveError::Unusable);
        }
    }
    Ok(())
}

/// Writes things with their lineage, each encrypted with a key of its own, and that their recordings have something
/// of them.
async fn insert(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    things: &[Thing<'_>],
    arriving: &Arriving,
) -> Result<(), DeriveError> {
    for thing in things {
        // One that was there a moment ago, and is not: it was deleted.
        let key = arriving.key(thing.id).ok_or(DeriveError::Overtaken)?;
        write(tx, core, thing, &key.seal(thing.content.as_bytes())).await?;
    }
    let ids: Vec<DerivationId> = things.iter().map(|thing| thing.id).collect();
    Ok(Arriving::forget(tx, &ids).await?)
}

async fn write(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    thing: &Thing<'_>,
    sealed: &[u8],
) -> sqlx::Result<()> {
    let number = query(
        "INSERT INTO derivation (id, child, kind, sealed, dataset, reference, made_at, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(thing.id.to_string())
    .bind(thing.child.0)
    .bind(thing.made.name())
    .bind(sealed)
    .bind(thing.dataset)
    .bind(thing.reference)
    .bind(thing.made_at.ms())
    .bind(core.clock.now().ms())
    .execute(&mut **tx)
    .await?
    .last_insert_rowid();
    for (seq, (_, stores)) in &thing.lineage {
        for store in stores.iter() {
            query("INSERT INTO derivation_source (derivation, seq, store) VALUES (?, ?, ?)")
                .bind(number)
                .bind(seq)
                .bind(store as i64)
                .execute(&mut **tx)
                .await?;
        }
        query("UPDATE recording SET usable = usable | ? WHERE seq = ?")
            .bind(stores.bits())
            .bind(seq)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// SQL that holds where a thing (alias `d`) may be used: each recording it was made from still has the part
/// in use that it goes with.
pub const USABLE: &str =
    "NOT EXISTS (SELECT 1 FROM derivation_source s LEFT JOIN recording r ON r.seq = s.seq
    WHERE s.derivation = d.number AND (r.usable IS NULL OR r.usable & (1 << s.store) = 0))";
