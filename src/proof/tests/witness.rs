//! When a witness may cosign, decided without a network or a disk.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod common;

use common::{Ledger, NOON, ORIGIN, child, log_key, policy, policy_text};
use proof::{
    Hash, Policy,
    leaf::{Kind, Leaf},
    note::{Role, Signer},
    witness::{MAX_PATH, Refusal, Request, judge},
};

fn ledger(entries: u64, of: u8) -> Ledger {
    let mut ledger = Ledger::default();
    for n in 0..entries {
        ledger.enter(&Leaf::of(Kind::Birth, &child(of), n, None, &[0; 32], "a recording"));
    }
    ledger
}

fn asked(ledger: &Ledger, old: u64, size: u64) -> Request {
    Request { old, path: ledger.consistency(old, size), checkpoint: ledger.checkpoint(size, NOON) }
}

fn judged(request: &Request, last: Option<(u64, Hash)>) -> Result<u64, Refusal> {
    judge(&policy(), request, |origin| last.filter(|_| origin == ORIGIN)).map(|seen| seen.size)
}

#[test]
fn a_ledger_that_only_grew_is_cosigned_from_every_size_to_every_other() {
    let ledger = ledger(40, 1);
    for old in 0..=40 {
        let last = (old > 0).then(|| (old, ledger.root(old)));
        for size in old.max(1)..=40 {
            let request = asked(&ledger, old, size);
            assert_eq!(judged(&request, last), Ok(size), "{old} to {size}");
            assert_eq!(Request::parse(&request.text()), Ok(request));
        }
    }
}

#[test]
fn who_begins_elsewhere_is_told_where_to_begin() {
    let ledger = ledger(9, 1);
    let last = Some((5, ledger.root(5)));
    for old in [0, 4, 6, 9] {
        assert_eq!(judged(&asked(&ledger, old, 9), last), Err(Refusal::Elsewhere(5)), "{old}");
    }
    // What was longer before is never signed again.
    for size in 1..5 {
        for old in 0..=size {
            assert_eq!(judged(&asked(&ledger, old, size), last), Err(Refusal::Elsewhere(5)));
        }
    }
    assert_eq!(judged(&asked(&ledger, 3, 9), None), Err(Refusal::Elsewhere(0)));
}

#[test]
fn two_ledgers_of_one_name_are_never_both_cosigned() {
    let (honest, other) = (ledger(9, 1), ledger(12, 2));
    let last = Some((9, honest.root(9)));
    assert_eq!(judged(&asked(&other, 9, 9), last), Err(Refusal::Contradicted(9)));
    assert_eq!(judged(&asked(&other, 9, 12), last), Err(Refusal::NotProved));
    let mut lying = asked(&ledger(12, 1), 9, 12);
    lying.path.pop();
    assert_eq!(judged(&lying, last), Err(Refusal::NotProved));
    lying.path.clear();
    assert_eq!(judged(&lying, last), Err(Refusal::NotProved));
    let mut padded = asked(&honest, 0, 9);
    padded.path.push([0; 32]);
    assert_eq!(judged(&padded, None), Err(Refusal::NotProved));
}

#[test]
fn only_the_logs_own_key_counts() {
    let ledger = ledger(3, 1);
    let request = asked(&ledger, 0, 3);
    let nobody = Policy::parse("quorum none\n").unwrap();
    assert_eq!(judge(&nobody, &request, |_| None).unwrap_err(), Refusal::UnknownLog);
    let text = ledger.text(3);
    let with = |lines: &str| Request { checkpoint: format!("{text}\n{lines}"), ..request.clone() };
    let stranger = Signer::new(ORIGIN, Role::Log, &[9; 32]).unwrap();
    assert_eq!(judged(&with(&stranger.line(&text, 0)), None), Err(Refusal::Unsigned));
    let both = stranger.line(&text, 0) + &log_key().line(&text, 0);
    assert_eq!(judged(&with(&both), None), Ok(3), "signatures of unknown keys are passed over");
    let of_another = log_key().line(&ledger.text(2), 0);
    assert_eq!(judged(&with(&of_another), None), Err(Refusal::Unsigned));
    assert!(policy_text("two").contains(&log_key().key().text()));
}

#[test]
fn what_is_not_written_as_it_must_be_is_malformed() {
    let ledger = ledger(5, 1);
    let good = asked(&ledger, 2, 5);
    let text = good.text();
    for bad in [
        String::new(),
        "old 2\n".into(),
        text.replacen("old 2", "old 02", 1),
        text.replacen("old 2", "old +2", 1),
        text.replacen("old 2", "old 18446744073709551616", 1),
        text.replacen("old 2", "Old 2", 1),
        text.replacen("old 2\n", "old 2\r\n", 1),
        text.replacen("old 2\n", "old 2\nshort\n", 1),
        text.replacen("\n\n", "\n", 1),
        format!(
            "old 0\n{}\n{}",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(MAX_PATH + 1),
            good.checkpoint
        ),
        format!("old 0\n\n{}", "x".repeat(70_000)),
    ] {
        assert_eq!(Request::parse(&bad), Err(Refusal::Malformed), "{bad}");
    }
    for bad in ["", "a\n\nb\n", "a\nb\nc\n\n— x AAAAAAA=\n"] {
        let request = Request { checkpoint: bad.into(), ..good.clone() };
        assert_eq!(judged(&request, None), Err(Refusal::Malformed), "{bad}");
    }
    let backwards = Request { old: 6, path: Vec::new(), ..good };
    assert_eq!(judged(&backwards, Some((6, [0; 32]))), Err(Refusal::Malformed));
}

#[test]
fn a_policy_says_where_its_witnesses_are() {
    let urls: Vec<Option<String>> = policy().witnesses.into_iter().map(|witness| witness.url).collect();
    assert_eq!(urls, [None, Some("https://watch.example/".into())]);
}
