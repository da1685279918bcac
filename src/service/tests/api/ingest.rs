use reqwest::{
    Method,
    multipart::{Form, Part},
};
use rules::{contract::RecordingCreated, problem::ProblemType};
use serde_json::{Value, json};
use service::core::Policy;

use crate::common::{Answer, Service, family::Clip, sound};

fn about(child: impl ToString) -> Value {
    json!({ "child": child.to_string(), "captured_at": "2026-11-20T08:00:00Z", "device": "Kitchen" })
}

fn json_part(value: &Value) -> Part {
    Part::text(value.to_string()).mime_str("application/json").unwrap()
}

async fn send(service: &Service, form: Form) -> Answer {
    let answer = Answer::to(service.vendor(Method::POST, "/v1/recordings").multipart(form)).await;
    let uploads = service.folder.path().join("uploads");
    let left = std::fs::read_dir(uploads).map_or(0, Iterator::count);
    assert_eq!(left, 0, "whatever came of it, no upload is left behind");
    answer
}

#[tokio::test]
async fn handed_in_twice_it_is_one_recording() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let at = "2026-11-20T08:00:00Z";
    let first = service.hand_in(family.child, Clip::at(at, "hello")).await;
    let created: RecordingCreated = first.ok();
    assert_eq!((first.status, created.already_there), (201, false));
    assert_eq!(first.header("location"), format!("/v1/recordings/{}", created.id));
    let again = service.hand_in(family.child, Clip::at(at, "hello")).await;
    let there: RecordingCreated = again.ok();
    assert_eq!((again.status, there.id, there.already_there), (200, created.id, true));
}

#[tokio::test]
async fn what_a_guardian_deleted_is_a_conflict_and_stores_nothing() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let at = "2026-11-20T08:00:00Z";
    let recording = service.record(&family, at, "hello").await;
    service.erase(&family, json!({ "type": "items", "recordings": [recording] })).await;
    let again = service.hand_in(family.child, Clip::at(at, "hello")).await;
    assert_eq!(again.status, 409);
    again.refused(ProblemType::Conflict);
    let other_moment = Clip { at: "2026-11-20T09:00:00Z", ..Clip::at(at, "hello") };
    service.hand_in(family.child, other_moment).await.refused(ProblemType::Conflict);
    let path = format!("/v1/children/{}/recordings", family.child);
    let list: Value = service.get(&family.token, &path).await.ok();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn the_parts_may_come_in_either_order() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let media = || Part::bytes(sound::wav(8000, b"hello")).file_name("x.mp3");
    let form = Form::new().part("media", media()).part("recording", json_part(&about(family.child)));
    assert_eq!(send(&service, form).await.status, 201);
    let form = Form::new().part("recording", json_part(&about(family.child))).part("media", media());
    assert_eq!(send(&service, form).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_its_reason() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let wav = sound::wav(8000, b"hello");
    for (bytes, reason) in
        [(b"%PDF-1.7 not a sound".to_vec(), "not sound"), (vec![], "empty"), (wav[..30].to_vec(), "")]
    {
        let form = Form::new()
            .part("recording", json_part(&about(family.child)))
            .part("media", Part::bytes(bytes).file_name("x.wav"));
        let problem = send(&service, form).await.refused(ProblemType::NotARecording);
        assert!(problem.detail.unwrap().contains(reason));
    }
}

#[tokio::test]
async fn what_is_not_said_properly_is_refused() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let wav = || Part::bytes(sound::wav(8000, b"hello"));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut about = about(family.child);
        change(&mut about);
        Form::new().part("recording", json_part(&about)).part("media", wav())
    };
    let invalid = [
        Form::new().part("recording", json_part(&about(family.child))),
        Form::new().part("media", wav()),
        Form::new().part("recording", Part::text("{")).part("media", wav()),
        with(&|about| about["captured_at"] = json!("2027-01-01T00:00:00Z")),
        with(&|about| about["captured_at"] = json!("yesterday")),
        with(&|about| about["location"] = json!({ "latitude_udeg": 91_000_000, "longitude_udeg": 0 })),
        with(&|about| about["transcrpt"] = json!({ "text": "lost for ever" })),
        with(&|_| {}).part("media", wav()),
        with(&|_| {}).part("more", wav()),
    ];
    for form in invalid {
        send(&service, form).await.refused(ProblemType::Invalid);
    }
    let nobody = with(&|about| about["child"] = json!("chd_01ARZ3NDEKTSV4RRFFQ69G5FAV"));
    send(&service, nobody).await.refused(ProblemType::NotFound);
    let no_form = service.vendor(Method::POST, "/v1/recordings").json(&about(family.child));
    Answer::to(no_form).await.refused(ProblemType::Invalid);
    let broken_off = service
        .vendor(Method::POST, "/v1/recordings")
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x\r\ncontent-disposition: form-data; name=\"media\"\r\n\r\nRIFF");
    Answer::to(broken_off).await.refused(ProblemType::Invalid);
}

#[tokio::test]
async fn there_is_a_limit_and_it_is_told() {
    let service = Service::with(Policy::default(), |options| options.max_upload_bytes = 100_000).await;
    let family = service.family("parent").await;
    let form = |samples| {
        let media = Part::bytes(sound::wav(samples, b"hello"));
        Form::new().part("recording", json_part(&about(family.child))).part("media", media)
    };
    let problem = send(&service, form(200_000)).await.refused(ProblemType::TooLarge);
    assert!(problem.detail.unwrap().contains("100000"));
    assert_eq!(send(&service, form(50_000)).await.status, 201);
}
