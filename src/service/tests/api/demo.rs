//! The demo's own sign-in.

use reqwest::Method;
use rules::{
    contract::{Children, SessionCreated},
    problem::ProblemType,
};
use service::core::Policy;

use crate::common::{Answer, Service};

async fn demo() -> Service {
    let service = Service::with(Policy { demo: true, undo_window_seconds: 120 }, |_| {}).await;
    service.family("demo").await;
    service
}

async fn sign_in(service: &Service, headers: &[(&str, &str)]) -> Answer {
    let request = service.ask(Method::POST, "/demo/session");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::to(request).await
}

#[tokio::test]
async fn a_demo_signs_in_its_own_page_and_says_that_it_is_one() {
    let service = demo().await;
    let own = service.url("");
    let answer = sign_in(&service, &[("origin", &own)]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, "no-store"));
    let session: SessionCreated = answer.ok();
    let children: Children = service.get(&session.client_secret, "/v1/children").await.ok();
    assert_eq!((children.demo, children.undo_window_seconds, children.items.len()), (true, 120, 1));
    let post = service.ask(Method::POST, "/v1/erasures/preview").bearer_auth(&session.client_secret);
    let elsewhere = post.header("origin", "https://elsewhere.example").json(&());
    Answer::to(elsewhere).await.refused(ProblemType::WrongOrigin);
}

#[tokio::test]
async fn no_other_page_is_signed_in() {
    let service = demo().await;
    let port = service.address.port();
    let rebound = format!("rebound.example:{port}");
    let localhost = format!("http://localhost:{port}");
    for headers in [
        &[("host", &*rebound)][..],
        &[("host", &rebound), ("origin", &format!("http://{rebound}"))],
        &[("origin", "https://elsewhere.example")],
        &[("origin", "null")],
        &[("origin", &localhost)],
    ] {
        let answer = sign_in(&service, headers).await;
        answer.refused(ProblemType::NotFound);
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn without_demo_mode_it_does_not_exist() {
    let service = Service::start().await;
    service.family("demo").await;
    sign_in(&service, &[]).await.refused(ProblemType::NotFound);
    let family = service.family("parent").await;
    let children: Children = service.get(&family.token, "/v1/children").await.ok();
    assert!(!children.demo);
}

#[tokio::test]
async fn signing_in_again_and_again_is_slowed_down() {
    let service = demo().await;
    let mut tries = 0;
    let slowed = loop {
        let answer = sign_in(&service, &[]).await;
        tries += 1;
        if answer.status != 201 || tries == 5000 {
            break answer;
        }
    };
    slowed.refused(ProblemType::TooMany);
}
