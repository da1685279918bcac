//! Entries into the database, and from there into the public tree, in durable batches.

use std::time::Instant;

use proof::{leaf::Kind, merkle::leaf_hash};

use crate::{row, stock::Stock};

pub async fn run(entries: usize) {
    let stock = Stock::new(1, 1, false).await;
    let (core, child) = (&stock.core, stock.asker.children[0].0);
    service::ledger::sequence(core).await.unwrap();

    let begun = Instant::now();
    for part in 0..entries / 1000 {
        let mut tx = core.db.write().await.unwrap();
        for n in 0..1000 {
            let body = format!("forget-me-not/access/v1\nat 2026-11-22T05:00:00Z\nentry {part} {n}\n");
            service::ledger::enter(&mut tx, core, child, Kind::Access, |_| body).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    let entered = entries as f64 / begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let added = service::ledger::sequence(core).await.unwrap();
    assert_eq!(added, entries as u64);
    let sequenced = entries as f64 / begun.elapsed().as_secs_f64();

    let leaf = [b'x'; 220];
    let begun = Instant::now();
    for _ in 0..entries {
        std::hint::black_box(leaf_hash(std::hint::black_box(&leaf)));
    }
    let hashed = entries as f64 / begun.elapsed().as_secs_f64();
    let floor = format!("hash each once: {hashed:.0}/s");
    row(
        &format!("{entries} entries of a child, 1,000 a transaction"),
        &format!("{entered:.0}/s"),
        &floor,
        Some(entered / hashed),
    );
    row(
        &format!("{entries} entries into tiles, head and checkpoint, 4,096 a batch"),
        &format!("{sequenced:.0}/s"),
        &floor,
        Some(sequenced / hashed),
    );
}
