//! The real binary as processes: a witness, a service, and the commands of an outsider.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Far longer than anything takes.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A process, killed when it goes out of scope: SIGKILL, no destructor runs.
pub struct Process(Child);

impl Process {
    /// Stopped at a point, if one is named: then it writes the file `stopped` in `folder`.
    fn start(mut command: Command, stop_at: Option<&str>, folder: &Path) -> Self {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FMN_")) {
            command.env_remove(name);
        }
        if let Some(point) = stop_at {
            command.env("FMN_STOP_AT", point).env("FMN_STOPPED", folder.join("stopped"));
        }
        command.env_remove("RUST_LOG").stdin(Stdio::null());
        Self(command.spawn().unwrap())
    }

    pub fn kill_where_it_stopped(mut self, folder: &Path) {
        let stopped = folder.join("stopped");
        wait_until("it comes to its point", || stopped.exists());
        self.0.kill().unwrap();
        self.0.wait().unwrap();
        std::fs::remove_file(stopped).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_forget-me-not"))
}

/// A witness that follows one log; with the line that it prints for a policy.
pub fn witness(state: &Path, port: u16, log: &str, stop_at: Option<&str>) -> (Process, String) {
    let mut command = binary();
    command.args(["witness", "--name", "watch.example/w1", "--log", log, "--state"]).arg(state);
    command.args(["--listen", &format!("127.0.0.1:{port}")]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process::start(command, stop_at, state);
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (process, line)
}

/// A service on a data folder; its log is in the file `log`.
pub fn service(data: &Path, port: u16, stop_at: Option<&str>) -> Process {
    let mut command = binary();
    command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(data);
    let log = File::options().create(true).append(true).open(data.join("log")).unwrap();
    Process::start(
        {
            command.stdout(Stdio::null()).stderr(log);
            command
        },
        stop_at,
        data,
    )
}

/// What a command prints, and whether it ended well.
pub fn told(arguments: &[&str]) -> (bool, String) {
    let output = binary().args(arguments).env_remove("RUST_LOG").output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), words)
}
