//! Asks the witnesses to sign what was published, round by round: all of them about one checkpoint,
//! the newest, so that their signatures come together under it.
//!
//! What was collected is not kept before it is published: a witness signs the same again.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use anyhow::Context;
use futures::stream::{FuturesUnordered, StreamExt};
use proof::note::VerifierKey;
use reqwest::{Client, Url};
use sqlx::{query, query_scalar};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    COSIGNED,
    ask::{AskError, Cosigned, Target, ask, cosigned},
    is_met, policy, read_checkpoint, time,
};
use crate::{core::Core, faults, files, outbound};

/// How long one answer may take, and a whole round.
const PATIENCE: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(30);
/// How long the others are waited for once enough have signed.
const GRACE: Duration = Duration::from_secs(2);
/// How often it looks when nobody wakes it.
const TICK: Duration = Duration::from_secs(2);
/// How long a witness that has failed is left alone: first, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// Asks witnesses until `shutdown` resolves. It may stop anywhere, as it may be killed anywhere.
pub async fn ask_witnesses(core: Arc<Core>, shutdown: impl Future<Output = ()> + Send) {
    let work = async {
        let mut witnesses = loop {
            match Witnesses::of(&core).await {
                Ok(witnesses) => break witnesses,
                Err(error) => tracing::error!(error = format!("{error:#}"), "witnesses cannot be asked"),
            }
            tokio::time::sleep(TICK).await;
        };
        // Nobody is named: this process has nothing to do here.
        while !witnesses.0.is_empty() {
            if let Err(error) = witnesses.round(&core).await {
                tracing::error!(error = format!("{error:#}"), "witnesses cannot be asked; it is tried again");
            }
            let _ = timeout(TICK, core.ledger.published.notified()).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = work => {}
        () = shutdown => {}
    }
}

/// Those that the policy names.
pub struct Witnesses(Vec<Witness>);

struct Witness {
    key: VerifierKey,
    client: Client,
    url: Url,
    /// How much it has seen, as far as we know.
    size: u64,
    /// What it has signed last.
    signed: Option<(u64, Cosigned)>,
    failures: u32,
    not_before: Instant,
}

impl Witnesses {
    /// Those of a ledger, with what they have signed.
    pub async fn of(core: &Core) -> anyhow::Result<Self> {
        let cosigned_text = core.ledger.read(COSIGNED)?;
        let mut clients = HashMap::new();
        let mut witnesses = Vec::new();
        for witness in &core.ledger.trust.policy.witnesses {
            let (url, reach) = policy::address(witness).map_err(anyhow::Error::msg)?;
            let client = match clients.get(&reach) {
                Some(client) => Client::clone(client),
                None => {
                    outbound::builder(reach).timeout(PATIENCE).build().context("no client can be made")?
                }
            };
            clients.insert(reach, client.clone());
            let size: Option<i64> = query_scalar("SELECT size FROM ledger_witness WHERE key = ?")
                .bind(witness.key.text())
                .fetch_optional(core.db.read())
                .await?;
            let signed = cosigned_text.as_deref().and_then(|text| {
                let (size, _) = read_checkpoint(text).ok()?;
                Some((size, cosigned(text, &witness.key, text.rsplit_once("\n\n")?.1)?))
            });
            witnesses.push(Witness {
                key: witness.key.clone(),
                client,
                url,
                size: super::unsigned(size.unwrap_or(0)),
                signed,
                failures: 0,
                not_before: Instant::now(),
            });
        }
        Ok(Self(witnesses))
    }

    /// Asks everyone who has not signed the newest checkpoint and is due. Returns whether enough have
    /// signed it now.
    pub async fn round(&mut self, core: &Core) -> anyhow::Result<bool> {
        let Some(note) = core.ledger.newest()? else { return Ok(false) };
        let (size, _) = read_checkpoint(&note)?;
        let folder = core.ledger.folder();
        let target = Target { folder: &folder, note: &note, size, now: time(core.clock.now()).0 };
        let mut signed: Vec<Option<Cosigned>> =
            self.0.iter().map(|witness| witness.has_signed(size)).collect();
        let begun = Instant::now();
        let due = |n: &usize| signed[*n].is_none() && self.0[*n].not_before <= begun;
        let mut due: Vec<usize> = (0..self.0.len()).filter(due).collect();
        let mut asked: FuturesUnordered<_> = due
            .iter()
            .map(|n| {
                let Witness { client, url, key, size: old, .. } = &self.0[*n];
                async move { (*n, ask(client, url, key, *old, target).await) }
            })
            .collect();
        let (mut met, mut until, mut answers) = (false, begun + LIMIT, Vec::new());
        while let Ok(Some((n, answer))) = timeout_at(until, asked.next()).await {
            if let Ok(cosigned) = &answer {
                signed[n] = Some(cosigned.clone());
                faults::point("ledger-cosigned");
                met = publish(core, &together(&note, &signed)).await?;
                if met {
                    until = until.min(Instant::now() + GRACE);
                }
            }
            answers.push((n, answer));
        }
        drop(asked);
        due.retain(|n| answers.iter().all(|(answered, _)| answered != n));
        for (n, answer) in answers {
            self.0[n].note(core, size, answer).await?;
        }
        for n in due {
            self.0[n].failed("it takes too long", false);
        }
        Ok(met)
    }
}

impl Witness {
    fn has_signed(&self, size: u64) -> Option<Cosigned> {
        self.signed.as_ref().filter(|(of, _)| *of == size).map(|(_, cosigned)| cosigned.clone())
    }

    /// Remembers what it has answered.
    async fn note(
        &mut self,
        core: &Core,
        size: u64,
        answer: Result<Cosigned, AskError>,
    ) -> anyhow::Result<()> {
        let cosigned = match answer {
            Ok(cosigned) => cosigned,
            Err(error) => {
                self.failed(&error.to_string(), error.is_alarming());
                return Ok(());
            }
        };
        if self.failures > 0 {
            tracing::info!(witness = self.key.name(), size, "the witness signs again");
        }
        self.failures = 0;
        self.size = size;
        let mut tx = core.db.write().await?;
        query(
            "INSERT INTO ledger_witness (key, size, cosigned_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET size = ?2, cosigned_at = ?3",
        )
        .bind(self.key.text())
        .bind(size.cast_signed())
        .bind(cosigned.time.cast_signed())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.signed = Some((size, cosigned));
        Ok(())
    }

    /// Leaves it alone for a while, each time longer.
    fn failed(&mut self, why: &str, alarming: bool) {
        let (first, most) = BACK_OFF;
        let wait = first.saturating_mul(1 << self.failures.min(16)).min(most);
        self.failures += 1;
        self.not_before = Instant::now() + wait;
        let witness = self.key.name();
        if alarming {
            tracing::error!(witness, why, "a witness has seen another ledger than this one");
        } else {
            tracing::warn!(witness, why, again_in = wait.as_secs(), "a witness has not signed");
        }
    }
}

/// A checkpoint with the signatures under it, in the policy's order.
fn together(note: &str, signed: &[Option<Cosigned>]) -> String {
    let lines = signed.iter().flatten().map(|cosigned| cosigned.line.as_str());
    std::iter::once(note).chain(lines).collect()
}

/// Publishes a checkpoint with what was collected for it, if that is enough. Returns whether it is.
async fn publish(core: &Core, text: &str) -> anyhow::Result<bool> {
    if !is_met(&core.ledger.trust.policy, text) {
        return Ok(false);
    }
    // Without the lock of who adds to the ledger: it may be held for long, and this is written here only.
    let folder = core.ledger.folder();
    files::replace(&folder.join(COSIGNED), text.as_bytes())?;
    files::settle(&folder)?;
    faults::point("ledger-witnessed");
    Ok(true)
}
