//! What an erasure asks of processors: frozen when it is accepted, dropped when it is taken back.

use rules::{
    ErasureId, ProcessorState, Stores, Timestamp,
    processor::{ClassSet, asked_for, first_ask},
    retention::HANDED_OVER_WITHIN_SECONDS,
};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction, query, query_as, query_scalar};

use super::{step::word, uuid};

/// Something that a processor was given, and is to delete.
pub(super) struct Given {
    /// Which one.
    pub processor: String,
    child: i64,
    name: String,
    classes: ClassSet,
    disclosed_at: i64,
}

/// What processors were given of these recordings, of which each loses what is in these stores.
pub(super) async fn given(
    db: &mut SqliteConnection,
    losing: impl Iterator<Item = (i64, Stores)>,
) -> sqlx::Result<Vec<Given>> {
    let any: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM disclosure)").fetch_one(&mut *db).await?;
    if !any {
        return Ok(Vec::new());
    }
    let losing: Vec<_> = losing.map(|(seq, stores)| (seq, stores.bits())).collect();
    let rows = query(
        "SELECT j.value ->> 1, d.processor, d.child, d.name, d.classes, d.disclosed_at
         FROM json_each(?) j CROSS JOIN disclosure d ON d.seq = j.value ->> 0",
    )
    .bind(serde_json::json!(losing).to_string())
    .fetch_all(db)
    .await?;
    let mut given = Vec::with_capacity(rows.len());
    for row in rows {
        let classes = asked_for(ClassSet::from_bits(row.try_get(4)?), Stores::from_bits(row.try_get(0)?));
        if !classes.is_empty() {
            let (processor, child, name) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            given.push(Given { processor, child, name, classes, disclosed_at: row.try_get(5)? });
        }
    }
    Ok(given)
}

/// Notes it with the erasure that takes it.
pub async fn freeze(
    tx: &mut Transaction<'_, Sqlite>,
    erasure: ErasureId,
    losing: impl Iterator<Item = (i64, Stores)>,
) -> sqlx::Result<()> {
    let given = given(tx, losing).await?;
    if given.is_empty() {
        return Ok(());
    }
    let item =
        |it: &Given| serde_json::json!([it.processor, it.child, it.name, it.classes.bits(), it.disclosed_at]);
    query(
        "INSERT INTO processor_item (erasure, processor, child, name, classes, disclosed_at)
         SELECT ?, j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4 FROM json_each(?) j",
    )
    .bind(erasure.to_string())
    .bind(serde_json::Value::from_iter(given.iter().map(item)).to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Opens a request to each processor that has something, one for each child, to be made once the erasure
/// cannot be taken back, nor anything be on its way to it any more; each at a moment of its own after that, which is
/// written down with it.
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
        .bind(first_ask(now.max(sealed_until).max(handed_over), rand::random()).ms())
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
