//! Who was given what of a child's, as a parent is shown it: before an erasure, and beside what is held.

use std::collections::BTreeMap;

use rules::{Stores, contract::Recipient};
use sqlx::{SqliteConnection, SqlitePool, query_as};

use super::plan;

/// Whom an erasure would ask, and about how many recordings.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// Adds recordings, of which each would lose what is in these stores.
    pub async fn add(
        &mut self,
        db: &mut SqliteConnection,
        losing: impl Iterator<Item = (i64, Stores)>,
    ) -> sqlx::Result<()> {
        for given in plan::given(db, losing).await? {
            *self.0.entry(given.processor).or_default() += 1;
        }
        Ok(())
    }

    /// All of them, by name.
    pub async fn end(self, db: &mut SqliteConnection) -> sqlx::Result<Vec<Recipient>> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let about: BTreeMap<_, _> = super::registered(db).await?.into_iter().collect();
        let recipient = |(processor, recordings): (String, u64)| Recipient {
            about: about.get(&processor).cloned().unwrap_or_default(),
            processor,
            recordings,
        };
        Ok(self.0.into_iter().map(recipient).collect())
    }
}

/// By processor: the recordings of a child of which it has something, for all that we know.
const NOT_CONFIRMED: &str = "SELECT g.processor, coalesce(p.about, ''), count(*) FROM (
         SELECT processor, name FROM disclosure WHERE child = ?1 AND classes & ~confirmed <> 0
         UNION
         SELECT i.processor, i.name FROM processor_step s CROSS JOIN processor_item i
             ON i.erasure = s.erasure AND i.processor = s.processor AND i.child = s.child
         WHERE s.child = ?1 AND s.state <> 'completed') g
     LEFT JOIN processor p ON p.name = g.processor GROUP BY g.processor ORDER BY g.processor";

/// Who was given something of child number `child` and has not confirmed that nothing of it is left.
pub async fn of_child(db: &SqlitePool, child: i64) -> sqlx::Result<Vec<Recipient>> {
    let rows: Vec<(String, String, i64)> = query_as(NOT_CONFIRMED).bind(child).fetch_all(db).await?;
    let recipient = |(processor, about, recordings)| Recipient {
        processor,
        about,
        recordings: u64::try_from(recordings).unwrap_or(0),
    };
    Ok(rows.into_iter().map(recipient).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]
mod tests {
    use sqlx::{AssertSqlSafe, Row, query, sqlite::SqliteRow};

    use super::*;
    use crate::db::Db;

    #[tokio::test]
    async fn no_other_familys_requests_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("rows.db")).await.unwrap();
        let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {NOT_CONFIRMED}"));
        let plan = query(sql).bind(1_i64).map(|row: SqliteRow| row.get::<String, _>(3));
        let plan = plan.fetch_all(db.read()).await.unwrap();
        for by_child in ["disclosure_by_child (child=?)", "processor_step_open_by_child (child=?)"] {
            assert!(plan.iter().any(|line| line.ends_with(by_child)), "{plan:#?}");
        }
    }
}
