//! What can be asked on the command line, and the help for it.

use std::num::NonZeroU32;
use std::path::PathBuf;

use lexopt::prelude::*;

/// One command with its options.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// A help text to print.
    Help(&'static str),
    /// Build everything and serve the demo household.
    Demo(Demo),
    /// Install what the tests need, then run them.
    Test(Test),
    /// Pictures of every state of the page, into this folder; `docs/states` in the project when absent.
    Screens(Option<PathBuf>),
    /// Inputs that libFuzzer makes up, for every parser.
    Fuzz(Fuzz),
    /// Formatting, clippy and dependencies.
    Lint,
    /// The folder an integrator serves.
    Dist(Dist),
    /// The figures of this machine and this commit.
    Bench(Bench),
}

/// `cargo xtask demo`.
#[derive(Debug, PartialEq, Eq)]
pub struct Demo {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Where the household is kept; `data/demo` in the project when absent.
    pub data: Option<PathBuf>,
    /// Start again with the household as it was at first.
    pub fresh: bool,
    /// Whether a browser is opened.
    pub open: bool,
}

/// `cargo xtask test`.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Test {
    /// One layer only; all of them when absent.
    pub layer: Option<Layer>,
    /// Run the later steps after a failure, too.
    pub keep_going: bool,
}

/// A layer of the tests that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The shared decisions.
    Rules,
    /// The ledger's formats, and the module that checks a receipt.
    Proof,
    /// The reference service.
    Service,
    /// The page: reducers natively, the element in Chromium.
    Widget,
    /// The whole path, in Chromium against the real service.
    Journeys,
    /// The packed element in pages of several frameworks.
    Hosts,
}

/// `cargo xtask fuzz`.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Fuzz {
    /// Only this target; all of them when absent.
    pub target: Option<String>,
    /// How many inputs for each.
    pub runs: Option<u64>,
    /// How long each, instead.
    pub seconds: Option<u64>,
}

/// `cargo xtask dist`.
#[derive(Debug, PartialEq, Eq)]
pub struct Dist {
    /// The folder to write; `dist` in the project when absent.
    pub out: Option<PathBuf>,
    /// With the standard library as rustup ships it.
    pub plain: bool,
}

/// `cargo xtask bench`.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Bench {
    /// Where to write the same figures as JSON.
    pub json: Option<PathBuf>,
    /// Only the sizes of what a page loads.
    pub payload_only: bool,
    /// Only the page beside others, so many runs of each.
    pub peers: Option<u32>,
    /// Of those only one part.
    pub only: Option<Part>,
}

/// A part of what is measured beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// From the address to the first press.
    Cold,
    /// Long lists.
    Lists,
}

/// As many runs as a median is worth its name.
const PEER_RUNS: u32 = 15;

/// The port of the demo when none is asked for.
pub const DEMO_PORT: u16 = 8787;

/// Reads the command line.
pub fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    let name = match parser.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Command::Help(HELP)),
        Some(Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    match name.as_str() {
        "demo" => demo(&mut parser),
        "test" => test(&mut parser),
        "screens" => screens(&mut parser),
        "fuzz" => fuzz(&mut parser),
        "lint" => lint(&mut parser),
        "dist" => dist(&mut parser),
        "bench" => bench(&mut parser),
        "help" => Ok(Command::Help(HELP)),
        other => Err(format!("there is no command `{other}`").into()),
    }
}

fn demo(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut demo = Demo { port: DEMO_PORT, data: None, fresh: false, open: true };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help(DEMO_HELP)),
            Long("port") => demo.port = parser.value()?.parse()?,
            Long("data") => demo.data = Some(folder(parser, "--data")?),
            Long("fresh") => demo.fresh = true,
            Long("no-open") => demo.open = false,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Demo(demo))
}

fn test(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut test = Test::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help(TEST_HELP)),
            Long("keep-going") => test.keep_going = true,
            Value(layer) if test.layer.is_none() => {
                test.layer = Some(match layer.string()?.as_str() {
                    "rules" => Layer::Rules,
                    "proof" => Layer::Proof,
                    "service" => Layer::Service,
                    "widget" => Layer::Widget,
                    "journeys" => Layer::Journeys,
                    "hosts" => Layer::Hosts,
                    other => {
                        return Err(format!(
                            "there is no layer `{other}`: rules, proof, service, widget, journeys, hosts"
                        )
                        .into());
                    }
                });
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Test(test))
}

fn screens(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut out = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help(SCREENS_HELP)),
            Long("out") => out = Some(folder(parser, "--out")?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Screens(out))
}

fn fuzz(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut fuzz = Fuzz::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help(FUZZ_HELP)),
            Long("runs") => fuzz.runs = Some(parser.value()?.parse()?),
            Long("seconds") => fuzz.seconds = Some(parser.value()?.parse()?),
            Value(target) if fuzz.target.is_none() => fuzz.target = Some(target.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if fuzz.runs.is_some() && fuzz.seconds.is_some() {
        return Err("--runs and --seconds are two ways to end: ask for one".into());
    }
    Ok(Command::Fuzz(fuzz))
}

fn lint(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None => Ok(Command::Lint),
        Some(Short('h') | Long("help")) => Ok(Command::Help(LINT_HELP)),
        Some(other) => Err(other.unexpected()),
    }
}

fn dist(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut dist = Dist { out: None, plain: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help(DIST_HELP)),
            Long("out") => dist.out = Some(folder(parser, "--out")?),
            Long("plain") => dist.plain = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Dist(dist))
}

fn bench(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut bench = Bench::default();
    let mut runs = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help(BENCH_HELP)),
            Long("json") => bench.json = Some(folder(parser, "--json")?),
            Long("payload") => bench.payload_only = true,
            Long("peers") => bench.peers = Some(PEER_RUNS),
            Long("only") => {
                bench.only = Some(match &*parser.value()?.string()? {
                    "cold" => Part::Cold,
                    "lists" => Part::Lists,
                    other => return Err(format!("--only is cold or lists, not `{other}`").into()),
                });
            }
            Long("runs") => runs = Some(parser.value()?.parse::<NonZeroU32>()?),
            other => return Err(other.unexpected()),
        }
    }
    match (&mut bench.peers, runs) {
        (Some(peers), Some(runs)) => *peers = runs.get(),
        (None, Some(_)) => return Err("--runs needs --peers".into()),
        (None, None) if bench.only.is_some() => return Err("--only needs --peers".into()),
        _ => {}
    }
    if bench.peers.is_some() && bench.payload_only {
        return Err("--peers and --payload are two things: ask for one".into());
    }
    Ok(Command::Bench(bench))
}

/// A path; the empty string, which an unset shell variable leaves, is refused.
fn folder(parser: &mut lexopt::Parser, option: &str) -> Result<PathBuf, lexopt::Error> {
    let value = parser.value()?;
    if value.is_empty() {
        return Err(format!("{option} has an empty value").into());
    }
    Ok(PathBuf::from(value))
}

const HELP: &str = "\
The project's own commands

Usage: cargo xtask COMMAND [OPTIONS]

  demo    build everything, fill a demo household, serve it, open the page
  test    install what the tests need and run them all, in Chromium too
  screens pictures of every state of the page, in both schemes
  fuzz    made-up inputs for every parser of a stranger's bytes
  lint    formatting, clippy on both targets, licences and advisories
  dist    the folder an integrator serves, with sizes and integrity hashes
  bench   the figures: what a page loads, what the service does per second

`cargo xtask COMMAND --help` tells more. Tools that are missing (Trunk,
wasm-bindgen, wasm-pack, cargo-deny, wasm-opt) are installed once, in the exact
version, into the user's cache folder; what is on PATH in that version is used.
";

const DEMO_HELP: &str = "\
Build everything, fill a demo household, serve it and open the page

Usage: cargo xtask demo [--port 8787] [--data DIR] [--fresh] [--no-open]

  --port N    the port on 127.0.0.1                          [default: 8787]
  --data DIR  where the household is kept               [default: data/demo]
  --fresh     start again: deletes DIR if, and only if, it is demo data that
              this command made itself
  --no-open   only print the address

Needs rustup, a C compiler and git; everything else is installed on the first
start, which takes several minutes. Later starts take seconds and keep what was
done. Ctrl-C stops the service. Nothing listens on any other address than
127.0.0.1, and a household of one's own is never served in demo mode.
";

const TEST_HELP: &str = "\
Install what the tests need and run them all, in order

Usage: cargo xtask test [LAYER] [--keep-going]

  rules         the shared decisions
  proof         the ledger's formats, against other implementations
  service       the reference service, over HTTP against SQLite
  widget        the page's reducers natively, the element in headless Chromium
  journeys      the whole path in headless Chromium against the real service
  hosts         the npm package in plain pages, React, Vue and Svelte, in
                Chromium and Firefox
  --keep-going  after a failure, run the later steps too

Without a layer, formatting and clippy come first. Chromium, its driver,
Firefox, ffmpeg and node come from apt where this runs as root; elsewhere it
says what to install and stops. Logs are kept in target/xtask/logs.
";

const SCREENS_HELP: &str = "\
Pictures of every state of the page, at 360 and 1280 px, light and dark

Usage: cargo xtask screens [--out DIR]

  --out DIR   where they go                           [default: docs/states]

The journey that walks through all states takes them on its way; it looks at
each with axe, too, and fails where that finds anything.
";

const FUZZ_HELP: &str = "\
Made-up inputs for every parser of a stranger's bytes

Usage: cargo xtask fuzz [TARGET] [--runs N | --seconds N]

  TARGET       only this one; tests/fuzz/seeds has a folder for each
  --runs N     how many inputs each gets          [default: what tests give]
  --seconds N  how long each goes on, instead

libFuzzer, guided by coverage, with the stable compiler and a C++ compiler. What
it learns is kept in target/xtask/fuzz and used by the next run; an input that
breaks something is kept in target/xtask/fuzz-found. `cargo xtask test` runs
every target for a second or two.
";

const LINT_HELP: &str = "\
Formatting, clippy with warnings denied on both targets, and dependencies

Usage: cargo xtask lint

Dependencies are checked by cargo-deny against deny.toml: licences, bans,
sources and security advisories. Where the advisory database cannot be fetched,
it says so and checks the rest.
";

const DIST_HELP: &str = "\
The folder an integrator serves

Usage: cargo xtask dist [--out DIR] [--plain]

  --out DIR   the folder to write                            [default: dist]
  --plain     with the standard library as rustup ships it: larger, but panics
              keep their messages

Writes the page, the element's module, the WebAssembly, styles and locales, each
also compressed (.br, .gz), and manifest.json: every file's size, raw and
brotli, and its integrity hash. DIR must be new, empty, or an earlier result of
this command.
";

const BENCH_HELP: &str = "\
The figures of this commit on this machine, as Markdown

Usage: cargo xtask bench [--payload | --peers] [--json FILE]

  --payload    only what a page loads for its first view
  --peers      only our page beside klaro, vanilla-cookieconsent, c15t and a
               React list, in one run of one throttled Chromium
  --only PART  of that only its part `cold` (the cold start) or `lists`
  --runs N     how often each of them is measured             [default: 15]
  --json FILE  also writes the figures and the machine as JSON

Payload (raw, brotli -q 11, gzip -9) of the plain and of the shipped build, then
the service's own figures. Run it on a quiet machine.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        let arguments = std::iter::once("xtask").chain(line.split_whitespace());
        parse(lexopt::Parser::from_iter(arguments)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_demo_has_the_documented_defaults() {
        let expected = Demo { port: 8787, data: None, fresh: false, open: true };
        assert_eq!(parsed("demo"), Ok(Command::Demo(expected)));
    }

    #[test]
    fn a_demo_takes_every_option() {
        let expected = Demo { port: 9000, data: Some("somewhere".into()), fresh: true, open: false };
        assert_eq!(
            parsed("demo --port 9000 --data=somewhere --fresh --no-open"),
            Ok(Command::Demo(expected))
        );
    }

    #[test]
    fn a_port_that_is_no_port_is_refused() {
        assert!(parsed("demo --port 70000").is_err());
        assert!(parsed("demo --port").is_err());
    }

    #[test]
    fn an_empty_folder_is_refused_rather_than_taken_for_the_current_one() {
        assert_eq!(parsed("demo --data="), Err("--data has an empty value".to_owned()));
    }

    #[test]
    fn a_layer_can_be_run_alone() {
        let expected = Test { layer: Some(Layer::Journeys), keep_going: true };
        assert_eq!(parsed("test journeys --keep-going"), Ok(Command::Test(expected)));
    }

    #[test]
    fn peers_are_measured_often_enough_unless_asked_otherwise() {
        let peers = |peers| Ok(Command::Bench(Bench { peers: Some(peers), ..Bench::default() }));
        assert_eq!(parsed("bench --peers"), peers(15));
        assert_eq!(parsed("bench --runs 3 --peers"), peers(3));
        assert!(parsed("bench --runs 3").is_err());
        let cold = Bench { peers: Some(15), only: Some(Part::Cold), ..Bench::default() };
        assert_eq!(parsed("bench --peers --only cold"), Ok(Command::Bench(cold)));
        assert!(parsed("bench --peers --only warm").is_err() && parsed("bench --only lists").is_err());
        assert!(parsed("bench --peers --runs 0").is_err());
        assert!(parsed("bench --peers --payload").is_err());
    }

    #[test]
    fn fuzzing_ends_in_one_way() {
        let one = Fuzz { target: Some("range".into()), seconds: Some(60), runs: None };
        assert_eq!(parsed("fuzz range --seconds 60"), Ok(Command::Fuzz(one)));
        assert!(parsed("fuzz --seconds 60 --runs 5").is_err() && parsed("fuzz range note").is_err());
    }

    #[test]
    fn what_does_not_exist_is_named() {
        assert_eq!(parsed("deploy"), Err("there is no command `deploy`".to_owned()));
        assert!(parsed("test everything").is_err_and(|error| error.contains("everything")));
        assert!(parsed("lint --fast").is_err_and(|error| error.contains("--fast")));
    }

    #[test]
    fn every_command_has_help() {
        for command in ["demo", "test", "screens", "fuzz", "lint", "dist", "bench"] {
            assert!(HELP.contains(&format!("\n  {command} ")));
            match parsed(&format!("{command} --help")) {
                Ok(Command::Help(text)) => {
                    assert!(text.contains(&format!("Usage: cargo xtask {command}")));
                    assert!(text.lines().all(|line| line.chars().count() <= 80));
                }
                other => panic!("{command} --help gave {other:?}"),
            }
        }
    }
}
