//! Each format has one way to say a thing, and no file, however spoilt, does more than be refused.
//!
//! These are the fuzz targets too: cargo-fuzz needs a nightly compiler, which is not used here, so
//! every reader gets a bounded number of arbitrary texts and of changed files in each run.
//! `PROPTEST_CASES=1000000 cargo test --release -p proof --test formats` fuzzes for longer.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod common;

use common::*;
use proof::{
    Day, Hash, Known, Policy, Time,
    checkpoint::Checkpoint,
    child::entries,
    inventory::Inventory,
    leaf::{Kind, Leaf, Link},
    note::{Note, VerifierKey},
    receipt::Receipt,
    statement::{Answer, By, Ended, Model, Processor, Statement, Store, When},
    verify,
    verify::{follow, hashes},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

fn word() -> impl Strategy<Value = String> {
    "[!-~]{1,20}"
}

fn time() -> impl Strategy<Value = Time> {
    (0..253_402_300_800_u64).prop_map(Time)
}

fn day() -> impl Strategy<Value = Day> {
    (0..2_932_897_u32).prop_map(Day)
}

/// Names that differ.
fn named<T>(mut list: Vec<T>, name: fn(&mut T) -> &mut String) -> Vec<T> {
    for (n, it) in list.iter_mut().enumerate() {
        *name(it) += &n.to_string();
    }
    list
}

prop_compose! {
    fn store()(name in word(), copies in prop_oneof![Just(0), any::<u64>()], held in any::<bool>(), at in time()) -> Store {
        let ended = match (copies, held) {
            (0, _) => Ended::None,
            (_, true) => Ended::Absent,
            (_, false) => Ended::KeyDestroyed,
        };
        Store { name, copies, ended, at }
    }
}

prop_compose! {
    fn processor()(
        name in word(),
        answer in select(Answer::ALL),
        at in prop_oneof![time().prop_map(When::Time), day().prop_map(When::Day)],
    ) -> Processor {
        Processor { name, answer, at: (answer != Answer::None).then_some(at) }
    }
}

prop_compose! {
    fn any_statement()(
        (erasure, entry, scope, recordings) in (word(), any::<u64>(), word(), any::<u64>()),
        (asked, until, finished, backups) in (time(), time(), time(), day()),
        by in prop_oneof![Just(By::Rule), any::<Hash>().prop_map(By::Guardian)],
        (inventory, inventory_hash, items) in (any::<u64>(), any::<Hash>(), any::<Hash>()),
        stores in vec(store(), 0..5),
        models in vec((word(), word(), option::of(day())), 0..3),
        processors in vec(processor(), 0..3),
    ) -> Statement {
        let items = stores.iter().any(|store| store.copies > 0).then_some(items);
        Statement {
            erasure, entry, asked, by, scope, recordings, until, finished, inventory, inventory_hash, items,
            stores: named(stores, |it| &mut it.name),
            models: models.into_iter().map(|(id, outcome, on)| Model { id, outcome, on }).collect(),
            processors: named(processors, |it| &mut it.name),
            backups,
        }
    }
}

prop_compose! {
    fn any_inventory()(
        version in any::<u64>(),
        stores in vec((word(), word()), 1..5),
        processors in vec((word(), word()), 0..4),
    ) -> Inventory {
        Inventory { version, stores: named(stores, |it| &mut it.0), processors: named(processors, |it| &mut it.0) }
    }
}

prop_compose! {
    fn any_leaf()(kind in select(Kind::ALL), tag in any::<Hash>(), prev in any::<Hash>(), body in any::<Hash>()) -> Leaf {
        Leaf { kind, link: kind.is_of_a_child().then_some(Link { tag, prev }), body }
    }
}

prop_compose! {
    fn any_receipt()(
        leaf in "\\PC{0,40}",
        salt in any::<Hash>(),
        body in "(\\PC|\n){0,40}",
        inventory in "(\\PC|\n){0,40}",
        index in any::<u64>(),
        path in vec(any::<Hash>(), 0..65),
        checkpoint in "(\\PC|\n){0,40}",
    ) -> Receipt {
        Receipt { leaf, salt, body, inventory, index, path, checkpoint }
    }
}

/// All files of an honest erasure, of each kind one.
fn files() -> Vec<String> {
    let world = World::new();
    vec![
        world.receipt().text().unwrap(),
        world.statement.text().unwrap(),
        world.inventory.text().unwrap(),
        world.ledger.leaves[3].clone(),
        world.ledger.checkpoint(5, NOON),
        policy_text("two"),
        world.entries.clone(),
        log_key().key().text(),
        world.published(),
    ]
}

#[derive(Debug, Clone)]
enum Change {
    Remove(usize, usize),
    Insert(usize, String),
    Repeat(usize, usize, usize),
    Turn(usize, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let piece = prop_oneof![
        select(vec![
            "\n",
            "\n\n",
            " ",
            "  ",
            "\t",
            "0",
            "9",
            "-",
            "=",
            "==",
            "+",
            "— ",
            "\r",
            "\0",
            "store ",
            "é",
            "\u{a0}",
            "—",
            "A",
            "/",
            "99999999999999999999",
            "extra ",
            "index 0\n",
            "group g all own\n",
        ])
        .prop_map(String::from),
        "\\PC{0,8}",
    ];
    prop_oneof![
        (any::<usize>(), 0..40_usize).prop_map(|(at, len)| Change::Remove(at, len)),
        (any::<usize>(), piece).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<usize>(), 0..60_usize, any::<usize>())
            .prop_map(|(from, len, to)| Change::Repeat(from, len, to)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, with)| Change::Turn(at, with)),
    ]
}

fn changed(file: &str, changes: &[Change]) -> String {
    let mut bytes = file.as_bytes().to_vec();
    for change in changes {
        let len = bytes.len().max(1);
        match change {
            Change::Remove(at, n) => {
                drop(bytes.drain((at % len).min(bytes.len())..(at % len + n).min(bytes.len())))
            }
            Change::Insert(at, piece) => {
                drop(bytes.splice((at % len).min(bytes.len())..(at % len).min(bytes.len()), piece.bytes()))
            }
            Change::Repeat(from, n, to) => {
                let from = (from % len).min(bytes.len());
                let piece = bytes[from..(from + n).min(bytes.len())].to_vec();
                let to = (to % len).min(bytes.len());
                drop(bytes.splice(to..to, piece));
            }
            Change::Turn(at, with) => {
                if let Some(byte) = bytes.get_mut(at % len) {
                    *byte ^= with;
                }
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Hands a text to every reader there is. What is read is written as it was read.
fn read(text: &str) {
    if let Ok(it) = Statement::parse(text) {
        assert_eq!(it.text().as_deref(), Ok(text));
    }
    if let Ok(it) = Inventory::parse(text) {
        assert_eq!(it.text().as_deref(), Ok(text));
    }
    if let Ok(it) = Receipt::parse(text) {
        assert_eq!(it.text().as_deref(), Ok(text));
    }
    if let Ok(it) = Leaf::parse(text) {
        assert_eq!(it.text(), text);
    }
    if let Ok(it) = VerifierKey::parse(text) {
        assert_eq!(it.text(), text);
    }
    if let Some(it) = Day::parse(text) {
        assert_eq!(it.text(), text);
    }
    if let Some(it) = Time::parse(text) {
        assert_eq!(it.text(), text);
    }
    if let Ok(note) = Note::parse(text) {
        let _ = (
            note.signed_by(log_key().key()),
            note.cosigned_by(witness(0).key()),
            Checkpoint::parse(note.text),
        );
    }
    if let Ok(policy) = Policy::parse(text) {
        assert_eq!(policy.is_met(&[]), !policy.asks_for_witnesses());
    }
    let _ = (Checkpoint::parse(text), hashes(text), entries(&child(5), text), proof::base64::decode(text));
}

/// Hands a text over in every place where a check takes one.
fn check(text: &str) {
    let world = World::with(&["media"]);
    let (honest, policy) = (world.receipt().text().unwrap(), policy());
    let known = Known {
        seen: Some((text, &[])),
        inventory: Some(text),
        child: Some(&world.child),
        entries: Some(text),
        not_before: None,
    };
    let _ = (verify(text, &policy, &known).text(), verify(&honest, &policy, &known).text());
    let _ = (follow(&policy, text, text, &[]), proof::base64::hash(text));
}

proptest! {
    #[test]
    fn a_statement_is_written_in_one_way(it in any_statement()) {
        let text = it.text().unwrap();
        prop_assert_eq!(Statement::parse(&text), Ok(it));
    }

    #[test]
    fn an_inventory_is_written_in_one_way(it in any_inventory()) {
        let text = it.text().unwrap();
        prop_assert_eq!(Inventory::parse(&text), Ok(it));
    }

    #[test]
    fn an_entry_is_written_in_one_way(it in any_leaf()) {
        prop_assert_eq!(Leaf::parse(&it.text()), Ok(it));
    }

    #[test]
    fn a_receipt_is_written_in_one_way(it in any_receipt()) {
        prop_assume!(it.path.len() <= 64);
        let text = it.text().unwrap();
        prop_assert_eq!(Receipt::parse(&text), Ok(it));
    }

    #[test]
    fn words_that_are_none_are_refused(it in any_statement(), bad in "[!-~]{0,3}[ \n\té\u{7f}\u{0}][!-~]{0,3}|", place in 0..5) {
        let mut it = it;
        match place {
            0 => it.erasure = bad,
            1 => it.scope = bad,
            2 => it.stores.push(Store { name: bad, copies: 0, ended: Ended::None, at: Time(0) }),
            3 => it.models.push(Model { id: "m".into(), outcome: bad, on: None }),
            _ => it.processors.push(Processor { name: bad, answer: Answer::None, at: None }),
        }
        prop_assert!(it.text().is_err());
    }

    #[test]
    fn days_and_times_are_jiffs(seconds in 0..253_402_300_800_u64) {
        let jiff = jiff::Timestamp::from_second(seconds as i64).unwrap().to_string();
        prop_assert_eq!(Time(seconds).text(), jiff.as_str());
        prop_assert_eq!(Time::parse(&jiff), Some(Time(seconds)));
        let day = Day((seconds / 86_400) as u32);
        prop_assert_eq!(day.text(), &jiff[..10]);
        prop_assert_eq!(Day::parse(&jiff[..10]), Some(day));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000.max(ProptestConfig::default().cases), ..ProptestConfig::default() })]

    #[test]
    fn no_text_does_harm_to_a_reader(text in "(\\PC|\n|[ -9]|forget-me-not/|— ){0,60}") {
        read(&text);
    }

    #[test]
    fn no_bytes_do_harm_to_a_reader(bytes in vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_changed_file_does_harm_to_a_reader(which in 0..9_usize, changes in vec(change(), 1..4)) {
        read(&changed(&files()[which], &changes));
    }

    #[test]
    fn a_time_is_read_only_as_it_is_written(text in "[0-9]{3,5}-[0-9]{1,3}-[0-9]{1,3}(T[0-9]{1,3}:[0-9]{2}:[0-9]{2}Z)?") {
        read(&text);
        prop_assert!(Day::parse(&text).is_none() || text.len() == 10);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300.max(ProptestConfig::default().cases), ..ProptestConfig::default() })]

    #[test]
    fn no_changed_file_does_harm_to_a_check(which in 0..9_usize, changes in vec(change(), 1..4)) {
        check(&changed(&files()[which], &changes));
    }
}

#[test]
fn days_that_do_not_exist() {
    for wrong in [
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "2026-04-31",
        "1969-12-31",
        "2026-1-01",
        "+026-01-01",
        "",
        "10000-01-01",
        "2100-02-29",
        "2026-11-22T",
        "0000-01-01",
    ] {
        assert_eq!(Day::parse(wrong), None, "{wrong}");
    }
    for wrong in [
        "2026-11-22T24:00:00Z",
        "2026-11-22T00:60:00Z",
        "2026-11-22T00:00:60Z",
        "2026-11-22T00:00:00",
        "2026-11-22T00:00:00z",
        "2026-11-22T0:00:00Z",
    ] {
        assert_eq!(Time::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Day::parse("2000-02-29").map(|day| day.text()).as_deref(), Some("2000-02-29"));
}

#[test]
fn what_is_too_long_is_refused() {
    let long = "x".repeat(70_000);
    let mut receipt = World::new().receipt();
    receipt.body = long.clone();
    assert_eq!(receipt.text(), Err(proof::Error::TooLong));
    assert_eq!(Note::parse(&long).err(), Some(proof::Error::TooLong));
    assert_eq!(Receipt::parse(&long.repeat(2)), Err(proof::Error::TooLong));
    receipt = World::new().receipt();
    receipt.path = vec![[0; 32]; 65];
    assert_eq!(receipt.text(), Err(proof::Error::NotReceipt));
}
