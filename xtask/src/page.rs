//! The page: compiled by Trunk, and only when something that goes into it has
//! changed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::tools::{Toolbox, cargo, fingerprint};
use crate::{halves, machine, paths, run, say, verifier};

/// How the page is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// With the standard library as rustup ships it.
    Plain,
    /// With a standard library compiled for size, without panic messages: what
    /// integrators serve. Needs the rust-src component.
    Shipped,
}

impl Flavour {
    /// Its name in folders and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Shipped => "shipped",
        }
    }
}

/// Compiles the standard library with the page (measured: 12 of 84 KB).
/// Stable since 1.95 only under the compiler's own bootstrap switch.
const SMALL_STD: &[(&str, &str)] = &[
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
];

/// For splitting: the linker writes down what refers to what.
const SPLITS: [&str; 2] = ["-Clink-arg=--emit-relocs", "-Csymbol-mangling-version=v0"];

/// The environment that compiles the standard library along, where it is.
pub fn std_of(flavour: Flavour) -> impl Iterator<Item = (&'static str, &'static str)> {
    SMALL_STD.iter().copied().filter(move |_| flavour == Flavour::Shipped)
}

/// What the compiler is told. No path of this machine goes into the module, so that the same sources
/// give the same bytes wherever they are.
pub fn flags(flavour: Flavour, root: &Path, more: &[&str]) -> Result<String> {
    let mut flags: Vec<String> = more.iter().map(|flag| (*flag).to_owned()).collect();
    if flavour == Flavour::Shipped {
        flags.extend(["-Zunstable-options", "-Cpanic=immediate-abort"].map(str::to_owned));
    }
    for (folder, name) in machine::source_folders(root)? {
        flags.push(format!("--remap-path-prefix={}={name}", folder.display()));
    }
    Ok(flags.join("\u{1f}"))
}

/// Builds the page into a folder of its own below the target folder, unless
/// the one that is there is of the same sources and tools, and returns it.
pub fn build(toolbox: &Toolbox, flavour: Flavour) -> Result<PathBuf> {
    let root = paths::root()?;
    let out = paths::scratch("page")?.join(flavour.name());
    let stamp = paths::scratch("page")?.join(format!("{}.stamp", flavour.name()));
    let sources = sources_hash(&root, &format!("{} {}", fingerprint(toolbox), machine::rustc_version()))?;
    if let Ok(text) = std::fs::read_to_string(&stamp)
        && out.is_dir()
        && text == stamp_text(&sources, &folder_hash(&out)?)
    {
        say::line("the page is up to date");
        return Ok(out);
    }
    machine::wasm_target()?;
    if flavour == Flavour::Shipped {
        machine::rust_source()?;
    }
    machine::crates()?;
    let target = target_folder(flavour)?;
    if flavour == Flavour::Shipped {
        // Trunk builds offline, and the standard library has crates of its own.
        let mut fetch = cargo();
        fetch
            .current_dir(&root)
            .args(["fetch", "--locked", "--target", machine::WASM])
            .envs(std_of(flavour))
            .env("CARGO_ENCODED_RUSTFLAGS", flags(flavour, &root, &SPLITS)?);
        run::step("downloading the crates of the standard library", fetch)?;
    }
    let mut trunk = toolbox.program("trunk");
    trunk
        .current_dir(&root)
        .args(["build", "--offline", "--locked", "--dist"])
        .arg(&out)
        .env("CARGO_TARGET_DIR", &target)
        // Only whether it is set counts, and Trunk knows `true` and `false` only.
        .env_remove("NO_COLOR")
        // The compiler's words are what helps, not where in Trunk they came up.
        .env("RUST_BACKTRACE", "0");
    trunk
        .arg("--release=true")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(flavour, &root, &SPLITS)?)
        .envs(std_of(flavour));
    run::step(&format!("building the page ({}) with Trunk", flavour.name()), trunk)?;
    verifier::build(toolbox, flavour, &out)?;
    halves::finish(toolbox, &out, &target)?;
    if toolbox.esbuild {
        minify(toolbox, &out)?;
    }
    for (folder, _) in machine::source_folders(&root)? {
        tells_nothing_of(&folder, &out)?;
    }
    std::fs::write(&stamp, stamp_text(&sources, &folder_hash(&out)?))
        .with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(out)
}

/// Refuses a page that tells where it was built: elsewhere its bytes would be others.
fn tells_nothing_of(folder: &Path, page: &Path) -> Result<()> {
    let text = format!("{}/", folder.display());
    for (name, path) in files(page)? {
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            bail!("{name} tells where it was built: {text}");
        }
    }
    Ok(())
}

/// Takes comments, spaces and long names out of scripts and styles, in place.
fn minify(toolbox: &Toolbox, page: &Path) -> Result<()> {
    let mut esbuild = toolbox.program("esbuild");
    esbuild
        .current_dir(page)
        // As they are, not bundled: names and exports stay what the page asks for.
        .args(["--minify", "--tree-shaking=true", "--charset=utf8", "--target=es2022", "--log-level=warning"])
        .args(["--outdir=.", "--outbase=.", "--allow-overwrite"]);
    for (name, _) in files(page)? {
        if name.ends_with(".js") || name.ends_with(".css") {
            esbuild.arg(name);
        }
    }
    run::step("shrinking scripts and styles with esbuild", esbuild)
}

/// Other flags mean other artefacts: a folder each, or they would compile one
/// another away at every change.
fn target_folder(flavour: Flavour) -> Result<PathBuf> {
    let target = paths::target()?;
    Ok(match flavour {
        Flavour::Plain => target,
        Flavour::Shipped => target.join("shipped"),
    })
}

/// Puts the page where it is served from: the project's own `dist`.
pub fn publish_to_dist(page: &Path) -> Result<PathBuf> {
    let dist = paths::root()?.join("dist");
    if dist.is_dir() && folder_hash(&dist)? == folder_hash(page)? {
        return Ok(dist);
    }
    // Ours alone: Trunk's output by its own default, and ignored by git.
    match std::fs::remove_dir_all(&dist) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot replace {}", dist.display()));
        }
    }
    copy(page, &dist)?;
    Ok(dist)
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    for (name, path) in files(from)? {
        let target = to.join(&name);
        let parent = target.parent().unwrap_or(to);
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        std::fs::copy(&path, &target).with_context(|| format!("cannot write {}", target.display()))?;
    }
    Ok(())
}

/// Every file below a folder with its name relative to it, sorted.
pub fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    walk(folder, "", &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if is_trunks_stage(&name) {
            continue;
        }
        if path.is_dir() {
            walk(&path, &format!("{name}/"), found)?;
        } else {
            found.push((name, path));
        }
    }
    Ok(())
}

/// Trunk builds in a hidden folder of its output; an interrupted build leaves it there.
fn is_trunks_stage(name: &str) -> bool {
    name == ".stage"
}

/// What the page is made of: the manifests, the page's crates and `static`, and what splits it.
const SOURCES: &[&str] = &[
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "index.html",
    "rust-toolchain.toml",
    "src/lib.rs",
    "src/proof",
    "src/rules",
    "src/verifier",
    "src/widget",
    "static",
    "xtask/src/halves.rs",
    "xtask/src/split",
    "xtask/src/verifier.rs",
];

fn sources_hash(root: &Path, tools: &str) -> Result<String> {
    if !root.join("index.html").is_file() {
        bail!("there is no index.html in {}: is this the whole project?", root.display());
    }
    let mut hash = Sha256::new();
    hash.update(tools);
    for source in SOURCES {
        let path = root.join(source);
        if path.is_dir() {
            hash.update(folder_hash(&path)?);
        } else if path.is_file() {
            add(&mut hash, source, &path)?;
        }
    }
    Ok(hex(&hash.finalize()))
}

fn folder_hash(folder: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for (name, path) in files(folder)? {
        add(&mut hash, &name, &path)?;
    }
    Ok(hex(&hash.finalize()))
}

fn add(hash: &mut Sha256, name: &str, path: &Path) -> Result<()> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    // Lengths keep one file's end apart from the next one's beginning.
    for part in [name.as_bytes(), &bytes] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stamp_text(sources: &str, output: &str) -> String {
    format!("sources {sources}\noutput {output}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-page-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        for (name, text) in files {
            let file = path.join(name);
            std::fs::create_dir_all(file.parent().expect("it is below the folder"))
                .expect("the temporary folder is writable");
            std::fs::write(file, text).expect("the temporary folder is writable");
        }
        path
    }

    #[test]
    fn a_hash_depends_on_names_and_contents_and_on_nothing_else() {
        let one = folder("one", &[("a", "x"), ("b/c", "y")]);
        let same = folder("same", &[("b/c", "y"), ("a", "x")]);
        let moved = folder("moved", &[("a", "x"), ("c", "y")]);
        let shifted = folder("shifted", &[("a", "xb/cy")]);
        let hash = |path: &Path| folder_hash(path).expect("it can be read");
        assert_eq!(hash(&one), hash(&same));
        assert_ne!(hash(&one), hash(&moved));
        assert_ne!(hash(&one), hash(&shifted));
        for path in [one, same, moved, shifted] {
            let _ = std::fs::remove_dir_all(path);
        }
    }

    #[test]
    fn the_page_is_built_again_for_its_own_sources_and_not_for_the_services() {
        let root = folder(
            "root",
            &[("index.html", "page"), ("src/widget/lib.rs", "1"), ("src/service/lib.rs", "1")],
        );
        let before = sources_hash(&root, "tools").expect("it can be read");
        std::fs::write(root.join("src/service/lib.rs"), "2").expect("it is writable");
        assert_eq!(sources_hash(&root, "tools").expect("it can be read"), before);
        assert_ne!(sources_hash(&root, "newer tools").expect("it can be read"), before);
        std::fs::write(root.join("src/widget/lib.rs"), "2").expect("it is writable");
        assert_ne!(sources_hash(&root, "tools").expect("it can be read"), before);
        let _ = std::fs::remove_dir_all(root);
    }

    #[test]
    fn a_page_that_tells_where_it_was_built_is_refused() {
        let page = folder("telling", &[("a.js", "from /home/ada/project/src/x.rs"), ("b/c", "nothing")]);
        assert!(tells_nothing_of(Path::new("/home/ada/project"), &page).is_err());
        assert!(tells_nothing_of(Path::new("/home/bob/project"), &page).is_ok());
        let _ = std::fs::remove_dir_all(page);
    }

    #[test]
    fn a_copy_has_every_file() {
        let from = folder("from", &[("a", "x"), ("b/c/d", "y")]);
        let to = std::env::temp_dir().join(format!("xtask-page-{}-to", std::process::id()));
        copy(&from, &to).expect("the temporary folder is writable");
        assert_eq!(folder_hash(&from).expect("read"), folder_hash(&to).expect("read"));
        for path in [from, to] {
            let _ = std::fs::remove_dir_all(path);
        }
    }

    #[test]
    fn what_an_interrupted_build_left_is_never_shipped() {
        let page = folder(
            "stage",
            &[("index.html", "new"), (".stage/index.html", "old"), ("locales/en.json", "{}")],
        );
        let names: Vec<_> = files(&page).expect("it can be read").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["index.html", "locales/en.json"]);
    }
}
