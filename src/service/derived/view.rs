//! What was made from recordings, as the contract shows it: only what may still be used.

use rules::{
    ChildId, DerivationId, RecordingId, StoreId, Timestamp,
    contract::{Derivation, Derivations},
    derived::Made,
};
use sqlx::{QueryBuilder, Row, Sqlite, query_scalar, sqlite::SqliteRow};

use super::USABLE;
use crate::{
    core::Core,
    listing::{ListError, View},
    reading,
    session::id,
    store::derived::ELSEWHERE,
};

/// How many things are shown with a recording.
const OF_RECORDING: u32 = 100;

/// What was made from a child's recordings, the newest first; those after `before`.
pub async fn list(
    core: &Core,
    view: View<'_>,
    child: ChildId,
    before: Option<DerivationId>,
    limit: u32,
) -> Result<Derivations, ListError> {
    let number = view.asker.number_of(child).ok_or(ListError::NotFound)?;
    let mut sql = select(view.words);
    sql.push(" WHERE d.child = ").push_bind(number).push(" AND ").push(USABLE);
    if let Some(before) = before {
        sql.push(" AND d.id < ").push_bind(before.to_string());
    }
    // Ids begin with the moment of their making: newest first is greatest first.
    sql.push(format_args!(" ORDER BY d.id DESC LIMIT {}", limit.saturating_add(1)));
    let mut rows = sql.build().fetch_all(core.db.read()).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let items = read_all(core, child, &rows).await?;
    let next = items.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Derivations { items, next })
}

/// What was made from the recording at this place.
pub async fn of_recording(
    core: &Core,
    view: View<'_>,
    child: ChildId,
    seq: i64,
) -> Result<Vec<Derivation>, ListError> {
    let mut sql = select(view.words);
    sql.push(" WHERE d.number IN (SELECT derivation FROM derivation_source WHERE seq = ").push_bind(seq);
    sql.push(") AND ").push(USABLE);
    sql.push(format_args!(" ORDER BY d.id DESC LIMIT {OF_RECORDING}"));
    read_all(core, child, &sql.build().fetch_all(core.db.read()).await?).await
}

fn select(words: bool) -> QueryBuilder<Sqlite> {
    let words = if words { "CASE WHEN d.kind = 'fact' THEN d.sealed END" } else { "NULL" };
    QueryBuilder::new(format!(
        "SELECT d.id, d.kind, {words}, (SELECT s.name FROM dataset s WHERE s.number = d.dataset), d.made_at,
             (SELECT json_group_array(r.id) FROM (SELECT DISTINCT seq FROM derivation_source o
                  WHERE o.derivation = d.number) o JOIN recording r ON r.seq = o.seq)
         FROM derivation d"
    ))
}

/// The things, with what the facts among them say. One whose key is gone was deleted while this was read, and says
/// nothing.
async fn read_all(core: &Core, child: ChildId, rows: &[SqliteRow]) -> Result<Vec<Derivation>, ListError> {
    let mut things = Vec::with_capacity(rows.len());
    for row in rows {
        things.push(read(row)?);
    }
    let sealed = |row: &SqliteRow| row.try_get::<Option<Vec<u8>>, _>(2);
    let mut speaking = Vec::new();
    for (thing, row) in things.iter().zip(rows) {
        if sealed(row)?.is_some() {
            speaking.push(thing.id);
        }
    }
    let mut reading = reading::Things::of(&core.keys, child, &speaking).await?;
    for (thing, row) in things.iter_mut().zip(rows) {
        thing.text = sealed(row)?.and_then(|sealed| reading.open(thing.id, &sealed));
    }
    reading.end(&core.db).await?;
    Ok(things)
}

fn read(row: &SqliteRow) -> sqlx::Result<Derivation> {
    let kind: String = row.try_get(1)?;
    let kind = Made::ALL.into_iter().find(|made| made.name() == kind);
    let recordings: Vec<RecordingId> = serde_json::from_str(&row.try_get::<String, _>(5)?)
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Derivation {
        id: id(&row.try_get::<String, _>(0)?)?,
        kind: kind.ok_or_else(|| sqlx::Error::Decode("no such kind".into()))?,
        text: None,
        dataset: row.try_get(3)?,
        made_at: Timestamp::from_ms(row.try_get(4)?),
        recordings,
    })
}

/// How many things of a store may be used.
pub async fn in_use(core: &Core, child: i64, store: StoreId) -> sqlx::Result<i64> {
    let kind = Made::ALL.into_iter().find(|made| made.store() == store).map(Made::name);
    let sql = format!(
        "SELECT count(*) FROM derivation d WHERE d.child = ?1 AND (?2 IS NULL OR d.kind = ?2)
         AND EXISTS (SELECT 1 FROM derivation_source g WHERE g.derivation = d.number AND g.store = ?3)
         AND (?2 IS NOT NULL OR NOT {ELSEWHERE}) AND {USABLE}"
    );
    query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(child)
        .bind(kind)
        .bind(store as i64)
        .fetch_one(core.db.read())
        .await
}
