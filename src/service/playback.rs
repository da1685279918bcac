//! Playing a recording: a ticket for one media element, and the bytes behind it.
//!
//! `<audio src>` sends no bearer token, so the address itself is the secret: 256 bits, for one
//! recording and a few minutes. Whether the recording may still be heard is asked again before
//! every chunk, so that accepting an erasure also ends what is playing. Media are encrypted: the chunks
//! that a range touches are decrypted in memory, and nothing decrypted is written anywhere.

use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, stream};
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, path::Path};
use rules::{ChildId, RecordingId, StoreId, Stores, Timestamp, contract::Playback};
use sqlx::{Row, query, query_scalar};

use crate::{
    access::{self, Purpose},
    core::Core,
    keys::{KeyError, chunked},
    listing::{self, ListError},
    session::{self, Session, id},
    store,
};

mod range;

pub use range::{Asked, ask};

/// How long a ticket works, in seconds; never longer than the session it was asked for with (ours).
pub const TICKET_SECONDS: i64 = 600;
/// How much is read and sent between two looks at whether it may still be: 128 KiB, 8 s of
/// telephone sound or a blink of video. Whole chunks of the encryption, so that none is read twice.
const CHUNK: u64 = 8 * chunked::CHUNK as u64;

/// Why nothing is played.
#[derive(Debug, thiserror::Error)]
pub enum PlaybackError {
    /// No such recording in this session, or no such ticket.
    #[error("there is no such recording in this session")]
    NotFound,
    /// The recording or its sound was given up, or the ticket is over.
    #[error("it cannot be played any more")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The keys failed.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl From<ListError> for PlaybackError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NotFound => Self::NotFound,
            ListError::Database(error) => Self::Database(error),
            ListError::Keys(error) => Self::Keys(error),
        }
    }
}

/// What a ticket opens.
#[derive(Debug, Clone)]
pub struct Opened {
    seq: i64,
    child: ChildId,
    recording: RecordingId,
    object: Path,
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A ticket for one recording.
pub async fn ticket(
    core: &Core,
    session: &Session,
    recording: RecordingId,
) -> Result<Playback, PlaybackError> {
    let (seq, child, usable) = listing::find(core, &session.asker, recording).await?;
    if !usable.has(StoreId::Media) {
        return Err(PlaybackError::Gone);
    }
    let media_type = query_scalar("SELECT media_type FROM recording WHERE seq = ?")
        .bind(seq)
        .fetch_optional(core.db.read())
        .await?
        .ok_or(PlaybackError::NotFound)?;
    let now = core.clock.now();
    let number = session.asker.number_of(child).ok_or(PlaybackError::NotFound)?;
    let secret = session::secret("");
    let expires_at = now.plus_seconds(TICKET_SECONDS).min(session.expires_at);
    let mut tx = core.db.write().await?;
    query("INSERT INTO ticket (ticket_hash, seq, guardian, expires_at) VALUES (?, ?, ?, ?)")
        .bind(&session::hash(&secret)[..])
        .bind(seq)
        .bind(session.asker.guardian.to_string())
        .bind(expires_at.ms())
        .execute(&mut *tx)
        .await?;
    access::enter(&mut tx, core, &session.asker, number, recording, Purpose::Playback).await?;
    tx.commit().await?;
    Ok(Playback { url: format!("/v1/media/{secret}"), media_type, expires_at })
}

/// What a ticket opens now. The guardian must still be one of the child's.
pub async fn open(core: &Core, ticket: &str) -> Result<Opened, PlaybackError> {
    let row = query(
        "SELECT t.seq, t.expires_at, r.id, r.usable, r.media_type, r.bytes, c.id AS child
         FROM ticket t
         JOIN recording r ON r.seq = t.seq
         JOIN guardianship g ON g.guardian = t.guardian AND g.child = r.child
         JOIN child c ON c.number = r.child
         WHERE t.ticket_hash = ?",
    )
    .bind(&session::hash(ticket)[..])
    .fetch_optional(core.db.read())
    .await?
    .ok_or(PlaybackError::NotFound)?;
    let over = core.clock.now() >= Timestamp::from_ms(row.try_get("expires_at")?);
    if over || !Stores::from_bits(row.try_get("usable")?).has(StoreId::Media) {
        return Err(PlaybackError::Gone);
    }
    let (child, recording) = (id(row.try_get("child")?)?, id(row.try_get("id")?)?);
    Ok(Opened {
        seq: row.try_get("seq")?,
        object: store::media::object(child, recording),
        child,
        recording,
        media_type: row.try_get("media_type")?,
        bytes: u64::try_from(row.try_get::<i64, _>("bytes")?).unwrap_or(0),
    })
}

/// Why a stream of bytes broke off.
#[derive(Debug, thiserror::Error)]
pub enum BrokenOff {
    /// It was sealed while it played.
    #[error("sealed while it played")]
    Sealed,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The bytes could not be read.
    #[error(transparent)]
    Objects(#[from] object_store::Error),
    /// Its key is gone, or could not be had.
    #[error("no key: {0}")]
    Key(#[from] KeyError),
    /// Its key is destroyed.
    #[error("its key is destroyed")]
    NoKey,
    /// The object is not what was written.
    #[error(transparent)]
    Damaged(#[from] chunked::Damaged),
}

/// The bytes in `range`, a chunk at a time. `core` is an `Arc` or whatever else holds one.
pub fn stream<C>(
    core: C,
    opened: Opened,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes, BrokenOff>> + use<C>
where
    C: AsRef<Core> + Send,
{
    stream::try_unfold((core, opened, None, range), |(core, opened, mut message, left)| async move {
        if left.is_empty() {
            return Ok(None);
        }
        // To the next whole chunk: only the first and the last piece are shorter.
        let end = left.end.min((left.start / CHUNK + 1) * CHUNK);
        let chunk = chunk(core.as_ref(), &opened, &mut message, left.start..end).await?;
        Ok(Some((chunk, (core, opened, message, end..left.end))))
    })
}

async fn chunk(
    core: &Core,
    opened: &Opened,
    message: &mut Option<chunked::Message>,
    range: Range<u64>,
) -> Result<Bytes, BrokenOff> {
    let bytes = read(core, opened, message, range).await;
    // After the read, not before it: what was read while an erasure was being accepted does not go out.
    let usable: Option<u32> = query_scalar("SELECT usable FROM recording WHERE seq = ? AND id = ?")
        .bind(opened.seq)
        .bind(opened.recording.to_string())
        .fetch_optional(core.db.read())
        .await?;
    if !usable.is_some_and(|usable| Stores::from_bits(usable).has(StoreId::Media)) {
        return Err(BrokenOff::Sealed);
    }
    bytes.inspect_err(|error| {
        tracing::error!(recording = %opened.recording, %error, "a recording that is held cannot be played");
    })
}

/// Decrypts a range. The key is had once a stream, before its first byte.
async fn read(
    core: &Core,
    opened: &Opened,
    message: &mut Option<chunked::Message>,
    range: Range<u64>,
) -> Result<Bytes, BrokenOff> {
    let message = match message {
        Some(message) => message,
        None => message.insert(unlock(core, opened).await?),
    };
    let sealed =
        core.media.get_range(&opened.object, chunked::sealed_range(range.clone(), opened.bytes)).await?;
    let plain = message.open(&mut Vec::from(sealed), range, opened.bytes)?;
    Ok(plain.into())
}

async fn unlock(core: &Core, opened: &Opened) -> Result<chunked::Message, BrokenOff> {
    let key = core.keys.key(opened.child, opened.recording).await?.ok_or(BrokenOff::NoKey)?;
    let range = Some(GetRange::Bounded(0..chunked::HEADER as u64));
    let found = core.media.get_opts(&opened.object, GetOptions { range, ..GetOptions::default() }).await?;
    // What was appended or cut off would be seen only by who reads to the end.
    if found.meta.size != chunked::sealed_len(opened.bytes) {
        return Err(chunked::Damaged.into());
    }
    Ok(key.message_of(&found.bytes().await?)?)
}
