//! The figures of the service, measured on this machine in one run: `cargo bench -p service --bench figures`,
//! or one part of it: `… -- days`.
//!
//! Rates are told beside a floor or a peer of the same run, so that a slow machine does not look
//! like slow code. Nothing here asserts a time.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops where it cannot go on")]

mod days;
mod erase;
mod intake;
mod keys;
mod large;
mod ledger;
mod lists;
mod stock;
mod witness;

fn main() {
    // `cargo test --benches` runs this too; it has nothing to check.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let small = std::env::var_os("FMN_BENCH_SMALL").is_some();
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some(folder) = std::env::var_os("FMN_BENCH_FILL") {
        // For what measures a running service, `cargo xtask bench --peers`.
        let recordings = std::env::var("FMN_BENCH_RECORDINGS").unwrap().parse().unwrap();
        runtime.block_on(stock::fill_folder(folder.as_ref(), recordings));
        return;
    }
    if let Some(recordings) = std::env::var_os("FMN_BENCH_ERASE") {
        // By itself, so that the most memory it takes is its own.
        runtime.block_on(large::erase(recordings.to_str().unwrap().parse().unwrap()));
        return;
    }
    runtime.block_on(async {
        println!("| What | Figure | Floor or peer in the same run | Ratio |\n|---|---|---|---|");
        let many = if small { 20_000 } else { 1_000_000 };
        if wanted("erase") {
            erase::run(if small { 1_000 } else { 10_000 }).await;
        }
        if wanted("large") {
            large::run(if small { [1_000, 5_000] } else { [10_000, 100_000] });
        }
        if wanted("intake") {
            intake::run(if small { 500 } else { 10_000 }).await;
        }
        if wanted("ledger") {
            ledger::run(if small { 10_000 } else { 100_000 }).await;
        }
        if wanted("witness") {
            witness::run(if small { 50 } else { 500 }).await;
        }
        if wanted("keys") {
            keys::run(if small { 2_000 } else { 1_000_000 }).await;
        }
        if wanted("lists") {
            lists::run(many).await;
        }
        if wanted("days") {
            days::run(many).await;
        }
    });
}

/// One line of the table.
pub fn row(what: &str, figure: &str, peer: &str, ratio: Option<f64>) {
    println!(
        "| {what} | {figure} | {peer} | {} |",
        ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"))
    );
}
