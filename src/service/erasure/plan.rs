//! Which recordings an erasure means, page by page: the preview counts them, the acceptance seals them.

use std::cmp::Reverse;

use rules::{
    ChildId, Date, DeviceId, GuardianId, Scope, Stores, Timestamp,
    preview::{Candidate, Decision, decide},
    scope::Filter,
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query_scalar};

use super::{Asker, ErasureError};
use crate::db::{rows, select};

/// Recordings looked at in one go: bounds memory, whatever the scope finds.
const PAGE: u32 = 2000;

/// What is asked, of whose recordings.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Who asks; none for the inactivity rule, which every guardian's keep holds back.
    pub guardian: Option<GuardianId>,
    /// The scope, checked.
    pub scope: &'a Scope,
    /// Also what the asking guardian keeps.
    pub include_kept: bool,
    /// Only what was there then; a scope of everything takes all there is.
    pub as_of: Option<Timestamp>,
    /// The present day, for keeps.
    pub today: Date,
}

/// One recording that the scope found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its place in time.
    pub seq: i64,
    /// Its id.
    pub recording: String,
    /// What was in use of it.
    pub usable: Stores,
    /// What happens to it.
    pub decision: Decision,
}

impl Found {
    /// What is in use of it and goes.
    #[must_use]
    pub fn clears(&self) -> Stores {
        match self.decision {
            Decision::Erase { from, .. } => from.and(self.usable),
            Decision::Kept { .. } | Decision::Nothing => Stores::NONE,
        }
    }
}

/// The children a request is about.
///
/// # Errors
/// `NotFound` when the session does not name the child.
pub fn children(asker: &Asker, child: Option<ChildId>) -> Result<Vec<(i64, ChildId)>, ErasureError> {
    match child {
        None => Ok(asker.children.clone()),
        Some(id) => Ok(vec![(asker.number_of(id).ok_or(ErasureError::NotFound)?, id)]),
    }
}

/// Refuses ids of another family, and ids of nothing: the two look alike.
pub async fn check_ids(db: &mut SqliteConnection, child: i64, scope: &Scope) -> Result<(), ErasureError> {
    let (sql, ids) = match scope {
        Scope::Items { recordings } => (
            "SELECT count(*) FROM json_each(?) j CROSS JOIN recording r ON r.id = j.value WHERE r.child = ?",
            distinct(recordings),
        ),
        Scope::Search { filter: Filter { device: Some(device), .. } } => (
            "SELECT count(*) FROM json_each(?) j CROSS JOIN device d ON d.id = j.value WHERE d.child = ?",
            distinct::<DeviceId>(&[*device]),
        ),
        _ => return Ok(()),
    };
    let found: i64 =
        query_scalar(sql).bind(serde_json::json!(ids).to_string()).bind(child).fetch_one(db).await?;
    if usize::try_from(found).is_ok_and(|found| found == ids.len()) {
        Ok(())
    } else {
        Err(ErasureError::NotFound)
    }
}

fn distinct<T: ToString>(ids: &[T]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// A page of what the scope finds of child number `child`, and where the next one begins.
pub async fn page(
    db: &mut SqliteConnection,
    ask: Ask<'_>,
    child: i64,
    before: Option<i64>,
) -> Result<(Vec<Found>, Option<i64>), ErasureError> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT json_group_array(json_array(seq, id, usable, by_asker, by_other, sealed)) FROM (SELECT r.seq, r.id, r.usable, ",
    );
    match ask.guardian {
        Some(guardian) => {
            sql.push("(SELECT until FROM keep k WHERE k.seq = r.seq AND k.guardian = ")
                .push_bind(guardian.to_string())
                .push(") AS by_asker, (SELECT max(until) FROM keep k WHERE k.seq = r.seq AND k.guardian <> ")
                .push_bind(guardian.to_string())
                .push(") AS by_other");
        }
        None => {
            sql.push("(SELECT max(until) FROM keep k WHERE k.seq = r.seq) AS by_asker, NULL AS by_other");
        }
    }
    // What other erasures have sealed goes as well.
    sql.push(", (SELECT group_concat(i.stores) FROM erasure_item i WHERE i.seq = r.seq) AS sealed");
    let filter = filter_of(ask.scope);
    match ask.scope {
        Scope::Items { recordings } => {
            select::push_items(&mut sql, child, serde_json::json!(distinct(recordings)).to_string());
        }
        Scope::Search { .. } => select::push_matching(&mut sql, child, &filter, before),
        Scope::Range { .. } | Scope::Class { .. } | Scope::Child {} | Scope::Everything {} => {
            select::push_all(&mut sql, child, &filter, before);
        }
    }
    if let Some(as_of) = ask.as_of.filter(|_| !ask.scope.is_total()) {
        sql.push(" AND r.created_at <= ").push_bind(as_of.ms());
    }
    // Named one by one they fit in memory, and come in one page.
    let whole = matches!(ask.scope, Scope::Items { .. });
    if !whole {
        select::push_newest_first(&mut sql, &filter, PAGE);
    }
    sql.push(")");
    let page: String = sql.build_query_scalar().fetch_one(db).await?;
    let mut found: Vec<Found> = rows(&page)?.into_iter().map(|row| found(row, ask)).collect();
    found.sort_unstable_by_key(|found| Reverse(found.seq));
    let more = !whole && found.len() == PAGE as usize;
    let next = found.last().filter(|_| more).map(|last| last.seq);
    Ok((found, next))
}

/// A row of [`page`].
type Row = (i64, String, u32, Option<i64>, Option<i64>, Option<String>);

fn found((seq, recording, usable, by_asker, by_other, sealed): Row, ask: Ask<'_>) -> Found {
    let usable = Stores::from_bits(usable);
    let sealed = sealed.unwrap_or_default();
    let sealed =
        sealed.split(',').filter_map(|bits| bits.parse::<u32>().ok()).fold(0, |all, bits| all | bits);
    let candidate = Candidate {
        usable,
        sealed: Stores::from_bits(sealed),
        kept_by_asker: by_asker.map(Date::from_days),
        kept_by_other: by_other.map(Date::from_days),
    };
    let decision = decide(ask.scope, ask.include_kept, ask.today, candidate);
    Found { seq, recording, usable, decision }
}

/// The list a scope is the same as.
fn filter_of(scope: &Scope) -> Filter {
    match scope {
        Scope::Range { from, to } => Filter { from: Some(*from), to: Some(*to), ..Filter::default() },
        Scope::Class { class, from, to } => {
            Filter { class: Some(*class), from: *from, to: *to, ..Filter::default() }
        }
        Scope::Search { filter } => filter.clone(),
        Scope::Items { .. } | Scope::Child {} | Scope::Everything {} => Filter::default(),
    }
}
