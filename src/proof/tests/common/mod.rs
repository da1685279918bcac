//! A small ledger with one child, an honest erasure in it, and everything that signs.
#![allow(
    dead_code,
    clippy::unwrap_used,
    missing_docs,
    reason = "each test uses a part of it, and stops where it cannot go on"
)]

use proof::{
    Day, Hash, Known, Policy, Report, Time,
    checkpoint::Checkpoint,
    child::{ChildKey, items_root},
    inventory::Inventory,
    leaf::{Kind, Leaf, NO_SALT},
    merkle,
    note::{Role, Signer},
    receipt::Receipt,
    statement::{Answer, By, Ended, Model, Processor, Statement, Store, When},
    verify,
};

pub const ORIGIN: &str = "ledger.toys.example/2026";
/// 2026-11-22T04:00:00Z.
pub const NOON: u64 = 1_795_320_000;

pub fn log_key() -> Signer {
    Signer::new(ORIGIN, Role::Log, &[1; 32]).unwrap()
}

pub fn witness(n: u8) -> Signer {
    let name = ["witness.toys.example/own", "watch.example/w1"][usize::from(n)];
    Signer::new(name, Role::Witness, &[10 + n; 32]).unwrap()
}

/// The log and both witnesses, and how many of them must have signed.
pub fn policy_text(quorum: &str) -> String {
    format!(
        "# Whom to believe, and how many of them.\nlog {}\nwitness own {}\nwitness w1 {} https://watch.example/\ngroup two all own w1\ngroup one any two\nquorum {quorum}\n",
        log_key().key().text(),
        witness(0).key().text(),
        witness(1).key().text(),
    )
}

pub fn policy() -> Policy {
    Policy::parse(&policy_text("two")).unwrap()
}

/// A ledger in memory.
#[derive(Clone, Default)]
pub struct Ledger {
    pub leaves: Vec<String>,
}

impl Ledger {
    pub fn enter(&mut self, leaf: &Leaf) -> u64 {
        self.leaves.push(leaf.text());
        self.leaves.len() as u64 - 1
    }

    /// The hash of a full subtree, as a tile would give it.
    pub fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
        let width = 1_usize << level;
        let leaves = self.leaves.get(index as usize * width..(index as usize + 1) * width).ok_or(())?;
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| merkle::leaf_hash(leaf.as_bytes())).collect();
        Ok(merkle::root_of(&hashes))
    }

    pub fn root(&self, size: u64) -> Hash {
        merkle::root(size, |level, index| self.node(level, index)).unwrap()
    }

    pub fn text(&self, size: u64) -> String {
        Checkpoint { origin: ORIGIN, size, root: self.root(size) }.text()
    }

    /// Signed by the log, and by both witnesses at `time`.
    pub fn checkpoint(&self, size: u64, time: u64) -> String {
        let text = self.text(size);
        let lines = [log_key().line(&text, 0), witness(0).line(&text, time), witness(1).line(&text, time)];
        format!("{text}\n{}", lines.concat())
    }

    pub fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        merkle::consistency(old, new, |level, index| self.node(level, index)).unwrap()
    }

    pub fn receipt(&self, index: u64, size: u64, salt: Hash, body: &str, inventory: &str) -> Receipt {
        Receipt {
            leaf: self.leaves[index as usize].clone(),
            salt,
            body: body.into(),
            inventory: inventory.into(),
            index,
            path: merkle::inclusion(index, size, |level, index| self.node(level, index)).unwrap(),
            checkpoint: self.checkpoint(size, NOON + 60),
        }
    }
}

pub fn child(n: u8) -> ChildKey {
    ChildKey([n; 32])
}

pub fn inventory(stores: &[&str]) -> Inventory {
    Inventory {
        version: 7,
        stores: stores
            .iter()
            .map(|name| {
                let own = ["media", "transcript", "location"].contains(name);
                ((*name).into(), if own { *name } else { "derived" }.into())
            })
            .collect(),
        processors: vec![("speech".into(), "https://speech.example/privacy".into())],
    }
}

/// The honest statement for an inventory.
pub fn statement(inventory: &Inventory, child: &ChildKey, entry: u64) -> Statement {
    let stores: Vec<Store> = inventory
        .stores
        .iter()
        .enumerate()
        .map(|(n, (name, _))| Store {
            name: name.clone(),
            copies: if n == 1 { 0 } else { 12 },
            ended: [Ended::Absent, Ended::None, Ended::KeyDestroyed][n.min(2)],
            at: Time(NOON - 10 + n.min(9) as u64),
        })
        .collect();
    let roots: Vec<Hash> = stores
        .iter()
        .map(|store| {
            let erased = ["rec_01", "rec_02"].into_iter().take(if store.copies == 0 { 0 } else { 2 });
            child.store_root(&store.name, erased)
        })
        .collect();
    Statement {
        erasure: "era_01K0000000000000000000000A".into(),
        entry,
        asked: Time(NOON - 300_000),
        by: By::Guardian(child.pseudonym("gdn_01K0000000000000000000000B")),
        scope: "range".into(),
        recordings: 12,
        until: Time(NOON - 40_000),
        finished: Time(NOON),
        inventory: inventory.version,
        inventory_hash: Inventory::hash(&inventory.text().unwrap()),
        items: Some(items_root(&roots)),
        stores,
        models: vec![Model { id: "voice-3".into(), outcome: "retrained".into(), on: Some(Day(20_775)) }],
        processors: vec![Processor {
            name: "speech".into(),
            answer: Answer::Completed,
            at: Some(When::Time(Time(NOON - 100))),
        }],
        backups: Day(20_814),
    }
}

/// One honest erasure, and everything around it.
pub struct World {
    pub ledger: Ledger,
    pub child: ChildKey,
    /// The child's entries one after the other.
    pub entries: String,
    pub inventory: Inventory,
    pub statement: Statement,
    pub index: u64,
    pub published: u64,
}

pub const SALT: Hash = [77; 32];

impl World {
    pub fn new() -> Self {
        Self::with(&["media", "transcript", "location"])
    }

    pub fn with(stores: &[&str]) -> Self {
        let inventory = inventory(stores);
        let statement = statement(&inventory, &child(5), 3);
        Self::telling(inventory, statement)
    }

    /// The ledger into which this was entered, true or not.
    pub fn telling(inventory: Inventory, statement: Statement) -> Self {
        let (own, foreign) = (child(5), child(6));
        let mut ledger = Ledger::default();
        let mut entries = String::new();
        let published = ledger.enter(&Leaf::public(Kind::Inventory, &inventory.text().unwrap()));
        let (mut before, mut before_foreign) = (None, None);
        let kinds = [Kind::Birth, Kind::Request, Kind::StoreResult];
        for (seq, kind) in (0..).zip(kinds) {
            let leaf = Leaf::of(kind, &own, seq, before.as_ref(), &own.salt(seq), "body\n");
            before = Some(leaf.hash());
            entries += &leaf.text();
            ledger.enter(&leaf);
            let other = Leaf::of(kind, &foreign, seq, before_foreign.as_ref(), &foreign.salt(seq), "body\n");
            before_foreign = Some(other.hash());
            ledger.enter(&other);
        }
        let leaf = Leaf::of(Kind::Complete, &own, 3, before.as_ref(), &SALT, &statement.text().unwrap());
        entries += &leaf.text();
        let index = ledger.enter(&leaf);
        let after = Leaf::of(Kind::Access, &own, 4, Some(&leaf.hash()), &own.salt(4), "body\n");
        entries += &after.text();
        ledger.enter(&after);
        Self { ledger, child: own, entries, inventory, statement, index, published }
    }

    pub fn size(&self) -> u64 {
        self.ledger.leaves.len() as u64
    }

    pub fn receipt(&self) -> Receipt {
        let (body, inventory) = (self.statement.text().unwrap(), self.inventory.text().unwrap());
        self.ledger.receipt(self.index, self.size(), SALT, &body, &inventory)
    }

    /// The receipt of the inventory's own entry.
    pub fn published(&self) -> String {
        let body = self.inventory.text().unwrap();
        self.ledger.receipt(self.published, self.size(), NO_SALT, &body, "").text().unwrap()
    }

    /// The report with everything known that can be.
    pub fn check(&self, receipt: &str) -> Report {
        let published = self.published();
        let seen = self.ledger.checkpoint(2, NOON - 500_000);
        let path = self.ledger.consistency(2, self.size());
        let known = Known {
            seen: Some((&seen, &path)),
            inventory: Some(&published),
            child: Some(&self.child),
            entries: Some(&self.entries),
            not_before: Some(NOON),
        };
        verify(receipt, &policy(), &known)
    }
}
