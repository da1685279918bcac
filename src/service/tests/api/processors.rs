//! What is told of processors over HTTP: disclosures, callbacks, numbers.

use reqwest::Method;
use rules::{
    ErasureState, ProcessorState,
    contract::{DisclosureCreated, Erasure, Holdings, Preview},
    problem::ProblemType,
};
use serde_json::json;
use service::{core::Policy, erasure::engine, processors::run};

use crate::{
    browser::Browser,
    common::{Answer, Family, Service},
    fake::{CALLBACK, Fake},
    progress::Events,
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
    service.advance(4 * 86_400);
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
    for days in [4, 11] {
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

/// Somebody's session, over a day later: a new one.
async fn next_day(service: &Service) -> String {
    service.advance(86_400);
    service.session("parent", &[]).await
}

/// How the one processor stands, event for event, until it stands like this and is asked nothing more just now.
async fn until(service: &Service, events: &mut Events, state: ProcessorState) -> Erasure {
    loop {
        let erasure = events.event().await.expect("the stream ended before that");
        let step = &erasure.processors[0];
        if step.state == state && step.next_attempt_at.is_none_or(|next| next > service.now()) {
            return erasure;
        }
    }
}

#[tokio::test]
async fn a_stream_and_a_page_left_open_see_what_a_processor_answers_after_our_own_end() {
    let fake = Fake::start().await;
    let service = Service::giving_to(fake.processors(), Policy::default()).await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "good morning").await;
    let told = json!({ "processor": "speech", "recordings": [recording], "classes": ["media"] });
    Answer::to(service.vendor(Method::POST, "/v1/disclosures").json(&told)).await.ok::<DisclosureCreated>();
    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    service.advance(3 * 86_400);
    let token = next_day(&service).await;
    let path = format!("/v1/erasures/{}", erasure.id);
    while service.get(&token, &path).await.ok::<Erasure>().state != ErasureState::Deleted {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let mut events = Events::follow(&service, &token, &erasure).await;
    until(&service, &mut events, ProcessorState::Acknowledged).await;
    let browser = Browser::sign_in(&service, &token).await;
    let page_path = format!("/plain/requests/{}", erasure.id);
    let page = browser.get(&page_path).await;
    assert!(page.words().contains("What they answer later is shown here. Look again"), "{}", page.words());

    // It says that it is done, and not what it still has.
    fake.says("completed", None);
    service.clock.advance(60);
    until(&service, &mut events, ProcessorState::Completed).await;
    let page = browser.get(&page_path).await;
    assert!(
        page.words().contains("Look again") && !page.words().contains("have confirmed"),
        "{}",
        page.words()
    );

    // It still has something.
    fake.says("completed", Some(2));
    service.clock.advance(300);
    let found = until(&service, &mut events, ProcessorState::Contradicted).await;
    assert_eq!(found.state, ErasureState::Deleted);
    assert!(browser.get(&page_path).await.words().contains("still has some"));

    // And in the end nothing: then there is no more to tell.
    fake.says("completed", Some(0));
    let token = next_day(&service).await;
    let mut events = Events::follow(&service, &token, &erasure).await;
    let last = until(&service, &mut events, ProcessorState::Completed).await;
    assert!(last.is_over() && last.not_confirmed() == 0);
    assert_eq!(events.event().await, None, "the stream ends");
    let page = Browser::sign_in(&service, &token).await.get(&page_path).await;
    assert!(!page.words().contains("Look again"), "{}", page.words());
}

#[tokio::test]
async fn a_preview_and_the_holdings_name_who_was_given_something() {
    let fake = Fake::start().await;
    let service = Service::giving_to(fake.processors(), Policy::default()).await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "good morning").await;
    let stranger = service.family("stranger").await;
    service.record(&stranger, "2026-11-20T08:00:00Z", "good night").await;
    let told = json!({ "processor": "speech", "recordings": [recording], "classes": ["media"] });
    Answer::to(service.vendor(Method::POST, "/v1/disclosures").json(&told)).await.ok::<DisclosureCreated>();
    let look = async |family: &Family| {
        let request = json!({ "child": family.child, "scope": { "type": "child" } });
        let preview: Preview = service.post(&family.token, "/v1/erasures/preview", &request).await.ok();
        let path = format!("/v1/children/{}/holdings", family.child);
        let holdings: Holdings = service.get(&family.token, &path).await.ok();
        assert_eq!(preview.recipients, holdings.recipients);
        let browser = Browser::sign_in(&service, &family.token).await;
        let held = browser.get(&format!("/plain/children/{}/holdings", family.child)).await;
        let shown =
            browser.get(&held.link(&format!("Delete everything of Child of {}", family.guardian))).await;
        (preview.recipients, held.words(), shown.words())
    };
    let (recipients, held, shown) = look(&family).await;
    let [speech] = &recipients[..] else { panic!("{recipients:?}") };
    assert_eq!((&*speech.processor, speech.recordings), ("speech", 1));
    assert_eq!(speech.about, "https://speech.example/privacy");
    for page in [&held, &shown] {
        assert!(page.contains("Other recipients") && page.contains("speech 1 recording"), "{page}");
    }
    assert!(shown.contains("Each of them will be asked to delete it, too."), "{shown}");
    let (nobody, held, shown) = look(&stranger).await;
    assert!(nobody.is_empty() && !held.contains("Other recipients") && !shown.contains("Other recipients"));
}
