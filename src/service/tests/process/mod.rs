//! The binary as users run it: left to end, or stopped at a named point and killed there. Every test that starts
//! it does it here.
#![allow(
    dead_code,
    missing_docs,
    unused_imports,
    clippy::unwrap_used,
    reason = "shared by several test crates, each using a part; a test that cannot go on has failed"
)]

use std::{
    ffi::OsStr,
    fs::OpenOptions,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use service::outbound::{self, Reach};

mod running;

pub use running::Running;

/// Far longer than anything takes.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The binary, which knows nothing of the settings of whoever runs the tests.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forget-me-not"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FMN_")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// The same on a data folder.
pub fn on(data: &Path) -> Command {
    let mut command = binary();
    command.arg("--data").arg(data);
    command
}

/// What a command prints, and whether it ended well.
pub fn told<T: AsRef<OsStr>>(arguments: impl IntoIterator<Item = T>) -> (bool, String) {
    let output = binary().args(arguments).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), words)
}

/// A running process; killed when the test is over, however it ends: SIGKILL, no destructor runs.
pub struct Process {
    process: Child,
    pub port: u16,
}

impl Process {
    /// The service on a port of its own.
    pub fn serve(data: &Path, stop_at: Option<&str>) -> Self {
        Self::serve_on(data, 0, stop_at)
    }

    pub fn serve_on(data: &Path, port: u16, stop_at: Option<&str>) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let mut service = Self::run(data, ["serve", "--listen", &listen], stop_at);
        service.port = port;
        service
    }

    /// A command on a data folder. What it logs goes to a file there, so that whoever searches the folder
    /// searches that as well.
    pub fn run<T: AsRef<OsStr>>(
        data: &Path,
        arguments: impl IntoIterator<Item = T>,
        stop_at: Option<&str>,
    ) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(data.join(LOG)).unwrap();
        let mut command = on(data);
        command.args(arguments).stdout(Stdio::null()).stderr(log);
        command.env("RUST_LOG", "debug,sqlx=info,symphonia=error");
        Self::start(&mut command, data, stop_at)
    }

    /// A witness that follows one log; with the line that it prints for a policy.
    pub fn witness(state: &Path, port: u16, log: &str, stop_at: Option<&str>) -> (Self, String) {
        let mut command = binary();
        command.args(["witness", "--name", "watch.example/w1", "--log", log, "--state"]).arg(state);
        command.args(["--listen", &format!("127.0.0.1:{port}")]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut witness = Self::start(&mut command, state, stop_at);
        witness.port = port;
        let mut line = String::new();
        BufReader::new(witness.process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (witness, line)
    }

    /// Stopped at a point, if one is named: then it writes the file `stopped` in `folder`.
    fn start(command: &mut Command, folder: &Path, stop_at: Option<&str>) -> Self {
        if let Some(point) = stop_at {
            command.env("FMN_STOP_AT", point).env("FMN_STOPPED", folder.join("stopped"));
        }
        Self { process: command.spawn().unwrap(), port: 0 }
    }

    /// Waits until the service says that it is ready.
    pub async fn is_ready(&self) {
        let client = outbound::builder(Reach::ThisMachine).build().unwrap();
        let ready = format!("http://127.0.0.1:{}/readyz", self.port);
        let answers = async || client.get(&ready).send().await.ok().filter(|answer| answer.status() == 200);
        until(answers).await.expect("it never became ready");
    }

    /// Waits until it stands at its point.
    pub fn wait_where_it_stops(&self, folder: &Path) {
        let stopped = folder.join("stopped");
        wait_until("the binary reaches the point", || stopped.exists());
    }

    /// Waits until it stands at its point, and kills it there.
    pub fn kill_where_it_stopped(self, folder: &Path) {
        self.wait_where_it_stops(folder);
        drop(self);
        std::fs::remove_file(folder.join("stopped")).unwrap();
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

const LOG: &str = "stderr.log";

/// What processes on this folder have logged.
pub fn log(data: &Path) -> String {
    std::fs::read_to_string(data.join(LOG)).unwrap_or_default()
}

pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What is found, looked for again and again; none where it never is.
pub async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(found) = look().await {
            return Some(found);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}

/// A session of the household's guardian.
pub fn mint(data: &Path) -> String {
    let output = on(data).args(["session", "--guardian", "parent-1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let session: rules::contract::SessionCreated = serde_json::from_slice(&output.stdout).unwrap();
    session.client_secret
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
