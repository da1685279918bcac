//! `cargo xtask bench --peers`: the page beside what others have made, in one run of one browser.
//!
//! This builds and starts all that is measured; `xtask/peers` measures it, in node.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::cli::Part;
use crate::page::{self, Flavour};
use crate::report::json_string;
use crate::serve::{self, Service};
use crate::tools::{TRUNK, Toolbox, WASM_BINDGEN, cargo};
use crate::{machine, measure, paths, run};

/// How many recordings a child has: for the cold start, and for the lists.
const COLD: [u32; 1] = [1_500];
const LISTS: [u32; 3] = [1_000, 10_000, 100_000];

/// The pages of others, a folder each below `xtask/peers/pages`, and the script of each.
const PAGES: [(&str, &str); 4] =
    [("klaro", "app.js"), ("vanilla-cookieconsent", "app.js"), ("c15t", "app.jsx"), ("react", "app.jsx")];

/// Measures every page `runs` times, in all or in `only` one of its parts, and returns the figures:
/// Markdown, and the file that has them as JSON.
pub fn measure(runs: u32, only: Option<Part>) -> Result<(String, PathBuf)> {
    machine::c_compiler()?;
    machine::for_tests(true, false, false)?;
    let toolbox = Toolbox::with(&[TRUNK, WASM_BINDGEN])?.and_wasm_opt()?.and_esbuild()?;
    if !(toolbox.wasm_opt && toolbox.esbuild) {
        bail!("the peers are built with esbuild, and our page with wasm-opt too, both from npm");
    }
    let Some(chromium) = machine::chromium() else { bail!("there is no Chromium on PATH") };
    let ours = page::build(&toolbox, Flavour::Shipped)?;
    let scripts = install()?;
    let served = served(&toolbox, &scripts, &ours)?;
    let (recordings, parts) = match only {
        Some(Part::Cold) => (COLD.to_vec(), r#"["cold"]"#),
        Some(Part::Lists) => (LISTS.to_vec(), r#"["lists"]"#),
        None => ([&COLD[..], &LISTS].concat(), r#"["cold", "lists"]"#),
    };
    let services = services(&recordings)?;

    let listed: Vec<_> = services
        .iter()
        .map(|(recordings, data, service)| {
            format!(
                "{{\"recordings\": {recordings}, \"url\": {}, \"data\": {}}}",
                json_string(&service.url()),
                json_string(&data.to_string_lossy())
            )
        })
        .collect();
    let out = paths::scratch("peers")?.join("figures");
    let settings = format!(
        "{{\"runs\": {runs}, \"parts\": {parts}, \"folder\": {}, \"chromium\": {}, \"root\": {}, \"out\": {}, \"services\": [{}]}}\n",
        json_string(&served.to_string_lossy()),
        json_string(&chromium.to_string_lossy()),
        machine::is_root(),
        json_string(&out.to_string_lossy()),
        listed.join(", ")
    );
    let settings_file = scripts.join("settings.json");
    write(&settings_file, settings.as_bytes())?;
    let mut node = Command::new("node");
    node.current_dir(&scripts).args(["main.js", "settings.json"]);
    run::step("measuring the pages in turn", node)?;
    let text = out.with_extension("md");
    let text = std::fs::read_to_string(&text).with_context(|| format!("cannot read {}", text.display()))?;
    Ok((text, out.with_extension("json")))
}

/// A copy of `xtask/peers` with what its lock file names: the project's own folder stays clean.
fn install() -> Result<PathBuf> {
    let own = paths::root()?.join("xtask/peers");
    let copy = paths::scratch("peers")?.join("npm");
    for (name, from) in page::files(&own)? {
        let bytes = std::fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
        write(&copy.join(name), &bytes)?;
    }
    let lock = own.join("package-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = copy.join("node_modules/.installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(copy);
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&copy).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    run::step("installing the peers from npm, once", npm)?;
    write(&stamp, &wanted)?;
    Ok(copy)
}

/// The folder that is served: every page bundled and shrunk by esbuild, ours as it is shipped,
/// each file compressed by brotli -q 11 and nothing else.
fn served(toolbox: &Toolbox, scripts: &Path, ours: &Path) -> Result<PathBuf> {
    let out = paths::scratch("peers")?.join("served");
    match std::fs::remove_dir_all(&out) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot empty {}", out.display()));
        }
        _ => {}
    }
    compress(ours, &out.join("ours"))?;
    let bundled = paths::scratch("peers")?.join("bundled");
    for (name, entry) in PAGES {
        let from = Path::new("pages").join(name);
        let to = bundled.join(name);
        let mut esbuild = toolbox.program("esbuild");
        esbuild
            .current_dir(scripts)
            .arg(from.join(entry))
            .args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--jsx=automatic"])
            .args(["--define:process.env.NODE_ENV=\"production\"", "--legal-comments=none"])
            .args(["--log-level=warning"])
            .arg(format!("--outfile={}", to.join("app.js").display()));
        run::step(&format!("bundling {name}"), esbuild)?;
        let page = scripts.join(from).join("index.html");
        let page = std::fs::read(&page).with_context(|| format!("cannot read {}", page.display()))?;
        write(&to.join("index.html"), &page)?;
        compress(&to, &out.join(name))?;
    }
    Ok(out)
}

fn compress(from: &Path, to: &Path) -> Result<()> {
    for (name, path) in page::files(from)? {
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        write(&to.join(format!("{name}.br")), &measure::brotli(&bytes)?)?;
    }
    Ok(())
}

/// A service for each number of recordings: the real one, as it is shipped.
fn services(recordings: &[u32]) -> Result<Vec<(u32, PathBuf, Service)>> {
    let mut build = cargo();
    build
        .current_dir(paths::root()?)
        .args(["build", "--release", "--locked", "-p", "service", "--bin", "forget-me-not"])
        .env("CARGO_TARGET_DIR", paths::target()?);
    run::step("building the service", build)?;
    let binary = paths::target()?.join("release/forget-me-not");
    recordings
        .iter()
        .map(|recordings| {
            let data = filled(*recordings)?;
            let port = serve::free_port()?;
            let mut command = Command::new(&binary);
            command
                .env("RUST_LOG", "warn")
                .args(["serve", "--data"])
                .arg(&data)
                .args(["--listen", &format!("127.0.0.1:{port}")]);
            Ok((*recordings, data, Service::start(command, port)?))
        })
        .collect()
}

/// A data folder with so many recordings of one child, made once by the service's own benchmark.
fn filled(recordings: u32) -> Result<PathBuf> {
    let root = paths::root()?;
    let folder = paths::scratch("peers/data")?.join(recordings.to_string());
    let stamp = paths::scratch("peers/data")?.join(format!("{recordings}.stamp"));
    let made_by = made_by(&root)?;
    if folder.is_dir() && std::fs::read_to_string(&stamp).is_ok_and(|text| text == made_by) {
        return Ok(folder);
    }
    if folder.is_dir() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let mut fill = cargo();
    fill.current_dir(&root)
        .args(["bench", "--locked", "-p", "service", "--bench", "figures"])
        .env("CARGO_TARGET_DIR", paths::target()?)
        .env("FMN_BENCH_FILL", &folder)
        .env("FMN_BENCH_RECORDINGS", recordings.to_string());
    run::step(&format!("making {recordings} recordings, once"), fill)?;
    write(&stamp, made_by.as_bytes())?;
    Ok(folder)
}

/// What decides how the recordings look: other data when it changes.
fn made_by(root: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(std::fs::read(root.join("src/service/benches/figures/stock.rs")).context("no stock.rs")?);
    for (_, path) in page::files(&root.join("src/service/db/migrations"))? {
        hash.update(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(format!("{:x?}", hash.finalize().as_slice()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}
