//! Lists and searches of one child: 10,000 recordings alone, and within 1,000,000.

use std::time::{Duration, Instant};

use rules::{ChildId, scope::Filter};
use service::listing::{self, View};

use crate::{row, stock::Stock};

pub async fn run(most: usize) {
    let each = 10_000.min(most / 2);
    let alone = measure(&Stock::new(1, each, false).await).await;
    let among = measure(&Stock::new(most / each, each, false).await).await;
    let one = measure(&Stock::new(1, most, false).await).await;
    for ((what, alone), ((_, among), (_, one))) in alone.iter().zip(among.iter().zip(&one)) {
        let p99 = |times: &[Duration]| times[times.len() * 99 / 100].as_secs_f64() * 1e3;
        let p50 = |times: &[Duration]| times[times.len() / 2].as_secs_f64() * 1e3;
        let tell = |times: &[Duration]| format!("p50 {:.2} ms, p99 {:.2} ms", p50(times), p99(times));
        let peer = format!("{each} in all: {}", tell(alone));
        row(
            &format!("{what}: a child of {each} within {most}"),
            &tell(among),
            &peer,
            Some(p99(among) / p99(alone)),
        );
        row(&format!("{what}: one child with {most}"), &tell(one), &peer, Some(p99(one) / p99(alone)));
    }
}

/// 300 calls of each kind, their times in order.
async fn measure(stock: &Stock) -> Vec<(&'static str, Vec<Duration>)> {
    let child = stock.asker.children[0].1;
    let q = |q: &str| Filter { q: Some(q.into()), ..Filter::default() };
    let mut results = Vec::new();
    for (what, filter, pages) in [
        ("list, first page", Filter::default(), 1),
        ("list, twentieth page", Filter::default(), 20),
        ("search, common word", q("walnut"), 1),
        ("search, two words", q("walnut bedtime"), 1),
        ("search, beginning of words", q("wi"), 1),
        ("search, rare word", q("xylophone"), 1),
    ] {
        let mut times = Vec::new();
        for _ in 0..300 {
            let mut cursor = None;
            for _ in 1..pages {
                cursor = call(stock, child, &filter, cursor).await;
            }
            let begun = Instant::now();
            call(stock, child, &filter, cursor).await;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        results.push((what, times));
    }
    results
}

async fn call(stock: &Stock, child: ChildId, filter: &Filter, before: Option<i64>) -> Option<i64> {
    let view = View { asker: &stock.asker, words: true };
    listing::page(&stock.core, view, child, filter, before, 50).await.unwrap().next_before
}
