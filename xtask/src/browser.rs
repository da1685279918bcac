//! The element's tests in Chromium, against a service that really runs.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::report::json_string;
use crate::serve::{self, Service};
use crate::tools::{Toolbox, cargo};
use crate::{machine, paths, run};

/// A service with the demo household, and the tests' session with it.
pub struct TestService {
    service: Service,
    test_page: u16,
    session: String,
}

impl TestService {
    /// Builds the service as the tests do.
    pub fn build() -> Result<()> {
        let mut build = cargo();
        build
            .current_dir(paths::root()?)
            .args(["build", "--locked", "-p", "service", "--bin", "forget-me-not"])
            .env("CARGO_TARGET_DIR", paths::target()?);
        run::step("building the service for the tests", build)
    }

    /// Starts the service that the tests have built on an empty folder, and signs in.
    pub fn start() -> Result<Self> {
        let data = empty_folder()?;
        let port = serve::free_port()?;
        let test_page = serve::free_port()?;
        let origin = format!("http://127.0.0.1:{test_page}");
        let binary = paths::target()?.join("debug/forget-me-not");
        let mut serve = Command::new(&binary);
        serve
            .current_dir(paths::root()?)
            .env("RUST_LOG", "warn,symphonia=error")
            .args(["serve", "--demo", "--allow-origin", &origin, "--data"])
            .arg(&data)
            .args(["--listen", &format!("127.0.0.1:{port}")]);
        let service = Service::start(serve, port)?;
        let mut mint = Command::new(&binary);
        mint.args(["session", "--guardian", "demo", "--origin", &origin, "--data"]).arg(&data);
        let minted = run::quietly(mint, Duration::from_secs(60))?;
        let session = secret_in(&minted.output)
            .with_context(|| format!("no session for the tests: {}", minted.output.trim()))?;
        Ok(Self { service, test_page, session })
    }

    /// wasm-pack, told where the service is.
    pub fn tests(&self, toolbox: &Toolbox) -> Result<Command> {
        let mut command = toolbox.program("wasm-pack");
        command
            .current_dir(paths::root()?)
            .args(["test", "--headless", "--chrome", "--mode", "no-install", "--"])
            .args(["--locked", "--test", "widget"])
            // Compiled into the tests: in a browser there is no environment.
            .env("FMN_TEST_API", format!("{}/v1", self.service.url()))
            .env("FMN_TEST_SESSION", &self.session)
            // The origin that the service was told to expect.
            .env("WASM_BINDGEN_TEST_ADDRESS", format!("127.0.0.1:{}", self.test_page))
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
            .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", webdriver_settings()?);
        Ok(command)
    }
}

fn empty_folder() -> Result<PathBuf> {
    let folder = paths::scratch("test-data")?;
    std::fs::remove_dir_all(&folder)
        .and_then(|()| std::fs::create_dir(&folder))
        .with_context(|| format!("cannot empty {}", folder.display()))?;
    Ok(folder)
}

/// The session's secret in what `forget-me-not session` prints.
fn secret_in(answer: &str) -> Option<String> {
    let (_, rest) = answer.split_once("\"client_secret\"")?;
    rest.split('"').nth(1).map(str::to_owned)
}

/// How chromedriver is to start the Chromium of this machine.
fn webdriver_settings() -> Result<PathBuf> {
    let Some(chromium) = machine::chromium() else {
        bail!("there is no Chromium on PATH");
    };
    let path = paths::scratch("test-data")?.with_file_name("webdriver.json");
    std::fs::write(&path, settings_text(&chromium.to_string_lossy(), machine::is_root()))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn settings_text(chromium: &str, root: bool) -> String {
    let mut arguments = vec![
        "--headless=new",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
    ];
    if root {
        // Chromium refuses to sandbox itself as root.
        arguments.push("--no-sandbox");
    }
    let arguments: Vec<_> = arguments.into_iter().map(json_string).collect();
    format!(
        "{{\"goog:chromeOptions\": {{\"binary\": {}, \"args\": [{}]}}}}\n",
        json_string(chromium),
        arguments.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_found_in_an_answer() {
        let answer = "{\"client_secret\":\"fmn_ab\",\"expires_at\":\"2026-01-01T00:00:00Z\"}\n";
        assert_eq!(secret_in(answer), Some("fmn_ab".to_owned()));
        assert_eq!(secret_in("forget-me-not: there is no guardian with this reference"), None);
    }

    #[test]
    fn only_root_goes_without_a_sandbox() {
        assert!(settings_text("/usr/bin/chromium", true).contains("\"--no-sandbox\""));
        assert!(!settings_text("/usr/bin/chromium", false).contains("--no-sandbox"));
    }
}
