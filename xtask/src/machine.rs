//! What must be on the machine before anything can be built or tested.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::tools::cargo;
use crate::{paths, run, say};

/// The target that the page is compiled for.
pub const WASM: &str = "wasm32-unknown-unknown";

/// A C compiler, which SQLite and some build scripts need.
pub fn c_compiler() -> Result<()> {
    if ["cc", "gcc", "clang"].iter().any(|name| paths::on_path(name).is_some()) {
        return Ok(());
    }
    bail!(
        "there is no C compiler: install one ({})",
        if cfg!(target_os = "macos") {
            "xcode-select --install"
        } else {
            "sudo apt-get install -y build-essential"
        }
    )
}

/// The compiled standard library for WebAssembly.
pub fn wasm_target() -> Result<()> {
    let there = sysroot()?.join("lib/rustlib").join(WASM).join("lib");
    if there.is_dir() {
        return Ok(());
    }
    rustup(&["target", "add", WASM], &there)
}

/// The standard library's source, from which the shipped build compiles it.
pub fn rust_source() -> Result<()> {
    let there = sysroot()?.join("lib/rustlib/src/rust/library/Cargo.lock");
    if there.is_file() {
        return Ok(());
    }
    rustup(&["component", "add", "rust-src"], &there)
}

/// rustfmt and clippy, which rustup's minimal profile leaves out.
pub fn rust_checkers() -> Result<()> {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        let there = sysroot()?.join("bin").join(program);
        if !there.is_file() {
            rustup(&["component", "add", component], &there)?;
        }
    }
    Ok(())
}

fn rustup(arguments: &[&str], wanted: &Path) -> Result<()> {
    let what = format!("rustup {}", arguments.join(" "));
    if paths::on_path("rustup").is_none() {
        bail!(
            "{} is missing and there is no rustup to install it: install rustup \
             (https://rustup.rs) and run `{what}`",
            wanted.display()
        );
    }
    let mut command = Command::new("rustup");
    command.args(arguments);
    run::step(&what, command)?;
    if !wanted.exists() {
        bail!("`{what}` ended well, but {} is still missing", wanted.display());
    }
    Ok(())
}

fn sysroot() -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "sysroot"]);
    match run::answer(rustc) {
        Some(path) => Ok(PathBuf::from(path)),
        None => bail!("rustc does not run: install Rust with rustup (https://rustup.rs)"),
    }
}

/// Folders that sources lie in and that are another machine's elsewhere, with
/// what stands for each in panic messages: the shorter the better.
pub fn source_folders(root: &Path) -> Result<Vec<(PathBuf, &'static str)>> {
    let sysroot = sysroot()?;
    let mut folders = vec![(root.to_owned(), ""), (sysroot.join("lib/rustlib/src/rust"), "rust")];
    let cargo = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    // One for each registry that this user has ever used.
    let registries = cargo.map(|cargo| cargo.join("registry/src")).and_then(|folder| folder.read_dir().ok());
    folders.extend(registries.into_iter().flatten().flatten().map(|registry| (registry.path(), "")));
    Ok(folders)
}

/// What this machine is to the compiler.
pub fn host() -> Result<String> {
    let mut rustc = Command::new("rustc");
    rustc.arg("-vV");
    let version = run::answer(rustc).unwrap_or_default();
    match version.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => bail!("rustc does not run: install Rust with rustup (https://rustup.rs)"),
    }
}

/// The compiler's own words about its version.
pub fn rustc_version() -> String {
    let mut rustc = Command::new("rustc");
    rustc.arg("--version");
    run::answer(rustc).unwrap_or_else(|| "rustc unknown".to_owned())
}

/// Downloads every crate that Cargo.lock names, for Trunk works offline.
pub fn crates() -> Result<()> {
    let mut fetch = cargo();
    fetch.current_dir(paths::root()?).args(["fetch", "--locked"]);
    run::step("downloading the crates of Cargo.lock", fetch)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Browser,
    Recordings,
    Hosts,
    Fuzzing,
}

/// A program that the tests need, and where it comes from.
struct Need {
    /// What of the tests needs it.
    of: Part,
    /// Any one of these will do.
    programs: &'static [&'static str],
    debian: &'static str,
    ubuntu: &'static str,
}

const TEST_NEEDS: &[Need] = &[
    Need { of: Part::Browser, programs: CHROMIUMS, debian: "chromium", ubuntu: "chromium-browser" },
    Need {
        of: Part::Browser,
        programs: &["chromedriver"],
        debian: "chromium-driver",
        ubuntu: "chromium-chromedriver",
    },
    Need { of: Part::Recordings, programs: &["ffmpeg"], debian: "ffmpeg", ubuntu: "ffmpeg" },
    Need { of: Part::Browser, programs: &["node"], debian: "nodejs", ubuntu: "nodejs" },
    Need { of: Part::Browser, programs: &["npm"], debian: "npm", ubuntu: "npm" },
    // libFuzzer is C++.
    Need { of: Part::Fuzzing, programs: &["c++", "g++", "clang++"], debian: "g++", ubuntu: "g++" },
    Need { of: Part::Hosts, programs: FIREFOXES, debian: "firefox-esr", ubuntu: "firefox" },
];

const CHROMIUMS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const FIREFOXES: &[&str] = &["firefox-esr", "firefox"];

/// The other browser, which drives a plain host.
pub fn firefox() -> Option<PathBuf> {
    FIREFOXES.iter().find_map(|name| paths::on_path(name))
}

/// The browser that the tests drive.
pub fn chromium() -> Option<PathBuf> {
    CHROMIUMS.iter().find_map(|name| paths::on_path(name))
}

/// Chromium with its driver, node and npm for the browser's tests; ffmpeg for
/// recordings; Firefox for the hosts: there, or installed by apt where this runs as root, or named in one line.
pub fn for_tests(browser: bool, recordings: bool, hosts: bool) -> Result<()> {
    there(|part| match part {
        Part::Browser => browser,
        Part::Recordings => recordings,
        Part::Hosts => hosts,
        Part::Fuzzing => false,
    })
}

/// A C++ compiler: there, or installed, or named in the same way.
pub fn for_fuzzing() -> Result<()> {
    there(|part| part == Part::Fuzzing)
}

fn there(wanted: impl Fn(Part) -> bool) -> Result<()> {
    let missing = || {
        TEST_NEEDS
            .iter()
            .filter(|need| wanted(need.of))
            .filter(|need| need.programs.iter().all(|name| paths::on_path(name).is_none()))
    };
    let still_missing = || missing().map(|need| need.programs[0]).collect::<Vec<_>>().join(", ");
    let missing: Vec<_> = missing().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let ubuntu = std::fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=ubuntu"));
    let packages: Vec<_> =
        missing.iter().map(|need| if ubuntu { need.ubuntu } else { need.debian }).collect();
    let packages = packages.join(" ");
    if paths::on_path("apt-get").is_none() {
        bail!("the tests need {}: install them and put them on PATH", still_missing());
    }
    if !is_root() {
        bail!("the tests need more programs: sudo apt-get install -y {packages}");
    }
    apt(&["update"])?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages.split(' '));
    apt(&arguments)?;
    let still = still_missing();
    if !still.is_empty() {
        bail!("apt-get installed {packages}, but {still} is not on PATH");
    }
    Ok(())
}

/// Whether this runs as root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "Dpkg::Use-Pty=0"]).args(arguments);
    run::step(&format!("apt-get {}", arguments.join(" ")), command)
}

/// What figures depend on, as rows of a table.
pub fn facts() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or_else(|_| "?".into(), |n| n.to_string());
    let mut facts = vec![("cores", cores), ("CPU", cpu()), ("memory", memory())];
    facts.push(("system", system()));
    facts.push(("compiler", rustc_version()));
    if let Some(commit) = commit() {
        facts.push(("commit", commit));
    }
    facts
}

fn first_after(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    let value = line[key.len()..].trim_start_matches([' ', '\t', ':', '=']);
    Some(value.trim_matches('"').to_owned())
}

fn sysctl(name: &str) -> Option<String> {
    let mut command = Command::new("sysctl");
    command.args(["-n", name]);
    run::answer(command)
}

fn cpu() -> String {
    first_after("/proc/cpuinfo", "model name")
        .or_else(|| sysctl("machdep.cpu.brand_string"))
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn memory() -> String {
    let kilobytes = first_after("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok())
        .or_else(|| sysctl("hw.memsize").and_then(|text| Some(text.parse::<u64>().ok()? / 1024)));
    kilobytes
        .map_or_else(|| "?".to_owned(), |kilobytes| format!("{:.1} GiB", kilobytes as f64 / 1024.0 / 1024.0))
}

fn system() -> String {
    first_after("/etc/os-release", "PRETTY_NAME").unwrap_or_else(|| std::env::consts::OS.to_owned())
}

fn commit() -> Option<String> {
    let mut git = Command::new("git");
    git.current_dir(paths::root().ok()?).args(["describe", "--always", "--dirty"]);
    run::answer(git)
}

/// Whether a nextest is there to run the tests in parallel processes.
pub fn nextest() -> bool {
    let mut command = cargo();
    command.args(["nextest", "--version"]);
    let there = run::quietly(command, Duration::from_secs(30)).is_ok_and(|done| done.status.success());
    if !there {
        say::line("cargo-nextest is not installed: the tests run with cargo test");
    }
    there
}
