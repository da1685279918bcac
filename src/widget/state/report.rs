//! What the verifier has found, read from its lines.

use proof::{statement::Statement, verify::What};
use rules::{Date, Timestamp};

/// What came of a check. The first three are the rungs: they are never one green tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Computed in this browser.
    Proved,
    /// The operator's signed word.
    Signed,
    /// Only promised.
    Promised,
    /// True as far as it goes, and less than one would wish.
    Open,
    /// Not checked.
    Unchecked,
    /// It is not so: which error, and what it is about.
    Failed(String, String),
}

/// A level of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// Checked by the browser.
    Checked,
    /// Signed by the operator.
    Signed,
    /// Only promised.
    Promised,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was checked.
    pub what: What,
    /// What came of it.
    pub outcome: Outcome,
    /// Names, numbers and times that go with it.
    pub detail: String,
}

/// An outsider who has seen the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name.
    pub name: String,
    /// When, by its own clock.
    pub at: Timestamp,
    /// Whether it goes by the operator's own name.
    pub own: bool,
}

/// The report on one receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One for each that was made, in the verifier's order.
    pub checks: Vec<Check>,
    /// What the entry says, once it is proved to be what was entered.
    pub body: String,
}

impl Report {
    /// Reads what the verifier says. What it cannot begin with (a policy that is none) is a file that cannot
    /// be read.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (lines, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let checks = lines.lines().filter(|line| !line.is_empty()).map(Check::read).collect();
        Self { checks, body: body.to_owned() }
    }

    /// What came of one check.
    #[must_use]
    pub fn check(&self, what: What) -> Option<&Check> {
        self.checks.iter().find(|check| check.what == what)
    }

    /// Puts another outcome in the place of one.
    pub fn put(&mut self, check: Check) {
        match self.checks.iter_mut().find(|known| known.what == check.what) {
            Some(known) => *known = check,
            None => self.checks.push(check),
        }
    }

    /// Whether something was proved.
    #[must_use]
    pub fn proves(&self, what: What) -> bool {
        self.check(what).is_some_and(|check| check.outcome == Outcome::Proved)
    }

    /// What is not so.
    pub fn failures(&self) -> impl Iterator<Item = (&Check, &str, &str)> {
        self.checks.iter().filter_map(|check| match &check.outcome {
            Outcome::Failed(code, about) => Some((check, code.as_str(), about.as_str())),
            _ => None,
        })
    }

    /// What cannot be left out: where nothing is wrong otherwise, what was not checked is. It can be checked
    /// only with what the service gives, so it would have to give nothing to seem honest.
    pub fn require(&mut self, needed: impl IntoIterator<Item = What>) {
        if self.failures().next().is_some() {
            return;
        }
        for what in needed {
            if self.check(what).is_none_or(|check| check.outcome == Outcome::Unchecked) {
                self.put(Check::failed(what, "not-given"));
            }
        }
    }

    /// Whether nothing is wrong, and the entry is proved to be in the ledger, and to be the child's. What else
    /// is needed is [required](Self::require) before.
    #[must_use]
    pub fn holds(&self) -> bool {
        let needed = [What::Signature, What::Inclusion, What::Opening, What::Child];
        self.failures().next().is_none() && needed.into_iter().all(|what| self.proves(what))
    }

    /// The witnesses that count.
    #[must_use]
    pub fn witnesses(&self) -> Vec<Witness> {
        let detail = self.check(What::Witness).map(|check| check.detail.as_str()).unwrap_or_default();
        let words: Vec<&str> = detail.split(' ').collect();
        let witness = |words: &[&str]| {
            let [name, at, whose] = words else { return None };
            Some(Witness { name: (*name).to_owned(), at: at.parse().ok()?, own: *whose == "own" })
        };
        words.chunks(3).filter_map(witness).collect()
    }

    /// The ledger's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.check(What::Signature).map(|check| check.detail.as_str()).unwrap_or_default()
    }

    /// The statement of a finished erasure, once it is proved.
    #[must_use]
    pub fn statement(&self) -> Option<Statement> {
        Statement::parse(&self.body).ok()
    }
}

impl Check {
    fn read(line: &str) -> Self {
        let mut words = line.splitn(3, ' ');
        let (what, outcome) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let detail = words.next().unwrap_or_default();
        let known = What::ALL.iter().copied().find(|known| known.word() == what);
        let outcome = match outcome {
            "proved" => Outcome::Proved,
            "signed" => Outcome::Signed,
            "promised" => Outcome::Promised,
            "open" => Outcome::Open,
            "unchecked" => Outcome::Unchecked,
            _ => {
                let (code, about) = detail.split_once(' ').unwrap_or((detail, ""));
                Outcome::Failed(code.to_owned(), about.to_owned())
            }
        };
        Self { what: known.unwrap_or(What::Format), outcome, detail: detail.to_owned() }
    }

    /// A failure of this check.
    #[must_use]
    pub fn failed(what: What, code: &str) -> Self {
        Self { what, outcome: Outcome::Failed(code.to_owned(), String::new()), detail: String::new() }
    }

    /// Whether the two states of the ledger that were compared contradict each other, and so prove it to others.
    #[must_use]
    pub fn is_evidence(&self) -> bool {
        let Outcome::Failed(code, _) = &self.outcome else { return false };
        matches!(&**code, "rollback" | "split-view" | "not-consistent")
    }

    /// What the check of a state of the ledger that this browser had kept means. Whoever keeps signs nothing: a
    /// signature in the ledger's name that is none with today's key was made with another key. Its number does not
    /// tell: it has four bytes, and another key of the same number can be searched for.
    #[must_use]
    pub fn of_kept(self) -> Self {
        match &self.outcome {
            Outcome::Failed(code, _) if matches!(&**code, "key-swapped" | "bad-signature") => {
                Self::failed(What::Consistency, "key-changed")
            }
            _ => self,
        }
    }

    /// Whether what this browser had kept is nothing that a ledger ever signed: then it has seen nothing.
    #[must_use]
    pub fn is_of_nothing(&self) -> bool {
        let Outcome::Failed(code, _) = &self.outcome else { return false };
        matches!(&**code, "too-long" | "not-note" | "not-checkpoint" | "unsigned")
    }

    /// Where it belongs.
    #[must_use]
    pub const fn rung(&self) -> Rung {
        match (&self.outcome, self.what) {
            (Outcome::Signed, _) | (_, What::Stores | What::Models | What::Processors) => Rung::Signed,
            (Outcome::Promised, _) | (_, What::Backups | What::Elsewhere) => Rung::Promised,
            _ => Rung::Checked,
        }
    }
}

/// A moment of a statement.
#[must_use]
pub fn moment(at: proof::Time) -> Timestamp {
    Timestamp::from_ms(i64::try_from(at.0).unwrap_or(0) * 1_000)
}

/// A day of a statement.
#[must_use]
pub fn day(on: proof::Day) -> Date {
    Date::from_days(i64::from(on.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "format proved\nsignature proved ledger.toys.example/2026\n\
        witness proved witness.toys.example/own 2026-11-22T04:01:00Z own watch.example/w1 2026-11-22T04:02:00Z other\n\
        inclusion proved\nopening proved era_01 range 12\ninventory proved\npublished proved\ntimes proved\n\
        child proved\nchain proved 4\nconsistency unchecked\nstores signed absent 1\n\
        processors open speech silent\nbackups promised 2026-12-27\nelsewhere promised\n\nforget-me-not/erasure/v1\n";

    #[test]
    fn a_report_is_read_line_by_line() {
        let report = Report::read(GOOD);
        assert!(report.holds() && report.proves(What::Signature));
        assert_eq!(report.origin(), "ledger.toys.example/2026");
        let witnesses = report.witnesses();
        let witnesses: Vec<_> = witnesses.iter().map(|it| (it.name.as_str(), it.own)).collect();
        assert_eq!(witnesses, [("witness.toys.example/own", true), ("watch.example/w1", false)]);
        assert_eq!(report.body, "forget-me-not/erasure/v1\n");
        assert_eq!(report.statement(), None, "that is no statement yet");
        let rungs: Vec<_> = report.checks.iter().map(Check::rung).collect();
        assert_eq!(rungs[11..], [Rung::Signed, Rung::Signed, Rung::Promised, Rung::Promised]);
    }

    #[test]
    fn a_failure_has_a_code_and_what_it_is_about() {
        let mut report =
            Report::read("format proved\ninclusion failed beyond-tree\nchain failed entry-missing 3\n");
        let failures = |report: &Report| {
            report.failures().map(|(_, code, about)| format!("{code} {about}")).collect::<Vec<_>>()
        };
        assert_eq!(failures(&report), ["beyond-tree ", "entry-missing 3"]);
        assert!(!report.holds());
        report.put(Check::failed(What::Consistency, "rollback"));
        assert_eq!(failures(&report).len(), 3);
    }

    #[test]
    fn what_could_not_be_begun_is_a_file_that_cannot_be_read() {
        let report = Report::read("policy failed not-policy 1\n");
        assert_eq!(report.checks[0].what, What::Format);
        assert!(!report.holds() && report.body.is_empty());
    }

    #[test]
    fn without_an_inclusion_nothing_holds() {
        assert!(!Report::read("format proved\nopening proved x\n").holds());
        assert!(!Report::read("").holds());
    }

    #[test]
    fn what_is_in_the_ledger_and_nobody_knows_whose_does_not_hold() {
        for line in ["signature proved ledger.toys.example/2026", "inclusion proved", "child proved"] {
            assert!(GOOD.contains(line));
            let what = line.split(' ').next().unwrap();
            assert!(!Report::read(&GOOD.replace(line, &format!("{what} unchecked"))).holds(), "{line}");
        }
    }

    #[test]
    fn what_is_needed_and_was_not_given_is_a_failure_unless_another_is_the_reason() {
        let needed = [What::Published, What::Chain];
        let mut report = Report::read(GOOD);
        report.require(needed);
        assert_eq!(report, Report::read(GOOD), "all of it was");
        for (line, what) in [("published proved", What::Published), ("chain proved 4", What::Chain)] {
            for text in [
                GOOD.replace(line, &format!("{} unchecked", what.word())),
                GOOD.replace(&format!("{line}\n"), ""),
            ] {
                let mut report = Report::read(&text);
                report.require(needed);
                assert!(!report.holds());
                assert_eq!(report.check(what), Some(&Check::failed(what, "not-given")));
            }
        }
        let mut report = Report::read("format proved\nsignature failed unsigned\nchain unchecked\n");
        report.require(needed);
        assert_eq!(report.failures().count(), 1);
        let mut report = Report::read(&GOOD.replace("published proved", "published open"));
        report.require(needed);
        assert!(report.holds(), "less than one would wish, and true");
    }

    #[test]
    fn only_what_contradicts_what_was_seen_accuses_anybody() {
        let is_evidence = |code: &str| Check::failed(What::Consistency, code).is_evidence();
        assert!(["rollback", "split-view", "not-consistent"].into_iter().all(is_evidence));
        // Of two states between which no proof was given nobody knows whether they fit.
        assert!(!["no-proof", "not-note", "unknown-origin", "key-changed"].into_iter().any(is_evidence));
    }

    #[test]
    fn what_nobody_signed_was_never_seen() {
        let is_of_nothing = |code: &str| Check::failed(What::Consistency, code).is_of_nothing();
        assert!(["too-long", "not-note", "not-checkpoint", "unsigned"].into_iter().all(is_of_nothing));
        assert!(!["rollback", "bad-signature", "key-changed", "no-proof"].into_iter().any(is_of_nothing));
    }

    #[test]
    fn what_was_signed_in_the_name_of_the_ledger_was_seen_whatever_its_key_is_now() {
        for code in ["key-swapped", "bad-signature"] {
            let check = Check::failed(What::Consistency, code).of_kept();
            assert_eq!(check, Check::failed(What::Consistency, "key-changed"));
            assert!(!check.is_of_nothing() && !check.is_evidence(), "it is kept, and accuses nobody");
        }
        for line in ["consistency proved", "consistency failed unsigned"] {
            assert_eq!(Check::read(line).of_kept(), Check::read(line));
        }
    }

    #[test]
    fn times_and_days_are_those_of_the_page() {
        assert_eq!(moment(proof::Time(1_795_320_060)).to_string(), "2026-11-22T04:01:00Z");
        assert_eq!(day(proof::Day(20_814)).to_string(), "2026-12-27");
    }
}
