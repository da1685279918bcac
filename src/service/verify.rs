//! `forget-me-not verify`: checks a receipt on this machine, without the service and without a network.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::Context;
use proof::{
    Known, Policy, Report,
    verify::{Check, Outcome, What},
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
        What::Chain => "no entry of the child is missing before it",
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
            Outcome::Failed(error) => error.to_string(),
            Outcome::Open if check.what == What::Witness && check.detail.is_empty() => {
                "none, and the policy asks for none".to_owned()
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
    let receipt = read(&settings.receipt)?;
    let inventory = settings.inventory.as_deref().map(read).transpose()?;
    let policy = Policy::parse(&read(&settings.policy)?)
        .with_context(|| format!("{} is not a policy", settings.policy.display()))?;
    let known = Known { inventory: inventory.as_deref(), ..Known::default() };
    let report = proof::verify(&receipt, &policy, &known);
    print!("{}", told(&report));
    Ok(!report.failed())
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
