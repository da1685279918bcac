//! Entries into the database, and from there into the public tree, in durable batches.

use std::time::Instant;

use proof::{leaf::Kind, merkle::leaf_hash};
use service::ledger::{self, Log};

use crate::{row, stock::Stock};

pub async fn run(entries: usize) {
    let stock = Stock::new(1, 1, false).await;
    let (core, child) = (&stock.core, stock.asker.children[0].0);
    ledger::sequence(core).await.unwrap();

    let body = |part: usize, n: usize| {
        format!("forget-me-not/access/v1\nat 2026-11-22T05:00:00Z\nentry {part} {n}\n")
    };
    // As an erasure enters what became of each store: all of them at once.
    let begun = Instant::now();
    for part in 0..entries / 1000 {
        let mut tx = core.db.write().await.unwrap();
        let some: Vec<_> = (0..1000).map(|n| (Kind::Access, body(part, n))).collect();
        let mut log = Log::of(&mut tx, child).await.unwrap();
        log.enter_all(&mut tx, core, &some).await.unwrap();
        tx.commit().await.unwrap();
    }
    let entered = entries as f64 / begun.elapsed().as_secs_f64();
    // As everything else does: each by itself.
    let few = entries / 10;
    let begun = Instant::now();
    for part in 0..few / 1000 {
        let mut tx = core.db.write().await.unwrap();
        for n in 0..1000 {
            ledger::enter(&mut tx, core, child, Kind::Access, |_| body(part, n)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    let one_by_one = few as f64 / begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let added = ledger::sequence(core).await.unwrap();
    assert_eq!(added, (entries + few) as u64);
    let sequenced = added as f64 / begun.elapsed().as_secs_f64();

    let leaf = [b'x'; 220];
    let begun = Instant::now();
    for _ in 0..entries {
        std::hint::black_box(leaf_hash(std::hint::black_box(&leaf)));
    }
    let hashed = entries as f64 / begun.elapsed().as_secs_f64();
    let floor = format!("hash each once: {hashed:.0}/s");
    row(
        &format!("{entries} entries of a child, 1,000 a transaction, at once"),
        &format!("{entered:.0}/s"),
        &floor,
        Some(entered / hashed),
    );
    row(
        &format!("{few} entries of a child, 1,000 a transaction, one after the other"),
        &format!("{one_by_one:.0}/s"),
        &floor,
        Some(one_by_one / hashed),
    );
    row(
        &format!("{added} entries into tiles, head and checkpoint, 4,096 a batch"),
        &format!("{sequenced:.0}/s"),
        &floor,
        Some(sequenced / hashed),
    );
}
