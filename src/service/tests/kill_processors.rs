//! kill -9 of the real binary while it asks a processor, a real server: a request is never lost, and asked
//! again it is the same request. Needs the feature `faults`.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod fake;
mod household;
mod process;

use std::path::PathBuf;

use fake::Fake;
use household::{Household, canary};
use process::{Process, log, until};
use rules::{
    Class, ErasureId, ErasureState, ProcessorState, Scope,
    contract::{Erasure, NewDisclosure},
};
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    erasure::{Asker, view},
    processors::disclose,
};
use sqlx::query_scalar;

/// A recording that was given and is in an accepted erasure.
struct Scene {
    data: tempfile::TempDir,
    settings: PathBuf,
    _beside: tempfile::TempDir,
    asker: Asker,
    erasure: ErasureId,
}

impl Scene {
    async fn new(fake: &Fake) -> Self {
        let start = SystemClock.now().plus_seconds(-5000);
        let home = Household::giving_to(start, fake.processors()).await;
        let recording = home.record(0, &canary(0), true).await;
        let new = NewDisclosure {
            processor: "speech".into(),
            recordings: vec![recording],
            classes: vec![Class::Media],
        };
        disclose::disclose(&home.core, &new).await.unwrap();
        let erasure = home.ask(Scope::Child {}, true).await.id;
        let (data, asker) = home.left().await;
        let beside = tempfile::tempdir().unwrap();
        let settings = beside.path().join("processors.toml");
        std::fs::write(&settings, fake.settings("speech")).unwrap();
        Self { data, settings, _beside: beside, asker, erasure }
    }

    fn serve(&self, stop_at: Option<&str>) -> Process {
        let settings = self.settings.to_str().unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--processors", settings];
        Process::run(self.data.path(), arguments, stop_at)
    }

    async fn look(&self) -> (Erasure, Vec<String>) {
        let core = Core::open(self.data.path(), Policy::default()).await.unwrap();
        let erasure = view::get(&core, &self.asker, self.erasure).await.unwrap();
        let bodies: Vec<String> = query_scalar("SELECT body FROM ledger_entry ORDER BY place")
            .fetch_all(core.db.read())
            .await
            .unwrap();
        core.db.close().await;
        let word = |body: &String| {
            let line = body.strip_prefix("forget-me-not/processor/v1\n")?.lines().nth(2)?;
            Some(line.strip_prefix("processor speech ")?.to_owned())
        };
        (erasure, bodies.iter().filter_map(word).collect())
    }
}

async fn survives(point: &'static str, times: usize, state_there: ProcessorState, least: usize) {
    let fake = Fake::start().await;
    let scene = Scene::new(&fake).await;
    for _ in 0..times {
        let (service, data) = (scene.serve(Some(point)), scene.data.path().to_owned());
        // Not where the processor answers.
        let killed = tokio::task::spawn_blocking(move || service.kill_where_it_stopped(&data)).await;
        assert!(killed.is_ok(), "{point} was not reached:\n{}", log(scene.data.path()));
        assert_eq!(scene.look().await.0.processors[0].state, state_there, "{point}");
    }
    let service = scene.serve(None);
    let entered = until(async || {
        let (erasure, entered) = scene.look().await;
        let acknowledged = erasure.processors[0].state == ProcessorState::Acknowledged;
        (acknowledged && erasure.state == ErasureState::Deleted).then_some(entered)
    });
    let entered = entered.await.unwrap_or_else(|| panic!("{point}: it never went on"));
    drop(service);
    assert_eq!(entered, ["asked", "acknowledged"], "nothing lost, nothing doubled: {point}");
    let posted = fake.posted();
    assert!(posted.len() >= least, "{point}: {}", posted.len());
    assert!(posted.iter().all(|asked| *asked == posted[0]), "the same request: {point}");
    let core = Core::open(scene.data.path(), Policy::default()).await.unwrap();
    service::ledger::sequence(&core).await.unwrap();
    core.db.close().await;
    assert_eq!(service::ledger::fsck(scene.data.path()).await.unwrap(), [""; 0], "{point}");
}

#[tokio::test]
async fn killed_before_a_processor_is_asked() {
    survives("processor-before", 2, ProcessorState::Sent, 1).await;
}

#[tokio::test]
async fn killed_after_it_has_answered_and_before_that_is_noted() {
    survives("processor-sent", 2, ProcessorState::Sent, 3).await;
}

#[tokio::test]
async fn killed_after_its_answer_is_noted() {
    // What is noted is not asked again, so this is passed once.
    survives("processor-noted", 1, ProcessorState::Acknowledged, 1).await;
}
