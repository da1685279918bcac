//! Who is given what: told before it is handed over, so that whatever a processor has is known, and use of
//! what is sealed or deleted stops here too.

use std::collections::BTreeMap;

use proof::leaf::Kind;
use rules::{
    RecordingId, Stores,
    contract::{Disclosed, DisclosureCreated, NewDisclosure},
    processor::ClassSet,
    retention::HANDED_OVER_WITHIN_SECONDS,
};
use sqlx::{Row, Sqlite, Transaction, query, query_scalar};

use crate::{
    core::Core,
    journal::{self, file::Line, note::Note},
    ledger::{self, body},
};

/// The most recordings at once.
pub const MOST: usize = 1000;

/// Why nothing was noted, and nothing may be handed over.
#[derive(Debug, thiserror::Error)]
pub enum DiscloseError {
    /// Nobody of this name is in the settings.
    #[error("processor: nobody of this name is in the settings")]
    NoProcessor,
    /// It may not be given this.
    #[error("classes: the settings do not let this processor have one of them")]
    NotForThem,
    /// Too few or too many.
    #[error("name 1 to {MOST} recordings and at least one class")]
    HowMany,
    /// There is no such recording, or not any more.
    #[error("there is no such recording")]
    NotFound,
    /// It is sealed or deleted, or has nothing of the class.
    #[error("one of them is sealed or deleted, or has nothing of a class: none of them may be handed over")]
    NotInUse,
    /// It is noted, and would be lost with the database: told again, it is written down.
    #[error("it is noted and not yet safe from a loss: hand over nothing yet, the same request will do")]
    NotWrittenDown,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Notes that recordings are about to be handed to a processor, all of them or none. What was noted before is
/// noted once.
pub async fn disclose(core: &Core, new: &NewDisclosure) -> Result<DisclosureCreated, DiscloseError> {
    let processor = core.processors.named(&new.processor).ok_or(DiscloseError::NoProcessor)?;
    let classes: ClassSet = new.classes.iter().copied().collect();
    if !processor.gets.has_all(classes) {
        return Err(DiscloseError::NotForThem);
    }
    if !(1..=MOST).contains(&new.recordings.len()) || classes.is_empty() {
        return Err(DiscloseError::HowMany);
    }
    let now = core.clock.now();
    let mut tx = core.db.write().await?;
    let mut items = Vec::with_capacity(new.recordings.len());
    let mut newly: BTreeMap<i64, u64> = BTreeMap::new();
    let mut lines = Vec::with_capacity(2 * new.recordings.len());
    let mark = |id: &str| core.tombstones.mark_of_id(id);
    for recording in &new.recordings {
        let (seq, child) = in_use(&mut tx, *recording, classes).await?;
        let subject: String =
            query_scalar("SELECT id FROM child WHERE number = ?").bind(child).fetch_one(&mut *tx).await?;
        lines.push(Line::Child(mark(&subject)));
        lines.push(Line::Given(mark(&recording.to_string()), classes, processor.name.clone()));
        let subject = subject.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let name = core.processors.recording(&processor.name, *recording);
        let changed = query(
            "INSERT INTO disclosure (seq, processor, child, name, classes, disclosed_at) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (seq, processor) DO UPDATE SET classes = classes | excluded.classes
             WHERE classes <> classes | excluded.classes",
        )
        .bind(seq)
        .bind(&processor.name)
        .bind(child)
        .bind(&name)
        .bind(classes.bits())
        .bind(now.ms())
        .execute(&mut *tx)
        .await?;
        // Told again, it is handed over again.
        query(
            "UPDATE disclosure SET disclosed_at = max(disclosed_at, ?), confirmed = confirmed & ~?
             WHERE seq = ? AND processor = ?",
        )
        .bind(now.ms())
        .bind(classes.bits())
        .bind(seq)
        .bind(&processor.name)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() > 0 {
            *newly.entry(child).or_default() += 1;
        }
        let subject = core.processors.subject(&processor.name, subject);
        items.push(Disclosed { recording: *recording, subject, name });
    }
    // Whoever deletes it after a loss of the database still knows whom to ask.
    let mut note = Note::default();
    for (child, recordings) in newly {
        let place = ledger::enter(&mut tx, core, child, Kind::Processor, |_| {
            body::disclosure(now, &processor.name, classes, recordings)
        })
        .await?;
        note.entered(&mut tx, place).await?;
    }
    lines.iter().for_each(|line| note.say(line));
    note.insert(&mut tx, now, None).await?;
    tx.commit().await?;
    journal::keep(core).await.map_err(|error| {
        tracing::error!(
            error = format!("{error:#}"),
            "what is handed over is in the database alone until the next try"
        );
        DiscloseError::NotWrittenDown
    })?;
    Ok(DisclosureCreated { items, until: now.plus_seconds(HANDED_OVER_WITHIN_SECONDS) })
}

/// Where a recording is and whose, if all of this is in use.
async fn in_use(
    tx: &mut Transaction<'_, Sqlite>,
    recording: RecordingId,
    classes: ClassSet,
) -> Result<(i64, i64), DiscloseError> {
    let row = query("SELECT seq, child, usable FROM recording WHERE id = ?")
        .bind(recording.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = row else {
        let going: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM erasure_item WHERE recording = ?)")
            .bind(recording.to_string())
            .fetch_one(&mut **tx)
            .await?;
        return Err(if going { DiscloseError::NotInUse } else { DiscloseError::NotFound });
    };
    let usable: ClassSet = Stores::from_bits(row.try_get(2)?).classes().into_iter().collect();
    if usable.has_all(classes) {
        Ok((row.try_get(0)?, row.try_get(1)?))
    } else {
        Err(DiscloseError::NotInUse)
    }
}
