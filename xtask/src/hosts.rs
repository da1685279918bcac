//! The packed element in real hosts: installed from its npm package into pages of several frameworks,
//! driven in Chromium and Firefox against the real service. The tests themselves are tests/hosts.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::serve::{self, Service};
use crate::{machine, npm, package, page, paths, run, say};

/// A service without a family, and the hosts ready to be built.
pub struct Hosts {
    service: Service,
    folder: PathBuf,
    vendor_key: String,
}

impl Hosts {
    /// Packs the built page's element, installs it with the frameworks, and starts the service.
    pub fn prepare(page: &Path) -> Result<Self> {
        let package = package::pack(page)?;
        let folder = install(&package)?;
        let data = paths::scratch("hosts-data")?;
        std::fs::remove_dir_all(&data).with_context(|| format!("cannot empty {}", data.display()))?;
        let port = serve::free_port()?;
        let mut serve = Command::new(paths::target()?.join("debug/forget-me-not"));
        serve
            .env("RUST_LOG", "warn,symphonia=error")
            .args(["serve", "--undo-window", "2m", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(&data);
        let service = Service::start(serve, port)?;
        let key = data.join("vendor.key");
        let vendor_key =
            std::fs::read_to_string(&key).with_context(|| format!("cannot read {}", key.display()))?;
        Ok(Self { service, folder, vendor_key: vendor_key.trim().to_owned() })
    }

    /// Node's own test runner, told where everything is.
    pub fn tests(&self) -> Result<Command> {
        let (Some(chromium), Some(firefox)) = (machine::chromium(), machine::firefox()) else {
            bail!("there is no Chromium or no Firefox on PATH");
        };
        let mut command = Command::new(npm::node()?);
        command
            .current_dir(&self.folder)
            .args(["--test", "--test-reporter=tap", "run.mjs"])
            .env("FMN_API", format!("{}/v1", self.service.url()))
            .env("FMN_VENDOR_KEY", &self.vendor_key)
            .env("FMN_DEMO", paths::root()?.join("static/demo"))
            .env("FMN_PICTURES", paths::scratch("hosts-pictures")?)
            .env("FMN_CHROMIUM", chromium)
            .env("FMN_FIREFOX", firefox);
        Ok(command)
    }
}

/// A copy of tests/hosts with its dependencies, once, and with the package, each time.
fn install(package: &Path) -> Result<PathBuf> {
    let folder = paths::scratch("hosts")?;
    let sources = paths::root()?.join("tests/hosts");
    let lock = std::fs::read(sources.join("package-lock.json")).context("tests/hosts has no lock file")?;
    let installed = folder.join("node_modules/.installed");
    if std::fs::read(&installed).ok().as_ref() != Some(&lock) {
        page::copy(&sources, &folder)?;
        run::step("installing the frameworks of the hosts from npm, once", npm_in(&folder, &["ci"]))?;
        std::fs::write(&installed, &lock).with_context(|| format!("cannot write {}", installed.display()))?;
    }
    // No file of an older commit stays behind.
    for entry in std::fs::read_dir(&folder).context("cannot read the hosts")? {
        let path = entry.context("cannot read the hosts")?.path();
        if path.ends_with("node_modules") {
            continue;
        }
        if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }
            .with_context(|| format!("cannot replace {}", path.display()))?;
    }
    page::copy(&sources, &folder)?;
    let archive = folder.join("forget-me-not.tgz");
    std::fs::copy(package, &archive).with_context(|| format!("cannot write {}", archive.display()))?;
    let add = ["install", "--no-save", "--no-package-lock", "--prefer-offline", "./forget-me-not.tgz"];
    say::line("installing the element from its package");
    let done = run::quietly(npm_in(&folder, &add), std::time::Duration::from_secs(120))?;
    if !done.status.success() {
        bail!("npm could not install the package: {}", done.output.trim());
    }
    Ok(folder)
}

fn npm_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(arguments).args([
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]);
    npm
}
