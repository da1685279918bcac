//! `forget-me-not erasures`: what an operator sees of what is open, late or stuck.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use household::Household;
use rules::{ErasureState, Scope, StoreId, contract::NewErasure};
use service::{
    clock::{Clock, SystemClock},
    erasure::{accept, engine},
    store::{Holds, Item, Store, StoreError, Subject},
};

/// A store that cannot erase as long as it is broken.
struct Broken(Box<dyn Store>, Arc<AtomicBool>);

#[async_trait::async_trait]
impl Store for Broken {
    fn id(&self) -> StoreId {
        self.0.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.0.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        if self.1.load(Ordering::SeqCst) {
            return Err(StoreError::Folder(std::io::Error::other("the disk says no")));
        }
        self.0.erase(items).await
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        self.0.probe(items).await
    }
}

fn erasures(data: &Path, more: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forget-me-not"));
    let output = command.args(["erasures", "--data"]).arg(data).args(more).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn what_is_stuck_is_listed_with_its_reason_and_its_next_try() {
    // Asked for ten days ago.
    let mut home = Household::starting(SystemClock.now().plus_seconds(-10 * 86_400)).await;
    let broken = Arc::new(AtomicBool::new(true));
    home.wrap(StoreId::Transcript, |inner| Box::new(Broken(inner, broken.clone())));
    home.record(0, "walnut", true).await;
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Child {},
        include_kept: false,
        waive_undo: true,
        as_of: None,
    };
    let data = home.folder.path();
    assert_eq!(erasures(data, &[]), (true, "no erasure is open\n".into()));
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    engine::tick(&home.core).await.unwrap();

    let (well, told) = erasures(data, &[]);
    assert!(!well, "a week has passed: somebody must look");
    assert!(told.starts_with(&format!("{} erasing, alarm: 1 recordings", erasure.id)), "{told}");
    let line = |store: &str| told.lines().find(|line| line.trim_start().starts_with(store)).unwrap();
    assert!(
        line("transcript").contains("retrying        0 of 1, failed 1 times, last failed, next try "),
        "{told}"
    );
    assert!(line("media").contains("verified_absent 1 of 1"), "{told}");
    assert!(line("catalogue").contains("waiting         0 of 1"), "{told}");
    for secret in ["Mia", "walnut", "Kitchen", &home.child.to_string(), &home.asker.guardian.to_string()] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    let (_, json) = erasures(data, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["id"], &json[0]["lateness"]), (&serde_json::json!(erasure.id), &"alarm".into()));
    let steps = json[0]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["store"] == "transcript").unwrap();
    assert_eq!((&step["failed_attempts"], &step["problem"]), (&1.into(), &"failed".into()));

    broken.store(false, Ordering::SeqCst);
    home.clock.advance(3600);
    engine::tick(&home.core).await.unwrap();
    assert_eq!(home.state(erasure.id).await, ErasureState::Deleted);
    assert_eq!(erasures(data, &[]), (true, "no erasure is open\n".into()));
    let (well, told) = erasures(data, &["--all"]);
    assert!(well && told.contains(" deleted, on time: 1 recordings"), "{told}");
}

#[tokio::test]
async fn what_is_only_sealed_worries_nobody_and_a_lease_is_shown() {
    let home = Household::starting(SystemClock.now()).await;
    home.record(0, "walnut", true).await;
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Child {},
        include_kept: false,
        waive_undo: false,
        as_of: None,
    };
    accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    let (well, told) = erasures(home.folder.path(), &[]);
    assert!(well && told.contains(" sealed, on time: "), "{told}");
    for (owner, lives) in [(home.core.owner.name(), "which lives"), ("gone", "which has ended")] {
        let mut tx = home.core.db.write().await.unwrap();
        sqlx::query("UPDATE erasure SET lease_owner = ?, lease_until = 1790000000000")
            .bind(owner)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (_, told) = erasures(home.folder.path(), &[]);
        assert!(
            told.contains(&format!("carried out by {owner} until 2026-")) && told.contains(lives),
            "{told}"
        );
    }
}
