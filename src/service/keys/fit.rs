//! Whether a `keys.db` and a folder of epoch keys belong together.

use std::{io::ErrorKind, path::Path};

use rules::ChildId;
use sqlx::{SqlitePool, query_as, query_scalar, sqlite::SqlitePoolOptions};

use super::{Kms, kek_name, kms};
use crate::db;

/// Whether everything in a `keys.db` opens with these epoch keys, and new keys can be made. The file is
/// written to, as SQLite does: not one of a backup.
pub async fn fit(file: &Path, kms: &dyn Kms) -> anyhow::Result<bool> {
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(db::options(file)).await?;
    let fits = opens(&pool, kms).await;
    pool.close().await;
    fits
}

async fn opens(pool: &SqlitePool, kms: &dyn Kms) -> anyhow::Result<bool> {
    let present: Option<i64> = query_scalar("SELECT max(number) FROM epoch").fetch_one(pool).await?;
    let Some(present) = present else { return Ok(false) };
    // One of each epoch: SQLite takes the columns of the row with the least.
    let wrapped: Vec<(String, i64, Vec<u8>)> =
        query_as("SELECT min(child), epoch, wrapped FROM kek GROUP BY epoch").fetch_all(pool).await?;
    for epoch in wrapped.iter().map(|(_, epoch, _)| *epoch).chain([present]) {
        match kms.epoch(epoch) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
            Ok(wrapping) => {
                for (child, _, wrapped) in wrapped.iter().filter(|(_, its, _)| *its == epoch) {
                    let name = kek_name(child.parse::<ChildId>()?);
                    if wrapping.open::<{ kms::KEY }>(&name, wrapped).is_none() {
                        return Ok(false);
                    }
                }
            }
        }
    }
    Ok(true)
}
