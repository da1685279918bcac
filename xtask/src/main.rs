//! The project's own commands. `cargo xtask --help` lists them.
//!
//! Each command is one file; what they share is below them: `run` starts
//! programs and shows that they are alive, `tools` and `machine` see to what
//! must be installed, `page` builds what a browser loads.

mod bench;
mod browser;
mod cli;
mod counts;
mod data_folder;
mod demo;
mod dist;
mod fuzz;
mod halves;
mod hosts;
mod interrupt;
mod lint;
mod machine;
mod measure;
mod npm;
mod package;
mod page;
mod paths;
mod peers;
mod report;
mod run;
mod say;
mod serve;
mod split;
mod suite;
mod tools;
mod verifier;

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = match cli::parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => {
            say::error(&format!("{error}; see `cargo xtask --help`"));
            return ExitCode::from(2);
        }
    };
    if let Err(error) = interrupt::install() {
        say::error(&format!("{error:#}"));
        return ExitCode::FAILURE;
    }
    let outcome = match command {
        cli::Command::Help(text) => {
            print!("{text}");
            Ok(())
        }
        cli::Command::Demo(options) => demo::demo(&options),
        cli::Command::Test(options) => suite::test(&options),
        cli::Command::Fuzz(options) => fuzz::fuzz(&options),
        cli::Command::Screens(out) => suite::screens(out),
        cli::Command::Lint => lint::lint(),
        cli::Command::Dist(options) => dist::dist(&options),
        cli::Command::Bench(options) => bench::bench(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if interrupt::is_reason(&error) => {
            say::error("stopped on request");
            ExitCode::from(130)
        }
        Err(error) => {
            say::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
