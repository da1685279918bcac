//! One program with every target: the environment's `FMN_FUZZ` says which. `cargo xtask fuzz` runs them.
//!
//! Each says what must be so whatever bytes come, beside that nothing panics, overflows or goes on for ever.
#![no_main]

#[path = "../../src/service/files.rs"]
#[allow(dead_code, reason = "the service uses all of it")]
mod files;
mod formats;
mod judged;
#[path = "../../src/service/playback/range.rs"]
#[allow(dead_code, reason = "the service uses all of it")]
mod range;
mod served;
#[path = "../../src/service/ledger/tiles.rs"]
#[allow(dead_code, reason = "the service uses all of it")]
mod tiles;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

/// A target takes bytes that a stranger has sent.
type Target = fn(&[u8]);

/// Each has a folder of that name in `seeds`.
const TARGETS: &[(&str, Target)] = &[
    ("base64", formats::base64),
    ("checkpoint", formats::checkpoint),
    ("consistency", judged::consistency),
    ("entries", formats::entries),
    ("inclusion", judged::inclusion),
    ("inventory", formats::inventory),
    ("key", formats::key),
    ("leaf", formats::leaf),
    ("note", formats::note),
    ("policy", formats::policy),
    ("range", served::range),
    ("receipt", formats::receipt),
    ("request", formats::request),
    ("statement", formats::statement),
    ("tile", served::tile),
    ("time", formats::time),
    ("verify", judged::verify),
    ("witness", judged::witness),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FMN_FUZZ").unwrap_or_default();
    let known = TARGETS.iter().find(|(known, _)| *known == name);
    known.unwrap_or_else(|| panic!("FMN_FUZZ names no target: {name}")).1
});

fuzz_target!(|bytes: &[u8]| TARGET(bytes));

/// As much of it as is text: nothing else is a line.
fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("it is valid up to there"),
    }
}
