//! What costs as much as there is: the time line of one child, and a page far down a list.

use std::time::Instant;

use rules::scope::Filter;
use service::listing;

use crate::{row, stock::Stock};

/// Calls of each kind; the median is told.
const CALLS: usize = 9;

pub async fn run(most: usize) {
    for each in [most / 10, most] {
        let stock = Stock::new(1, each, false).await;
        let child = stock.asker.children[0].1;
        let filter = Filter::default();
        let q = Filter { q: Some("walnut".into()), ..Filter::default() };
        let berlin = listing::zone("Europe/Berlin").unwrap();
        let skip = u32::try_from(each - 100).unwrap();
        let mut count = Vec::new();
        let mut days = Vec::new();
        let mut found = Vec::new();
        let mut skipped = Vec::new();
        for _ in 0..CALLS {
            let begun = Instant::now();
            listing::count(&stock.core, &stock.asker, child, &filter).await.unwrap();
            count.push(begun.elapsed());
            for (filter, times) in [(&filter, &mut days), (&q, &mut found)] {
                let begun = Instant::now();
                listing::timeline(&stock.core, &stock.asker, child, filter, &berlin).await.unwrap();
                times.push(begun.elapsed());
            }
            let begun = Instant::now();
            listing::place(&stock.core, &stock.asker, child, &filter, skip).await.unwrap().unwrap();
            skipped.push(begun.elapsed());
        }
        let [count, days, found, skipped] = [count, days, found, skipped].map(|mut times| {
            times.sort_unstable();
            times[CALLS / 2].as_secs_f64() * 1e3
        });
        let peer = format!("their count: {count:.1} ms");
        for (what, ms) in [
            ("time line".to_owned(), days),
            ("time line of a search".to_owned(), found),
            (format!("skip={skip}"), skipped),
        ] {
            row(&format!("{what}: one child with {each}"), &format!("{ms:.1} ms"), &peer, Some(ms / count));
        }
    }
}
