//! The module as it is served: split in two and shrunk.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::report::kilobytes;
use crate::tools::Toolbox;
use crate::{machine, measure, run, say, split, verifier};

/// What the page loads at once, as wasm-bindgen's script calls it.
const FIRST: &str = "forget_me_not_bg.wasm";
/// What it loads when somebody first asks for more than the first view has.
pub const LATER: &str = "forget_me_not_later.wasm";

/// What the page's functions that lead to the second half are called by the
/// compiler: those of the widget's module `doors`.
fn is_door(name: &str) -> bool {
    name.starts_with("_RNvNtC") && name.contains("6widget5doors")
}

/// The script that goes with it, to which is added what fetches the second half, and what asks for the first
/// view while the first one is on its way.
const SCRIPT: &str = "forget_me_not.js";
const ADDED: &str = include_str!("split/near.js");
/// Where that says the hash of the module that checks receipts.
const HASH: &str = "VERIFIER";

/// The features of WebAssembly that the compiler uses by itself.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// What made the module smallest after brotli (measured, in this order).
const PASSES: &[&str] = &["--flatten", "--rereloop", "-Oz", "-Oz", "--one-caller-inline-max-function-size=0"];

/// Splits the module in the page's folder, where the verifier lies already, and which wasm-bindgen has made of what
/// lies in the target folder, and shrinks both halves.
pub fn finish(toolbox: &Toolbox, page: &Path, target: &Path) -> Result<()> {
    let linked = target.join(machine::WASM).join("widget/forget_me_not.wasm");
    let linked = std::fs::read(&linked).with_context(|| format!("cannot read {}", linked.display()))?;
    let finished = page.join(FIRST);
    let finished = std::fs::read(&finished).with_context(|| format!("cannot read {}", finished.display()))?;
    let halves = split::split(&linked, &finished, is_door).context("the module could not be split")?;
    let script = page.join(SCRIPT);
    let text =
        std::fs::read_to_string(&script).with_context(|| format!("cannot read {}", script.display()))?;
    let verifier = page.join(verifier::MODULE.0);
    let verifier = std::fs::read(&verifier).with_context(|| format!("cannot read {}", verifier.display()))?;
    let added = ADDED.replace(HASH, &measure::integrity(&verifier));
    let text = renamed(text, &halves.imports, &halves.exports)? + &added;
    std::fs::write(&script, text).with_context(|| format!("cannot write {}", script.display()))?;
    let moved = halves.moved;
    say::line(&format!(
        "{} functions ({} KB of code, {} KB of data) are loaded later; {} that stay are used by them",
        moved.functions,
        kilobytes(moved.code as u64),
        kilobytes(moved.data as u64),
        moved.shared,
    ));
    for (name, bytes) in [(FIRST, halves.first), (LATER, halves.later)] {
        let file = page.join(name);
        std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        shrink(toolbox, &file)?;
    }
    Ok(())
}

/// Shrinks a module in its place, where there is wasm-opt.
pub fn shrink(toolbox: &Toolbox, file: &Path) -> Result<()> {
    if toolbox.wasm_opt {
        let name = file.file_name().unwrap_or_default().display().to_string();
        let mut wasm_opt = toolbox.program("wasm-opt");
        wasm_opt.args(FEATURES).args(PASSES).arg(file).arg("-o").arg(file);
        run::step(&format!("shrinking {name} with wasm-opt"), wasm_opt)?;
    }
    Ok(())
}

/// What wasm-bindgen's script says, and what it says here, of what is in `ADDED`: it ends with two ways to load
/// the module, for every case there is; and the first calls may have been made already.
const OURS: [(&str, &str); 8] = [
    ("export { initSync, __wbg_init as default };", ""),
    // No browser that runs the module lacks these, and nothing decodes 2 GB.
    ("if (!('encodeInto' in cachedTextEncoder)) {", "if (false) {"),
    ("(typeof FinalizationRegistry === 'undefined')", "false"),
    ("if (numBytesDecoded >= MAX_SAFARI_DECODE_BYTES) {", "if (false) {"),
    // It always is given.
    ("if (realloc === undefined) {", "if (false) {"),
    (
        "function(arg0, arg1) {\n            const ret = setTimeout(",
        "function(arg0, arg1) {\n            const ret = rest_a_moment(",
    ),
    (" arg0.call(arg1);", " sign_in(arg0, arg1);"),
    (" arg0.fetch(getStringFromWasm0(arg1, arg2), arg3);", " send(getStringFromWasm0(arg1, arg2), arg3);"),
];

/// The script with shorter names: of what it gives to the module their places, of what it takes from it the new ones.
fn renamed(mut script: String, imports: &[String], exports: &[(String, String)]) -> Result<String> {
    for (place, name) in imports.iter().enumerate() {
        let known = format!(" {name}: ");
        if script.matches(&known).count() != 1 {
            bail!("{SCRIPT} does not give {name} to the module in the way that is known");
        }
        script = script.replacen(&known, &format!(" {place}: "), 1);
    }
    for (known, ours) in OURS {
        if script.matches(known).count() != 1 {
            bail!("{SCRIPT} does not say `{known}` once, which is known");
        }
        script = script.replacen(known, ours, 1);
    }
    for (name, short) in exports {
        script = taken(&script, name, short);
    }
    Ok(script)
}

/// The script with `wasm.name` as `wasm.short`, where that is the whole name.
fn taken(script: &str, name: &str, short: &str) -> String {
    let known = format!("wasm.{name}");
    let mut pieces = script.split(&known);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let goes_on = piece.starts_with(|next: char| next == '_' || next.is_ascii_alphanumeric());
        text += "wasm.";
        text += if goes_on { name } else { short };
        text += piece;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_where_they_are_given_and_only_where_that_is_certain() {
        let known: String = OURS.iter().map(|(known, _)| *known).collect();
        let ours: String = OURS.iter().map(|(_, ours)| *ours).collect();
        let script = format!("return {{ __wbg_a_1: function() {{}}, __wbg_a_12: x }}{known}");
        let names = ["__wbg_a_12".to_owned(), "__wbg_a_1".to_owned()];
        let short = renamed(script.clone(), &names, &[]).expect("both are there");
        assert_eq!(short, format!("return {{ 1: function() {{}}, 0: x }}{ours}"));
        assert!(renamed(script, &["__wbg_b".to_owned()], &[]).is_err());
        assert!(renamed("another one".to_owned(), &[], &[]).is_err());
        let script = format!("wasm.__a(wasm.__a_1, __a); wasm.__a;{known}");
        let exports = [("__a".to_owned(), "e0".to_owned())];
        assert_eq!(
            renamed(script, &[], &exports).expect("is there"),
            format!("wasm.e0(wasm.__a_1, __a); wasm.e0;{ours}")
        );
    }

    #[test]
    fn a_door_is_a_function_of_that_module_and_nothing_in_it() {
        assert!(is_door("_RNvNtCs8UhEYcgWJdF_6widget5doors6screen"));
        for other in [
            "_RNvNtCs8UhEYcgWJdF_6widget5later4here",
            "_RNCNvNtCs8UhEYcgWJdF_6widget5doors6screen0B5_",
            "_RNvNtNtCs8UhEYcgWJdF_6widget5views7filters4form",
            "main",
        ] {
            assert!(!is_door(other), "{other}");
        }
    }
}
