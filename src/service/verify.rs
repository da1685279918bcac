//! `forget-me-not verify`: checks a receipt on this machine, without the service and without a network.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use proof::{
    Error, Known, Policy, Report, base64,
    child::ChildKey,
    verify::{Check, Outcome, What, hashes},
};

use crate::settings::Verify;

/// What is checked, in plain words.
const fn words(what: What) -> &'static str {
    match what {
        What::Format => "the file is a receipt",
        What::Signature => "the ledger has signed it",
        What::Witness => "witnesses have seen that signature",
        What::Inclusion => "the entry is in the ledger",
        What::Opening => "the statement is the one that was entered",
        What::Inventory => "it answers for every store and processor of its inventory",
        What::Published => "that inventory was published before",
        What::Times => "its times fit each other",
        What::Child => "it is about this child",
        What::Chain => "no entry of the child is missing up to this one",
        What::Consistency => "the ledger only grew since it was last seen",
        What::Stores => "what the stores have answered",
        What::Models => "what became of models",
        What::Processors => "what processors have answered",
        What::Backups => "from this day on no backup can be read",
        What::Elsewhere => "there is no copy anywhere else",
    }
}

/// The report, a line for each check, and what it comes to.
fn told(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |check: &Check| {
        let detail = match &check.outcome {
            Outcome::Failed(error @ Error::WrongKind) => {
                format!("{error} ({}); give its number, --entry NUMBER", error.code())
            }
            Outcome::Failed(error) => format!("{error} ({})", error.code()),
            Outcome::Open if check.what == What::Witness && check.detail.is_empty() => {
                "none, and the policy asks for none".to_owned()
            }
            Outcome::Open if check.what == What::Published => {
                "no witness needs to have seen both of the two checkpoints".to_owned()
            }
            _ => check.detail.clone(),
        };
        let colon = if detail.is_empty() { "" } else { ": " };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{:<10} {}{colon}{detail}", check.outcome.word(), words(check.what));
    };
    report.checks.iter().for_each(&mut line);
    if report.failed() {
        text.push_str("\nThis receipt does not prove what it says.\n");
    } else {
        text.push_str("\nNothing failed. \"proved\" was computed here; \"signed\" and \"promised\" are the operator's word;\n\"unchecked\" needs something that was not given.\n");
    }
    text
}

/// Checks a receipt and prints the report. Returns whether nothing failed.
pub fn verify(settings: &Verify) -> anyhow::Result<bool> {
    let given = |path: &Option<PathBuf>| path.as_deref().map(read).transpose();
    let receipt = read(&settings.receipt)?;
    let policy = policy(&settings.policy)?;
    let (inventory, entries) = (given(&settings.inventory)?, given(&settings.entries)?);
    let key = given(&settings.child_key)?.map(|text| {
        base64::hash(text.trim_end())
            .map(ChildKey)
            .context("--child-key: this is not a key of 32 bytes in base64")
    });
    let key = key.transpose()?;
    let path = given(&settings.consistency)?
        .map(|text| hashes(&text).context("--consistency: this is not a proof, a hash in base64 a line"));
    let (seen, path) = (given(&settings.seen)?, path.transpose()?);
    let known = Known {
        seen: seen.as_deref().zip(path.as_deref()),
        inventory: inventory.as_deref(),
        child: key.as_ref(),
        entries: entries.as_deref(),
        not_before: settings.not_before.map(|time| time.0),
    };
    let report = Report::on(&receipt, &policy, &known, settings.entry);
    print!("{}", told(&report));
    if let Some(body) = report.body.as_ref().filter(|_| settings.entry.is_some()) {
        print!("\nIt says:\n{body}");
    }
    Ok(!report.failed())
}

/// The policy in a file.
pub fn policy(path: &Path) -> anyhow::Result<Policy> {
    Policy::parse(&read(path)?).with_context(|| format!("{} is not a policy", path.display()))
}

/// A file that is not text is no receipt, and the report says so.
fn read(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_told_in_words_and_a_failure_says_what_failed() {
        let receipt = include_str!("../proof/example/receipt.tlog-proof");
        let policy = Policy::parse(include_str!("../proof/example/policy.txt")).unwrap();
        let good = told(&proof::verify(receipt, &policy, &Known::default()));
        assert!(good.contains("proved     the entry is in the ledger\n"), "{good}");
        assert!(good.contains("promised   there is no copy anywhere else\n"), "{good}");
        assert!(good.contains("unchecked  that inventory was published before\n"), "{good}");
        let bad = told(&proof::verify(&receipt.replacen("index ", "index 1", 1), &policy, &Known::default()));
        assert!(bad.contains("failed     the entry is in the ledger: "), "{bad}");
        assert!(bad.contains("does not prove"), "{bad}");
    }
}
