//! Keeping a recording until a date.

use proof::leaf::Kind;
use rules::{
    Date, KeepId, RecordingId,
    contract::Keep,
    keep::{KeepRefused, may_keep},
};
use sqlx::{Sqlite, Transaction, query, query_as, query_scalar};

use crate::{
    core::Core,
    erasure::Asker,
    journal::{self, file::Line, note::Note},
    ledger::{self, body::Decision},
};

/// Why a recording was not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// No such recording in this session, or nothing of it that can be used.
    #[error("there is no such recording in this session")]
    NotFound,
    /// The date will not do.
    #[error(transparent)]
    Refused(#[from] KeepRefused),
    /// It is so, and would be lost with the database: the same request sees to that.
    #[error("it is done and not yet safe from a loss; the same request will do")]
    NotWrittenDown,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Keeps a recording until the end of a day, whatever was said before.
pub async fn put(core: &Core, asker: &Asker, recording: RecordingId, until: Date) -> Result<Keep, KeepError> {
    let mut tx = core.db.write().await?;
    let (seq, child) = find(&mut tx, asker, recording).await?;
    let now = core.clock.now();
    let until = may_keep(until, now.date())?;
    let (ms, random) = core.id_parts();
    let changed = query(
        "INSERT INTO keep (id, seq, guardian, until, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (seq, guardian) DO UPDATE SET until = excluded.until WHERE until <> excluded.until",
    )
    .bind(KeepId::from_parts(ms, random).to_string())
    .bind(seq)
    .bind(asker.guardian.to_string())
    .bind(until.days())
    .bind(now.ms())
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() > 0 {
        enter(core, &mut tx, asker, child, recording, Some(until)).await?;
    }
    tx.commit().await?;
    write_down(core).await?;
    Ok(Keep { until })
}

/// Gives a keep up. Nothing is deleted by that; the other rules hold again.
pub async fn delete(core: &Core, asker: &Asker, recording: RecordingId) -> Result<(), KeepError> {
    let mut tx = core.db.write().await?;
    let (seq, child) = find(&mut tx, asker, recording).await?;
    let changed = query("DELETE FROM keep WHERE seq = ? AND guardian = ?")
        .bind(seq)
        .bind(asker.guardian.to_string())
        .execute(&mut *tx)
        .await?;
    if changed.rows_affected() > 0 {
        enter(core, &mut tx, asker, child, recording, None).await?;
    }
    tx.commit().await?;
    write_down(core).await
}

/// What changes nothing is no decision, and is not entered.
async fn enter(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    asker: &Asker,
    child: i64,
    recording: RecordingId,
    until: Option<Date>,
) -> sqlx::Result<()> {
    let now = core.clock.now();
    let decision = until.map_or(Decision::Release(recording), |until| Decision::Keep(recording, until));
    let place = ledger::enter(tx, core, child, Kind::Decision, |key| {
        ledger::body::decision(key, now, asker.guardian, decision)
    })
    .await?;
    let mark = |id: &str| core.tombstones.mark_of_id(id);
    let child: String =
        query_scalar("SELECT id FROM child WHERE number = ?").bind(child).fetch_one(&mut **tx).await?;
    let mut note = Note::default();
    note.entered(tx, place).await?;
    note.say(&Line::Child(mark(&child)));
    note.say(&Line::Guardian(mark(&asker.guardian.to_string())));
    note.say(&Line::Keep(mark(&recording.to_string()), until));
    note.insert(tx, now, None).await
}

/// What a guardian keeps is not lost with the database.
async fn write_down(core: &Core) -> Result<(), KeepError> {
    journal::keep(core).await.map_err(|error| {
        tracing::error!(
            error = format!("{error:#}"),
            "what is kept is in the database alone until the next try"
        );
        KeepError::NotWrittenDown
    })
}

/// The recording's key and its child's number, looked up where an erasure cannot come in between.
async fn find(
    tx: &mut Transaction<'_, Sqlite>,
    asker: &Asker,
    recording: RecordingId,
) -> Result<(i64, i64), KeepError> {
    query_as(
        "SELECT seq, child FROM recording WHERE id = ? AND usable > 0 AND child IN (SELECT value FROM json_each(?))",
    )
    .bind(recording.to_string())
    .bind(asker.numbers_json())
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(KeepError::NotFound)
}
