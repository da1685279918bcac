//! Erasures as the contract shows them.

use rules::{
    ChildId, ErasureId, ErasureState, StepState, Timestamp,
    contract::{Erasure, Erasures, Requester, Step, StepProblem},
    erasure::{Clock, lateness},
};
use sqlx::{QueryBuilder, Row, Sqlite, query, query_scalar, sqlite::SqliteRow};

use super::{Asker, ErasureError, accept::store_named};
use crate::{core::Core, derived, processors};

const COLUMNS: &str = "SELECT e.id, e.guardian, e.scope, e.state, e.contested, e.recordings, e.requested_at,
    e.sealed_until, e.expected_by, e.due_by, e.finished_at FROM erasure e WHERE ";

/// An erasure that names other children than the session does is no erasure of this session.
const WITHIN_SESSION: &str = " AND NOT EXISTS (SELECT 1 FROM erasure_child c WHERE c.erasure = e.id
    AND c.child NOT IN (SELECT value FROM json_each(";

/// One erasure.
pub async fn get(core: &Core, asker: &Asker, id: ErasureId) -> Result<Erasure, ErasureError> {
    let mut sql = QueryBuilder::<Sqlite>::new(COLUMNS);
    sql.push("e.id = ").push_bind(id.to_string());
    sql.push(WITHIN_SESSION).push_bind(asker.numbers_json()).push(")))");
    let row = sql.build().fetch_optional(core.db.read()).await?.ok_or(ErasureError::NotFound)?;
    read(core, asker, &row).await
}

/// Erasures of the session's children, or of one of them, newest first. The cursor is the id of the
/// last one seen.
pub async fn list(
    core: &Core,
    asker: &Asker,
    child: Option<ChildId>,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Erasures, ErasureError> {
    let mut sql = QueryBuilder::<Sqlite>::new(COLUMNS);
    sql.push("e.id IN (SELECT c.erasure FROM erasure_child c WHERE c.child IN (SELECT value FROM json_each(");
    match child {
        Some(child) => sql.push_bind(format!("[{}]", asker.number_of(child).ok_or(ErasureError::NotFound)?)),
        None => sql.push_bind(asker.numbers_json()),
    };
    sql.push(")))").push(WITHIN_SESSION).push_bind(asker.numbers_json()).push(")))");
    if let Some(cursor) = cursor {
        sql.push(" AND e.id < ").push_bind(cursor.to_owned());
    }
    // Ids begin with the moment of their making: newest first is greatest first.
    sql.push(format_args!(" ORDER BY e.id DESC LIMIT {}", limit.saturating_add(1)));
    let mut rows = sql.build().fetch_all(core.db.read()).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(read(core, asker, row).await?);
    }
    let next = items.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Erasures { items, next })
}

/// Whether an engine has it in its hands now.
pub async fn is_carried_out(core: &Core, id: ErasureId) -> bool {
    let leased = query_scalar("SELECT lease_until > ? FROM erasure WHERE id = ? AND finished_at IS NULL")
        .bind(core.clock.now().ms())
        .bind(id.to_string())
        .fetch_optional(core.db.read())
        .await;
    matches!(leased, Ok(Some(Some(true))))
}

async fn read(core: &Core, asker: &Asker, row: &SqliteRow) -> Result<Erasure, ErasureError> {
    let at = |column: usize| row.try_get::<i64, _>(column).map(Timestamp::from_ms);
    let id = erasure_id(&row.try_get::<String, _>(0)?)?;
    let state = state(&row.try_get::<String, _>(3)?)?;
    let clock = Clock { sealed_until: at(7)?, expected_by: at(8)?, due_by: at(9)? };
    let children: Vec<String> = query_scalar(
        "SELECT c.id FROM erasure_child e JOIN child c ON c.number = e.child WHERE e.erasure = ? ORDER BY c.number",
    )
    .bind(id.to_string())
    .fetch_all(core.db.read())
    .await?;
    let steps = query(
        "SELECT store, state, copies, erased, failed_attempts, problem, next_attempt_at, verified_at
         FROM erasure_step WHERE erasure = ? ORDER BY position",
    )
    .bind(id.to_string())
    .fetch_all(core.db.read())
    .await?;
    let requested_by = match row.try_get::<Option<String>, _>(1)? {
        None => Requester::Rule,
        Some(guardian) if guardian == asker.guardian.to_string() => Requester::You,
        Some(_) => Requester::AnotherGuardian,
    };
    Ok(Erasure {
        id,
        state,
        contested: row.try_get(4)?,
        lateness: lateness(state, at(6)?, clock, core.clock.now()),
        children: children.iter().map(|id| id.parse()).collect::<Result<_, _>>().map_err(decode)?,
        scope: row.try_get(2)?,
        recordings: unsigned(row.try_get(5)?),
        requested_by,
        requested_at: at(6)?,
        sealed_until: clock.sealed_until,
        expected_by: clock.expected_by,
        due_by: clock.due_by,
        finished_at: row.try_get::<Option<i64>, _>(10)?.map(Timestamp::from_ms),
        steps: steps.iter().map(step).collect::<sqlx::Result<_>>()?,
        models: derived::erased::models(core, id).await?,
        processors: processors::of_erasure(core.db.read(), id).await?,
    })
}

fn step(row: &SqliteRow) -> sqlx::Result<Step> {
    let at = |column: usize| -> sqlx::Result<Option<Timestamp>> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_ms))
    };
    Ok(Step {
        store: store_named(&row.try_get::<String, _>(0)?)?,
        state: named(&row.try_get::<String, _>(1)?)?,
        copies: unsigned(row.try_get(2)?),
        erased: unsigned(row.try_get(3)?),
        failed_attempts: row.try_get(4)?,
        problem: row.try_get::<Option<String>, _>(5)?.map(|name| named::<StepProblem>(&name)).transpose()?,
        next_attempt_at: at(6)?,
        verified_at: at(7)?,
    })
}

/// A word of the contract as the database keeps it: the very name the API gives it.
pub(crate) fn named<T: serde::de::DeserializeOwned>(name: &str) -> sqlx::Result<T> {
    serde_json::from_value(name.into()).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A state by its name.
pub(crate) fn state(name: &str) -> sqlx::Result<ErasureState> {
    named(name)
}

/// A state's name.
pub(crate) const fn state_name(state: ErasureState) -> &'static str {
    match state {
        ErasureState::Sealed => "sealed",
        ErasureState::Erasing => "erasing",
        ErasureState::Deleted => "deleted",
        ErasureState::Cancelled => "cancelled",
    }
}

/// A step's state's name.
pub(crate) const fn step_state_name(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "waiting",
        StepState::Erasing => "erasing",
        StepState::Probing => "probing",
        StepState::Retrying => "retrying",
        StepState::VerifiedAbsent => "verified_absent",
    }
}

/// A problem's name.
pub(crate) const fn problem_name(problem: StepProblem) -> &'static str {
    match problem {
        StepProblem::Unreachable => "unreachable",
        StepProblem::Failed => "failed",
        StepProblem::StillThere => "still_there",
    }
}

/// An id as the database keeps it.
pub(crate) fn erasure_id(text: &str) -> sqlx::Result<ErasureId> {
    text.parse().map_err(decode)
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_by_the_name_it_is_written_with() {
        for state_ in
            [ErasureState::Sealed, ErasureState::Erasing, ErasureState::Deleted, ErasureState::Cancelled]
        {
            assert_eq!(state(state_name(state_)).unwrap(), state_);
        }
        for state in [
            StepState::Waiting,
            StepState::Erasing,
            StepState::Probing,
            StepState::Retrying,
            StepState::VerifiedAbsent,
        ] {
            assert_eq!(named::<StepState>(step_state_name(state)).unwrap(), state);
        }
    }
}
