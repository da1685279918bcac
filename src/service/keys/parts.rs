//! The keys of recordings' parts: made together, read together, destroyed one by one.

use std::collections::HashMap;

use rules::{ChildId, RecordingId, StoreId, Stores};
use sqlx::{AssertSqlSafe, Row, Sqlite, Transaction, query};

use super::{KeyError, Keys, Owner, RecordingKeys, Wrapping, dek_name, dek_nonce};
use crate::hex::hex;

/// The parts of a recording, in the order of their columns, which have the stores' names.
pub const PARTS: [StoreId; 4] = [StoreId::Media, StoreId::Transcript, StoreId::Location, StoreId::Waveform];
const COLUMNS: &str = "media, transcript, location, waveform";

impl Keys {
    /// The keys of these parts of a child's recordings, as far as there are any.
    pub async fn of_parts(
        &self,
        child: ChildId,
        recordings: &[RecordingId],
        parts: Stores,
    ) -> Result<HashMap<RecordingId, RecordingKeys>, KeyError> {
        if recordings.is_empty() {
            return Ok(HashMap::new());
        }
        let ids = serde_json::json!(recordings).to_string();
        // By the recordings, and not by all that the child has.
        let sql = format!(
            "SELECT k.epoch, k.wrapped, d.recording, {COLUMNS} FROM kek k CROSS JOIN json_each(?2) j
             CROSS JOIN dek d ON d.child = k.child AND d.recording = j.value WHERE k.child = ?1"
        );
        let Some((kek, rows)) = self.rows_of(&sql, child, ids).await? else { return Ok(HashMap::new()) };
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            let recording = row.try_get::<&str, _>(2)?.parse().map_err(|_| KeyError::Damaged)?;
            let mut keys = RecordingKeys::default();
            for (part, column) in PARTS.into_iter().zip(3..).filter(|(part, _)| parts.has(*part)) {
                if let Some(wrapped) = row.try_get::<Option<&[u8]>, _>(column)? {
                    keys.unwrap(&kek, part, (child, recording), wrapped);
                }
            }
            found.insert(recording, keys);
        }
        Ok(found)
    }

    /// The recordings that have a key, in the order of their ids, from the one after `after` on, each with the
    /// parts of which it has one.
    pub async fn owners(&self, after: &str, limit: i64) -> Result<Vec<(Owner, Stores)>, KeyError> {
        let sql = format!(
            "SELECT child, recording, {} FROM dek WHERE recording > ? ORDER BY recording LIMIT ?",
            PARTS.map(|part| format!("{} IS NOT NULL", part.name())).join(", ")
        );
        let rows = query(AssertSqlSafe(sql)).bind(after).bind(limit).fetch_all(&self.read).await?;
        let mut owners = Vec::with_capacity(rows.len());
        for row in rows {
            let child = row.try_get::<&str, _>(0)?.parse().map_err(|_| KeyError::Damaged)?;
            let recording = row.try_get::<&str, _>(1)?.parse().map_err(|_| KeyError::Damaged)?;
            let mut parts = Stores::NONE;
            for (part, column) in PARTS.into_iter().zip(2..) {
                if row.try_get(column)? {
                    parts = parts.with(part);
                }
            }
            owners.push(((child, recording), parts));
        }
        Ok(owners)
    }
}

/// The keys of these parts of a recording; those that are not there are made.
pub async fn make(
    tx: &mut Transaction<'_, Sqlite>,
    kek: &Wrapping,
    of: Owner,
    parts: Stores,
) -> Result<RecordingKeys, KeyError> {
    let (child, recording) = (of.0.to_string(), of.1.to_string());
    let sql = format!("SELECT {COLUMNS} FROM dek WHERE child = ? AND recording = ?");
    let there = query(AssertSqlSafe(sql)).bind(&child).bind(&recording).fetch_optional(&mut **tx).await?;
    let mut keys = RecordingKeys::default();
    let mut wrapped: [Option<Vec<u8>>; PARTS.len()] = Default::default();
    for (n, part) in PARTS.into_iter().enumerate().filter(|(_, part)| parts.has(*part)) {
        let known: Option<Vec<u8>> = match &there {
            Some(there) => there.try_get(n)?,
            None => None,
        };
        match known {
            Some(known) => keys.unwrap(kek, part, of, &known),
            None => wrapped[n] = Some(keys.make(kek, part, of)),
        }
    }
    let sql = format!(
        "INSERT INTO dek (child, recording, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (child, recording) DO UPDATE SET {}",
        PARTS.map(|part| format!("{0} = coalesce({0}, excluded.{0})", part.name())).join(", ")
    );
    let mut insert = query(AssertSqlSafe(sql)).bind(child).bind(recording);
    for wrapped in wrapped {
        insert = insert.bind(wrapped);
    }
    insert.execute(&mut **tx).await?;
    Ok(keys)
}

/// Destroys the keys of these parts, a few statements whatever the number.
pub async fn destroy(tx: &mut Transaction<'_, Sqlite>, recordings: &[(Owner, Stores)]) -> sqlx::Result<()> {
    let mut alike: HashMap<(ChildId, Vec<&str>), Vec<RecordingId>> = HashMap::new();
    for ((child, recording), stores) in recordings {
        let parts = PARTS.into_iter().filter(|part| stores.has(*part)).map(StoreId::name).collect();
        alike.entry((*child, parts)).or_default().push(*recording);
    }
    for ((child, parts), recordings) in alike {
        let ids = serde_json::json!(recordings).to_string();
        let mut others = String::new();
        for part in PARTS.map(StoreId::name).into_iter().filter(|part| !parts.contains(part)) {
            others.push_str(&format!(" AND {part} IS NULL"));
        }
        let of = "child = ?1 AND recording IN (SELECT value FROM json_each(?2))";
        let mut statements = vec![format!("DELETE FROM dek WHERE {of}{others}")];
        if !parts.is_empty() && !others.is_empty() {
            let none: Vec<_> = parts.iter().map(|part| format!("{part} = NULL")).collect();
            statements.push(format!("UPDATE dek SET {} WHERE {of}", none.join(", ")));
        }
        for sql in statements {
            query(AssertSqlSafe(sql)).bind(child.to_string()).bind(&ids).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// Recordings whose keys are wrapped anew in one go: bounds memory.
const PAGE: i64 = 1000;

/// Wraps the keys of a child's recordings with another key of the child. Returns how many there are, and how many of
/// them do not open, which stay as they are.
pub async fn wrap_anew(
    tx: &mut Transaction<'_, Sqlite>,
    child: ChildId,
    old: &Wrapping,
    new: &Wrapping,
) -> Result<(u64, u64), KeyError> {
    let select = format!(
        "SELECT recording, {COLUMNS} FROM dek WHERE child = ? AND recording > ? ORDER BY recording LIMIT ?"
    );
    let columns: Vec<_> = PARTS
        .into_iter()
        .zip(1..)
        .map(|(part, n)| format!("{} = unhex(j.value ->> {n})", part.name()))
        .collect();
    let update = format!(
        "UPDATE dek SET {} FROM json_each(?2) j WHERE dek.child = ?1 AND dek.recording = j.value ->> 0",
        columns.join(", ")
    );
    let (mut after, mut wrapped, mut damaged) = (String::new(), 0, 0);
    loop {
        let rows = query(AssertSqlSafe(&*select))
            .bind(child.to_string())
            .bind(&after)
            .bind(PAGE)
            .fetch_all(&mut **tx)
            .await?;
        let Some(last) = rows.last() else { return Ok((wrapped, damaged)) };
        after = last.try_get(0)?;
        let mut anew = Vec::with_capacity(rows.len());
        for row in &rows {
            let recording: &str = row.try_get(0)?;
            let of = (child, recording.parse().map_err(|_| KeyError::Damaged)?);
            let mut columns = [Some(recording.to_owned()), None, None, None, None];
            for (n, part) in (1..).zip(PARTS) {
                let Some(known) = row.try_get::<Option<&[u8]>, _>(n)? else { continue };
                let owner = dek_name(part, of);
                columns[n] = Some(match old.open_any(&owner, known) {
                    Some(key) => hex(&new.wrap(dek_nonce(part, of), &owner, &key)),
                    None => {
                        tracing::error!(recording, part = part.name(), "a wrapped key does not open");
                        damaged += 1;
                        hex(known)
                    }
                });
            }
            anew.push(columns);
        }
        query(AssertSqlSafe(&*update))
            .bind(child.to_string())
            .bind(serde_json::json!(anew).to_string())
            .execute(&mut **tx)
            .await?;
        wrapped += rows.len() as u64;
    }
}
