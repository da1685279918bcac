//! A guardian, a child, a session, and recordings handed in over HTTP.

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use rules::{
    ChildId, RecordingId, Timestamp,
    contract::{ChildCreated, DerivationCreated, Erasure, NewRecording, RecordingCreated, Transcript},
    location::Place,
};
use serde_json::{Value, json};

use super::{Answer, Service, sound};

pub struct Family {
    pub guardian: String,
    pub child: ChildId,
    pub token: String,
}

/// A recording to hand in.
pub struct Clip<'a> {
    pub at: &'a str,
    pub device: &'a str,
    pub text: &'a str,
    pub media: Vec<u8>,
}

impl<'a> Clip<'a> {
    /// A second of sound that is different for each moment.
    pub fn at(at: &'a str, text: &'a str) -> Self {
        Self { at, device: "Kitchen", text, media: sound::wav(8000, at.as_bytes()) }
    }
}

impl Service {
    /// A family of one child, whose session may do everything.
    pub async fn family(&self, guardian: &str) -> Family {
        let body = json!({ "guardian": guardian, "name": format!("Child of {guardian}") });
        let made: ChildCreated = Answer::to(self.vendor(Method::POST, "/v1/children").json(&body)).await.ok();
        let token = self.session(guardian, &[]).await;
        Family { guardian: guardian.into(), child: made.id, token }
    }

    /// Hands a recording in, the way a vendor does.
    pub async fn hand_in(&self, child: ChildId, clip: Clip<'_>) -> Answer {
        let about = NewRecording {
            child,
            captured_at: clip.at.parse::<Timestamp>().unwrap(),
            device: Some(clip.device.into()),
            transcript: Some(Transcript::new(clip.text, Some("en".into()))),
            location: Place::new(47_606_200, -122_332_100, Some(20)),
            reference: None,
        };
        let form = Form::new()
            .part("recording", Part::text(serde_json::to_string(&about).unwrap()))
            .part("media", Part::bytes(clip.media).file_name("clip.wav"));
        Answer::to(self.vendor(Method::POST, "/v1/recordings").multipart(form)).await
    }

    pub async fn record(&self, family: &Family, at: &str, text: &str) -> RecordingId {
        self.hand_in(family.child, Clip::at(at, text)).await.ok::<RecordingCreated>().id
    }

    /// A recording of which every store has something: the vendor made of it whatever can be made.
    pub async fn record_whole(&self, family: &Family, at: &str, text: &str) -> RecordingId {
        let id = self.record(family, at, text).await;
        for (kind, from) in
            [("fact", "media"), ("fact", "location"), ("voiceprint", "media"), ("thumbnail", "media")]
        {
            let sources = json!([{ "recording": id, "from": [from] }]);
            let made = self.register(&self.made(family, kind, text, &sources)).await;
            assert_eq!(made.status, 201, "{}", made.text());
        }
        let rows = json!([{ "recording": id, "content": text }]);
        self.dataset("speech-1", "given", rows).await;
        id
    }

    /// What a vendor says of a thing that was made.
    pub fn made(&self, family: &Family, kind: &str, content: &str, recordings: &Value) -> Value {
        json!({ "kind": kind, "child": family.child, "recordings": recordings, "content": content, "made_at": self.now() })
    }

    /// Registers what was made, the way a vendor does.
    pub async fn register(&self, made: &Value) -> Answer {
        Answer::to(self.vendor(Method::POST, "/v1/derivations").json(made)).await
    }

    /// Registers a dataset; its id.
    pub async fn dataset(&self, name: &str, consent: &str, rows: Value) -> String {
        let new = json!({ "kind": "dataset", "name": name, "consent": consent, "rows": rows, "made_at": self.now() });
        self.register(&new).await.ok::<DerivationCreated>().id
    }

    /// Registers a model; its id.
    pub async fn model(&self, name: &str, datasets: &[String]) -> String {
        let new = json!({ "kind": "model", "name": name, "datasets": datasets, "made_at": self.now() });
        self.register(&new).await.ok::<DerivationCreated>().id
    }

    /// The rows of a dataset, as a training gets them.
    pub async fn export(&self, dataset: &str) -> Vec<Value> {
        let answer = Answer::to(self.vendor(Method::GET, &format!("/v1/datasets/{dataset}/export"))).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/x-ndjson"));
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Accepts an erasure of one child.
    pub async fn erase(&self, family: &Family, scope: Value) -> Erasure {
        let body = json!({ "child": family.child, "scope": scope });
        self.post(&family.token, "/v1/erasures", &body).await.ok()
    }

    /// The address of a recording's bytes.
    pub async fn ticket(&self, family: &Family, recording: RecordingId) -> String {
        let path = format!("/v1/recordings/{recording}/playback");
        let playback: rules::contract::Playback = self.post(&family.token, &path, &json!({})).await.ok();
        playback.url
    }
}
