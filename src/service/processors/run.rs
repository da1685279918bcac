//! Asking processors, whoever is due, and noticing who has let a deadline pass.
//!
//! Each effect may be repeated: a request has one id from the moment the erasure is accepted, and asked twice
//! it is the same request; an answer heard twice is noted once. So nothing is claimed and nothing is locked while
//! a stranger takes its time, and the process may be killed anywhere.

use std::{future::Future, sync::Arc, time::Duration};

use axum::body::Bytes;
use futures::future::join_all;
use reqwest::Method;
use rules::{ProcessorState, contract::ProcessorProblem, processor::due_by};
use sqlx::query;

use super::{
    answer::{self, Heard, Signed, read},
    client::{Answer, Client},
    opendsr::{self, Asked},
    settings::Processor,
    step::{STEPS, Step},
};
use crate::{core::Core, faults};

/// How often it looks.
const TICK: Duration = Duration::from_secs(1);
/// Requests of one processor that are made before the next look.
const AT_ONCE: i64 = 100;

/// Runs until `shutdown` resolves. It may stop anywhere, as it may be killed anywhere.
pub async fn run(core: Arc<Core>, shutdown: impl Future<Output = ()> + Send) {
    tokio::pin!(shutdown);
    loop {
        let done = tokio::select! {
            done = tick(&core) => done,
            () = &mut shutdown => return,
        };
        if let Err(error) = done {
            tracing::error!(%error, "processors could not be asked; they will be");
        }
        tokio::select! {
            () = &mut shutdown => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Everything that is due now. A processor that cannot be reached holds up no other.
pub async fn tick(core: &Core) -> anyhow::Result<()> {
    // What a backup says was asked for may have been taken back since.
    if core.is_restoring() {
        return Ok(());
    }
    deadlines(core).await?;
    let Some(client) = &core.processors.client else { return Ok(()) };
    let asked = core.processors.list.iter().map(|processor| ask_due(core, client, processor));
    join_all(asked).await.into_iter().collect()
}

/// Notices who has not answered in time.
async fn deadlines(core: &Core) -> anyhow::Result<()> {
    let sql = sqlx::AssertSqlSafe(format!("{STEPS} s.state IN ('sent', 'acknowledged')"));
    let now = core.clock.now();
    for row in query(sql).fetch_all(core.db.read()).await? {
        let step = Step::read(&row)?;
        let due = step.asked_at.and_then(|asked_at| due_by(step.state, asked_at));
        if due.is_some_and(|due| due <= now) {
            answer::fall_silent(core, &step).await?;
        }
    }
    Ok(())
}

/// Asks one processor what is due, until it cannot be reached.
async fn ask_due(core: &Core, client: &Client, processor: &Processor) -> anyhow::Result<()> {
    let sql = sqlx::AssertSqlSafe(format!(
        "{STEPS} s.processor = ? AND s.next_attempt_at <= ? AND e.state IN ('erasing', 'deleted')
         ORDER BY s.next_attempt_at LIMIT {AT_ONCE}"
    ));
    let rows = query(sql).bind(&processor.name).bind(core.clock.now().ms()).fetch_all(core.db.read()).await?;
    for row in rows {
        if try_once(core, client, processor, Step::read(&row)?).await? == Reached::No {
            break;
        }
    }
    Ok(())
}

/// Whether anybody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    Yes,
    No,
}

/// One try: what is to be said or asked next, and what came of it.
async fn try_once(
    core: &Core,
    client: &Client,
    processor: &Processor,
    mut step: Step,
) -> anyhow::Result<Reached> {
    if step.state == ProcessorState::NotSent && !answer::ask(core, &mut step).await? {
        return Ok(Reached::Yes);
    }
    let probing = matches!(step.state, ProcessorState::Completed | ProcessorState::Contradicted);
    let id = if probing { answer::begin_probe(core, &mut step).await? } else { step.request.clone() };
    let subject = core.processors.subject(&processor.name, step.child_id);
    let scope = opendsr::scope(step.items(&mut *core.db.read().acquire().await?).await?);
    let asked = if probing { Asked::Access } else { Asked::Erasure };
    let body = opendsr::request(processor, asked, &id, step.submitted, &subject, &scope)?;
    drop(scope);
    faults::point("processor-before");
    let exchange = Exchange { client, processor, id: &id, body, probing };
    let result = exchange.run(step.acknowledged_at.is_some() && !probing).await;
    faults::point("processor-sent");
    let reached = match &result {
        Err(ProcessorProblem::Unreachable) => Reached::No,
        _ => Reached::Yes,
    };
    answer::note(core, processor, &step, &id, result, true).await?;
    faults::point("processor-noted");
    Ok(reached)
}

/// One request to one processor.
struct Exchange<'a> {
    client: &'a Client,
    processor: &'a Processor,
    id: &'a str,
    body: Bytes,
    probing: bool,
}

impl Exchange<'_> {
    /// Makes the request, or asks how it stands where it is `known` there. Either may turn out to be the
    /// other: a request whose answer was lost is known and refused as a second one; one that was forgotten
    /// is made again.
    async fn run(&self, known: bool) -> Result<Signed, ProcessorProblem> {
        if known {
            let answer = self.status().await?;
            return if answer.status.as_u16() == 404 {
                self.read(self.make().await?, true)
            } else {
                self.read(answer, false)
            };
        }
        let answer = self.make().await?;
        let refused = answer.status.is_client_error();
        let made = self.read(answer, true);
        // What it found is in the status, and an answer that was lost may be, too.
        match made {
            Ok(Signed { heard: Heard::NotYet, .. }) => self.read(self.status().await?, false),
            Err(_) if refused => self.read(self.status().await?, false),
            made => made,
        }
    }

    async fn make(&self) -> Result<Answer, ProcessorProblem> {
        self.ask(Method::POST, &self.processor.requests, Some(self.body.clone())).await
    }

    async fn status(&self) -> Result<Answer, ProcessorProblem> {
        self.ask(Method::GET, &format!("{}/{}", self.processor.requests, self.id), None).await
    }

    async fn ask(&self, method: Method, url: &str, body: Option<Bytes>) -> Result<Answer, ProcessorProblem> {
        self.client.ask(self.processor, method, url, body).await.map_err(|error| {
            tracing::info!(processor = %self.processor.name, error = format!("{error:#}"), "a processor cannot be reached");
            ProcessorProblem::Unreachable
        })
    }

    fn read(&self, answer: Answer, made: bool) -> Result<Signed, ProcessorProblem> {
        read(self.processor, answer, self.id, made.then_some(&*self.body), self.probing)
    }
}
