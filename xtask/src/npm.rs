//! Tools that npm has, prebuilt for every system: wasm-opt and esbuild. The page
//! can do without them; what integrators serve is smaller with them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tools::version_of;
use crate::{interrupt, paths, run};

/// A tool with the one version that this project is built with.
#[derive(Debug)]
pub struct NpmTool {
    package: &'static str,
    release: &'static str,
    /// The program that is used.
    pub program: &'static str,
    /// What the program calls its own version.
    pub version: &'static str,
}

/// Shrinks the module. From npm because Debian's version 108 writes invalid
/// modules without saying so.
pub const WASM_OPT: NpmTool =
    NpmTool { package: "binaryen", release: "132.0.0", program: "wasm-opt", version: "132" };

/// Shrinks scripts and styles. Trunk's own minifier cannot read wasm-bindgen's
/// module and leaves it as it is.
pub const ESBUILD: NpmTool =
    NpmTool { package: "esbuild", release: "0.28.2", program: "esbuild", version: "0.28.2" };

/// axe-core, which the journeys have look at every state: its one file, installed if need be.
pub fn axe() -> Result<PathBuf> {
    const RELEASE: &str = "4.14.1";
    let folder = paths::tools()?.join(format!("axe-core-{RELEASE}"));
    let file = folder.join("node_modules/axe-core/axe.min.js");
    if !file.is_file() {
        install(&folder, "axe-core", RELEASE)?;
    }
    if file.is_file() { Ok(file) } else { bail!("npm could not install axe-core {RELEASE}") }
}

/// A Node that the hosts' bundler runs on: the one on PATH, or where that is older, as Debian 12's
/// and Ubuntu 24.04's are, one from npm.
pub fn node() -> Result<PathBuf> {
    const RELEASE: &str = "22.23.3";
    if let Some(node) =
        paths::on_path("node").filter(|node| version_of(node).is_some_and(|it| is_new_enough(&it)))
    {
        return Ok(node);
    }
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    let system = if system == "macos" { "darwin" } else { system };
    let machine = match machine {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!("node-{system}-{machine}");
    let folder = paths::tools()?.join(format!("{package}-{RELEASE}"));
    let program = folder.join("node_modules").join(&package).join("bin/node");
    if !program.is_file() {
        install(&folder, &package, RELEASE)?;
    }
    if version_of(&program).as_deref() != Some(RELEASE) {
        bail!("the hosts are built by Vite, which needs Node 20.19 or later: https://nodejs.org");
    }
    Ok(program)
}

/// What Vite 8 runs on: 20.19 and later, 22.12 and later, without what lies between.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(20), Some(minor)) => minor >= 19,
        (Some(22), Some(minor)) => minor >= 12,
        (Some(major), _) => major > 22,
        (None, _) => false,
    }
}

/// The program, or in a few words why it is not to be had.
pub fn find_or_install(tool: &NpmTool) -> Result<Result<PathBuf, String>> {
    let cached = paths::tools()?.join(format!("{}-{}", tool.package, tool.release));
    let installed = cached.join("node_modules/.bin").join(tool.program);
    let right = |program: &PathBuf| version_of(program).as_deref() == Some(tool.version);
    let there = [paths::on_path(tool.program), Some(installed.clone())];
    if let Some(program) = there.into_iter().flatten().find(right) {
        return Ok(Ok(program));
    }
    if paths::on_path("npm").is_none() {
        return Ok(Err("there is no npm to install it with".to_owned()));
    }
    if install(&cached, tool.package, tool.release).is_err() {
        if interrupt::asked() {
            bail!(interrupt::Stopped);
        }
        return Ok(Err("npm could not install it".to_owned()));
    }
    Ok(if right(&installed) {
        Ok(installed)
    } else {
        Err(format!("npm's {} is not version {}", tool.package, tool.version))
    })
}

fn install(folder: &Path, package: &str, release: &str) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.current_dir(folder)
        .args(["install", "--prefix", ".", "--no-audit", "--no-fund", "--ignore-scripts"])
        .arg("--loglevel=error")
        .arg(format!("{package}@{release}"));
    run::step(&format!("installing {package} from npm, once"), npm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_new_enough_from_where_vite_says() {
        for version in ["20.19.0", "20.20.2", "22.12.0", "24.0.0"] {
            assert!(is_new_enough(version), "{version}");
        }
        for version in ["18.20.4", "20.18.1", "21.7.3", "22.11.0", "x", ""] {
            assert!(!is_new_enough(version), "{version}");
        }
    }
}
