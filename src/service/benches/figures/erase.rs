//! Erasures, accepted, carried out and verified, beside the floor: a bare DELETE of the same rows
//! and an unlink of the same files, on the same engine with the same settings.

use std::time::Instant;

use rules::{Scope, contract::NewErasure};
use service::erasure::{accept, engine};

use crate::{row, stock::Stock};

pub async fn run(recordings: usize) {
    let ours = Stock::new(1, recordings, true).await;
    let begun = Instant::now();
    delete(&ours, Scope::Child {}).await;
    let verified = rate(recordings, begun);

    let floor = Stock::new(1, recordings, true).await;
    let begun = Instant::now();
    bare(&floor, recordings).await;
    let bare = rate(recordings, begun);
    row(
        &format!("{recordings} recordings in one erasure, verified"),
        &format!("{verified:.0} recordings/s"),
        &format!("bare DELETE + unlink: {bare:.0}/s"),
        Some(verified / bare),
    );

    let one_by_one = recordings.min(500);
    let ours = Stock::new(1, one_by_one, true).await;
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM recording").fetch_all(ours.core.db.read()).await.unwrap();
    let begun = Instant::now();
    for id in ids {
        delete(&ours, Scope::Items { recordings: vec![id.parse().unwrap()] }).await;
    }
    let verified = rate(one_by_one, begun);
    let many = Stock::new(1, one_by_one, true).await;
    let together = all_due_at_once(&many, one_by_one).await;
    let floor = Stock::new(1, one_by_one, true).await;
    let begun = Instant::now();
    bare_one_by_one(&floor).await;
    let bare = rate(one_by_one, begun);
    row(
        "erasures of one recording each, one after the other, verified",
        &format!("{verified:.0} erasures/s"),
        &format!("bare DELETE + unlink, a transaction each: {bare:.0}/s"),
        Some(verified / bare),
    );
    row(
        "erasures of one recording each, due together, verified",
        &format!("{together:.0} erasures/s"),
        &format!("bare DELETE + unlink, a transaction each: {bare:.0}/s"),
        Some(together / bare),
    );
}

/// Accepts an erasure for each recording, then carries all of them out; the rate of the whole.
async fn all_due_at_once(stock: &Stock, recordings: usize) -> f64 {
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM recording").fetch_all(stock.core.db.read()).await.unwrap();
    let begun = Instant::now();
    for id in ids {
        let scope = Scope::Items { recordings: vec![id.parse().unwrap()] };
        accept::accept(&stock.core, &stock.asker, &request(stock, scope), None).await.unwrap();
    }
    let open = "SELECT count(*) FROM erasure WHERE state <> 'deleted'";
    while sqlx::query_scalar::<_, i64>(open).fetch_one(stock.core.db.read()).await.unwrap() > 0 {
        engine::tick(&stock.core).await.unwrap();
    }
    rate(recordings, begun)
}

fn request(stock: &Stock, scope: Scope) -> NewErasure {
    NewErasure {
        child: Some(stock.asker.children[0].1),
        scope,
        include_kept: false,
        waive_undo: true,
        as_of: None,
    }
}

async fn delete(stock: &Stock, scope: Scope) {
    let (erasure, _) = accept::accept(&stock.core, &stock.asker, &request(stock, scope), None).await.unwrap();
    engine::tick(&stock.core).await.unwrap();
    let state: String = sqlx::query_scalar("SELECT state FROM erasure WHERE id = ?")
        .bind(erasure.id.to_string())
        .fetch_one(stock.core.db.read())
        .await
        .unwrap();
    assert_eq!(state, "deleted");
}

const TABLES: [&str; 5] = [
    "DELETE FROM transcript WHERE seq IN (SELECT value FROM json_each(?))",
    "DELETE FROM location WHERE seq IN (SELECT value FROM json_each(?))",
    "DELETE FROM search_index WHERE rowid IN (SELECT value FROM json_each(?))",
    "DELETE FROM waveform WHERE seq IN (SELECT value FROM json_each(?))",
    "DELETE FROM recording WHERE seq IN (SELECT value FROM json_each(?))",
];

async fn bare(stock: &Stock, recordings: usize) {
    let seqs: Vec<i64> =
        sqlx::query_scalar("SELECT seq FROM recording").fetch_all(stock.core.db.read()).await.unwrap();
    assert_eq!(seqs.len(), recordings);
    for chunk in seqs.chunks(1000) {
        let seqs = serde_json::json!(chunk).to_string();
        let mut tx = stock.core.db.write().await.unwrap();
        for sql in TABLES {
            sqlx::query(sql).bind(&seqs).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    let folder = stock.folder.path().join("media").join(stock.asker.children[0].1.to_string());
    for entry in std::fs::read_dir(&folder).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    // As safe from a power cut as the rows.
    std::fs::File::open(folder).unwrap().sync_all().unwrap();
}

async fn bare_one_by_one(stock: &Stock) {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT seq, id FROM recording").fetch_all(stock.core.db.read()).await.unwrap();
    let folder = stock.folder.path().join("media").join(stock.asker.children[0].1.to_string());
    for (seq, id) in rows {
        let seqs = format!("[{seq}]");
        let mut tx = stock.core.db.write().await.unwrap();
        for sql in TABLES {
            sqlx::query(sql).bind(&seqs).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        std::fs::remove_file(folder.join(id)).unwrap();
    }
}

fn rate(n: usize, begun: Instant) -> f64 {
    n as f64 / begun.elapsed().as_secs_f64()
}
