//! Strangers who come to a witness and ask nothing keep neither others from it, nor itself from ending.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use proof::Policy;
use service::{
    clock::SystemClock,
    outbound::{self, Reach},
    witness::{Limits, Witness, answer, router},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::stand::Log;

const HOUR: Duration = Duration::from_secs(3600);
const MOMENT: Duration = Duration::from_millis(20);

struct Running {
    address: std::net::SocketAddr,
    end: oneshot::Sender<()>,
    ended: JoinHandle<()>,
    _state: tempfile::TempDir,
}

async fn witness(limits: Limits, log: &Log) -> Running {
    let state = tempfile::tempdir().unwrap();
    let policy = Policy::parse(&format!("{}quorum none\n", log.line())).unwrap();
    let witness =
        Witness::open(state.path(), Some("watch.example/w1"), policy, Arc::new(SystemClock)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, asked) = oneshot::channel();
    let ended = tokio::spawn(answer(listener, router(Arc::new(witness)), limits, async {
        let _ = asked.await;
    }));
    Running { address, end, ended, _state: state }
}

/// Begins a request and never ends it.
fn half_a_request(running: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(running.address).unwrap();
    stream.write_all(b"POST /add-chec").unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_does_not_keep_a_witness_from_ending() {
    let running = witness(Limits { grace: MOMENT, head: HOUR, ..Limits::default() }, &log()).await;
    let stranger = half_a_request(&running);
    running.end.send(()).unwrap();
    running.ended.await.unwrap();
    drop(stranger);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_come_to_the_point_makes_room() {
    let log = log();
    // Room for one, whom a stranger takes it from.
    let running = witness(Limits { connections: 1, head: MOMENT, grace: HOUR }, &log).await;
    let mut stranger = half_a_request(&running);
    let client = outbound::builder(Reach::ThisMachine).build().unwrap();
    let url = format!("http://{}/add-checkpoint", running.address);
    let answer = client.post(url).body(log.request(0)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut told = Vec::new();
    let _ = stranger.read_to_end(&mut told);
    assert!(!told.starts_with(b"HTTP/1.1 200"));
    // One who has asked and stays is let go at the end, and what it asked was answered.
    running.end.send(()).unwrap();
    running.ended.await.unwrap();
}

fn log() -> Log {
    Log::new("ledger.toys.example/2026", "honest", 3)
}
