//! Datasets: rows made from recordings of many children, and given out again only while each may be used.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proof::leaf::Kind;
use rules::{
    ChildId, DatasetId, DerivationId, RecordingId,
    contract::{Dataset, DerivationCreated, NewDataset, Source},
    derived::{Consent, MAX_ROWS, Made, is_name},
};
use serde::Serialize;
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};

use super::{
    Arriving, DeriveError, Lineage, Thing, USABLE, check_content, check_moment, insert, new_id,
    refuse_leaving, refuse_overtaken, use_recording,
};
use crate::{
    core::Core,
    ledger::{self, body},
    reading,
    session::id,
};

/// A dataset, or more rows of one that is there: all of them or none.
pub(super) async fn put(core: &Core, new: &NewDataset) -> Result<DerivationCreated, DeriveError> {
    if !is_name(&new.name) {
        return Err(DeriveError::Invalid("name is one word of 1 to 100 visible ASCII characters"));
    }
    if !(1..=MAX_ROWS).contains(&new.rows.len()) {
        return Err(DeriveError::Invalid("send 1 to 1000 rows in one call"));
    }
    let ids: Vec<DerivationId> = new.rows.iter().map(|_| new_id(core)).collect();
    // Rows that are refused, or there already, need no key.
    let mut looking = core.db.read().begin().await?;
    let there = find(&mut looking, new).await?;
    let planned = plan(&mut looking, core, new, &ids, there.map(|(number, _)| number)).await?;
    drop(looking);
    let wanted = planned.iter().map(|thing| (thing.child.1, thing.id)).collect();
    let arriving = Arriving::begin(core, wanted).await?;
    let (done, came) = match write(core, new, &ids, &arriving).await {
        Ok((done, came)) => (Ok(done), came),
        Err(error) => (Err(error), Vec::new()),
    };
    arriving.end(core, &came).await;
    done
}

async fn write(
    core: &Core,
    new: &NewDataset,
    ids: &[DerivationId],
    arriving: &Arriving,
) -> Result<(DerivationCreated, Vec<DerivationId>), DeriveError> {
    let mut tx = core.db.write().await?;
    let (number, dataset) = match find(&mut tx, new).await? {
        Some(there) => there,
        None => make(&mut tx, core, new).await?,
    };
    // Once more, under the lock: something may have been deleted meanwhile, or come from elsewhere.
    let things = plan(&mut tx, core, new, ids, Some(number)).await?;
    // Child by child what came from it, for the ledger.
    let mut from: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for thing in &things {
        let recordings = thing.lineage.values().map(|(recording, _)| recording.as_str());
        from.entry(thing.child.0).or_default().extend(recordings);
    }
    if !things.is_empty() {
        query("UPDATE dataset SET version = version + 1 WHERE number = ?")
            .bind(number)
            .execute(&mut *tx)
            .await?;
    }
    insert(&mut tx, core, &things, arriving).await?;
    let now = core.clock.now();
    for (child, recordings) in &from {
        let from = recordings.iter().copied();
        ledger::enter(&mut tx, core, *child, Kind::Derive, |key| {
            body::derive(key, now, "dataset", &dataset, from)
        })
        .await?;
    }
    tx.commit().await?;
    let came = things.iter().map(|thing| thing.id).collect();
    Ok((DerivationCreated { id: dataset, already_there: things.is_empty() }, came))
}

/// The rows that are not in the dataset yet, if there is one. Decides, and writes nothing.
async fn plan<'a>(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    new: &'a NewDataset,
    ids: &[DerivationId],
    dataset: Option<i64>,
) -> Result<Vec<Thing<'a>>, DeriveError> {
    check_moment(core, new.made_at)?;
    let mut things: Vec<Thing<'_>> = Vec::with_capacity(new.rows.len());
    let mut handed_in = HashSet::with_capacity(new.rows.len());
    let mut children = BTreeSet::new();
    for (row, thing) in new.rows.iter().zip(ids) {
        check_content(&row.content)?;
        if !handed_in.insert(row.recording) {
            continue;
        }
        let there: bool = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM recording r CROSS JOIN derivation_source s ON s.seq = r.seq
                 CROSS JOIN derivation d ON d.number = s.derivation WHERE r.id = ? AND d.dataset = ?)",
        )
        .bind(row.recording.to_string())
        .bind(dataset)
        .fetch_one(&mut **tx)
        .await?;
        if there {
            continue;
        }
        let mut lineage = Lineage::new();
        let source = Source { recording: row.recording, from: row.from.clone() };
        let child = use_recording(tx, core, Made::Row, &source, &mut lineage).await?;
        refuse_leaving(tx, &lineage).await?;
        children.insert(child.0);
        things.push(Thing {
            id: *thing,
            child,
            made: Made::Row,
            content: &row.content,
            dataset,
            reference: None,
            made_at: new.made_at,
            lineage,
        });
    }
    for child in children {
        refuse_overtaken(tx, child, new.made_at).await?;
    }
    Ok(things)
}

/// The dataset of this name.
async fn find(
    tx: &mut Transaction<'_, Sqlite>,
    new: &NewDataset,
) -> Result<Option<(i64, String)>, DeriveError> {
    let there: Option<(i64, String, String)> =
        query_as("SELECT number, id, consent FROM dataset WHERE name = ?")
            .bind(&new.name)
            .fetch_optional(&mut **tx)
            .await?;
    match there {
        // What was agreed to is not changed behind the back of those who are in it.
        Some((_, _, consent)) if consent != new.consent.name() => Err(DeriveError::NameTaken),
        there => Ok(there.map(|(number, id, _)| (number, id))),
    }
}

async fn make(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    new: &NewDataset,
) -> sqlx::Result<(i64, String)> {
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
    /// Rows that were to be given out and cannot be read.
    lost: u64,
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
        Ok(Self { dataset, after: 0, lost: 0, last })
    }

    /// The next row; none after the last. Where some could not be read the export ends with an error, so that nobody
    /// takes it for whole.
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
            let Some(row) = row else {
                if self.lost == 0 {
                    return Ok(None);
                }
                tracing::error!(dataset = self.dataset, rows = self.lost, "an export is not whole");
                return Err(DeriveError::NotWhole(self.lost));
            };
            self.after = row.try_get(0)?;
            let (thing, child): (DerivationId, ChildId) = (id(row.try_get(3)?)?, id(row.try_get(4)?)?);
            let mut reading = reading::Things::of(&core.keys, child, &[thing]).await?;
            let content = reading.open(thing, row.try_get(1)?);
            // One whose key is gone was deleted a moment ago, or it is lost.
            let lost = reading.end(&core.db).await?;
            match content {
                Some(content) => return Ok(Some(ExportedRow { recording: id(row.try_get(2)?)?, content })),
                None if lost => self.lost += 1,
                None => {}
            }
        }
    }
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
