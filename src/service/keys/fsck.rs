//! Whether rows and keys belong together: each row opens, and no key is there for nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rules::{ChildId, DerivationId, RecordingId, StoreId, Stores};
use sqlx::{Row, query, query_scalar, sqlite::SqliteRow};

use super::{KeyError, Keys, RecordingKeys, parts::PARTS};
use crate::{db::Db, session::id};

/// Recordings or keys looked at in one go: bounds memory.
const PAGE: i64 = 1000;
/// Things looked at in one go, which may have 256 KiB each.
const THINGS: i64 = 50;

/// Looks at every row and every key; one line for each kind of fault.
pub async fn look(db: &Db, keys: &Keys) -> anyhow::Result<Vec<String>> {
    let mut look = Look { db, keys, faults: BTreeMap::new(), shut: BTreeSet::new() };
    look.recordings().await?;
    look.of_no_recording().await?;
    look.things().await?;
    look.of_no_thing().await?;
    let mut faults: Vec<String> = look.faults.into_iter().map(|(what, n)| format!("{what}: {n}")).collect();
    faults.extend(look.shut.iter().map(|child| format!("the key of {child} does not open")));
    Ok(faults)
}

struct Look<'a> {
    db: &'a Db,
    keys: &'a Keys,
    /// How often each was found.
    faults: BTreeMap<String, u64>,
    /// Of whom nothing opens.
    shut: BTreeSet<ChildId>,
}

/// What there is of a recording beside its keys.
struct Held {
    id: RecordingId,
    /// What may be used, or stands in a plan.
    named: Stores,
    /// What is just being erased, its key first.
    erasing: Stores,
    /// `None` where there is none. Of the media only whether they are to be there.
    rows: [Option<Vec<u8>>; PARTS.len()],
}

impl Held {
    fn read(row: &SqliteRow) -> sqlx::Result<Self> {
        let stores = |column| -> sqlx::Result<Stores> {
            let several: Option<String> = row.try_get(column)?;
            let bits = several.unwrap_or_default();
            let bits = bits.split(',').filter_map(|bits| bits.parse::<u32>().ok());
            Ok(bits.map(Stores::from_bits).fold(Stores::NONE, Stores::or))
        };
        let named = Stores::from_bits(row.try_get(3)?).or(stores(4)?);
        Ok(Self {
            id: id(row.try_get(2)?)?,
            named,
            erasing: stores(5)?,
            rows: [
                named.has(StoreId::Media).then(Vec::new),
                row.try_get(6)?,
                row.try_get(7)?,
                row.try_get(8)?,
            ],
        })
    }

    /// What is wrong with a part, if anything is.
    fn fault(&self, part: StoreId, row: Option<&[u8]>, keys: &RecordingKeys) -> Option<&'static str> {
        let key = keys.row(part);
        let opens = part == StoreId::Media && !keys.is_damaged(part) || key.is_some();
        let has_key = keys.has_any(Stores::NONE.with(part));
        match row {
            _ if self.erasing.has(part) => None,
            Some(_) if !has_key => Some("no key"),
            None if self.named.has(part) && !has_key => Some("neither row nor key"),
            _ if has_key && !opens => Some("a key that does not open"),
            None if has_key => Some("a key of nothing"),
            Some(_) if !self.named.has(part) => Some("a key that is in no use and no plan"),
            Some(row) if key.is_some_and(|key| key.open(row).is_none()) => Some("what does not open"),
            _ => None,
        }
    }
}

impl Look<'_> {
    fn fault(&mut self, what: impl Into<String>, times: u64) {
        if times > 0 {
            *self.faults.entry(what.into()).or_default() += times;
        }
    }

    /// What was found of a child; nothing where its own key does not open.
    fn unless_shut<T>(&mut self, child: ChildId, found: Result<T, KeyError>) -> Result<Option<T>, KeyError> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error @ KeyError::Database(_)) => Err(error),
            Err(_) => {
                self.shut.insert(child);
                Ok(None)
            }
        }
    }

    async fn recordings(&mut self) -> anyhow::Result<()> {
        let mut after = i64::MIN;
        loop {
            let rows = query(
                "SELECT r.seq, c.id, r.id, r.usable,
                     (SELECT group_concat(i.stores) FROM erasure_item i WHERE i.seq = r.seq),
                     (SELECT group_concat(i.stores) FROM erasure_item i JOIN erasure e ON e.id = i.erasure
                      WHERE i.seq = r.seq AND e.state = 'erasing'), t.sealed, l.sealed, w.sealed
                 FROM recording r JOIN child c ON c.number = r.child LEFT JOIN transcript t ON t.seq = r.seq
                 LEFT JOIN location l ON l.seq = r.seq LEFT JOIN waveform w ON w.seq = r.seq
                 WHERE r.seq > ?1 ORDER BY r.seq LIMIT ?2",
            )
            .bind(after)
            .bind(PAGE)
            .fetch_all(self.db.read())
            .await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.try_get(0)?;
            let mut of: HashMap<ChildId, Vec<Held>> = HashMap::new();
            for row in &rows {
                of.entry(id(row.try_get(1)?)?).or_default().push(Held::read(row)?);
            }
            for (child, held) in of {
                let ids: Vec<RecordingId> = held.iter().map(|held| held.id).collect();
                let found = self.keys.of_parts(child, &ids, Stores::ALL).await;
                let Some(mut keys) = self.unless_shut(child, found)? else { continue };
                for held in held {
                    let keys = keys.remove(&held.id).unwrap_or_default();
                    for (part, row) in PARTS.into_iter().zip(&held.rows) {
                        if let Some(fault) = held.fault(part, row.as_deref(), &keys) {
                            self.fault(format!("{} with {fault}", part.name()), 1);
                        }
                    }
                }
            }
        }
    }

    async fn of_no_recording(&mut self) -> anyhow::Result<()> {
        let mut after = String::new();
        loop {
            let page = self.keys.owners(&after, PAGE).await?;
            let Some(((_, last), _)) = page.last() else { return Ok(()) };
            after = last.to_string();
            let named: Vec<_> =
                page.iter().map(|((child, id), _)| (id, format!("media/{child}/{id}"))).collect();
            let none: i64 = query_scalar(
                "SELECT count(*) FROM json_each(?) j WHERE NOT EXISTS (SELECT 1 FROM recording r WHERE r.id = j.value ->> 0)
                 AND NOT EXISTS (SELECT 1 FROM erasure_item i WHERE i.recording = j.value ->> 0)
                 AND NOT EXISTS (SELECT 1 FROM incoming n WHERE n.object = j.value ->> 1)",
            )
            .bind(serde_json::json!(named).to_string())
            .fetch_one(self.db.read())
            .await?;
            self.fault("keys of no recording", none.cast_unsigned());
        }
    }

    async fn things(&mut self) -> anyhow::Result<()> {
        let mut after = 0_i64;
        loop {
            let rows = query(
                "SELECT d.number, c.id, d.id, d.sealed, EXISTS (SELECT 1 FROM derivation_source s
                     JOIN erasure_item i ON i.seq = s.seq JOIN erasure e ON e.id = i.erasure
                     WHERE s.derivation = d.number AND i.stores & (1 << s.store) <> 0 AND e.state = 'erasing')
                 FROM derivation d JOIN child c ON c.number = d.child WHERE d.number > ? ORDER BY d.number LIMIT ?",
            )
            .bind(after)
            .bind(THINGS)
            .fetch_all(self.db.read())
            .await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.try_get(0)?;
            let mut of: HashMap<ChildId, Vec<(DerivationId, Vec<u8>)>> = HashMap::new();
            for row in &rows {
                // One whose id is not one is told of with the lineage.
                if let (false, Ok(thing)) = (row.try_get(4)?, row.try_get::<&str, _>(2)?.parse()) {
                    let sealed: Option<Vec<u8>> = row.try_get(3)?;
                    of.entry(id(row.try_get(1)?)?).or_default().push((thing, sealed.unwrap_or_default()));
                }
            }
            for (child, things) in of {
                let ids: Vec<DerivationId> = things.iter().map(|(thing, _)| *thing).collect();
                let there = self.keys.which_things(child, &ids).await?;
                let found = self.keys.of_things(child, &ids).await;
                let Some(keys) = self.unless_shut(child, found)? else { continue };
                for (thing, sealed) in &things {
                    let fault = match keys.get(thing) {
                        None if there.contains(thing) => "things with a key that does not open",
                        None => "things with no key",
                        Some(key) if key.open(sealed).is_none() => "things that do not open",
                        Some(_) => continue,
                    };
                    self.fault(fault, 1);
                }
            }
        }
    }

    async fn of_no_thing(&mut self) -> anyhow::Result<()> {
        for child in self.keys.children_with_things().await? {
            let mut after = String::new();
            loop {
                let page = self.keys.things(child, &after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.to_string();
                // The keys first: a note comes before its key, and goes with the thing's coming.
                let none: i64 = query_scalar(
                    "SELECT count(*) FROM json_each(?) j WHERE NOT EXISTS (SELECT 1 FROM derivation d WHERE d.id = j.value)
                     AND NOT EXISTS (SELECT 1 FROM incoming_thing n WHERE n.thing = j.value)
                     AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.state = 'erasing')",
                )
                .bind(serde_json::json!(page).to_string())
                .fetch_one(self.db.read())
                .await?;
                self.fault("keys of no thing", none.cast_unsigned());
            }
        }
        Ok(())
    }
}
