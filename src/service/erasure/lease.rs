//! Which engine carries an erasure out: one at a time, in whichever process.
//!
//! A lease ends by the clock, or with the process that has it. Each claim counts the erasure's fence
//! up, and an engine notes something only where the fence is still the one it got. One that was
//! paused, and wakes up when another has taken over, cannot write anything down; what it may still do
//! to a store is an erasure of the same frozen plan, and that may be done twice.

use std::{future::Future, time::Duration};

use rules::ErasureId;
use sqlx::{QueryBuilder, Row, Sqlite, Transaction, query, query_scalar};

use super::view;
use crate::{core::Core, faults};

/// How long a lease is, in seconds: long enough for a machine that is short of breath, short enough
/// that what a paused engine left is taken over within a parent's patience.
pub const SECONDS: i64 = 30;
/// The same while the database is written anew: meanwhile nobody can renew anything, nor claim it.
pub const CLEANING_SECONDS: i64 = 3600;
/// How often long work renews its lease.
pub const RENEW_EVERY: Duration = Duration::from_secs(SECONDS.unsigned_abs() / 3);

/// Nothing was noted.
#[derive(Debug, thiserror::Error)]
#[error("another engine has taken this erasure over")]
pub struct Lost;

/// The right to carry one erasure out.
#[derive(Debug)]
pub struct Lease {
    /// Which.
    pub erasure: ErasureId,
    fence: i64,
}

impl Lease {
    /// Claims those of these erasures that are being erased and that no other engine has.
    pub async fn claim(core: &Core, ids: &[ErasureId], seconds: i64) -> anyhow::Result<Vec<Self>> {
        let free = Free::now(core).await?;
        let mut sql =
            QueryBuilder::<Sqlite>::new("UPDATE erasure AS e SET fence = fence + 1, lease_owner = ");
        sql.push_bind(core.owner.name());
        sql.push(", lease_until = ").push_bind(core.clock.now().plus_seconds(seconds).ms());
        sql.push(" WHERE state = 'erasing' AND finished_at IS NULL AND id IN (SELECT value FROM json_each(");
        sql.push_bind(serde_json::json!(ids).to_string()).push("))");
        free.push(&mut sql);
        sql.push(" RETURNING id, fence");
        let mut tx = core.db.write_effect().await?;
        let rows = sql.build().fetch_all(&mut *tx).await?;
        tx.commit().await?;
        faults::point("lease-claimed");
        let mut leases = Vec::with_capacity(rows.len());
        for row in rows {
            let erasure = view::erasure_id(&row.try_get::<String, _>(0)?)?;
            leases.push(Self { erasure, fence: row.try_get(1)? });
        }
        Ok(leases)
    }

    /// Goes on having it for [`SECONDS`], in the transaction of a note. To be asked before anything is
    /// written in it.
    pub async fn keep(&self, tx: &mut Transaction<'_, Sqlite>, core: &Core) -> anyhow::Result<()> {
        // One whose time is over and that nobody has taken goes on as well; one that was given longer
        // keeps that.
        let kept = query(
            "UPDATE erasure SET lease_until = max(lease_until, ?) WHERE id = ? AND fence = ? AND finished_at IS NULL",
        )
            .bind(core.clock.now().plus_seconds(SECONDS).ms())
            .bind(self.erasure.to_string())
            .bind(self.fence)
            .execute(&mut **tx)
            .await?;
        if kept.rows_affected() == 1 { Ok(()) } else { Err(Lost.into()) }
    }

    /// Does `work`, and renews the lease as long as it takes; gives it up where another engine has it.
    pub async fn during<T>(
        &self,
        core: &Core,
        renew_every: Duration,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let renewed = async {
            loop {
                tokio::time::sleep(renew_every).await;
                match self.renew(core).await {
                    Err(error) if error.is::<Lost>() => return error,
                    // The database is busy; the lease is longer than one such wait.
                    Err(error) => tracing::info!(%error, "a lease is renewed later"),
                    Ok(()) => {}
                }
            }
        };
        // Both go on at once: renewing waits for the transaction that the work may be in.
        tokio::select! {
            done = work => done,
            lost = renewed => Err(lost),
        }
    }

    async fn renew(&self, core: &Core) -> anyhow::Result<()> {
        let mut tx = core.db.write_effect().await?;
        self.keep(&mut tx, core).await?;
        Ok(tx.commit().await?)
    }

    /// Lets the next engine have it, at once.
    pub async fn release(self, core: &Core) -> sqlx::Result<()> {
        let mut tx = core.db.write_effect().await?;
        query("UPDATE erasure SET lease_owner = NULL, lease_until = NULL WHERE id = ? AND fence = ?")
            .bind(self.erasure.to_string())
            .bind(self.fence)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// The same where nobody waits for it: what cannot be let go is claimed again by this process's next
    /// tick, or ends by itself.
    pub async fn end(self, core: &Core) {
        let erasure = self.erasure;
        if let Err(error) = self.release(core).await {
            tracing::info!(%erasure, %error, "a lease cannot be let go just now");
        }
    }
}

/// Which erasures no engine has.
pub struct Free {
    now: i64,
    /// Processes with a lease that do nothing with it any more, a JSON array: those that do not live any
    /// more, for a name is never used again; and this one, which claims nothing before it is done with what
    /// it had. What it still has then it could not let go.
    ended: String,
}

impl Free {
    /// As it stands now.
    pub async fn now(core: &Core) -> sqlx::Result<Self> {
        let owners: Vec<String> = query_scalar(
            "SELECT DISTINCT lease_owner FROM erasure WHERE finished_at IS NULL AND lease_owner IS NOT NULL",
        )
        .fetch_all(core.db.read())
        .await?;
        // Where that cannot be told, the clock alone decides.
        let ended = owners
            .into_iter()
            .filter(|owner| owner == core.owner.name() || !core.owner.is_alive(owner).unwrap_or(true));
        Ok(Self { now: core.clock.now().ms(), ended: serde_json::Value::from_iter(ended).to_string() })
    }

    /// Pushes ` AND …` for those of the table `e`.
    pub fn push(&self, sql: &mut QueryBuilder<Sqlite>) {
        sql.push(" AND (e.lease_owner IS NULL OR e.lease_until <= ").push_bind(self.now);
        sql.push(" OR e.lease_owner IN (SELECT value FROM json_each(")
            .push_bind(self.ended.clone())
            .push(")))");
    }
}
