//! The report on a receipt: each thing that can be checked, by itself, and what of it is proved,
//! what is only signed, and what is only promised.

use alloc::{string::String, vec::Vec};

use crate::{
    Error, Hash, base64,
    checkpoint::Checkpoint,
    child::{self, ChildKey},
    inventory::Inventory,
    leaf::{Kind, Leaf, NO_SALT, commitment},
    merkle::{leaf_hash, verify_consistency, verify_inclusion},
    note::Note,
    policy::Policy,
    receipt::Receipt,
    statement::{Answer, Ended, Statement},
    text::{Lines, Time, decimal, push_line},
};

/// How far the clocks of operator and witness may be apart, in seconds.
pub const SKEW: u64 = 300;

macro_rules! checks {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal;)+) => {
        /// What is checked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum What { $($(#[doc = $doc])+ $name,)+ }

        impl What {
            /// All of them, in the order of the report.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its word in the report.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

checks! {
    /// The file can be read.
    Format = "format";
    /// The ledger has signed the checkpoint.
    Signature = "signature";
    /// Enough witnesses have seen that checkpoint.
    Witness = "witness";
    /// The entry is in the ledger.
    Inclusion = "inclusion";
    /// The statement is the one that was entered.
    Opening = "opening";
    /// The statement speaks of every store and processor of its inventory, and of no others.
    Inventory = "inventory";
    /// That inventory was published in the ledger before.
    Published = "published";
    /// The statement's times fit each other, and those of the witnesses.
    Times = "times";
    /// The entry belongs to this child.
    Child = "child";
    /// No entry of the child is missing up to this one.
    Chain = "chain";
    /// The ledger only grew since, or before, it was last seen.
    Consistency = "consistency";
    /// Every store has answered.
    Stores = "stores";
    /// What became of models.
    Models = "models";
    /// Every processor has answered.
    Processors = "processors";
    /// When no backup can be read any more.
    Backups = "backups";
    /// That there is no copy outside the inventory.
    Elsewhere = "elsewhere";
}

/// What came of a check. The first three are the rungs: they are never one green tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Checked here, by arithmetic.
    Proved,
    /// Signed by the operator, and entered in the ledger.
    Signed,
    /// Only promised: nobody can check it.
    Promised,
    /// True as far as it goes, and less than one would wish: its detail says what.
    Open,
    /// Not checked: something for it was not given, or a check before it failed.
    Unchecked,
    /// It is not so.
    Failed(Error),
}

impl Outcome {
    /// Its word in the report.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Signed => "signed",
            Self::Promised => "promised",
            Self::Open => "open",
            Self::Unchecked => "unchecked",
            Self::Failed(_) => "failed",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub what: What,
    /// What came of it.
    pub outcome: Outcome,
    /// Names, numbers and times that go with it.
    pub detail: String,
}

/// What is known beside the receipt. All of it may be absent.
#[derive(Default)]
pub struct Known<'a> {
    /// A checkpoint seen before or since, and the proof between it and the receipt's.
    pub seen: Option<(&'a str, &'a [Hash])>,
    /// The receipt of the inventory's own entry, which the service publishes.
    pub inventory: Option<&'a str>,
    /// The key of the child whose receipt it should be.
    pub child: Option<&'a ChildKey>,
    /// All entries of that child from the first, one after the other.
    pub entries: Option<&'a str>,
    /// What a witness saw before this (seconds since 1970) does not count.
    pub not_before: Option<u64>,
}

/// A witness that has seen the receipt's checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The name of its key.
    pub name: String,
    /// When, by its own clock.
    pub time: Time,
    /// Whether it goes by the operator's own name, or has the ledger's own key. An operator who
    /// wants to can name a witness otherwise: this shows honesty and does not enforce it.
    pub own: bool,
}

/// What the checks have shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One for each of [`What::ALL`], in that order.
    pub checks: Vec<Check>,
    /// The witnesses that count.
    pub witnesses: Vec<Seen>,
    /// The statement, once it is known to be the operator's.
    pub statement: Option<Statement>,
    /// What the entry says, once it is known to be what was entered.
    pub body: Option<String>,
}

/// Checks the receipt of a finished erasure.
#[must_use]
pub fn verify(receipt: &str, policy: &Policy, known: &Known) -> Report {
    Report::on(receipt, policy, known, None)
}

/// Checks the receipt of a child's entry of any kind: the one with this number among the child's.
#[must_use]
pub fn verify_entry(receipt: &str, policy: &Policy, known: &Known, number: u64) -> Report {
    Report::on(receipt, policy, known, Some(number))
}

impl Report {
    /// The report on a receipt: of the entry with this number, or of a finished erasure.
    #[must_use]
    pub fn on(receipt: &str, policy: &Policy, known: &Known, number: Option<u64>) -> Self {
        let unchecked =
            |what: &What| Check { what: *what, outcome: Outcome::Unchecked, detail: String::new() };
        let checks = What::ALL.iter().map(unchecked).collect();
        let mut report = Self { checks, witnesses: Vec::new(), statement: None, body: None };
        report.judge(receipt, policy, known, number);
        report
    }

    /// Whether something is not so. What is not so is not yet proved: a check may not have been made.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.checks.iter().any(|check| matches!(check.outcome, Outcome::Failed(_)))
    }

    /// What came of one check.
    #[must_use]
    pub fn outcome(&self, what: What) -> &Outcome {
        &self.checks[what as usize].outcome
    }

    /// A line for each check: what, what came of it, and for a failure its code.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for check in &self.checks {
            let mut line = String::new();
            list(&mut line, &[check.what.word(), check.outcome.word()]);
            match &check.outcome {
                Outcome::Failed(error) => list(&mut line, &[error.code(), &error.about()]),
                _ => list(&mut line, &[&check.detail]),
            }
            push_line(&mut text, &[&line]);
        }
        text
    }

    /// Writes down what came of a check; what it has shown, if it went well.
    fn put<T>(&mut self, what: What, well: Outcome, result: Result<T, Error>) -> Option<T> {
        let check = &mut self.checks[what as usize];
        match result {
            Ok(shown) => {
                check.outcome = well;
                Some(shown)
            }
            Err(error) => {
                check.outcome = Outcome::Failed(error);
                None
            }
        }
    }

    fn say(&mut self, what: What, well: Outcome, detail: String) {
        self.checks[what as usize] = Check { what, outcome: well, detail };
    }

    /// Goes on as long as there is something to stand on: an entry in a tree that nobody signed
    /// proves nothing, and neither does a statement that was not entered.
    fn judge(&mut self, receipt: &str, policy: &Policy, known: &Known, number: Option<u64>) -> Option<()> {
        use Outcome::{Open, Proved, Signed};
        let receipt = self.put(What::Format, Proved, Receipt::parse(receipt))?;
        let note = self.put(What::Signature, Proved, Note::parse(&receipt.checkpoint))?;
        let checkpoint = self.put(What::Signature, Proved, signed(policy, &note))?;
        self.checks[What::Signature as usize].detail = checkpoint.origin.into();

        if let Some(seen) = self.put(What::Witness, Proved, witnessed(policy, &note, known.not_before)) {
            let rung = if policy.asks_for_witnesses() { Proved } else { Open };
            let mut words = String::new();
            for witness in &seen {
                let whose = if witness.own { "own" } else { "other" };
                list(&mut words, &[&witness.name, &witness.time.text(), whose]);
            }
            self.say(What::Witness, rung, words);
            self.witnesses = seen;
        }
        if let Some((seen, path)) = known.seen {
            self.put(What::Consistency, Proved, connected(policy, seen, &checkpoint, path, false));
        }
        let leaf = leaf_hash(receipt.leaf.as_bytes());
        let (size, root) = (checkpoint.size, &checkpoint.root);
        let inclusion = verify_inclusion(leaf, receipt.index, size, &receipt.path, root);
        let included = self.put(What::Inclusion, Proved, inclusion);
        let opened = self.put(What::Opening, Proved, opened(&receipt, number.is_none()));
        included?;
        let (entry, statement) = opened?;
        let number = statement.as_ref().map(|statement| statement.entry).or(number)?;
        if let Some(child) = known.child {
            let link = entry.link.filter(|link| link.tag == child.tag(number));
            self.put(What::Child, Proved, link.ok_or(Error::OtherChild));
            if let Some(entries) = known.entries {
                let chain = child::entries(child, entries).and_then(|entries| {
                    let found =
                        usize::try_from(number).ok().and_then(|place| entries.get(place)) == Some(&leaf);
                    if found { Ok(()) } else { Err(Error::NotInChain) }
                });
                if self.put(What::Chain, Proved, chain).is_some() {
                    // Up to this one: those after it are named by none of which this receipt is a proof.
                    self.say(What::Chain, Proved, decimal(number + 1));
                }
            }
        }
        let Some(statement) = statement else {
            self.say(What::Opening, Proved, entry.kind.word().into());
            self.body = Some(receipt.body);
            return Some(());
        };
        // Which erasure it is, so that its caller can see whether that is the one that was asked for.
        let mut words = String::new();
        list(&mut words, &[&statement.erasure, &statement.scope, &decimal(statement.recordings)]);
        self.say(What::Opening, Proved, words);

        self.put(What::Inventory, Proved, answered(&receipt.inventory, &statement));
        if let Some(text) = known.inventory {
            let published = published(text, policy, &receipt, &checkpoint);
            let rung = if published == Ok(false) { Open } else { Proved };
            self.put(What::Published, rung, published);
        }
        let times = in_order(&statement, &self.witnesses);
        // Without a witness they are the operator's words, which only do not contradict each other.
        self.put(What::Times, if self.witnesses.is_empty() { Signed } else { Proved }, times);
        self.tell(&statement);
        self.statement = Some(statement);
        self.body = Some(receipt.body);
        Some(())
    }

    /// What the statement says, which is the operator's word.
    fn tell(&mut self, statement: &Statement) {
        use Outcome::{Open, Promised, Signed};
        let mut words = String::new();
        for ended in Ended::ALL {
            let stores = statement.stores.iter().filter(|store| store.ended == *ended).count();
            list(&mut words, &[ended.word(), &decimal(stores as u64)]);
        }
        self.say(What::Stores, Signed, words);
        let (mut words, mut rung) = (String::new(), Signed);
        for model in &statement.models {
            list(&mut words, &[&model.id, &model.outcome]);
            // What is to be done by a day is not done.
            if model.on.is_none() || !matches!(&*model.outcome, "retired" | "retrained") {
                rung = Open;
            }
        }
        self.say(What::Models, rung, words);
        let (mut words, mut rung) = (String::new(), Signed);
        for processor in &statement.processors {
            list(&mut words, &[&processor.name, processor.answer.word()]);
            if !matches!(processor.answer, Answer::None | Answer::Completed) {
                rung = Open;
            }
        }
        self.say(What::Processors, rung, words);
        self.say(What::Backups, Promised, statement.backups.text());
        self.say(What::Elsewhere, Promised, String::new());
    }
}

/// Adds words to a list of them.
fn list(out: &mut String, words: &[&str]) {
    for word in words.iter().filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// The checkpoint in a note, if a log of the policy has signed it.
pub fn signed<'a>(policy: &Policy, note: &Note<'a>) -> Result<Checkpoint<'a>, Error> {
    let checkpoint = Checkpoint::parse(note.text)?;
    let (mut known, mut signed) = (false, false);
    for log in policy.logs.iter().filter(|log| log.name() == checkpoint.origin) {
        known = true;
        signed |= note.signed_by(log)?;
    }
    match (known, signed) {
        (_, true) => Ok(checkpoint),
        (false, _) => Err(Error::UnknownOrigin),
        _ if note.names(checkpoint.origin) => Err(Error::KeySwapped),
        _ => Err(Error::Unsigned),
    }
}

/// The witnesses of the policy that have cosigned a checkpoint, if they are enough.
pub fn witnessed(policy: &Policy, note: &Note, not_before: Option<u64>) -> Result<Vec<Seen>, Error> {
    let origin = note.text.split('\n').next().unwrap_or_default();
    let (mut seen, mut stale) = (Vec::new(), None);
    let mut met = Vec::new();
    for witness in &policy.witnesses {
        let key = &witness.key;
        let time = note.cosigned_by(key)?;
        let fresh = time.filter(|time| *time >= not_before.unwrap_or(0));
        met.push(fresh.is_some());
        match (time, fresh) {
            (_, Some(time)) => {
                let own =
                    related(key.name(), origin) || policy.logs.iter().any(|log| log.bytes() == key.bytes());
                seen.push(Seen { name: key.name().into(), time: Time(time), own });
            }
            (Some(_), None) => stale = Some(key.name().into()),
            _ => {}
        }
    }
    match stale {
        _ if policy.is_met(&met) => Ok(seen),
        Some(name) => Err(Error::StaleWitness(name)),
        None => Err(Error::TooFewWitnesses),
    }
}

/// Whether two names are below one host, or one host is below the other.
fn related(a: &str, b: &str) -> bool {
    let host = |name: &str| String::from(name.split('/').next().unwrap_or_default());
    let (a, b) = (host(a), host(b));
    let below =
        |a: &str, b: &str| a.strip_suffix(b).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    below(&a, &b) || below(&b, &a)
}

/// Whether the checkpoint that was seen and this one are of one ledger, whichever is the earlier;
/// or only if this one is not, where it should have `grown`.
fn connected(
    policy: &Policy,
    seen: &str,
    other: &Checkpoint,
    path: &[Hash],
    grown: bool,
) -> Result<(), Error> {
    let note = Note::parse(seen)?;
    let seen = signed(policy, &note)?;
    if seen.origin != other.origin {
        return Err(Error::UnknownOrigin);
    }
    let (old, new) = if grown || seen.size <= other.size { (&seen, other) } else { (other, &seen) };
    verify_consistency(old.size, &old.root, new.size, &new.root, path)
}

/// Whether a ledger that shows `now` is the one that showed `seen`, and only grew. Its caller keeps
/// the later one.
pub fn follow(policy: &Policy, seen: &str, now: &str, path: &[Hash]) -> Result<(), Error> {
    connected(policy, seen, &signed(policy, &Note::parse(now)?)?, path, true)
}

/// The entry, if its body belongs to it; with the statement, where it has to be that of a `finished` erasure.
fn opened(receipt: &Receipt, finished: bool) -> Result<(Leaf, Option<Statement>), Error> {
    let leaf = Leaf::parse(&receipt.leaf)?;
    if finished && leaf.kind != Kind::Complete {
        return Err(Error::WrongKind);
    }
    if commitment(&receipt.salt, &receipt.body) != leaf.body {
        return Err(Error::NotOpened);
    }
    let statement = if finished { Some(Statement::parse(&receipt.body)?) } else { None };
    Ok((leaf, statement))
}

/// Whether the statement answers for the whole inventory that it names.
fn answered(inventory: &str, statement: &Statement) -> Result<(), Error> {
    if Inventory::hash(inventory) != statement.inventory_hash {
        return Err(Error::OtherInventory);
    }
    let inventory = Inventory::parse(inventory)?;
    if inventory.version != statement.inventory {
        return Err(Error::OtherInventory);
    }
    inventory.is_answered_by(statement)
}

/// Whether the inventory was in the ledger before the erasure finished. Its receipt may be older or
/// younger than the erasure's: then witnesses must vouch that it is one ledger. Returns whether any of them
/// must have seen both.
fn published(text: &str, policy: &Policy, receipt: &Receipt, checkpoint: &Checkpoint) -> Result<bool, Error> {
    let of = Receipt::parse(text)?;
    let note = Note::parse(&of.checkpoint)?;
    let own = signed(policy, &note)?;
    verify_inclusion(leaf_hash(of.leaf.as_bytes()), of.index, own.size, &of.path, &own.root)?;
    let vouched = || policy.asks_for_witnesses() && witnessed(policy, &note, None).is_ok();
    let one_ledger =
        own == *checkpoint || own.origin == checkpoint.origin && own.size != checkpoint.size && vouched();
    let leaf = Leaf::public(Kind::Inventory, &receipt.inventory);
    let same = of.leaf == leaf.text()
        && (of.salt, of.body, of.inventory.is_empty()) == (NO_SALT, receipt.inventory.clone(), true)
        && of.index < receipt.index;
    if one_ledger && same { Ok(own == *checkpoint || policy.is_one_view()) } else { Err(Error::Unpublished) }
}

/// Asked, then sealed, then each store, then finished; and seen by the witnesses after that.
fn in_order(statement: &Statement, witnesses: &[Seen]) -> Result<(), Error> {
    let within = |at: Time| statement.until <= at && at <= statement.finished;
    if statement.asked > statement.until || !statement.stores.iter().all(|store| within(store.at)) {
        return Err(Error::TimesOutOfOrder);
    }
    match witnesses.iter().find(|witness| witness.time.0.saturating_add(SKEW) < statement.finished.0) {
        Some(early) => Err(Error::AfterWitness(early.name.clone())),
        None => Ok(()),
    }
}

/// Hashes in base64, one a line, as proofs are handed over.
#[must_use]
pub fn hashes(text: &str) -> Option<Vec<Hash>> {
    let mut lines = Lines(text);
    let mut hashes = Vec::new();
    while !lines.0.is_empty() {
        hashes.push(base64::hash(lines.line()?)?);
    }
    Some(hashes)
}
