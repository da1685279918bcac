//! The published list of every store: a new version is entered when it has changed.

use anyhow::Context;
use proof::{inventory::Inventory, leaf::Kind};
use rules::{StoreId, word::Class};
use sqlx::{Row, query, query_scalar};

use super::enter_public;
use crate::core::Core;

/// Every store there is, as a version of the inventory.
fn current(version: u64) -> anyhow::Result<String> {
    let class = |store: StoreId| match store.class() {
        Some(Class::Media) => "media",
        Some(Class::Transcript) => "transcript",
        Some(Class::Location) => "location",
        Some(Class::Derived) => "derived",
        None => "entry",
    };
    let stores = StoreId::ALL.into_iter().map(|store| (store.name().to_owned(), class(store).to_owned()));
    let inventory = Inventory { version, stores: stores.collect(), processors: Vec::new() };
    inventory.text().context("the inventory cannot be written")
}

/// Enters the inventory if it is not what was published last.
pub async fn publish(core: &Core) -> anyhow::Result<()> {
    let mut tx = core.db.write().await?;
    let last = query("SELECT version, body FROM inventory ORDER BY version DESC LIMIT 1")
        .fetch_optional(&mut *tx)
        .await?;
    let version: i64 = match last {
        Some(last) => {
            let version: i64 = last.try_get(0)?;
            if last.try_get::<String, _>(1)? == current(version.cast_unsigned())? {
                return Ok(());
            }
            version + 1
        }
        None => 1,
    };
    let body = current(version.cast_unsigned())?;
    let place = enter_public(&mut tx, core, Kind::Inventory, &body).await?;
    query("INSERT INTO inventory (version, body, place) VALUES (?, ?, ?)")
        .bind(version)
        .bind(body)
        .bind(place)
        .execute(&mut *tx)
        .await?;
    tx.commit().await.context("cannot publish the inventory")
}

/// The version that is in force.
pub async fn version(tx: &mut sqlx::SqliteConnection) -> sqlx::Result<i64> {
    query_scalar("SELECT max(version) FROM inventory").fetch_one(tx).await
}
