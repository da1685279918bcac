//! The pinned tools: found in exactly the right version, or installed once into
//! the user's cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::npm::{self, ESBUILD, NpmTool, WASM_OPT};
use crate::{paths, run, say};

/// A tool with the one version that this project is built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// The package on crates.io, and the program that tells its version.
    package: &'static str,
    version: &'static str,
    /// The programs it consists of; the first one is asked for its version.
    programs: &'static [&'static str],
    /// What `cargo install` is told besides.
    flags: &'static [&'static str],
    /// How much the compiler is to optimise it: compiling takes far longer than
    /// running for all but wasm-bindgen, which walks through megabytes.
    optimise: &'static str,
    /// How long compiling it takes, for the line that is printed meanwhile.
    patience: &'static str,
}

/// Builds the page from index.html. Without its TLS features: it is run offline.
pub const TRUNK: Tool = Tool {
    package: "trunk",
    version: "0.21.14",
    programs: &["trunk"],
    flags: &["--no-default-features"],
    optimise: "0",
    patience: "some 3 minutes on two cores",
};

/// Must be of the very version of the library in Cargo.lock.
pub const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: "0.2.126",
    programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    flags: &[],
    optimise: "1",
    patience: "some 2 minutes on two cores",
};

/// Runs the page's tests in a browser.
pub const WASM_PACK: Tool = Tool {
    package: "wasm-pack",
    version: "0.15.0",
    programs: &["wasm-pack"],
    flags: &[],
    optimise: "0",
    patience: "a minute or two on two cores",
};

/// Checks licences, sources and advisories of the dependencies.
pub const CARGO_DENY: Tool = Tool {
    package: "cargo-deny",
    version: "0.20.2",
    programs: &["cargo-deny"],
    flags: &[],
    optimise: "0",
    patience: "several minutes",
};

/// The tools of one command, ready to be put in front of PATH.
pub struct Toolbox {
    folder: PathBuf,
    /// Whether wasm-opt is among them.
    pub wasm_opt: bool,
    /// Whether esbuild is among them.
    pub esbuild: bool,
}

impl Toolbox {
    /// Makes sure of the tools, installing what is missing.
    pub fn with(tools: &[Tool]) -> Result<Self> {
        // Links to the tools and nothing else: whichever folder a tool was found
        // in, its neighbours must not hide programs of the same name on PATH.
        let folder = paths::scratch("bin")?;
        for tool in tools {
            let first = find(tool).map_or_else(|| install(tool), Ok)?;
            let home = first.parent().unwrap_or(Path::new("/"));
            for program in tool.programs {
                link(&home.join(program), &folder.join(program))?;
            }
        }
        Ok(Self { folder, wasm_opt: false, esbuild: false })
    }

    /// Adds wasm-opt where it is to be had; says in one line where it is not.
    pub fn and_wasm_opt(mut self) -> Result<Self> {
        self.wasm_opt = self.add(&WASM_OPT, "the page is built a fifth larger")?;
        Ok(self)
    }

    /// Adds esbuild where it is to be had; says in one line where it is not.
    pub fn and_esbuild(mut self) -> Result<Self> {
        self.esbuild = self.add(&ESBUILD, "scripts and styles keep their comments")?;
        Ok(self)
    }

    fn add(&self, tool: &NpmTool, without: &str) -> Result<bool> {
        let place = self.folder.join(tool.program);
        match npm::find_or_install(tool)? {
            Ok(program) => link(&program, &place).map(|()| true),
            Err(why) => {
                // A link of an earlier run would still be found first.
                let _ = std::fs::remove_file(&place);
                say::line(&format!("without {} ({why}): {without}", tool.program));
                Ok(false)
            }
        }
    }

    /// One of the programs.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        self.put_on_path(&mut command);
        command
    }

    /// Lets a program find the tools before anything else of the same name.
    pub fn put_on_path(&self, command: &mut Command) {
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.folder.clone()).chain(std::env::split_paths(&rest));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
    }
}

/// The versions that a page depends on, for deciding whether it is up to date.
pub fn fingerprint(toolbox: &Toolbox) -> String {
    let or_none = |there: bool, tool: &NpmTool| if there { tool.version } else { "none" };
    format!(
        "trunk {} wasm-bindgen {} wasm-opt {} esbuild {}",
        TRUNK.version,
        WASM_BINDGEN.version,
        or_none(toolbox.wasm_opt, &WASM_OPT),
        or_none(toolbox.esbuild, &ESBUILD)
    )
}

fn find(tool: &Tool) -> Option<PathBuf> {
    let cached = paths::tools().ok()?.join("bin");
    let first = tool.programs.first()?;
    let candidates = [paths::on_path(first), Some(cached.join(first))];
    candidates.into_iter().flatten().find(|program| {
        let complete = tool.programs.iter().all(|name| program.with_file_name(name).exists());
        complete && version_of(program).as_deref() == Some(tool.version)
    })
}

fn install(tool: &Tool) -> Result<PathBuf> {
    let root = paths::tools()?;
    std::fs::create_dir_all(&root).with_context(|| {
        format!(
            "cannot create {} for the build tools; set XDG_CACHE_HOME to a writable folder",
            root.display()
        )
    })?;
    let exact = format!("{}@{}", tool.package, tool.version);
    let installed = root.join("bin").join(tool.programs[0]);
    let right = || version_of(&installed).as_deref() == Some(tool.version);

    if paths::on_path("cargo-binstall").is_some() {
        let mut command = cargo();
        command.args(["binstall", "--no-confirm", "--root"]);
        command.arg(&root).arg(&exact);
        let done = run::step(&format!("fetching {exact} (cargo binstall)"), command);
        if done.is_ok() && right() {
            return Ok(installed);
        }
        say::line("cargo binstall could not; compiling instead");
    }

    let mut command = cargo();
    command.args(["install", "--locked", "--force", "--root"]);
    command.arg(&root).args(tool.flags).arg(&exact);
    // Measured for Trunk: 4 minutes of processor time instead of 9 and more, most
    // of them in its own whole-program optimisation.
    command.envs([
        ("CARGO_PROFILE_RELEASE_LTO", "off"),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", tool.optimise),
    ]);
    run::step(&format!("compiling {exact}, once ({})", tool.patience), command).with_context(|| {
        format!(
            "{exact} could not be installed; with network access, try \
             `cargo install --locked {exact}` by hand"
        )
    })?;
    if !right() {
        bail!("{} is not version {} after it was installed", installed.display(), tool.version);
    }
    Ok(installed)
}

fn link(from: &Path, to: &Path) -> Result<()> {
    if std::fs::read_link(to).is_ok_and(|target| target == from) {
        return Ok(());
    }
    let _ = std::fs::remove_file(to);
    std::os::unix::fs::symlink(from, to)
        .with_context(|| format!("cannot link {} to {}", to.display(), from.display()))
}

/// Cargo, the same one that runs this program.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The version of a program; `None` when it is not there or does not run.
pub fn version_of(program: &Path) -> Option<String> {
    if !program.exists() {
        return None;
    }
    let mut command = Command::new(program);
    command.arg("--version");
    version_in(&run::answer(command)?).map(str::to_owned)
}

/// The version in an answer to `--version`: its first word that starts with a
/// digit, as in `trunk 0.21.14` and `wasm-opt version 132 (version_132)`.
fn version_in(answer: &str) -> Option<&str> {
    answer
        .split_whitespace()
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_every_tools_answer() {
        assert_eq!(version_in("trunk 0.21.14"), Some("0.21.14"));
        assert_eq!(version_in("wasm-bindgen 0.2.126"), Some("0.2.126"));
        assert_eq!(version_in("wasm-bindgen 0.2.126 (1c7b9a6d5)"), Some("0.2.126"));
        assert_eq!(version_in("wasm-opt version 132 (version_132)"), Some("132"));
        assert_eq!(version_in("wasm-opt version 108 (version_108)"), Some("108"));
        assert_eq!(version_in("v20.20.2\n"), Some("20.20.2"));
        assert_eq!(version_in("error: no such thing"), None);
    }

    #[test]
    fn a_longer_version_is_another_version() {
        assert_ne!(version_in("trunk 0.21.140"), Some(TRUNK.version));
        assert_ne!(version_in("trunk 0.21.14-rc1"), Some(TRUNK.version));
    }

    #[test]
    fn the_command_line_tool_matches_the_library_in_the_lock_file() {
        let lock = include_str!("../../Cargo.lock");
        let package = format!("name = \"wasm-bindgen\"\nversion = \"{}\"", WASM_BINDGEN.version);
        assert!(
            lock.contains(&package) || !lock.contains("name = \"wasm-bindgen\"\n"),
            "wasm-bindgen-cli must be of the library's version"
        );
    }
}
