//! What the ledger is told of an erasure that is carried out: each store that was read again and
//! found empty, and in the end the statement that the receipt shows.
//!
//! An erasure of several children is one statement for each of them, with that child's numbers
//! alone, for no parent's receipt may say anything of another child.

use anyhow::Context;
use proof::{
    Day, Hash,
    child::{ChildKey, items_root},
    inventory::Inventory,
    leaf::Kind,
    merkle::Growing,
    statement::{By, Ended, Statement, Store},
};
use rules::{ErasureId, StoreId, Stores, Timestamp, retention::BACKUPS_END_AFTER_DAYS};
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};

use super::{Log, body, time};
use crate::{core::Core, db, derived, journal::note::Note, processors};

/// Items of a plan that are hashed in one go.
const PAGE: i64 = 1000;

/// The plan of an erasure as far as it is about one child.
pub struct Part {
    child: i64,
    recordings: u64,
    /// Each store with a copy: how many, and the root over them.
    stores: Vec<(StoreId, u64, Hash)>,
}

impl Part {
    fn of(&self, store: StoreId) -> Option<(u64, Hash)> {
        self.stores.iter().find(|(id, ..)| *id == store).map(|(_, copies, root)| (*copies, *root))
    }
}

/// Counts and hashes the plan, child by child and store by store. To be done before the plan is
/// deleted, and not while everybody waits for the write lock. In memory that does not grow with it.
pub async fn parts(core: &Core, erasure: ErasureId) -> anyhow::Result<Vec<Part>> {
    let children: Vec<(i64, String)> = query_as(
        "SELECT c.number, c.id FROM erasure_child e JOIN child c ON c.number = e.child WHERE e.erasure = ? ORDER BY c.number",
    )
    .bind(erasure.to_string())
    .fetch_all(core.db.read())
    .await?;
    let mut parts = Vec::with_capacity(children.len());
    for (child, id) in children {
        let mut tx = core.db.write_effect().await?;
        let key = Log::of(&mut tx, child).await?.key;
        tx.commit().await?;
        parts.push(part(core, erasure, (child, &id), &key).await?);
    }
    Ok(parts)
}

async fn part(
    core: &Core,
    erasure: ErasureId,
    (child, id): (i64, &str),
    key: &ChildKey,
) -> sqlx::Result<Part> {
    let mut trees = StoreId::ALL.map(|store| (store, Growing::default()));
    let (mut recordings, mut after) = (0, String::new());
    loop {
        let page: String = query_scalar(
            "SELECT json_group_array(json_array(recording, stores)) FROM (
                 SELECT recording, stores FROM erasure_item WHERE erasure = ? AND child = ? AND recording > ?
                 ORDER BY recording LIMIT ?)",
        )
        .bind(erasure.to_string())
        .bind(id)
        .bind(&after)
        .bind(PAGE)
        .fetch_one(core.db.read())
        .await?;
        let mut page: Vec<(String, u32)> = db::rows(&page)?;
        page.sort_unstable();
        recordings += page.len() as u64;
        for (recording, stores) in &page {
            let stores = Stores::from_bits(*stores);
            let takes_part = |store: StoreId| !stores.and(store.takes_part_in()).is_empty();
            for (store, tree) in trees.iter_mut().filter(|(store, _)| takes_part(*store)) {
                tree.push(key.item(store.name(), recording));
            }
        }
        let Some((last, _)) = page.into_iter().next_back() else { break };
        after = last;
    }
    let held = trees.into_iter().filter(|(_, tree)| tree.size() > 0);
    let stores = held.map(|(store, tree)| (store, tree.size(), tree.root())).collect();
    Ok(Part { child, recordings, stores })
}

/// Enters that these stores were read again and hold nothing any more and, when it is `done`, the
/// statement. In the transaction that takes note of both.
pub async fn tell(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    parts: &[Part],
    verified: Stores,
    done: bool,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut note = Note::default();
    for part in parts {
        let mut log = Log::of(tx, part.child).await?;
        let verified = part.stores.iter().filter(|(store, ..)| verified.has(*store));
        let results: Vec<_> = verified
            .map(|(store, copies, root)| match ended(*store) {
                Ended::KeyDestroyed => (Kind::KeyDestroyed, body::key_destroyed(now, erasure, *copies, root)),
                Ended::Absent | Ended::None => {
                    (Kind::StoreResult, body::store_result(now, erasure, *store, *copies, root))
                }
            })
            .collect();
        log.enter_all(tx, core, &results).await?;
        if done {
            derived::erased::tell(core, tx, &mut log, erasure, part.child, now).await?;
            let statement = statement(tx, erasure, part, &log, now).await?;
            let text = statement.text().context("the statement cannot be written")?;
            let place = log.enter(tx, core, Kind::Complete, &text).await?;
            query("UPDATE erasure_child SET place = ? WHERE erasure = ? AND child = ?")
                .bind(place)
                .bind(erasure.to_string())
                .bind(part.child)
                .execute(&mut **tx)
                .await?;
            note.entered(tx, place).await?;
        }
    }
    if done {
        // There is a receipt of it, also when the database is lost.
        note.insert(tx, now, None).await?;
    }
    Ok(())
}

/// How a store ends that was read again and is empty. Media count as absent: that their keys are gone
/// as well, the keys' own line says.
const fn ended(store: StoreId) -> Ended {
    match store {
        StoreId::Keys => Ended::KeyDestroyed,
        _ => Ended::Absent,
    }
}

async fn statement(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    part: &Part,
    log: &Log,
    now: Timestamp,
) -> anyhow::Result<Statement> {
    // One from before there was a ledger follows the first that was published.
    let row = query(
        "SELECT e.guardian, e.scope, e.requested_at, e.sealed_until, i.body FROM erasure e
         JOIN inventory i ON i.version = coalesce(e.inventory, (SELECT min(version) FROM inventory)) WHERE e.id = ?",
    )
    .bind(erasure.to_string())
    .fetch_one(&mut **tx)
    .await?;
    let at = |column: usize| row.try_get::<i64, _>(column).map(|ms| time(Timestamp::from_ms(ms)));
    let guardian: Option<String> = row.try_get(0)?;
    let text: String = row.try_get(4)?;
    let inventory = Inventory::parse(&text).context("the inventory cannot be read")?;
    let read_again: Vec<(String, i64)> =
        query_as("SELECT store, verified_at FROM erasure_step WHERE erasure = ? AND verified_at IS NOT NULL")
            .bind(erasure.to_string())
            .fetch_all(&mut **tx)
            .await?;
    // A clock that was set back meanwhile makes no statement that contradicts itself, or the witnesses.
    let until = at(3)?;
    let mut stores = Vec::with_capacity(inventory.stores.len());
    let mut roots = Vec::with_capacity(inventory.stores.len());
    for (name, _) in &inventory.stores {
        let id = StoreId::ALL.into_iter().find(|store| store.name() == name);
        let held = id.and_then(|id| part.of(id));
        let verified = read_again.iter().find(|(store, _)| store == name).map(|(_, at)| *at);
        anyhow::ensure!(
            held.is_none() || verified.is_some(),
            "{name} was not read again, and the statement would say that it was"
        );
        roots.push(held.map_or_else(|| log.key.store_root(name, []), |(_, root)| root));
        stores.push(Store {
            name: name.clone(),
            copies: held.map_or(0, |(copies, _)| copies),
            ended: if held.is_some() { id.map_or(Ended::Absent, ended) } else { Ended::None },
            at: time(verified.map_or(now, |at| Timestamp::from_ms(at).min(now))).max(until),
        });
    }
    let processors = processors::answers(tx, erasure, part.child, &inventory.processors, until).await?;
    let backups = now.date().plus_days(BACKUPS_END_AFTER_DAYS).days();
    Ok(Statement {
        erasure: erasure.to_string(),
        entry: log.seq,
        asked: at(2)?,
        by: guardian.map_or(By::Rule, |guardian| By::Guardian(log.key.pseudonym(&guardian))),
        scope: row.try_get(1)?,
        recordings: part.recordings,
        until,
        finished: stores.iter().map(|store| store.at).fold(time(now), proof::Time::max),
        inventory: inventory.version,
        inventory_hash: Inventory::hash(&text),
        items: (!part.stores.is_empty()).then(|| items_root(&roots)),
        stores,
        models: derived::erased::stated(tx, erasure, part.child).await?,
        processors,
        backups: Day(u32::try_from(backups).unwrap_or(0)),
    })
}
