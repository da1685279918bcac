//! The first screen: the children, and what is held of each in numbers.

use rules::{
    ChildId, Class, Classes, Date, StoreId, Stores, Timestamp,
    contract::{ChildSummary, Device},
    retention::{self, End},
};
use sqlx::{Row, query, query_scalar};

use super::{ListError, day, unsigned};
use crate::{core::Core, db::select::captured_at, erasure::Asker, session::id};

/// Every child of the session, in the order of their names.
pub async fn children(core: &Core, asker: &Asker) -> sqlx::Result<Vec<ChildSummary>> {
    let mut children = Vec::with_capacity(asker.children.len());
    for (number, id) in &asker.children {
        children.extend(child(core, *number, *id).await?);
    }
    children.sort_by_cached_key(|child| (child.name.to_lowercase(), child.id));
    Ok(children)
}

async fn child(core: &Core, number: i64, id: ChildId) -> sqlx::Result<Option<ChildSummary>> {
    let row = query("SELECT name, last_use FROM child WHERE number = ?");
    let Some(row) = row.bind(number).fetch_optional(core.db.read()).await? else { return Ok(None) };
    let counts = counts(core, number).await?;
    let last_use = row.try_get::<Option<i64>, _>("last_use")?.map(Timestamp::from_ms).or(counts.newest);
    let next_end = match last_use {
        Some(last_use) if counts.recordings > 0 => Some(next_end(core, number, last_use.date()).await?),
        _ => None,
    };
    let open_erasures: i64 = query_scalar(
        "SELECT count(*) FROM erasure_child ec JOIN erasure e ON e.id = ec.erasure
         WHERE ec.child = ? AND e.finished_at IS NULL",
    )
    .bind(number)
    .fetch_one(core.db.read())
    .await?;
    Ok(Some(ChildSummary {
        id,
        name: row.try_get("name")?,
        recordings: counts.recordings,
        classes: counts.classes,
        oldest: counts.oldest,
        newest: counts.newest,
        devices: devices(core, number).await?,
        next_end,
        open_erasures: unsigned(open_erasures),
    }))
}

/// What a child of the session is called.
pub async fn name(core: &Core, asker: &Asker, child: ChildId) -> Result<String, ListError> {
    let number = asker.number_of(child).ok_or(ListError::NotFound)?;
    let name = query_scalar("SELECT name FROM child WHERE number = ?").bind(number);
    name.fetch_optional(core.db.read()).await?.ok_or(ListError::NotFound)
}

struct Counts {
    recordings: u64,
    classes: Classes,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
}

/// One pass over one index, `recording_by_child`, which has all it needs.
async fn counts(core: &Core, number: i64) -> sqlx::Result<Counts> {
    let of = |class: Class| {
        StoreId::ALL.into_iter().filter(|store| store.class() == Some(class)).collect::<Stores>().bits()
    };
    let row = query(
        "SELECT count(*) AS recordings, min(seq) AS oldest, max(seq) AS newest,
            coalesce(sum(usable & ?2 != 0), 0) AS media, coalesce(sum(usable & ?3 != 0), 0) AS transcript,
            coalesce(sum(usable & ?4 != 0), 0) AS location, coalesce(sum(usable & ?5 != 0), 0) AS derived
         FROM recording WHERE child = ?1 AND usable > 0",
    )
    .bind(number)
    .bind(of(Class::Media))
    .bind(of(Class::Transcript))
    .bind(of(Class::Location))
    .bind(of(Class::Derived))
    .fetch_one(core.db.read())
    .await?;
    Ok(Counts {
        recordings: unsigned(row.try_get("recordings")?),
        classes: Classes {
            media: unsigned(row.try_get("media")?),
            transcript: unsigned(row.try_get("transcript")?),
            location: unsigned(row.try_get("location")?),
            derived: unsigned(row.try_get("derived")?),
        },
        oldest: row.try_get::<Option<i64>, _>("oldest")?.map(captured_at),
        newest: row.try_get::<Option<i64>, _>("newest")?.map(captured_at),
    })
}

/// When the first of a child's recordings ends: the one that is kept for the shortest time, as a keep
/// only ever lengthens. Mostly the first one looked at is not kept at all, which decides it.
async fn next_end(core: &Core, number: i64, last_use: Date) -> sqlx::Result<End> {
    let some_not_kept: bool = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM recording r WHERE r.child = ?1 AND r.usable > 0
            AND NOT EXISTS (SELECT 1 FROM keep k WHERE k.seq = r.seq AND k.until >= ?2))",
    )
    .bind(number)
    .bind(core.clock.now().date().days())
    .fetch_one(core.db.read())
    .await?;
    if some_not_kept {
        return Ok(retention::end_of(last_use, None));
    }
    let first_keep: Option<i64> = query_scalar(
        "SELECT min(until) FROM (SELECT max(k.until) AS until FROM recording r CROSS JOIN keep k ON k.seq = r.seq
         WHERE r.child = ?1 AND r.usable > 0 GROUP BY k.seq)",
    )
    .bind(number)
    .fetch_one(core.db.read())
    .await?;
    Ok(retention::end_of(last_use, day(first_keep)))
}

/// The devices that captured any of what can still be seen.
async fn devices(core: &Core, number: i64) -> sqlx::Result<Vec<Device>> {
    let rows = query(
        "SELECT d.id, d.name FROM device d WHERE d.child = ?
         AND EXISTS (SELECT 1 FROM recording r WHERE r.device = d.id AND r.usable > 0) ORDER BY d.name",
    )
    .bind(number)
    .fetch_all(core.db.read())
    .await?;
    rows.iter().map(|row| Ok(Device { id: id(row.try_get("id")?)?, name: row.try_get("name")? })).collect()
}
