//! Asking processors, whoever is due.
//!
//! Each effect may be repeated: a request has one id from the moment the erasure is accepted, and asked twice
//! it is the same request; an answer heard twice is noted once. So nothing is claimed and nothing is locked while
//! a stranger takes its time, and the process may be killed anywhere.

use std::{future::Future, sync::Arc, time::Duration};

use axum::body::Bytes;
use futures::future::join_all;
use reqwest::Method;
use rules::{ProcessorState, contract::ProcessorProblem, processor::ESCALATED_WAIT};
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

/// Runs until `shutdown` resolves. It may stop anywhere, as it may be killed anywhere. Each processor has a loop of its
/// own: a slow one holds up no other.
pub async fn run(core: Arc<Core>, shutdown: impl Future<Output = ()> + Send) {
    let loops = core.processors.list.iter().map(|processor| keep_asking(&core, processor));
    // With nobody to ask it waits all the same: a worker that ends is one that failed.
    let asking = async {
        join_all(loops).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = asking => {}
        () = shutdown => {}
    }
}

async fn keep_asking(core: &Core, processor: &Processor) {
    loop {
        if let Err(error) = ask_due(core, processor).await {
            tracing::error!(%error, processor = processor.name, "a processor could not be asked; it will be");
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Everything that is due now.
pub async fn tick(core: &Core) -> anyhow::Result<()> {
    let asked = core.processors.list.iter().map(|processor| ask_due(core, processor));
    join_all(asked).await.into_iter().collect()
}

/// Asks one processor what is due, until something goes wrong there: the others wait for the next look.
async fn ask_due(core: &Core, processor: &Processor) -> anyhow::Result<()> {
    // What a backup says was asked for may have been taken back since.
    if core.is_restoring() {
        return Ok(());
    }
    let Some(client) = &core.processors.client else { return Ok(()) };
    let now = core.clock.now();
    let sql = sqlx::AssertSqlSafe(format!(
        "{STEPS} s.processor = ? AND (s.next_attempt_at <= ? OR s.next_attempt_at > ?) AND e.state IN ('erasing', 'deleted')
         ORDER BY s.next_attempt_at LIMIT {AT_ONCE}"
    ));
    let rows = query(sql)
        .bind(&processor.name)
        .bind(now.ms())
        .bind(now.plus_seconds(ESCALATED_WAIT).ms())
        .fetch_all(core.db.read())
        .await?;
    for row in rows {
        if try_once(core, client, processor, Step::read(&row)?).await? == Went::Wrong {
            break;
        }
    }
    Ok(())
}

/// How a try went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Went {
    Well,
    Wrong,
}

/// One try: what is to be said or asked next, and what came of it.
async fn try_once(core: &Core, client: &Client, processor: &Processor, step: Step) -> anyhow::Result<Went> {
    let begun = core.clock.now();
    // It is a while since it was listed, and an answer may have come.
    let again = step.again(&mut *core.db.read().acquire().await?).await?;
    let Some(mut step) = again.filter(|step| step.is_due(begun)) else { return Ok(Went::Well) };
    if step.state == ProcessorState::NotSent && !answer::ask(core, &mut step).await? {
        return Ok(Went::Well);
    }
    // One that still had something is asked to delete before it is asked what it has.
    let probing = match step.state {
        ProcessorState::Completed => true,
        ProcessorState::Contradicted => step.posted,
        _ => false,
    };
    let id = if probing { answer::begin_probe(core, &mut step).await? } else { step.request.clone() };
    let subject = core.processors.subject(&processor.name, step.child_id);
    let Some(scope) = opendsr::scope(step.items(&mut *core.db.read().acquire().await?).await?) else {
        // Everything was answered meanwhile.
        return Ok(Went::Well);
    };
    let asked = if probing { Asked::Access } else { Asked::Erasure };
    let body = opendsr::request(processor, asked, &id, step.submitted, &subject, &scope)?;
    drop(scope);
    faults::point("processor-before");
    let exchange = Exchange { client, processor, id: &id, body, probing };
    let result = exchange.run(step.posted && !probing).await;
    faults::point("processor-sent");
    let went = if result.is_ok() { Went::Well } else { Went::Wrong };
    answer::note(core, processor, &step, &id, result, Some(begun)).await?;
    faults::point("processor-noted");
    Ok(went)
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
        // What it found is in the status, and an answer that was lost, or does not count, may be, too.
        match self.read(self.make().await?, true) {
            Ok(Signed { heard: Heard::NotYet, .. }) => self.read(self.status().await?, false),
            Err(problem) => self.read(self.status().await?, false).map_err(|_| problem),
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
