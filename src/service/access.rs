//! Access: one guardian reads, hears or watches one recording. It is entered in the ledger before
//! anything is handed out (R19); a list's excerpts are no access to one recording and are not entered.

use proof::leaf::Kind;
use rules::{RecordingId, contract::Recording};
use sqlx::{Sqlite, Transaction};

use crate::{
    core::Core,
    erasure::Asker,
    ledger::{self, body},
    listing::{self, ListError},
};

/// What a recording is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Its words, its place, what else is known of it.
    Reading,
    /// Its sound or picture.
    Playback,
}

impl Purpose {
    /// Its word in a body of the ledger.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Playback => "playback",
        }
    }
}

/// Opens a recording of child number `child` for a guardian, in the transaction that hands out the way to it.
pub async fn enter(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    asker: &Asker,
    child: i64,
    recording: RecordingId,
    purpose: Purpose,
) -> sqlx::Result<()> {
    let now = core.clock.now();
    ledger::enter(tx, core, child, Kind::Access, |key| {
        body::access(key, now, recording, asker.guardian, purpose)
    })
    .await?;
    Ok(())
}

/// One recording, opened: all that is held of it but the bytes. What `q` finds in its words is marked.
pub async fn read(
    core: &Core,
    asker: &Asker,
    recording: RecordingId,
    q: Option<&str>,
) -> Result<Recording, ListError> {
    let (_, child, _) = listing::find(core, asker, recording).await?;
    let number = asker.number_of(child).ok_or(ListError::NotFound)?;
    let mut tx = core.db.write().await?;
    enter(&mut tx, core, asker, number, recording, Purpose::Reading).await?;
    tx.commit().await?;
    listing::recording(core, asker, recording, q).await
}
