//! `cargo xtask lint`: everything that is checked without running anything.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::suite::FAULTS;
use crate::tools::{CARGO_DENY, Toolbox, cargo};
use crate::{machine, paths, run, say};

/// Formatting, clippy on both targets, dependencies.
pub fn lint() -> Result<()> {
    machine::c_compiler()?;
    machine::rust_checkers()?;
    machine::wasm_target()?;
    run::step("formatting", formatting()?)?;
    run::step("clippy, native", clippy_native()?)?;
    run::step("clippy, WebAssembly", clippy_wasm()?)?;
    dependencies()
}

/// rustfmt changes nothing.
pub fn formatting() -> Result<Command> {
    in_project(&["fmt", "--all", "--check"])
}

/// clippy has nothing to say about anything that runs on this machine.
pub fn clippy_native() -> Result<Command> {
    let mut command = in_project(&["clippy", "--locked", "--workspace", "--all-targets"])?;
    command.args(FAULTS).args(["--", "-D", "warnings"]);
    Ok(command)
}

/// clippy has nothing to say about the page as it is compiled for a browser.
pub fn clippy_wasm() -> Result<Command> {
    let mut command =
        in_project(&["clippy", "--locked", "-p", "widget", "-p", "verifier", "-p", "forget_me_not"])?;
    command
        .args(["--all-targets", "--target", machine::WASM, "--", "-D", "warnings"])
        // Read at compile time by the browser's tests, which are only checked here.
        .envs([("FMN_TEST_API", "http://127.0.0.1:1/v1"), ("FMN_TEST_SESSION", "none")]);
    Ok(command)
}

fn in_project(arguments: &[&str]) -> Result<Command> {
    let mut command = cargo();
    command.current_dir(paths::root()?).args(arguments);
    Ok(command)
}

/// Licences, bans and sources always; advisories where they can be fetched.
fn dependencies() -> Result<()> {
    let toolbox = Toolbox::with(&[CARGO_DENY])?;
    let deny = |checks: &[&str]| -> Result<_> {
        let mut command = toolbox.program("cargo-deny");
        command
            .current_dir(paths::root()?)
            .args(["--locked", "--workspace", "--all-features", "check", "--hide-inclusion-graph"])
            .args(checks);
        Ok(command)
    };
    run::step("licences, bans and sources of the dependencies", deny(&["licenses", "bans", "sources"])?)?;

    say::line("security advisories of the dependencies");
    let done = run::quietly(deny(&["advisories"])?, Duration::from_secs(120));
    match done {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) if !is_unreachable(&done.output) => {
            print!("{}", done.output);
            bail!("security advisories failed; cargo-deny's own words are above")
        }
        Err(error) if crate::interrupt::asked() => Err(error),
        Ok(_) | Err(_) => {
            say::line(
                "the advisory database cannot be fetched from here: advisories were NOT checked, all else was",
            );
            Ok(())
        }
    }
}

/// Whether cargo-deny failed for want of its database rather than for what is in it.
fn is_unreachable(output: &str) -> bool {
    output.contains("failed to fetch advisory database")
        || output.contains("failed to load advisory database")
}
