//! A checkpoint on its way to a witness and back as a signature, over HTTP on this machine.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use proof::leaf::Kind;
use service::{
    clock::SystemClock,
    core::{Core, Policy},
    files,
    ledger::{self, Witnesses},
    witness::{Witness, router},
};

use crate::{row, stock::Stock};

pub async fn run(rounds: usize) {
    let mut stock = Stock::new(1, 1, false).await;
    let state = tempfile::tempdir().unwrap();
    let logs = format!("log {}\nquorum none\n", stock.core.ledger.key().text());
    let logs = proof::Policy::parse(&logs).unwrap();
    let witness = Witness::open(state.path(), Some("watch.example/w1"), logs, Arc::new(SystemClock)).unwrap();
    let key = witness.key().text();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let running =
        tokio::spawn(async move { axum::serve(listener, router(Arc::new(witness))).await.unwrap() });
    stock.core.db.close().await;
    ledger::policy::set(stock.folder.path(), &format!("witness w1 {key} {url}\nquorum w1\n")).unwrap();
    stock.core = Core::open(stock.folder.path(), Policy::default()).await.unwrap();
    let (core, child) = (&stock.core, stock.asker.children[0].0);
    let mut witnesses = Witnesses::of(core).await.unwrap();

    let (mut taken, mut floor) = (Vec::new(), Vec::new());
    for n in 0..rounds {
        let mut tx = core.db.write().await.unwrap();
        let body = format!("forget-me-not/access/v1\nat 2026-11-22T05:00:00Z\nentry {n}\n");
        ledger::enter(&mut tx, core, child, Kind::Access, |_| body).await.unwrap();
        tx.commit().await.unwrap();
        ledger::sequence(core).await.unwrap();
        let begun = Instant::now();
        assert!(witnesses.round(core).await.unwrap());
        taken.push(begun.elapsed());
        // What cannot be saved: the witness writes before it answers, and the service before it shows.
        let begun = Instant::now();
        for folder in [state.path(), stock.folder.path()] {
            files::write(folder, &folder.join("floor"), &[b'x'; 400]).unwrap();
            files::settle(folder).unwrap();
        }
        floor.push(begun.elapsed());
    }
    running.abort();
    let (taken, floor) = (Spread::of(taken), Spread::of(floor));
    row(
        "a checkpoint seen by a witness and shown: proof, request, signature; median (99th of 100)",
        &taken.text(),
        &format!("two files written and synced: {}", floor.text()),
        Some(floor.median.as_secs_f64() / taken.median.as_secs_f64()),
    );
}

struct Spread {
    median: Duration,
    slow: Duration,
}

impl Spread {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self { median: all[all.len() / 2], slow: all[all.len() * 99 / 100] }
    }

    fn text(&self) -> String {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        format!("{:.1} ms ({:.1})", ms(self.median), ms(self.slow))
    }
}
