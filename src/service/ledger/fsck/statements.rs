//! What receipts say of stores: only what was done.

use std::collections::HashSet;

use proof::statement::{Ended, Statement};
use sqlx::query_as;

use super::Look;

/// Statements looked at in one go: bounds memory.
const PAGE: i64 = 1000;

impl Look {
    /// That each store which a statement says was emptied was read again and found empty.
    pub(super) async fn statements(&mut self) -> anyhow::Result<()> {
        let mut after = -1;
        loop {
            // What an entry said that came back from the public files, nobody knows.
            let page: Vec<(i64, String, String)> = query_as(
                "SELECT c.place, c.erasure, l.body FROM erasure_child c JOIN ledger_entry l ON l.place = c.place
                 WHERE c.place > ? AND NOT l.lost ORDER BY c.place LIMIT ?",
            )
            .bind(after)
            .bind(PAGE)
            .fetch_all(self.db.read())
            .await?;
            let Some((last, ..)) = page.last() else { return Ok(()) };
            after = *last;
            let erasures: Vec<&str> = page.iter().map(|(_, erasure, _)| erasure.as_str()).collect();
            let read_again: Vec<(String, String)> = query_as(
                "SELECT s.erasure, s.store FROM json_each(?) j CROSS JOIN erasure_step s ON s.erasure = j.value
                 WHERE s.verified_at IS NOT NULL",
            )
            .bind(serde_json::json!(erasures).to_string())
            .fetch_all(self.db.read())
            .await?;
            let read_again: HashSet<(String, String)> = read_again.into_iter().collect();
            for (place, erasure, body) in page {
                // One that is none is no entry of its chain either.
                let Ok(statement) = Statement::parse(&body) else { continue };
                for store in statement.stores.into_iter().filter(|store| store.ended != Ended::None) {
                    if !read_again.contains(&(erasure.clone(), store.name.clone())) {
                        self.fault(format!(
                            "entry {place}: its statement says that {} was emptied, which nobody looked for",
                            store.name
                        ));
                    }
                }
            }
        }
    }
}
