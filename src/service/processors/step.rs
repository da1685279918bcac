//! The rows of a processor's part of an erasure.

use proof::statement::{Answer, Processor as Line, When};
use rules::{
    ChildId, ErasureId, ProcessorState, Timestamp,
    contract::{ProcessorProblem, ProcessorStep},
    processor::{ClassSet, ESCALATED_WAIT, due_by},
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, query, query_as, sqlite::SqliteRow};

use super::uuid;
use crate::{
    erasure::view::{self, named},
    ledger,
};

/// One request, as it stands.
#[derive(Debug, Clone)]
pub struct Step {
    pub erasure: ErasureId,
    pub processor: String,
    pub child: i64,
    pub request: String,
    /// The request before, where that was cancelled, or done and not done.
    pub former: Option<String>,
    /// Whether it has signed that it has the request.
    pub posted: bool,
    pub state: ProcessorState,
    pub asked_at: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    /// When it first cancelled a request.
    pub cancelled_at: Option<Timestamp>,
    pub tries: u32,
    /// When it is asked next; none where nothing more is asked.
    pub next_attempt_at: Option<Timestamp>,
    pub problem: Option<ProcessorProblem>,
    pub probe: Option<String>,
    pub found_none_at: Option<Timestamp>,
    /// When the guardian asked.
    pub submitted: Timestamp,
    /// What the child is called in the API.
    pub child_id: ChildId,
}

/// Selects steps; a condition follows.
pub const STEPS: &str =
    "SELECT s.erasure, s.processor, s.child, s.request, s.state, s.asked_at, s.acknowledged_at,
    s.completed_at, s.tries, s.problem, s.probe, s.found_none_at, e.requested_at, c.id, s.former,
    s.posted, s.cancelled_at, s.next_attempt_at
    FROM processor_step s JOIN erasure e ON e.id = s.erasure JOIN child c ON c.number = s.child WHERE ";

impl Step {
    /// A row of [`STEPS`].
    pub fn read(row: &SqliteRow) -> sqlx::Result<Self> {
        let at = |column: usize| -> sqlx::Result<Option<Timestamp>> {
            Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_ms))
        };
        Ok(Self {
            erasure: view::erasure_id(&row.try_get::<String, _>(0)?)?,
            processor: row.try_get(1)?,
            child: row.try_get(2)?,
            request: row.try_get(3)?,
            state: named(&row.try_get::<String, _>(4)?)?,
            asked_at: at(5)?,
            acknowledged_at: at(6)?,
            completed_at: at(7)?,
            tries: row.try_get(8)?,
            problem: row.try_get::<Option<String>, _>(9)?.map(|name| named(&name)).transpose()?,
            probe: row.try_get(10)?,
            found_none_at: at(11)?,
            submitted: Timestamp::from_ms(row.try_get(12)?),
            child_id: row
                .try_get::<String, _>(13)?
                .parse()
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            former: row.try_get(14)?,
            posted: row.try_get(15)?,
            cancelled_at: at(16)?,
            next_attempt_at: at(17)?,
        })
    }

    /// Whether it is to be asked now. One that is to wait longer than anybody does was put off by a clock that
    /// was wrong.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_attempt_at.is_some_and(|next| next <= now || next > now.plus_seconds(ESCALATED_WAIT))
    }

    /// Everything that another process which asks the same changes by what comes of it.
    #[must_use]
    pub fn stands(&self) -> impl PartialEq + use<> {
        (self.state, self.request.clone(), self.probe.clone(), self.next_attempt_at)
    }

    /// Another request for the same takes the place of this one.
    pub fn make_anew(&mut self) {
        self.former = Some(std::mem::replace(&mut self.request, uuid()));
        self.posted = false;
    }

    /// The same, as it stands in this transaction; none where it was taken back.
    pub async fn again(&self, db: &mut SqliteConnection) -> sqlx::Result<Option<Self>> {
        let sql = sqlx::AssertSqlSafe(format!("{STEPS} s.erasure = ? AND s.processor = ? AND s.child = ?"));
        let row = query(sql)
            .bind(self.erasure.to_string())
            .bind(&self.processor)
            .bind(self.child)
            .fetch_optional(db)
            .await?;
        row.as_ref().map(Self::read).transpose()
    }

    /// Since when it stands where it does: one that does not answer, since it has been asked.
    fn since(&self, now: Timestamp) -> Timestamp {
        match self.state {
            ProcessorState::Silent => self.asked_at.unwrap_or(now),
            _ => now,
        }
    }

    /// Writes it down; `changed` when its state has.
    pub async fn write(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        now: Timestamp,
        changed: bool,
        next: Option<Timestamp>,
    ) -> sqlx::Result<()> {
        query(
            "UPDATE processor_step SET state = ?, since = coalesce(?, since), asked_at = ?, acknowledged_at = ?,
                 completed_at = ?, tries = ?, next_attempt_at = ?, problem = ?, probe = ?, found_none_at = ?,
                 request = ?, former = ?, posted = ?, cancelled_at = ?
             WHERE erasure = ? AND processor = ? AND child = ?",
        )
        .bind(word(self.state))
        .bind(changed.then(|| self.since(now).ms()))
        .bind(self.asked_at.map(Timestamp::ms))
        .bind(self.acknowledged_at.map(Timestamp::ms))
        .bind(self.completed_at.map(Timestamp::ms))
        .bind(self.tries)
        .bind(next.map(Timestamp::ms))
        .bind(self.problem.map(word))
        .bind(&self.probe)
        .bind(self.found_none_at.map(Timestamp::ms))
        .bind(&self.request)
        .bind(&self.former)
        .bind(self.posted)
        .bind(self.cancelled_at.map(Timestamp::ms))
        .bind(self.erasure.to_string())
        .bind(&self.processor)
        .bind(self.child)
        .execute(&mut **tx)
        .await?;
        if next.is_none() && self.probe.is_none() {
            // Nothing more is asked, and no answer awaited: who was given what is nobody's business any more.
            query("DELETE FROM processor_item WHERE erasure = ? AND processor = ? AND child = ?")
                .bind(self.erasure.to_string())
                .bind(&self.processor)
                .bind(self.child)
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }

    /// What it is asked to delete.
    pub async fn items(&self, db: &mut SqliteConnection) -> sqlx::Result<Vec<(String, ClassSet)>> {
        let rows: Vec<(String, u8)> = query_as(
            "SELECT name, classes FROM processor_item WHERE erasure = ? AND processor = ? AND child = ? ORDER BY name",
        )
        .bind(self.erasure.to_string())
        .bind(&self.processor)
        .bind(self.child)
        .fetch_all(db)
        .await?;
        Ok(rows.into_iter().map(|(name, bits)| (name, ClassSet::from_bits(bits))).collect())
    }
}

/// A word of the contract as the database keeps it: the very name the API gives it.
pub fn word<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Processors' parts of an erasure, as the contract shows them.
pub async fn of_erasure(db: &sqlx::SqlitePool, erasure: ErasureId) -> sqlx::Result<Vec<ProcessorStep>> {
    let rows = query(
        "SELECT s.processor, coalesce(p.about, ''), c.id, s.recordings, s.state, s.since, s.asked_at, s.problem,
             s.next_attempt_at, s.found_none_at
         FROM processor_step s JOIN child c ON c.number = s.child LEFT JOIN processor p ON p.name = s.processor
         WHERE s.erasure = ? ORDER BY s.processor, s.child",
    )
    .bind(erasure.to_string())
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let at = |column: usize| -> sqlx::Result<Option<Timestamp>> {
                Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_ms))
            };
            let state = named(&row.try_get::<String, _>(4)?)?;
            Ok(ProcessorStep {
                processor: row.try_get(0)?,
                about: row.try_get(1)?,
                child: row
                    .try_get::<String, _>(2)?
                    .parse()
                    .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
                recordings: u64::try_from(row.try_get::<i64, _>(3)?).unwrap_or(0),
                state,
                since: Timestamp::from_ms(row.try_get(5)?),
                due_by: at(6)?.and_then(|asked_at| due_by(state, asked_at)),
                problem: row.try_get::<Option<String>, _>(7)?.map(|name| named(&name)).transpose()?,
                next_attempt_at: at(8)?,
                found_none_at: at(9)?,
            })
        })
        .collect()
}

/// What each of these processors had answered to an erasure of one child's, as its statement says it. One that
/// had not been asked had not until `until`; only who let a deadline pass is silent.
pub async fn answers(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    child: i64,
    processors: &[(String, String)],
    until: proof::Time,
) -> sqlx::Result<Vec<Line>> {
    let sql = sqlx::AssertSqlSafe(format!("{STEPS} s.erasure = ? AND s.child = ?"));
    let rows = query(sql).bind(erasure.to_string()).bind(child).fetch_all(&mut **tx).await?;
    let steps = rows.iter().map(Step::read).collect::<sqlx::Result<Vec<_>>>()?;
    let line = |name: &String| {
        let Some(step) = steps.iter().find(|step| step.processor == *name) else {
            return Line { name: name.clone(), answer: Answer::None, at: None };
        };
        let (answer, at) = match step.state {
            ProcessorState::NotSent => (Answer::NotAsked, None),
            ProcessorState::Sent => (Answer::Asked, step.asked_at),
            ProcessorState::Silent => (Answer::Silent, step.asked_at),
            ProcessorState::Acknowledged => (Answer::Acknowledged, step.acknowledged_at),
            ProcessorState::Completed => (Answer::Completed, step.completed_at),
            ProcessorState::Contradicted => (Answer::Contradicted, step.completed_at),
        };
        Line { name: name.clone(), answer, at: Some(When::Time(at.map_or(until, ledger::time))) }
    };
    Ok(processors.iter().map(|(name, _)| line(name)).collect())
}
