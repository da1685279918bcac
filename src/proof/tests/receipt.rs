//! The file as a whole: each of its bits counts, it is small, and checking it is quick.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod common;

use std::{hint::black_box, time::Instant};

use common::*;
use proof::{
    Hash, Known, Policy, Report,
    checkpoint::Checkpoint,
    leaf::{Kind, Leaf},
    merkle,
    receipt::Receipt,
    verify,
    verify::{Outcome, What},
};

/// The files that the documentation shows are those of the honest erasure of all these tests.
/// `FMN_WRITE=1 cargo test -p proof --test receipt documentation` writes them again.
#[test]
fn the_example_in_the_documentation_is_an_honest_one() {
    let world = World::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("example");
    for (name, text) in [
        ("receipt.tlog-proof", world.receipt().text().unwrap()),
        ("inventory.tlog-proof", world.published()),
        ("policy.txt", policy_text("two")),
        ("entries.txt", world.entries.clone()),
    ] {
        let file = folder.join(name);
        if std::env::var_os("FMN_WRITE").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "{name}");
    }
}

/// The report on the file with one bit turned over; none when it is no text any more.
fn turned(file: &str, bit: usize, policy: &Policy, known: &Known) -> Option<Report> {
    let mut bytes = file.as_bytes().to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Some(verify(&String::from_utf8(bytes).ok()?, policy, known))
}

/// The bytes of each witness's signature line.
fn witness_lines(file: &str) -> Vec<std::ops::Range<usize>> {
    let of = |n| {
        let from = file.find(&format!("— {} ", witness(n).key().name())).unwrap();
        from..from + file[from..].find('\n').unwrap() + 1
    };
    (0..2).map(of).collect()
}

/// Where the policy asks for all witnesses, there is not one bit that does not count.
#[test]
fn each_bit_of_a_receipt_counts() {
    let world = World::with(&["media", "transcript"]);
    let file = world.receipt().text().unwrap();
    let policy = policy();
    assert!(!verify(&file, &policy, &Known::default()).failed());
    for bit in 0..file.len() * 8 {
        let report = turned(&file, bit, &policy, &Known::default());
        assert!(report.is_none_or(|report| report.failed()), "byte {}, bit {}", bit / 8, bit % 8);
    }
}

/// Where one of two witnesses is enough, the line of the other can be spoilt: the format of notes
/// asks that lines of unknown keys be passed over, and a line whose name or key hash was changed is
/// one. The report then names one witness less, and says nothing else otherwise.
#[test]
fn only_the_line_of_a_witness_that_is_not_needed_can_be_spoilt() {
    let world = World::with(&["media"]);
    let file = world.receipt().text().unwrap();
    let text = policy_text("w1").replace("group two all own w1\ngroup one any two\n", "");
    let policy = Policy::parse(&text).unwrap();
    let honest = verify(&file, &policy, &Known::default());
    assert!(!honest.failed());
    let spare = witness_lines(&file).remove(0);
    let mut harmless = 0;
    for bit in 0..file.len() * 8 {
        let Some(report) = turned(&file, bit, &policy, &Known::default()) else { continue };
        if !report.failed() {
            assert!(spare.contains(&(bit / 8)), "byte {}, bit {}", bit / 8, bit % 8);
            assert_eq!(report.witnesses, honest.witnesses[1..]);
            assert_eq!(report.statement, honest.statement);
            let others = |report: &Report| {
                report.checks.iter().filter(|it| it.what != What::Witness).cloned().collect::<Vec<_>>()
            };
            assert_eq!(others(&report), others(&honest));
            harmless += 1;
        }
    }
    // Its name, and the base64 digits of its key's hash.
    println!("{harmless} of {} bits only cost the report a witness it did not need", file.len() * 8);
}

/// The same for the receipt of the inventory, which is handed over beside it.
#[test]
fn each_bit_of_the_inventorys_receipt_counts() {
    let world = World::with(&["media"]);
    let (file, published, policy) = (world.receipt().text().unwrap(), world.published(), policy());
    for bit in 0..published.len() * 8 {
        let mut bytes = published.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(turned) = String::from_utf8(bytes) else { continue };
        let known = Known { inventory: Some(&turned), ..Known::default() };
        let report = verify(&file, &policy, &known);
        let proved = report.outcome(What::Published) == &Outcome::Proved;
        // Its checkpoint is the receipt's own, so that its witnesses are not asked again.
        let spoilt = witness_lines(&published).iter().any(|line| line.contains(&(bit / 8)));
        assert!(!proved || spoilt, "byte {}, bit {}", bit / 8, bit % 8);
    }
}

/// A receipt out of ten million entries, with twelve stores and two witnesses.
fn large() -> Receipt {
    const STORES: [&str; 12] = [
        "media",
        "transcript",
        "location",
        "search_index",
        "waveform",
        "catalogue",
        "voiceprints",
        "thumbnails",
        "learned_facts",
        "dataset_rows",
        "replies",
        "keys",
    ];
    let mut inventory = inventory(&STORES);
    inventory.processors.push(("speech-recogniser".into(), "https://recogniser.example/privacy".into()));
    let mut statement = statement(&inventory, &child(5), 1_234);
    let speech = statement.processors[0].clone();
    statement.processors.push(proof::statement::Processor { name: "speech-recogniser".into(), ..speech });
    statement.recordings = 1_500;
    statement.stores.iter_mut().filter(|store| store.copies > 0).for_each(|store| store.copies = 1_500);
    let body = statement.text().unwrap();
    let leaf = Leaf::of(Kind::Complete, &child(5), 1_234, Some(&[8; 32]), &SALT, &body);
    let (index, size) = (7_654_321, 10_000_000);
    let node = |level: u8, at: u64| {
        let mut hash = if index >> level == at { leaf.hash() } else { merkle::leaf_hash(b"another") };
        for below in 0..level {
            let here = (index >> below) & 1;
            let other = merkle::leaf_hash(&[below]);
            hash =
                if here == 0 { merkle::node_hash(&hash, &other) } else { merkle::node_hash(&other, &hash) };
        }
        Ok::<Hash, ()>(if index >> level == at { hash } else { merkle::leaf_hash(&[level]) })
    };
    let text = Checkpoint { origin: ORIGIN, size, root: merkle::root(size, node).unwrap() }.text();
    let lines = [log_key().line(&text, 0), witness(0).line(&text, NOON), witness(1).line(&text, NOON)];
    Receipt {
        leaf: leaf.text(),
        salt: SALT,
        body,
        inventory: inventory.text().unwrap(),
        index,
        path: merkle::inclusion(index, size, node).unwrap(),
        checkpoint: format!("{text}\n{}", lines.concat()),
    }
}

#[test]
fn a_receipt_of_ten_million_entries_is_at_most_4_kb_and_is_checked_at_once() {
    let file = large().text().unwrap();
    let policy = policy();
    let report = verify(&file, &policy, &Known::default());
    assert!(!report.failed(), "{}", report.text());
    println!("{} bytes", file.len());
    assert!(file.len() <= 4096, "{} bytes", file.len());
    // Said, not asserted: `cargo test --release -p proof --test receipt at_once -- --nocapture`.
    let (started, runs) = (Instant::now(), 50);
    for _ in 0..runs {
        black_box(verify(black_box(&file), &policy, &Known::default()));
    }
    println!("{} µs to check it", started.elapsed().as_micros() / runs);
}
