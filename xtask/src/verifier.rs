//! What checks a receipt in the page: a module of its own, loaded when it is needed.

use std::path::Path;

use anyhow::Result;

use crate::page::{self, Flavour};
use crate::tools::{Toolbox, cargo};
use crate::{halves, machine, paths, run};

/// The module, and what it may cost after brotli, in bytes (DESIGN.md; the shipped build's).
pub const MODULE: (&str, u64) = ("verifier_bg.wasm", 26_000);

/// Smaller code for hashing and signatures, where nobody feels that it is slower (measured: 3 KB of 28).
const SMALL: [&str; 2] = ["--cfg=sha2_backend_soft=\"compact\"", "--cfg=curve25519_dalek_bits=\"64\""];

/// Builds it into the folder of a page.
pub fn build(toolbox: &Toolbox, flavour: Flavour, page: &Path) -> Result<()> {
    let root = paths::root()?;
    // Other flags mean other artefacts.
    let target = paths::target()?.join("verifier").join(flavour.name());
    let mut build = cargo();
    build
        .current_dir(&root)
        .args(["build", "--offline", "--locked", "-p", "verifier", "--profile", "widget"])
        .args(["--target", machine::WASM, "--target-dir"])
        .arg(&target)
        .env("CARGO_ENCODED_RUSTFLAGS", page::flags(flavour, &root, &SMALL)?)
        .envs(page::std_of(flavour));
    run::step(&format!("building the verifier ({})", flavour.name()), build)?;
    let mut bind = toolbox.program("wasm-bindgen");
    bind.args(["--target", "web", "--no-typescript", "--out-name", "verifier", "--out-dir"])
        .arg(page)
        .arg(target.join(machine::WASM).join("widget/verifier.wasm"));
    run::step("binding the verifier", bind)?;
    halves::shrink(toolbox, &page.join(MODULE.0))
}
