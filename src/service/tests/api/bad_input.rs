//! Every kind of bad input is a problem of its kind, in the one form, and says nothing it should not.

use reqwest::{Method, RequestBuilder};
use rules::problem::ProblemType::{self, Invalid, NoMethod, NotFound, TooLarge};
use serde_json::json;

use crate::common::{Answer, Service};

#[tokio::test]
async fn bad_paths_and_methods() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    for (method, path, kind) in [
        (Method::GET, "/v1/nothing".to_owned(), NotFound),
        (Method::GET, "/v1/children/1/recordings".into(), NotFound),
        (Method::GET, format!("/v1/children/{recording}/recordings"), NotFound),
        (Method::GET, format!("/v1/recordings/{}", recording.to_string().to_lowercase()), NotFound),
        (Method::GET, "/v1/recordings/%00%ff".into(), NotFound),
        (Method::GET, "/v1/recordings/..%2f..%2fetc".into(), NotFound),
        (Method::DELETE, "/v1/children".into(), NoMethod),
        (Method::GET, "/v1/erasures/preview".into(), NoMethod),
        (Method::PATCH, format!("/v1/recordings/{recording}"), NoMethod),
        (Method::POST, "/v1/media/x".into(), NoMethod),
        (Method::POST, "/healthz".into(), NoMethod),
        (Method::POST, "/".into(), NoMethod),
        (Method::GET, "/nothing".into(), NotFound),
    ] {
        let answer = Answer::to(service.ask(method.clone(), &path).bearer_auth(&family.token)).await;
        assert_eq!(answer.problem().kind, kind, "{method} {path}");
        if kind == NoMethod && path != "/" {
            assert!(!answer.header("allow").is_empty(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn bad_queries() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    for query in [
        "form=2026-01-01T00:00:00Z",
        "from=yesterday",
        "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=many",
        "kind=smell",
        "class=secrets",
        "device=kitchen",
        "q=",
        "q=%E2%80%A6",
        "q=a&q=b",
        &format!("q={}", "x".repeat(201)),
    ] {
        let path = format!("/v1/children/{}/recordings?{query}", family.child);
        let problem = service.get(&family.token, &path).await.refused(Invalid);
        assert!(problem.detail.is_some_and(|detail| !detail.is_empty()), "{query}");
    }
    let count = format!("/v1/children/{}/recordings/count?limit=5", family.child);
    service.get(&family.token, &count).await.refused(Invalid);
}

#[tokio::test]
async fn bad_bodies() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let child = family.child;
    let post = || service.ask(Method::POST, "/v1/erasures").bearer_auth(&family.token);
    let json_text = |text: String| post().header("content-type", "application/json").body(text);
    let scope = |scope: serde_json::Value| post().json(&json!({ "child": child, "scope": scope }));
    let cases: Vec<(&str, RequestBuilder, ProblemType)> = vec![
        ("no body", post(), Invalid),
        (
            "no content type",
            post().body(json!({ "child": child, "scope": { "type": "child" } }).to_string()),
            Invalid,
        ),
        ("not JSON", json_text("{".into()), Invalid),
        ("nothing", json_text(String::new()), Invalid),
        (
            "not UTF-8",
            post().header("content-type", "application/json").body(vec![b'"', 0xff, b'"']),
            Invalid,
        ),
        ("deep", json_text("[".repeat(200_000)), Invalid),
        ("too large", json_text(format!("\"{}\"", "x".repeat(2 << 20))), TooLarge),
        ("no scope", post().json(&json!({ "child": child })), Invalid),
        ("unknown scope", scope(json!({ "type": "universe" })), Invalid),
        ("no child", post().json(&json!({ "scope": { "type": "child" } })), Invalid),
        ("a child of everything", scope(json!({ "type": "everything" })), Invalid),
        ("no items", scope(json!({ "type": "items", "recordings": [] })), Invalid),
        ("items of another kind", scope(json!({ "type": "items", "recordings": [child] })), Invalid),
        ("too many items", scope(json!({ "type": "items", "recordings": vec![id; 10_001] })), Invalid),
        ("an empty search", scope(json!({ "type": "search", "filter": {} })), Invalid),
        ("a misspelt search", scope(json!({ "type": "search", "filter": { "text": "word" } })), Invalid),
        (
            "a period without length",
            scope(json!({ "type": "range", "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z" })),
            Invalid,
        ),
    ];
    for (what, request, kind) in cases {
        let answer = Answer::to(request).await;
        assert_eq!(answer.problem().kind, kind, "{what}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_refusal_does_not_repeat_what_was_said() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let body =
        json!({ "child": family.child, "scope": { "type": "search", "filter": { "kind": 5, "q": "w" } } });
    service.post(&family.token, "/v1/erasures", &body).await.refused(Invalid);
    let body = json!({ "child": family.child, "scope": { "type": "items", "recordings": "my secret" } });
    let answer = service.post(&family.token, "/v1/erasures", &body).await;
    answer.refused(Invalid);
    assert!(!answer.text().contains("secret"), "{}", answer.text());
}

#[tokio::test]
async fn bad_children() {
    let service = Service::start().await;
    for body in [
        json!({ "guardian": "parent" }),
        json!({ "guardian": "parent", "name": "" }),
        json!({ "guardian": "parent", "name": " " }),
        json!({ "guardian": "", "name": "Mia" }),
        json!({ "guardian": "parent", "name": "x".repeat(101) }),
        json!({ "guardian": "p".repeat(201), "name": "Mia" }),
        json!({ "guardian": "parent", "name": "Mia\nLee" }),
        json!({ "guardian": "parent", "name": "Mia", "age": 5 }),
    ] {
        let answer = Answer::to(service.vendor(Method::POST, "/v1/children").json(&body)).await;
        answer.refused(Invalid);
    }
}
