//! Whom to believe who checks this ledger: its own key, and the witnesses that the operator names.

use std::{fs, io::ErrorKind, path::Path};

use anyhow::{Context, bail};
use proof::{
    Policy,
    note::{MAX_SIGNATURES, VerifierKey},
};
use reqwest::Url;

use super::Ledger;
use crate::{files, outbound::Reach};

/// The file of the witnesses, in the data folder: like the ledger's name it belongs to the data, and
/// not to one start.
const FILE: &str = "ledger.policy";
/// What is believed where nobody was named.
const NOBODY: &str = "quorum none\n";
/// The most witnesses it may name: a checkpoint carries a signature of each, and the ledger's own.
const MOST_WITNESSES: usize = MAX_SIGNATURES - 1;

/// A policy that names one log, this one.
pub struct Trust {
    /// As it is published (c2sp.org/tlog-policy).
    pub text: String,
    /// The same, read.
    pub policy: Policy,
}

impl Trust {
    /// That of a data folder, for the ledger with this key.
    pub fn open(data: &Path, key: &VerifierKey) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        let witnesses = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => NOBODY.to_owned(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let text = format!("log {}\n{witnesses}", key.text());
        let policy = Policy::parse(&text).with_context(|| format!("{} is not a policy", path.display()))?;
        Ok(Self { text, policy })
    }
}

/// From now on the ledger of a data folder asks the witnesses of this policy, and a receipt is handed
/// out once enough of them have seen it. The policy may leave the log out; it cannot name another.
pub fn set(data: &Path, text: &str) -> anyhow::Result<()> {
    let policy = Policy::parse(text)?;
    let ledger = Ledger::open(data, super::is_published(data))?;
    let own = ledger.key();
    if !policy.logs.is_empty() && !policy.logs.contains(own) {
        bail!("it names other logs and not this one: log {}", own.text());
    }
    if policy.witnesses.len() > MOST_WITNESSES {
        bail!("it names more than {MOST_WITNESSES} witnesses");
    }
    for witness in &policy.witnesses {
        address(witness).map_err(|why| anyhow::anyhow!("witness {}: {why}", witness.name))?;
    }
    let words = |line: &str| line.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    let ours =
        |line: &String| ["witness ", "group ", "quorum "].iter().any(|keyword| line.starts_with(keyword));
    let lines: String = text.lines().map(words).filter(ours).map(|line| line + "\n").collect();
    // Where nobody was asked for, the newest was shown: what had been seen before that is older, and
    // what is shown never is.
    if !ledger.trust.policy.asks_for_witnesses() {
        ledger.forget_older().context("cannot forget what is older than what was shown")?;
    }
    files::write(data, &data.join(FILE), lines.as_bytes()).context("cannot write the ledger's policy")?;
    files::settle(data).context("cannot write the ledger's policy")
}

/// Whether the operator has named a policy for the ledger of a data folder.
#[must_use]
pub fn is_set(data: &Path) -> bool {
    data.join(FILE).exists()
}

/// Whether the policy of a data folder names one witness, the one with this key.
pub fn names_only(data: &Path, key: &VerifierKey) -> anyhow::Result<bool> {
    let ledger = Ledger::open(data, super::is_published(data))?;
    Ok(matches!(&ledger.trust.policy.witnesses[..], [one] if one.key == *key))
}

/// From now on nobody is asked.
pub fn unset(data: &Path) -> anyhow::Result<()> {
    fs::remove_file(data.join(FILE)).context("cannot remove the ledger's policy")?;
    files::settle(data).context("cannot remove the ledger's policy")
}

/// Where a witness is asked.
pub fn address(witness: &proof::policy::Witness) -> Result<(Url, Reach), &'static str> {
    let text = witness.url.as_deref().ok_or("it has no address to ask it at")?;
    let url = format!("{}/add-checkpoint", text.trim_end_matches('/'));
    let url = Url::parse(&url).map_err(|_| "its address cannot be read")?;
    let reach = Reach::of(&url)?;
    Ok((url, reach))
}
