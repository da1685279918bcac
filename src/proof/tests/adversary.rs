//! What an operator, or somebody between, might try: each try fails, and each with an error of its own.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod common;

use common::*;
use proof::{
    Error, Known, Policy, Report, Time, base64,
    checkpoint::Checkpoint,
    child::{Walk, entries, items_root},
    inventory::Inventory,
    leaf::{Kind, Leaf, NO_SALT},
    note::{Note, Role, Signer},
    receipt::Receipt,
    statement::{Answer, Ended},
    verify,
    verify::{Outcome, What, follow, verify_entry},
};

fn plain(receipt: &Receipt) -> Report {
    verify(&receipt.text().unwrap(), &policy(), &Known::default())
}

fn failed(report: &Report, what: What, error: Error) {
    assert_eq!(report.outcome(what), &Outcome::Failed(error), "{}", report.text());
    assert!(report.failed());
}

/// A checkpoint with other lines under it.
fn noted(text: &str, lines: &[String]) -> String {
    format!("{text}\n{}", lines.concat())
}

#[test]
fn an_honest_receipt_holds_on_each_rung() {
    let world = World::new();
    let report = world.check(&world.receipt().text().unwrap());
    assert!(!report.failed(), "{}", report.text());
    for check in &report.checks {
        let rung = match check.what {
            What::Stores | What::Models | What::Processors => Outcome::Signed,
            What::Backups | What::Elsewhere => Outcome::Promised,
            _ => Outcome::Proved,
        };
        assert_eq!(check.outcome, rung, "{:?}", check.what);
    }
    assert_eq!(report.statement.as_ref(), Some(&world.statement));
    let own: Vec<_> = report.witnesses.iter().map(|seen| (seen.name.as_str(), seen.own)).collect();
    // One name is under another host of the operator's, which is not known to be one.
    assert_eq!(own, [("witness.toys.example/own", false), ("watch.example/w1", false)]);
    assert!(report.text().contains("\nstores signed absent 1 key-destroyed 1 none 1\n"), "{}", report.text());
}

#[test]
fn a_receipt_alone_leaves_open_what_needs_more() {
    let report = plain(&World::new().receipt());
    assert!(!report.failed());
    for what in [What::Published, What::Child, What::Chain, What::Consistency] {
        assert_eq!(report.outcome(what), &Outcome::Unchecked);
    }
}

#[test]
fn a_witness_under_the_operators_name_is_shown_as_such() {
    let world = World::new();
    for (name, own) in [
        ("ledger.toys.example/witness", true),
        ("w.ledger.toys.example", true),
        ("toys.example/witness", true),
        ("nottoys.example/witness", false),
        ("dger.toys.example/witness", false),
    ] {
        let signer = Signer::new(name, Role::Witness, &[30; 32]).unwrap();
        let text = format!("log {}\nwitness w {}\nquorum w\n", log_key().key().text(), signer.key().text());
        let mut receipt = world.receipt();
        let checkpoint = world.ledger.text(world.size());
        receipt.checkpoint =
            noted(&checkpoint, &[log_key().line(&checkpoint, 0), signer.line(&checkpoint, NOON)]);
        let report = verify(&receipt.text().unwrap(), &Policy::parse(&text).unwrap(), &Known::default());
        assert_eq!((report.failed(), report.witnesses[0].own), (false, own), "{name}");
    }
    // Also when it is the log's own key under a stranger's name.
    let same = Signer::new("stranger.example", Role::Witness, &[1; 32]).unwrap();
    let text = format!("log {}\nwitness w {}\nquorum w\n", log_key().key().text(), same.key().text());
    let mut receipt = world.receipt();
    let checkpoint = world.ledger.text(world.size());
    receipt.checkpoint = noted(&checkpoint, &[log_key().line(&checkpoint, 0), same.line(&checkpoint, NOON)]);
    let report = verify(&receipt.text().unwrap(), &Policy::parse(&text).unwrap(), &Known::default());
    assert_eq!((report.failed(), report.witnesses[0].own), (false, true));
}

#[test]
fn without_a_witness_nothing_is_called_witnessed() {
    let world = World::new();
    let policy = Policy::parse(&policy_text("none")).unwrap();
    let report = verify(&world.receipt().text().unwrap(), &policy, &Known::default());
    assert_eq!(report.outcome(What::Witness), &Outcome::Open);
    let unseen = {
        let mut receipt = world.receipt();
        let text = world.ledger.text(world.size());
        receipt.checkpoint = noted(&text, &[log_key().line(&text, 0)]);
        verify(&receipt.text().unwrap(), &policy, &Known::default())
    };
    assert_eq!((unseen.failed(), unseen.outcome(What::Times)), (false, &Outcome::Signed));
    assert!(!report.failed());
}

#[test]
fn split_view() {
    let (world, mut other) = (World::new(), World::new().ledger);
    other.leaves[3] = Leaf::public(Kind::Policy, "another").text();
    let receipt = world.receipt().text().unwrap();
    // The same length, another content.
    let seen = other.checkpoint(world.size(), NOON);
    let known = Known { seen: Some((&seen, &[])), ..Known::default() };
    failed(&verify(&receipt, &policy(), &known), What::Consistency, Error::SplitView);
    // A longer and a shorter one, with the best proof the operator has.
    let seen = other.checkpoint(6, NOON);
    for path in [world.ledger.consistency(6, 9), other.consistency(6, 9)] {
        let known = Known { seen: Some((&seen, &path)), ..Known::default() };
        failed(&verify(&receipt, &policy(), &known), What::Consistency, Error::NotConsistent);
    }
    other.enter(&Leaf::public(Kind::Policy, "more"));
    let (seen, path) = (other.checkpoint(10, NOON), other.consistency(9, 10));
    let known = Known { seen: Some((&seen, &path)), ..Known::default() };
    failed(&verify(&receipt, &policy(), &known), What::Consistency, Error::NotConsistent);
}

#[test]
fn what_was_seen_must_be_signed_too() {
    let world = World::new();
    let text = world.ledger.text(2);
    let stranger = Signer::new("else.example", Role::Log, &[3; 32]).unwrap();
    let seen = noted(&text, &[stranger.line(&text, 0)]);
    let path = world.ledger.consistency(2, world.size());
    let known = Known { seen: Some((&seen, &path)), ..Known::default() };
    let report = verify(&world.receipt().text().unwrap(), &policy(), &known);
    failed(&report, What::Consistency, Error::Unsigned);
}

#[test]
fn rollback() {
    let world = World::new();
    let (seen, now) = (world.ledger.checkpoint(8, NOON), world.ledger.checkpoint(5, NOON + 9));
    let path = world.ledger.consistency(5, 8);
    assert_eq!(follow(&policy(), &seen, &now, &path), Err(Error::Rollback));
    assert_eq!(follow(&policy(), &now, &seen, &path), Ok(()));
    assert_eq!(follow(&policy(), &seen, &seen, &[]), Ok(()));
    assert_eq!(follow(&policy(), &seen, &seen, &path), Err(Error::NotConsistent));
}

#[test]
fn a_missing_entry() {
    let world = World::new();
    assert_eq!(entries(&world.child, &world.entries).map(|all| all.len()), Ok(5));
    let leaves: Vec<&str> = world.ledger.leaves.iter().map(String::as_str).collect();
    let own: Vec<&str> = [1, 3, 5, 7, 8].map(|n| leaves[n]).to_vec();
    assert_eq!(own.concat(), world.entries);
    for gap in 0..4 {
        let mut shown = own.clone();
        shown.remove(gap);
        assert_eq!(entries(&world.child, &shown.concat()), Err(Error::EntryMissing(gap as u64)));
    }
    // The end cannot be seen to be missing from the entries alone, but from a receipt.
    let cut = own[..3].concat();
    assert_eq!(entries(&world.child, &cut).map(|all| all.len()), Ok(3));
    let known = Known { child: Some(&world.child), entries: Some(&cut), ..Known::default() };
    let report = verify(&world.receipt().text().unwrap(), &policy(), &known);
    failed(&report, What::Chain, Error::NotInChain);

    let twice = [own[0], own[1], own[1], own[2]].concat();
    assert_eq!(entries(&world.child, &twice), Err(Error::EntryRepeated(2)));
    let foreign = [own[0], leaves[2]].concat();
    assert_eq!(entries(&world.child, &foreign), Err(Error::OtherChild));
}

#[test]
fn an_entry_put_in_the_place_of_another() {
    let world = World::new();
    let own: Vec<&str> = [1, 3, 5, 7].map(|n| world.ledger.leaves[n].as_str()).to_vec();
    let first = Leaf::parse(own[0]).unwrap().hash();
    let forged = Leaf::of(Kind::Request, &world.child, 1, Some(&first), &SALT, "another body\n");
    let shown = [own[0], &forged.text(), own[2], own[3]].concat();
    assert_eq!(entries(&world.child, &shown), Err(Error::BrokenLink(2)));
}

#[test]
fn whoever_holds_the_key_finds_the_entries_in_the_whole_ledger() {
    let world = World::new();
    let walked = |ledger: &Ledger| {
        let mut walk = Walk::new(&world.child);
        let mut found = Vec::new();
        for (index, leaf) in ledger.leaves.iter().enumerate() {
            if walk.meet(&Leaf::parse(leaf).unwrap())? {
                found.push(index);
            }
        }
        Ok((found, walk.met()))
    };
    assert_eq!(walked(&world.ledger), Ok((vec![1, 3, 5, 7, 8], 5)));

    // One is hidden: another is entered in its place, all others after it again, and only those are shown.
    let mut split = world.ledger.clone();
    let mut shown = Vec::from([split.leaves[1].clone()]);
    for (seq, kind) in [(1, Kind::Decision), (2, Kind::StoreResult)] {
        let before = Leaf::parse(shown.last().unwrap()).unwrap().hash();
        let leaf = Leaf::of(kind, &world.child, seq, Some(&before), &SALT, "another body\n");
        split.enter(&leaf);
        shown.push(leaf.text());
    }
    assert_eq!(entries(&world.child, &shown.concat()).map(|all| all.len()), Ok(3));
    assert_eq!(walked(&split), Err(Error::EntryRepeated(5)));
    split.leaves.remove(3);
    assert_eq!(walked(&split), Err(Error::EntryMissing(1)));
}

#[test]
fn a_stale_witness() {
    let world = World::new();
    let text = world.ledger.text(world.size());
    let mut receipt = world.receipt();
    receipt.checkpoint = noted(
        &text,
        &[log_key().line(&text, 0), witness(0).line(&text, NOON + 60), witness(1).line(&text, NOON)],
    );
    let known = Known { not_before: Some(NOON + 1), ..Known::default() };
    let receipt = receipt.text().unwrap();
    let report = verify(&receipt, &policy(), &known);
    failed(&report, What::Witness, Error::StaleWitness("watch.example/w1".into()));
    // One that is fresh is enough where one is asked for.
    let one = Policy::parse(
        &policy_text("one").replace("one any two", "one any own w1").replace("group two all own w1\n", ""),
    )
    .unwrap();
    let report = verify(&receipt, &one, &known);
    assert_eq!((report.failed(), report.witnesses.len()), (false, 1));
}

#[test]
fn too_few_witnesses() {
    let world = World::new();
    let text = world.ledger.text(world.size());
    let mut receipt = world.receipt();
    receipt.checkpoint = noted(&text, &[log_key().line(&text, 0), witness(0).line(&text, NOON + 60)]);
    failed(&plain(&receipt), What::Witness, Error::TooFewWitnesses);
    // One who signs twice is one.
    receipt.checkpoint += &witness(0).line(&text, NOON + 61);
    failed(&plain(&receipt), What::Witness, Error::TooFewWitnesses);
    // A witness's signature over another checkpoint.
    let other = world.ledger.text(4);
    receipt.checkpoint = noted(&text, &[log_key().line(&text, 0), witness(0).line(&other, NOON + 60)]);
    failed(&plain(&receipt), What::Witness, Error::BadCosignature("witness.toys.example/own".into()));
}

#[test]
fn a_witness_cannot_sign_in_place_of_the_log_nor_the_log_in_its() {
    let world = World::new();
    let text = world.ledger.text(world.size());
    let mut receipt = world.receipt();
    // The log's own key, but as a witness of its own name.
    let as_witness = Signer::new(ORIGIN, Role::Witness, &[1; 32]).unwrap();
    receipt.checkpoint = noted(&text, &[as_witness.line(&text, NOON + 60)]);
    failed(&plain(&receipt), What::Signature, Error::KeySwapped);
    let as_log = Signer::new("watch.example/w1", Role::Log, &[11; 32]).unwrap();
    let lines = [log_key().line(&text, 0), witness(0).line(&text, NOON + 60), as_log.line(&text, 0)];
    receipt.checkpoint = noted(&text, &lines);
    failed(&plain(&receipt), What::Witness, Error::TooFewWitnesses);
}

#[test]
fn a_wrong_origin() {
    let world = World::new();
    let origin = "ledger.other.example/2026";
    let text = Checkpoint { origin, size: world.size(), root: world.ledger.root(world.size()) }.text();
    let mut receipt = world.receipt();
    let signer = Signer::new(origin, Role::Log, &[1; 32]).unwrap();
    receipt.checkpoint = noted(&text, &[signer.line(&text, 0)]);
    failed(&plain(&receipt), What::Signature, Error::UnknownOrigin);
    // Signed by the right key under the right name, but it is of another log.
    receipt.checkpoint = noted(&text, &[log_key().line(&text, 0)]);
    failed(&plain(&receipt), What::Signature, Error::UnknownOrigin);
}

#[test]
fn a_swapped_key() {
    let world = World::new();
    let text = world.ledger.text(world.size());
    let swapped = Signer::new(ORIGIN, Role::Log, &[2; 32]).unwrap();
    let mut receipt = world.receipt();
    let witnesses = [witness(0).line(&text, NOON + 60), witness(1).line(&text, NOON + 60)].concat();
    receipt.checkpoint = noted(&text, &[swapped.line(&text, 0), witnesses.clone()]);
    failed(&plain(&receipt), What::Signature, Error::KeySwapped);
    receipt.checkpoint = noted(&text, std::slice::from_ref(&witnesses));
    failed(&plain(&receipt), What::Signature, Error::Unsigned);
    // The right key, over another text.
    receipt.checkpoint = noted(&text, &[log_key().line(&world.ledger.text(3), 0), witnesses]);
    failed(&plain(&receipt), What::Signature, Error::BadSignature);
}

#[test]
fn another_childs_receipt() {
    let world = World::new();
    let receipt = world.receipt().text().unwrap();
    let known = Known { child: Some(&child(6)), ..Known::default() };
    failed(&verify(&receipt, &policy(), &known), What::Child, Error::OtherChild);
    // Nor another entry's of the same child.
    let mut statement = world.statement.clone();
    statement.entry = 2;
    let wrong = World::telling(world.inventory.clone(), statement);
    let known = Known { child: Some(&wrong.child), ..Known::default() };
    failed(&verify(&wrong.receipt().text().unwrap(), &policy(), &known), What::Child, Error::OtherChild);
}

#[test]
fn a_store_of_the_inventory_is_missing() {
    let mut world = World::new();
    world.statement.stores.remove(2);
    let lie = World::telling(world.inventory, world.statement);
    failed(&plain(&lie.receipt()), What::Inventory, Error::StoreMissing("location".into()));
}

#[test]
fn a_store_that_the_inventory_does_not_know() {
    let mut world = World::new();
    let mut extra = world.statement.stores[0].clone();
    extra.name = "attic".into();
    world.statement.stores.push(extra);
    let lie = World::telling(world.inventory, world.statement);
    failed(&plain(&lie.receipt()), What::Inventory, Error::StoreUnknown("attic".into()));
}

#[test]
fn a_processor_is_missing_or_unknown() {
    let mut world = World::new();
    let speech = world.statement.processors.remove(0);
    let lie = World::telling(world.inventory.clone(), world.statement.clone());
    failed(&plain(&lie.receipt()), What::Inventory, Error::ProcessorMissing("speech".into()));
    let mut other = speech.clone();
    other.name = "other".into();
    world.statement.processors = vec![speech, other];
    let lie = World::telling(world.inventory, world.statement);
    failed(&plain(&lie.receipt()), What::Inventory, Error::ProcessorUnknown("other".into()));
}

#[test]
fn a_processor_that_is_silent_is_said_to_be() {
    let mut world = World::new();
    for (answer, rung) in [
        (Answer::Completed, Outcome::Signed),
        (Answer::NotAsked, Outcome::Open),
        (Answer::Asked, Outcome::Open),
        (Answer::Acknowledged, Outcome::Open),
        (Answer::Silent, Outcome::Open),
        (Answer::Contradicted, Outcome::Open),
    ] {
        world.statement.processors[0].answer = answer;
        let told = World::telling(world.inventory.clone(), world.statement.clone());
        let report = plain(&told.receipt());
        assert_eq!((report.failed(), report.outcome(What::Processors)), (false, &rung));
        assert!(report.text().contains(&format!("processors {} speech {}\n", rung.word(), answer.word())));
    }
    // What is to be done by a day is not done, and neither is what has none.
    for (outcome, dated) in [("retrained", false), ("retire-or-retrain-by", true)] {
        let mut world = World::new();
        world.statement.models[0].outcome = outcome.into();
        world.statement.models[0].on.take_if(|_| !dated);
        let told = World::telling(world.inventory, world.statement);
        assert_eq!(plain(&told.receipt()).outcome(What::Models), &Outcome::Open, "{outcome}");
    }
}

#[test]
fn the_inventory_is_another() {
    let world = World::new();
    let mut receipt = world.receipt();
    // Shortened for this parent.
    let mut short = world.inventory.clone();
    short.stores.pop();
    receipt.inventory = short.text().unwrap();
    failed(&plain(&receipt), What::Inventory, Error::OtherInventory);
    // Of another version than the statement says.
    let mut statement = world.statement.clone();
    statement.inventory = 6;
    let lie = World::telling(world.inventory, statement);
    failed(&plain(&lie.receipt()), What::Inventory, Error::OtherInventory);
}

#[test]
fn the_inventory_was_not_published() {
    // Statement and receipt agree on a shorter inventory than the one in the ledger.
    let honest = World::new();
    let short = inventory(&["media", "transcript"]);
    let lie = World::telling(honest.inventory.clone(), statement(&short, &child(5), 3));
    let mut receipt = lie.receipt();
    receipt.inventory = short.text().unwrap();
    let receipt = receipt.text().unwrap();
    let report = verify(&receipt, &policy(), &Known::default());
    assert!(!report.failed(), "nothing is amiss as long as nobody asks what was published");
    let published = lie.published();
    let known = Known { inventory: Some(&published), ..Known::default() };
    failed(&verify(&receipt, &policy(), &known), What::Published, Error::Unpublished);

    // Published only after the erasure had finished.
    let mut late = World::new();
    let index = late.ledger.enter(&Leaf::public(Kind::Inventory, &late.inventory.text().unwrap()));
    let of = |index, size| {
        late.ledger.receipt(index, size, NO_SALT, &late.inventory.text().unwrap(), "").text().unwrap()
    };
    let receipt = late.receipt().text().unwrap();
    for (published, fine) in [(of(index, 10), false), (of(0, 10), true), (of(0, 3), true)] {
        let known = Known { inventory: Some(&published), ..Known::default() };
        let outcome = verify(&receipt, &policy(), &known).outcome(What::Published).clone();
        assert_eq!(outcome, if fine { Outcome::Proved } else { Outcome::Failed(Error::Unpublished) });
        // Checkpoints that differ are one ledger only by the word of witnesses.
        let alone = Policy::parse(&policy_text("none")).unwrap();
        let outcome = verify(&receipt, &alone, &known).outcome(What::Published).clone();
        let same = published == of(0, 10);
        assert_eq!(outcome, if same { Outcome::Proved } else { Outcome::Failed(Error::Unpublished) });
    }
}

#[test]
fn an_entry_of_another_kind_or_another_body() {
    let world = World::new();
    let text = world.statement.text().unwrap();
    for (kind, error) in [(Kind::Request, Error::WrongKind), (Kind::Complete, Error::NotOpened)] {
        let mut ledger = world.ledger.clone();
        let index = ledger.enter(&Leaf::of(kind, &world.child, 5, None, &SALT, "something else\n"));
        let receipt = ledger.receipt(index, 10, SALT, &text, &world.inventory.text().unwrap());
        failed(&plain(&receipt), What::Opening, error);
    }
    // A leaf that was never entered.
    let mut receipt = world.receipt();
    receipt.leaf = Leaf::of(Kind::Complete, &world.child, 5, None, &SALT, &text).text();
    failed(&plain(&receipt), What::Inclusion, Error::NotIncluded);
    let mut receipt = world.receipt();
    receipt.index = world.size();
    failed(&plain(&receipt), What::Inclusion, Error::BeyondTree);
    // What was entered is no statement.
    let mut ledger = world.ledger.clone();
    let index = ledger.enter(&Leaf::of(Kind::Complete, &world.child, 5, None, &SALT, "all is well\n"));
    failed(&plain(&ledger.receipt(index, 10, SALT, "all is well\n", "")), What::Opening, Error::NotStatement);
}

#[test]
fn an_entry_of_any_kind_is_checked_as_far_as_it_goes() {
    let world = World::new();
    let known = Known { child: Some(&world.child), entries: Some(&world.entries), ..Known::default() };
    let check = |receipt: &Receipt, number| verify_entry(&receipt.text().unwrap(), &policy(), &known, number);
    // The child's request, its second entry, is the ledger's fourth.
    let receipt = world.ledger.receipt(3, world.size(), world.child.salt(1), "body\n", "");
    let report = check(&receipt, 1);
    assert!(!report.failed(), "{}", report.text());
    for what in [What::Signature, What::Witness, What::Inclusion, What::Opening, What::Child, What::Chain] {
        assert_eq!(report.outcome(what), &Outcome::Proved, "{what:?}");
    }
    for what in [What::Inventory, What::Published, What::Times, What::Stores, What::Elsewhere] {
        assert_eq!(report.outcome(what), &Outcome::Unchecked, "{what:?}");
    }
    assert!(report.text().contains("\nopening proved request\n"), "{}", report.text());
    // The three that are shown after it may be missing something, or be made up.
    assert!(report.text().contains("\nchain proved 2\n"), "{}", report.text());
    assert_eq!((report.body.as_deref(), report.statement), (Some("body\n"), None));
    failed(&plain(&receipt), What::Opening, Error::WrongKind);

    // In the place of another, of another child, with another body, and not there at all.
    failed(&check(&receipt, 2), What::Child, Error::OtherChild);
    failed(&check(&receipt, 2), What::Chain, Error::NotInChain);
    let other = world.ledger.receipt(4, world.size(), child(6).salt(1), "body\n", "");
    failed(&check(&other, 1), What::Child, Error::OtherChild);
    let report = check(&Receipt { body: "another\n".into(), ..receipt.clone() }, 1);
    failed(&report, What::Opening, Error::NotOpened);
    assert_eq!(report.body, None);
    let report = check(&Receipt { index: 4, ..receipt }, 1);
    failed(&report, What::Inclusion, Error::NotIncluded);
    assert_eq!(report.body, None);
}

#[test]
fn times_that_cannot_be() {
    let world = World::new();
    let told = |change: fn(&mut proof::statement::Statement)| {
        let mut statement = world.statement.clone();
        change(&mut statement);
        plain(&World::telling(world.inventory.clone(), statement).receipt())
    };
    let out = Error::TimesOutOfOrder;
    failed(&told(|it| it.asked = Time(it.until.0 + 1)), What::Times, out.clone());
    failed(&told(|it| it.stores[0].at = Time(it.until.0 - 1)), What::Times, out.clone());
    failed(&told(|it| it.stores[2].at = Time(it.finished.0 + 1)), What::Times, out);
    // The witnesses have signed at NOON + 60.
    let late = told(|it| it.finished = Time(NOON + 60 + verify::SKEW + 1));
    failed(&late, What::Times, Error::AfterWitness("witness.toys.example/own".into()));
    assert!(!told(|it| it.finished = Time(NOON + 60 + verify::SKEW)).failed());
}

#[test]
fn a_statement_that_contradicts_itself_is_none() {
    let honest = World::new().statement;
    let refused = |change: fn(&mut proof::statement::Statement)| {
        let mut statement = honest.clone();
        change(&mut statement);
        assert_eq!(statement.text(), Err(Error::NotStatement), "{statement:?}");
    };
    refused(|it| it.stores[0].ended = Ended::None);
    refused(|it| it.stores[1].ended = Ended::Absent);
    refused(|it| it.items = None);
    refused(|it| it.stores[2].name = "media".into());
    refused(|it| it.processors[0].at = None);
    refused(|it| it.processors[0].answer = Answer::None);
    refused(|it| it.scope = "all of it".into());
    refused(|it| it.erasure = "era\nentry 4".into());
    refused(|it| it.erasure = String::new());
    refused(|it| it.finished = Time(253_402_300_800));
    let mut twice = World::new().inventory;
    twice.stores.push(("media".into(), "derived".into()));
    assert_eq!(twice.text(), Err(Error::NotInventory));
    let empty = Inventory { version: 1, stores: vec![], processors: vec![] };
    assert_eq!(empty.text(), Err(Error::NotInventory));
}

#[test]
fn each_error_has_a_code_and_words_of_its_own() {
    let name = || String::from("x");
    let all = [
        Error::TooLong,
        Error::NotNote,
        Error::NotKey,
        Error::KeyKind,
        Error::NotCheckpoint,
        Error::NotPolicy(3),
        Error::NotReceipt,
        Error::NotLeaf,
        Error::NotStatement,
        Error::NotInventory,
        Error::UnknownOrigin,
        Error::KeySwapped,
        Error::Unsigned,
        Error::BadSignature,
        Error::BadCosignature(name()),
        Error::StaleWitness(name()),
        Error::TooFewWitnesses,
        Error::BeyondTree,
        Error::NotIncluded,
        Error::Rollback,
        Error::SplitView,
        Error::NotConsistent,
        Error::WrongKind,
        Error::NotOpened,
        Error::OtherInventory,
        Error::Unpublished,
        Error::StoreMissing(name()),
        Error::StoreUnknown(name()),
        Error::ProcessorMissing(name()),
        Error::ProcessorUnknown(name()),
        Error::TimesOutOfOrder,
        Error::AfterWitness(name()),
        Error::OtherChild,
        Error::EntryMissing(0),
        Error::EntryRepeated(1),
        Error::BrokenLink(2),
        Error::NotInChain,
    ];
    let codes: std::collections::BTreeSet<&str> = all.iter().map(Error::code).collect();
    let words: std::collections::BTreeSet<String> = all.iter().map(Error::to_string).collect();
    assert_eq!((codes.len(), words.len()), (all.len(), all.len()));
    assert_eq!(Error::NotPolicy(3).to_string(), "the policy cannot be read in line 3");
}

/// A note's line made from its parts.
fn line(name: &str, id: &[u8], rest: &[u8]) -> String {
    format!("— {name} {}\n", base64::encode(&[id, rest].concat()))
}

fn bytes_of(line: &str) -> Vec<u8> {
    base64::decode(line.trim_end().rsplit(' ').next().unwrap()).unwrap()
}

#[test]
fn a_key_signs_only_in_its_role() {
    let text = World::new().ledger.text(2);
    let (log, seer) = (log_key(), Signer::new(ORIGIN, Role::Witness, &[1; 32]).unwrap());
    let (plain, seen) = (bytes_of(&log.line(&text, 0)), bytes_of(&seer.line(&text, NOON)));
    // One key, right signatures of the one kind under the hash of the other.
    let note = noted(&text, &[line(ORIGIN, &seen[..4], &plain[4..])]);
    assert_eq!(Note::parse(&note).unwrap().signed_by(seer.key()), Err(Error::BadSignature));
    let note = noted(&text, &[line(ORIGIN, &plain[..4], &seen[4..])]);
    assert_eq!(Note::parse(&note).unwrap().cosigned_by(log.key()), Err(Error::BadCosignature(ORIGIN.into())));
}

#[test]
fn when_a_witness_saw_it() {
    let text = World::new().ledger.text(2);
    let (seer, name) = (witness(0), witness(0).key().name().to_owned());
    let at = |times: &[u64]| {
        let lines: Vec<String> = times.iter().map(|time| seer.line(&text, *time)).collect();
        Note::parse(&noted(&text, &lines)).unwrap().cosigned_by(seer.key())
    };
    // Of several times the first, so that a later one makes nothing fresh.
    assert_eq!(at(&[NOON, NOON + 5]), Ok(Some(NOON)));
    assert_eq!(at(&[NOON + 5, NOON]), Ok(Some(NOON)));
    assert_eq!(at(&[u64::MAX >> 1]), Ok(Some(u64::MAX >> 1)));
    assert_eq!(at(&[u64::MAX]), Err(Error::BadCosignature(name)));
}

#[test]
fn another_ledger_of_the_same_operator() {
    let world = World::new();
    let second = Signer::new("ledger.toys.example/2027", Role::Log, &[4; 32]).unwrap();
    let policy = Policy::parse(&format!("log {}\n{}", second.key().text(), policy_text("two"))).unwrap();
    let root = world.ledger.root(2);
    let text = Checkpoint { origin: second.key().name(), size: 2, root }.text();
    let seen = noted(&text, &[second.line(&text, 0)]);
    let path = world.ledger.consistency(2, world.size());
    let known = Known { seen: Some((&seen, &path)), ..Known::default() };
    let report = verify(&world.receipt().text().unwrap(), &policy, &known);
    failed(&report, What::Consistency, Error::UnknownOrigin);
}

#[test]
fn an_inventory_from_a_ledger_that_was_split() {
    let world = World::new();
    let mut other = world.ledger.clone();
    other.leaves[8] = Leaf::public(Kind::Policy, "another").text();
    let published =
        other.receipt(0, world.size(), NO_SALT, &world.inventory.text().unwrap(), "").text().unwrap();
    let known = Known { inventory: Some(&published), ..Known::default() };
    let report = verify(&world.receipt().text().unwrap(), &policy(), &known);
    failed(&report, What::Published, Error::Unpublished);
}

#[test]
fn an_inventory_from_another_ledger_that_other_witnesses_saw() {
    // Two ledgers of one name and not of one length, each seen by one of two witnesses; one is enough.
    let world = World::new();
    let mut other = world.ledger.clone();
    other.leaves[2] = Leaf::public(Kind::Policy, "another").text();
    let published = other.receipt(0, 8, NO_SALT, &world.inventory.text().unwrap(), "");
    let only = |receipt: &Receipt, n| {
        let (text, _) = receipt.checkpoint.split_once("\n\n").unwrap();
        let text = format!("{text}\n");
        let checkpoint = noted(&text, &[log_key().line(&text, 0), witness(n).line(&text, NOON + 60)]);
        Receipt { checkpoint, ..receipt.clone() }.text().unwrap()
    };
    let (receipt, published) = (only(&world.receipt(), 0), only(&published, 1));
    let known = Known { inventory: Some(&published), ..Known::default() };
    let with = |quorum: &str| Policy::parse(&policy_text(quorum)).unwrap();
    // A name counts in one group only, so the group of both goes.
    let one =
        policy_text("one").replace("group two all own w1\n", "").replace("one any two", "one any own w1");
    let report = verify(&receipt, &Policy::parse(&one).unwrap(), &known);
    assert!(!report.failed(), "{}", report.text());
    assert_eq!(report.outcome(What::Published), &Outcome::Open, "nobody needs to have seen both");
    // Where each has to have signed both, the second is not believed.
    failed(&verify(&receipt, &with("two"), &known), What::Published, Error::Unpublished);
}

#[test]
fn whether_somebody_must_have_seen_both_of_two_checkpoints() {
    let keys: Vec<String> = (0..5)
        .map(|n| {
            let key = Signer::new(&format!("watch.example/{n}"), Role::Witness, &[40 + n; 32]).unwrap();
            format!("witness w{n} {}\n", key.key().text())
        })
        .collect();
    for (groups, one_view) in [
        ("quorum none", false),
        ("quorum w0", true),
        ("group g any w0 w1\nquorum g", false),
        ("group g all w0 w1\nquorum g", true),
        ("group g 2 w0 w1 w2\nquorum g", true),
        ("group g 2 w0 w1 w2 w3\nquorum g", false),
        ("group g 3 w0 w1 w2 w3\nquorum g", true),
        ("group a any w0 w1\ngroup g all a w2\nquorum g", true),
        ("group a any w0 w1\ngroup b any w2 w3\ngroup g all a b\nquorum g", false),
        ("group a any w0 w1\ngroup g 2 a w2 w3\nquorum g", false),
        ("group a all w0 w1\ngroup g 2 a w2 w3\nquorum g", true),
        ("group a 2 w0 w1 w2\ngroup g any a w3\nquorum g", false),
        ("group a 2 w0 w1 w2\ngroup b any w3 w4\ngroup g all a b\nquorum g", true),
    ] {
        let policy = Policy::parse(&format!("{}{groups}\n", keys.concat())).unwrap();
        assert_eq!(policy.is_one_view(), one_view, "{groups}");
        // By trying every pair of sets.
        let seen = |set: u32| (0..5).map(|n| set >> n & 1 == 1).collect::<Vec<_>>();
        let enough: Vec<u32> = (0..32).filter(|set| policy.is_met(&seen(*set))).collect();
        let meet = enough.iter().all(|a| enough.iter().all(|b| a & b != 0));
        assert_eq!(meet, one_view, "{groups}");
    }
}

#[test]
fn a_note_has_as_many_signatures_as_are_worth_verifying() {
    let text = World::new().ledger.text(2);
    let log = log_key();
    let with = |lines: u8| {
        let others =
            (1..lines).map(|n| Signer::new("else.example", Role::Log, &[n; 32]).unwrap().line(&text, 0));
        noted(&text, &others.chain([log.line(&text, 0)]).collect::<Vec<_>>())
    };
    for lines in [1, 16, 64] {
        assert_eq!(Note::parse(&with(lines)).unwrap().signed_by(log.key()), Ok(true), "{lines}");
    }
    assert_eq!(Note::parse(&with(65)).err(), Some(Error::NotNote));
}

#[test]
fn nothing_is_said_of_stores_before_the_entry_was_found() {
    let mut receipt = World::new().receipt();
    receipt.index = 3;
    let report = plain(&receipt);
    failed(&report, What::Inclusion, Error::NotIncluded);
    assert_eq!(report.statement, None);
    for what in [What::Inventory, What::Times, What::Stores, What::Backups, What::Elsewhere] {
        assert_eq!(report.outcome(what), &Outcome::Unchecked);
    }
}

#[test]
fn a_parent_can_tell_what_was_erased() {
    let world = World::new();
    let root = |store, ids: &[&str]| world.child.store_root(store, ids.iter().copied());
    for other in [
        root("media", &["rec_01"]),
        root("location", &["rec_01", "rec_02"]),
        root("media", &["rec_01", "rec_03"]),
        root("media", &["rec_02", "rec_01"]),
    ] {
        assert_ne!(root("media", &["rec_01", "rec_02"]), other);
    }
    let roots = [
        root("media", &["rec_01", "rec_02"]),
        root("transcript", &[]),
        root("location", &["rec_01", "rec_02"]),
    ];
    assert_eq!(world.statement.items, Some(items_root(&roots)));
}
