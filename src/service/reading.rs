//! Reading what is encrypted, wherever a person, a list or an export does. What cannot be read shows nothing, so that
//! one damaged row hides no other, and is an error in the log; only what was deleted while it was read is none.

use std::collections::HashMap;

use rules::{ChildId, DerivationId, RecordingId, StoreId, Stores};
use sqlx::{AssertSqlSafe, query_as, query_scalar};
use zeroize::Zeroizing;

use crate::{
    db::Db,
    derived,
    keys::{KeyError, Keys, RecordingKeys, RowKey},
};

/// The keys of some of a child's recordings, for one read.
pub struct Recordings {
    keys: HashMap<RecordingId, RecordingKeys>,
    /// Nothing of the child opens, and that was said.
    shut: bool,
    missing: Vec<(RecordingId, Stores)>,
}

impl Recordings {
    /// The keys of these parts.
    pub async fn of(
        keys: &Keys,
        child: ChildId,
        recordings: &[RecordingId],
        parts: Stores,
    ) -> Result<Self, KeyError> {
        let found = unless_shut(child, keys.of_parts(child, recordings, parts).await)?;
        Ok(Self { shut: found.is_none(), keys: found.unwrap_or_default(), missing: Vec::new() })
    }

    /// What stands in the row of a part. What does not open, or `read` makes nothing of, is an error in the log.
    pub fn open<T>(
        &mut self,
        recording: RecordingId,
        part: StoreId,
        sealed: &[u8],
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let keys = self.keys.get(&recording);
        let Some(key) = keys.and_then(|keys| keys.row(part)) else {
            let only = Stores::NONE.with(part);
            // One that does not open was told of where it was unwrapped.
            if !self.shut && !keys.is_some_and(|keys| keys.has_any(only)) {
                self.missing.push((recording, only));
            }
            return None;
        };
        let opened = opened(key, sealed, read);
        if opened.is_none() {
            tracing::error!(%recording, part = part.name(), "what is held does not open");
        }
        opened
    }

    /// Asks of what had no key whether it may be used still: then nobody has deleted it, and the key is lost.
    pub async fn end(self, db: &Db) -> sqlx::Result<()> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let asked: Vec<_> = self.missing.iter().map(|(id, part)| (id.to_string(), part.bits())).collect();
        let lost: Vec<(String, u32)> = query_as(
            "SELECT r.id, j.value ->> 1 FROM json_each(?) j CROSS JOIN recording r ON r.id = j.value ->> 0
             WHERE r.usable & (j.value ->> 1) <> 0",
        )
        .bind(serde_json::json!(asked).to_string())
        .fetch_all(db.read())
        .await?;
        for (recording, part) in lost {
            let part = Stores::from_bits(part).iter().next().map(StoreId::name);
            tracing::error!(
                recording,
                part,
                "there is no key for it that opens, and nobody has deleted it: see fsck"
            );
        }
        Ok(())
    }
}

/// The keys of some of the things that were made from a child's recordings, for one read.
pub struct Things {
    keys: HashMap<DerivationId, RowKey>,
    /// Something does not open, and that was said.
    shut: bool,
    missing: Vec<DerivationId>,
}

impl Things {
    /// The keys of these things.
    pub async fn of(keys: &Keys, child: ChildId, things: &[DerivationId]) -> Result<Self, KeyError> {
        let found = unless_shut(child, keys.of_things(child, things).await)?;
        Ok(Self { shut: found.is_none(), keys: found.unwrap_or_default(), missing: Vec::new() })
    }

    /// What a thing says.
    pub fn open(&mut self, thing: DerivationId, sealed: &[u8]) -> Option<String> {
        let Some(key) = self.keys.get(&thing) else {
            if !self.shut {
                self.missing.push(thing);
            }
            return None;
        };
        let said = opened(key, sealed, |plain| std::str::from_utf8(plain).ok().map(str::to_owned));
        if said.is_none() {
            self.shut = true;
            tracing::error!(%thing, "what is held does not open");
        }
        said
    }

    /// Asks of what had no key whether it may be used still. Returns whether anything was lost.
    pub async fn end(self, db: &Db) -> sqlx::Result<bool> {
        if self.missing.is_empty() {
            return Ok(self.shut);
        }
        let sql = format!(
            "SELECT d.id FROM json_each(?) j CROSS JOIN derivation d ON d.id = j.value WHERE {}",
            derived::USABLE
        );
        let lost: Vec<String> = query_scalar(AssertSqlSafe(sql))
            .bind(serde_json::json!(self.missing).to_string())
            .fetch_all(db.read())
            .await?;
        for thing in &lost {
            tracing::error!(thing, "there is no key for it that opens, and nobody has deleted it: see fsck");
        }
        Ok(self.shut || !lost.is_empty())
    }
}

fn opened<T>(key: &RowKey, sealed: &[u8], read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let plain: Zeroizing<Vec<u8>> = key.open(sealed)?;
    read(&plain)
}

/// Nothing where the child's own key does not open, so that what needs no key is shown all the same.
fn unless_shut<T>(child: ChildId, found: Result<T, KeyError>) -> Result<Option<T>, KeyError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error @ KeyError::Database(_)) => Err(error),
        Err(error) => {
            tracing::error!(%child, %error, "nothing of this child can be read");
            Ok(None)
        }
    }
}
