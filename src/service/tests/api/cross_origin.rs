//! What browsers are told about pages of other origins.

use reqwest::Method;
use rules::problem::ProblemType;
use service::core::Policy;

use crate::common::{Answer, ORIGIN, Service};

async fn preflight(service: &Service, origin: &str, method: &str, path: &str) -> Answer {
    let request = service
        .ask(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type,idempotency-key,range");
    Answer::to(request).await
}

#[tokio::test]
async fn a_page_with_a_session_may_ask_and_read() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    for (method, path) in
        [("PUT", "/v1/recordings/x/keep"), ("GET", "/v1/children"), ("DELETE", "/v1/erasures/x")]
    {
        let answer = preflight(&service, ORIGIN, method, path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
        assert!(answer.header("access-control-allow-methods").contains(method));
        for header in ["authorization", "content-type", "idempotency-key", "range"] {
            assert!(answer.header("access-control-allow-headers").contains(header), "{header}");
        }
        assert_eq!(answer.header("access-control-allow-credentials"), "", "no cookies, no credentials");
    }
    let request =
        service.ask(Method::GET, "/v1/children").bearer_auth(&family.token).header("origin", ORIGIN);
    let answer = Answer::to(request).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ORIGIN));
    assert!(answer.header("access-control-expose-headers").contains("location"));
    assert!(answer.header("vary").contains("origin"), "no cache mixes origins up");
}

#[tokio::test]
async fn a_page_without_a_session_may_not_read() {
    let service = Service::start().await;
    service.family("parent").await;
    for origin in ["https://elsewhere.example", "null", "https://parents.example.elsewhere.example"] {
        let answer = preflight(&service, origin, "GET", "/v1/children").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let answer = Answer::to(service.ask(Method::GET, "/v1/children").header("origin", origin)).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn a_page_whose_session_is_over_can_read_that_it_is() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.advance(3600);
    let request =
        service.ask(Method::GET, "/v1/children").bearer_auth(&family.token).header("origin", ORIGIN);
    let answer = Answer::to(request).await;
    answer.refused(ProblemType::SessionExpired);
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    service.advance(86_401);
    let answer = preflight(&service, ORIGIN, "GET", "/v1/children").await;
    assert_eq!(answer.header("access-control-allow-origin"), "", "a day later it is a stranger");
}

#[tokio::test]
async fn listed_origins_may_read_before_any_session() {
    let listed = "https://portal.example";
    let service =
        Service::with(Policy::default(), |options| options.allow_origins = vec![listed.into()]).await;
    let answer = preflight(&service, listed, "POST", "/v1/erasures").await;
    assert_eq!(answer.header("access-control-allow-origin"), listed);
}

#[tokio::test]
async fn a_media_element_of_the_embedding_page_may_load_the_bytes() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let url = service.ticket(&family, id).await;
    let answer = Answer::to(service.ask(Method::GET, &url).header("origin", ORIGIN)).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, ORIGIN));
    assert!(answer.header("access-control-expose-headers").contains("content-range"));
}
