//! The figures of the service, measured on this machine in one run: `cargo bench -p service --bench figures`.
//!
//! Rates are told beside a floor or a peer of the same run, so that a slow machine does not look
//! like slow code. Nothing here asserts a time.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops where it cannot go on")]

mod erase;
mod intake;
mod lists;
mod stock;

fn main() {
    // `cargo test --benches` runs this too; it has nothing to check.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let small = std::env::var_os("FMN_BENCH_SMALL").is_some();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some(folder) = std::env::var_os("FMN_BENCH_FILL") {
        // For what measures a running service, `cargo xtask bench --peers`.
        let recordings = std::env::var("FMN_BENCH_RECORDINGS").unwrap().parse().unwrap();
        runtime.block_on(stock::fill_folder(folder.as_ref(), recordings));
        return;
    }
    runtime.block_on(async {
        println!("| What | Figure | Floor or peer in the same run | Ratio |\n|---|---|---|---|");
        erase::run(if small { 1_000 } else { 10_000 }).await;
        intake::run(if small { 500 } else { 10_000 }).await;
        lists::run(if small { 20_000 } else { 1_000_000 }).await;
    });
}

/// One line of the table.
pub fn row(what: &str, figure: &str, peer: &str, ratio: Option<f64>) {
    println!(
        "| {what} | {figure} | {peer} | {} |",
        ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"))
    );
}
