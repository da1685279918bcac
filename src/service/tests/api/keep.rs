use rules::{
    contract::{Keep, Recording},
    problem::ProblemType,
    retention::{EndReason, end_of},
};
use serde_json::{Value, json};

use crate::common::Service;

#[tokio::test]
async fn a_keep_has_an_end_and_can_be_moved_and_given_up() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2025-08-01T08:00:00Z", "first words").await;
    let path = format!("/v1/recordings/{id}/keep");
    let open =
        async || -> Recording { service.get(&family.token, &format!("/v1/recordings/{id}")).await.ok() };
    for until in ["2028-05-21", "2027-11-21"] {
        let keep: Keep = service.put(&family.token, &path, &json!({ "until": until })).await.ok();
        assert_eq!(keep.until.to_string(), until);
        let recording = open().await;
        assert_eq!(recording.item.kept_until, Some(keep.until));
        let last_use = recording.item.captured_at.date();
        assert_eq!(recording.end, end_of(last_use, Some(keep.until)));
        assert_eq!(recording.end.because, EndReason::KeepEnds);
    }
    for _ in 0..2 {
        let gone = service.delete(&family.token, &path).await;
        assert_eq!((gone.status, gone.body.len()), (204, 0));
    }
    let recording = open().await;
    assert_eq!((recording.item.kept_until, recording.end.because), (None, EndReason::Inactivity));
}

#[tokio::test]
async fn nothing_is_kept_for_ever() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "first words").await;
    let path = format!("/v1/recordings/{id}/keep");
    for until in [
        json!("2026-11-21"),
        json!("2028-05-22"),
        json!("9999-12-31"),
        json!("2027-02-30"),
        json!("for ever"),
        Value::Null,
    ] {
        let refused = service.put(&family.token, &path, &json!({ "until": until })).await;
        refused.refused(ProblemType::Invalid);
    }
    service.put(&family.token, &path, &json!({})).await.refused(ProblemType::Invalid);
}

#[tokio::test]
async fn what_is_sealed_cannot_be_kept() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "first words").await;
    service.erase(&family, json!({ "type": "child" })).await;
    let path = format!("/v1/recordings/{id}/keep");
    let body = json!({ "until": "2027-11-21" });
    service.put(&family.token, &path, &body).await.refused(ProblemType::NotFound);
    service.delete(&family.token, &path).await.refused(ProblemType::NotFound);
}

#[tokio::test]
async fn a_keep_is_over_the_day_after_its_end() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "first words").await;
    let path = format!("/v1/recordings/{id}/keep");
    service.put(&family.token, &path, &json!({ "until": "2026-11-23" })).await;
    service.advance(3 * 86_400);
    let token = service.session(&family.guardian, &[]).await;
    let recording: Recording = service.get(&token, &format!("/v1/recordings/{id}")).await.ok();
    assert_eq!(recording.item.kept_until, None);
}
