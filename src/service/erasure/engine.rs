//! Carrying erasures out.
//!
//! Every effect is idempotent and every note of it comes after, so the engine may be killed
//! anywhere: a restart repeats at most one batch. Per erasure: each store erases its copies, in the
//! inventory's order; the write-ahead log is emptied; each store is read again on another path. A
//! store that fails is tried again later, alone; the catalogue goes only after all the others.

use std::{future::Future, sync::Arc, time::Duration};

use rules::{
    ErasureId, ErasureState, StepState, StoreId, Timestamp,
    contract::StepProblem,
    erasure::{Event, retry_after_seconds, verified},
    retention::{inactivity_deletion_starts_on, rule_deletes},
};
use sqlx::{Row, query, query_scalar};

use super::{
    accept::{accept_for_rule, store_named},
    plan::recording_id,
    view,
};
use crate::{
    core::Core,
    faults,
    store::{Item, Store, StoreError},
};

/// Items a store erases or probes in one go: bounds memory, and what a crash repeats.
const BATCH: i64 = 1000;
/// How often the engine looks when nobody wakes it.
const TICK: Duration = Duration::from_secs(1);
/// How often the inactivity rule is asked, in ticks.
const RULE_EVERY: u32 = 3600;

/// Runs until `shutdown` resolves, then finishes the batch at hand.
pub async fn run(core: Arc<Core>, shutdown: impl Future<Output = ()> + Send) {
    tokio::pin!(shutdown);
    let mut ticks = 0_u32;
    loop {
        let work = async {
            if ticks.is_multiple_of(RULE_EVERY) {
                ask_rule(&core).await?;
            }
            tick(&core).await
        };
        if let Err(error) = work.await {
            tracing::error!(%error, "the erasure engine failed and will try again");
        }
        ticks = ticks.wrapping_add(1);
        tokio::select! {
            () = &mut shutdown => return,
            () = core.engine.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Everything that is due now: seals that end, erasures that can go on.
pub async fn tick(core: &Core) -> anyhow::Result<()> {
    let now = core.clock.now();
    let opened = query("UPDATE erasure SET state = ? WHERE state = ? AND sealed_until <= ? RETURNING id")
        .bind(view::state_name(ErasureState::Sealed.next(Event::WindowClosed)?))
        .bind(view::state_name(ErasureState::Sealed))
        .bind(now.ms());
    let mut tx = core.db.write().await?;
    let any_opened = !opened.fetch_all(&mut *tx).await?.is_empty();
    tx.commit().await?;
    if any_opened {
        core.changed();
    }
    let due: Vec<String> = query_scalar(
        "SELECT e.id FROM erasure e WHERE e.state = ? AND e.finished_at IS NULL
         AND (NOT EXISTS (SELECT 1 FROM erasure_step s WHERE s.erasure = e.id AND s.state = 'retrying')
              OR EXISTS (SELECT 1 FROM erasure_step s WHERE s.erasure = e.id AND s.next_attempt_at <= ?))
         ORDER BY e.sealed_until",
    )
    .bind(view::state_name(ErasureState::Erasing))
    .bind(now.ms())
    .fetch_all(core.db.read())
    .await?;
    for id in due {
        let id = view::erasure_id(&id)?;
        if let Err(error) = carry_out(core, id).await {
            // The erasure stays where it is; the next tick goes on from its last note.
            tracing::warn!(erasure = %id, %error, "an erasure stopped and will go on");
        }
    }
    Ok(())
}

/// Asks for the erasure of what nobody used for 18 months and nobody keeps.
async fn ask_rule(core: &Core) -> anyhow::Result<()> {
    let today = core.clock.now().date();
    let children = query(
        "SELECT number, id, last_use FROM child c WHERE last_use IS NOT NULL
         AND EXISTS (SELECT 1 FROM recording r WHERE r.child = c.number AND r.usable > 0)",
    )
    .fetch_all(core.db.read())
    .await?;
    for row in children {
        let last_use = Timestamp::from_ms(row.try_get(2)?).date();
        if today >= inactivity_deletion_starts_on(last_use) && rule_deletes(last_use, None, today) {
            let child = (row.try_get(0)?, row.try_get::<String, _>(1)?.parse()?);
            if let Some(erasure) = accept_for_rule(core, child, today).await? {
                tracing::info!(%erasure, "asked for by the inactivity rule");
            }
        }
    }
    Ok(())
}

/// One store's part of an erasure, while it is carried out.
struct Step<'a> {
    store: &'a dyn Store,
    state: StepState,
    last_seq: i64,
    failed_attempts: u32,
    next_attempt_at: Option<Timestamp>,
}

/// Goes as far as it can with one erasure.
async fn carry_out(core: &Core, id: ErasureId) -> anyhow::Result<()> {
    let mut steps = load(core, id).await?;
    let now = core.clock.now();
    for n in 0..steps.len() {
        let others_erased = steps[..n].iter().all(|step| is_erased(step.state));
        let step = &mut steps[n];
        let due = step.next_attempt_at.is_none_or(|at| at <= now);
        let begins = matches!(step.state, StepState::Waiting | StepState::Erasing | StepState::Retrying);
        if begins && due && (step.store.id() != StoreId::Catalogue || others_erased) {
            erase(core, id, step).await?;
        }
    }
    if steps.iter().any(|step| step.state == StepState::Probing) {
        // Fails while a reader holds the log: the bytes may still be in it, so nothing is verified yet.
        core.db.empty_wal().await?;
        for step in steps.iter_mut().filter(|step| step.state == StepState::Probing) {
            probe(core, id, step).await?;
        }
    }
    if let Some(proof) = verified(steps.iter().map(|step| step.state)) {
        let state = ErasureState::Erasing.next(Event::Complete(proof))?;
        complete(core, id, state).await?;
    }
    Ok(())
}

const fn is_erased(state: StepState) -> bool {
    matches!(state, StepState::Probing | StepState::VerifiedAbsent)
}

async fn load(core: &Core, id: ErasureId) -> anyhow::Result<Vec<Step<'_>>> {
    let rows = query(
        "SELECT store, state, last_seq, failed_attempts, next_attempt_at FROM erasure_step
         WHERE erasure = ? ORDER BY position",
    )
    .bind(id.to_string())
    .fetch_all(core.db.read())
    .await?;
    rows.iter()
        .map(|row| {
            let name = store_named(&row.try_get::<String, _>(0)?)?;
            let store = core.stores.iter().find(|store| store.id() == name);
            Ok(Step {
                store: store
                    .ok_or_else(|| anyhow::anyhow!("the store {} is not registered", name.name()))?
                    .as_ref(),
                state: view::step_state(&row.try_get::<String, _>(1)?)?,
                last_seq: row.try_get(2)?,
                failed_attempts: row.try_get(3)?,
                next_attempt_at: row.try_get::<Option<i64>, _>(4)?.map(Timestamp::from_ms),
            })
        })
        .collect()
}

/// A batch of the frozen plan that `store` has something of, after `after`.
async fn batch(core: &Core, id: ErasureId, store: StoreId, after: i64) -> sqlx::Result<Vec<Item>> {
    let rows = query(
        "SELECT seq, recording, child FROM erasure_item WHERE erasure = ? AND seq > ? AND stores & ? != 0
         ORDER BY seq LIMIT ?",
    )
    .bind(id.to_string())
    .bind(after)
    .bind(rules::Stores::NONE.with(store).bits())
    .bind(BATCH)
    .fetch_all(core.db.read())
    .await?;
    rows.iter()
        .map(|row| {
            let child: String = row.try_get(2)?;
            Ok(Item {
                seq: row.try_get(0)?,
                recording: recording_id(&row.try_get::<String, _>(1)?)?,
                child: child.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            })
        })
        .collect()
}

/// Has one store erase everything of the plan, batch by batch.
async fn erase(core: &Core, id: ErasureId, step: &mut Step<'_>) -> anyhow::Result<()> {
    let store = step.store.id();
    if step.state != StepState::Erasing {
        move_to(core, id, step, StepState::Erasing).await?;
    }
    loop {
        let items = batch(core, id, store, step.last_seq).await?;
        let Some(last) = items.last() else { break };
        let last_seq = last.seq;
        fault(store, "before");
        if let Err(error) = step.store.erase(&items).await {
            return fail(core, id, step, problem_of(&error), &error).await;
        }
        fault(store, "erased");
        let mut tx = core.db.write().await?;
        query("UPDATE erasure_step SET erased = erased + ?, last_seq = ? WHERE erasure = ? AND store = ?")
            .bind(i64::try_from(items.len()).unwrap_or(i64::MAX))
            .bind(last_seq)
            .bind(id.to_string())
            .bind(store.name())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        step.last_seq = last_seq;
        core.changed();
        fault(store, "noted");
    }
    move_to(core, id, step, StepState::Probing).await
}

/// Reads one store again. Anything still there sends it back to erasing from the start.
async fn probe(core: &Core, id: ErasureId, step: &mut Step<'_>) -> anyhow::Result<()> {
    let store = step.store.id();
    fault(store, "probing");
    let mut after = 0;
    loop {
        let items = batch(core, id, store, after).await?;
        let Some(last) = items.last() else { break };
        after = last.seq;
        match step.store.probe(&items).await {
            Ok(0) => {}
            Ok(found) => {
                let still_there = format!("{found} copies are still there");
                return fail(core, id, step, StepProblem::StillThere, &still_there).await;
            }
            Err(error) => return fail(core, id, step, problem_of(&error), &error).await,
        }
    }
    move_to(core, id, step, StepState::VerifiedAbsent).await?;
    fault(store, "verified");
    Ok(())
}

/// Notes a step's next state.
async fn move_to(core: &Core, id: ErasureId, step: &mut Step<'_>, next: StepState) -> anyhow::Result<()> {
    anyhow::ensure!(step.state.may_become(next), "a step cannot go from {:?} to {next:?}", step.state);
    if step.state == StepState::Retrying {
        step.last_seq = 0;
    }
    let verified_at = (next == StepState::VerifiedAbsent).then(|| core.clock.now().ms());
    let mut tx = core.db.write().await?;
    let changed = query(
        "UPDATE erasure_step SET state = ?1, verified_at = ?2, next_attempt_at = NULL, last_seq = ?3,
                erased = CASE ?3 WHEN 0 THEN 0 ELSE erased END,
                problem = CASE WHEN ?2 IS NULL THEN problem END
         WHERE erasure = ?4 AND store = ?5 AND state = ?6",
    )
    .bind(view::step_state_name(next))
    .bind(verified_at)
    .bind(step.last_seq)
    .bind(id.to_string())
    .bind(step.store.id().name())
    .bind(view::step_state_name(step.state))
    .execute(&mut *tx)
    .await?;
    anyhow::ensure!(changed.rows_affected() == 1, "somebody else moved this step");
    tx.commit().await?;
    step.state = next;
    core.changed();
    Ok(())
}

/// Notes a failed try and when the next one starts.
async fn fail(
    core: &Core,
    id: ErasureId,
    step: &mut Step<'_>,
    problem: StepProblem,
    error: &(dyn std::fmt::Display + Sync),
) -> anyhow::Result<()> {
    let store = step.store.id();
    step.failed_attempts += 1;
    let next_attempt_at = core.clock.now().plus_seconds(retry_after_seconds(step.failed_attempts));
    tracing::warn!(erasure = %id, store = store.name(), attempt = step.failed_attempts, %next_attempt_at, %error,
        "a store failed and will be tried again");
    let mut tx = core.db.write().await?;
    query(
        "UPDATE erasure_step SET state = ?, failed_attempts = ?, problem = ?, next_attempt_at = ?
         WHERE erasure = ? AND store = ?",
    )
    .bind(view::step_state_name(StepState::Retrying))
    .bind(step.failed_attempts)
    .bind(problem_name(problem))
    .bind(next_attempt_at.ms())
    .bind(id.to_string())
    .bind(store.name())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    step.state = StepState::Retrying;
    step.next_attempt_at = Some(next_attempt_at);
    core.changed();
    Ok(())
}

/// Writes down that every store was verified; the plan is not needed any more.
async fn complete(core: &Core, id: ErasureId, state: ErasureState) -> anyhow::Result<()> {
    faults::point("complete-before");
    let mut tx = core.db.write().await?;
    let changed = query("UPDATE erasure SET state = ?, finished_at = ? WHERE id = ? AND state = ?")
        .bind(view::state_name(state))
        .bind(core.clock.now().ms())
        .bind(id.to_string())
        .bind(view::state_name(ErasureState::Erasing))
        .execute(&mut *tx)
        .await?;
    anyhow::ensure!(changed.rows_affected() == 1, "somebody else completed this erasure");
    query("DELETE FROM erasure_item WHERE erasure = ?").bind(id.to_string()).execute(&mut *tx).await?;
    tx.commit().await?;
    faults::point("complete-after");
    core.changed();
    tracing::info!(erasure = %id, "deleted");
    Ok(())
}

fn fault(store: StoreId, moment: &str) {
    // The name is built only where somebody could wait for it.
    if cfg!(feature = "faults") {
        faults::point(&format!("{}-{moment}", store.name()));
    }
}

const fn problem_of(error: &StoreError) -> StepProblem {
    match error {
        StoreError::Database(_) | StoreError::Folder(_) => StepProblem::Failed,
        StoreError::Objects(_) => StepProblem::Unreachable,
    }
}

const fn problem_name(problem: StepProblem) -> &'static str {
    match problem {
        StepProblem::Unreachable => "unreachable",
        StepProblem::Failed => "failed",
        StepProblem::StillThere => "still_there",
    }
}
