//! Which recordings a filter finds: the same SQL behind lists, counts, previews and erasures, so
//! that they cannot disagree.

use rules::{Timestamp, scope::Filter, store::StoreId};
use sqlx::{QueryBuilder, Sqlite};

use crate::search;

/// The least `seq` of a recording captured at `at` or later; beyond every one for a time that no
/// recording can have.
#[must_use]
pub const fn first_seq(at: Timestamp) -> i64 {
    match at.ms() {
        ..0 => 0,
        ms if ms > i64::MAX >> 20 => i64::MAX,
        ms => ms << 20,
    }
}

/// When the recording with this `seq` was captured.
#[must_use]
pub const fn captured_at(seq: i64) -> Timestamp {
    Timestamp::from_ms(seq >> 20)
}

/// Pushes ` FROM … WHERE …` for the visible recordings (alias `r`) of child number `child` that
/// `filter` finds, with `seq` below `before`. [`push_newest_first`] ends the statement of a list.
pub fn push_matching(sql: &mut QueryBuilder<Sqlite>, child: i64, filter: &Filter, before: Option<i64>) {
    // A bound on the search index's own rowid makes it stop there instead of reading on.
    let seq = key(filter);
    if let Some(q) = &filter.q {
        // CROSS JOIN keeps the index outside: its rows come newest first, so a page ends early.
        sql.push(" FROM search_index s CROSS JOIN recording r ON r.seq = s.rowid WHERE search_index MATCH ")
            .push_bind(search::match_expression(child, q))
            .push(" AND r.child = ")
            .push_bind(child)
            .push(format_args!(
                " AND r.usable & {} = {0}",
                bits([StoreId::Transcript, StoreId::SearchIndex])
            ));
    } else {
        sql.push(" FROM recording r WHERE r.child = ").push_bind(child).push(" AND r.usable > 0");
    }
    if let Some(before) = before {
        sql.push(format_args!(" AND {seq} < ")).push_bind(before);
    }
    push_period(sql, seq, filter);
    if let Some(device) = filter.device {
        sql.push(" AND r.device = ").push_bind(device.to_string());
    }
    if let Some(kind) = filter.kind {
        sql.push(" AND r.kind = ").push_bind(kind_name(kind));
    }
    if let Some(class) = filter.class {
        sql.push(format_args!(" AND r.usable & {} != 0", of_class(class)));
    }
}

/// Pushes the same for the recordings of a period and with something of a class, as far as `filter` names them:
/// also what other erasures have sealed, which no list shows.
pub fn push_all(sql: &mut QueryBuilder<Sqlite>, child: i64, filter: &Filter, before: Option<i64>) {
    sql.push(" FROM recording r WHERE r.child = ").push_bind(child);
    if let Some(before) = before {
        sql.push(" AND r.seq < ").push_bind(before);
    }
    push_period(sql, "r.seq", filter);
    if let Some(class) = filter.class {
        let any_of = of_class(class);
        sql.push(format_args!(
            " AND (r.usable & {any_of} != 0
                   OR EXISTS (SELECT 1 FROM erasure_item s WHERE s.seq = r.seq AND s.stores & {any_of} != 0))"
        ));
    }
}

fn push_period(sql: &mut QueryBuilder<Sqlite>, seq: &str, filter: &Filter) {
    if let Some(from) = filter.from {
        sql.push(format_args!(" AND {seq} >= ")).push_bind(first_seq(from));
    }
    if let Some(to) = filter.to {
        sql.push(format_args!(" AND {seq} < ")).push_bind(first_seq(to));
    }
}

/// Pushes the same for the recordings with these ids, as a JSON array, also those that are sealed.
pub fn push_items(sql: &mut QueryBuilder<Sqlite>, child: i64, ids_json: String) {
    sql.push(" FROM json_each(")
        .push_bind(ids_json)
        .push(") j CROSS JOIN recording r ON r.id = j.value WHERE r.child = ")
        .push_bind(child);
}

/// The key by which a filter's recordings come in order. The search index yields its own rowid so;
/// sorting by the joined column would read all of it.
#[must_use]
pub const fn key(filter: &Filter) -> &'static str {
    if filter.q.is_some() { "s.rowid" } else { "r.seq" }
}

/// Pushes the order of a list and its length.
pub fn push_newest_first(sql: &mut QueryBuilder<Sqlite>, filter: &Filter, limit: u32) {
    let key = key(filter);
    sql.push(format_args!(" ORDER BY {key} DESC LIMIT {limit}"));
}

/// The statement that yields the key of every recording that a filter finds, newest first.
#[must_use]
pub fn keys(child: i64, filter: &Filter) -> QueryBuilder<Sqlite> {
    let key = key(filter);
    let mut sql = QueryBuilder::new(format!("SELECT {key}"));
    push_matching(&mut sql, child, filter, None);
    sql.push(format_args!(" ORDER BY {key} DESC"));
    sql
}

/// The statement that yields the key of the last of the `skip` newest (at least one).
#[must_use]
pub fn place(child: i64, filter: &Filter, skip: u32) -> QueryBuilder<Sqlite> {
    let mut sql = keys(child, filter);
    sql.push(format_args!(" LIMIT 1 OFFSET {}", skip.saturating_sub(1)));
    sql
}

fn of_class(class: rules::Class) -> u32 {
    bits(StoreId::ALL.into_iter().filter(|store| store.class() == Some(class)))
}

fn bits(stores: impl IntoIterator<Item = StoreId>) -> u32 {
    stores.into_iter().collect::<rules::Stores>().bits()
}

/// A kind as the database writes it.
#[must_use]
pub const fn kind_name(kind: rules::Kind) -> &'static str {
    match kind {
        rules::Kind::Voice => "voice",
        rules::Kind::Video => "video",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_times_lie_beyond_every_recording_and_never_wrap() {
        let mut last = -1;
        for year in ["1960", "1970", "2026", "2248", "2249", "2530", "9999"] {
            let seq = first_seq(format!("{year}-06-01T00:00:00Z").parse().unwrap());
            assert!(seq >= last, "{year}");
            last = seq;
        }
        assert_eq!(captured_at(first_seq(Timestamp::from_ms(1_790_000_000_123))).ms(), 1_790_000_000_123);
    }
}
