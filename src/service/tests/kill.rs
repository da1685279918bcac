//! kill -9 of the real binary at every step of an erasure: started again, it ends in the same state.
//! Needs the feature `faults`, which makes the binary stop at a named point so that it can be killed there.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;
mod process;

use std::path::Path;

use household::{Household, canary};
use process::{Process, free_port, mint, until};
use rules::{ErasureId, ErasureState, Scope, StoreId, Stores, contract::NewErasure};
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    erasure::{Asker, view},
    outbound::{self, Reach},
};

/// Two recordings in an accepted erasure, a third that stays.
struct Scene {
    data: tempfile::TempDir,
    asker: Asker,
    erasure: ErasureId,
}

impl Scene {
    async fn new() -> Self {
        let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
        let first = home.record_whole(0, &canary(0), true).await;
        let second = home.record_whole(1, &canary(1), true).await;
        home.record_whole(2, &canary(2), true).await;
        let erasure = home.ask(Scope::Items { recordings: vec![first, second] }, true).await.id;
        let (data, asker) = home.left().await;
        Self { data, asker, erasure }
    }

    async fn state(&self) -> ErasureState {
        let core = Core::open(self.data.path(), Policy::default()).await.unwrap();
        let state = view::get(&core, &self.asker, self.erasure).await.unwrap().state;
        core.db.close().await;
        state
    }

    /// Starts the service and lets it finish.
    async fn finish(&self) {
        let service = Process::serve(self.data.path(), None);
        let deleted = async || (self.state().await == ErasureState::Deleted).then_some(());
        until(deleted).await.expect("the erasure never ended");
        drop(service);
    }

    /// The end of every history: two gone from everywhere, the third whole.
    async fn check(&self) {
        let core = Core::open(self.data.path(), Policy::default()).await.unwrap();
        let done = view::get(&core, &self.asker, self.erasure).await.unwrap();
        assert_eq!(done.phrase(), rules::erasure::Phrase::Deleted);
        for step in &done.steps {
            assert_eq!((step.erased, step.copies), (2, 2), "{:?}", step.store);
        }
        let (number, id) = self.asker.children[0];
        for store in &core.stores {
            let holds = store.list(service::store::Subject { number, id }).await.unwrap();
            assert_eq!(holds.copies, 1, "{:?}", store.id());
        }
        let plans: i64 =
            sqlx::query_scalar("SELECT count(*) FROM erasure_item").fetch_one(core.db.read()).await.unwrap();
        assert_eq!(plans, 0);
        service::ledger::sequence(&core).await.unwrap();
        core.db.close().await;
        assert_eq!(service::ledger::fsck(self.data.path()).await.unwrap(), [""; 0]);
        for n in 0..3 {
            let found = household::contains(self.data.path(), canary(n).as_bytes());
            assert_eq!(found, n == 2, "canary {n}");
        }
    }
}

async fn survives(point: &str, times: usize, state_there: ErasureState) {
    let scene = Scene::new().await;
    for _ in 0..times {
        Process::serve(scene.data.path(), Some(point)).kill_where_it_stopped(scene.data.path());
        assert_eq!(scene.state().await, state_there, "{point}");
    }
    scene.finish().await;
    scene.check().await;
}

#[tokio::test]
async fn killed_in_the_ledger() {
    // What is added is not added again, so the last is passed once.
    for (point, times) in [("ledger-staged", 2), ("ledger-tiles", 2), ("ledger-head", 1)] {
        let scene = Scene::new().await;
        let data = scene.data.path();
        for _ in 0..times {
            Process::serve(data, Some(point)).kill_where_it_stopped(data);
        }
        if point == "ledger-head" {
            let faults = service::ledger::fsck(data).await.unwrap();
            assert!(faults.iter().any(|fault| fault.starts_with("checkpoint: ")), "it is behind: {faults:?}");
        }
        scene.finish().await;
        scene.check().await;
        let core = Core::open(data, Policy::default()).await.unwrap();
        service::ledger::sequence(&core).await.unwrap();
        // Nothing lost, nothing doubled: three births and five things made from each, a request, every store,
        // a dataset that is another snapshot, the end, and the inventory.
        let count: (i64, i64) =
            sqlx::query_as("SELECT (SELECT count(*) FROM ledger_entry), (SELECT size FROM ledger_head)")
                .fetch_one(core.db.read())
                .await
                .unwrap();
        let expected = 3 + 3 * 5 + 1 + StoreId::ALL.len() as i64 + 1 + 1 + 1;
        assert_eq!(count, (expected, expected), "{point}");
        service::ledger::receipt::of_erasure(&core, &scene.asker, scene.erasure, None).await.unwrap();
        core.db.close().await;
        assert_eq!(service::ledger::fsck(data).await.unwrap(), [""; 0], "{point}");
    }
}

#[test]
fn every_store_stands_in_the_matrix() {
    let source = include_str!("kill.rs");
    for store in StoreId::ALL {
        assert!(
            source.contains(&format!("store_survives(StoreId::{store:?})")),
            "{store:?} is not killed in"
        );
    }
}

async fn store_survives(store: StoreId) {
    for moment in ["before", "erased", "probing"] {
        // Twice: recovery itself may be killed too.
        survives(&format!("{}-{moment}", store.name()), 2, ErasureState::Erasing).await;
    }
}

#[tokio::test]
async fn killed_in_keys() {
    store_survives(StoreId::Keys).await;
}

#[tokio::test]
async fn killed_in_media() {
    store_survives(StoreId::Media).await;
}

#[tokio::test]
async fn killed_in_transcript() {
    store_survives(StoreId::Transcript).await;
}

#[tokio::test]
async fn killed_in_location() {
    store_survives(StoreId::Location).await;
}

#[tokio::test]
async fn killed_in_search_index() {
    store_survives(StoreId::SearchIndex).await;
}

#[tokio::test]
async fn killed_in_waveform() {
    store_survives(StoreId::Waveform).await;
}

#[tokio::test]
async fn killed_in_fact() {
    store_survives(StoreId::Fact).await;
}

#[tokio::test]
async fn killed_in_voiceprint() {
    store_survives(StoreId::Voiceprint).await;
}

#[tokio::test]
async fn killed_in_thumbnail() {
    store_survives(StoreId::Thumbnail).await;
}

#[tokio::test]
async fn killed_in_dataset() {
    store_survives(StoreId::Dataset).await;
}

#[tokio::test]
async fn killed_in_from_location() {
    store_survives(StoreId::FromLocation).await;
}

#[tokio::test]
async fn killed_in_catalogue() {
    store_survives(StoreId::Catalogue).await;
}

#[tokio::test]
async fn killed_between_the_stores() {
    for point in ["lease-claimed", "log-before", "log-emptied", "complete-before"] {
        survives(point, 2, ErasureState::Erasing).await;
    }
    survives("open-before", 2, ErasureState::Sealed).await;
    // What is noted is not done again, so these are passed once.
    survives("open-after", 1, ErasureState::Erasing).await;
    survives("batch-noted", 1, ErasureState::Erasing).await;
    survives("complete-after", 1, ErasureState::Deleted).await;
}

#[tokio::test]
async fn killed_while_accepting() {
    for (point, accepted) in [("accept-before", false), ("accept-after", true), ("journal-written", true)] {
        let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
        home.record(0, &canary(0), true).await;
        let child = home.child;
        let (folder, asker) = home.left().await;
        let data = folder.path();

        let service = Process::serve_on(data, free_port(), Some(point));
        let request = NewErasure {
            child: Some(child),
            scope: Scope::Child {},
            include_kept: false,
            waive_undo: false,
            as_of: None,
        };
        let (url, token) = (format!("http://127.0.0.1:{}/v1/erasures", service.port), mint(data));
        let client = outbound::builder(Reach::ThisMachine).build().unwrap();
        // Until the service listens; then the call hangs at the point.
        let post = async || client.post(&url).bearer_auth(&token).json(&request).send().await.ok();
        let killed = data.to_owned();
        let killed = tokio::task::spawn_blocking(move || service.kill_where_it_stopped(&killed));
        tokio::select! {
            answer = until(post) => panic!("{point}: it was answered, or nobody listened: {answer:?}"),
            killed = killed => killed.unwrap(),
        }

        let core = Core::open(data, Policy::default()).await.unwrap();
        let erasures = view::list(&core, &asker, None, None, 10).await.unwrap().items;
        assert_eq!(erasures.len(), usize::from(accepted), "{point}");
        let usable: u32 =
            sqlx::query_scalar("SELECT usable FROM recording").fetch_one(core.db.read()).await.unwrap();
        assert_eq!(usable == 0, accepted, "use stops with the acceptance or not at all: {point}");
        // Before anything is destroyed, a restored backup would know of it.
        service::erasure::engine::tick(&core).await.unwrap();
        let written: Vec<String> = std::fs::read_dir(data.join("deletions"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("era_"))
            .collect();
        let expected: Vec<String> = erasures.iter().map(|erasure| erasure.id.to_string()).collect();
        assert_eq!(written, expected, "{point}");
    }
}

#[tokio::test]
async fn killed_while_importing() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for n in 0..5 {
        std::fs::write(folder.path().join(format!("{n}.wav")), household::wav(&canary(n))).unwrap();
    }
    let import = |stop_at: Option<&str>| {
        let folder = folder.path().to_string_lossy();
        Process::run(data.path(), ["import", "--child", "Mia", &folder], stop_at)
    };
    let rows = async |core: &Core, sql: &'static str| -> i64 {
        sqlx::query_scalar(sql).fetch_one(core.db.read()).await.unwrap()
    };
    for (point, written) in [("ingest-keys", false), ("ingest-written", true)] {
        import(Some(point)).kill_where_it_stopped(data.path());
        // Which files the first batch has depends on which worker was first.
        assert_eq!(objects(data.path()) > 0, written, "{point}");
        assert!(count_keys(data.path()).await > 0, "a key is there before its object: {point}");
        let in_the_clear = (0..5).any(|n| household::contains(data.path(), canary(n).as_bytes()));
        assert!(!in_the_clear, "nothing that could be read was ever written: {point}");

        let core = Core::open(data.path(), Policy::default()).await.unwrap();
        assert_eq!(rows(&core, "SELECT count(*) FROM recording").await, 0, "nothing is half there");
        assert_eq!(objects(data.path()), 0, "what was left is swept: {point}");
        core.db.close().await;
        core.keys.close().await;
        assert_eq!(count_keys(data.path()).await, 0, "and so is its key: {point}");
    }
    assert!(import(None).ends_well());
    let core = Core::open(data.path(), Policy::default()).await.unwrap();
    assert_eq!(
        rows(&core, "SELECT count(*) FROM recording").await,
        5,
        "importing again brings everything in"
    );
    assert_eq!((objects(data.path()), count_keys(data.path()).await), (5, 5));
}

fn objects(data: &Path) -> usize {
    std::fs::read_dir(data.join("media"))
        .into_iter()
        .flatten()
        .map(|child| std::fs::read_dir(child.unwrap().path()).unwrap().count())
        .sum()
}

async fn count_keys(data: &Path) -> i64 {
    let path = data.join("keys.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut keys = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM dek").fetch_one(&mut keys).await.unwrap()
}

#[tokio::test]
async fn killed_while_rotating() {
    for (point, epoch_ended) in [
        ("rotate-made", false),
        ("rotate-begun", false),
        ("rotate-batch", false),
        ("rotate-wrapped", false),
        ("rotate-destroyed", true),
    ] {
        let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
        let first = home.record(0, &canary(0), true).await;
        // More children than one batch has, so that some are wrapped anew and some are not.
        let others: Vec<_> = (0..800)
            .map(|n| (rules::ChildId::from_parts(1, n), rules::RecordingId::from_parts(1, n)))
            .collect();
        let whole: Vec<_> = others.iter().map(|of| (*of, Stores::ALL)).collect();
        home.core.keys.make(&whole).await.unwrap();
        let data = home.folder.path();
        let rotate = |stop_at: Option<&str>| Process::run(data, ["keys", "rotate"], stop_at);
        // Twice: recovery itself may be killed too. The running service plays all the while.
        for round in 1..=2 {
            rotate(Some(point)).kill_where_it_stopped(data);
            assert_eq!(data.join("epochs/1.key").exists(), !epoch_ended, "{point}");
            assert_eq!(home.play(first).await.unwrap(), household::wav(&canary(0)), "{point}");
            for (child, recording) in &others {
                assert!(home.core.keys.key(*child, *recording).await.unwrap().is_some(), "{point}");
            }
            home.record(round, &canary(round), true).await;
        }
        assert!(rotate(None).ends_well(), "{point}");
        let left: Vec<_> = std::fs::read_dir(data.join("epochs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(left.len(), 1, "every epoch but the last is over: {left:?} {point}");
        assert_eq!(home.play(first).await.unwrap(), household::wav(&canary(0)), "{point}");
    }
}
