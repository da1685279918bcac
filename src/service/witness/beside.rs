//! The witness of a demo: another process of this program, asked over HTTP as any witness is. Its name
//! says that the same operator runs it, and the page shows it as such.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::ledger::{self, Ledger, policy};

/// Its folder, in the data folder.
const FOLDER: &str = "witness";
/// How its name ends, below the ledger's host.
const NAME: &str = "/demo-witness";
/// How long it may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running one. It ends with this process, however that ends: its standard input does.
#[derive(Debug)]
pub struct Beside {
    process: Child,
    input: Option<ChildStdin>,
    // Kept open: nobody should write where nobody reads.
    _output: BufReader<ChildStdout>,
}

/// Starts one for the ledger of a data folder, and makes it the one that the ledger asks. None where the
/// operator has said whom to ask: a demo does not change that.
pub fn start(data: &Path) -> anyhow::Result<Option<Beside>> {
    if policy::is_set(data) && !is_asked(data)? {
        tracing::info!("the ledger's own policy stays, and the demo has no witness of its own");
        return Ok(None);
    }
    let ledger = Ledger::open(data, ledger::is_published(data))?;
    let host = ledger.origin().split('/').next().unwrap_or_default();
    let mut command = Command::new(std::env::current_exe().context("this program cannot be found")?);
    command.args(["witness", "--listen", "127.0.0.1:0", "--until-input-ends", "--state"]);
    command.arg(data.join(FOLDER)).args(["--name", &format!("{host}{NAME}")]);
    command.args(["--log", &ledger.key().text()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    if std::env::var_os("RUST_LOG").is_none() {
        // Its log and the service's are one stream.
        command.env("RUST_LOG", "warn");
    }
    let mut process = command.spawn().context("the demo's witness cannot be started")?;
    let input = process.stdin.take();
    let mut output = BufReader::new(process.stdout.take().context("the demo's witness has no output")?);
    let mut line = String::new();
    let read = output.read_line(&mut line);
    let beside = Beside { process, input, _output: output };
    read.context("the demo's witness cannot be heard")?;
    let Some(name) = line.split(' ').nth(1) else {
        bail!("the demo's witness has not started; its own words are above");
    };
    policy::set(data, &format!("{line}quorum {name}\n"))?;
    Ok(Some(beside))
}

/// The ledger of a data folder does not ask a demo's witness any more, which runs with a demo only.
pub fn leave(data: &Path) -> anyhow::Result<()> {
    if policy::is_set(data) && is_asked(data)? {
        policy::unset(data)?;
        tracing::info!("the demo's witness is not asked any more: it ended with the demo");
    }
    Ok(())
}

/// Whether a demo's witness is the only one that the ledger asks.
fn is_asked(data: &Path) -> anyhow::Result<bool> {
    let state = data.join(FOLDER);
    if !state.join(super::NAME).is_file() {
        return Ok(false);
    }
    let key = super::key(&state, None)?;
    Ok(key.name().ends_with(NAME) && policy::names_only(data, &key)?)
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.input = None;
        let asked = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) {
            if asked.elapsed() > PATIENCE {
                // It is ours, and it is over.
                let _ = self.process.kill();
                let _ = self.process.wait();
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}
