//! `cargo xtask test`: every test of the project, in order.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::browser::TestService;
use crate::cli::{Layer, Test};
use crate::counts::{Counts, counts_in};
use crate::page::{self, Flavour};
use crate::report::table;
use crate::tools::{TRUNK, Toolbox, WASM_BINDGEN, WASM_PACK, cargo};
use crate::{interrupt, lint, machine, paths, run, say};

/// What is run one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Formatting,
    ClippyNative,
    ClippyWasm,
    /// The tests of these packages that run on this machine.
    Native(&'static [&'static str]),
    /// The examples in the same packages' documentation.
    Examples(&'static [&'static str]),
    Page,
    Browser,
    Journeys,
}

/// The crates with native tests; the shipped package has the journeys instead.
const CRATES: &[&str] = &["rules", "service", "widget", "xtask"];

fn steps(layer: Option<Layer>) -> Vec<Step> {
    use Step::{Browser, ClippyNative, ClippyWasm, Examples, Formatting, Journeys, Native, Page};
    match layer {
        None => vec![
            Formatting,
            ClippyNative,
            ClippyWasm,
            Native(CRATES),
            Examples(&["rules", "service", "widget"]),
            Page,
            Browser,
            Journeys,
        ],
        Some(Layer::Rules) => vec![Native(&["rules"]), Examples(&["rules"])],
        Some(Layer::Service) => vec![Native(&["service"]), Examples(&["service"])],
        Some(Layer::Widget) => vec![Native(&["widget"]), Examples(&["widget"]), Page, Browser],
        Some(Layer::Journeys) => vec![Page, Journeys],
    }
}

impl Step {
    fn title(self) -> String {
        match self {
            Self::Formatting => "formatting".to_owned(),
            Self::ClippyNative => "clippy, native".to_owned(),
            Self::ClippyWasm => "clippy, WebAssembly".to_owned(),
            Self::Native(packages) => format!("tests of {}", packages.join(", ")),
            Self::Examples(packages) => format!("examples of {}", packages.join(", ")),
            Self::Page => "the page".to_owned(),
            Self::Browser => "the element in Chromium".to_owned(),
            Self::Journeys => "journeys in Chromium".to_owned(),
        }
    }

    /// Whether a run without a single test is a failure.
    fn must_have_tests(self) -> bool {
        matches!(self, Self::Native(_) | Self::Browser | Self::Journeys)
    }

    fn needs_wasm(self) -> bool {
        matches!(self, Self::ClippyWasm | Self::Page | Self::Browser)
    }
}

struct Row {
    title: String,
    outcome: &'static str,
    counts: Counts,
    took: Duration,
    tail: Option<String>,
}

/// Installs what is needed and runs the steps.
pub fn test(options: &Test) -> Result<()> {
    let started = Instant::now();
    let steps = steps(options.layer);
    let suite = Suite::prepare(&steps)?;
    let mut rows = Vec::new();
    for step in &steps {
        let row = suite.run(*step)?;
        let failed = row.outcome != "passed";
        rows.push(row);
        if failed && !options.keep_going {
            break;
        }
    }
    let left_out = steps.len() - rows.len();
    conclude(&rows, left_out, started.elapsed())
}

struct Suite {
    toolbox: Option<Toolbox>,
    nextest: bool,
}

impl Suite {
    /// What all the steps need, so that a missing thing is said at once.
    fn prepare(steps: &[Step]) -> Result<Self> {
        let any = |of: fn(Step) -> bool| steps.iter().any(|step| of(*step));
        say::heading("what the tests need");
        machine::c_compiler()?;
        // ffmpeg makes the recordings that the service's tests import.
        machine::for_tests()?;
        if any(|step| step == Step::Formatting) {
            machine::rust_checkers()?;
        }
        let toolbox = if any(Step::needs_wasm) {
            machine::wasm_target()?;
            Some(Toolbox::with(&[TRUNK, WASM_BINDGEN, WASM_PACK])?.and_wasm_opt()?)
        } else {
            None
        };
        Ok(Self { toolbox, nextest: machine::nextest() })
    }

    fn run(&self, step: Step) -> Result<Row> {
        say::heading(&step.title());
        let started = Instant::now();
        let finished = match self.attempt(step) {
            Err(error) if interrupt::asked() => return Err(error.context(interrupt::Stopped)),
            other => other,
        };
        let took = started.elapsed();
        let (outcome, counts, tail) = match finished {
            Ok((_, output)) if output.is_none() => ("passed", Counts::default(), None),
            Ok((ended_well, output)) => {
                let output = output.unwrap_or_default();
                let counts = counts_in(&output);
                let outcome = outcome(step, ended_well, counts);
                (outcome, counts, (outcome != "passed").then(|| last_lines(&output, 40)))
            }
            Err(error) => {
                say::error(&format!("{error:#}"));
                ("failed", Counts::default(), Some(format!("{error:#}")))
            }
        };
        say::line(&format!("{}: {outcome}, {}", step.title(), say::elapsed(took)));
        Ok(Row { title: step.title(), outcome, counts, took, tail })
    }

    /// Whether the step ended well, and its output where it has tests in it.
    fn attempt(&self, step: Step) -> Result<(bool, Option<String>)> {
        let command = match step {
            Step::Formatting => lint::formatting()?,
            Step::ClippyNative => lint::clippy_native()?,
            Step::ClippyWasm => lint::clippy_wasm()?,
            Step::Native(packages) => self.native(packages)?,
            Step::Examples(packages) => {
                let mut command = cargo();
                command.current_dir(paths::root()?).args(["test", "--locked", "--doc"]);
                for package in packages {
                    command.args(["-p", package]);
                }
                command
            }
            Step::Page => {
                let page = page::build(self.toolbox()?, Flavour::Plain)?;
                page::publish_to_dist(&page)?;
                return Ok((true, None));
            }
            Step::Browser => {
                // It lives until the tests have ended.
                let service = TestService::start()?;
                return logged(step, service.tests(self.toolbox()?)?);
            }
            Step::Journeys => {
                let mut command = cargo();
                command.current_dir(paths::root()?).args([
                    "test",
                    "--locked",
                    "-p",
                    "forget_me_not",
                    "--test",
                    "journeys",
                ]);
                command
            }
        };
        logged(step, command)
    }

    fn native(&self, packages: &[&str]) -> Result<Command> {
        let mut command = cargo();
        command.current_dir(paths::root()?);
        if self.nextest {
            command.args(["nextest", "run", "--locked", "--no-fail-fast"]);
        } else {
            command.args(["test", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        }
        for package in packages {
            command.args(["-p", package]);
        }
        Ok(command)
    }

    fn toolbox(&self) -> Result<&Toolbox> {
        self.toolbox.as_ref().context("the tools were not prepared for this step")
    }
}

fn logged(step: Step, mut command: Command) -> Result<(bool, Option<String>)> {
    if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let name: String = step
        .title()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    let log = paths::scratch("logs")?.join(format!("{name}.log"));
    let finished = run::logged(&step.title(), command, &log)?;
    Ok((finished.status.success(), Some(finished.output)))
}

fn outcome(step: Step, ended_well: bool, counts: Counts) -> &'static str {
    if !ended_well || counts.failed > 0 {
        "failed"
    } else if step.must_have_tests() && counts.passed == 0 {
        // wasm-bindgen's runner skips a misconfigured crate and ends well.
        "ran no test"
    } else {
        "passed"
    }
}

/// The table, the logs' ends of what failed, and the sum.
fn conclude(rows: &[Row], left_out: usize, took: Duration) -> Result<()> {
    say::heading("summary");
    let cells: Vec<_> = rows
        .iter()
        .map(|row| {
            let number =
                |count: u64| if row.counts == Counts::default() { String::new() } else { count.to_string() };
            vec![
                row.title.clone(),
                row.outcome.to_owned(),
                number(row.counts.passed),
                number(row.counts.failed),
                say::elapsed(row.took),
            ]
        })
        .collect();
    print!("{}", table(&["step", "outcome", "passed", "failed", "time"], &cells));
    let failures: Vec<_> = rows.iter().filter(|row| row.outcome != "passed").collect();
    for row in &failures {
        if let Some(tail) = &row.tail {
            say::heading(&format!("{}: {}", row.title, row.outcome));
            println!("{tail}");
        }
    }
    let passed: u64 = rows.iter().map(|row| row.counts.passed).sum();
    let failed: u64 = rows.iter().map(|row| row.counts.failed).sum();
    println!("\n{passed} passed, {failed} failed");
    println!("-- {} in all; logs are in target/xtask/logs", say::elapsed(took));
    match failures.first() {
        None => Ok(()),
        Some(first) if left_out > 0 => {
            bail!("{} {}; {left_out} steps were not run (--keep-going runs them)", first.title, first.outcome)
        }
        Some(_) => bail!("{} of {} steps failed", failures.len(), rows.len()),
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_run_without_a_test_is_a_failure_though_it_ended_well() {
        let none = counts_in("test result: ok. 0 passed; 0 failed; 0 ignored");
        assert_eq!(outcome(Step::Browser, true, none), "ran no test");
        assert_eq!(outcome(Step::Journeys, true, none), "ran no test");
        assert_eq!(outcome(Step::Native(CRATES), true, none), "ran no test");
        assert_eq!(outcome(Step::ClippyNative, true, none), "passed");
        assert_eq!(outcome(Step::Browser, true, Counts { passed: 1, failed: 0 }), "passed");
        assert_eq!(outcome(Step::Browser, false, Counts { passed: 1, failed: 0 }), "failed");
        assert_eq!(outcome(Step::Browser, true, Counts { passed: 1, failed: 1 }), "failed");
    }

    #[test]
    fn a_failed_step_fails_the_whole_run() {
        let row = |outcome| Row {
            title: "a step".to_owned(),
            outcome,
            counts: Counts::default(),
            took: Duration::ZERO,
            tail: None,
        };
        assert!(conclude(&[row("passed"), row("passed")], 0, Duration::ZERO).is_ok());
        assert!(conclude(&[row("passed"), row("failed")], 0, Duration::ZERO).is_err());
        assert!(conclude(&[row("ran no test")], 3, Duration::ZERO).is_err());
    }

    #[test]
    fn the_whole_run_has_every_layers_steps() {
        let all = steps(None);
        for layer in [Layer::Rules, Layer::Service, Layer::Widget, Layer::Journeys] {
            for step in steps(Some(layer)) {
                let covered = match step {
                    Step::Native(packages) => packages.iter().all(|package| CRATES.contains(package)),
                    Step::Examples(packages) => all.iter().any(|other| {
                        matches!(other, Step::Examples(more) if packages.iter().all(|one| more.contains(one)))
                    }),
                    other => all.contains(&other),
                };
                assert!(covered, "{step:?} of {layer:?} is not in the whole run");
            }
        }
    }

    #[test]
    fn the_end_of_a_log_is_its_last_lines() {
        assert_eq!(last_lines("a\nb\nc\n\n", 2), "b\nc");
        assert_eq!(last_lines("a", 40), "a");
    }
}
