//! `cargo xtask demo`: from an empty machine to the demo household in a browser.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::cli::Demo;
use crate::data_folder::DemoFolder;
use crate::page::{self, Flavour};
use crate::serve::{Service, check_port};
use crate::tools::{TRUNK, Toolbox, WASM_BINDGEN, cargo};
use crate::{interrupt, machine, paths, run, say};

/// Builds what has changed, serves the demo household until Ctrl-C.
pub fn demo(options: &Demo) -> Result<()> {
    let started = Instant::now();
    // What can be refused is refused before minutes are spent on building.
    check_port(options.port)?;
    let root = paths::root()?;
    let folder = DemoFolder::open(&options.data.clone().unwrap_or_else(|| root.join("data/demo")))?;
    machine::c_compiler()?;
    machine::wasm_target()?;

    let toolbox = Toolbox::with(&[TRUNK, WASM_BINDGEN])?.and_wasm_opt()?.and_esbuild()?;
    let page = page::build(&toolbox, Flavour::Plain)?;
    let assets = page::publish_to_dist(&page)?;
    let binary = build_service()?;

    if options.fresh {
        folder.empty()?;
        say::line(&format!("{} is empty again", folder.path().display()));
    }
    let mut command = Command::new(binary);
    command
        .current_dir(&root)
        .args(["serve", "--demo", "--data"])
        .arg(folder.path())
        .args(["--listen", &format!("127.0.0.1:{}", options.port), "--assets"])
        .arg(&assets);
    if std::env::var_os("RUST_LOG").is_none() {
        // The address below must not scroll away under a line for each request.
        command.env("RUST_LOG", "warn,symphonia=error,service::cli=info");
    }
    let mut service = Service::start(command, options.port)?;
    let url = service.url();
    say::line(&format!("ready after {}", say::elapsed(started.elapsed())));
    println!("\n   {url}/\n");
    println!("   The household is kept in {}", folder.path().display());
    println!("   Stop with Ctrl-C; start afresh with --fresh.\n");
    if options.open {
        open_browser(&url);
    }
    while !interrupt::asked() {
        if let Some(status) = service.ended()? {
            bail!("the service stopped by itself ({status}); its own words are above");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let status = service.stop()?;
    if !status.success() {
        bail!("the service did not stop cleanly ({status})");
    }
    say::line("stopped");
    Ok(())
}

/// As the tests build it, with the same packages selected: its dependencies are optimised and there already,
/// or will be for the tests. A release build takes several times as long and would show nothing more.
fn build_service() -> Result<PathBuf> {
    let mut build = cargo();
    build
        .current_dir(paths::root()?)
        .args(["build", "--locked", "--workspace", "--bin", "forget-me-not"])
        .env("CARGO_TARGET_DIR", paths::target()?);
    run::step("building the service", build)?;
    Ok(paths::target()?.join("debug/forget-me-not"))
}

/// Shows the page where there is a screen to show it on. A convenience: the
/// address has been printed, so nothing here is worth failing for.
fn open_browser(url: &str) {
    let screen = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if screen("DISPLAY") || screen("WAYLAND_DISPLAY") {
        "xdg-open"
    } else {
        return;
    };
    let _ = Command::new(opener)
        .arg(url)
        // Our Ctrl-C is not the browser's.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}
