//! `forget-me-not erasures`: what an operator sees of what is open, late or stuck.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;
mod process;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use household::Household;
use rules::{ErasureState, Scope, StoreId};
use service::{
    clock::{Clock, SystemClock},
    erasure::engine,
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
    let data = data.to_str().unwrap();
    process::told(["--data", data, "erasures"].iter().chain(more))
}

#[tokio::test]
async fn what_is_stuck_is_listed_with_its_reason_and_its_next_try() {
    // Asked for ten days ago.
    let mut home = Household::starting(SystemClock.now().plus_seconds(-10 * 86_400)).await;
    let broken = Arc::new(AtomicBool::new(true));
    home.wrap(StoreId::Transcript, |inner| Box::new(Broken(inner, broken.clone())));
    home.record(0, "walnut", true).await;
    let data = home.folder.path();
    assert_eq!(erasures(data, &[]), (true, "no erasure is open\n".into()));
    let erasure = home.ask(Scope::Child {}, true).await;
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
    home.ask(Scope::Child {}, false).await;
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
