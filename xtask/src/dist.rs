//! `cargo xtask dist`: the folder that an integrator serves.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::Dist;
use crate::measure::{self, Measured};
use crate::page::{self, Flavour};
use crate::report::{json_string, kilobytes, table};
use crate::tools::{TRUNK, Toolbox, WASM_BINDGEN};
use crate::{machine, package, paths, say};

/// The list of files beside them. Also what tells a folder that this command
/// has made from one that it must not touch.
pub const MANIFEST: &str = "manifest.json";

/// The first line of every manifest of ours.
const MANIFEST_BEGINS: &str = "{\"name\": \"forget-me-not\",";

/// Builds the page and writes the folder with its manifest.
pub fn dist(options: &Dist) -> Result<()> {
    let flavour = if options.plain { Flavour::Plain } else { Flavour::Shipped };
    let own = paths::root()?.join("dist");
    let out = options.out.clone().unwrap_or_else(|| own.clone());
    let is_own = out == own || out.canonicalize().is_ok_and(|path| path == own);
    if !is_own {
        refuse_foreign(&out)?;
    }
    machine::c_compiler()?;
    let toolbox = Toolbox::with(&[TRUNK, WASM_BINDGEN])?.and_wasm_opt()?.and_esbuild()?;
    if !(toolbox.wasm_opt && toolbox.esbuild) {
        bail!(
            "what integrators serve is built with wasm-opt and esbuild, which come from npm: \
             sudo apt-get install -y npm"
        );
    }
    let page = page::build(&toolbox, flavour)?;
    if is_own {
        page::publish_to_dist(&page)?;
    } else {
        clear_earlier(&out)?;
        page::copy(&page, &out)?;
    }
    compress(&page, &out)?;
    let files = measure::folder(&page)?;
    let manifest = out.join(MANIFEST);
    std::fs::write(&manifest, manifest_text(flavour, &files))
        .with_context(|| format!("cannot write {}", manifest.display()))?;
    package::pack(&page)?;
    println!("\n{}", sizes(&files));
    measure::within_bar(flavour, &files)?;
    say::line(&format!("the {} build is in {}", flavour.name(), out.display()));
    Ok(())
}

/// The files of the first view, then their sum, then the others.
pub fn sizes(files: &[Measured]) -> String {
    let cells = |name: String, raw: u64, brotli: u64, gzip: Option<u64>| {
        vec![name, kilobytes(raw), kilobytes(brotli), gzip.map_or_else(|| "-".to_owned(), kilobytes)]
    };
    let row = |file: &Measured| cells(file.name.clone(), file.raw, file.brotli, file.gzip);
    let (first, later): (Vec<_>, Vec<_>) = files.iter().partition(|file| measure::is_first_view(&file.name));
    let mut rows: Vec<_> = first.iter().map(|file| row(file)).collect();
    rows.push(cells(
        "**first view**".to_owned(),
        first.iter().map(|file| file.raw).sum(),
        first.iter().map(|file| file.brotli).sum(),
        first.iter().map(|file| file.gzip).sum(),
    ));
    rows.extend(later.iter().map(|file| row(file)));
    table(&["file, KB", "raw", "brotli -q 11", "gzip -9"], &rows)
}

fn manifest_text(flavour: Flavour, files: &[Measured]) -> String {
    let lines: Vec<_> = files
        .iter()
        .map(|file| {
            format!(
                "  {{\"path\": {}, \"bytes\": {}, \"brotli\": {}, \"integrity\": {}}}",
                json_string(&file.name),
                file.raw,
                file.brotli,
                json_string(&file.integrity)
            )
        })
        .collect();
    format!(
        "{MANIFEST_BEGINS} \"version\": {}, \"build\": {}, \"files\": [\n{}\n]}}\n",
        json_string(env!("CARGO_PKG_VERSION")),
        json_string(flavour.name()),
        lines.join(",\n")
    )
}

/// What a compressed file is called beside the file itself, as servers look for it.
const COMPRESSED: [&str; 2] = ["br", "gz"];

/// Compresses every file once and for all: no server does it as well on the fly.
fn compress(page: &Path, out: &Path) -> Result<()> {
    for (name, path) in page::files(page)? {
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let small = [Some(measure::brotli(&bytes)?), measure::gzip(&bytes)];
        for (ending, small) in COMPRESSED.iter().zip(small) {
            let Some(small) = small.filter(|small| small.len() < bytes.len()) else { continue };
            let target = out.join(format!("{name}.{ending}"));
            std::fs::write(&target, small).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}

/// A folder that is not there, is empty, or was written by this command.
fn refuse_foreign(out: &Path) -> Result<()> {
    let is_empty = match std::fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) => {
            return Err(error).with_context(|| format!("cannot use {} (--out)", out.display()));
        }
    };
    if is_empty {
        return Ok(());
    }
    if earlier_files(out).is_some() {
        return Ok(());
    }
    bail!("{} holds files that this command did not write: choose a new folder, --out DIR", out.display())
}

/// The files that an earlier run wrote, by its manifest.
fn earlier_files(out: &Path) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(out.join(MANIFEST)).ok()?;
    text.starts_with(MANIFEST_BEGINS).then(|| {
        text.lines()
            .filter_map(|line| line.trim_start().strip_prefix("{\"path\": \""))
            .filter_map(|rest| rest.split('"').next())
            .map(str::to_owned)
            .collect()
    })
}

/// Deletes what an earlier run wrote, so that no file of an older version stays
/// behind, and nothing else.
fn clear_earlier(out: &Path) -> Result<()> {
    for name in earlier_files(out).unwrap_or_default() {
        let is_below =
            Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_below {
            bail!("{} names a file outside of its folder: {name}", out.join(MANIFEST).display());
        }
        let compressed = COMPRESSED.map(|ending| format!("{name}.{ending}"));
        for name in compressed.iter().chain([&name]) {
            match std::fs::remove_file(out.join(name)) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot replace {name}"));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn measured(name: &str) -> Measured {
        Measured {
            name: name.to_owned(),
            raw: 1000,
            brotli: 500,
            gzip: Some(600),
            integrity: "sha384-x".to_owned(),
        }
    }

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-dist-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        path
    }

    fn write(path: PathBuf, text: &str) {
        std::fs::create_dir_all(path.parent().expect("it is below a folder")).expect("writable");
        std::fs::write(path, text).expect("the temporary folder is writable");
    }

    #[test]
    fn a_new_or_empty_folder_is_taken_and_a_foreign_one_is_not() {
        let out = scratch("foreign");
        assert!(refuse_foreign(&out).is_ok());
        assert!(refuse_foreign(&out.join("new")).is_ok());
        write(out.join("letters.txt"), "precious");
        assert!(refuse_foreign(&out).is_err());
        write(out.join(MANIFEST), "{\"name\": \"another app\"}");
        assert!(refuse_foreign(&out).is_err());
        let _ = std::fs::remove_dir_all(out);
    }

    #[test]
    fn an_earlier_result_is_replaced_and_what_was_added_to_it_stays() {
        let out = scratch("earlier");
        let files = [measured("index.html"), measured("locales/en.json")];
        write(out.join(MANIFEST), &manifest_text(Flavour::Shipped, &files));
        write(out.join("index.html"), "old");
        write(out.join("locales/en.json"), "old");
        write(out.join("index.html.br"), "old");
        write(out.join("robots.txt"), "theirs");
        assert!(refuse_foreign(&out).is_ok());
        clear_earlier(&out).expect("it can be cleared");
        assert!(!out.join("index.html").exists() && !out.join("locales/en.json").exists());
        assert!(!out.join("index.html.br").exists());
        assert!(out.join("robots.txt").exists());
        let _ = std::fs::remove_dir_all(out);
    }

    #[test]
    fn a_manifest_cannot_make_us_delete_outside_of_the_folder() {
        let base = scratch("outside");
        write(base.join("precious"), "precious");
        let out = base.join("out");
        write(out.join(MANIFEST), &manifest_text(Flavour::Plain, &[measured("../precious")]));
        assert!(clear_earlier(&out).is_err());
        assert!(base.join("precious").exists());
        let _ = std::fs::remove_dir_all(base);
    }

    #[test]
    fn sums_are_of_the_first_view_alone() {
        let text = sizes(&[measured("index.html"), measured("locales/de.json"), measured("a.js")]);
        assert!(text.contains("| **first view**  | 2.0 |          1.0 |     1.2 |"), "{text}");
    }
}
