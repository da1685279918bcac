//! Erasures as an operator sees them: what is open, late or stuck, where, and when it is tried again.
//! No child, no guardian, and nothing of what is erased but how much.

use std::fmt;

use rules::{
    ErasureId, ErasureState, ProcessorState, StepState, Timestamp,
    contract::{ProcessorProblem, ProcessorStep, StepProblem},
    erasure::{Clock, Lateness, lateness},
};
use serde::Serialize;
use sqlx::{Row, query, query_scalar, sqlite::SqliteRow};

use super::view;
use crate::{db::Db, owner, processors};

/// Seconds in which what was asked is written down, by the answer or the engine.
const WRITTEN_WITHIN: i64 = 60;

/// One erasure.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Which.
    pub id: ErasureId,
    /// Where it stands.
    pub state: ErasureState,
    /// How it stands against its dates.
    pub lateness: Lateness,
    /// Recordings in its plan.
    pub recordings: i64,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Until then it can be taken back.
    pub sealed_until: Timestamp,
    /// When it should be done.
    pub expected_by: Timestamp,
    /// When it must be done.
    pub due_by: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// The engine that carries it out now.
    pub lease: Option<Lease>,
    /// Whether a loss of the database could lose it: nothing is erased before it is written down outside.
    pub unwritten: bool,
    /// Each store, in the order of erasure.
    pub steps: Vec<Step>,
    /// Each request to a processor.
    pub processors: Vec<Asked>,
}

/// A request to a processor.
#[derive(Debug, Serialize)]
pub struct Asked {
    /// Its name.
    pub processor: String,
    /// Where it stands.
    pub state: ProcessorState,
    /// Recordings that it was given.
    pub recordings: u64,
    /// Since when it stands there; one that does not answer: since when it has been asked.
    pub since: Timestamp,
    /// By when its next answer is due.
    pub due_by: Option<Timestamp>,
    /// What went wrong at the last try.
    pub problem: Option<ProcessorProblem>,
    /// When the next one begins.
    pub next_attempt_at: Option<Timestamp>,
}

impl From<ProcessorStep> for Asked {
    fn from(step: ProcessorStep) -> Self {
        let ProcessorStep { processor, state, recordings, since, due_by, problem, next_attempt_at, .. } =
            step;
        Self { processor, state, recordings, since, due_by, problem, next_attempt_at }
    }
}

/// The engine that has an erasure.
#[derive(Debug, Serialize)]
pub struct Lease {
    /// Its process.
    pub owner: String,
    /// Until then nobody else takes over while that lives.
    pub until: Timestamp,
    /// Whether it lives.
    pub lives: bool,
}

/// One store of an erasure.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its name.
    pub store: String,
    /// Where it stands.
    pub state: StepState,
    /// Copies in the plan.
    pub copies: i64,
    /// Those of them that were erased.
    pub erased: i64,
    /// Tries that failed.
    pub failed_attempts: i64,
    /// What went wrong at the last one.
    pub problem: Option<StepProblem>,
    /// When the next one begins.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was read again and was empty.
    pub verified_at: Option<Timestamp>,
}

/// Erasures that are not over or with a processor that is asked on, or all of them, those that are due first first.
pub async fn list(db: &Db, data: &std::path::Path, now: Timestamp, all: bool) -> anyhow::Result<Vec<Report>> {
    let rows = query(
        "SELECT id, state, recordings, requested_at, sealed_until, expected_by, due_by, finished_at, lease_owner, lease_until,
             journaled = 0 AND finished_at IS NULL AND requested_at < ?1
                 OR EXISTS (SELECT 1 FROM note n WHERE n.erasure = e.id AND n.at < ?1)
         FROM erasure e WHERE finished_at IS NULL OR ?2 OR EXISTS (
             SELECT 1 FROM processor_step s WHERE s.erasure = e.id AND s.next_attempt_at IS NOT NULL)
             OR EXISTS (SELECT 1 FROM note n WHERE n.erasure = e.id)
         ORDER BY finished_at IS NOT NULL, due_by, id",
    )
    .bind(now.plus_seconds(-WRITTEN_WITHIN).ms())
    .bind(all)
    .fetch_all(db.read())
    .await?;
    let mut reports = Vec::with_capacity(rows.len());
    for row in rows {
        reports.push(read(db, data, now, &row).await?);
    }
    Ok(reports)
}

/// How many decisions that are about no erasure are in the database alone, and not only for a moment.
pub async fn unwritten(db: &Db, now: Timestamp) -> sqlx::Result<i64> {
    query_scalar("SELECT count(*) FROM note WHERE erasure IS NULL AND at < ?")
        .bind(now.plus_seconds(-WRITTEN_WITHIN).ms())
        .fetch_one(db.read())
        .await
}

async fn read(db: &Db, data: &std::path::Path, now: Timestamp, row: &SqliteRow) -> anyhow::Result<Report> {
    let id = view::erasure_id(&row.try_get::<String, _>(0)?)?;
    let state = view::state(&row.try_get::<String, _>(1)?)?;
    let at = |column: usize| row.try_get::<i64, _>(column).map(Timestamp::from_ms);
    let clock = Clock { sealed_until: at(4)?, expected_by: at(5)?, due_by: at(6)? };
    let lease = match (row.try_get::<Option<String>, _>(8)?, maybe(row, 9)?) {
        (Some(owner), Some(until)) => Some(Lease { lives: owner::is_alive(data, &owner)?, owner, until }),
        _ => None,
    };
    let steps = query(
        "SELECT store, state, copies, erased, failed_attempts, problem, next_attempt_at, verified_at
         FROM erasure_step WHERE erasure = ? ORDER BY position",
    )
    .bind(id.to_string())
    .fetch_all(db.read())
    .await?;
    Ok(Report {
        id,
        state,
        lateness: lateness(state, at(3)?, clock, now),
        recordings: row.try_get(2)?,
        requested_at: at(3)?,
        sealed_until: clock.sealed_until,
        expected_by: clock.expected_by,
        due_by: clock.due_by,
        finished_at: maybe(row, 7)?,
        lease,
        unwritten: row.try_get(10)?,
        steps: steps.iter().map(step).collect::<sqlx::Result<_>>()?,
        processors: processors::of_erasure(db.read(), id).await?.into_iter().map(Asked::from).collect(),
    })
}

fn step(row: &SqliteRow) -> sqlx::Result<Step> {
    Ok(Step {
        store: row.try_get(0)?,
        state: view::named(&row.try_get::<String, _>(1)?)?,
        copies: row.try_get(2)?,
        erased: row.try_get(3)?,
        failed_attempts: row.try_get(4)?,
        problem: row.try_get::<Option<String>, _>(5)?.map(|name| view::named(&name)).transpose()?,
        next_attempt_at: maybe(row, 6)?,
        verified_at: maybe(row, 7)?,
    })
}

fn maybe(row: &SqliteRow, column: usize) -> sqlx::Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_ms))
}

impl Report {
    /// Whether somebody must look: a week has passed, or what the law allows, or a processor does not
    /// answer, or not truly, or what was asked is in the database alone.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        self.unwritten
            || self.lateness >= Lateness::Alarm
            || self.processors.iter().any(|asked| asked.state.is_escalated())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, state, recordings, requested_at, expected_by, due_by, .. } = self;
        write!(f, "{id} {}, {}: {recordings} recordings", view::state_name(*state), word(self.lateness))?;
        write!(f, ", asked {requested_at}, expected {expected_by}, due {due_by}")?;
        if let Some(finished) = self.finished_at {
            write!(f, ", over {finished}")?;
        }
        if self.unwritten {
            write!(
                f,
                "\n  not written to deletions/: it would be lost with the database, and nothing is erased until it is"
            )?;
        }
        for step in &self.steps {
            write!(f, "\n  {step}")?;
        }
        for asked in &self.processors {
            write!(f, "\n  {asked}")?;
        }
        if let Some(Lease { owner, until, lives }) = &self.lease {
            let lives = if *lives { "which lives" } else { "which has ended: the next engine takes over" };
            write!(f, "\n  carried out by {owner} until {until}, {lives}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, state, copies, erased, failed_attempts, .. } = self;
        write!(f, "{store:<14}{:<16}{erased} of {copies}", view::step_state_name(*state))?;
        if *failed_attempts > 0 {
            write!(f, ", failed {failed_attempts} times")?;
        }
        if let Some(problem) = self.problem {
            write!(f, ", last {}", view::problem_name(problem))?;
        }
        if let Some(next) = self.next_attempt_at {
            write!(f, ", next try {next}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, state, recordings, since, .. } = self;
        write!(
            f,
            "processor {processor}: {}, {recordings} recordings, since {since}",
            processors::word(state)
        )?;
        if let Some(due) = self.due_by {
            write!(f, ", due {due}")?;
        }
        if let Some(problem) = self.problem {
            write!(f, ", last {}", processors::word(problem))?;
        }
        if let Some(next) = self.next_attempt_at {
            write!(f, ", next try {next}")?;
        }
        Ok(())
    }
}

const fn word(lateness: Lateness) -> &'static str {
    match lateness {
        Lateness::OnTime => "on time",
        Lateness::Late => "late",
        Lateness::Alarm => "alarm",
        Lateness::Overdue => "overdue",
    }
}
