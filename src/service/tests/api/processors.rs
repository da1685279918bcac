//! What is told of processors over HTTP: disclosures, callbacks, numbers.

use reqwest::Method;
use rules::{
    ProcessorState,
    contract::{DisclosureCreated, Erasure},
    problem::ProblemType,
};
use serde_json::json;
use service::{core::Policy, erasure::engine, processors::run};

use crate::{
    browser::Browser,
    common::{Answer, Service},
    fake::{CALLBACK, Fake},
};

#[tokio::test]
async fn a_vendor_tells_what_it_hands_over_and_hands_over_nothing_that_is_sealed() {
    let fake = Fake::start().await;
    let service = Service::giving_to(fake.processors(), Policy::default()).await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "good morning").await;
    let told = json!({ "processor": "speech", "recordings": [recording], "classes": ["media"] });
    let tell = async || Answer::to(service.vendor(Method::POST, "/v1/disclosures").json(&told)).await;
    let first = tell().await;
    assert_eq!(first.status, 201);
    let first: DisclosureCreated = first.ok();
    assert!(!first.items[0].name.contains(&recording.to_string()));
    assert_eq!(tell().await.ok::<DisclosureCreated>(), first);
    service.post(&family.token, "/v1/disclosures", &told).await.refused(ProblemType::NotAllowed);

    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    assert_eq!(erasure.processors[0].state, ProcessorState::NotSent);
    tell().await.refused(ProblemType::Conflict);
    let misspelt = json!({ "processor": "speech", "recordings": [recording], "class": ["media"] });
    let misspelt = Answer::to(service.vendor(Method::POST, "/v1/disclosures").json(&misspelt)).await;
    misspelt.refused(ProblemType::Invalid);
}

#[tokio::test]
async fn a_callback_is_known_by_its_signature_and_by_nothing_else() {
    let fake = Fake::start().await;
    let service = Service::giving_to(fake.processors(), Policy::default()).await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "good morning").await;
    let told = json!({ "processor": "speech", "recordings": [recording], "classes": ["media"] });
    Answer::to(service.vendor(Method::POST, "/v1/disclosures").json(&told)).await.ok::<DisclosureCreated>();
    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    service.advance(3 * 86_400);
    engine::tick(&service.core).await.unwrap();
    run::tick(&service.core).await.unwrap();

    let id = fake.posted()[0]["subject_request_id"].clone();
    let body = json!({ "controller_id": "toys", "expected_completion_time": "2026-12-01T15:00:01Z",
        "status_callback_url": CALLBACK, "subject_request_id": id, "request_status": "completed" });
    let (headers, bytes) = fake.callback(&body);
    let call = async |name: &str, headers: &axum::http::HeaderMap, bytes: &[u8]| {
        let request = service.ask(Method::POST, &format!("/v1/processors/{name}/status"));
        Answer::to(request.headers(headers.clone()).body(bytes.to_vec())).await
    };
    call("nobody", &headers, &bytes).await.refused(ProblemType::NotFound);
    call("speech", &axum::http::HeaderMap::new(), &bytes).await.refused(ProblemType::NotAllowed);
    call("speech", &headers, b" {").await.refused(ProblemType::NotAllowed);
    call("speech", &headers, &vec![b' '; 65 << 10]).await.refused(ProblemType::TooLarge);
    for _ in 0..2 {
        assert_eq!(call("speech", &headers, &bytes).await.status, 202);
    }
    let token = service.session("parent", &[]).await;
    let now: Erasure = service.get(&token, &format!("/v1/erasures/{}", erasure.id)).await.ok();
    assert_eq!(now.processors[0].state, ProcessorState::Completed);
}

#[tokio::test]
async fn numbers_and_pages_say_who_is_silent() {
    let fake = Fake::start().await;
    let mut elsewhere = fake.settings_at("speech", "http://127.0.0.1:9/requests");
    elsewhere.push('\n');
    let service = Service::giving_to(crate::fake::parse(&elsewhere), Policy::default()).await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "good morning").await;
    let told = json!({ "processor": "speech", "recordings": [recording], "classes": ["media"] });
    Answer::to(service.vendor(Method::POST, "/v1/disclosures").json(&told)).await.ok::<DisclosureCreated>();
    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    // Asked in vain from the third day on.
    for days in [3, 11] {
        service.advance(days * 86_400);
        engine::tick(&service.core).await.unwrap();
        run::tick(&service.core).await.unwrap();
    }
    let numbers = Answer::to(service.vendor(Method::GET, "/metrics")).await.text();
    let line = "fmn_processor_requests{processor=\"speech\",state=\"silent\"} 1";
    assert!(numbers.contains(line), "{numbers}");
    let token = service.session("parent", &[]).await;
    let now: Erasure = service.get(&token, &format!("/v1/erasures/{}", erasure.id)).await.ok();
    assert_eq!((now.processors[0].state, now.not_confirmed()), (ProcessorState::Silent, 1));

    // Never the bare word.
    let browser = Browser::sign_in(&service, &token).await;
    let page = browser.get(&format!("/plain/requests/{}", erasure.id)).await;
    assert_eq!(page.title(), "Deleted from all our places");
    let words = page.words();
    assert!(words.contains("have not confirmed yet: 1."), "{words}");
    assert!(words.contains("speech") && words.contains("Not confirmed since"), "{words}");
}
