//! Starting other programs: their output is passed on, a silent one is seen to
//! be alive, and none outlives a Ctrl-C.
//!
//! Every child is the leader of a process group of its own and has no standard
//! input. A Ctrl-C therefore reaches only us, and we hand it on once to the
//! whole group: a compiler with its linkers, a test with its browser.

use std::io::{IsTerminal, PipeReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::{interrupt, say};

/// After this long without output, a line says that the step still runs.
const SILENCE: Duration = Duration::from_secs(10);

/// How long a program may take to stop by itself before it is killed. The service
/// gives requests under way 10 seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a program left behind.
pub struct Finished {
    /// Whether it ended well.
    pub status: ExitStatus,
    /// Its standard output and error, in the order in which they came.
    pub output: String,
}

/// Runs a step that must succeed, showing its output as it comes.
pub fn step(what: &str, mut command: Command) -> Result<()> {
    say::line(what);
    let started = Instant::now();
    let status = if std::io::stderr().is_terminal() && std::io::stdout().is_terminal() {
        // Straight to the terminal: cargo draws its progress bar only there.
        let program = name(&command);
        let mut child = start(&mut command)?;
        wait(&mut child, None, || ()).with_context(|| format!("{program} was not finished"))?
    } else {
        piped(what, command, true, None, None)?.status
    };
    if !status.success() {
        bail!("{what} failed ({status}); its own words are above");
    }
    if started.elapsed() > Duration::from_secs(2) {
        say::line(&format!("{what}: {}", say::elapsed(started.elapsed())));
    }
    Ok(())
}

/// Runs a program to its end, showing its output and keeping it in a log.
pub fn logged(what: &str, command: Command, log: &Path) -> Result<Finished> {
    piped(what, command, true, Some(log), None)
}

/// Runs a program out of sight and returns what it printed; one that takes
/// longer than `limit` is stopped and counts as failed.
pub fn quietly(command: Command, limit: Duration) -> Result<Finished> {
    let what = name(&command);
    piped(&what, command, false, None, Some(limit))
}

/// What a program prints about itself in answer to, say, `--version`; `None`
/// when it is not there or fails.
pub fn answer(mut command: Command) -> Option<String> {
    clean(&mut command);
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Starts a program in a process group of its own.
pub fn start(command: &mut Command) -> Result<Child> {
    clean(command);
    command
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", name(command)))
}

/// Asks a program and all it started to stop, as Ctrl-C would, and waits; kills
/// it when that takes too long or the user asks again.
pub fn stop(child: &mut Child) -> Result<ExitStatus> {
    let asked_at = Instant::now();
    signal(child, Signal::SIGINT);
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a program")? {
            return Ok(status);
        }
        if asked_at.elapsed() > PATIENCE || interrupt::insisted() {
            signal(child, Signal::SIGKILL);
            return child.wait().context("cannot wait for a program");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, signal: Signal) {
    if let Ok(id) = i32::try_from(child.id()) {
        // It may have ended in between; that is what was wanted.
        let _ = killpg(Pid::from_raw(id), signal);
    }
}

fn wait(child: &mut Child, limit: Option<Duration>, mut meanwhile: impl FnMut()) -> Result<ExitStatus> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a program")? {
            return Ok(status);
        }
        if interrupt::asked() {
            stop(child)?;
            bail!(interrupt::Stopped);
        }
        if let Some(limit) = limit.filter(|limit| started.elapsed() > *limit) {
            stop(child)?;
            bail!("it took longer than {}", say::elapsed(limit));
        }
        meanwhile();
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn piped(
    what: &str,
    mut command: Command,
    shown: bool,
    log: Option<&Path>,
    limit: Option<Duration>,
) -> Result<Finished> {
    let program = name(&command);
    let log = log
        .map(|path| std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display())))
        .transpose()?;
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let errors = writer.try_clone().context("cannot make a pipe")?;
    command.stdout(writer).stderr(errors);
    let started = Instant::now();
    let mut child = start(&mut command)?;
    // It holds the pipe's writing ends, without which the reader would never end.
    drop(command);

    let heard = Arc::new(AtomicU64::new(0));
    let ear = Arc::clone(&heard);
    let listener = std::thread::spawn(move || {
        listen(reader, shown, log, || {
            ear.store(started.elapsed().as_secs(), Ordering::Relaxed);
        })
    });
    let mut told = 0;
    let waited = wait(&mut child, limit, || {
        let now = started.elapsed().as_secs();
        let last = heard.load(Ordering::Relaxed).max(told);
        if shown && now >= last + SILENCE.as_secs() {
            told = now;
            say::line(&format!("{what}: still running, {}", say::elapsed(started.elapsed())));
        }
    });
    if waited.is_err() {
        signal(&child, Signal::SIGKILL);
    }
    // A program that it left running may hold the pipe open: what has been said
    // so far is enough.
    let ended = Instant::now();
    while !listener.is_finished() && ended.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(5));
    }
    if !listener.is_finished() {
        signal(&child, Signal::SIGKILL);
    }
    let output = listener.join().map_err(|_| anyhow!("the output of {program} was lost"))?;
    let status = waited.with_context(|| format!("{program} was not finished"))?;
    Ok(Finished { status, output })
}

fn listen(
    mut reader: PipeReader,
    shown: bool,
    mut log: Option<std::fs::File>,
    mut heard: impl FnMut(),
) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        heard();
        let bytes = &buffer[..count];
        all.extend_from_slice(bytes);
        // Showing and keeping are a service to the reader; the step's own
        // outcome does not depend on a closed terminal or a full disk.
        if shown {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(bytes);
            let _ = out.flush();
        }
        if let Some(log) = &mut log {
            let _ = log.write_all(bytes);
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Takes away what `cargo run` told this program about its own package: build
/// scripts that watch those variables would run again under every xtask.
fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text == "CARGO_PRIMARY_PACKAGE"
        {
            command.env_remove(&name);
        }
    }
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_are_kept_in_order() {
        let finished = quietly(shell("echo one; echo two >&2; echo three; exit 3"), Duration::from_secs(30))
            .expect("sh runs");
        assert_eq!(finished.output, "one\ntwo\nthree\n");
        assert_eq!(finished.status.code(), Some(3));
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped_with_all_it_started() {
        let marker = std::env::temp_dir().join(format!("xtask-run-{}", std::process::id()));
        let script = format!("(sleep 1; touch '{}') & sleep 60", marker.display());
        let outcome = quietly(shell(&script), Duration::from_millis(100));
        assert!(outcome.is_err());
        std::thread::sleep(Duration::from_millis(1500));
        assert!(!marker.exists(), "a grandchild went on running");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let outcome = quietly(Command::new("no-such-program-here"), Duration::from_secs(1));
        let error = outcome.err().map(|error| format!("{error:#}"));
        assert!(error.is_some_and(|text| text.contains("no-such-program-here")));
    }

    #[test]
    fn a_missing_program_gives_no_answer() {
        assert_eq!(answer(Command::new("no-such-program-here")), None);
        assert_eq!(answer(shell("exit 1")), None);
        assert_eq!(answer(shell("echo 1.2.3")), Some("1.2.3".to_owned()));
    }
}
