//! Asking for an erasure: what it would do, doing it, taking it back.

use proof::leaf::Kind;
use rules::{
    ChildId, Date, ErasureId, ErasureState, GuardianId, KeepId, Scope, StoreId, Stores,
    contract::{Erasure, NewErasure, Preview},
    erasure::{Event, Window, clock},
    keep,
    preview::{Decision, Tally},
};
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};

use super::{
    Asker, ErasureError, Idempotency,
    plan::{self, Ask, Found},
    view,
};
use crate::{
    core::Core,
    db::select,
    derived, faults,
    journal::{self, file::Line, note::Note},
    ledger::{self, body},
    processors, tombstone,
};

/// What an erasure would delete, from which stores, and what stays and why. Changes nothing.
pub async fn preview(core: &Core, asker: &Asker, request: &NewErasure) -> Result<Preview, ErasureError> {
    request.check()?;
    let now = core.clock.now();
    let children = plan::children(asker, request.child)?;
    let ask = Ask {
        guardian: Some(asker.guardian),
        scope: &request.scope,
        include_kept: request.include_kept,
        as_of: Some(now),
        today: now.date(),
    };
    // One read transaction: the pages see one moment.
    let mut tx = core.db.read().begin().await?;
    let (mut tally, mut made) = (Tally::default(), derived::erased::Tally::default());
    let mut recipients = processors::recipients::Tally::default();
    let mut anything = ask.scope.is_total();
    for (number, _) in &children {
        plan::check_ids(&mut tx, *number, &request.scope).await?;
        let mut before = None;
        loop {
            let (found, next) = plan::page(&mut tx, ask, *number, before).await?;
            for found in &found {
                tally.add(select::captured_at(found.seq), found.decision);
                anything |= !found.clears().is_empty();
            }
            made.add(&mut tx, &found, now).await?;
            recipients.add(&mut tx, losing(&found)).await?;
            before = next;
            if before.is_none() {
                break;
            }
        }
    }
    if !anything {
        let kept = tally.kept;
        (tally, made) = (Tally::default(), derived::erased::Tally::default());
        recipients = processors::recipients::Tally::default();
        tally.kept = kept;
    }
    let clock = clock(now, window(core, request.waive_undo), tally.contested);
    let (made, models) = made.end();
    Ok(Preview {
        as_of: now,
        children: children.into_iter().map(|(_, id)| id).collect(),
        recordings: tally.recordings,
        oldest: tally.period.map(|(oldest, _)| oldest),
        newest: tally.period.map(|(_, newest)| newest),
        stores: tally.stores(),
        made,
        models,
        recipients: recipients.end(&mut tx).await?,
        kept: tally.kept,
        contested: tally.contested,
        sealed_until: clock.sealed_until,
        expected_by: clock.expected_by,
    })
}

/// Accepts an erasure. In the one transaction that accepts it all use of what it names stops; only
/// the erasing comes later. Returns whether it is new: a retry with the same key finds the first.
pub async fn accept(
    core: &Core,
    asker: &Asker,
    request: &NewErasure,
    idempotency: Option<Idempotency>,
) -> Result<(Erasure, bool), ErasureError> {
    request.check()?;
    let children = plan::children(asker, request.child)?;
    // What was searched for could be guessed from a bare hash of it.
    let idempotency = idempotency.map(|asked| Idempotency {
        request_hash: core.tombstones.mark_of_request(&asked.request_hash),
        ..asked
    });
    let mut tx = core.db.write().await?;
    if let Some(key) = &idempotency
        && let Some(id) = made_before(&mut tx, asker.guardian, key).await?
    {
        tx.rollback().await?;
        write_down(core).await?;
        return Ok((view::get(core, asker, id).await?, false));
    }
    let ask = Ask {
        guardian: Some(asker.guardian),
        scope: &request.scope,
        include_kept: request.include_kept,
        as_of: request.as_of,
        today: core.clock.now().date(),
    };
    let id = seal(core, &mut tx, ask, &children, request.waive_undo, idempotency).await?;
    faults::point("accept-before");
    tx.commit().await?;
    faults::point("accept-after");
    core.changed();
    let written_down = write_down(core).await;
    core.engine.notify_one();
    written_down?;
    Ok((view::get(core, asker, id).await?, true))
}

/// Asks on behalf of the inactivity rule; none where every recording is kept by somebody.
pub async fn accept_for_rule(
    core: &Core,
    child: (i64, ChildId),
    today: Date,
) -> Result<Option<ErasureId>, ErasureError> {
    let ask = Ask { guardian: None, scope: &EVERYTHING_NOT_KEPT, include_kept: false, as_of: None, today };
    let mut tx = core.db.write().await?;
    match seal(core, &mut tx, ask, &[child], false, None).await {
        Ok(id) => {
            tx.commit().await?;
            core.changed();
            write_down(core).await?;
            Ok(Some(id))
        }
        Err(ErasureError::NothingMatches) => Ok(None),
        Err(error) => Err(error),
    }
}

/// All of time, and so not "everything": a keep holds it back.
const EVERYTHING_NOT_KEPT: Scope = Scope::Range { from: rules::Timestamp::MIN, to: rules::Timestamp::MAX };

async fn made_before(
    tx: &mut Transaction<'_, Sqlite>,
    guardian: GuardianId,
    idempotency: &Idempotency,
) -> Result<Option<ErasureId>, ErasureError> {
    let row = query("SELECT id, request_hash FROM erasure WHERE guardian = ? AND idempotency_key = ?")
        .bind(guardian.to_string())
        .bind(&idempotency.key)
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    // A finished erasure has forgotten what exactly was asked.
    if row.try_get::<Option<Vec<u8>>, _>(1)?.is_some_and(|hash| hash != idempotency.request_hash) {
        return Err(ErasureError::KeyReused);
    }
    Ok(Some(view::erasure_id(&row.try_get::<String, _>(0)?)?))
}

/// Freezes the plan, takes everything in it out of use, and writes the erasure down.
async fn seal(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    ask: Ask<'_>,
    children: &[(i64, ChildId)],
    waive_undo: bool,
    idempotency: Option<Idempotency>,
) -> Result<ErasureId, ErasureError> {
    let now = core.clock.now();
    let (ms, random) = core.id_parts();
    let id = ErasureId::from_parts(ms, random);
    let mut tally = Tally::default();
    let mut of_each = Vec::with_capacity(children.len());
    // What is all sealed already was asked for before: only "everything" may be said twice.
    let mut anything = ask.scope.is_total();
    for (number, child) in children {
        let before_it = tally.recordings;
        plan::check_ids(tx, *number, ask.scope).await?;
        let mut before = None;
        loop {
            let (found, next) = plan::page(tx, ask, *number, before).await?;
            for found in &found {
                tally.add(select::captured_at(found.seq), found.decision);
                anything |= !found.clears().is_empty();
            }
            seal_page(core, tx, id, *child, &found).await?;
            before = next;
            if before.is_none() {
                break;
            }
        }
        of_each.push((*number, tally.recordings - before_it));
    }
    if tally.recordings == 0 || !anything {
        return Err(ErasureError::NothingMatches);
    }
    let clock = clock(now, window(core, waive_undo), tally.contested);
    processors::plan::open(tx, id, now, clock.sealed_until).await?;
    let inventory = ledger::inventory::version(tx).await?;
    let (key, hash) = idempotency.map_or((None, None), |i| (Some(i.key), Some(i.request_hash.to_vec())));
    query(
        "INSERT INTO erasure (id, guardian, scope, state, contested, recordings, requested_at, sealed_until,
                              expected_by, due_by, idempotency_key, request_hash, inventory)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(ask.guardian.map(|guardian| guardian.to_string()))
    .bind(scope_name(ask.scope))
    .bind(view::state_name(ErasureState::Sealed))
    .bind(tally.contested)
    .bind(i64::try_from(tally.recordings).unwrap_or(i64::MAX))
    .bind(now.ms())
    .bind(clock.sealed_until.ms())
    .bind(clock.expected_by.ms())
    .bind(clock.due_by.ms())
    .bind(key)
    .bind(hash)
    .bind(inventory)
    .execute(&mut **tx)
    .await?;
    let (guardian, scope, until) = (ask.guardian, scope_name(ask.scope), clock.sealed_until);
    for (number, recordings) in of_each {
        query("INSERT INTO erasure_child (erasure, child) VALUES (?, ?)")
            .bind(id.to_string())
            .bind(number)
            .execute(&mut **tx)
            .await?;
        let request = body::Request { erasure: id, guardian, scope, recordings, until, inventory };
        let place =
            ledger::enter(tx, core, number, Kind::Request, |key| body::request(key, now, &request)).await?;
        query("UPDATE erasure_child SET requested = ? WHERE erasure = ? AND child = ?")
            .bind(place)
            .bind(id.to_string())
            .bind(number)
            .execute(&mut **tx)
            .await?;
    }
    for count in tally.stores() {
        query("INSERT INTO erasure_step (erasure, store, position, state, copies) VALUES (?, ?, ?, 'waiting', ?)")
            .bind(id.to_string())
            .bind(count.store.name())
            .bind(position(count.store))
            .bind(i64::try_from(count.copies).unwrap_or(i64::MAX))
            .execute(&mut **tx)
            .await?;
    }
    derived::erased::concern(tx, id, now).await?;
    Ok(id)
}

/// The recordings of a page that lose something, and from which stores.
fn losing(found: &[Found]) -> impl Iterator<Item = (i64, Stores)> {
    found.iter().filter_map(|found| match found.decision {
        Decision::Erase { from, .. } => Some((found.seq, from)),
        Decision::Kept { .. } | Decision::Nothing => None,
    })
}

async fn seal_page(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    id: ErasureId,
    child: ChildId,
    found: &[Found],
) -> sqlx::Result<()> {
    // Before anything is destroyed: what goes does not come in again, also where its entry stays for a place.
    let buried = found.iter().filter(|found| match found.decision {
        Decision::Erase { from, .. } => from.has(StoreId::Catalogue) || from.has(StoreId::Media),
        Decision::Kept { .. } | Decision::Nothing => false,
    });
    core.tombstones.bury(tx, id, child, buried.map(|found| (found.seq, &*found.recording))).await?;
    derived::erased::bury(core, tx, id, child, found).await?;
    let items: Vec<_> = found
        .iter()
        .filter_map(|found| match found.decision {
            Decision::Erase { from, .. } => {
                Some((found.seq, &found.recording, from.bits(), found.clears().bits()))
            }
            Decision::Kept { .. } | Decision::Nothing => None,
        })
        .collect();
    processors::plan::freeze(tx, id, losing(found)).await?;
    let items = serde_json::json!(items).to_string();
    query(
        "INSERT INTO erasure_item (erasure, seq, recording, child, stores, cleared)
         SELECT ?, j.value ->> 0, j.value ->> 1, ?, j.value ->> 2, j.value ->> 3 FROM json_each(?) j",
    )
    .bind(id.to_string())
    .bind(child.to_string())
    .bind(&items)
    .execute(&mut **tx)
    .await?;
    query(
        "UPDATE recording SET usable = usable & ~(j.value ->> 3) FROM json_each(?) j WHERE recording.seq = j.value ->> 0",
    )
    .bind(&items)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes an erasure back while it is sealed: everything it named is in use again. Whoever was not told so can ask again.
pub async fn cancel(core: &Core, asker: &Asker, id: ErasureId) -> Result<Erasure, ErasureError> {
    let before = view::get(core, asker, id).await?;
    let mut tx = core.db.write().await?;
    let row = query("SELECT state, guardian, unanswered FROM erasure WHERE id = ?")
        .bind(id.to_string())
        .fetch_one(&mut *tx)
        .await?;
    let state = view::state(&row.try_get::<String, _>(0)?)?;
    let requested_by: Option<String> = row.try_get(1)?;
    if requested_by.as_ref().is_some_and(|guardian| *guardian != asker.guardian.to_string()) {
        return Err(ErasureError::NotYours);
    }
    if row.try_get(2)? {
        tx.rollback().await?;
        return taken_back(core, asker, id).await;
    }
    let next = state.next(Event::Undo).map_err(|refused| ErasureError::NotSealed(refused.from))?;
    let now = core.clock.now();
    // The note that the seal has ended may be lost in a power cut; the clock is not.
    if now >= before.sealed_until {
        return Err(ErasureError::NotSealed(ErasureState::Erasing));
    }
    if is_covered(&mut tx, id).await? {
        return Err(ErasureError::Covered);
    }
    query(
        "UPDATE erasure SET state = ?, finished_at = ?, request_hash = NULL, journaled = 1, unanswered = 1 WHERE id = ?",
    )
    .bind(view::state_name(next))
    .bind(now.ms())
    .bind(id.to_string())
    .execute(&mut *tx)
    .await?;
    let children: Vec<(i64, Option<i64>)> =
        query_as("SELECT child, requested FROM erasure_child WHERE erasure = ? ORDER BY child")
            .bind(id.to_string())
            .fetch_all(&mut *tx)
            .await?;
    let mut note = Note::default();
    for (child, requested) in children {
        // It may be taken back before it was written down that it had been asked for.
        if let Some(requested) = requested {
            note.entered(&mut tx, requested).await?;
        }
        let undo = body::Decision::Undo(id);
        let place = ledger::enter(&mut tx, core, child, Kind::Decision, |key| {
            body::decision(key, now, asker.guardian, undo)
        })
        .await?;
        note.entered(&mut tx, place).await?;
    }
    note.say(&Line::Undone(id));
    if requested_by.is_none() {
        keep_against_the_rule(core, &mut tx, asker.guardian, id, &mut note).await?;
    }
    give_back(&mut tx, id).await?;
    note.insert(&mut tx, now, Some(id)).await?;
    tx.commit().await?;
    core.changed();
    taken_back(core, asker, id).await
}

/// Answers that it is taken back, once no loss of the database undoes that.
async fn taken_back(core: &Core, asker: &Asker, id: ErasureId) -> Result<Erasure, ErasureError> {
    write_down(core).await?;
    let mut tx = core.db.write_effect().await?;
    query("UPDATE erasure SET unanswered = 0 WHERE id = ?").bind(id.to_string()).execute(&mut *tx).await?;
    tx.commit().await?;
    view::get(core, asker, id).await
}

/// Everything that an erasure took is in use again, and its plan is gone.
pub(crate) async fn give_back(tx: &mut Transaction<'_, Sqlite>, id: ErasureId) -> sqlx::Result<()> {
    query(
        "UPDATE recording SET usable = usable | i.cleared FROM erasure_item i WHERE i.erasure = ? AND recording.seq = i.seq",
    )
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    derived::erased::take_back(tx, id).await?;
    tombstone::take_back(tx, id).await?;
    processors::plan::take_back(tx, id).await?;
    for sql in ["DELETE FROM erasure_item WHERE erasure = ?", "DELETE FROM erasure_step WHERE erasure = ?"] {
        query(sql).bind(id.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Writes down outside of the database what was asked for or taken back. Where that fails the engine does it before it
/// destroys anything.
async fn write_down(core: &Core) -> Result<(), ErasureError> {
    journal::keep(core).await.map_err(|error| {
        tracing::error!(
            error = format!("{error:#}"),
            "what was decided is in the database alone until the next try"
        );
        ErasureError::NotWrittenDown
    })
}

/// An erasure is done: what it deleted no undo of another gives back.
pub(crate) async fn keep_from_undos(tx: &mut Transaction<'_, Sqlite>, id: ErasureId) -> sqlx::Result<()> {
    query(
        "UPDATE erasure_item AS o SET cleared = o.cleared & ~i.stores FROM erasure_item i
         WHERE i.erasure = ?1 AND o.seq = i.seq AND o.erasure <> ?1 AND o.cleared & i.stores <> 0",
    )
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether anything that taking `id` back would restore is about to go by another erasure, or stands in no list
/// any more: rows would come back into use that no later erasure finds. And whether all of it has gone.
async fn is_covered(tx: &mut Transaction<'_, Sqlite>, id: ErasureId) -> sqlx::Result<bool> {
    query_scalar(
        "SELECT EXISTS (SELECT 1 FROM erasure_item i WHERE i.erasure = ?1 AND i.cleared <> 0 AND (
             NOT EXISTS (SELECT 1 FROM recording r WHERE r.seq = i.seq)
             OR EXISTS (SELECT 1 FROM erasure_item o
                        WHERE o.seq = i.seq AND o.erasure <> ?1 AND o.stores & (i.cleared | ?2) <> 0)))
         OR NOT EXISTS (SELECT 1 FROM erasure_item i WHERE i.erasure = ?1 AND i.cleared <> 0)
            AND NOT EXISTS (SELECT 1 FROM erasure_item i CROSS JOIN erasure_item o ON o.seq = i.seq
                            WHERE i.erasure = ?1 AND o.erasure <> ?1 AND o.cleared & i.stores <> 0)",
    )
    .bind(id.to_string())
    .bind(Stores::NONE.with(StoreId::Catalogue).bits())
    .fetch_one(&mut **tx)
    .await
}

/// A guardian who takes back what the inactivity rule began has answered it: without a dated keep
/// the rule would begin again within the hour (R11).
async fn keep_against_the_rule(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    guardian: GuardianId,
    id: ErasureId,
    note: &mut Note,
) -> sqlx::Result<()> {
    // Not what another erasure has deleted meanwhile. The rule's are of one child each.
    let rows: Vec<(i64, String, String)> = query_as(
        "SELECT r.seq, i.recording, i.child FROM erasure_item i JOIN recording r ON r.seq = i.seq WHERE i.erasure = ?",
    )
    .bind(id.to_string())
    .fetch_all(&mut **tx)
    .await?;
    let Some((_, _, child)) = rows.first() else { return Ok(()) };
    let mark = |id: &str| core.tombstones.mark_of_id(id);
    note.say(&Line::Child(mark(child)));
    note.say(&Line::Guardian(mark(&guardian.to_string())));
    let now = core.clock.now();
    for (seq, recording, _) in &rows {
        let (ms, random) = core.id_parts();
        let until: i64 = query_scalar(
            "INSERT INTO keep (id, seq, guardian, until, created_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (seq, guardian) DO UPDATE SET until = max(until, excluded.until) RETURNING until",
        )
        .bind(KeepId::from_parts(ms, random).to_string())
        .bind(seq)
        .bind(guardian.to_string())
        .bind(keep::default_until(now.date()).days())
        .bind(now.ms())
        .fetch_one(&mut **tx)
        .await?;
        note.say(&Line::Keep(mark(recording), Some(Date::from_days(until))));
    }
    Ok(())
}

const fn window(core: &Core, waive_undo: bool) -> Window {
    if waive_undo { Window::Waived } else { Window::Open { seconds: core.policy.undo_window_seconds } }
}

const fn scope_name(scope: &Scope) -> &'static str {
    match scope {
        Scope::Items { .. } => "items",
        Scope::Range { .. } => "range",
        Scope::Class { .. } => "class",
        Scope::Search { .. } => "search",
        Scope::Child {} => "child",
        Scope::Everything {} => "everything",
    }
}

/// Where a store stands in the order of erasure.
fn position(store: StoreId) -> i64 {
    StoreId::ALL.into_iter().zip(0..).find_map(|(known, n)| (known == store).then_some(n)).unwrap_or(i64::MAX)
}

/// A store by its name in the database.
pub fn store_named(name: &str) -> sqlx::Result<StoreId> {
    StoreId::ALL
        .into_iter()
        .find(|store| store.name() == name)
        .ok_or_else(|| sqlx::Error::Decode(format!("no store is called {name}").into()))
}
