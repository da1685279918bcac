//! Carrying erasures out.
//!
//! Every effect is idempotent and every note of it comes after, so the engine may be killed
//! anywhere: a restart repeats at most one batch. Per erasure: batch by batch each store erases its
//! copies, in the inventory's order; the database is written anew and its log emptied; each store is
//! read again on another path. A store that fails is tried again later, alone; the catalogue waits for it.
//! Several engines may work on one database: each erasure is carried out by the one that has its [lease].

use std::{
    future::Future,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rules::{
    ChildId, ErasureId, ErasureState, RecordingId, StepState, StoreId, Stores, Timestamp,
    contract::StepProblem,
    erasure::{Event, RETRY_AT_MOST_SECONDS, retry_after_seconds, verified},
    retention::{INACTIVE_AFTER_MONTHS, rule_deletes},
};
use sqlx::{QueryBuilder, Row, Sqlite, query, query_scalar};

use super::{
    accept::{accept_for_rule, keep_from_undos, store_named},
    lease::{self, Free, Lease},
    view,
};
use crate::{
    core::Core,
    db, derived, faults, journal,
    ledger::erased,
    search,
    store::{Item, Store, StoreError},
    tombstone,
};

/// Items a store erases in one go: bounds what a crash repeats, and how long nobody else can write.
const BATCH: i64 = 1000;
/// Items a store probes in one go, which bounds memory. More, because some stores are read through for each go.
const PROBED: i64 = 10_000;
/// Erasures carried out before the next check.
const AT_ONCE: i64 = 100;
/// Up to this size, in bytes, writing the database anew takes about a second.
const SMALL_DATABASE: i64 = 64 << 20;
/// How often a larger one is written anew, in milliseconds.
const SCRUB_EVERY_MS: i64 = 3_600_000;
/// How often the engine looks when nobody wakes it.
const TICK: Duration = Duration::from_secs(1);
/// How often the inactivity rule is asked, in ticks.
const RULE_EVERY: u32 = 3600;

/// Runs until `shutdown` resolves. It may stop anywhere, as it may be killed anywhere.
pub async fn run(core: Arc<Core>, shutdown: impl Future<Output = ()> + Send) {
    tokio::pin!(shutdown);
    // What a backup says is to be erased may have been taken back since: its replay knows that, and erases.
    tokio::select! {
        () = &mut shutdown => return,
        () = core.until_restored() => {}
    }
    let mut ticks = 0_u32;
    loop {
        let work = async {
            if ticks.is_multiple_of(RULE_EVERY) {
                ask_rule(&core).await?;
                derived::model::warn_overdue(&core).await?;
            }
            tick(&core).await
        };
        let done = tokio::select! {
            done = work => done,
            () = &mut shutdown => return,
        };
        if let Err(error) = done {
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

/// Everything that is due now: seals that end, erasures that can go on, checks of those that erased.
pub async fn tick(core: &Core) -> anyhow::Result<()> {
    let _alone = core.ticking.lock().await;
    // Nothing is destroyed before a restored backup would know that it was.
    journal::keep(core).await?;
    open_seals(core).await?;
    erase_due(core).await?;
    verify_erased(core).await?;
    // How it ended is not lost with the database either.
    journal::keep(core).await?;
    if let Err(error) = journal::prune(core).await {
        tracing::warn!(error = format!("{error:#}"), "what is not needed any more stays in deletions/");
    }
    Ok(())
}

/// The same, of all that is due and not only of the first ones, checked at the end: while nobody is served there is
/// no reason to look between.
pub async fn tick_all(core: &Core) -> anyhow::Result<()> {
    journal::keep(core).await?;
    open_seals(core).await?;
    let mut before = Vec::new();
    loop {
        let done = erase_due(core).await?;
        // What fails is due still, and waits for the next tick.
        if done.is_empty() || done == before {
            break;
        }
        before = done;
    }
    verify_erased(core).await
}

/// Erases what is due, some of it; returns what that was.
async fn erase_due(core: &Core) -> anyhow::Result<Vec<ErasureId>> {
    let due = due(core).await?;
    for id in &due {
        for lease in Lease::claim(core, &[*id], lease::SECONDS).await? {
            carry_out(core, lease, async |lease| erase(core, lease).await).await;
        }
    }
    Ok(due)
}

/// Erasures of which something is to be erased now, and that no other engine has.
async fn due(core: &Core) -> anyhow::Result<Vec<ErasureId>> {
    let (after, until) = waits(core.clock.now());
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT e.id FROM erasure e WHERE e.state = 'erasing' AND e.finished_at IS NULL
         AND EXISTS (SELECT 1 FROM erasure_step s WHERE s.erasure = e.id
                     AND (s.state = 'erasing' OR s.next_attempt_at <= ",
    );
    sql.push_bind(after.ms()).push(" OR s.next_attempt_at > ").push_bind(until.ms());
    sql.push(
        " OR s.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM erasure_step r
                              WHERE r.erasure = e.id AND r.state = 'retrying' AND r.next_attempt_at > ",
    );
    sql.push_bind(after.ms()).push(" AND r.next_attempt_at <= ").push_bind(until.ms()).push(")))");
    Free::now(core).await?.push(&mut sql);
    sql.push(" ORDER BY e.sealed_until LIMIT ").push_bind(AT_ONCE);
    let ids: Vec<String> = sql.build_query_scalar().fetch_all(core.db.read()).await?;
    Ok(ids.iter().map(|id| view::erasure_id(id)).collect::<sqlx::Result<_>>()?)
}

/// A next try that lies after the first of these, and not after the second, is waited for. One that is
/// further away was written down by a clock that was ahead.
fn waits(now: Timestamp) -> (Timestamp, Timestamp) {
    (now, now.plus_seconds(RETRY_AT_MOST_SECONDS))
}

/// Does a part of an erasure as long as the lease is ours, and lets the lease go. What fails, or was
/// taken over meanwhile, stays as its last note says: whoever comes next goes on from there.
async fn carry_out(core: &Core, lease: Lease, work: impl AsyncFnOnce(&Lease) -> anyhow::Result<()>) {
    let id = lease.erasure;
    if let Err(error) = lease.during(core, lease::RENEW_EVERY, work(&lease)).await {
        tracing::error!(erasure = %id, %error, "an erasure stopped and will go on");
    }
    lease.end(core).await;
}

/// Ends the seals whose time has come, of what is written down: it may be accepted at any moment, and only then be written.
async fn open_seals(core: &Core) -> anyhow::Result<()> {
    let now = core.clock.now().ms();
    let any: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM erasure
                        WHERE state = 'sealed' AND finished_at IS NULL AND sealed_until <= ? AND journaled = 1)",
    )
    .bind(now)
    .fetch_one(core.db.read())
    .await?;
    if any {
        let mut tx = core.db.write_effect().await?;
        query(
            "UPDATE erasure SET state = ?
             WHERE state = 'sealed' AND finished_at IS NULL AND sealed_until <= ? AND journaled = 1",
        )
        .bind(view::state_name(ErasureState::Sealed.next(Event::WindowClosed)?))
        .bind(now)
        .execute(&mut *tx)
        .await?;
        faults::point("open-before");
        tx.commit().await?;
        faults::point("open-after");
        core.changed();
    }
    Ok(())
}

/// Verifies every erasure that has erased, all of them after one writing anew of the database. One whose
/// seal was opened by a clock that was ahead waits until its time has come: a receipt cannot say that it
/// finished before it could not be taken back any more.
async fn verify_erased(core: &Core) -> anyhow::Result<()> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT DISTINCT e.id FROM erasure e JOIN erasure_step s ON s.erasure = e.id
         WHERE e.state = 'erasing' AND e.finished_at IS NULL AND s.state = 'probing' AND e.sealed_until <= ",
    );
    sql.push_bind(core.clock.now().ms());
    Free::now(core).await?.push(&mut sql);
    let erased: Vec<String> = sql.build_query_scalar().fetch_all(core.db.read()).await?;
    if erased.is_empty() || !may_scrub(core).await? {
        return Ok(());
    }
    // Claimed before the files are cleaned: what another engine erased after that would not be.
    let erased: Vec<ErasureId> = erased.iter().map(|id| view::erasure_id(id)).collect::<sqlx::Result<_>>()?;
    let leases = Lease::claim(core, &erased, lease::CLEANING_SECONDS).await?;
    if leases.is_empty() {
        return Ok(());
    }
    faults::point("log-before");
    if let Err(error) = clean(core).await {
        // The bytes may still be in a file, so nothing is verified yet.
        tracing::warn!(error = format!("{error:#}"), "the database cannot be cleaned just now");
        for lease in leases {
            lease.end(core).await;
        }
        return Ok(());
    }
    faults::point("log-emptied");
    for lease in leases {
        carry_out(core, lease, async |lease| verify(core, lease).await).await;
    }
    // Plans name recordings; those of finished erasures leave the files too.
    if let Err(error) = core.db.empty_wal().await {
        tracing::info!(%error, "the log is emptied later");
    }
    Ok(())
}

/// Whether the database may be written anew now: a small one always, a large one once an hour, for
/// nobody can write meanwhile. While a backup is restored nobody can in any case. Until then erasures wait for their check, well within their day.
async fn may_scrub(core: &Core) -> anyhow::Result<bool> {
    let since = core.clock.now().ms() - core.scrubbed_at.load(Ordering::Relaxed);
    // A clock that was ahead when that was noted says nothing.
    Ok(core.is_restoring()
        || core.db.size().await? <= SMALL_DATABASE
        || !(0..SCRUB_EVERY_MS).contains(&since))
}

/// Takes every erased byte out of the database's files.
async fn clean(core: &Core) -> anyhow::Result<()> {
    search::mend::scrub(&core.db, &core.keys).await?;
    core.db.scrub().await?;
    core.keys.scrub().await?;
    core.scrubbed_at.store(core.clock.now().ms(), Ordering::Relaxed);
    core.db.empty_wal().await
}

/// Asks for the erasure of what nobody used for 18 months and nobody keeps.
pub async fn ask_rule(core: &Core) -> anyhow::Result<()> {
    let today = core.clock.now().date();
    // Whoever used a device in the last 18 months is not even looked at.
    let children = query(
        "SELECT number, id, last_use FROM child c WHERE last_use < ?
         AND EXISTS (SELECT 1 FROM recording r WHERE r.child = c.number AND r.usable > 0)",
    )
    .bind(today.plus_months(-INACTIVE_AFTER_MONTHS).start().ms())
    .fetch_all(core.db.read())
    .await?;
    for row in children {
        let last_use = Timestamp::from_ms(row.try_get(2)?).date();
        if rule_deletes(last_use, None, today) {
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
    /// Items up to here were erased.
    last_seq: i64,
    erased: i64,
    failed_attempts: u32,
    problem: Option<StepProblem>,
    next_attempt_at: Option<Timestamp>,
}

impl Step<'_> {
    fn id(&self) -> StoreId {
        self.store.id()
    }

    fn bits(&self) -> Stores {
        self.id().takes_part_in()
    }

    /// Goes to the next state, if the rules know that way.
    fn become_(&mut self, next: StepState) -> anyhow::Result<()> {
        anyhow::ensure!(self.state.may_become(next), "a step cannot go from {:?} to {next:?}", self.state);
        self.state = next;
        Ok(())
    }

    /// Takes note of a failed try, and of when the next one starts: from the first item again.
    fn fail(
        &mut self,
        erasure: ErasureId,
        now: Timestamp,
        problem: StepProblem,
        error: &dyn std::fmt::Display,
    ) {
        self.failed_attempts += 1;
        let next = now.plus_seconds(retry_after_seconds(self.failed_attempts));
        tracing::warn!(%erasure, store = self.id().name(), attempt = self.failed_attempts, next_attempt_at = %next,
            %error, "a store failed and will be tried again");
        (self.state, self.problem, self.next_attempt_at) = (StepState::Retrying, Some(problem), Some(next));
        (self.last_seq, self.erased) = (0, 0);
    }
}

/// Erases what is due of one erasure, in every store.
async fn erase(core: &Core, lease: &Lease) -> anyhow::Result<()> {
    let id = lease.erasure;
    let mut steps = load(core, id).await?;
    if begin(core, &mut steps)? {
        note(core, lease, &steps, None, None).await?;
        while erase_batch(core, id, &mut steps).await? {
            note(core, lease, &steps, None, None).await?;
            faults::point("batch-noted");
        }
        for step in steps.iter_mut().filter(|step| step.state == StepState::Erasing) {
            step.become_(StepState::Probing)?;
        }
        note(core, lease, &steps, None, None).await?;
    }
    Ok(())
}

/// Reads every store that has erased again, and completes the erasure if each answered "absent".
async fn verify(core: &Core, lease: &Lease) -> anyhow::Result<()> {
    let id = lease.erasure;
    let mut steps = load(core, id).await?;
    let found_empty = probe(core, id, &mut steps).await?;
    let done = match verified(steps.iter().map(|step| step.state)) {
        Some(proof) => Some(ErasureState::Erasing.next(Event::Complete(proof))?),
        None => None,
    };
    let parts = if found_empty.is_empty() { Vec::new() } else { erased::parts(core, id).await? };
    faults::point("complete-before");
    note(core, lease, &steps, done, Some((found_empty, &parts))).await?;
    faults::point("complete-after");
    if done.is_some() {
        tracing::info!(erasure = %id, "deleted");
    }
    Ok(())
}

/// Moves every step that is due to erasing; false if there is none. The catalogue waits for all
/// others: while one of them fails, the entries stay.
fn begin(core: &Core, steps: &mut [Step<'_>]) -> anyhow::Result<bool> {
    let (after, until) = waits(core.clock.now());
    let mut another_waits = false;
    for step in steps.iter_mut() {
        let begins = matches!(step.state, StepState::Waiting | StepState::Retrying);
        let due = step.next_attempt_at.is_none_or(|at| at <= after || at > until);
        if begins && due && !(step.id() == StoreId::Catalogue && another_waits) {
            step.become_(StepState::Erasing)?;
            step.next_attempt_at = None;
        } else {
            another_waits |= begins;
        }
    }
    Ok(steps.iter().any(|step| step.state == StepState::Erasing))
}

async fn load(core: &Core, id: ErasureId) -> anyhow::Result<Vec<Step<'_>>> {
    let rows = query(
        "SELECT store, state, last_seq, erased, failed_attempts, problem, next_attempt_at FROM erasure_step
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
                state: view::named(&row.try_get::<String, _>(1)?)?,
                last_seq: row.try_get(2)?,
                erased: row.try_get(3)?,
                failed_attempts: row.try_get(4)?,
                problem: row.try_get::<Option<String>, _>(5)?.map(|name| view::named(&name)).transpose()?,
                next_attempt_at: row.try_get::<Option<i64>, _>(6)?.map(Timestamp::from_ms),
            })
        })
        .collect()
}

/// Those of them that a step has a part in, after `after`.
fn part_of(planned: &[Item], step: &Step<'_>, after: i64) -> Vec<Item> {
    let its = planned.iter().filter(|item| item.seq > after && !item.stores.and(step.bits()).is_empty());
    its.copied().collect()
}

/// At most so many items of the frozen plan that any of `stores` has something of, after `after`.
async fn batch(
    core: &Core,
    id: ErasureId,
    stores: Stores,
    after: i64,
    at_most: i64,
) -> sqlx::Result<Vec<Item>> {
    let items: String = query_scalar(
        "SELECT json_group_array(json_array(seq, recording, child, stores)) FROM (
             SELECT seq, recording, child, stores FROM erasure_item
             WHERE erasure = ? AND seq > ? AND stores & ? != 0 ORDER BY seq LIMIT ?)",
    )
    .bind(id.to_string())
    .bind(after)
    .bind(stores.bits())
    .bind(at_most)
    .fetch_one(core.db.read())
    .await?;
    let mut planned: Vec<Item> = db::rows::<(i64, RecordingId, ChildId, u32)>(&items)?
        .into_iter()
        .map(|(seq, recording, child, stores)| Item {
            seq,
            recording,
            child,
            stores: Stores::from_bits(stores),
        })
        .collect();
    planned.sort_unstable_by_key(|item| item.seq);
    Ok(planned)
}

/// Has every erasing store erase its part of the next batch, the catalogue last. False when there
/// is nothing left to erase.
async fn erase_batch(core: &Core, id: ErasureId, steps: &mut [Step<'_>]) -> anyhow::Result<bool> {
    let erasing = || steps.iter().filter(|step| step.state == StepState::Erasing);
    let stores = erasing().map(Step::bits).fold(Stores::NONE, Stores::or);
    let Some(after) = erasing().map(|step| step.last_seq).min() else { return Ok(false) };
    let planned = batch(core, id, stores, after, BATCH).await?;
    let Some(last) = planned.last().map(|item| item.seq) else { return Ok(false) };
    for n in 0..steps.len() {
        let another_failed = steps[..n].iter().any(|step| step.state == StepState::Retrying);
        let step = &mut steps[n];
        if step.state != StepState::Erasing {
            continue;
        }
        if step.id() == StoreId::Catalogue && another_failed {
            // What it erased so far is erased; the rest waits for the store that failed.
            step.become_(StepState::Waiting)?;
            continue;
        }
        let items = part_of(&planned, step, step.last_seq);
        fault(step.id(), "before");
        match step.store.erase(&items).await {
            Ok(()) => {
                step.last_seq = step.last_seq.max(last);
                step.erased += i64::try_from(items.len())?;
                fault(step.id(), "erased");
            }
            Err(error) => step.fail(id, core.clock.now(), problem_of(&error), &error),
        }
    }
    Ok(true)
}

/// Reads every store that has erased again; returns those that are empty. Anything still there sends its store back to
/// erasing from the start.
async fn probe(core: &Core, id: ErasureId, steps: &mut [Step<'_>]) -> anyhow::Result<Stores> {
    let (mut after, mut begun) = (0, false);
    loop {
        let probing = steps.iter().filter(|step| step.state == StepState::Probing);
        let stores = probing.map(Step::bits).fold(Stores::NONE, Stores::or);
        let planned = batch(core, id, stores, after, PROBED).await?;
        for step in steps.iter_mut().filter(|step| step.state == StepState::Probing) {
            if !begun {
                fault(step.id(), "probing");
            }
            let items = part_of(&planned, step, after);
            if items.is_empty() {
                continue;
            }
            match step.store.probe(&items).await {
                Ok(0) => {}
                Ok(found) => {
                    let error = format!("{found} copies are still there");
                    step.fail(id, core.clock.now(), StepProblem::StillThere, &error);
                }
                Err(error) => step.fail(id, core.clock.now(), problem_of(&error), &error),
            }
        }
        begun = true;
        let Some(last) = planned.last() else { break };
        after = last.seq;
    }
    let mut empty = Stores::NONE;
    for step in steps.iter_mut().filter(|step| step.state == StepState::Probing) {
        step.become_(StepState::VerifiedAbsent)?;
        step.problem = None;
        empty = empty.with(step.id());
    }
    Ok(empty)
}

/// Writes down where every step stands and, when `done`, that the erasure is finished; then the
/// plan is not needed any more. Nothing of it where the lease was lost. May be lost in a power cut: what it says would be found out again.
async fn note(
    core: &Core,
    lease: &Lease,
    steps: &[Step<'_>],
    done: Option<ErasureState>,
    for_the_ledger: Option<(Stores, &[erased::Part])>,
) -> anyhow::Result<()> {
    let read_at = core.clock.now();
    let now = read_at.ms();
    let id = lease.erasure;
    let mut tx = core.db.write_effect().await?;
    lease.keep(&mut tx, core).await?;
    let stand: Vec<_> = steps
        .iter()
        .map(|step| {
            (
                step.id().name(),
                view::step_state_name(step.state),
                step.last_seq,
                step.erased,
                step.failed_attempts,
                step.problem.map(view::problem_name),
                step.next_attempt_at.map(Timestamp::ms),
                (step.state == StepState::VerifiedAbsent).then_some(now),
            )
        })
        .collect();
    let changed = query(
        "UPDATE erasure_step SET state = j.value ->> 1, last_seq = j.value ->> 2, erased = j.value ->> 3,
                failed_attempts = j.value ->> 4, problem = j.value ->> 5, next_attempt_at = j.value ->> 6,
                verified_at = coalesce(verified_at, j.value ->> 7)
         FROM json_each(?) j WHERE erasure = ? AND store = j.value ->> 0",
    )
    .bind(serde_json::json!(stand).to_string())
    .bind(id.to_string())
    .execute(&mut *tx)
    .await?;
    anyhow::ensure!(changed.rows_affected() == steps.len() as u64, "a step is not there");
    if let Some(state) = done {
        let changed = query(
            "UPDATE erasure SET state = ?, finished_at = ?, request_hash = NULL WHERE id = ? AND state = ?",
        )
        .bind(view::state_name(state))
        .bind(now)
        .bind(id.to_string())
        .bind(view::state_name(ErasureState::Erasing))
        .execute(&mut *tx)
        .await?;
        anyhow::ensure!(changed.rows_affected() == 1, "somebody else completed this erasure");
        keep_from_undos(&mut tx, id).await?;
        // Neither the plan nor how far it was carried out: that is the moment of a recording.
        for sql in [
            "DELETE FROM erasure_item WHERE erasure = ?",
            "UPDATE erasure_step SET last_seq = 0 WHERE erasure = ?",
        ] {
            query(sql).bind(id.to_string()).execute(&mut *tx).await?;
        }
        tombstone::settle(&mut tx, id).await?;
    }
    if let Some((found_empty, parts)) = for_the_ledger {
        erased::tell(core, &mut tx, id, parts, found_empty, done.is_some(), read_at).await?;
    }
    tx.commit().await?;
    core.changed();
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
        StoreError::Database(_) | StoreError::Folder(_) | StoreError::Keys(_) | StoreError::Log(_) => {
            StepProblem::Failed
        }
        StoreError::Objects(_) => StepProblem::Unreachable,
    }
}
