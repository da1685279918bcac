use reqwest::Method;
use rules::{
    contract::{Children, SessionCreated},
    problem::ProblemType,
};
use serde_json::{Value, json};
use service::session::{Refused, verify};
use sqlx::{Row, query, query_scalar};

use crate::common::{Answer, ORIGIN, Service, VENDOR};

async fn mint(service: &Service, body: &Value) -> Answer {
    Answer::to(service.vendor(Method::POST, "/v1/sessions").json(body)).await
}

#[tokio::test]
async fn a_session_lives_a_quarter_of_an_hour_and_is_then_over_not_unknown() {
    let service = Service::start().await;
    service.family("parent").await;
    let answer = mint(&service, &json!({ "guardian": "parent", "origin": ORIGIN })).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, "no-store"));
    let session: SessionCreated = answer.ok();
    assert!(session.client_secret.starts_with("fmn_") && session.client_secret.len() == 68);
    assert_eq!(session.expires_at, service.now().plus_seconds(900));
    service.advance(899);
    assert_eq!(service.get(&session.client_secret, "/v1/children").await.status, 200);
    service.advance(1);
    service.get(&session.client_secret, "/v1/children").await.refused(ProblemType::SessionExpired);
    // A day later its very row is gone, once another one is minted.
    service.advance(86_401);
    mint(&service, &json!({ "guardian": "parent", "origin": ORIGIN })).await;
    service.get(&session.client_secret, "/v1/children").await.refused(ProblemType::NoSession);
    let rows: i64 =
        query_scalar("SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM session_child)")
            .fetch_one(service.core.db.read())
            .await
            .unwrap();
    assert_eq!(rows, 2, "only the new session, with its child");
}

#[tokio::test]
async fn a_session_may_be_shorter_and_never_longer() {
    let service = Service::start().await;
    service.family("parent").await;
    let with = |ttl: Value| json!({ "guardian": "parent", "origin": ORIGIN, "ttl_seconds": ttl });
    let short: SessionCreated = mint(&service, &with(json!(60))).await.ok();
    assert_eq!(short.expires_at, service.now().plus_seconds(60));
    for bad in [json!(0), json!(901), json!(-1), json!("60")] {
        mint(&service, &with(bad)).await.refused(ProblemType::Invalid);
    }
}

#[tokio::test]
async fn a_session_names_its_children_and_no_others() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let body = json!({ "guardian": "parent", "name": "Little brother" });
    let brother = Answer::to(service.vendor(Method::POST, "/v1/children").json(&body)).await.json();
    let body = json!({ "guardian": "parent", "origin": ORIGIN, "children": [brother["id"]] });
    let session: SessionCreated = mint(&service, &body).await.ok();
    let children: Children = service.get(&session.client_secret, "/v1/children").await.ok();
    assert_eq!(children.items.iter().map(|child| &*child.name).collect::<Vec<_>>(), ["Little brother"]);
    let path = format!("/v1/children/{}/recordings", family.child);
    service.get(&session.client_secret, &path).await.refused(ProblemType::NotFound);
}

#[tokio::test]
async fn a_misspelt_bound_does_not_make_a_wider_session() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    for (name, value) in
        [("child", json!([family.child])), ("permission", json!(["view"])), ("ttl", json!(60))]
    {
        let mut body = json!({ "guardian": "parent", "origin": ORIGIN });
        body[name] = value;
        mint(&service, &body).await.refused(ProblemType::Invalid);
    }
}

#[tokio::test]
async fn nobody_gets_a_session_for_another_family() {
    let service = Service::start().await;
    service.family("parent").await;
    let stranger = service.family("stranger").await;
    let body = json!({ "guardian": "parent", "origin": ORIGIN, "children": [stranger.child] });
    mint(&service, &body).await.refused(ProblemType::NotFound);
    mint(&service, &json!({ "guardian": "nobody", "origin": ORIGIN })).await.refused(ProblemType::NotFound);
}

#[tokio::test]
async fn an_origin_is_an_origin() {
    let service = Service::start().await;
    service.family("parent").await;
    for origin in ["null", "*", "parents.example", "https://parents.example/page", "http://parents.example"] {
        mint(&service, &json!({ "guardian": "parent", "origin": origin }))
            .await
            .refused(ProblemType::Invalid);
    }
}

#[tokio::test]
async fn a_session_is_bound_to_its_origin() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let from = async |origin: &str| {
        let request = service.ask(Method::GET, "/v1/children").bearer_auth(&family.token);
        Answer::to(request.header("origin", origin)).await
    };
    assert_eq!(from(ORIGIN).await.status, 200);
    assert_eq!(service.get(&family.token, "/v1/children").await.status, 200, "the API's own page sends none");
    for other in
        ["https://elsewhere.example", "null", "http://parents.example", "https://parents.example:8443", ""]
    {
        from(other).await.refused(ProblemType::WrongOrigin);
    }
}

#[tokio::test]
async fn the_database_knows_no_secret() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let ticket = service.ticket(&family, id).await;
    let ticket = ticket.strip_prefix("/v1/media/").unwrap();
    service.core.db.empty_wal().await.unwrap();
    let file = std::fs::read(service.folder.path().join("forget-me-not.db")).unwrap();
    for secret in [family.token.strip_prefix("fmn_").unwrap(), ticket, VENDOR] {
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    let row =
        query("SELECT length(token_hash) FROM session").fetch_one(service.core.db.read()).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 32);
    let stored = verify(&service.core.db, service.now(), &family.token, Some(ORIGIN)).await.unwrap();
    assert_eq!(stored.asker.children.len(), 1);
    let other = verify(&service.core.db, service.now(), &family.token.replace("fmn_", "fmn_0"), None).await;
    assert!(matches!(other, Err(Refused::Unknown)));
}

#[tokio::test]
async fn keys_that_nearly_fit_open_nothing() {
    let service = Service::start().await;
    let longer = format!("{VENDOR}0");
    for key in [&VENDOR[..VENDOR.len() - 1], &longer, &VENDOR.to_uppercase(), "fmn_", ""] {
        let request = service.ask(Method::POST, "/v1/sessions").bearer_auth(key).json(&json!({}));
        Answer::to(request).await.refused(ProblemType::NoSession);
    }
    let request =
        service.ask(Method::POST, "/v1/sessions").header("authorization", format!("Basic {VENDOR}"));
    Answer::to(request).await.refused(ProblemType::NoSession);
    let request = service.ask(Method::POST, "/v1/sessions").header("cookie", format!("token={VENDOR}"));
    Answer::to(request).await.refused(ProblemType::NoSession);
}

#[tokio::test]
async fn who_fails_too_often_is_slowed_down_and_who_has_a_session_is_not() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let mut tries = 0;
    let slowed = loop {
        let answer = service.get("fmn_0", "/v1/children").await;
        tries += 1;
        if answer.status != 401 || tries == 5000 {
            break answer;
        }
    };
    slowed.refused(ProblemType::TooMany);
    assert!(!slowed.header("retry-after").is_empty());
    assert!(tries > 100, "a page that reloads a few times is no attack: {tries}");
    assert_eq!(service.get(&family.token, "/v1/children").await.status, 200);
}
