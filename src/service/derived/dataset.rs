//! Datasets: rows made from recordings of many children, and given out again only while each may be used.

use std::collections::HashSet;

use proof::leaf::Kind;
use rules::{
    ChildId, DatasetId, DerivationId, RecordingId,
    contract::{Dataset, DerivationCreated, NewDataset, Source},
    derived::{Consent, MAX_ROWS, Made, is_name},
};
use serde::Serialize;
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};

use super::{
    DeriveError, Lineage, Thing, USABLE, check_content, check_moment, insert, new_id, refuse_overtaken,
    use_recording, view,
};
use crate::{
    core::Core,
    keys::KeyError,
    ledger::{self, body},
    session::{self, id},
};

/// A dataset, or more rows of one that is there: all of them or none.
pub(super) async fn put(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    new: &NewDataset,
) -> Result<DerivationCreated, DeriveError> {
    if !is_name(&new.name) {
        return Err(DeriveError::Invalid("name is one word of 1 to 100 visible ASCII characters"));
    }
    if !(1..=MAX_ROWS).contains(&new.rows.len()) {
        return Err(DeriveError::Invalid("send 1 to 1000 rows in one call"));
    }
    check_moment(core, new.made_at)?;
    let (number, dataset) = find_or_make(tx, core, new).await?;
    // Child by child what came from it, for the ledger.
    let mut from: Vec<(i64, Vec<String>)> = Vec::new();
    let mut things: Vec<Thing<'_>> = Vec::with_capacity(new.rows.len());
    let mut handed_in = HashSet::with_capacity(new.rows.len());
    for row in &new.rows {
        check_content(&row.content)?;
        if !handed_in.insert(row.recording) {
            continue;
        }
        let there: bool = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM recording r CROSS JOIN derivation_source s ON s.seq = r.seq
                 CROSS JOIN derivation d ON d.number = s.derivation WHERE r.id = ? AND d.dataset = ?)",
        )
        .bind(row.recording.to_string())
        .bind(number)
        .fetch_one(&mut **tx)
        .await?;
        if there {
            continue;
        }
        let mut lineage = Lineage::new();
        let source = Source { recording: row.recording, from: row.from.clone() };
        let child = use_recording(tx, core, Made::Row, &source, &mut lineage).await?;
        let id: String =
            query_scalar("SELECT id FROM child WHERE number = ?").bind(child).fetch_one(&mut **tx).await?;
        things.push(Thing {
            id: new_id(core),
            child: (child, session::id(&id)?),
            made: Made::Row,
            content: &row.content,
            dataset: Some(number),
            reference: None,
            made_at: new.made_at,
            lineage,
        });
        let recording = row.recording.to_string();
        match from.iter_mut().find(|(known, _)| *known == child) {
            Some((_, recordings)) => recordings.push(recording),
            None => from.push((child, vec![recording])),
        }
    }
    if !from.is_empty() {
        query("UPDATE dataset SET version = version + 1 WHERE number = ?")
            .bind(number)
            .execute(&mut **tx)
            .await?;
    }
    for (child, _) in &from {
        refuse_overtaken(tx, *child, new.made_at).await?;
    }
    insert(tx, core, &things).await?;
    let now = core.clock.now();
    for (child, recordings) in &from {
        let from = recordings.iter().map(String::as_str);
        ledger::enter(tx, core, *child, Kind::Derive, |key| {
            body::derive(key, now, "dataset", &dataset, from)
        })
        .await?;
    }
    Ok(DerivationCreated { id: dataset, already_there: from.is_empty() })
}

async fn find_or_make(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    new: &NewDataset,
) -> Result<(i64, String), DeriveError> {
    let there: Option<(i64, String, String)> =
        query_as("SELECT number, id, consent FROM dataset WHERE name = ?")
            .bind(&new.name)
            .fetch_optional(&mut **tx)
            .await?;
    if let Some((number, id, consent)) = there {
        // What was agreed to is not changed behind the back of those who are in it.
        return if consent == new.consent.name() { Ok((number, id)) } else { Err(DeriveError::NameTaken) };
    }
    let (ms, random) = core.id_parts();
    let id = DatasetId::from_parts(ms, random).to_string();
    let number = query("INSERT INTO dataset (id, name, consent, version, created_at) VALUES (?, ?, ?, 0, ?)")
        .bind(&id)
        .bind(&new.name)
        .bind(new.consent.name())
        .bind(core.clock.now().ms())
        .execute(&mut **tx)
        .await?
        .last_insert_rowid();
    Ok((number, id))
}

/// SQL that holds where a row (alias `d`) was not made from the very bytes of something deleted. With [`USABLE`] it
/// says what is given out.
const UNLIKE_DELETED: &str =
    "NOT EXISTS (SELECT 1 FROM derivation_source o CROSS JOIN recording b ON b.seq = o.seq
    CROSS JOIN tombstone t ON t.hash IN (b.content, b.identity) WHERE o.derivation = d.number)";

/// A dataset as it is now.
pub async fn get(core: &Core, dataset: DatasetId) -> Result<Dataset, DeriveError> {
    let sql = format!(
        "SELECT number, name, consent, version, (SELECT count(*) FROM derivation d WHERE d.dataset = dataset.number
             AND {USABLE} AND {UNLIKE_DELETED})
         FROM dataset WHERE id = ?"
    );
    let row = query(sqlx::AssertSqlSafe(sql))
        .bind(dataset.to_string())
        .fetch_optional(core.db.read())
        .await?
        .ok_or(DeriveError::NotFound)?;
    let consent: String = row.try_get(2)?;
    Ok(Dataset {
        id: dataset,
        name: row.try_get(1)?,
        consent: if consent == Consent::Given.name() { Consent::Given } else { Consent::None },
        version: unsigned(row.try_get(3)?),
        rows: unsigned(row.try_get(4)?),
    })
}

/// A row that is given out.
#[derive(Debug, Serialize)]
pub struct ExportedRow {
    /// The recording it was made from.
    pub recording: RecordingId,
    /// As it was handed in.
    pub content: String,
}

/// An export: one row after the other, each looked for at the moment it goes out. So what is sealed while
/// an export runs is not in the rest of it.
#[derive(Debug)]
pub struct Export {
    dataset: i64,
    after: i64,
    /// Rows that come meanwhile are another snapshot's.
    last: i64,
}

impl Export {
    /// Of a dataset as it is now.
    pub async fn of(core: &Core, dataset: DatasetId) -> Result<Self, DeriveError> {
        let row: Option<(i64, i64)> = query_as(
            "SELECT number, (SELECT coalesce(max(number), 0) FROM derivation d WHERE d.dataset = dataset.number)
             FROM dataset WHERE id = ?",
        )
        .bind(dataset.to_string())
        .fetch_optional(core.db.read())
        .await?;
        let (dataset, last) = row.ok_or(DeriveError::NotFound)?;
        Ok(Self { dataset, after: 0, last })
    }

    /// The next row; none after the last.
    pub async fn next(&mut self, core: &Core) -> Result<Option<ExportedRow>, DeriveError> {
        let sql = format!(
            "SELECT d.number, d.sealed, r.id, d.id, c.id FROM derivation d
             CROSS JOIN derivation_source s ON s.derivation = d.number CROSS JOIN recording r ON r.seq = s.seq
             CROSS JOIN child c ON c.number = d.child WHERE d.dataset = ? AND d.number > ? AND d.number <= ? AND {USABLE} AND {UNLIKE_DELETED}
             ORDER BY d.number LIMIT 1"
        );
        loop {
            let row = query(sqlx::AssertSqlSafe(&*sql))
                .bind(self.dataset)
                .bind(self.after)
                .bind(self.last)
                .fetch_optional(core.db.read())
                .await?;
            let Some(row) = row else { return Ok(None) };
            self.after = row.try_get(0)?;
            let (thing, child): (DerivationId, ChildId) = (id(row.try_get(3)?)?, id(row.try_get(4)?)?);
            // One whose key is gone was deleted a moment ago.
            let Some(key) = core.keys.of_things(child, &[thing]).await?.remove(&thing) else { continue };
            let content = view::text(&key, row.try_get(1)?).ok_or(KeyError::Damaged)?;
            return Ok(Some(ExportedRow { recording: id(row.try_get(2)?)?, content }));
        }
    }
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
