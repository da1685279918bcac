//! kill -9 of either side, at every point between a signature and its being shown.

use proof::{
    Policy,
    verify::{Known, Outcome, What, verify},
};
use rules::{ErasureId, ErasureState, Scope};
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy as Deciding},
    erasure::{Asker, view},
    ledger::{self, receipt},
};

use crate::{
    household::{Household, canary},
    process::{Process, free_port, until},
};

/// An accepted erasure, and a witness that the ledger asks.
struct Scene {
    data: tempfile::TempDir,
    state: tempfile::TempDir,
    asker: Asker,
    erasure: ErasureId,
    log: String,
    port: u16,
}

impl Scene {
    async fn new() -> Self {
        let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
        home.record(0, &canary(0), true).await;
        let erasure = home.ask(Scope::Child {}, true).await.id;
        let log = home.core.ledger.key().text();
        let (data, asker) = home.left().await;
        let state = tempfile::tempdir().unwrap();
        let scene = Self { data, state, asker, erasure, log, port: free_port() };
        let (witness, line) = scene.witness(None);
        ledger::policy::set(scene.data.path(), &format!("{line}quorum watch.example/w1\n")).unwrap();
        drop(witness);
        scene
    }

    fn witness(&self, stop_at: Option<&str>) -> (Process, String) {
        Process::witness(self.state.path(), self.port, &self.log, stop_at)
    }

    fn service(&self, stop_at: Option<&str>) -> Process {
        Process::serve(self.data.path(), stop_at)
    }

    /// Lets both go on to the end, and looks at what came of it.
    async fn finish(&self, point: &str) {
        let (witness, _) = self.witness(None);
        let service = self.service(None);
        let settled = until(async || {
            let core = Core::open(self.data.path(), Deciding::default()).await.unwrap();
            let done = view::get(&core, &self.asker, self.erasure).await.unwrap().state;
            let receipt = match done {
                ErasureState::Deleted => {
                    receipt::of_erasure(&core, &self.asker, self.erasure, None).await.ok()
                }
                _ => None,
            };
            let policy = core.ledger.policy();
            core.db.close().await;
            receipt.map(|receipt| (receipt, policy))
        });
        let (receipt, policy) = settled.await.unwrap_or_else(|| panic!("the receipt never came: {point}"));
        drop((service, witness));
        let report = verify(&receipt, &Policy::parse(&policy).unwrap(), &Known::default());
        assert!(!report.failed(), "{point}: {}", report.text());
        assert_eq!(report.outcome(What::Witness), &Outcome::Proved);
        assert_eq!(ledger::fsck(self.data.path()).await.unwrap(), [""; 0], "{point}");
    }
}

#[tokio::test]
async fn killed_with_signatures_in_its_hands_the_service_asks_again() {
    // What was published is not published again, so the last is passed once.
    for (point, times) in [("ledger-cosigned", 2), ("ledger-witnessed", 1)] {
        let scene = Scene::new().await;
        for _ in 0..times {
            let (witness, _) = scene.witness(None);
            scene.service(Some(point)).kill_where_it_stopped(scene.data.path());
            drop(witness);
        }
        scene.finish(point).await;
    }
}

#[tokio::test]
async fn killed_between_remembering_and_answering_the_witness_signs_nothing_else() {
    let scene = Scene::new().await;
    let service = scene.service(None);
    let (witness, _) = scene.witness(Some("witness-remembered"));
    witness.kill_where_it_stopped(scene.state.path());
    let seen = || {
        let files = std::fs::read_dir(scene.state.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|kind| kind == "seen")).count()
    };
    assert_eq!(seen(), 1, "it has written down what it was about to sign");
    drop(service);
    scene.finish("witness-remembered").await;
    assert_eq!(seen(), 1);
}
