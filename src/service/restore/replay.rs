//! What was deleted since the backup is deleted again, by the same engine and the same stores.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use proof::leaf::Kind;
use rules::{ChildId, ErasureId, ErasureState, GuardianId, Timestamp};
use sqlx::{Sqlite, Transaction, query, query_as, query_scalar};

use super::{Stage, decisions::Decisions, known::Known, stage, torn, unmark};
use crate::{
    core::Core,
    derived,
    erasure::{accept, engine, view},
    faults,
    journal::{
        self,
        file::{Deletion, Head, Line, Reader},
        note,
    },
    ledger, processors, search, tombstone,
};

/// Recordings looked at in one go: bounds memory.
const PAGE: i64 = 1000;
/// How often the engine's progress is looked at.
const TICK: Duration = Duration::from_millis(200);
/// How long it waits after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Deletes again what was deleted since the backup, and opens the service when all of it is verified.
/// What fails is tried again: nothing is served meanwhile.
pub async fn run(core: &Core) {
    loop {
        match replay(core).await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the restored folder is not ready; it is tried again"
                );
            }
        }
        tokio::time::sleep(AFTER_FAILURE).await;
    }
}

/// The same, once.
pub async fn replay(core: &Core) -> anyhow::Result<()> {
    let Some(Stage::Replaying { name, accepts_missing }) = stage(&core.data)? else {
        core.restored();
        return Ok(());
    };
    end_sessions(core).await?;
    let (kept, known) = (journal::all(&core.data)?, Known::to(core).await?);
    let decisions = Decisions::read(core, &kept.notes, accepts_missing).await?;
    for id in &decisions.undone {
        take_back(core, *id).await?;
    }
    decisions.hand_over(core, &known).await?;
    let mut again = 0;
    for (id, path) in &kept.deletions {
        if !decisions.undone.contains(id) {
            let mut file = Reader::open(path, &core.tombstones.mark_of_key())?;
            again += u64::from(
                seal(core, &known, *id, &mut file).await.with_context(|| format!("cannot repeat {id}"))?,
            );
        }
    }
    decisions.apply(core, &known).await?;
    tracing::info!(deletions = again, "what was deleted since the backup is deleted again");
    faults::point("restore-replayed");
    torn::erase_again(core).await?;
    let unknown = torn::drop_unknown(core).await?;
    faults::point("restore-erased");
    while is_erasing(core).await? {
        engine::tick_all(core).await?;
        tokio::time::sleep(TICK).await;
    }
    // What lay about without an owner left no step that would have cleaned the files after it.
    search::mend::scrub(&core.db, &core.keys).await?;
    core.db.scrub().await?;
    core.keys.scrub().await?;
    core.db.empty_wal().await?;
    ensure!(
        torn::holds(core, &unknown).await? == 0,
        "what the backup's database does not know is still there"
    );
    // Only now: what was to be deleted again would have been entered, and deleted from there.
    search::mend::mend(&core.db, &core.keys).await?;
    enter(core, &name).await?;
    journal::keep(core).await?;
    faults::point("restore-entered");
    unmark(&core.data)?;
    core.restored();
    tracing::info!("restored");
    Ok(())
}

/// Whoever was signed in when the backup was made may have signed out since.
async fn end_sessions(core: &Core) -> sqlx::Result<()> {
    let mut tx = core.db.write().await?;
    for sql in ["DELETE FROM session", "DELETE FROM session_child", "DELETE FROM ticket"] {
        query(sql).execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// Whether any erasure whose undo is over is not carried out yet.
async fn is_erasing(core: &Core) -> sqlx::Result<bool> {
    query_scalar(
        "SELECT EXISTS (SELECT 1 FROM erasure WHERE finished_at IS NULL AND (state = 'erasing' OR sealed_until <= ?))",
    )
    .bind(core.clock.now().ms())
    .fetch_one(core.db.read())
    .await
}

/// The backup was made while it was sealed, and then it was taken back.
async fn take_back(core: &Core, id: ErasureId) -> anyhow::Result<()> {
    let mut tx = core.db.write().await?;
    let taken = query(
        "UPDATE erasure SET state = 'cancelled', finished_at = ?, request_hash = NULL, journaled = 1
         WHERE id = ? AND state = 'sealed'",
    )
    .bind(core.clock.now().ms())
    .bind(id.to_string())
    .execute(&mut *tx)
    .await?;
    if taken.rows_affected() == 0 {
        let state: Option<String> = query_scalar("SELECT state FROM erasure WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let state = state.map(|state| view::state(&state)).transpose()?;
        ensure!(
            matches!(state, None | Some(ErasureState::Cancelled)),
            "{id} was taken back, and the restored database carries it out: restore a backup from \
             before that"
        );
        return Ok(());
    }
    accept::give_back(&mut tx, id).await?;
    Ok(tx.commit().await?)
}

/// Writes an erasure down that the backup does not know, with what it means of what the backup holds.
async fn seal(core: &Core, known: &Known, id: ErasureId, file: &mut Reader) -> anyhow::Result<bool> {
    let there: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM erasure WHERE id = ?)")
        .bind(id.to_string())
        .fetch_one(core.db.read())
        .await?;
    if there {
        return Ok(false);
    }
    let mut tx = core.db.write().await?;
    let (mut child, mut children) = (None, 0_u64);
    let mut marks: Vec<(Vec<u8>, u32)> = Vec::new();
    let mut buried = Vec::new();
    loop {
        let line = file.line()?;
        match line {
            Some(Line::Item(mark, stores)) => marks.push((mark.to_vec(), stores)),
            Some(Line::Tombstone(mark)) => buried.push(mark),
            _ => {}
        }
        let of_one = matches!(line, Some(Line::Child(_)) | None);
        if marks.len() >= PAGE as usize || of_one {
            remember(&mut tx, std::mem::take(&mut marks)).await?;
        }
        if buried.len() >= PAGE as usize || line.is_none() {
            tombstone::bury_marks(&mut tx, Some(id), &std::mem::take(&mut buried)).await?;
        }
        if of_one {
            // What came until now is of the child before.
            if let Some(child) = child.take() {
                plan(core, &mut tx, id, child).await?;
                children += 1;
            }
            query("DELETE FROM replayed").execute(&mut *tx).await?;
        }
        match line {
            Some(Line::Child(next)) => child = known.child(&next),
            Some(_) => {}
            None => break,
        }
    }
    if children == 0 {
        // Of children that the backup does not know, so there is nothing of theirs.
        tx.rollback().await?;
        return Ok(false);
    }
    let Head::Deletion(head) = &file.head else { bail!("it is no file of a deletion") };
    ensure!(head.id == id, "it is the file of another deletion");
    write(core, &mut tx, head, head.guardian.map(|mark| known.guardian(&mark))).await?;
    let [asked, until, ..] = head.times.map(Timestamp::from_ms);
    processors::plan::open_again(&mut tx, id, core.clock.now(), until).await?;
    derived::erased::concern(&mut tx, id, asked).await?;
    tx.commit().await?;
    Ok(true)
}

/// The marks of one child's items, where they can be looked up.
async fn remember(tx: &mut Transaction<'_, Sqlite>, marks: Vec<(Vec<u8>, u32)>) -> sqlx::Result<()> {
    query("CREATE TEMP TABLE IF NOT EXISTS replayed (mark BLOB PRIMARY KEY, stores INTEGER NOT NULL) WITHOUT ROWID")
        .execute(&mut **tx)
        .await?;
    for (mark, stores) in marks {
        query("INSERT OR REPLACE INTO replayed (mark, stores) VALUES (?, ?)")
            .bind(mark)
            .bind(stores)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Freezes the plan for one child: which recordings of the backup the marks mean.
async fn plan(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    id: ErasureId,
    (number, child): (i64, ChildId),
) -> anyhow::Result<()> {
    let mut after = i64::MIN;
    loop {
        let page: Vec<(i64, String, u32)> = query_as(
            "SELECT seq, id, usable FROM recording WHERE child = ? AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(number)
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut **tx)
        .await?;
        let Some((last, ..)) = page.last() else { break };
        after = *last;
        for (seq, recording, usable) in page {
            let mark = core.tombstones.mark_of_id(&recording);
            let stores: Option<u32> = query_scalar("SELECT stores FROM replayed WHERE mark = ?")
                .bind(&mark[..])
                .fetch_optional(&mut **tx)
                .await?;
            let Some(stores) = stores else { continue };
            query(
                "INSERT INTO erasure_item (erasure, seq, recording, child, stores, cleared) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(id.to_string())
            .bind(seq)
            .bind(recording)
            .bind(child.to_string())
            .bind(stores)
            .bind(stores & usable)
            .execute(&mut **tx)
            .await?;
            query("UPDATE recording SET usable = usable & ~? WHERE seq = ?")
                .bind(stores)
                .bind(seq)
                .execute(&mut **tx)
                .await?;
        }
    }
    query("INSERT OR IGNORE INTO erasure_child (erasure, child) VALUES (?, ?)")
        .bind(id.to_string())
        .bind(number)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The erasure and its steps. It is sealed as it was; where its undo is over the engine begins at once.
async fn write(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    head: &Deletion,
    guardian: Option<GuardianId>,
) -> anyhow::Result<()> {
    let id = head.id.to_string();
    let [asked, until, expected, due] = head.times;
    query(
        "INSERT INTO erasure (id, guardian, scope, state, contested, recordings, requested_at, sealed_until,
                              expected_by, due_by, inventory, journaled)
         VALUES (?1, ?2, ?3, ?4, ?5, (SELECT count(*) FROM erasure_item WHERE erasure = ?1), ?6, ?7, ?8, ?9, ?10, 1)",
    )
    .bind(&id)
    .bind(guardian.map(|guardian| guardian.to_string()))
    .bind(&head.scope)
    .bind(view::state_name(ErasureState::Sealed))
    .bind(head.contested)
    .bind(asked)
    .bind(until)
    .bind(expected)
    .bind(due)
    .bind(ledger::inventory::version(tx).await?)
    .execute(&mut **tx)
    .await?;
    for (store, position) in core.stores.iter().map(|store| store.id()).zip(0..) {
        query(
            "INSERT INTO erasure_step (erasure, store, position, state, copies)
             VALUES (?1, ?2, ?3, 'waiting', (SELECT count(*) FROM erasure_item WHERE erasure = ?1 AND stores & ?4 != 0))",
        )
        .bind(&id)
        .bind(store.name())
        .bind(position)
        .bind(store.takes_part_in().bits())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Everybody may read that it happened, of how many entries the bodies are lost, and how many of those were decisions
/// of guardians that it went on without.
async fn enter(core: &Core, name: &str) -> anyhow::Result<()> {
    let (lost, missing): (i64, i64) =
        query_as("SELECT count(*), count(*) FILTER (WHERE lost = 2) FROM ledger_entry WHERE lost")
            .fetch_one(core.db.read())
            .await?;
    let mut tx = core.db.write().await?;
    note::forget_replay(&mut tx).await?;
    let entered: bool =
        query_scalar("SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE child IS NULL AND body LIKE ?)")
            .bind(format!("%\nrestore {name}\n%"))
            .fetch_one(&mut *tx)
            .await?;
    if entered {
        return Ok(tx.commit().await?);
    }
    let body = ledger::body::restored(core.clock.now(), name, lost, missing);
    ledger::enter_public(&mut tx, core, Kind::Policy, &body).await?;
    Ok(tx.commit().await?)
}
