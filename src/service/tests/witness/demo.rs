//! The demo's own witness: a process beside the service, which ends with it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use proof::{
    Policy,
    note::{Note, Role, Signer},
    verify::witnessed,
};
use service::{
    ledger::{self, Ledger},
    outbound::{self, Reach},
    witness::{self, beside},
};

const PATIENCE: Duration = Duration::from_secs(120);

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_demo_is_witnessed_by_the_same_operator_and_says_so_and_the_witness_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_forget-me-not"));
    process
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--log", "json", "--data"])
        .arg(folder.path());
    process.env_remove("RUST_LOG").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut demo = Demo(process.spawn().unwrap());
    let log = BufReader::new(demo.0.stderr.take().unwrap());
    let mut log = log.lines().map(Result::unwrap);
    let listening = log.find(|line| line.contains("\"listening\"")).unwrap();
    let address = listening.split("\"address\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // Whoever writes to the log must not wait for us.
    std::thread::spawn(move || log.for_each(drop));

    let client = outbound::builder(Reach::ThisMachine).build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("http://{address}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let begun = Instant::now();
    let checkpoint = loop {
        assert!(begun.elapsed() < PATIENCE, "no witness has ever seen it");
        match get("/ledger/checkpoint").await {
            (200, checkpoint) => break checkpoint,
            (status, _) => assert_eq!(status, 404),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let policy = Policy::parse(&get("/ledger/policy").await.1).unwrap();
    assert!(policy.asks_for_witnesses());
    let seen = witnessed(&policy, &Note::parse(&checkpoint).unwrap(), None).unwrap();
    assert!(seen[0].own && seen[0].name.ends_with("/demo-witness"), "{seen:?}");
    let url = policy.witnesses[0].url.clone().unwrap();
    let about = client.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(about.contains(checkpoint.lines().next().unwrap()), "{about}");

    // Killed, it has no time to take anything along.
    demo.0.kill().unwrap();
    demo.0.wait().unwrap();
    let begun = Instant::now();
    while client.get(&url).send().await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "the witness goes on without the demo");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    // And the next start, which is no demo, does not ask it any more.
    beside::leave(folder.path()).unwrap();
    assert!(!asks(folder.path()));
}

fn asks(data: &Path) -> bool {
    let ledger = Ledger::open(data, ledger::is_published(data)).unwrap();
    Policy::parse(&ledger.policy()).unwrap().asks_for_witnesses()
}

#[test]
fn what_an_operator_has_said_outlives_a_demo_in_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let key = Signer::new("watch.example/w1", Role::Witness, &[3; 32]).unwrap();
    let policy = format!("witness w {} https://watch.example/w1\nquorum w\n", key.key().text());
    ledger::policy::set(folder.path(), &policy).unwrap();
    let served = || Ledger::open(folder.path(), false).unwrap().policy();
    let before = served();
    assert!(beside::start(folder.path()).unwrap().is_none());
    beside::leave(folder.path()).unwrap();
    assert_eq!(served(), before);
    // Nor is it taken for the demo's because there was a demo before.
    let state = folder.path().join("witness");
    let demo = witness::key(&state, Some("ledger.example/demo-witness")).unwrap();
    assert!(beside::start(folder.path()).unwrap().is_none());
    beside::leave(folder.path()).unwrap();
    assert_eq!(served(), before);
    let line = format!("witness w {} http://127.0.0.1:9/\nquorum w\n", demo.text());
    ledger::policy::set(folder.path(), &line).unwrap();
    beside::leave(folder.path()).unwrap();
    assert!(!asks(folder.path()));
}
