//! Running a witness: from a folder and an address to a clean end.

use std::{io::Read, path::Path, sync::Arc, thread};

use anyhow::{Context, bail};
use proof::Policy;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{Limits, Witness, answer, router};
use crate::{
    clock::SystemClock,
    serve::{Signals, listen, until_asked},
    settings,
};

/// Listens until it is asked to end. The first line it prints is the one for the operator's policy.
pub async fn serve(settings: settings::Witness) -> anyhow::Result<()> {
    let policy = followed(&settings)?;
    let signals = Signals::hear()?;
    let listener = listen(settings.listen).await?;
    let witness =
        Arc::new(Witness::open(&settings.state, settings.name.as_deref(), policy, Arc::new(SystemClock))?);
    let (name, key, address) = (witness.key().name(), witness.key().text(), listener.local_addr()?);
    println!("witness {name} {key} http://{address}/");
    tracing::info!(%address, "listening");

    let closing = CancellationToken::new();
    let input = settings.until_input_ends.then(input_ends);
    let ended = closing.clone();
    let service = async move {
        let asked = async move {
            match input {
                Some(end) => tokio::select! { () = ended.cancelled() => {}, _ = end => {} },
                None => ended.cancelled().await,
            }
        };
        answer(listener, router(witness), Limits::default(), asked).await;
        Ok(())
    };
    until_asked(signals, closing, service).await
}

/// Which ledgers it follows.
fn followed(settings: &settings::Witness) -> anyhow::Result<Policy> {
    let given: String = settings.logs.iter().map(|key| format!("log {key}\n")).collect();
    let logs = match &settings.policy {
        None => given,
        Some(_) if !given.is_empty() => bail!("--log and --policy are two ways to say the same: use one"),
        Some(file) => logs_of(file)?,
    };
    if logs.is_empty() {
        bail!("a witness follows a ledger: --log KEY, or --policy FILE with lines `log KEY`");
    }
    Policy::parse(&format!("{logs}quorum none\n")).context("the ledgers to follow cannot be read")
}

/// The ledgers that a policy names: what else stands in it is not a witness's concern.
fn logs_of(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("--policy {}", file.display()))?;
    let logs = text.lines().filter(|line| line.split_ascii_whitespace().next() == Some("log"));
    Ok(logs.map(|line| format!("{line}\n")).collect())
}

/// Resolves when nobody holds the other end of the standard input any more, however they ended.
fn input_ends() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    // A thread of its own: reading it cannot be called off, and must not keep the process.
    thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while input.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
        let _ = ended.send(());
    });
    end
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn ledgers_are_followed_by_their_keys_or_by_a_file_of_them_with_or_without_the_rest_of_a_policy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledgers.txt");
        let key = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
        let whole = include_str!("../../proof/example/policy.txt");
        let log = whole.lines().find(|line| line.starts_with("log ")).unwrap();
        let followed = |more: &[&str]| {
            let cli = settings::Cli::parse_from([&["forget-me-not", "witness"], more].concat());
            let settings::Command::Witness(settings) = cli.command else { panic!("{more:?}") };
            followed(&settings).map(|policy| policy.logs.iter().map(|key| key.text()).collect::<Vec<_>>())
        };
        let path = file.to_str().unwrap();
        for text in [format!("{log}\n"), format!("# Whose.\n{log}\nquorum none\n"), whole.to_owned()] {
            std::fs::write(&file, &text).unwrap();
            assert_eq!(followed(&["--policy", path]).unwrap(), [key(log)], "{text}");
        }
        assert_eq!(followed(&["--log", &key(log)]).unwrap(), [key(log)]);
        assert!(followed(&["--log", &key(log), "--policy", path]).is_err());
        std::fs::write(&file, "quorum none\n").unwrap();
        for nothing in [&["--policy", path][..], &[]] {
            assert!(followed(nothing).unwrap_err().to_string().contains("follows a ledger"));
        }
    }
}
