//! Processors: others who are given recordings, and are asked over HTTP to delete what is deleted here.
//!
//! Our own erasing never waits for them. An erasure freezes, in the transaction that accepts it, what each of
//! them was given of what goes ([`plan`]); once it cannot be taken back each is asked ([`run`]), again and again
//! under the same id until it has signed an answer ([`answer`]), and then asked what it still has. Each answer and
//! each silence is entered in the ledger. `docs/decisions/0011-processors.md` says why.

use std::{fmt::Write as _, path::Path};

use anyhow::bail;
use hmac::{Hmac, KeyInit, Mac};
use rules::{ChildId, RecordingId};
use sha2::Sha256;
use sqlx::{Sqlite, Transaction, query, query_scalar};

use crate::{db::Db, secret};

pub mod answer;
pub mod client;
pub mod disclose;
mod opendsr;
pub mod plan;
pub mod recipients;
pub mod run;
pub mod settings;
mod signature;
mod step;

pub use client::Client;
pub use settings::Processor;
pub use step::{answers, of_erasure, word};

/// The file of the key to the names that processors know. Who has it can tell whom a name stands for.
const FILE: &str = "processors.key";

/// Those of the settings, and what is needed to ask them.
pub struct Processors {
    list: Vec<Processor>,
    names: Hmac<Sha256>,
    /// None where there is nobody to ask.
    client: Option<Client>,
}

impl Processors {
    /// Those of a data folder. A `list` replaces the one that is registered, except that nobody can be left out
    /// who still has something.
    pub async fn open(data: &Path, db: &Db, list: Option<Vec<Processor>>) -> anyhow::Result<Self> {
        if let Some(list) = &list {
            let mut tx = db.write().await?;
            register(&mut tx, list).await?;
            tx.commit().await?;
        }
        let used =
            query_scalar("SELECT EXISTS (SELECT 1 FROM disclosure) OR EXISTS (SELECT 1 FROM processor_step)");
        let used = used.fetch_one(db.read()).await?;
        let names = Hmac::new_from_slice(&secret::key(&data.join(FILE), used)?)?;
        let list = list.unwrap_or_default();
        let client = if list.is_empty() { None } else { Some(Client::new(&list)?) };
        Ok(Self { list, names, client })
    }

    /// The one of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Processor> {
        self.list.iter().find(|processor| processor.name == name)
    }

    /// What it calls a child. Two processors have nothing by which to see that they mean the same one.
    #[must_use]
    pub fn subject(&self, processor: &str, child: ChildId) -> String {
        self.name("subject", processor, &child.to_string())
    }

    /// What it calls a recording.
    #[must_use]
    pub fn recording(&self, processor: &str, recording: RecordingId) -> String {
        self.name("recording", processor, &recording.to_string())
    }

    fn name(&self, kind: &str, processor: &str, id: &str) -> String {
        let mut mac = self.names.clone();
        for part in [kind, processor, id] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        let bytes = mac.finalize().into_bytes();
        bytes[..16].iter().fold("fmn_".to_owned(), |mut name, byte| {
            // Writing to a text cannot fail.
            let _ = write!(name, "{byte:02x}");
            name
        })
    }

    /// Asks with another patience.
    pub fn patient_for(&mut self, patience: std::time::Duration) {
        self.client = self.client.take().map(|client| client.patient_for(patience));
    }
}

/// Makes the list the one that is registered, from which the inventory is published.
async fn register(tx: &mut Transaction<'_, Sqlite>, list: &[Processor]) -> anyhow::Result<()> {
    let known: Vec<String> =
        query_scalar("SELECT name FROM processor ORDER BY name").fetch_all(&mut **tx).await?;
    for name in known.iter().filter(|name| list.iter().all(|processor| processor.name != **name)) {
        let has_something: bool = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM disclosure WHERE processor = ?1)
                 OR EXISTS (SELECT 1 FROM processor_step WHERE processor = ?1 AND next_attempt_at IS NOT NULL)",
        )
        .bind(name)
        .fetch_one(&mut **tx)
        .await?;
        if has_something {
            bail!(
                "processor {name:?} was given recordings and has not confirmed that they are deleted: it cannot be left out, --processors FILE"
            );
        }
        query("DELETE FROM processor WHERE name = ?").bind(name).execute(&mut **tx).await?;
    }
    for processor in list {
        query("INSERT INTO processor (name, about) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET about = excluded.about")
            .bind(&processor.name)
            .bind(&processor.about)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Everybody who is registered, with where more is said, for the inventory.
pub async fn registered(db: &mut sqlx::SqliteConnection) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("SELECT name, about FROM processor ORDER BY name").fetch_all(db).await
}

/// A `subject_request_id`: a random UUID (version 4).
fn uuid() -> String {
    let bits = rand::random::<u128>() & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_random_uuid() {
        let id = uuid();
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!(["8", "9", "a", "b"].contains(&&id[19..20]), "{id}");
        assert_ne!(id, uuid());
    }
}
