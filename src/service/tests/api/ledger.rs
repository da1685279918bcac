//! The ledger over HTTP: what anybody may read, and receipts.

use proof::{
    Policy,
    child::ChildKey,
    leaf::Leaf,
    verify::{Known, Outcome, What, verify},
};
use reqwest::Method;
use rules::{
    ErasureState,
    contract::{ChildLedger, Erasure, PublicEntries},
    problem::ProblemType,
};
use serde_json::json;

use crate::common::{Answer, Family, Service};

async fn public(service: &Service, path: &str) -> Answer {
    Answer::to(service.ask(Method::GET, path).header("Origin", "https://anybody.example")).await
}

/// Waits until the engine has ended an erasure, and the ledger has published that.
async fn receipt(service: &Service, family: &Family, erasure: &Erasure) -> String {
    let path = format!("/v1/erasures/{}/receipt", erasure.id);
    for _ in 0..600 {
        let answer = service.get(&family.token, &path).await;
        if answer.status == 200 {
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            assert_eq!(answer.header("cache-control"), "no-store");
            return answer.text();
        }
        let problem = answer.refused(ProblemType::Conflict);
        assert!(problem.detail.is_some());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the receipt never came");
}

#[tokio::test]
async fn the_receipt_of_an_erasure_verifies_and_one_that_was_changed_does_not() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    service.get(&family.token, &format!("/v1/recordings/{recording}")).await.ok::<serde_json::Value>();
    service.ticket(&family, recording).await;
    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    let path = format!("/v1/erasures/{}/receipt", erasure.id);
    let early = service.get(&family.token, &path).await.refused(ProblemType::Conflict);
    assert!(early.detail.unwrap().contains("not finished"));
    service.advance(4 * 86_400);
    let family = Family { token: service.session("parent", &[]).await, ..family };
    let text = receipt(&service, &family, &erasure).await;
    let done: Erasure = service.get(&family.token, &format!("/v1/erasures/{}", erasure.id)).await.ok();
    assert_eq!(done.state, ErasureState::Deleted);

    // Another family learns nothing, not even that there is one.
    let strangers = service.family("stranger").await;
    service.get(&strangers.token, &path).await.refused(ProblemType::NotFound);
    let ledger = format!("/v1/children/{}/ledger", family.child);
    service.get(&strangers.token, &ledger).await.refused(ProblemType::NotFound);
    service
        .get(&family.token, &format!("{path}?child={}", strangers.child))
        .await
        .refused(ProblemType::NotFound);

    let policy = Policy::parse(&public(&service, "/ledger/policy").await.text()).unwrap();
    let inventory = public(&service, "/ledger/inventory/1").await.text();
    let all: ChildLedger = service.get(&family.token, &ledger).await.ok();
    let kinds: Vec<&str> = all.items.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(&kinds[..4], ["birth", "access", "access", "request"]);
    let purpose = |n: usize| all.items[n].body.lines().last().map(str::to_owned);
    assert_eq!([purpose(1), purpose(2)], [Some("for reading".into()), Some("for playback".into())]);
    assert_eq!(kinds.last(), Some(&"complete"));
    let key = ChildKey(proof::base64::hash(all.key.as_ref().unwrap()).unwrap());
    let leaves: String = all.items.iter().map(|entry| entry.leaf.as_str()).collect();
    let known =
        Known { inventory: Some(&inventory), child: Some(&key), entries: Some(&leaves), ..Known::default() };
    let report = verify(&text, &policy, &known);
    assert!(!report.failed(), "{}", report.text());
    assert_eq!(report.outcome(What::Chain), &Outcome::Proved);

    // Every entry that the guardian sees is the one that is public.
    for entry in &all.items {
        let leaf = Leaf::parse(&entry.leaf).unwrap();
        assert_eq!(leaf.body, proof::leaf::commitment(&key.salt(entry.seq), &entry.body));
    }
    let page: ChildLedger = service.get(&family.token, &format!("{ledger}?after=0&limit=2")).await.ok();
    assert_eq!(page.items, all.items[1..3]);
    assert_eq!(page.next, Some(2));

    let newest: ChildLedger =
        service.get(&family.token, &format!("{ledger}?order=newest&limit=2")).await.ok();
    let last: Vec<_> = all.items.iter().rev().take(2).cloned().collect();
    assert_eq!((&newest.items, newest.next), (&last, Some(last[1].seq)));
    let path = format!("{ledger}?order=newest&limit=200&after={}", last[1].seq);
    let older: ChildLedger = service.get(&family.token, &path).await.ok();
    assert_eq!((older.items.len(), older.next), (all.items.len() - 2, None));
    service.get(&family.token, &format!("{ledger}?order=oldest")).await.refused(ProblemType::Invalid);

    // Each of them has a proof of its own, and is named by whoever's it is.
    for entry in &all.items {
        let path = format!("{ledger}/{}/receipt", entry.seq);
        let proof = service.get(&family.token, &path).await.text();
        let report = proof::verify::verify_entry(&proof, &policy, &known, entry.seq);
        assert!(!report.failed(), "{}", report.text());
        assert_eq!(report.outcome(What::Child), &Outcome::Proved);
        assert_eq!(report.body.as_deref(), Some(&*entry.body));
        service.get(&strangers.token, &path).await.refused(ProblemType::NotFound);
        let other = proof::verify::verify_entry(&proof, &policy, &known, entry.seq + 1);
        assert_eq!(other.outcome(What::Child), &Outcome::Failed(proof::Error::OtherChild));
    }
    assert_eq!(proof_of_complete(&service, &family, &all).await, text);
    for path in [format!("{ledger}/{}/receipt", all.items.len()), format!("{ledger}/x/receipt")] {
        service.get(&family.token, &path).await.refused(ProblemType::NotFound);
    }
    let you = format!("by {}\n", all.you.as_deref().unwrap());
    let by = |kind: &str| all.items.iter().find(|entry| entry.kind == kind).unwrap().body.contains(&you);
    assert!(by("access") && by("request"), "{you}");

    let changed = text.replacen("\nindex ", "\nindex 1", 1);
    assert!(verify(&changed, &policy, &known).failed());
    let mut forged = proof::receipt::Receipt::parse(&text).unwrap();
    forged.body = forged.body.replace("store media 1 absent", "store media 0 none");
    let report = verify(&forged.text().unwrap(), &policy, &known);
    assert_eq!(report.outcome(What::Opening), &Outcome::Failed(proof::Error::NotOpened));
    forged = proof::receipt::Receipt::parse(&text).unwrap();
    forged.checkpoint = forged.checkpoint.replacen(service.core.ledger.origin(), "other.example/log", 1);
    let report = verify(&forged.text().unwrap(), &policy, &known);
    assert_eq!(report.outcome(What::Signature), &Outcome::Failed(proof::Error::UnknownOrigin));
}

/// The proof of the entry that says that an erasure is complete is the erasure's receipt.
async fn proof_of_complete(service: &Service, family: &Family, all: &ChildLedger) -> String {
    let complete = all.items.iter().find(|entry| entry.kind == "complete").unwrap();
    let path = format!("/v1/children/{}/ledger/{}/receipt", family.child, complete.seq);
    service.get(&family.token, &path).await.text()
}

#[tokio::test]
async fn who_kept_a_checkpoint_is_shown_that_the_ledger_only_grew() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let mut seen = Vec::new();
    for n in 0..5 {
        service.record(&family, &format!("2026-11-20T0{n}:00:00Z"), &format!("walnut {n}")).await;
        service::ledger::sequence(&service.core).await.unwrap();
        seen.push(public(&service, "/ledger/checkpoint").await.text());
    }
    let policy = Policy::parse(&public(&service, "/ledger/policy").await.text()).unwrap();
    let size = |text: &str| text.lines().nth(1).unwrap().parse::<u64>().unwrap();
    for old in &seen {
        for new in &seen {
            let answer = public(&service, &format!("/ledger/consistency/{}/{}", size(old), size(new))).await;
            if size(old) > size(new) {
                assert_eq!(answer.status, 404);
                continue;
            }
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            let path = proof::verify::hashes(&answer.text()).unwrap();
            proof::verify::follow(&policy, old, new, &path).unwrap();
        }
    }
    let last = size(seen.last().unwrap());
    for path in [format!("1/{}", last + 1), "x/1".into(), "1".into(), format!("{}/{}", u64::MAX, u64::MAX)] {
        let nothing = public(&service, &format!("/ledger/consistency/{path}")).await;
        assert_eq!(nothing.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_is_public_is_for_everybody_and_cached_as_it_may_be() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    service::ledger::sequence(&service.core).await.unwrap();
    let checkpoint = public(&service, "/ledger/checkpoint").await;
    assert_eq!((checkpoint.status, checkpoint.header("cache-control")), (200, "no-store"));
    assert_eq!(checkpoint.header("access-control-allow-origin"), "*");
    assert_eq!(checkpoint.header("content-type"), "text/plain; charset=utf-8");
    let text = checkpoint.text();
    let size = text.lines().nth(1).unwrap();
    for path in [format!("/ledger/tile/0/000.p/{size}"), format!("/ledger/tile/entries/000.p/{size}")] {
        let tile = public(&service, &path).await;
        assert_eq!((tile.status, tile.header("content-type")), (200, "application/octet-stream"), "{path}");
        assert!(tile.header("cache-control").contains("immutable"));
        assert_eq!(tile.header("access-control-allow-origin"), "*");
        assert_eq!(tile.header("x-content-type-options"), "nosniff");
    }
    for path in [
        "/ledger/tile/0/001",
        "/ledger/tile/0/..%2f..%2fledger.key",
        "/ledger/tile/0/000.p/0",
        "/ledger/inventory/2",
        "/ledger/inventory/x",
        "/ledger/ledger.key",
    ] {
        let nothing = public(&service, path).await;
        assert_eq!(nothing.status, 404, "{path}");
        assert!(!nothing.header("cache-control").contains("immutable"), "{path}");
    }
    let posted = Answer::to(service.ask(Method::POST, "/ledger/checkpoint")).await;
    posted.refused(ProblemType::NoMethod);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_ledger_ended() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    service::ledger::sequence(&service.core).await.unwrap();
    let policy = Policy::parse(&public(&service, "/ledger/policy").await.text()).unwrap();
    let seen = public(&service, "/ledger/checkpoint").await.text();
    let service = service.restart().await;
    service.record(&family, "2026-11-20T09:00:00Z", "almond").await;
    service::ledger::sequence(&service.core).await.unwrap();
    let now = public(&service, "/ledger/checkpoint").await.text();
    let size = |text: &str| text.lines().nth(1).unwrap().parse::<u64>().unwrap();
    assert_eq!(size(&now), size(&seen) + 1);
    let mut tiles = service::ledger::tiles::Tiles::new(service.core.ledger.folder(), size(&now));
    let path = proof::merkle::consistency(size(&seen), size(&now), |level, n| tiles.node(level, n)).unwrap();
    proof::verify::follow(&policy, &seen, &now, &path).unwrap();
}

#[tokio::test]
async fn what_belongs_to_no_child_is_told_to_everybody_with_its_proof() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    service::ledger::sequence(&service.core).await.unwrap();
    let list = public(&service, "/ledger/public").await;
    assert_eq!(list.header("access-control-allow-origin"), "*");
    let PublicEntries { items, next } = list.ok();
    assert_eq!((items.len(), next, &*items[0].kind), (1, None, "inventory"), "and nothing of a child's");
    let policy = Policy::parse(&public(&service, "/ledger/policy").await.text()).unwrap();
    let proof = public(&service, &format!("/ledger/public/{}/receipt", items[0].index)).await;
    let report = proof::verify::verify_entry(&proof.text(), &policy, &Known::default(), 0);
    assert!(!report.failed(), "{}", report.text());
    assert_eq!(report.body.as_deref(), Some(&*items[0].body));
    assert_eq!(proof.text(), public(&service, "/ledger/inventory/1").await.text());
    let nothing: PublicEntries = public(&service, "/ledger/public?limit=1&after=0").await.ok();
    assert!(nothing.items.is_empty() && nothing.next.is_none());
    // The child's entry, and one that is not there.
    for path in ["/ledger/public/1/receipt", "/ledger/public/99/receipt", "/ledger/public/x/receipt"] {
        public(&service, path).await.refused(ProblemType::NotFound);
    }
    public(&service, "/ledger/public?limit=0").await.refused(ProblemType::Invalid);
}
