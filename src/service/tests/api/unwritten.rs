//! A disk that does not take what must outlive the database: nothing is promised that it could not keep.

use std::path::PathBuf;

use reqwest::Method;
use rules::{
    ErasureState, StoreId,
    contract::{Erasure, Keep},
    problem::ProblemType,
};
use serde_json::{Value, json};
use service::{core::Policy, erasure::engine, store::Subject};

use crate::{
    common::{Answer, Family, Service},
    fake::Fake,
};

/// Puts a file where the folder is, which nobody can write into, whoever they are; what was in it.
fn take_away(service: &Service) -> (PathBuf, PathBuf) {
    let folder = service.folder.path().join("deletions");
    let aside = service.folder.path().join("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "").unwrap();
    (folder, aside)
}

fn give_back((folder, aside): (PathBuf, PathBuf)) {
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(aside, folder).unwrap();
}

/// How many copies the stores hold together.
async fn copies(service: &Service, family: &Family) -> u64 {
    let number = sqlx::query_scalar("SELECT number FROM child WHERE id = ?")
        .bind(family.child.to_string())
        .fetch_one(service.core.db.read())
        .await
        .unwrap();
    let mut copies = 0;
    for store in &service.core.stores {
        copies += store.list(Subject { number, id: family.child }).await.unwrap().copies;
    }
    copies
}

#[tokio::test]
async fn an_erasure_is_answered_once_it_is_written_down_and_nothing_is_destroyed_before() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let recording = service.record_whole(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let held = copies(&service, &family).await;
    assert!(held > StoreId::ALL.len() as u64 / 2);
    service::ledger::sequence(&service.core).await.unwrap();
    let away = take_away(&service);
    let body = json!({ "child": family.child, "scope": { "type": "child" }, "waive_undo": true });
    let ask = async |body: &Value| {
        let request = service.ask(Method::POST, "/v1/erasures").bearer_auth(&family.token);
        Answer::to(request.header("idempotency-key", "once").json(body)).await
    };
    for _ in 0..2 {
        let answer = ask(&body).await;
        answer.refused(ProblemType::Unavailable);
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
    }
    // It is accepted: nobody can use it any more, and the engine, which has nowhere to write it down, waits.
    let path = format!("/v1/recordings/{recording}");
    service.get(&family.token, &path).await.refused(ProblemType::NotFound);
    for _ in 0..3 {
        assert!(engine::tick(&service.core).await.is_err());
    }
    assert_eq!(copies(&service, &family).await, held);

    give_back(away);
    let answer = ask(&body).await;
    let erasure: Erasure = answer.ok();
    assert_eq!(answer.status, 200, "the one that was accepted then");
    assert!(service.folder.path().join("deletions").join(erasure.id.to_string()).is_file());
    ask(&json!({ "child": family.child, "scope": { "type": "class", "class": "location" } }))
        .await
        .refused(ProblemType::KeyReused);
    let mut changes = service.core.progress.subscribe();
    loop {
        changes.mark_unchanged();
        let now: Erasure = service.get(&family.token, &format!("/v1/erasures/{}", erasure.id)).await.ok();
        if now.state == ErasureState::Deleted {
            break;
        }
        changes.changed().await.unwrap();
    }
    assert_eq!(copies(&service, &family).await, 0);
}

#[tokio::test]
async fn an_undo_and_a_keep_are_answered_once_they_are_written_down() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let kept = service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let sealed = service.record(&family, "2026-11-20T09:00:00Z", "almond").await;
    let erasure = service.erase(&family, json!({ "type": "items", "recordings": [sealed] })).await;
    let (undo, keep) = (format!("/v1/erasures/{}", erasure.id), format!("/v1/recordings/{kept}/keep"));
    let until = json!({ "until": "2027-11-21" });
    let away = take_away(&service);
    for _ in 0..2 {
        service.delete(&family.token, &undo).await.refused(ProblemType::Unavailable);
        service.put(&family.token, &keep, &until).await.refused(ProblemType::Unavailable);
    }
    give_back(away);
    let back: Erasure = service.delete(&family.token, &undo).await.ok();
    assert_eq!(back.state, ErasureState::Cancelled);
    service.delete(&family.token, &undo).await.refused(ProblemType::Conflict);
    let there: Keep = service.put(&family.token, &keep, &until).await.ok();
    assert_eq!(there.until.to_string(), "2027-11-21");
    let again = service.get(&family.token, &format!("/v1/recordings/{sealed}")).await;
    assert_eq!(again.status, 200, "it is in use again");
}

#[tokio::test]
async fn nothing_is_handed_to_anybody_before_it_is_written_down_who_has_it() {
    let fake = Fake::start().await;
    let service = Service::giving_to(fake.processors(), Policy::default()).await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "good morning").await;
    let told = json!({ "processor": "speech", "recordings": [recording], "classes": ["media"] });
    let tell = async || Answer::to(service.vendor(Method::POST, "/v1/disclosures").json(&told)).await;
    engine::tick(&service.core).await.unwrap();
    let away = take_away(&service);
    for _ in 0..2 {
        tell().await.refused(ProblemType::Unavailable);
    }
    give_back(away);
    assert_eq!(tell().await.status, 201);
}
