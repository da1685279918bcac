//! What an erasure means for what was made from recordings: which things it takes along, which datasets are
//! new snapshots without them, and which models had learned from them.

use std::collections::{BTreeMap, HashMap};

use proof::{Day, leaf::Kind, statement};
use rules::{
    ChildId, Date, ErasureId, StoreId, Stores, Timestamp,
    contract::ErasureModel,
    derived::{Consent, Made, MadeCount, ModelState, model_state},
    preview::Decision,
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, query, query_as, query_scalar, sqlite::SqliteRow};

use super::DeriveError;
use crate::{
    core::Core,
    erasure::plan::Found,
    ledger::{self, Log, body},
    session::id,
    store::{self, DERIVED, derived::ELSEWHERE},
    tombstone::{self, Mark},
};

/// The models (alias `m`) that learned from rows (`d`): those that came after the training taught it nothing.
const MODELS: &str =
    "SELECT DISTINCT d.child, m.number, m.name, m.retired_on, EXISTS (SELECT 1 FROM model_dataset o
        JOIN dataset c ON c.number = o.dataset WHERE o.model = m.number AND c.consent = 'none')";
const OF_ROWS: &str = "CROSS JOIN model_dataset md ON md.dataset = d.dataset
    CROSS JOIN model m ON m.number = md.model AND d.created_at <= m.trained_at";
/// The things (`d`) of a frozen plan.
const PLANNED: &str = "FROM erasure_item i
    CROSS JOIN derivation_source s ON s.seq = i.seq AND i.stores & (1 << s.store) <> 0
    CROSS JOIN derivation d ON d.number = s.derivation";
/// The things (`d`) of a page of a plan: a JSON array of places and stores.
const OF_PAGE: &str = "FROM json_each(?) i
    CROSS JOIN derivation_source s ON s.seq = i.value ->> 0 AND (i.value ->> 1) & (1 << s.store) <> 0
    CROSS JOIN derivation d ON d.number = s.derivation";

/// A model that learned from what is to go.
struct Learned {
    child: i64,
    model: i64,
    name: String,
    state: ModelState,
    day: Option<Date>,
}

impl Learned {
    fn said(self) -> ErasureModel {
        ErasureModel { name: self.name, outcome: self.state, day: self.day, because: None }
    }
}

fn learned(row: &SqliteRow, asked_at: Timestamp) -> sqlx::Result<Learned> {
    let consent = if row.try_get(4)? { Consent::None } else { Consent::Given };
    let (state, day) = match row.try_get::<Option<i64>, _>(3)? {
        Some(day) => (ModelState::Retired, Some(Date::from_days(day))),
        None => model_state(consent, asked_at),
    };
    Ok(Learned { child: row.try_get(0)?, model: row.try_get(1)?, name: row.try_get(2)?, state, day })
}

/// Writes down, in the transaction that accepts an erasure, which datasets and models it concerns.
pub async fn concern(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let erasure_id = erasure.to_string();
    let sql = format!(
        "INSERT INTO erasure_dataset (erasure, child, dataset) SELECT DISTINCT ?1, d.child, d.dataset
         {PLANNED} WHERE i.erasure = ?1 AND d.dataset IS NOT NULL"
    );
    query(sqlx::AssertSqlSafe(sql)).bind(&erasure_id).execute(&mut **tx).await?;
    let sql = format!("{MODELS} {PLANNED} {OF_ROWS} WHERE i.erasure = ?");
    for row in query(sqlx::AssertSqlSafe(sql)).bind(&erasure_id).fetch_all(&mut **tx).await? {
        write_down(tx, erasure, &learned(&row, now)?).await?;
    }
    Ok(())
}

/// A model was trained, from `since` on, with what its datasets had then. So whatever was asked to be erased
/// meanwhile may be in it: each such erasure is told of the model, now where it is done and else when it is.
pub async fn concern_model(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    model: i64,
    since: Timestamp,
) -> Result<(), DeriveError> {
    let sql = format!(
        "{MODELS}, e.id, e.requested_at, e.state = 'deleted' FROM model m
         CROSS JOIN model_dataset md ON md.model = m.number CROSS JOIN erasure_dataset d ON d.dataset = md.dataset
         CROSS JOIN erasure e ON e.id = d.erasure
         WHERE m.number = ? AND e.requested_at >= ? AND e.state <> 'cancelled'"
    );
    let rows = query(sqlx::AssertSqlSafe(sql)).bind(model).bind(since.ms()).fetch_all(&mut **tx).await?;
    let now = core.clock.now();
    for row in rows {
        let learned = learned(&row, Timestamp::from_ms(row.try_get(6)?))?;
        let erasure: ErasureId = id(&row.try_get::<String, _>(5)?)?;
        if write_down(tx, erasure, &learned).await? && row.try_get(7)? {
            let (child, model) = (learned.child, learned.said());
            ledger::enter(tx, core, child, Kind::Model, |_| body::model(now, erasure, &model)).await?;
        }
    }
    Ok(())
}

/// Returns whether it was not known yet.
async fn write_down(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    learned: &Learned,
) -> sqlx::Result<bool> {
    let added = query(
        "INSERT OR IGNORE INTO erasure_model (erasure, child, model, outcome, day) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(erasure.to_string())
    .bind(learned.child)
    .bind(learned.model)
    .bind(learned.state.word())
    .bind(learned.day.map(Date::days))
    .execute(&mut **tx)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Buries the vendor's names of the things that go with a page of a plan.
pub async fn bury(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    child: ChildId,
    found: &[Found],
) -> sqlx::Result<()> {
    let Some(page) = page(found) else { return Ok(()) };
    let sql = format!("SELECT DISTINCT d.reference {OF_PAGE} WHERE d.reference IS NOT NULL");
    let names: Vec<String> = query_scalar(sqlx::AssertSqlSafe(sql)).bind(page).fetch_all(&mut **tx).await?;
    let marks: Vec<Mark> = names.iter().map(|name| core.tombstones.mark_of_thing(child, name)).collect();
    tombstone::bury_marks(tx, Some(erasure), &marks).await
}

/// The recordings of a page of a plan with the stores by whose erasure things go, as JSON; none if there are none.
fn page(found: &[Found]) -> Option<String> {
    let derived: Stores = DERIVED.into_iter().collect();
    let page: Vec<(i64, u32)> = found
        .iter()
        .filter_map(|found| match found.decision {
            Decision::Erase { from, .. } => Some((found.seq, from.and(derived).bits())),
            Decision::Kept { .. } | Decision::Nothing => None,
        })
        .filter(|(_, stores)| *stores != 0)
        .collect();
    (!page.is_empty()).then(|| serde_json::json!(page).to_string())
}

/// The erasure is taken back, and what it took out of use is in use again; but not what another one has
/// erased meanwhile, because it was made from something else as well.
pub async fn take_back(tx: &mut Transaction<'_, Sqlite>, erasure: ErasureId) -> sqlx::Result<()> {
    let seqs: String = query_scalar("SELECT json_group_array(seq) FROM erasure_item WHERE erasure = ?")
        .bind(erasure.to_string())
        .fetch_one(&mut **tx)
        .await?;
    store::derived::settle(tx, &seqs).await?;
    for sql in
        ["DELETE FROM erasure_dataset WHERE erasure = ?", "DELETE FROM erasure_model WHERE erasure = ?"]
    {
        query(sql).bind(erasure.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}

/// What a preview says of what was made from the recordings that it counts.
#[derive(Default)]
pub struct Tally {
    counts: BTreeMap<StoreId, (u64, u64)>,
    /// Things made from several recordings: how many of these, and how many were met.
    several: HashMap<(StoreId, i64), (i64, i64)>,
    models: BTreeMap<String, Learned>,
}

impl Tally {
    /// Adds a page of a plan.
    pub async fn add(
        &mut self,
        db: &mut SqliteConnection,
        found: &[Found],
        now: Timestamp,
    ) -> sqlx::Result<()> {
        let Some(page) = page(found) else { return Ok(()) };
        let sql = format!(
            "SELECT d.number, d.kind, {ELSEWHERE}, count(DISTINCT s.seq),
                 (SELECT count(DISTINCT o.seq) FROM derivation_source o WHERE o.derivation = d.number)
             {OF_PAGE} GROUP BY d.number"
        );
        for row in query(sqlx::AssertSqlSafe(sql)).bind(&page).fetch_all(&mut *db).await? {
            let store = lives_in(&row.try_get::<String, _>(1)?, row.try_get(2)?)?;
            let (met, of): (i64, i64) = (row.try_get(3)?, row.try_get(4)?);
            if of == 1 {
                self.counts.entry(store).or_default().0 += 1;
            } else {
                self.several.entry((store, row.try_get(0)?)).or_insert((of, 0)).1 += met;
            }
        }
        let sql = format!("{MODELS} {OF_PAGE} {OF_ROWS}");
        for row in query(sqlx::AssertSqlSafe(sql)).bind(&page).fetch_all(db).await? {
            let learned = learned(&row, now)?;
            self.models.insert(learned.name.clone(), learned);
        }
        Ok(())
    }

    /// The counts, store by store, and the models by name.
    #[must_use]
    pub fn end(self) -> (Vec<MadeCount>, Vec<ErasureModel>) {
        let mut counts = self.counts;
        for ((store, _), (of, met)) in self.several {
            let count = counts.entry(store).or_default();
            count.0 += 1;
            count.1 += u64::from(met < of);
        }
        let counts = counts.into_iter().map(|(store, (things, shared))| MadeCount { store, things, shared });
        (counts.collect(), self.models.into_values().map(Learned::said).collect())
    }
}

/// The store that a thing is counted in, by whichever it goes: that of its kind, or that of places where it was made
/// from places alone.
fn lives_in(kind: &str, elsewhere: bool) -> sqlx::Result<StoreId> {
    if !elsewhere {
        return Ok(StoreId::FromLocation);
    }
    let made = Made::ALL.into_iter().find(|made| made.name() == kind);
    made.map(Made::store).ok_or_else(|| sqlx::Error::Decode(format!("no kind is called {kind}").into()))
}

/// The models that an erasure concerns, and what became of each.
pub async fn models(core: &Core, erasure: ErasureId) -> sqlx::Result<Vec<ErasureModel>> {
    let rows = query(
        "SELECT DISTINCT m.name, e.outcome, e.day, e.because FROM erasure_model e JOIN model m ON m.number = e.model
         WHERE e.erasure = ? ORDER BY m.name",
    )
    .bind(erasure.to_string())
    .fetch_all(core.db.read())
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> sqlx::Result<ErasureModel> {
    let word: String = row.try_get(1)?;
    let outcome = ModelState::ALL.into_iter().find(|state| state.word() == word);
    Ok(ErasureModel {
        name: row.try_get(0)?,
        outcome: outcome.ok_or_else(|| sqlx::Error::Decode(format!("no outcome is called {word}").into()))?,
        day: row.try_get::<Option<i64>, _>(2)?.map(Date::from_days),
        because: row.try_get(3)?,
    })
}

/// The models that an erasure concerns as far as it is about one child.
async fn of_child(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    child: i64,
) -> sqlx::Result<Vec<ErasureModel>> {
    let rows = query(
        "SELECT m.name, e.outcome, e.day, e.because FROM erasure_model e JOIN model m ON m.number = e.model
         WHERE e.erasure = ? AND e.child = ? ORDER BY m.name",
    )
    .bind(erasure.to_string())
    .bind(child)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(read).collect()
}

/// The same as a statement names them.
pub async fn stated(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    child: i64,
) -> sqlx::Result<Vec<statement::Model>> {
    let models = of_child(tx, erasure, child).await?.into_iter().map(|model| statement::Model {
        on: model.day.and_then(|day| u32::try_from(day.days()).ok()).map(Day),
        outcome: model.outcome.word().to_owned(),
        id: model.name,
    });
    Ok(models.collect())
}

/// Enters, when an erasure is done, what it meant: each dataset that is another snapshot now, each model with
/// what becomes of it.
pub async fn tell(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    log: &mut Log,
    erasure: ErasureId,
    child: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    let datasets: Vec<(String, i64)> = query_as(
        "SELECT d.id, d.version FROM erasure_dataset e JOIN dataset d ON d.number = e.dataset
         WHERE e.erasure = ? AND e.child = ? ORDER BY d.number",
    )
    .bind(erasure.to_string())
    .bind(child)
    .fetch_all(&mut **tx)
    .await?;
    let models = of_child(tx, erasure, child).await?;
    let rebuilt = datasets
        .iter()
        .map(|(dataset, version)| (Kind::Derive, body::rebuilt(&log.key, now, dataset, *version)));
    let models = models.iter().map(|model| (Kind::Model, body::model(now, erasure, model)));
    let entries: Vec<_> = rebuilt.chain(models).collect();
    log.enter_all(tx, core, &entries).await
}
