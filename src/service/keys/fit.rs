//! Whether a `keys.db` and a folder of epoch keys belong together.

use std::{collections::BTreeSet, io::ErrorKind, path::Path};

use rules::ChildId;
use sqlx::{SqlitePool, query_as, query_scalar, sqlite::SqlitePoolOptions};

use super::{Kms, kek_name, kms};
use crate::db;

/// Children's keys of an epoch that are tried.
const SOME: i64 = 8;

/// Whether what is in a `keys.db` opens with these epoch keys, and new keys can be made. The file is
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
    // Some of each epoch: one that is damaged says nothing of the others.
    let wrapped: Vec<(String, i64, Vec<u8>)> = query_as(
        "SELECT child, epoch, wrapped FROM (SELECT *, row_number() OVER (PARTITION BY epoch ORDER BY child) AS nth FROM kek)
         WHERE nth <= ?",
    )
    .bind(SOME)
    .fetch_all(pool)
    .await?;
    let epochs: BTreeSet<i64> = wrapped.iter().map(|(_, epoch, _)| *epoch).chain([present]).collect();
    for epoch in epochs {
        match kms.epoch(epoch) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
            Ok(wrapping) => {
                let mut any = None;
                for (child, _, wrapped) in wrapped.iter().filter(|(_, its, _)| *its == epoch) {
                    let name = kek_name(child.parse::<ChildId>()?);
                    let opens = wrapping.open::<{ kms::KEY }>(&name, wrapped).is_some();
                    any = Some(any.unwrap_or(false) || opens);
                }
                if any == Some(false) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}
