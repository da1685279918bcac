//! Playing a recording: a ticket for one media element, and the bytes behind it.
//!
//! `<audio src>` sends no bearer token, so the address itself is the secret: 256 bits, for one
//! recording and a few minutes. Whether the recording may still be heard is asked again before
//! every chunk, so that accepting an erasure also ends what is playing.

use std::ops::Range;

use bytes::Bytes;
use futures::{Stream, stream};
use object_store::{ObjectStoreExt, path::Path};
use proof::leaf::Kind;
use rules::{RecordingId, StoreId, Stores, Timestamp, contract::Playback};
use sqlx::{Row, query, query_scalar};

use crate::{
    core::Core,
    ledger,
    listing::{self, ListError},
    session::{self, Session, id},
    store,
};

mod range;

pub use range::{Asked, ask};

/// How long a ticket works, in seconds; never longer than the session it was asked for with (ours).
pub const TICKET_SECONDS: i64 = 600;
/// How much is read and sent between two looks at whether it may still be: 128 KiB, 8 s of
/// telephone sound or a blink of video.
const CHUNK: u64 = 128 << 10;

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
}

impl From<ListError> for PlaybackError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NotFound => Self::NotFound,
            ListError::Database(error) => Self::Database(error),
        }
    }
}

/// What a ticket opens.
#[derive(Debug, Clone)]
pub struct Opened {
    seq: i64,
    recording: String,
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
    let (now, guardian) = (core.clock.now(), session.asker.guardian);
    let number = session.asker.number_of(child).ok_or(PlaybackError::NotFound)?;
    let secret = session::secret("");
    let expires_at = now.plus_seconds(TICKET_SECONDS).min(session.expires_at);
    let mut tx = core.db.write().await?;
    query("INSERT INTO ticket (ticket_hash, seq, guardian, expires_at) VALUES (?, ?, ?, ?)")
        .bind(&session::hash(&secret)[..])
        .bind(seq)
        .bind(guardian.to_string())
        .bind(expires_at.ms())
        .execute(&mut *tx)
        .await?;
    ledger::enter(&mut tx, core, number, Kind::Access, |key| {
        ledger::body::access(key, now, recording, guardian)
    })
    .await?;
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
    let recording: String = row.try_get("id")?;
    Ok(Opened {
        seq: row.try_get("seq")?,
        object: store::media::object(id(row.try_get("child")?)?, id(&recording)?),
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
    stream::try_unfold((core, opened, range), |(core, opened, left)| async move {
        if left.is_empty() {
            return Ok(None);
        }
        let end = left.end.min(left.start + CHUNK);
        let chunk = chunk(core.as_ref(), &opened, left.start..end).await?;
        Ok(Some((chunk, (core, opened, end..left.end))))
    })
}

async fn chunk(core: &Core, opened: &Opened, range: Range<u64>) -> Result<Bytes, BrokenOff> {
    let bytes = core.media.get_range(&opened.object, range).await;
    // After the read, not before it: what was read while an erasure was being accepted does not go out.
    let usable: Option<u32> = query_scalar("SELECT usable FROM recording WHERE seq = ? AND id = ?")
        .bind(opened.seq)
        .bind(&opened.recording)
        .fetch_optional(core.db.read())
        .await?;
    if usable.is_some_and(|usable| Stores::from_bits(usable).has(StoreId::Media)) {
        Ok(bytes?)
    } else {
        Err(BrokenOff::Sealed)
    }
}
