//! The page's files, the documentation, health and metrics: what is not the contract.

use std::path::Path;

use reqwest::Method;
use rules::problem::ProblemType;
use serde_json::json;
use service::core::Policy;

use crate::common::{Answer, Service};

async fn serving(files: &Path) -> Service {
    let files = files.to_owned();
    Service::with(Policy::default(), |options| options.assets = Some(files)).await
}

fn built_page() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("index.html", b"<!doctype html><title>Forget-me-not</title>");
    write("forget-me-not.js", b"export {};");
    write("forget_me_not_bg.wasm", b"\0asm\x01\0\0\0");
    write("forget_me_not_bg.wasm.br", b"pretend brotli");
    write("forget_me_not_bg.wasm.gz", b"pretend gzip");
    write("forget-me-not.css", b":host {}");
    std::fs::create_dir(folder.path().join("locales")).unwrap();
    write("locales/en.json", b"{}");
    folder
}

async fn get(service: &Service, path: &str) -> Answer {
    Answer::to(service.ask(Method::GET, path)).await
}

#[tokio::test]
async fn the_page_comes_with_a_strict_policy() {
    let files = built_page();
    let service = serving(files.path()).await;
    let page = get(&service, "/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    let policy = page.header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "require-trusted-types-for 'script'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|part| part == directive), "{directive} is not in {policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
}

#[tokio::test]
async fn files_have_the_types_browsers_insist_on() {
    let files = built_page();
    let service = serving(files.path()).await;
    for (path, media_type) in [
        ("/forget_me_not_bg.wasm", "application/wasm"),
        ("/forget-me-not.js", "text/javascript"),
        ("/forget-me-not.css", "text/css"),
        ("/locales/en.json", "application/json"),
    ] {
        let file = get(&service, path).await;
        assert_eq!((file.status, file.header("content-type")), (200, media_type), "{path}");
        assert_eq!(file.header("access-control-allow-origin"), "*", "any site may embed the element");
        assert_eq!(file.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn what_was_compressed_beforehand_is_sent_compressed() {
    let files = built_page();
    let service = serving(files.path()).await;
    for (accepts, encoding, body) in [
        ("gzip, br", "br", &b"pretend brotli"[..]),
        ("gzip", "gzip", b"pretend gzip"),
        ("identity", "", b"\0asm\x01\0\0\0"),
    ] {
        let request = service.ask(Method::GET, "/forget_me_not_bg.wasm").header("accept-encoding", accepts);
        let file = Answer::to(request).await;
        assert_eq!(file.header("content-encoding"), encoding, "{accepts}");
        assert_eq!(file.header("content-type"), "application/wasm");
        assert_eq!(file.body, body);
    }
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let files = built_page();
    std::fs::create_dir(files.path().join("dist")).unwrap();
    std::fs::write(files.path().join("secret"), "secret").unwrap();
    let service = serving(&files.path().join("dist")).await;
    for path in ["/secret", "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/dist/../secret", "//etc/passwd"]
    {
        get(&service, path).await.refused(ProblemType::NotFound);
    }
}

#[tokio::test]
async fn an_unchanged_file_is_not_sent_again() {
    let files = built_page();
    let service = serving(files.path()).await;
    let file = get(&service, "/forget-me-not.js").await;
    let request = service.ask(Method::GET, "/forget-me-not.js");
    let again = request.header("if-modified-since", file.header("last-modified"));
    assert_eq!(Answer::to(again).await.status, 304);
}

#[tokio::test]
async fn the_api_lives_without_a_page() {
    let service = Service::start().await;
    get(&service, "/").await.refused(ProblemType::NotFound);
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        assert_eq!(get(&service, path).await.json(), json!({ "status": status }));
    }
}

#[tokio::test]
async fn a_service_without_its_database_lives_and_is_not_ready() {
    let service = Service::start().await;
    service.core.db.close().await;
    assert_eq!(get(&service, "/healthz").await.status, 200);
    get(&service, "/readyz").await.refused(ProblemType::Unavailable);
}

#[tokio::test]
async fn the_documentation_loads_nothing_from_elsewhere() {
    let service = Service::start().await;
    let moved = get(&service, "/docs").await;
    assert_eq!((moved.status, moved.header("location")), (303, "/docs/"));
    let page = get(&service, "/docs/").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{policy}");
    let mut loaded = 0;
    for attribute in ["src=\"", "href=\""] {
        for part in page.text().split(attribute).skip(1) {
            let path = part.split('"').next().unwrap();
            assert!(!path.contains("//"), "{path}");
            let file = get(&service, &format!("/docs/{}", path.trim_start_matches("./"))).await;
            assert_eq!(file.status, 200, "{path}");
            loaded += 1;
        }
    }
    assert!(loaded > 3, "{loaded}");
    // The viewer would ask its maker whether the document is valid, if it were not told not to.
    let start = get(&service, "/docs/swagger-initializer.js").await.text();
    assert!(start.contains("\"validatorUrl\": \"none\""), "{start}");
}

#[tokio::test]
async fn metrics_count_by_route_and_show_erasures() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    service.get(&family.token, &format!("/v1/recordings/{id}")).await;
    service.erase(&family, json!({ "type": "child" })).await;
    service.advance(60);
    let metrics = Answer::to(service.vendor(Method::GET, "/metrics")).await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = metrics.text();
    for line in [
        "fmn_requests_total{method=\"GET\",route=\"/v1/recordings/{id}\",status=\"200\"} 1",
        "fmn_request_seconds_count{method=\"POST\",route=\"/v1/erasures\"} 1",
        "fmn_request_seconds_bucket{method=\"POST\",route=\"/v1/erasures\",le=\"+Inf\"} 1",
        "fmn_erasures{state=\"sealed\"} 1",
        "fmn_oldest_unfinished_erasure_seconds 60",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("rec_"), "no ids");
}
