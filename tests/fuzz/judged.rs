//! What is believed, and on what grounds: of a ledger that exists, nothing else can be proved.

use proof::{
    Hash, Known, Policy,
    child::ChildKey,
    merkle::{leaf_hash, root_of, verify_consistency, verify_inclusion},
    receipt::Receipt,
    verify::{Outcome, What},
    witness::{Request, judge},
};

use crate::text;

const RECEIPT: &str = include_str!("../../src/proof/example/receipt.tlog-proof");
const INVENTORY: &str = include_str!("../../src/proof/example/inventory.tlog-proof");
const POLICY: &str = include_str!("../../src/proof/example/policy.txt");
const ENTRIES: &str = include_str!("../../src/proof/example/entries.txt");

/// Nobody else has the keys: what is proved of any file is what the example says.
pub fn verify(bytes: &[u8]) {
    let policy = Policy::parse(POLICY).expect("the example's policy");
    let example = Receipt::parse(RECEIPT).expect("the example's receipt");
    let known = Known {
        inventory: Some(INVENTORY),
        child: Some(&ChildKey([5; 32])),
        entries: Some(ENTRIES),
        seen: Some((&example.checkpoint, &[])),
        not_before: None,
    };
    let report = proof::verify(text(bytes), &policy, &known);
    let proved = |what| report.outcome(what) == &Outcome::Proved;
    if proved(What::Inclusion) && proved(What::Opening) {
        assert_eq!(report.body.as_deref(), Some(example.body.as_str()));
    }
    if proved(What::Signature) {
        assert!(proved(What::Consistency), "one ledger");
    }
    assert_eq!(report.text().lines().count(), What::ALL.len());
}

/// The log has signed one checkpoint, and no other is cosigned.
pub fn witness(bytes: &[u8]) {
    let Ok(request) = Request::parse(text(bytes)) else { return };
    let policy = Policy::parse(POLICY).expect("the example's policy");
    if let Ok(seen) = judge(&policy, &request, |_| None) {
        let example = Receipt::parse(RECEIPT).expect("the example's receipt");
        assert!(example.checkpoint.starts_with(&seen.text()));
        assert_eq!((request.old, request.path.len()), (0, 0));
    }
}

/// A number, and hashes that are few enough to be met again.
fn numbers(bytes: &[u8]) -> Option<(u64, u64, Vec<Hash>)> {
    let (first, rest) = bytes.split_first_chunk()?;
    let (second, rest) = rest.split_first_chunk()?;
    let path = rest.iter().take(70).map(|byte| leaf_hash(&[byte % 16])).collect();
    Some((u64::from_le_bytes(*first), u64::from_le_bytes(*second), path))
}

fn tree(size: u64) -> Hash {
    root_of(&(0..size).map(|n| leaf_hash(&[n as u8])).collect::<Vec<_>>())
}

pub fn inclusion(bytes: &[u8]) {
    let Some((index, size, path)) = numbers(bytes) else { return };
    let _ = verify_inclusion([0; 32], index, size, &path, &[1; 32]);
    // An entry that is not in a tree is never shown to be.
    let small = size % 20;
    assert!(verify_inclusion(leaf_hash(b"not there"), index, small, &path, &tree(small)).is_err());
    if verify_inclusion(leaf_hash(&[0]), index, small, &path, &tree(small)).is_ok() {
        assert_eq!(index, 0);
    }
}

pub fn consistency(bytes: &[u8]) {
    let Some((old, size, path)) = numbers(bytes) else { return };
    let _ = verify_consistency(old, &[0; 32], size, &[1; 32], &path);
    // A tree that nobody has ever built is never shown to have become this one.
    let (old, size) = (old % 20, size % 20);
    assert!(verify_consistency(old, &leaf_hash(b"not there"), size, &tree(size), &path).is_err());
}
