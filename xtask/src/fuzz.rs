//! `cargo xtask fuzz`: every parser of a stranger's bytes, with inputs that libFuzzer makes up and that
//! lead further than those before.
//!
//! Without a nightly compiler: LLVM's own pass for counting where an input leads is in every rustc, and
//! only the sanitizers of memory are not; there is no unsafe code here that they could watch.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cli::Fuzz;
use crate::tools::cargo;
use crate::{machine, paths, run, say};

/// What `cargo fuzz` passes too.
const COUNTERS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Inputs for each target in a run of all tests: one or two seconds.
const RUNS: u64 = 100_000;
/// The same for one that checks signatures.
const RUNS_WITH_SIGNATURES: u64 = 20_000;
/// Longer than any run takes that was not asked for.
const LIMIT: Duration = Duration::from_secs(600);

/// Builds the targets and runs those that are asked for.
pub fn fuzz(options: &Fuzz) -> Result<()> {
    machine::c_compiler()?;
    machine::for_fuzzing()?;
    let folder = paths::root()?.join("tests/fuzz");
    let mut targets = names(&folder.join("seeds"))?;
    if let Some(wanted) = &options.target {
        let all = targets.join(", ");
        targets.retain(|name| name == wanted);
        if targets.is_empty() {
            bail!("there is no target `{wanted}`: {all}");
        }
    }
    let program = build(&folder)?;
    for name in &targets {
        one(&program, &folder, name, options)?;
    }
    say::line(&format!("{} targets, nothing found", targets.len()));
    Ok(())
}

/// Each target has a folder with its first inputs.
fn names(seeds: &Path) -> Result<Vec<String>> {
    let entries = seeds.read_dir().with_context(|| format!("cannot read {}", seeds.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// In a target folder of its own: nothing else is compiled with these flags.
fn build(folder: &Path) -> Result<PathBuf> {
    let host = machine::host()?;
    let target = paths::target()?.join("fuzz");
    let mut command = cargo();
    command
        .current_dir(folder)
        .args(["build", "--release", "--locked", "--target", &host])
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", COUNTERS)
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    run::step("building the fuzz targets", command)?;
    Ok(target.join(host).join("release/fuzz"))
}

fn one(program: &Path, folder: &Path, name: &str, options: &Fuzz) -> Result<()> {
    // What is found stays below the target folder: the next run begins with it.
    let corpus = paths::scratch(&format!("fuzz/{name}"))?;
    let found = paths::scratch("fuzz-found")?;
    let mut command = Command::new(program);
    command
        .env("FMN_FUZZ", name)
        .args(["-seed=1", "-max_len=8192", "-timeout=20", "-verbosity=0"])
        .arg(format!("-dict={}", folder.join("words.dict").display()))
        .arg(format!("-artifact_prefix={}/{name}-", found.display()));
    let runs = if ["verify", "witness"].contains(&name) { RUNS_WITH_SIGNATURES } else { RUNS };
    let limit = match options.seconds {
        Some(seconds) => {
            command.arg(format!("-max_total_time={seconds}"));
            Duration::from_secs(seconds) + LIMIT
        }
        None => {
            command.arg(format!("-runs={}", options.runs.unwrap_or(runs)));
            if options.runs.is_some() { Duration::MAX } else { LIMIT }
        }
    };
    command.arg(&corpus).arg(folder.join("seeds").join(name));
    let finished = run::quietly(command, limit).with_context(|| format!("fuzzing {name}"))?;
    if !finished.status.success() {
        println!("{}", finished.output);
        bail!(
            "{name}: an input breaks it; it lies in {}, and FMN_FUZZ={name} {} FILE shows it again",
            found.display(),
            program.display()
        );
    }
    say::line(&format!("{name}: nothing found"));
    Ok(())
}
