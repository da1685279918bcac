//! What processors have answered: believed where it is signed, and noted with its entry in the ledger in one
//! transaction. It does not matter whether we asked or they called.

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
};
use proof::{leaf::Kind, merkle::sha256};
use rules::{
    ProcessorState, Timestamp,
    contract::ProcessorProblem,
    processor::{Event, ask_again_after_seconds, due_by},
    retention::PROCESSOR_COMPLETES_WITHIN_DAYS,
};
use sqlx::{Sqlite, Transaction, query, query_scalar};

use super::{
    client::Answer,
    opendsr::{DOMAIN, SIGNATURE, Said, Status, may_be_kept},
    settings::Processor,
    step::{STEPS, Step},
    uuid,
};
use crate::{
    core::Core,
    ledger::{self, body},
};

/// What a processor says, whatever for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// That it will delete.
    Acknowledged,
    /// That it has deleted.
    Completed,
    /// That it does not: the request is cancelled there.
    Cancelled,
    /// That it still has this much.
    FoundSome(u64),
    /// That it has nothing.
    FoundNone,
    /// That it will say what it has, or has said it without a number.
    NotYet,
}

impl Heard {
    const fn event(self) -> Option<Event> {
        match self {
            Self::Acknowledged => Some(Event::Acknowledge),
            Self::Completed => Some(Event::Complete),
            Self::FoundSome(_) => Some(Event::FoundSome),
            Self::FoundNone => Some(Event::FoundNone),
            Self::Cancelled | Self::NotYet => None,
        }
    }

    /// Its word in the ledger.
    const fn word(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::FoundSome(_) => "found",
            Self::FoundNone => "found-none",
            Self::NotYet => "not-yet",
        }
    }
}

/// Something heard, and what it was signed with.
pub struct Signed {
    /// What it says.
    pub heard: Heard,
    body: Bytes,
    signature: Vec<u8>,
}

/// A body that this processor has signed, and the signature; nothing in it is read before.
fn verified(processor: &Processor, headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let domain = header(DOMAIN)?;
    if !domain.eq_ignore_ascii_case(&processor.domain) {
        return None;
    }
    processor.key.verified(body, header(SIGNATURE)?)
}

/// What an answer says of the request `id`; `sent` is what was posted, if that was asked.
pub fn read(
    processor: &Processor,
    answer: Answer,
    id: &str,
    sent: Option<&[u8]>,
    of_a_probe: bool,
) -> Result<Signed, ProcessorProblem> {
    if ![StatusCode::OK, StatusCode::CREATED, StatusCode::ACCEPTED].contains(&answer.status) {
        return Err(ProcessorProblem::Failed);
    }
    let signature = verified(processor, &answer.headers, &answer.body).ok_or(ProcessorProblem::NotSigned)?;
    let said = Said::read(&answer.body).filter(|said| said.answers(id, sent));
    let said = said.ok_or(ProcessorProblem::NotAnAnswer)?;
    // The status of a request says how it stands; the answer to a new one need not.
    let status = match (said.request_status, sent) {
        (Some(status), _) => status,
        (None, Some(_)) => Status::Pending,
        (None, None) => return Err(ProcessorProblem::NotAnAnswer),
    };
    let heard = heard(status, said.results_count, of_a_probe);
    Ok(Signed { heard, body: answer.body.into(), signature })
}

const fn heard(status: Status, found: Option<u64>, of_a_probe: bool) -> Heard {
    match (status, of_a_probe, found) {
        (Status::Pending | Status::InProgress, false, _) => Heard::Acknowledged,
        (Status::Completed, false, _) => Heard::Completed,
        (Status::Cancelled, false, _) => Heard::Cancelled,
        (Status::Completed, true, Some(0)) => Heard::FoundNone,
        (Status::Completed, true, Some(found)) => Heard::FoundSome(found),
        (_, true, _) => Heard::NotYet,
    }
}

/// Why a callback was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody of this name, or no such request.
    #[error("no such request")]
    NotFound,
    /// The signature is not this processor's.
    #[error("the signature is not that of this processor over this body")]
    NotSigned,
    /// Signed, and not what a callback says.
    #[error("not the status of a request")]
    NotAStatus,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Takes a status callback, OpenDSR 8.5 to 8.8.
pub async fn callback(core: &Core, name: &str, headers: &HeaderMap, body: Bytes) -> Result<(), Refused> {
    let processor = core.processors.named(name).ok_or(Refused::NotFound)?;
    let signature = verified(processor, headers, &body).ok_or(Refused::NotSigned)?;
    let said = Said::read(&body).ok_or(Refused::NotAStatus)?;
    let status = said.request_status.ok_or(Refused::NotAStatus)?;
    // What was meant for somebody else is not replayed to us.
    if said.status_callback_url != processor.callback {
        return Err(Refused::NotAStatus);
    }
    let id = said.subject_request_id.to_ascii_lowercase();
    let sql = sqlx::AssertSqlSafe(format!(
        "{STEPS} s.processor = ?1 AND (s.request = ?2 OR s.probe = ?2 OR s.former = ?2)"
    ));
    let row = query(sql).bind(name).bind(&id).fetch_optional(core.db.read()).await?;
    let step = Step::read(&row.ok_or(Refused::NotFound)?)?;
    let heard = heard(status, said.results_count, step.probe.as_deref() == Some(&*id));
    note(core, processor, &step, &id, Ok(Signed { heard, body, signature }), None).await?;
    Ok(())
}

/// Notes what came of a try that was `begun` then, or of a callback (then of none), to the request or probe `id`.
/// A deadline passes here alone: where it was over before a try that found no answer.
pub async fn note(
    core: &Core,
    processor: &Processor,
    step: &Step,
    id: &str,
    result: Result<Signed, ProcessorProblem>,
    begun: Option<Timestamp>,
) -> sqlx::Result<()> {
    let now = core.clock.now();
    let mut tx = core.db.write().await?;
    // Another answer may have come meanwhile, or an undo.
    let asked_as = step.stands();
    let Some(mut step) = step.again(&mut tx).await? else { return Ok(()) };
    if result.is_err() && step.stands() != asked_as {
        // Another process has heard something, or the same silence, while this one heard nothing.
        return Ok(());
    }
    let before = step.clone();
    let current = id == step.request;
    if !current && ![&step.probe, &step.former].into_iter().any(|known| known.as_deref() == Some(id)) {
        // To a question that was put anew since.
        return Ok(());
    }
    let problem = match &result {
        // Of a request that another one has taken the place of, no promise is news, nor that it is off.
        Ok(Signed { heard: Heard::Cancelled | Heard::Acknowledged, .. }) if !current => return Ok(()),
        Ok(Signed { heard: Heard::Cancelled, .. }) => Some(ProcessorProblem::Cancelled),
        Ok(_) => None,
        Err(problem) => Some(*problem),
    };
    let telling = match &result {
        Ok(signed) => {
            step.posted |= current;
            hear(&mut step, signed.heard, now)
        }
        Err(_) => false,
    };
    let late = begun.is_some_and(|begun| is_over(&step, begun)) && step.state == before.state;
    if late {
        step.state = step.state.next(Event::Deadline).unwrap_or(step.state);
    }
    let (changed, anew) = (step.state != before.state, step.request != before.request);
    if begun.is_none() && !telling && !anew {
        // The same again: once is enough.
        return Ok(());
    }
    step.problem = problem;
    step.tries = if changed { 0 } else { step.tries.saturating_add(u32::from(begun.is_some())) };
    if changed && step.state.is_confirmed() {
        confirmed(&mut tx, &step).await?;
    }
    step.write(&mut tx, now, changed, next_attempt(processor, &step, changed, anew, now)).await?;
    if let (true, Ok(signed)) = (telling, &result) {
        tell(core, &mut tx, &step, signed.heard.word(), Some(signed), now).await?;
    }
    if late {
        tell(core, &mut tx, &step, "silent", None, now).await?;
    }
    tx.commit().await?;
    warn(&before, &step, problem);
    core.changed();
    Ok(())
}

/// What it was asked for is not held by it any more, as it has signed; but what it was told of again since.
async fn confirmed(tx: &mut Transaction<'_, Sqlite>, step: &Step) -> sqlx::Result<()> {
    query(
        "UPDATE disclosure SET confirmed = confirmed | coalesce((SELECT i.classes FROM processor_item i
             WHERE i.erasure = ?3 AND i.processor = ?2 AND i.child = ?1 AND i.name = disclosure.name
                 AND i.disclosed_at = disclosure.disclosed_at), 0)
         WHERE child = ?1 AND processor = ?2",
    )
    .bind(step.child)
    .bind(&step.processor)
    .bind(step.erasure.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What an answer changes. True where it is news that belongs into the ledger.
fn hear(step: &mut Step, heard: Heard, now: Timestamp) -> bool {
    match heard {
        // Who acknowledged, and then let the time pass, does not gain more by saying so again.
        Heard::Acknowledged if step.acknowledged_at.is_some() => return false,
        Heard::Cancelled => {
            if step.state.is_confirmed() {
                return false;
            }
            // It is asked anew; once in the ledger is enough.
            step.make_anew();
            let first = step.cancelled_at.is_none();
            step.cancelled_at = step.cancelled_at.or(Some(now));
            return first;
        }
        _ => {}
    }
    let next = heard.event().and_then(|event| step.state.next(event));
    match heard {
        Heard::Acknowledged if next.is_some() => step.acknowledged_at = Some(now),
        Heard::Completed if next.is_some() => step.completed_at = Some(now),
        Heard::FoundSome(_) if next.is_some() || step.state == ProcessorState::Contradicted => {
            // It has answered this question; it is asked to delete again, and then another one.
            (step.probe, step.found_none_at) = (Some(uuid()), None);
            step.make_anew();
        }
        Heard::FoundNone if next.is_some() || step.state.is_confirmed() => {
            let first = step.found_none_at.is_none();
            step.found_none_at = step.found_none_at.or(Some(now));
            // A question is answered once: what it was about is forgotten with the answer.
            step.probe = None;
            step.state = next.unwrap_or(step.state);
            return first;
        }
        _ => {}
    }
    if let Some(next) = next {
        step.state = next;
    }
    next.is_some()
}

/// When it is asked next; none where it has confirmed, and been asked what it still has.
fn next_attempt(
    processor: &Processor,
    step: &Step,
    changed: bool,
    anew: bool,
    now: Timestamp,
) -> Option<Timestamp> {
    let later = now.plus_seconds(ask_again_after_seconds(step.state, step.tries));
    if step.state == ProcessorState::Contradicted && anew && step.problem.is_none() {
        // Something was found: it is asked to delete that at once.
        return Some(now);
    }
    if step.state != ProcessorState::Completed {
        return Some(later);
    }
    // One that does not say what it still has is asked for as long as it had to delete, and then stands as it signed.
    let asked_enough =
        step.completed_at.is_some_and(|at| now >= at.plus_seconds(PROCESSOR_COMPLETES_WITHIN_DAYS * 86_400));
    if !processor.probe || step.found_none_at.is_some() || asked_enough {
        return None;
    }
    Some(if changed { now } else { later })
}

/// The first request goes out: from now on deadlines run.
pub async fn ask(core: &Core, step: &mut Step) -> sqlx::Result<bool> {
    let now = core.clock.now();
    let mut tx = core.db.write().await?;
    let Some(mut fresh) = step.again(&mut tx).await? else { return Ok(false) };
    let Some(next) = fresh.state.next(Event::Ask) else { return Ok(false) };
    // Due at once: a crash before the request only delays it.
    (fresh.state, fresh.asked_at, fresh.next_attempt_at) = (next, Some(now), Some(now));
    fresh.write(&mut tx, now, true, fresh.next_attempt_at).await?;
    tell(core, &mut tx, &fresh, "asked", None, now).await?;
    tx.commit().await?;
    core.changed();
    *step = fresh;
    Ok(true)
}

/// A question what it still has is to be put, under an id of its own.
pub async fn begin_probe(core: &Core, step: &mut Step) -> sqlx::Result<String> {
    if let Some(probe) = &step.probe {
        return Ok(probe.clone());
    }
    let mut tx = core.db.write().await?;
    // Another process may have begun one: then it is that.
    let probe: String = query_scalar(
        "UPDATE processor_step SET probe = coalesce(probe, ?) WHERE erasure = ? AND processor = ? AND child = ? RETURNING probe",
    )
    .bind(uuid())
    .bind(step.erasure.to_string())
    .bind(&step.processor)
    .bind(step.child)
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    step.probe = Some(probe.clone());
    Ok(probe)
}

/// Whether a deadline had passed `then`.
fn is_over(step: &Step, then: Timestamp) -> bool {
    step.asked_at.and_then(|asked_at| due_by(step.state, asked_at)).is_some_and(|due| due <= then)
}

/// Enters it in the ledger, and keeps what was signed as far as that may be.
async fn tell(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    step: &Step,
    word: &str,
    signed: Option<&Signed>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let hash = signed.map(|signed| sha256(&[&signed.body]));
    ledger::enter(tx, core, step.child, Kind::Processor, |_| {
        body::processor(now, step.erasure, &step.processor, word, hash.as_ref())
    })
    .await?;
    if let (Some(signed), Some(hash)) = (signed, hash) {
        query(
            "INSERT OR REPLACE INTO processor_answer (erasure, processor, child, at, answer, hash, signature, body)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(step.erasure.to_string())
        .bind(&step.processor)
        .bind(step.child)
        .bind(now.ms())
        .bind(word)
        .bind(&hash[..])
        .bind(&signed.signature)
        .bind(may_be_kept(&signed.body).then(|| signed.body.to_vec()))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// What somebody must look at goes to the log once; what is tried again anyway, quietly.
fn warn(before: &Step, after: &Step, problem: Option<ProcessorProblem>) {
    let (erasure, processor) = (after.erasure, &*after.processor);
    if after.state != before.state && after.state.is_escalated() {
        tracing::warn!(%erasure, processor, state = ?after.state, "a processor has not answered, or not truly: somebody must look");
    } else if let Some(problem) = problem {
        tracing::info!(%erasure, processor, ?problem, tries = after.tries, "a processor is asked again later");
    }
}
