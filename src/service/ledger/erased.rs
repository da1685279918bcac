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
    statement::{By, Ended, Statement, Store},
};
use rules::{ErasureId, StoreId, Stores, Timestamp, retention::BACKUPS_END_AFTER_DAYS};
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};

use super::{Log, body, time, unsigned};
use crate::core::Core;

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
/// deleted, and not while everybody waits for the write lock. Holds the ids of one store in memory.
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
        let recordings = query_scalar("SELECT count(*) FROM erasure_item WHERE erasure = ? AND child = ?")
            .bind(erasure.to_string())
            .bind(&id)
            .fetch_one(core.db.read())
            .await?;
        let mut stores = Vec::new();
        for store in StoreId::ALL {
            let (copies, root) = root(core, erasure, &id, store, &key).await?;
            if copies > 0 {
                stores.push((store, copies, root));
            }
        }
        parts.push(Part { child, recordings: unsigned(recordings), stores });
    }
    Ok(parts)
}

async fn root(
    core: &Core,
    erasure: ErasureId,
    child: &str,
    store: StoreId,
    key: &ChildKey,
) -> sqlx::Result<(u64, Hash)> {
    let ids: Vec<String> = query_scalar(
        "SELECT recording FROM erasure_item WHERE erasure = ? AND child = ? AND stores & ? != 0",
    )
    .bind(erasure.to_string())
    .bind(child)
    .bind(Stores::NONE.with(store).bits())
    .fetch_all(core.db.read())
    .await?;
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    Ok((ids.len() as u64, key.store_root(store.name(), &ids)))
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
    for part in parts {
        let mut log = Log::of(tx, part.child).await?;
        for (store, copies, root) in part.stores.iter().filter(|(store, ..)| verified.has(*store)) {
            let body = body::store_result(now, erasure, *store, *copies, root);
            log.enter(tx, core, Kind::StoreResult, &body).await?;
        }
        if done {
            let statement = statement(tx, erasure, part, &log, now).await?;
            let text = statement.text().context("the statement cannot be written")?;
            let place = log.enter(tx, core, Kind::Complete, &text).await?;
            query("UPDATE erasure_child SET place = ? WHERE erasure = ? AND child = ?")
                .bind(place)
                .bind(erasure.to_string())
                .bind(part.child)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
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
    // A clock that was set back meanwhile makes no statement that contradicts itself.
    let until = at(3)?;
    let mut stores = Vec::with_capacity(inventory.stores.len());
    let mut roots = Vec::with_capacity(inventory.stores.len());
    for (name, _) in &inventory.stores {
        let id = StoreId::ALL.into_iter().find(|store| store.name() == name);
        let held = id.and_then(|id| part.of(id));
        let verified = read_again.iter().find(|(store, _)| store == name).map(|(_, at)| *at);
        roots.push(held.map_or_else(|| log.key.store_root(name, &[]), |(_, root)| root));
        stores.push(Store {
            name: name.clone(),
            copies: held.map_or(0, |(copies, _)| copies),
            ended: if held.is_some() { Ended::Absent } else { Ended::None },
            at: time(verified.map_or(now, Timestamp::from_ms)).max(until),
        });
    }
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
        models: Vec::new(),
        processors: Vec::new(),
        backups: Day(u32::try_from(backups).unwrap_or(0)),
    })
}
