//! `cargo xtask test`: every test of the project, in order.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::browser::TestService;
use crate::cli::{Fuzz, Layer, Test};
use crate::counts::{Counts, counts_in};
use crate::hosts::Hosts;
use crate::page::{self, Flavour};
use crate::report::table;
use crate::tools::{TRUNK, Toolbox, WASM_BINDGEN, WASM_PACK, cargo};
use crate::{dist, fuzz, interrupt, lint, machine, measure, npm, paths, run, say, verifier};

/// The service's binary stops at named points, so that a test can kill it there. Without this the
/// tests that do so are not even compiled.
pub const FAULTS: [&str; 2] = ["--features", "service/faults"];

/// What is run one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Formatting,
    ClippyNative,
    ClippyWasm,
    /// The tests that run on this machine.
    Native(Of),
    /// The examples in the documentation.
    Examples(Of),
    /// Made-up inputs for every parser of a stranger's bytes.
    Fuzzing,
    Page,
    Browser,
    Journeys,
    /// The packed element in pages of several frameworks.
    Hosts,
}

/// Whose tests.
///
/// Cargo compiles a dependency again for every other selection of packages that
/// asks for other features of it. So a whole run selects the whole workspace in
/// every step, and filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Everything,
    One(&'static str),
}

fn steps(layer: Option<Layer>) -> Vec<Step> {
    use Step::{
        Browser, ClippyNative, ClippyWasm, Examples, Formatting, Fuzzing, Hosts, Journeys, Native, Page,
    };
    let one = |name| vec![Native(Of::One(name)), Examples(Of::One(name))];
    match layer {
        None => vec![
            Formatting,
            ClippyNative,
            ClippyWasm,
            Native(Of::Everything),
            Examples(Of::Everything),
            Fuzzing,
            Page,
            Browser,
            Journeys,
            Hosts,
        ],
        Some(Layer::Rules) => one("rules"),
        Some(Layer::Proof) => [one("proof"), vec![Native(Of::One("verifier"))]].concat(),
        Some(Layer::Service) => one("service"),
        Some(Layer::Widget) => [one("widget"), vec![Browser]].concat(),
        Some(Layer::Journeys) => vec![Page, Journeys],
        Some(Layer::Hosts) => vec![Page, Hosts],
    }
}

impl Step {
    fn title(self) -> String {
        match self {
            Self::Formatting => "formatting".to_owned(),
            Self::ClippyNative => "clippy, native".to_owned(),
            Self::ClippyWasm => "clippy, WebAssembly".to_owned(),
            Self::Native(Of::Everything) => "tests, native".to_owned(),
            Self::Native(Of::One(name)) => format!("tests of {name}, native"),
            Self::Examples(Of::Everything) => "examples in the documentation".to_owned(),
            Self::Examples(Of::One(name)) => format!("examples of {name}"),
            Self::Fuzzing => "fuzz targets".to_owned(),
            Self::Page => "the page".to_owned(),
            Self::Browser => "the element in Chromium".to_owned(),
            Self::Journeys => "journeys in Chromium".to_owned(),
            Self::Hosts => "real hosts in Chromium and Firefox".to_owned(),
        }
    }

    /// Whether a run without a single test is a failure.
    fn must_have_tests(self) -> bool {
        matches!(self, Self::Native(_) | Self::Browser | Self::Journeys | Self::Hosts)
    }

    fn needs_browser(self) -> bool {
        matches!(self, Self::Browser | Self::Journeys | Self::Hosts)
    }

    /// Recordings for the service's tests are made by a real encoder.
    fn needs_ffmpeg(self) -> bool {
        matches!(self, Self::Native(Of::Everything | Of::One("service")))
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

/// Takes pictures of every state: the journeys do, when they are told where to put them.
pub fn screens(out: Option<PathBuf>) -> Result<()> {
    let folder = match out {
        Some(folder) => std::path::absolute(folder)?,
        None => paths::root()?.join("docs/states"),
    };
    let suite = Suite::prepare(&steps(Some(Layer::Journeys)))?;
    suite.attempt(Step::Page)?;
    TestService::build()?;
    let mut walk = journeys()?;
    walk.args(["--", "every_state"]).env("FMN_SCREENSHOTS", &folder);
    let (ended_well, output) = logged(Step::Journeys, walk)?;
    if !ended_well {
        bail!("the walk stopped:\n{}", last_lines(&output.unwrap_or_default(), 40));
    }
    say::line(&format!("pictures are in {}", folder.display()));
    Ok(())
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
    /// Whether the native tests, which build the service's binary, run before.
    whole: bool,
}

impl Suite {
    /// What all the steps need, so that a missing thing is said at once.
    fn prepare(steps: &[Step]) -> Result<Self> {
        let any = |of: fn(Step) -> bool| steps.iter().any(|step| of(*step));
        say::heading("what the tests need");
        machine::c_compiler()?;
        let hosts = any(|step| step == Step::Hosts);
        machine::for_tests(any(Step::needs_browser), any(Step::needs_ffmpeg), hosts)?;
        if any(|step| step == Step::Fuzzing) {
            machine::for_fuzzing()?;
        }
        if any(|step| step == Step::Formatting) {
            machine::rust_checkers()?;
        }
        let toolbox = if any(Step::needs_wasm) {
            machine::wasm_target()?;
            Some(Toolbox::with(&[TRUNK, WASM_BINDGEN, WASM_PACK])?.and_wasm_opt()?.and_esbuild()?)
        } else {
            None
        };
        let whole = any(|step| step == Step::Native(Of::Everything));
        Ok(Self { toolbox, nextest: machine::nextest(), whole })
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
            Step::Native(of) => self.native(of)?,
            Step::Examples(Of::Everything) => {
                cargo_in_project(&["test", "--locked", "--doc", "--workspace"])?
            }
            Step::Examples(Of::One(name)) => cargo_in_project(&["test", "--locked", "--doc", "-p", name])?,
            Step::Fuzzing => {
                fuzz::fuzz(&Fuzz::default())?;
                return Ok((true, None));
            }
            Step::Page => {
                let page = page::build(self.toolbox()?, Flavour::Plain)?;
                page::publish_to_dist(&page)?;
                let files = measure::folder(&page)?;
                println!("{}", dist::sizes(&files));
                measure::within_bar(Flavour::Plain, &files)?;
                return Ok((true, None));
            }
            Step::Browser => {
                if !self.whole {
                    TestService::build()?;
                }
                // The tests' server hands out what lies below the project's folder.
                verifier::build(self.toolbox()?, Flavour::Plain, &paths::scratch("verifier")?)?;
                // It lives until the tests have ended.
                let service = TestService::start()?;
                return logged(step, service.tests(self.toolbox()?)?);
            }
            Step::Journeys => {
                // A witness is another process of the service's program.
                if !self.whole {
                    TestService::build()?;
                }
                journeys()?
            }
            Step::Hosts => {
                if !self.whole {
                    TestService::build()?;
                }
                // It lives until the tests have ended.
                let hosts = Hosts::prepare(&page::build(self.toolbox()?, Flavour::Plain)?)?;
                return logged(step, hosts.tests()?);
            }
        };
        logged(step, command)
    }

    fn native(&self, of: Of) -> Result<Command> {
        let mut command = cargo_in_project(if self.nextest {
            &["nextest", "run", "--locked", "--no-fail-fast"]
        } else {
            &["test", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests"]
        })?;
        if matches!(of, Of::Everything | Of::One("service")) {
            command.args(FAULTS);
        }
        match of {
            Of::One(name) => command.args(["-p", name]),
            // Only nextest can leave the journeys out of a whole workspace.
            Of::Everything if self.nextest => command.args(["--workspace", "-E", "not binary(journeys)"]),
            Of::Everything => command.args(
                ["rules", "proof", "verifier", "service", "widget", "xtask"]
                    .map(|name| ["-p", name])
                    .as_flattened(),
            ),
        };
        Ok(command)
    }

    fn toolbox(&self) -> Result<&Toolbox> {
        self.toolbox.as_ref().context("the tools were not prepared for this step")
    }
}

/// The journeys, which look at every state with axe.
pub fn journeys() -> Result<Command> {
    let mut command =
        cargo_in_project(&["test", "--locked", "--workspace", FAULTS[0], FAULTS[1], "--test", "journeys"])?;
    command.env("FMN_AXE", npm::axe()?);
    Ok(command)
}

fn cargo_in_project(arguments: &[&str]) -> Result<Command> {
    let mut command = cargo();
    command.current_dir(paths::root()?).args(arguments);
    Ok(command)
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
        assert_eq!(outcome(Step::Native(Of::Everything), true, none), "ran no test");
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
        for layer in [Layer::Rules, Layer::Service, Layer::Widget, Layer::Journeys, Layer::Hosts] {
            for step in steps(Some(layer)) {
                let whole = match step {
                    Step::Native(_) => Step::Native(Of::Everything),
                    Step::Examples(_) => Step::Examples(Of::Everything),
                    other => other,
                };
                assert!(all.contains(&whole), "{step:?} of {layer:?} is not in the whole run");
            }
        }
    }

    #[test]
    fn the_end_of_a_log_is_its_last_lines() {
        assert_eq!(last_lines("a\nb\nc\n\n", 2), "b\nc");
        assert_eq!(last_lines("a", 40), "a");
    }
}
