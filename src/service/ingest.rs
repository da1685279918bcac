//! Recordings in: bytes to the media store, everything else to the database, all or nothing.
//!
//! The order makes a crash harmless. First a note that an object is about to be written, then its keys,
//! then the object, encrypted, then in one transaction the rows, encrypted as well, and the note goes. What a dead process noted and never
//! finished is swept away by the next one that starts; no list, count or search ever saw it.

use std::path::PathBuf;

use object_store::{ObjectStoreExt, PutPayload, buffered::BufWriter, path::Path};
use proof::leaf::Kind;
use rules::{
    ChildId, DeviceId, GuardianId, RecordingId, StoreId, Stores, Timestamp,
    contract::{NewRecording, RecordingCreated},
    location::Place,
};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction, query, query_scalar};
use tokio::io::AsyncWriteExt;

use crate::{
    core::Core,
    db::{Db, select},
    journal::{file::Line, note::Note},
    keys::{KeyError, MediaKey, RecordingKeys, rows},
    ledger,
    media::{Blanked, Probed},
    search,
    session::id,
    store,
    tombstone::{self, Buried, Mark, Marks},
};

/// Files up to this size are read whole and written at once.
const SMALL: u64 = 1 << 20;
/// How much of a larger one is read at a time.
const READ: usize = 1 << 20;
/// Nothing that this software can read was captured before 1990; such a date is a broken clock.
pub const EARLIEST: Timestamp = Timestamp::from_ms(631_152_000_000);
/// The most characters of a vendor's own name for a recording.
const REFERENCE_CHARS: usize = 200;
/// How often a free place in one millisecond is looked for. There are a million.
const TRIES: u32 = 64;
/// How far a device's clock may run ahead, in seconds.
const CLOCK_SKEW: i64 = 300;

/// A recording to be taken in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// What is known of it beside its bytes.
    pub recording: NewRecording,
    /// The moment was stated by whoever sent it, not guessed from a file's date. A stated moment
    /// is part of the recording's identity: one file may stand for several moments.
    pub moment_stated: bool,
    /// When it set out: the upload or the import began. What a guardian deletes after that takes it along.
    pub begun: Timestamp,
    /// Where its bytes are.
    pub media: PathBuf,
    /// What the bytes say.
    pub probed: Probed,
}

/// Why a recording was not taken in. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// There is no such child.
    #[error("there is no such child")]
    NoChild,
    /// It lies in the future, or before recordings existed.
    #[error("the moment of capture must lie between 1990 and now")]
    BadMoment,
    /// Outside the globe.
    #[error("the place must lie on the globe")]
    BadPlace,
    /// No name.
    #[error("the reference must have 1 to {REFERENCE_CHARS} characters")]
    BadReference,
    /// The name of other bytes.
    #[error("this reference is another recording's")]
    ReferenceTaken,
    /// It was deleted, or is about to be.
    #[error("it was deleted, and is not taken in again")]
    Erased,
    /// An erasure that is not finished means it: it may still be taken back.
    #[error("it is about to be deleted; send it again should that be taken back")]
    Leaving,
    /// Something of the child was deleted while it was on its way, and it may have been meant too.
    #[error(
        "recordings of the child were deleted while it was on its way; send it again if it is still to be taken in"
    )]
    Overtaken,
    /// The bytes could not be read or written.
    #[error("the file could not be stored: {0}")]
    Bytes(#[from] std::io::Error),
    /// The object store failed.
    #[error("the file could not be stored: {0}")]
    Objects(#[from] object_store::Error),
    /// No key could be made for it.
    #[error("the file could not be encrypted: {0}")]
    Keys(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Takes in one recording.
pub async fn ingest(core: &Core, incoming: &Incoming) -> Result<RecordingCreated, IngestError> {
    let mut results = ingest_batch(core, std::slice::from_ref(incoming)).await?;
    results.pop().unwrap_or(Err(IngestError::Database(sqlx::Error::RowNotFound)))
}

/// Takes in several at the price of two transactions. One that is refused holds up no other.
///
/// # Errors
/// Only where the database failed for the whole batch; then none of it was taken in.
pub async fn ingest_batch(
    core: &Core,
    batch: &[Incoming],
) -> Result<Vec<Result<RecordingCreated, IngestError>>, IngestError> {
    let now = core.clock.now();
    let mut drafts = Vec::with_capacity(batch.len());
    let mut tx = core.db.write().await?;
    for incoming in batch {
        drafts.push(draft(&mut tx, core, incoming, now).await?);
    }
    tx.commit().await?;

    let objects: Vec<Path> = drafts.iter().filter_map(Draft::object).cloned().collect();
    match write_and_finish(core, batch, drafts).await {
        Ok((results, unwanted)) => {
            for object in unwanted {
                discard(core, &object).await?;
            }
            Ok(results)
        }
        Err(error) => {
            // Nothing was taken in. What cannot be discarded now stays noted, and is swept later.
            for object in objects {
                if let Err(error) = discard(core, &object).await {
                    tracing::warn!(%error, "an unwanted object stays until the next start");
                }
            }
            Err(error)
        }
    }
}

async fn write_and_finish(
    core: &Core,
    batch: &[Incoming],
    mut drafts: Vec<Draft>,
) -> Result<(Vec<Result<RecordingCreated, IngestError>>, Vec<Path>), IngestError> {
    let new: Vec<_> = batch
        .iter()
        .zip(&drafts)
        .filter_map(|(incoming, draft)| Some((store::media::owner(draft.object()?)?, parts(incoming))))
        .collect();
    let mut made = core.keys.make(&new).await?.into_iter();
    crate::faults::point("ingest-keys");
    for (incoming, draft) in batch.iter().zip(&mut drafts) {
        if let Draft::New { object, keys, .. } = draft
            && let Some(made) = made.next()
        {
            *keys = made;
            if let Some(key) = keys.of_file()
                && let Err(error) = write(core, object, key, incoming).await
            {
                *draft = Draft::Failed { object: object.clone(), error };
            }
        }
    }
    crate::faults::point("ingest-written");
    Ok(finish(core, batch, drafts).await?)
}

/// What a recording will have, of all that lies under keys.
fn parts(incoming: &Incoming) -> Stores {
    let (recording, probed) = (&incoming.recording, &incoming.probed);
    let mut parts = Stores::NONE.with(StoreId::Media);
    if recording.transcript.as_ref().is_some_and(|transcript| !transcript.text.is_empty()) {
        parts = parts.with(StoreId::Transcript);
    }
    if recording.location.or(probed.place).is_some() {
        parts = parts.with(StoreId::Location);
    }
    if probed.peaks.is_some() {
        parts = parts.with(StoreId::Waveform);
    }
    parts
}

/// Writes the rows of everything that was written, in one transaction; tells which objects nobody
/// wants.
async fn finish(
    core: &Core,
    batch: &[Incoming],
    drafts: Vec<Draft>,
) -> sqlx::Result<(Vec<Result<RecordingCreated, IngestError>>, Vec<Path>)> {
    let mut results = Vec::with_capacity(batch.len());
    let (mut unwanted, mut entries) = (Vec::new(), Vec::new());
    let mut tx = core.db.write().await?;
    // The moment from which it can be seen: a preview of before did not show it.
    let now = core.clock.now();
    for (incoming, draft) in batch.iter().zip(drafts) {
        results.push(match draft {
            Draft::Refused(error) => Err(error),
            Draft::Failed { object, error } => {
                unwanted.push(object);
                Err(error)
            }
            Draft::There(id) => Ok(RecordingCreated { id, already_there: true }),
            Draft::New { child, id, object, marks, keys } => {
                // Another import, the same file twice in this batch, or an erasure may have come first.
                match look(&mut tx, child, incoming, &marks).await? {
                    Known::Not => match overtaken(core, &mut tx, child, incoming, &marks).await? {
                        Some(error) => {
                            unwanted.push(object);
                            Err(error)
                        }
                        None => {
                            let new = New { child, id, marks: &marks, keys: &keys };
                            entries.extend(insert(&mut tx, core, new, incoming, now).await?);
                            forget(&mut tx, &object).await?;
                            Ok(RecordingCreated { id, already_there: false })
                        }
                    },
                    Known::There(id) => {
                        unwanted.push(object);
                        Ok(RecordingCreated { id, already_there: true })
                    }
                    Known::Refused(error) => {
                        unwanted.push(object);
                        Err(error)
                    }
                }
            }
        });
    }
    tx.commit().await?;
    crate::faults::point("ingest-committed");
    if let Err(error) = search::mend::enter(&core.db, &entries).await {
        // They are taken in all the same.
        tracing::error!(%error, "new recordings cannot be searched for before the next start");
    }
    Ok((results, unwanted))
}

/// What is to become of one recording of a batch.
enum Draft {
    Refused(IngestError),
    There(RecordingId),
    New { child: i64, id: RecordingId, object: Path, marks: Marks, keys: RecordingKeys },
    Failed { object: Path, error: IngestError },
}

impl Draft {
    /// The object that was noted.
    const fn object(&self) -> Option<&Path> {
        match self {
            Self::New { object, .. } | Self::Failed { object, .. } => Some(object),
            Self::Refused(_) | Self::There(_) => None,
        }
    }
}

/// Decides, and notes the object that is about to be written.
async fn draft(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    incoming: &Incoming,
    now: Timestamp,
) -> sqlx::Result<Draft> {
    let recording = &incoming.recording;
    if recording.captured_at < EARLIEST || recording.captured_at > now.plus_seconds(CLOCK_SKEW) {
        return Ok(Draft::Refused(IngestError::BadMoment));
    }
    if recording.location.is_some_and(|p| Place::new(p.latitude_udeg, p.longitude_udeg, None).is_none()) {
        return Ok(Draft::Refused(IngestError::BadPlace));
    }
    if recording.reference.as_ref().is_some_and(|name| !(1..=REFERENCE_CHARS).contains(&name.chars().count()))
    {
        return Ok(Draft::Refused(IngestError::BadReference));
    }
    let child: Option<i64> = query_scalar("SELECT number FROM child WHERE id = ?")
        .bind(recording.child.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let Some(child) = child else { return Ok(Draft::Refused(IngestError::NoChild)) };
    let marks = marks(core, incoming);
    match look(tx, child, incoming, &marks).await? {
        Known::Not => {}
        Known::There(id) => return Ok(Draft::There(id)),
        Known::Refused(error) => return Ok(Draft::Refused(error)),
    }
    let (ms, random) = core.id_parts();
    let id = RecordingId::from_parts(ms, random);
    let object = store::media::object(recording.child, id);
    query("INSERT INTO incoming (object, owner) VALUES (?, ?)")
        .bind(object.as_ref())
        .bind(core.owner.name())
        .execute(&mut **tx)
        .await?;
    Ok(Draft::New { child, id, object, marks, keys: RecordingKeys::default() })
}

/// By what it is recognised. Two imports are the same recording by their bytes, and by the moment where it
/// was stated.
fn marks(core: &Core, incoming: &Incoming) -> Marks {
    let (recording, content) = (&incoming.recording, &incoming.probed.sha256);
    let stated = incoming.moment_stated.then_some(recording.captured_at);
    let mut identity = Sha256::new();
    identity.update(content);
    identity.update(stated.map_or_else(|| "-".to_owned(), |at| at.to_string()));
    core.tombstones.marks(recording.child, content, &identity.finalize(), recording.reference.as_deref())
}

/// What is known of a recording that arrives.
enum Known {
    Not,
    There(RecordingId),
    Refused(IngestError),
}

/// Looks for it among what is held and among what was deleted.
async fn look(
    tx: &mut Transaction<'_, Sqlite>,
    child: i64,
    incoming: &Incoming,
    marks: &Marks,
) -> sqlx::Result<Known> {
    let reference = incoming.recording.reference.as_deref();
    // Two indexes, each asked by itself.
    let rows = query(
        "SELECT id, usable, reference, TRUE AS same FROM recording WHERE child = ?1 AND identity = ?2
         UNION
         SELECT id, usable, reference, identity = ?2 FROM recording WHERE child = ?1 AND reference = ?3
         ORDER BY same DESC",
    )
    .bind(child)
    .bind(&marks.identity[..])
    .bind(reference)
    .fetch_all(&mut **tx)
    .await?;
    let buried = tombstone::find(tx, marks).await?;
    let refused = match buried {
        Some(Buried::ForGood) => Known::Refused(IngestError::Erased),
        Some(Buried::WithAnErasure) => Known::Refused(IngestError::Leaving),
        None => Known::Not,
    };
    let Some(row) = rows.first() else { return Ok(refused) };
    if !Stores::from_bits(row.try_get(1)?).has(StoreId::Media) {
        // Given up; if not by an erasure that buried it, by one from before there were tombstones.
        return Ok(if buried.is_some() { refused } else { Known::Refused(IngestError::Erased) });
    }
    let known: Option<String> = row.try_get(2)?;
    let same = rows.len() == 1 && row.try_get(3)?;
    if !same || reference.is_some() && known.is_some() && known.as_deref() != reference {
        return Ok(Known::Refused(IngestError::ReferenceTaken));
    }
    let there: String = row.try_get(0)?;
    if known.is_none() && reference.is_some() {
        // Deleted later, it has to be known by this name too.
        query("UPDATE recording SET reference = ?, content = coalesce(content, ?) WHERE id = ?")
            .bind(reference)
            .bind(&marks.content[..])
            .bind(&there)
            .execute(&mut **tx)
            .await?;
    }
    Ok(Known::There(id(&there)?))
}

/// Why it is too late: a guardian deleted recordings of the child after it had set out. A deletion of
/// everything means it too. Whether another one would have found it, nobody knows any more: what was
/// asked for is not kept. So it is refused, and whoever sends it again does that after the deletion.
async fn overtaken(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    child: i64,
    incoming: &Incoming,
    marks: &Marks,
) -> sqlx::Result<Option<IngestError>> {
    // The inactivity rule does not mean what has only now been captured.
    let rows = query(
        "SELECT e.id, e.scope IN ('child', 'everything'), e.finished_at IS NULL
         FROM erasure_child c CROSS JOIN erasure e ON e.id = c.erasure
         WHERE c.child = ? AND e.requested_at >= ? AND e.scope <> 'items' AND e.state <> 'cancelled'
           AND e.guardian IS NOT NULL
         ORDER BY 2 DESC",
    )
    .bind(child)
    .bind(incoming.begun.ms())
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = rows else { return Ok(None) };
    if !row.try_get::<bool, _>(1)? {
        return Ok(Some(IngestError::Overtaken));
    }
    let open = row.try_get::<bool, _>(2)?.then(|| id(&row.try_get::<String, _>(0)?)).transpose()?;
    let buried: Vec<Mark> = marks.buried().collect();
    tombstone::bury_marks(tx, open, &buried).await?;
    // What is kept of the deletion outside of the database says so as well.
    let mut note = Note::default();
    note.say(&Line::Arriving(open));
    buried.into_iter().for_each(|mark| note.say(&Line::Tombstone(mark)));
    note.insert(tx, core.clock.now(), open).await?;
    core.engine.notify_one();
    Ok(Some(if open.is_some() { IngestError::Leaving } else { IngestError::Erased }))
}

/// Writes the object, encrypted. No plaintext of it is written anywhere, and a large one is never in
/// memory as a whole.
async fn write(core: &Core, object: &Path, key: &MediaKey, incoming: &Incoming) -> Result<(), IngestError> {
    let message = key.message();
    // A place lives in the location store and nowhere else, or deleting it would be a lie (R5).
    let blanked = if incoming.probed.tells_place {
        let file = std::fs::File::open(&incoming.media)?;
        tokio::task::spawn_blocking(move || Blanked::of(file)).await.map_err(std::io::Error::other)??
    } else {
        Blanked::default()
    };
    let change = |at: u64, bytes: &mut [u8]| blanked.apply(at, bytes);
    let len = if incoming.probed.bytes <= SMALL {
        let bytes = tokio::fs::read(&incoming.media).await?;
        let mut sealed = Vec::with_capacity(bytes.len() + bytes.len() / 512 + 256);
        let len = message.seal_all(&mut &bytes[..], &mut sealed, change).await?;
        core.media.put(object, PutPayload::from(sealed)).await?;
        len
    } else {
        let file = tokio::fs::File::open(&incoming.media).await?;
        let mut file = tokio::io::BufReader::with_capacity(READ, file);
        let mut writer = BufWriter::new(core.media.clone(), object.clone());
        let len = message.seal_all(&mut file, &mut writer, change).await?;
        writer.shutdown().await?;
        len
    };
    if len == incoming.probed.bytes {
        Ok(())
    } else {
        Err(std::io::Error::other("it changed while it was read").into())
    }
}

/// What a recording is about to be.
struct New<'a> {
    child: i64,
    id: RecordingId,
    marks: &'a Marks,
    keys: &'a RecordingKeys,
}

impl New<'_> {
    /// Writes a part as its row, encrypted.
    async fn write(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        part: StoreId,
        seq: i64,
        plain: &[u8],
    ) -> sqlx::Result<()> {
        let key =
            self.keys.row(part).ok_or_else(|| sqlx::Error::Protocol("a part without its key".into()))?;
        let sql = format!("INSERT INTO {} (seq, child, sealed) VALUES (?, ?, ?)", part.name());
        query(AssertSqlSafe(sql)).bind(seq).bind(self.child).bind(key.seal(plain)).execute(&mut **tx).await?;
        Ok(())
    }
}

/// Every row of a recording. Returns what it is to be found by: that goes into another file, once this is committed.
async fn insert(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    new: New<'_>,
    incoming: &Incoming,
    now: Timestamp,
) -> sqlx::Result<Option<(i64, String)>> {
    let (recording, probed) = (&incoming.recording, &incoming.probed);
    let New { child, id, marks, .. } = new;
    let seq = free_seq(tx, recording.captured_at).await?;
    let device = match &recording.device {
        Some(name) => Some(device(tx, core, child, name).await?),
        None => None,
    };
    let mut usable = Stores::NONE.with(StoreId::Catalogue).with(StoreId::Media).with(StoreId::Keys);
    let mut entry = None;
    if let Some(transcript) = recording.transcript.as_ref().filter(|transcript| !transcript.text.is_empty()) {
        usable = usable.with(StoreId::Transcript);
        let words = rows::words(&transcript.text, transcript.language.as_deref());
        new.write(tx, StoreId::Transcript, seq, &words).await?;
        entry = Some((seq, search::index_words(child, &transcript.text)));
        entry = entry.filter(|(_, words)| !words.is_empty());
        if entry.is_some() {
            usable = usable.with(StoreId::SearchIndex);
        }
    }
    if let Some(place) = recording.location.or(probed.place) {
        usable = usable.with(StoreId::Location);
        new.write(tx, StoreId::Location, seq, &rows::place(place)[..]).await?;
    }
    if let Some(peaks) = &probed.peaks {
        usable = usable.with(StoreId::Waveform);
        new.write(tx, StoreId::Waveform, seq, &peaks[..]).await?;
    }
    query(
        "INSERT INTO recording (seq, id, child, device, kind, duration_ms, media_type, bytes, identity, content, reference,
                                usable, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(seq)
    .bind(id.to_string())
    .bind(child)
    .bind(device.map(|device| device.to_string()))
    .bind(select::kind_name(probed.kind))
    .bind(i64::try_from(probed.duration_ms).unwrap_or(i64::MAX))
    .bind(&probed.media_type[..])
    .bind(i64::try_from(probed.bytes).unwrap_or(i64::MAX))
    .bind(&marks.identity[..])
    .bind(&marks.content[..])
    .bind(&recording.reference)
    .bind(usable.bits())
    .bind(now.ms())
    .execute(&mut **tx)
    .await?;
    ledger::enter(tx, core, child, Kind::Birth, |key| ledger::body::birth(key, now, id, usable)).await?;
    query("UPDATE child SET last_use = max(coalesce(last_use, 0), ?) WHERE number = ?")
        .bind(recording.captured_at.date().start().ms())
        .bind(child)
        .execute(&mut **tx)
        .await?;
    Ok(entry)
}

/// A free place in time. Never one that an unfinished erasure still names: it would take the
/// newcomer along.
async fn free_seq(tx: &mut Transaction<'_, Sqlite>, captured_at: Timestamp) -> sqlx::Result<i64> {
    for _ in 0..TRIES {
        let seq = select::first_seq(captured_at) + i64::from(rand::random_range(0..1_u32 << 20));
        let taken: bool = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM recording WHERE seq = ?1) OR EXISTS (SELECT 1 FROM erasure_item WHERE seq = ?1)",
        )
        .bind(seq)
        .fetch_one(&mut **tx)
        .await?;
        if !taken {
            return Ok(seq);
        }
    }
    Err(sqlx::Error::Protocol("too many recordings state the same millisecond".into()))
}

async fn device(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    child: i64,
    name: &str,
) -> sqlx::Result<DeviceId> {
    let (ms, random) = core.id_parts();
    query("INSERT INTO device (id, child, name) VALUES (?, ?, ?) ON CONFLICT (child, name) DO NOTHING")
        .bind(DeviceId::from_parts(ms, random).to_string())
        .bind(child)
        .bind(name)
        .execute(&mut **tx)
        .await?;
    let id: String = query_scalar("SELECT id FROM device WHERE child = ? AND name = ?")
        .bind(child)
        .bind(name)
        .fetch_one(&mut **tx)
        .await?;
    id.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

async fn forget(tx: &mut Transaction<'_, Sqlite>, object: &Path) -> sqlx::Result<()> {
    query("DELETE FROM incoming WHERE object = ?").bind(object.as_ref()).execute(&mut **tx).await?;
    Ok(())
}

/// Removes an object that no recording owns, whole or half written, and its key, and then its note.
async fn discard(core: &Core, object: &Path) -> Result<(), IngestError> {
    match core.media.delete(object).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    store::media::remove_unfinished(&core.data, object)?;
    if let Some(owner) = store::media::owner(object) {
        core.keys.destroy(&[(owner, Stores::ALL)], &[]).await?;
    }
    let mut tx = core.db.write().await?;
    forget(&mut tx, object).await?;
    Ok(tx.commit().await?)
}

/// Clears away what processes began that do not live any more, however they ended.
pub async fn sweep(core: &Core) -> anyhow::Result<()> {
    let notes: Vec<(String, String)> =
        sqlx::query_as("SELECT owner, object FROM incoming ORDER BY owner").fetch_all(core.db.read()).await?;
    for (owner, object) in notes {
        if !core.owner.is_alive(&owner)? {
            discard(core, &Path::from(object)).await?;
            core.owner.forget(&owner)?;
        }
    }
    Ok(())
}

/// Refuses a folder from before media were encrypted: a page that says so must not be wrong of a part.
pub async fn refuse_unencrypted(db: &Db, data: &std::path::Path) -> anyhow::Result<()> {
    let (media, keys) = (Stores::NONE.with(StoreId::Media).bits(), Stores::NONE.with(StoreId::Keys).bits());
    let any: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM recording WHERE usable & ?1 != 0 AND usable & ?2 = 0)
             OR EXISTS (SELECT 1 FROM erasure_item WHERE stores & ?1 != 0 AND stores & ?2 = 0)",
    )
    .bind(media)
    .bind(keys)
    .fetch_one(db.read())
    .await?;
    anyhow::ensure!(
        !any,
        "{} holds recordings from before media were encrypted; import them into a new folder, --data DIR, and delete \
         this one",
        data.display()
    );
    Ok(())
}

/// The guardian with this reference of the vendor's, made if there is none.
pub async fn find_or_make_guardian(core: &Core, reference: &str) -> sqlx::Result<GuardianId> {
    let (ms, random) = core.id_parts();
    let mut tx = core.db.write().await?;
    query("INSERT INTO guardian (id, reference, created_at) VALUES (?, ?, ?) ON CONFLICT (reference) DO NOTHING")
        .bind(GuardianId::from_parts(ms, random).to_string())
        .bind(reference)
        .bind(core.clock.now().ms())
        .execute(&mut *tx)
        .await?;
    let id: String = query_scalar("SELECT id FROM guardian WHERE reference = ?")
        .bind(reference)
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    id.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A new child of a guardian.
pub async fn make_child(core: &Core, guardian: GuardianId, name: &str) -> sqlx::Result<ChildId> {
    let mut tx = core.db.write().await?;
    let id = insert_child(core, &mut tx, guardian, name).await?;
    tx.commit().await?;
    Ok(id)
}

async fn insert_child(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    guardian: GuardianId,
    name: &str,
) -> sqlx::Result<ChildId> {
    let (ms, random) = core.id_parts();
    let id = ChildId::from_parts(ms, random);
    let now = core.clock.now().ms();
    let number = query("INSERT INTO child (id, name, created_at) VALUES (?, ?, ?)")
        .bind(id.to_string())
        .bind(name)
        .bind(now)
        .execute(&mut **tx)
        .await?
        .last_insert_rowid();
    query("INSERT INTO guardianship (guardian, child, since) VALUES (?, ?, ?)")
        .bind(guardian.to_string())
        .bind(number)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(id)
}

/// The guardian's child of this name, made if there is none: how an import names a child.
pub async fn find_or_make_child(core: &Core, reference: &str, name: &str) -> sqlx::Result<ChildId> {
    let guardian = find_or_make_guardian(core, reference).await?;
    // Looked up and made under one lock: two imports at once make one child.
    let mut tx = core.db.write().await?;
    let there: Option<String> = query_scalar(
        "SELECT c.id FROM child c JOIN guardianship g ON g.child = c.number WHERE g.guardian = ? AND c.name = ?",
    )
    .bind(guardian.to_string())
    .bind(name)
    .fetch_optional(&mut *tx)
    .await?;
    let id = match there {
        Some(id) => id.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        None => insert_child(core, &mut tx, guardian, name).await?,
    };
    tx.commit().await?;
    Ok(id)
}
