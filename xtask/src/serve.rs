//! Starting the service and waiting until it answers.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{interrupt, run};

/// How long the service may take to answer: the import of a household on a slow
/// machine included.
const START: Duration = Duration::from_secs(300);

/// A running service; stopped when dropped.
pub struct Service {
    child: Child,
    port: u16,
}

impl Service {
    /// Starts the service and returns when it is ready to be used.
    pub fn start(mut command: Command, port: u16) -> Result<Self> {
        let child = run::start(&mut command)?;
        let mut service = Self { child, port };
        let started = Instant::now();
        while !is_ready(port) {
            if let Some(status) = service.ended()? {
                bail!("the service ended before it was ready ({status}); its own words are above");
            }
            if interrupt::asked() {
                bail!(interrupt::Stopped);
            }
            if started.elapsed() > START {
                bail!("the service did not answer on port {port} within 5 minutes");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(service)
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("cannot wait for the service")
    }

    /// Asks it to stop as Ctrl-C would, and waits.
    pub fn stop(mut self) -> Result<ExitStatus> {
        run::stop(&mut self.child)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Whatever made us drop it is being reported; nothing to add.
            let _ = run::stop(&mut self.child);
        }
    }
}

/// Refuses a port that something else listens on, with a free one as remedy.
pub fn check_port(port: u16) -> Result<()> {
    let error = match listen(port) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let free = (port..=u16::MAX).skip(1).take(100).find(|next| listen(*next).is_ok()).unwrap_or(0);
    bail!(port_refused(port, error.kind(), free))
}

fn port_refused(port: u16, kind: ErrorKind, free: u16) -> String {
    let why = match kind {
        ErrorKind::AddrInUse => "is taken, perhaps by an earlier demo",
        ErrorKind::PermissionDenied => "is reserved for the system",
        _ => "cannot be listened on",
    };
    let remedy = if free == 0 { "N".to_owned() } else { free.to_string() };
    format!("port {port} {why}: choose another one, cargo xtask demo --port {remedy}")
}

/// A port that nothing listens on now.
pub fn free_port() -> Result<u16> {
    let listener = listen(0).context("cannot listen on 127.0.0.1")?;
    Ok(listener.local_addr().context("cannot read the port of a listener")?.port())
}

fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// Whether `GET /readyz` is answered with success. By hand: one request does
/// not need an HTTP library to be compiled first.
fn is_ready(port: u16) -> bool {
    get(port, "/readyz").is_ok_and(|answer| status_in(&answer) == Some(200))
}

fn get(port: u16, path: &str) -> std::io::Result<String> {
    // Short, so that a service which imports before it answers is not waited for
    // past a Ctrl-C.
    let patience = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), patience)?;
    stream.set_read_timeout(Some(patience))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The status of an HTTP answer.
fn status_in(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_refused_with_a_free_one_as_the_remedy() {
        let taken = listen(0).expect("127.0.0.1 can be listened on");
        let port = taken.local_addr().expect("it has an address").port();
        let error = check_port(port).expect_err("it is taken").to_string();
        assert!(error.contains(&format!("port {port} is taken")), "{error}");
        let remedy: u16 =
            error.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("the last word is a port");
        assert!(remedy != port);
    }

    #[test]
    fn a_refusal_is_one_line_that_says_why() {
        let reserved = port_refused(80, ErrorKind::PermissionDenied, 1024);
        assert_eq!(
            reserved,
            "port 80 is reserved for the system: choose another one, cargo xtask demo --port 1024"
        );
        assert!(port_refused(9, ErrorKind::Other, 0).ends_with("--port N"));
    }

    #[test]
    fn a_status_is_read_from_an_answer() {
        assert_eq!(status_in("HTTP/1.1 200 OK\r\n\r\nok"), Some(200));
        assert_eq!(status_in("HTTP/1.1 503 Service Unavailable\r\n"), Some(503));
        assert_eq!(status_in("SSH-2.0-OpenSSH"), None);
    }
}
