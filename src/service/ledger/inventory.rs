//! The published list of every store and processor: a new version is entered when it has changed.

use anyhow::Context;
use proof::{
    inventory::Inventory,
    leaf::{Kind, Leaf},
};
use rules::{StoreId, word::Class};
use sqlx::{query, query_as, query_scalar};

use super::enter_public;
use crate::{core::Core, processors};

/// Every store there is and every processor, as a version of the inventory.
fn current(version: u64, processors: &[(String, String)]) -> anyhow::Result<String> {
    // The keys are those of every class.
    let of_none = |store| if store == StoreId::Keys { "all" } else { "entry" };
    let class = |store: StoreId| store.class().map_or(of_none(store), Class::name);
    let stores = StoreId::ALL.into_iter().map(|store| (store.name().to_owned(), class(store).to_owned()));
    let inventory = Inventory { version, stores: stores.collect(), processors: processors.to_vec() };
    inventory.text().context("the inventory cannot be written")
}

/// Enters the inventory if it is not what was published last.
pub async fn publish(core: &Core) -> anyhow::Result<()> {
    let processors = processors::registered(&mut *core.db.read().acquire().await?).await?;
    // One process at a time opens the folder, so what is read here is still so below.
    let last: Option<(i64, String)> =
        query_as("SELECT version, body FROM inventory ORDER BY version DESC LIMIT 1")
            .fetch_optional(core.db.read())
            .await?;
    let version = match last {
        Some((version, body)) if body == current(version.cast_unsigned(), &processors)? => return Ok(()),
        Some((version, _)) => version + 1,
        None => 1,
    };
    let mut tx = core.db.write().await?;
    let body = current(version.cast_unsigned(), &processors)?;
    let place = enter_public(&mut tx, core, Kind::Inventory, &body).await?;
    query("INSERT INTO inventory (version, body, place) VALUES (?, ?, ?)")
        .bind(version)
        .bind(body)
        .bind(place)
        .execute(&mut *tx)
        .await?;
    tx.commit().await.context("cannot publish the inventory")
}

/// Makes known again the inventory with this entry, which was published and is not in the database. Its text may be
/// `known`. It is empty where it is not, and another version of this software published it, or one with other processors;
/// then the next one is published anew, under a number of its own.
pub(super) async fn bring_back(
    tx: &mut sqlx::SqliteConnection,
    leaf: &Leaf,
    place: i64,
    known: String,
) -> anyhow::Result<String> {
    let last: Option<i64> = query_scalar("SELECT max(version) FROM inventory").fetch_one(&mut *tx).await?;
    let version = last.unwrap_or(0) + 1;
    let processors = processors::registered(&mut *tx).await?;
    let text = [known, current(version.cast_unsigned(), &processors)?]
        .into_iter()
        .find(|text| Leaf::public(Kind::Inventory, text) == *leaf)
        .unwrap_or_default();
    query("INSERT INTO inventory (version, body, place) VALUES (?, ?, ?)")
        .bind(version)
        .bind(&text)
        .bind(place)
        .execute(tx)
        .await?;
    Ok(text)
}

/// The version that is in force.
pub async fn version(tx: &mut sqlx::SqliteConnection) -> sqlx::Result<i64> {
    query_scalar("SELECT max(version) FROM inventory").fetch_one(tx).await
}
