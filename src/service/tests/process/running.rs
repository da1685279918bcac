//! A service that says where it listens, and what it logs.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use serde_json::Value;

use super::on;

/// A running `serve`, killed when it goes out of scope.
pub struct Running {
    process: Child,
    /// Reads along: whoever writes to the log must not wait for us.
    log: Option<JoinHandle<String>>,
    pub address: String,
}

impl Running {
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut process = on(data)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "json"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let (listens, listening) = mpsc::channel();
        let log = thread::spawn(move || {
            let mut said = String::new();
            for line in log.lines().map(Result::unwrap) {
                let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
                if entry["message"] == "listening" {
                    let _ = listens.send(entry["address"].as_str().unwrap().to_owned());
                }
                said += &line;
                said.push('\n');
            }
            said
        });
        let Ok(address) = listening.recv() else { panic!("it ended: {}", log.join().unwrap()) };
        Self { process, log: Some(log), address }
    }

    /// Kills it: it has no time to take anything along.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Asks it to end as an operator would, and tells how it went and what it logged.
    pub fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let said = self.log.take().unwrap().join().unwrap();
        (self.process.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
