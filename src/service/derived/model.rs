//! Models: which datasets each was trained with, and what its operator says became of it.

use proof::leaf::Kind;
use rules::{
    DatasetId, Date, ErasureId, ModelId, Timestamp,
    contract::{DerivationCreated, ErasureModel, Model, ModelOutcome, Models, NewModel},
    derived::{Consent, MAX_SOURCES, ModelState, is_name, is_overdue},
};
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};

use super::{DeriveError, check_moment, erased::concern_model};
use crate::{
    core::Core,
    ledger::{self, body},
    session::id,
};

/// The longest reason, in characters.
const REASON_CHARS: usize = 500;

/// A model, by its name; entered for each child that is in its datasets.
pub(super) async fn put(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    new: &NewModel,
) -> Result<DerivationCreated, DeriveError> {
    if !is_name(&new.name) {
        return Err(DeriveError::Invalid("name is one word of 1 to 100 visible ASCII characters"));
    }
    if !(1..=MAX_SOURCES).contains(&new.datasets.len()) {
        return Err(DeriveError::Invalid("name 1 to 100 datasets"));
    }
    check_moment(core, new.made_at)?;
    let mut datasets = Vec::with_capacity(new.datasets.len());
    for dataset in &new.datasets {
        datasets.push(number_of(tx, *dataset).await?);
    }
    datasets.sort_unstable();
    datasets.dedup();
    let there: Option<(i64, String, i64, bool)> =
        query_as("SELECT number, id, made_at, retired_on IS NOT NULL FROM model WHERE name = ?")
            .bind(&new.name)
            .fetch_optional(&mut **tx)
            .await?;
    if let Some((number, id, made_at, retired)) = there {
        let known: Vec<i64> =
            query_scalar("SELECT dataset FROM model_dataset WHERE model = ? ORDER BY dataset")
                .bind(number)
                .fetch_all(&mut **tx)
                .await?;
        if known != datasets {
            return Err(DeriveError::NameTaken);
        }
        let anew = new.made_at.ms() > made_at;
        if anew && retired {
            return Err(DeriveError::Invalid(
                "a model that was retired comes back by its outcome: retrained",
            ));
        }
        if anew {
            query("UPDATE model SET trained_at = ?, made_at = ? WHERE number = ?")
                .bind(core.clock.now().ms())
                .bind(new.made_at.ms())
                .bind(number)
                .execute(&mut **tx)
                .await?;
            trained_with(tx, core, number, &id, &datasets).await?;
            concern_model(tx, core, number, new.made_at).await?;
        }
        return Ok(DerivationCreated { id, already_there: !anew });
    }
    let (ms, random) = core.id_parts();
    let id = ModelId::from_parts(ms, random).to_string();
    let model = query("INSERT INTO model (id, name, trained_at, made_at) VALUES (?, ?, ?, ?)")
        .bind(&id)
        .bind(&new.name)
        .bind(core.clock.now().ms())
        .bind(new.made_at.ms())
        .execute(&mut **tx)
        .await?
        .last_insert_rowid();
    trained_with(tx, core, model, &id, &datasets).await?;
    concern_model(tx, core, model, new.made_at).await?;
    Ok(DerivationCreated { id, already_there: false })
}

async fn number_of(tx: &mut Transaction<'_, Sqlite>, dataset: DatasetId) -> Result<i64, DeriveError> {
    query_scalar("SELECT number FROM dataset WHERE id = ?")
        .bind(dataset.to_string())
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(DeriveError::NotFound)
}

/// Writes down with which datasets a model was trained, and enters it for each child whose rows they have.
async fn trained_with(
    tx: &mut Transaction<'_, Sqlite>,
    core: &Core,
    model: i64,
    id: &str,
    datasets: &[i64],
) -> sqlx::Result<()> {
    query("DELETE FROM model_dataset WHERE model = ?").bind(model).execute(&mut **tx).await?;
    for dataset in datasets {
        query("INSERT INTO model_dataset (model, dataset) VALUES (?, ?)")
            .bind(model)
            .bind(dataset)
            .execute(&mut **tx)
            .await?;
    }
    let of: Vec<(i64, String)> = query_as(
        "SELECT DISTINCT d.child, s.id FROM model_dataset md JOIN derivation d ON d.dataset = md.dataset
         JOIN dataset s ON s.number = md.dataset WHERE md.model = ? ORDER BY d.child",
    )
    .bind(model)
    .fetch_all(&mut **tx)
    .await?;
    let now = core.clock.now();
    for of_child in of.chunk_by(|(one, _), (other, _)| one == other) {
        let from = of_child.iter().map(|(_, dataset)| dataset.as_str());
        ledger::enter(tx, core, of_child[0].0, Kind::Derive, |key| body::derive(key, now, "model", id, from))
            .await?;
    }
    Ok(())
}

/// Takes down what became of a model, and enters it for each child concerned.
pub async fn outcome(core: &Core, model: ModelId, said: &ModelOutcome) -> Result<Model, DeriveError> {
    let mut tx = core.db.write().await?;
    let number: Option<i64> = query_scalar("SELECT number FROM model WHERE id = ?")
        .bind(model.to_string())
        .fetch_optional(&mut *tx)
        .await?;
    let number = number.ok_or(DeriveError::NotFound)?;
    let now = core.clock.now();
    let (state, because) = match said {
        ModelOutcome::Retired {} => {
            query("UPDATE model SET retired_on = ? WHERE id = ? AND retired_on IS NULL")
                .bind(now.date().days())
                .bind(model.to_string())
                .execute(&mut *tx)
                .await?;
            (ModelState::Retired, None)
        }
        ModelOutcome::Retrained { dataset, made_at } => {
            check_moment(core, *made_at)?;
            let dataset = may_train(&mut tx, number, *dataset, *made_at).await?;
            query("UPDATE model SET trained_at = ?, made_at = ?, retired_on = NULL WHERE id = ?")
                .bind(now.ms())
                .bind(made_at.ms())
                .bind(model.to_string())
                .execute(&mut *tx)
                .await?;
            trained_with(&mut tx, core, number, &model.to_string(), &[dataset]).await?;
            (ModelState::Retrained, None)
        }
        ModelOutcome::Cannot { reason } => {
            let reason = reason.trim();
            let fits = (1..=REASON_CHARS).contains(&reason.chars().count());
            if !fits || reason.chars().any(char::is_control) {
                return Err(DeriveError::Invalid("reason has 1 to 500 characters on one line"));
            }
            (ModelState::KeptBecause, Some(reason))
        }
    };
    // What is retired, or trained anew, is so for every erasure. A reason is for those that wait for one: what was left
    // out of the next build needs none.
    let changed: Vec<(String, i64)> = query_as(
        "UPDATE erasure_model SET outcome = ?1, day = ?2, because = ?3
         WHERE model = ?4 AND (?5 OR outcome IN (?6, ?1)) AND (outcome <> ?1 OR because IS NOT ?3)
         RETURNING erasure, child",
    )
    .bind(state.word())
    .bind(now.date().days())
    .bind(because)
    .bind(number)
    .bind(state != ModelState::KeptBecause)
    .bind(ModelState::RetireOrRetrainBy.word())
    .fetch_all(&mut *tx)
    .await?;
    if changed.is_empty() && state == ModelState::KeptBecause && !is_concerned(&mut tx, number).await? {
        return Err(DeriveError::NotConcerned);
    }
    let name: String =
        query_scalar("SELECT name FROM model WHERE number = ?").bind(number).fetch_one(&mut *tx).await?;
    let said =
        ErasureModel { name, outcome: state, day: Some(now.date()), because: because.map(ToOwned::to_owned) };
    for (erasure, child) in changed {
        let erasure: ErasureId = id(&erasure)?;
        ledger::enter(&mut tx, core, child, Kind::Model, |_| body::model(now, erasure, &said)).await?;
    }
    tx.commit().await?;
    let models = list(core).await?.items.into_iter();
    models.into_iter().find(|known| known.id == model).ok_or(DeriveError::NotFound)
}

/// Whether any erasure waits for a word on the model, or has got one.
async fn is_concerned(tx: &mut Transaction<'_, Sqlite>, model: i64) -> sqlx::Result<bool> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM erasure_model WHERE model = ? AND outcome = ?)")
        .bind(model)
        .bind(ModelState::KeptBecause.word())
        .fetch_one(&mut **tx)
        .await
}

/// The number of a dataset with which a model may be said to be trained anew: made with consent, without
/// anything of the erasures that concern the model, and nothing was asked to be taken out of it since `made_at`.
async fn may_train(
    tx: &mut Transaction<'_, Sqlite>,
    model: i64,
    dataset: DatasetId,
    made_at: Timestamp,
) -> Result<i64, DeriveError> {
    let number = number_of(tx, dataset).await?;
    let (consent, rebuilt, untouched): (bool, bool, bool) = query_as(
        "SELECT consent = ?2, NOT EXISTS (SELECT 1 FROM erasure_model m
             JOIN erasure_dataset d ON d.erasure = m.erasure AND d.dataset = ?1
             JOIN erasure e ON e.id = m.erasure AND e.state <> 'deleted' WHERE m.model = ?3),
         NOT EXISTS (SELECT 1 FROM erasure_dataset d JOIN erasure e ON e.id = d.erasure
             WHERE d.dataset = ?1 AND e.requested_at >= ?4 AND e.state <> 'cancelled')
         FROM dataset WHERE number = ?1",
    )
    .bind(number)
    .bind(Consent::Given.name())
    .bind(model)
    .bind(made_at.ms())
    .fetch_one(&mut **tx)
    .await?;
    match (consent, rebuilt, untouched) {
        (true, true, true) => Ok(number),
        (false, ..) => Err(DeriveError::NoConsent),
        (true, false, _) => Err(DeriveError::NotRebuilt),
        (true, true, false) => Err(DeriveError::Overtaken),
    }
}

/// All models, by name.
pub async fn list(core: &Core) -> Result<Models, DeriveError> {
    let today = core.clock.now().date();
    let rows = query(
        "SELECT id, name, (SELECT count(DISTINCT erasure) FROM erasure_model e WHERE e.model = model.number),
             (SELECT min(day) FROM erasure_model e WHERE e.model = model.number AND e.outcome = ?),
             (SELECT json_group_array(id) FROM (SELECT d.id FROM model_dataset md JOIN dataset d ON d.number = md.dataset
                  WHERE md.model = model.number ORDER BY d.number))
         FROM model ORDER BY name",
    )
    .bind(ModelState::RetireOrRetrainBy.word())
    .fetch_all(core.db.read())
    .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let datasets = serde_json::from_str(&row.try_get::<String, _>(4)?);
        let due = row.try_get::<Option<i64>, _>(3)?.map(Date::from_days);
        items.push(Model {
            id: id(&row.try_get::<String, _>(0)?)?,
            name: row.try_get(1)?,
            datasets: datasets.map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            erasures: u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0),
            due,
            overdue: is_overdue(ModelState::RetireOrRetrainBy, due, today),
        });
    }
    Ok(Models { items })
}

/// Says in the log which models are past their day.
pub async fn warn_overdue(core: &Core) -> anyhow::Result<()> {
    for model in list(core).await?.items.into_iter().filter(|model| model.overdue) {
        let due = model.due.map(|due| due.to_string()).unwrap_or_default();
        tracing::warn!(
            model = model.name,
            due,
            "a model is past the day by which it was to be retired or retrained"
        );
    }
    Ok(())
}
