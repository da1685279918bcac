//! The demo's own witness: a process beside the service, which ends with it.

use std::path::Path;

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

use crate::process::{Running, until};

#[tokio::test]
async fn a_demo_is_witnessed_by_the_same_operator_and_says_so_and_the_witness_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Running::start(folder.path(), &["--demo"]);
    let address = demo.address.clone();
    let client = outbound::builder(Reach::ThisMachine).build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("http://{address}{path}")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let checkpoint = until(async || match get("/ledger/checkpoint").await {
        (200, checkpoint) => Some(checkpoint),
        (status, _) => {
            assert_eq!(status, 404);
            None
        }
    });
    let checkpoint = checkpoint.await.expect("no witness has ever seen it");
    let policy = Policy::parse(&get("/ledger/policy").await.1).unwrap();
    assert!(policy.asks_for_witnesses());
    let seen = witnessed(&policy, &Note::parse(&checkpoint).unwrap(), None).unwrap();
    assert!(seen[0].own && seen[0].name.ends_with("/demo-witness"), "{seen:?}");
    let url = policy.witnesses[0].url.clone().unwrap();
    let about = client.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(about.contains(checkpoint.lines().next().unwrap()), "{about}");

    // Killed, it has no time to take anything along.
    demo.kill();
    let silent = async || client.get(&url).send().await.err();
    until(silent).await.expect("the witness goes on without the demo");

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
