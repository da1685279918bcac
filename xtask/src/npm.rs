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
