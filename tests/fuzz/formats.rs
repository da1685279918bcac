//! Every file that is read can be written in one way only: what was read is written as it was.

use proof::{
    Day, Policy, Time,
    child::{self, ChildKey},
    inventory::Inventory,
    leaf::Leaf,
    note::{Note, VerifierKey},
    receipt::Receipt,
    statement::Statement,
    verify::hashes,
    witness::Request,
};

use crate::text;

pub fn base64(bytes: &[u8]) {
    let written = proof::base64::encode(bytes);
    assert_eq!(proof::base64::decode(&written).as_deref(), Some(bytes));
    if let Some(read) = proof::base64::decode(text(bytes)) {
        assert_eq!(proof::base64::encode(&read), text(bytes));
    }
    if let Some(read) = hashes(text(bytes)) {
        let lines: String = read.iter().map(|hash| proof::base64::encode(hash) + "\n").collect();
        assert_eq!(lines, text(bytes));
    }
}

pub fn key(bytes: &[u8]) {
    if let Ok(key) = VerifierKey::parse(text(bytes)) {
        assert_eq!(key.text(), text(bytes));
        assert!(!key.name().is_empty());
    }
}

pub fn note(bytes: &[u8]) {
    if let Ok(note) = Note::parse(text(bytes)) {
        assert!(note.text.ends_with('\n') && text(bytes).starts_with(note.text));
    }
}

pub fn checkpoint(bytes: &[u8]) {
    if let Ok(checkpoint) = proof::checkpoint::Checkpoint::parse(text(bytes)) {
        // Further lines may follow.
        assert!(text(bytes).starts_with(&checkpoint.text()));
    }
}

pub fn receipt(bytes: &[u8]) {
    if let Ok(receipt) = Receipt::parse(text(bytes)) {
        assert_eq!(receipt.text().as_deref(), Ok(text(bytes)));
    }
}

pub fn request(bytes: &[u8]) {
    if let Ok(request) = Request::parse(text(bytes)) {
        assert_eq!(request.text(), text(bytes));
    }
}

pub fn statement(bytes: &[u8]) {
    if let Ok(statement) = Statement::parse(text(bytes)) {
        assert_eq!(statement.text().as_deref(), Ok(text(bytes)));
    }
}

pub fn inventory(bytes: &[u8]) {
    if let Ok(inventory) = Inventory::parse(text(bytes)) {
        assert_eq!(inventory.text().as_deref(), Ok(text(bytes)));
    }
}

pub fn leaf(bytes: &[u8]) {
    if let Ok(leaf) = Leaf::parse(text(bytes)) {
        assert_eq!(leaf.text(), text(bytes));
        assert_eq!(leaf.link.is_some(), leaf.kind.is_of_a_child());
    }
}

pub fn entries(bytes: &[u8]) {
    if let Ok(hashes) = child::entries(&ChildKey([5; 32]), text(bytes)) {
        assert_eq!(hashes.len(), text(bytes).matches("forget-me-not/leaf/v1\n").count());
    }
}

pub fn policy(bytes: &[u8]) {
    if let Ok(policy) = Policy::parse(text(bytes)) {
        let (none, all) = (vec![false; policy.witnesses.len()], vec![true; policy.witnesses.len()]);
        assert!(policy.is_met(&all), "a quorum that cannot be met is not read");
        assert_eq!(policy.is_met(&none), !policy.asks_for_witnesses());
    }
}

pub fn time(bytes: &[u8]) {
    if let Some(time) = Time::parse(text(bytes)) {
        assert_eq!(time.text(), text(bytes));
    }
    if let Some(day) = Day::parse(text(bytes)) {
        assert_eq!(day.text(), text(bytes));
    }
}
