//! Whether rows and keys belong together: each row opens, and no key is there for nothing.

use std::collections::{BTreeMap, HashMap};

use rules::{ChildId, DerivationId, RecordingId, StoreId, Stores};
use sqlx::{Row, query, query_scalar};

use super::{Keys, parts::PARTS};
use crate::{db::Db, session::id};

/// Recordings or things looked at in one go: bounds memory.
const PAGE: i64 = 1000;

/// How often each fault was found.
type Faults = BTreeMap<String, u64>;

/// Looks at every row and every key; one line for each kind of fault.
pub async fn look(db: &Db, keys: &Keys) -> anyhow::Result<Vec<String>> {
    let mut faults = Faults::new();
    recordings(db, keys, &mut faults).await?;
    of_no_recording(db, keys, &mut faults).await?;
    things(db, keys, &mut faults).await?;
    of_no_thing(db, keys, &mut faults).await?;
    Ok(faults.into_iter().map(|(what, n)| format!("{what}: {n}")).collect())
}

/// A recording's rows, `None` where there is none. Of the media only whether they are there.
struct Held {
    id: RecordingId,
    media: bool,
    rows: [Option<Vec<u8>>; 3],
    /// What is just being erased, its key first.
    erasing: Stores,
}

async fn recordings(db: &Db, keys: &Keys, faults: &mut Faults) -> anyhow::Result<()> {
    let mut after = i64::MIN;
    loop {
        let rows = query(
            "SELECT r.seq, c.id, r.id, r.usable & ?3 <> 0 OR EXISTS
                 (SELECT 1 FROM erasure_item i WHERE i.seq = r.seq AND i.stores & ?3 <> 0), t.sealed, l.sealed, w.sealed,
                 (SELECT group_concat(i.stores) FROM erasure_item i JOIN erasure e ON e.id = i.erasure
                  WHERE i.seq = r.seq AND e.state = 'erasing')
             FROM recording r JOIN child c ON c.number = r.child LEFT JOIN transcript t ON t.seq = r.seq
             LEFT JOIN location l ON l.seq = r.seq LEFT JOIN waveform w ON w.seq = r.seq
             WHERE r.seq > ?1 ORDER BY r.seq LIMIT ?2",
        )
        .bind(after)
        .bind(PAGE)
        .bind(Stores::NONE.with(StoreId::Media).bits())
        .fetch_all(db.read())
        .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.try_get(0)?;
        let mut of: HashMap<ChildId, Vec<Held>> = HashMap::new();
        for row in &rows {
            let erasing: Option<String> = row.try_get(7)?;
            let erasing = erasing.unwrap_or_default();
            let bits = erasing.split(',').filter_map(|bits| bits.parse::<u32>().ok());
            of.entry(id(row.try_get(1)?)?).or_default().push(Held {
                id: id(row.try_get(2)?)?,
                media: row.try_get(3)?,
                rows: [row.try_get(4)?, row.try_get(5)?, row.try_get(6)?],
                erasing: bits.map(Stores::from_bits).fold(Stores::NONE, Stores::or),
            });
        }
        for (child, held) in of {
            let ids: Vec<RecordingId> = held.iter().map(|held| held.id).collect();
            let mut keys = keys.of(child, &ids, Stores::ALL).await?;
            for held in held {
                let keys = keys.remove(&held.id).unwrap_or_default();
                let [transcript, location, waveform] = held.rows;
                let media = held.media.then(Vec::new);
                for (part, row) in PARTS.into_iter().zip([media, transcript, location, waveform]) {
                    let has = keys.has_any(Stores::NONE.with(part));
                    let fault = match row {
                        _ if held.erasing.has(part) => continue,
                        None if has => "a key of nothing",
                        Some(_) if !has => "no key",
                        Some(row) if part != StoreId::Media => {
                            match keys.row(part).and_then(|key| key.open(&row)) {
                                Some(_) => continue,
                                None => "what does not open",
                            }
                        }
                        _ => continue,
                    };
                    *faults.entry(format!("{} with {fault}", part.name())).or_default() += 1;
                }
            }
        }
    }
}

async fn of_no_recording(db: &Db, keys: &Keys, faults: &mut Faults) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let page = keys.owners(&after, PAGE).await?;
        let Some(((_, last), _)) = page.last() else { return Ok(()) };
        after = last.to_string();
        let named: Vec<_> = page.iter().map(|((child, id), _)| (id, format!("media/{child}/{id}"))).collect();
        let none: i64 = query_scalar(
            "SELECT count(*) FROM json_each(?) j WHERE NOT EXISTS (SELECT 1 FROM recording r WHERE r.id = j.value ->> 0)
             AND NOT EXISTS (SELECT 1 FROM erasure_item i WHERE i.recording = j.value ->> 0)
             AND NOT EXISTS (SELECT 1 FROM incoming n WHERE n.object = j.value ->> 1)",
        )
        .bind(serde_json::json!(named).to_string())
        .fetch_one(db.read())
        .await?;
        if none > 0 {
            *faults.entry("keys of no recording".into()).or_default() += none.cast_unsigned();
        }
    }
}

async fn things(db: &Db, keys: &Keys, faults: &mut Faults) -> anyhow::Result<()> {
    let mut after = 0_i64;
    loop {
        let rows = query(
            "SELECT d.number, c.id, d.id, d.sealed, EXISTS (SELECT 1 FROM derivation_source s
                 JOIN erasure_item i ON i.seq = s.seq JOIN erasure e ON e.id = i.erasure
                 WHERE s.derivation = d.number AND i.stores & (1 << s.store) <> 0 AND e.state = 'erasing')
             FROM derivation d JOIN child c ON c.number = d.child WHERE d.number > ? ORDER BY d.number LIMIT ?",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(db.read())
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
            let keys = keys.of_things(child, &ids).await?;
            let shut = |(thing, sealed): &&(DerivationId, Vec<u8>)| {
                keys.get(thing).and_then(|key| key.open(sealed)).is_none()
            };
            let shut = things.iter().filter(shut).count() as u64;
            if shut > 0 {
                *faults.entry("things that do not open".into()).or_default() += shut;
            }
        }
    }
}

async fn of_no_thing(db: &Db, keys: &Keys, faults: &mut Faults) -> anyhow::Result<()> {
    for child in keys.children_with_things().await? {
        let mut after = String::new();
        loop {
            // Under the write lock: one that is being made has its key first.
            let mut tx = db.write_effect().await?;
            let page = keys.things(child, &after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.to_string();
            let none: i64 = query_scalar(
                "SELECT count(*) FROM json_each(?) j WHERE NOT EXISTS (SELECT 1 FROM derivation d WHERE d.id = j.value)
                 AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.state = 'erasing')",
            )
            .bind(serde_json::json!(page).to_string())
            .fetch_one(&mut *tx)
            .await?;
            if none > 0 {
                *faults.entry("keys of no thing".into()).or_default() += none.cast_unsigned();
            }
        }
    }
    Ok(())
}
