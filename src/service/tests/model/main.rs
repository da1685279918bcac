//! The engine against a small model: whatever is asked by whom, taken back, kept, made of it, broken, killed and
//! waited for, in whatever order, what anybody can read is what the model says, and in the end all of it is
//! deleted, from every file, and told of once.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test stops where it cannot go on")]

#[path = "../household/mod.rs"]
mod household;

mod canary;
mod check;
mod fate;
mod history;
mod known;
mod met;
mod plan;
mod served;
mod world;

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use history::{Op, history};
use met::Met;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use world::World;

#[test]
fn whatever_happens_what_was_deleted_is_deleted_and_nothing_else() {
    let met = Met::default();
    run(12, TestRng::deterministic_rng(RngAlgorithm::ChaCha), &met, "always the same");
    // It is the same draw each time: what is missing in it is never tried.
    assert_eq!(met.missing(), [], "to be drawn more often, in history.rs");
}

/// As many as `PROPTEST_CASES` says where somebody looks harder; the histories of before with the `MODEL_SEED` that a
/// failure names.
#[test]
fn nor_does_a_history_that_nobody_has_tried_yet_end_otherwise() {
    let set = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let cases = set("PROPTEST_CASES").unwrap_or(8);
    let seed = set("MODEL_SEED").unwrap_or_else(rand::random);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed.to_le_bytes(); 4].concat());
    let again = format!("MODEL_SEED={seed} PROPTEST_CASES={cases}");
    // Where it never ends, or the process does, there is no failure to say it.
    eprintln!("{again}");
    run(u32::try_from(cases).unwrap(), rng, &Met::default(), &again);
}

fn run(cases: u32, rng: TestRng, met: &Met, drawn: &str) {
    let config = Config { cases, max_shrink_iters: 100, failure_persistence: None, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome =
        TestRunner::new_with_rng(config, rng).run(&history(), |ops| runtime.block_on(plays(&ops, met)));
    if let Err(error) = outcome {
        panic!("{error}\nthe draw: {drawn}");
    }
}

/// Plays a history, and looks at everything after each step.
async fn plays(ops: &[Op], met: &Met) -> Result<(), TestCaseError> {
    let mut world = World::new(met).await;
    for (n, op) in ops.iter().enumerate() {
        let step = async {
            world.go(op).await;
            world.check().await;
        };
        told(step, || format!("step {n}, {op:?}")).await?;
    }
    told(world.end(), || "the end".into()).await
}

/// What went wrong, with where it did.
async fn told(step: impl Future<Output = ()>, at: impl Fn() -> String) -> Result<(), TestCaseError> {
    AssertUnwindSafe(step).catch_unwind().await.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
        TestCaseError::fail(format!("{}: {said}", at()))
    })
}
