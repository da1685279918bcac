//! One erasure of very many recordings: how long it takes, how much memory, and whether how far it is can be read
//! all the while. Each size runs in a process of its own.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rules::{ErasureState, Scope, contract::NewErasure};
use service::erasure::{accept, engine, view};

use crate::{row, stock::Stock};

/// Both sizes, the larger one beside the smaller.
pub fn run([fewer, many]: [usize; 2]) {
    let (few, large) = (child(fewer), child(many));
    row(
        &format!("{many} recordings in one erasure, verified"),
        &format!("{:.1} s, of which accepting {:.1} s", large.seconds, large.accepting),
        &format!("{fewer}: {:.1} s", few.seconds),
        Some(large.seconds / few.seconds),
    );
    row(
        "the most memory that this takes (resident, above what was there before)",
        &format!("{:.1} MB", large.memory),
        &format!("{fewer}: {:.1} MB", few.memory),
        Some(large.memory / few.memory),
    );
    row(
        "the longest time in which how far it is could not be read",
        &format!("{:.0} ms", large.unread * 1000.0),
        &format!("{fewer}: {:.0} ms", few.unread * 1000.0),
        None,
    );
}

struct Figures {
    seconds: f64,
    accepting: f64,
    memory: f64,
    unread: f64,
}

fn child(recordings: usize) -> Figures {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.arg("--bench").env("FMN_BENCH_ERASE", recordings.to_string()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let figures: Vec<f64> = told.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let [seconds, accepting, memory, unread] = figures.try_into().unwrap();
    Figures { seconds, accepting, memory, unread }
}

/// Erases so many, and prints the figures.
pub async fn erase(recordings: usize) {
    let stock = Stock::new(1, recordings, true).await;
    let before = memory_from_here();
    let begun = Instant::now();
    let request = NewErasure {
        child: Some(stock.asker.children[0].1),
        scope: Scope::Child {},
        include_kept: false,
        waive_undo: true,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&stock.core, &stock.asker, &request, None).await.unwrap();
    let accepting = begun.elapsed().as_secs_f64();
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (core, asker, over) = (stock.core.clone(), stock.asker.clone(), over.clone());
        async move {
            let (mut longest, mut last) = (Duration::ZERO, Instant::now());
            while !over.load(Ordering::Relaxed) {
                view::get(&core, &asker, erasure.id).await.unwrap();
                longest = longest.max(last.elapsed());
                last = Instant::now();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            longest
        }
    });
    let state = async || view::get(&stock.core, &stock.asker, erasure.id).await.unwrap().state;
    while state().await != ErasureState::Deleted {
        engine::tick(&stock.core).await.unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    let unread = reader.await.unwrap().as_secs_f64();
    println!("{seconds} {accepting} {} {unread}", memory() - before);
}

/// What is resident, in MB; the most memory counts from here on (Linux: proc(5)).
pub fn memory_from_here() -> f64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    memory()
}

/// The most memory that was resident, in MB.
pub fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
