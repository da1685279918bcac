//! Keeping a recording until a date.

use rules::{
    Date, KeepId, RecordingId,
    contract::Keep,
    keep::{KeepRefused, may_keep},
};
use sqlx::{query, query_scalar};

use crate::{core::Core, erasure::Asker};

/// Why a recording was not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// No such recording in this session, or nothing of it that can be used.
    #[error("there is no such recording in this session")]
    NotFound,
    /// The date will not do.
    #[error(transparent)]
    Refused(#[from] KeepRefused),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Keeps a recording until the end of a day, whatever was said before.
pub async fn put(core: &Core, asker: &Asker, recording: RecordingId, until: Date) -> Result<Keep, KeepError> {
    let mut tx = core.db.write().await?;
    let seq = find(&mut tx, asker, recording).await?;
    let now = core.clock.now();
    let until = may_keep(until, now.date())?;
    let (ms, random) = core.id_parts();
    query(
        "INSERT INTO keep (id, seq, guardian, until, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (seq, guardian) DO UPDATE SET until = excluded.until",
    )
    .bind(KeepId::from_parts(ms, random).to_string())
    .bind(seq)
    .bind(asker.guardian.to_string())
    .bind(until.days())
    .bind(now.ms())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Keep { until })
}

/// Gives a keep up. Nothing is deleted by that; the other rules hold again.
pub async fn delete(core: &Core, asker: &Asker, recording: RecordingId) -> Result<(), KeepError> {
    let mut tx = core.db.write().await?;
    let seq = find(&mut tx, asker, recording).await?;
    query("DELETE FROM keep WHERE seq = ? AND guardian = ?")
        .bind(seq)
        .bind(asker.guardian.to_string())
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// The recording's key, looked up where an erasure cannot come in between.
async fn find(
    tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
    asker: &Asker,
    recording: RecordingId,
) -> Result<i64, KeepError> {
    query_scalar(
        "SELECT seq FROM recording WHERE id = ? AND usable > 0 AND child IN (SELECT value FROM json_each(?))",
    )
    .bind(recording.to_string())
    .bind(asker.numbers_json())
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(KeepError::NotFound)
}
