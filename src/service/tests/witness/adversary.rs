//! An operator who cheats, with the real service, and outsiders who have nothing but a policy, a file
//! and the command line: each attack is found, and called by its name.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proof::base64;
use rules::{ChildId, ErasureId, RecordingId, Scope, contract::NewErasure};
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    erasure::{Asker, accept},
    ledger::{
        self,
        receipt::{self, ReceiptError},
    },
};

use crate::{
    household::{Household, canary},
    process::{Process, free_port, log, told, until, wait_until},
};

/// A copy of a ledger with everything that belongs to it.
struct Copy {
    data: PathBuf,
    port: u16,
}

impl Copy {
    fn of(data: &Path, to: PathBuf) -> Self {
        copy(data, &to);
        Self { data: to, port: free_port() }
    }

    fn serve(&self) -> Process {
        Process::serve_on(&self.data, self.port, None)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/ledger", self.port)
    }

    async fn core(&self) -> std::sync::Arc<Core> {
        Core::open(&self.data, Policy::default()).await.unwrap()
    }

    /// Asks for one recording to be deleted.
    async fn erase(&self, scene: &Scene, recording: RecordingId) -> ErasureId {
        let core = self.core().await;
        let request = NewErasure {
            child: Some(scene.child),
            scope: Scope::Items { recordings: vec![recording] },
            include_kept: false,
            waive_undo: true,
            as_of: None,
        };
        let erasure = accept::accept(&core, &scene.asker, &request, None).await.unwrap().0.id;
        core.db.close().await;
        erasure
    }

    /// Why there is no receipt, or the receipt.
    async fn receipt(&self, scene: &Scene, erasure: ErasureId) -> Result<String, ReceiptError> {
        let core = self.core().await;
        let receipt = receipt::of_erasure(&core, &scene.asker, erasure, None).await;
        core.db.close().await;
        receipt
    }

    /// Waits for the receipt, or until nothing but witnesses is missing.
    async fn settled(&self, scene: &Scene, erasure: ErasureId) -> Result<String, ReceiptError> {
        let settled = until(async || match self.receipt(scene, erasure).await {
            Err(ReceiptError::NotFinished | ReceiptError::NotPublished) => None,
            settled => Some(settled),
        });
        let settled = settled.await;
        settled.unwrap_or_else(|| panic!("the erasure never came to an end: {}", log(&self.data)))
    }

    async fn witnessed(&self, scene: &Scene, erasure: ErasureId) -> String {
        let receipt = until(async || self.receipt(scene, erasure).await.ok()).await;
        receipt.unwrap_or_else(|| panic!("no witness has ever seen it: {}", log(&self.data)))
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, target) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            fs::copy(entry, target).unwrap();
        }
    }
}

/// A ledger that a witness follows, with one erasure in it, and an outsider's files.
struct Scene {
    folder: tempfile::TempDir,
    asker: Asker,
    child: ChildId,
    recordings: [RecordingId; 3],
    log: String,
    receipt: String,
    honest: Copy,
    witness: (PathBuf, u16),
    files: PathBuf,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
        let mut recordings = Vec::new();
        for n in 0..3 {
            recordings.push(home.record(n, &canary(n), true).await);
        }
        home.core.db.close().await;
        home.core.keys.close().await;
        let log = home.core.ledger.key().text();
        let honest = Copy::of(home.folder.path(), folder.path().join("honest"));
        let (state, files) = (folder.path().join("witness"), folder.path().join("outsider"));
        fs::create_dir_all(&state).unwrap();
        fs::create_dir_all(&files).unwrap();
        let port = free_port();
        let mut scene = Self {
            asker: home.asker.clone(),
            child: home.child,
            recordings: recordings.try_into().unwrap(),
            log,
            receipt: String::new(),
            honest,
            witness: (state, port),
            files,
            folder,
        };
        let (witness, line) = scene.witness();
        ledger::policy::set(&scene.honest.data, &format!("{line}quorum watch.example/w1\n")).unwrap();
        let service = scene.honest.serve();
        let erasure = scene.honest.erase(&scene, scene.recordings[0]).await;
        scene.receipt = scene.honest.witnessed(&scene, erasure).await;
        let core = scene.honest.core().await;
        scene.write("policy", &core.ledger.policy());
        let trusting = format!("log {}\nquorum none\n", core.ledger.key().text());
        scene.write("trusting", &trusting);
        scene.write("receipt", &scene.receipt);
        core.db.close().await;
        let (good, words) = scene.follow(&scene.honest, "policy", &[]);
        assert!(good && words.contains("was not seen before"), "{words}");
        drop((service, witness));
        scene
    }

    fn witness(&self) -> (Process, String) {
        Process::witness(&self.witness.0, self.witness.1, &self.log, None)
    }

    fn file(&self, name: &str) -> String {
        self.files.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.files.join(name), text).unwrap();
        self.file(name)
    }

    /// An outsider looks at a ledger.
    fn follow(&self, ledger: &Copy, policy: &str, more: &[&str]) -> (bool, String) {
        let (url, policy, seen) = (ledger.url(), self.file(policy), self.file("seen"));
        // It may have been started a moment ago.
        wait_until("the service listens", || {
            std::net::TcpStream::connect(("127.0.0.1", ledger.port)).is_ok()
        });
        told([&["follow", &url, "--policy", &policy, "--seen", &seen], more].concat())
    }

    /// An outsider checks a receipt, without any service.
    fn verify(&self, receipt: &str, more: &[&str]) -> (bool, String) {
        let (receipt, policy) = (self.write("checked", receipt), self.file("policy"));
        told([&["verify", &receipt, "--policy", &policy], more].concat())
    }

    fn fork(&self, name: &str) -> Copy {
        Copy::of(&self.honest.data, self.folder.path().join(name))
    }

    /// The honest ledger goes on, and the witness sees it.
    async fn go_on(&self) {
        let (witness, service) = (self.witness(), self.honest.serve());
        let erasure = self.honest.erase(self, self.recordings[1]).await;
        self.honest.witnessed(self, erasure).await;
        let (good, words) = self.follow(&self.honest, "policy", &[]);
        assert!(good && words.contains("it only grew, by "), "{words}");
        drop((witness, service));
    }
}

fn failed(of: (bool, String), code: &str) {
    let (good, words) = of;
    assert!(!good && words.contains(&format!("({code})")), "{code}: {words}");
}

#[tokio::test]
async fn a_second_ledger_under_the_same_key_is_not_cosigned_and_is_found_by_whoever_saw_the_first() {
    let scene = Scene::new().await;
    let fork = scene.fork("fork");
    scene.go_on().await;
    let kept = fs::read_to_string(scene.file("seen")).unwrap();

    // The other one: as long as the first, and with the deletion of another recording in it.
    let (witness, service) = (scene.witness(), fork.serve());
    let erasure = fork.erase(&scene, scene.recordings[2]).await;
    let waiting = fork.settled(&scene, erasure).await;
    assert!(matches!(waiting, Err(ReceiptError::NotWitnessed(_))), "{waiting:?}");
    // While it was shorter it was only behind; now the two contradict each other.
    wait_until("its log says so", || log(&fork.data).contains("it has seen another ledger of this name"));
    let waiting = fork.receipt(&scene, erasure).await;
    assert!(matches!(waiting, Err(ReceiptError::NotWitnessed(_))), "and it stays so: {waiting:?}");

    // What it shows is what was witnessed before: shorter than what the outsider has seen.
    failed(scene.follow(&fork, "policy", &[]), "rollback");
    drop(service);
    // It asks no witness any more: who asks for one does not believe it.
    ledger::policy::set(&fork.data, "quorum none\n").unwrap();
    let service = fork.serve();
    failed(scene.follow(&fork, "policy", &[]), "too-few-witnesses");
    let receipt = fork.receipt(&scene, erasure).await.unwrap();
    failed(scene.verify(&receipt, &[]), "too-few-witnesses");
    // Who asks for none finds it by what it saw itself.
    failed(scene.follow(&fork, "trusting", &[]), "split-view");
    fork.erase(&scene, scene.recordings[1]).await;
    wait_until("they contradict each other", || {
        let (good, words) = scene.follow(&fork, "trusting", &[]);
        assert!(!good, "{words}");
        words.contains("(not-consistent)")
    });
    assert_eq!(fs::read_to_string(scene.file("seen")).unwrap(), kept, "what was seen stays what was seen");
    drop((service, witness));

    // The witness's own folder has both, signed by the same key.
    let state = fs::read_dir(&scene.witness.0).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(state.filter(|path| path.extension().is_some_and(|kind| kind == "contradiction")).count(), 1);
}

#[tokio::test]
async fn another_key_another_name_and_a_witness_that_looked_long_ago_are_found() {
    let scene = Scene::new().await;
    let swapped = scene.fork("swapped");
    let origin = scene.log.split('+').next().unwrap();
    fs::write(swapped.data.join("ledger.origin"), format!("{origin}\n")).unwrap();
    fs::write(swapped.data.join("ledger.key"), [9; 32]).unwrap();
    let (witness, service) = (scene.witness(), swapped.serve());
    let erasure = swapped.erase(&scene, scene.recordings[1]).await;
    let waiting = swapped.settled(&scene, erasure).await;
    assert!(matches!(waiting, Err(ReceiptError::NotWitnessed(_))), "{waiting:?}");
    wait_until("its log says so", || log(&swapped.data).contains("403"));
    drop(service);
    ledger::policy::set(&swapped.data, "quorum none\n").unwrap();
    let service = swapped.serve();
    failed(scene.follow(&swapped, "trusting", &[]), "key-swapped");
    let receipt = swapped.receipt(&scene, erasure).await.unwrap();
    failed(scene.verify(&receipt, &[]), "key-swapped");
    drop(service);

    let renamed = scene.fork("renamed");
    fs::write(renamed.data.join("ledger.origin"), "other.example/log\n").unwrap();
    ledger::policy::set(&renamed.data, "quorum none\n").unwrap();
    let service = renamed.serve();
    let erasure = renamed.erase(&scene, scene.recordings[1]).await;
    let receipt = renamed.settled(&scene, erasure).await.unwrap();
    failed(scene.follow(&renamed, "trusting", &[]), "unknown-origin");
    failed(scene.verify(&receipt, &[]), "unknown-origin");
    drop(service);

    let service = scene.honest.serve();
    let later = ["--not-before", "2999-01-01T00:00:00Z"];
    failed(scene.follow(&scene.honest, "policy", &later), "stale-witness");
    failed(scene.verify(&scene.receipt, &later), "stale-witness");
    assert!(scene.follow(&scene.honest, "policy", &[]).0);
    drop((service, witness));
}

#[tokio::test]
async fn a_hidden_entry_and_the_receipt_of_another_child_are_found() {
    let scene = Scene::new().await;
    let core = scene.honest.core().await;
    let page = receipt::entries(&core, &scene.asker, scene.child, false, None, 1000).await.unwrap();
    let leaves: Vec<&str> = page.items.iter().map(|entry| entry.leaf.as_str()).collect();
    core.db.close().await;
    let key = scene.write("key", &(page.key.unwrap() + "\n"));
    let all = scene.write("entries", &leaves.concat());
    let (good, words) = scene.verify(&scene.receipt, &["--child-key", &key, "--entries", &all]);
    assert!(good && words.contains("proved     no entry of the child is missing"), "{words}");

    let mut hidden = leaves.clone();
    hidden.remove(1);
    let hidden = scene.write("hidden", &hidden.concat());
    failed(scene.verify(&scene.receipt, &["--child-key", &key, "--entries", &hidden]), "entry-missing");
    let mut twice = leaves.clone();
    twice.insert(1, leaves[0]);
    let twice = scene.write("twice", &twice.concat());
    failed(scene.verify(&scene.receipt, &["--child-key", &key, "--entries", &twice]), "entry-repeated");
    let other = scene.write("other", &base64::encode(&[6; 32]));
    failed(scene.verify(&scene.receipt, &["--child-key", &other]), "other-child");

    // A single entry of the child, and what it says.
    let core = scene.honest.core().await;
    let birth = receipt::of_entry(&core, &scene.asker, scene.child, 0).await.unwrap();
    core.db.close().await;
    let (good, words) = scene.verify(&birth, &["--child-key", &key, "--entry", "0"]);
    assert!(good && words.contains("\nIt says:\nforget-me-not/birth/"), "{words}");
    failed(scene.verify(&birth, &["--child-key", &key, "--entry", "1"]), "other-child");
    let as_erasure = scene.verify(&birth, &[]);
    assert!(as_erasure.1.contains("--entry NUMBER"), "it says how it is checked: {}", as_erasure.1);
    failed(as_erasure, "wrong-kind");

    // And what the outsider has seen fits the receipt, or it does not.
    let (seen, none) = (scene.file("seen"), scene.write("none", ""));
    let between = ["--seen", &seen, "--consistency", &none];
    let (good, words) = scene.verify(&scene.receipt, &between);
    assert!(good && words.contains("proved     the ledger only grew"), "{words}");
}
