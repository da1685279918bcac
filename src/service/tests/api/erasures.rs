use reqwest::Method;
use rules::{
    ErasureState, StepState, StoreId,
    contract::{Erasure, Erasures, Preview, Requester},
    problem::ProblemType,
};
use serde_json::{Value, json};

use crate::common::{Answer, Family, Service};

async fn asked(service: &Service, family: &Family, scope: Value) -> (Preview, Erasure) {
    let mut body = json!({ "scope": scope });
    if scope["type"] != "everything" {
        body["child"] = json!(family.child);
    }
    let preview = service.post(&family.token, "/v1/erasures/preview", &body).await.ok();
    let answer = service.post(&family.token, "/v1/erasures", &body).await;
    let erasure: Erasure = answer.ok();
    assert_eq!((answer.status, answer.header("location")), (201, &*format!("/v1/erasures/{}", erasure.id)));
    (preview, erasure)
}

#[tokio::test]
async fn every_scope_does_what_its_preview_said() {
    for scope in ["items", "range", "class", "search", "child", "everything"] {
        let service = Service::start().await;
        let family = service.family("parent").await;
        let one = service.record(&family, "2026-11-20T08:00:00Z", "walnut one").await;
        service.record(&family, "2026-11-20T09:00:00Z", "two").await;
        let (body, recordings) = match scope {
            "items" => (json!({ "type": scope, "recordings": [one, one] }), 1),
            "range" => {
                let (from, to) = ("2026-11-20T08:30:00Z", "2026-11-20T09:30:00Z");
                (json!({ "type": scope, "from": from, "to": to }), 1)
            }
            "class" => (json!({ "type": scope, "class": "location" }), 2),
            "search" => (json!({ "type": scope, "filter": { "q": "walnut" } }), 1),
            _ => (json!({ "type": scope }), 2),
        };
        let (preview, erasure) = asked(&service, &family, body).await;
        assert_eq!((preview.recordings, erasure.recordings), (recordings, recordings), "{scope}");
        assert_eq!(preview.children, [family.child]);
        assert_eq!((preview.sealed_until, preview.expected_by), (erasure.sealed_until, erasure.expected_by));
        let of_preview: Vec<_> = preview.stores.iter().map(|count| (count.store, count.copies)).collect();
        let of_erasure: Vec<_> = erasure.steps.iter().map(|step| (step.store, step.copies)).collect();
        assert_eq!(of_preview, of_erasure, "{scope}");
        assert_eq!((erasure.scope.as_str(), erasure.state), (scope, ErasureState::Sealed));
        assert_eq!(erasure.requested_by, Requester::You);
        if scope == "class" {
            assert_eq!(of_erasure, [(StoreId::Keys, 2), (StoreId::Location, 2)]);
        }
    }
}

#[tokio::test]
async fn after_the_undo_window_the_engine_deletes_and_verifies() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record_whole(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let (_, erasure) = asked(&service, &family, json!({ "type": "child" })).await;
    let path = format!("/v1/erasures/{}", erasure.id);
    service.advance(72 * 3600);
    let token = service.session("parent", &[]).await;
    let mut changes = service.core.progress.subscribe();
    let deleted: Erasure = loop {
        changes.mark_unchanged();
        let now: Erasure = service.get(&token, &path).await.ok();
        if now.state.is_final() {
            break now;
        }
        changes.changed().await.unwrap();
    };
    assert_eq!(deleted.state, ErasureState::Deleted);
    assert_eq!(deleted.steps.iter().map(|step| step.store).collect::<Vec<_>>(), StoreId::ALL);
    assert!(
        deleted
            .steps
            .iter()
            .all(|step| step.state == StepState::VerifiedAbsent && step.verified_at.is_some())
    );
    assert_eq!(service.delete(&token, &path).await.refused(ProblemType::Conflict).status, 409);
}

#[tokio::test]
async fn undo_works_while_sealed_and_once() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let (_, erasure) = asked(&service, &family, json!({ "type": "child" })).await;
    let path = format!("/v1/erasures/{}", erasure.id);
    let cancelled: Erasure = service.delete(&family.token, &path).await.ok();
    assert_eq!((cancelled.state, cancelled.finished_at), (ErasureState::Cancelled, Some(service.now())));
    service.delete(&family.token, &path).await.refused(ProblemType::Conflict);
}

#[tokio::test]
async fn a_retry_with_the_same_key_finds_what_the_first_try_made() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let ask = async |token: &str, key: &str, body: &Value| {
        let request = service.ask(Method::POST, "/v1/erasures").bearer_auth(token);
        Answer::to(request.header("idempotency-key", key).json(body)).await
    };
    let body = json!({ "child": family.child, "scope": { "type": "child" } });
    let first = ask(&family.token, "k-1", &body).await;
    let again = ask(&family.token, "k-1", &body).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.ok::<Erasure>(), again.ok());

    let other = json!({ "child": family.child, "scope": { "type": "class", "class": "location" } });
    ask(&family.token, "k-1", &other).await.refused(ProblemType::KeyReused);
    ask(&family.token, "k-2", &other).await.refused(ProblemType::Conflict);
    ask(&family.token, "", &body).await.refused(ProblemType::Invalid);
    ask(&family.token, &"k".repeat(201), &body).await.refused(ProblemType::Invalid);

    // Another family's key is another key.
    let stranger = service.family("stranger").await;
    service.record(&stranger, "2026-11-20T08:00:00Z", "walnut").await;
    let body = json!({ "child": stranger.child, "scope": { "type": "child" } });
    assert_eq!(ask(&stranger.token, "k-1", &body).await.status, 201);
}

#[tokio::test]
async fn nothing_to_delete_is_said_and_makes_nothing() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let body = json!({ "child": family.child, "scope": { "type": "child" } });
    let preview: Preview = service.post(&family.token, "/v1/erasures/preview", &body).await.ok();
    assert_eq!((preview.recordings, preview.stores.len()), (0, 0));
    service.post(&family.token, "/v1/erasures", &body).await.refused(ProblemType::Conflict);
    let none: Erasures = service.get(&family.token, "/v1/erasures").await.ok();
    assert!(none.items.is_empty());
}

#[tokio::test]
async fn past_requests_are_listed_newest_first_in_pages() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let id = service.record(&family, &format!("2026-11-20T08:0{n}:00Z"), "word").await;
        ids.push(service.erase(&family, json!({ "type": "items", "recordings": [id] })).await.id);
        service.advance(1);
    }
    ids.reverse();
    let get = async |query: &str| -> Erasures {
        service.get(&family.token, &format!("/v1/erasures{query}")).await.ok()
    };
    let first = get(&format!("?limit=2&child={}", family.child)).await;
    let rest = get(&format!("?limit=2&cursor={}", first.next.clone().unwrap())).await;
    assert_eq!(rest.next, None);
    let seen: Vec<_> = first.items.iter().chain(&rest.items).map(|erasure| erasure.id).collect();
    assert_eq!(seen, ids);
    for bad in ["?cursor=soon", "?limit=0", "?limit=201", "?since=yesterday"] {
        service.get(&family.token, &format!("/v1/erasures{bad}")).await.refused(ProblemType::Invalid);
    }
}

#[tokio::test]
async fn what_a_guardian_keeps_stays_unless_they_say_so() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let kept = service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    service.record(&family, "2026-11-20T09:00:00Z", "walnut").await;
    let path = format!("/v1/recordings/{kept}/keep");
    service.put(&family.token, &path, &json!({ "until": "2027-11-21" })).await;
    let mut body =
        json!({ "child": family.child, "scope": { "type": "search", "filter": { "q": "walnut" } } });
    let preview: Preview = service.post(&family.token, "/v1/erasures/preview", &body).await.ok();
    let held_back = preview.kept.unwrap();
    assert_eq!((preview.recordings, held_back.recordings), (1, 1));
    assert_eq!(held_back.until, "2027-11-21".parse().unwrap());
    body["include_kept"] = json!(true);
    let preview: Preview = service.post(&family.token, "/v1/erasures/preview", &body).await.ok();
    assert_eq!((preview.recordings, preview.kept), (2, None));
}
