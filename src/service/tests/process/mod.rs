//! The binary as users run it, stopped at a named point and killed there, or left to end.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    reason = "shared by several test crates, each using a part; a test that cannot go on has failed"
)]

use std::{
    fs::OpenOptions,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running process; killed when the test is over, however it ends.
pub struct Process {
    pub process: Child,
    pub port: u16,
}

impl Process {
    /// The service on a port of its own.
    pub fn serve(data: &Path, stop_at: Option<&str>) -> Self {
        Self::serve_on(data, 0, stop_at)
    }

    pub fn serve_on(data: &Path, port: u16, stop_at: Option<&str>) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let mut service = Self::run(data, &["serve", "--listen", &listen], stop_at);
        service.port = port;
        service
    }

    /// A command on a data folder. What it logs goes to a file there, so that whoever searches the folder
    /// searches that as well.
    pub fn run(data: &Path, arguments: &[&str], stop_at: Option<&str>) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(data.join("stderr.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_forget-me-not"));
        command.arg("--data").arg(data).args(arguments).stdout(Stdio::null()).stderr(log);
        command.env("RUST_LOG", "debug,sqlx=info,symphonia=error");
        if let Some(point) = stop_at {
            command.env("FMN_STOP_AT", point).env("FMN_STOPPED", data.join("stopped"));
        }
        Self { process: command.spawn().unwrap(), port: 0 }
    }

    /// Waits until it stands at its point.
    pub fn wait_where_it_stops(&self, data: &Path) {
        let stopped = data.join("stopped");
        wait_until("the binary reaches the point", || stopped.exists());
    }

    /// Waits until it stands at its point, and kills it there: SIGKILL, no destructor runs.
    pub fn kill_where_it_stopped(mut self, data: &Path) {
        self.wait_where_it_stops(data);
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::fs::remove_file(data.join("stopped")).unwrap();
    }

    /// Waits until it has ended by itself, well or not.
    pub fn ends_well(&mut self) -> bool {
        self.process.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A session of the household's guardian.
pub fn mint(data: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_forget-me-not"))
        .args(["session", "--guardian", "parent-1", "--data"])
        .arg(data)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let session: rules::contract::SessionCreated = serde_json::from_slice(&output.stdout).unwrap();
    session.client_secret
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
