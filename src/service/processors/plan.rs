//! What an erasure asks of processors: frozen when it is accepted, dropped when it is taken back.

use rules::{
    ErasureId, ProcessorState, Stores, Timestamp,
    processor::{ClassSet, asked_for},
    retention::HANDED_OVER_WITHIN_SECONDS,
};
use sqlx::{Row, Sqlite, Transaction, query, query_as, query_scalar};

use super::{step::word, uuid};

/// Notes what processors were given of these recordings, of which each loses what is in these stores.
pub async fn freeze(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    items: impl Iterator<Item = (i64, Stores)>,
) -> sqlx::Result<()> {
    let any: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM disclosure)").fetch_one(&mut **tx).await?;
    if !any {
        return Ok(());
    }
    let losing: Vec<_> = items.map(|(seq, stores)| (seq, stores.bits())).collect();
    let rows = query(
        "SELECT j.value ->> 1, d.processor, d.child, d.name, d.classes, d.disclosed_at
         FROM json_each(?) j CROSS JOIN disclosure d ON d.seq = j.value ->> 0",
    )
    .bind(serde_json::json!(losing).to_string())
    .fetch_all(&mut **tx)
    .await?;
    let mut asked = Vec::with_capacity(rows.len());
    for row in rows {
        let (processor, child, name): (String, i64, String) =
            (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let classes = asked_for(ClassSet::from_bits(row.try_get(4)?), Stores::from_bits(row.try_get(0)?));
        if !classes.is_empty() {
            asked.push((processor, child, name, classes.bits(), row.try_get::<i64, _>(5)?));
        }
    }
    query(
        "INSERT INTO processor_item (erasure, processor, child, name, classes, disclosed_at)
         SELECT ?, j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4 FROM json_each(?) j",
    )
    .bind(erasure.to_string())
    .bind(serde_json::json!(asked).to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Opens a request to each processor that has something, one for each child, to be made once the erasure
/// cannot be taken back, nor anything be on its way to it any more.
pub async fn open(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    now: Timestamp,
    sealed_until: Timestamp,
) -> sqlx::Result<()> {
    let parts: Vec<(String, i64, i64, i64)> = query_as(
        "SELECT processor, child, count(*), max(disclosed_at) FROM processor_item WHERE erasure = ? GROUP BY processor, child",
    )
    .bind(erasure.to_string())
    .fetch_all(&mut **tx)
    .await?;
    for (processor, child, recordings, disclosed) in parts {
        let handed_over = Timestamp::from_ms(disclosed).plus_seconds(HANDED_OVER_WITHIN_SECONDS);
        query(
            "INSERT INTO processor_step (erasure, processor, child, request, state, recordings, since, next_attempt_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(erasure.to_string())
        .bind(processor)
        .bind(child)
        .bind(uuid())
        .bind(word(ProcessorState::NotSent))
        .bind(recordings)
        .bind(now.ms())
        .bind(sealed_until.max(handed_over).ms())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// The same of an erasure that is repeated on a restored backup: whoever was asked before is asked again.
pub async fn open_again(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    now: Timestamp,
    sealed_until: Timestamp,
) -> sqlx::Result<()> {
    let items: Vec<(i64, u32)> = query_as(
        "SELECT seq, stores FROM erasure_item i WHERE erasure = ?
         AND EXISTS (SELECT 1 FROM disclosure d WHERE d.seq = i.seq)",
    )
    .bind(erasure.to_string())
    .fetch_all(&mut **tx)
    .await?;
    freeze(tx, erasure, items.into_iter().map(|(seq, stores)| (seq, Stores::from_bits(stores)))).await?;
    open(tx, erasure, now, sealed_until).await
}

/// The erasure was taken back: nobody was asked, and nobody will be.
pub async fn take_back(tx: &mut Transaction<'_, Sqlite>, erasure: ErasureId) -> sqlx::Result<()> {
    for sql in
        ["DELETE FROM processor_item WHERE erasure = ?", "DELETE FROM processor_step WHERE erasure = ?"]
    {
        query(sql).bind(erasure.to_string()).execute(&mut **tx).await?;
    }
    Ok(())
}
