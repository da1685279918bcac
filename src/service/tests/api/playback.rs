use reqwest::Method;
use rules::{
    contract::{Playback, RecordingPage},
    problem::ProblemType,
};
use serde_json::json;
use sqlx::query;

use crate::common::{Answer, Service, family::Clip, sound};

const AT: &str = "2026-11-20T08:00:00Z";

#[tokio::test]
async fn a_ticket_plays_the_very_bytes() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, AT, "a song").await;
    let path = format!("/v1/recordings/{id}/playback");
    let playback: Playback = service.post(&family.token, &path, &json!({})).await.ok();
    assert_eq!(playback.media_type, "audio/wav");
    assert_eq!(playback.expires_at, service.now().plus_seconds(600));

    let answer = Answer::to(service.ask(Method::GET, &playback.url)).await;
    assert_eq!((answer.status, answer.body), (200, sound::wav(8000, AT.as_bytes())));
    for (name, value) in [
        ("content-type", "audio/wav"),
        ("content-length", "8044"),
        ("accept-ranges", "bytes"),
        ("content-security-policy", "sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        assert_eq!(answer.headers[name], value, "{name}");
    }
}

#[tokio::test]
async fn ranges_are_served_one_at_a_time() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, AT, "a song").await;
    let url = service.ticket(&family, id).await;
    let whole = sound::wav(8000, AT.as_bytes());
    let ask = async |range: &str| Answer::to(service.ask(Method::GET, &url).header("range", range)).await;
    for (range, part, content_range) in [
        ("bytes=0-99", 0..100, "bytes 0-99/8044"),
        ("bytes=8000-", 8000..8044, "bytes 8000-8043/8044"),
        ("bytes=-4", 8040..8044, "bytes 8040-8043/8044"),
        ("bytes=0-999999", 0..8044, "bytes 0-8043/8044"),
    ] {
        let answer = ask(range).await;
        assert_eq!((answer.status, answer.header("content-range")), (206, content_range), "{range}");
        assert_eq!(answer.header("content-length"), part.len().to_string());
        assert_eq!(answer.body, whole[part], "{range}");
    }
    let outside = ask("bytes=8044-").await;
    outside.refused(ProblemType::BadRange);
    assert_eq!(outside.header("content-range"), "bytes */8044");
    assert_eq!(ask("bytes=0-1,4-5").await.status, 200, "several ranges: all of it");

    let stale = service.ask(Method::GET, &url).header("range", "bytes=0-99").header("if-range", "\"old\"");
    assert_eq!(Answer::to(stale).await.status, 200);
    let head = Answer::to(service.ask(Method::HEAD, &url).header("range", "bytes=0-99")).await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (206, "100", 0));
}

#[tokio::test]
async fn a_ticket_ends_with_its_time_and_with_its_session() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, AT, "a song").await;
    let url = service.ticket(&family, id).await;
    service.advance(599);
    assert_eq!(Answer::to(service.ask(Method::GET, &url)).await.status, 200);
    let path = format!("/v1/recordings/{id}/playback");
    let late: Playback = service.post(&family.token, &path, &json!({})).await.ok();
    assert_eq!(late.expires_at, service.now().plus_seconds(301), "the session has 301 seconds left");
    service.advance(1);
    Answer::to(service.ask(Method::GET, &url)).await.refused(ProblemType::Gone);
    service.advance(300);
    Answer::to(service.ask(Method::GET, &late.url)).await.refused(ProblemType::Gone);
}

#[tokio::test]
async fn a_ticket_is_worth_nothing_to_guess_or_change() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, AT, "a song").await;
    let url = service.ticket(&family, id).await;
    assert_eq!(url.len(), "/v1/media/".len() + 64, "256 bits");
    let changed = format!("{}0", &url[..url.len() - 1]);
    for path in [
        if changed == url { format!("{url}1") } else { changed },
        "/v1/media/x".into(),
        "/v1/media/%ff".into(),
    ] {
        Answer::to(service.ask(Method::GET, &path)).await.refused(ProblemType::NotFound);
    }
}

#[tokio::test]
async fn tickets_die_at_sealing_and_live_again_after_undo() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, AT, "a song").await;
    let url = service.ticket(&family, id).await;
    let erasure = service.erase(&family, json!({ "type": "class", "class": "media" })).await;
    Answer::to(service.ask(Method::GET, &url)).await.refused(ProblemType::Gone);
    let path = format!("/v1/recordings/{id}/playback");
    service.post(&family.token, &path, &json!({})).await.refused(ProblemType::Gone);
    service.delete(&family.token, &format!("/v1/erasures/{}", erasure.id)).await;
    assert_eq!(Answer::to(service.ask(Method::GET, &url)).await.status, 200);
}

/// More than the sockets of both sides can hold, so that most of it is still to be sent.
const LONG: u32 = 40 << 20;

#[tokio::test]
async fn sealing_breaks_off_what_is_being_downloaded() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let clip = Clip { media: sound::wav(LONG, b"la la la"), ..Clip::at(AT, "a long song") };
    service.hand_in(family.child, clip).await;
    let path = format!("/v1/children/{}/recordings", family.child);
    let page: RecordingPage = service.get(&family.token, &path).await.ok();
    let url = service.ticket(&family, page.items[0].id).await;

    let mut playing = service.ask(Method::GET, &url).send().await.unwrap();
    assert_eq!(playing.status(), 200);
    let mut received = playing.chunk().await.unwrap().unwrap().len();
    service.erase(&family, json!({ "type": "child" })).await;
    let broken = loop {
        match playing.chunk().await {
            Ok(Some(chunk)) => received += chunk.len(),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "the download ended as if it were whole, after {received} bytes");
    assert!(received < LONG as usize, "{received}");
}

#[tokio::test]
async fn a_guardian_who_is_no_longer_one_has_no_way_to_the_bytes() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, AT, "a song").await;
    let url = service.ticket(&family, id).await;
    let mut tx = service.core.db.write().await.unwrap();
    query("DELETE FROM guardianship").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    Answer::to(service.ask(Method::GET, &url)).await.refused(ProblemType::NotFound);
    service.get(&family.token, &format!("/v1/recordings/{id}")).await.refused(ProblemType::NotFound);
}
