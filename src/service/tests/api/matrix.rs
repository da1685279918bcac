//! Who may call what, generated from the OpenAPI document: a new route that this cannot fill in, or
//! that lets the wrong caller through, turns it red.

use reqwest::{
    Method, RequestBuilder,
    multipart::{Form, Part},
};
use rules::{
    ChildId, DatasetId, DeviceId, ErasureId, ModelId, RecordingId,
    contract::{Children, Permission},
    problem::ProblemType,
};
use serde_json::{Value, json};
use service::{api::document, core::Policy};

use super::{document::operations, schema};
use crate::{
    common::{Answer, Family, ORIGIN, Service, sound},
    fake::Fake,
};

/// The things of one family that a request can name.
#[derive(Clone)]
struct Things {
    guardian: String,
    child: ChildId,
    recording: RecordingId,
    device: DeviceId,
    erasure: ErasureId,
    ticket: String,
    dataset: String,
    model: String,
}

/// A family with one of each: two recordings, the later one sealed by an erasure.
async fn household(service: &Service, guardian: &str) -> (Family, Things) {
    let family = service.family(guardian).await;
    let recording = service.record(&family, "2026-11-20T08:00:00Z", "good morning").await;
    let sealed = service.record(&family, "2026-11-20T09:00:00Z", "good night").await;
    let ticket = service.ticket(&family, recording).await;
    let erasure = service.erase(&family, json!({ "type": "items", "recordings": [sealed] })).await.id;
    let children: Children = service.get(&family.token, "/v1/children").await.ok();
    let device = children.items[0].devices[0].id;
    let ticket = ticket.strip_prefix("/v1/media/").unwrap().to_owned();
    let dataset = format!("speech-{guardian}");
    let dataset =
        service.dataset(&dataset, "given", json!([{ "recording": recording, "content": "la" }])).await;
    let model = service.model(&format!("model-{guardian}"), std::slice::from_ref(&dataset)).await;
    let (guardian, child) = (guardian.into(), family.child);
    let things = Things { guardian, child, recording, device, erasure, ticket, dataset, model };
    (family, things)
}

impl Things {
    /// Ids of the right form that name nothing.
    fn nothing(&self) -> Self {
        Self {
            guardian: self.guardian.clone(),
            child: ChildId::from_parts(1, 1),
            recording: RecordingId::from_parts(1, 1),
            device: DeviceId::from_parts(1, 1),
            erasure: ErasureId::from_parts(1, 1),
            ticket: "0".repeat(64),
            dataset: DatasetId::from_parts(1, 1).to_string(),
            model: ModelId::from_parts(1, 1).to_string(),
        }
    }

    /// The path with every parameter filled in.
    fn fill(&self, path: &str) -> String {
        let parts: Vec<&str> = path.split('/').collect();
        let filled = parts.iter().enumerate().map(|(n, part)| match (parts[n.saturating_sub(1)], *part) {
            ("children", "{id}") => self.child.to_string(),
            ("recordings", "{id}") => self.recording.to_string(),
            ("erasures", "{id}") => self.erasure.to_string(),
            ("datasets", "{id}") => self.dataset.clone(),
            ("models", "{id}") => self.model.clone(),
            ("media", "{ticket}") => self.ticket.clone(),
            ("inventory", "{version}") | ("consistency", "{old}") | ("{old}", "{new}") => "1".to_owned(),
            ("ledger", "{seq}") | ("public", "{index}") => "0".to_owned(),
            ("processors", "{name}") => "nobody".to_owned(),
            (_, part) => {
                assert!(!part.contains('{'), "this test does not know how to fill in {path}: teach it");
                part.to_owned()
            }
        });
        filled.collect::<Vec<_>>().join("/")
    }

    /// The bodies an operation can be sent that name this family's things, each in another place.
    fn bodies(&self, operation: &Value) -> Vec<Body> {
        let content = &operation["requestBody"]["content"];
        let Some(content) = content.as_object() else { return vec![Body::None] };
        assert_eq!(content.len(), 1);
        let (_, media) = content.iter().next().unwrap();
        let name = media["schema"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let (child, recording, device) = (self.child, self.recording, self.device);
        match name {
            "NewErasure" => vec![
                Body::Json(json!({ "child": child, "scope": { "type": "class", "class": "location" } })),
                Body::Json(
                    json!({ "child": child, "scope": { "type": "items", "recordings": [recording] } }),
                ),
                Body::Json(
                    json!({ "child": child, "scope": { "type": "search", "filter": { "device": device } } }),
                ),
            ],
            "Keep" => vec![Body::Json(json!({ "until": "2027-11-21" }))],
            "NewSession" => {
                vec![Body::Json(json!({ "guardian": self.guardian, "origin": ORIGIN, "children": [child] }))]
            }
            "NewChild" => vec![Body::Json(json!({ "guardian": self.guardian, "name": "Another" }))],
            "NewDerivation" => {
                let about = json!({ "content": "la", "made_at": crate::common::START });
                let made = |kind: &str, of: Value| {
                    let mut made = about.clone();
                    made.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
                    made["kind"] = kind.into();
                    Body::Vendor(made)
                };
                let source = json!([{ "recording": recording }]);
                let rows = json!([{ "recording": recording, "content": "la" }]);
                let mut dataset =
                    json!({ "kind": "dataset", "name": "speech-2", "consent": "none", "rows": rows });
                dataset["made_at"] = crate::common::START.into();
                vec![
                    made("fact", json!({ "child": child, "recordings": source })),
                    made("voiceprint", json!({ "child": child, "recordings": source })),
                    made("thumbnail", json!({ "child": child, "recordings": source })),
                    Body::Vendor(dataset),
                    Body::Vendor(
                        json!({ "kind": "model", "name": "model-2", "datasets": [self.dataset], "made_at": crate::common::START }),
                    ),
                ]
            }
            "ModelOutcome" => vec![
                Body::Vendor(json!({ "outcome": "retired" })),
                Body::Vendor(
                    json!({ "outcome": "retrained", "dataset": self.dataset, "made_at": crate::common::START }),
                ),
            ],
            "NewDisclosure" => vec![Body::Vendor(
                json!({ "processor": "speech", "recordings": [recording], "classes": ["media"] }),
            )],
            "Upload" => vec![Body::Upload(child)],
            other => panic!("this test does not know how to fill in a {other}: teach it"),
        }
    }

    /// The query strings an operation can be sent that name this family's things.
    fn queries(&self, operation: &Value) -> Vec<String> {
        let mut queries = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = parameter["schema"].to_string();
            let name = parameter["name"].as_str().unwrap();
            match name {
                _ if parameter["in"] != "query" => {}
                "device" => queries.push(format!("?device={}", self.device)),
                "child" => queries.push(format!("?child={}", self.child)),
                _ => assert!(
                    !schema.contains("Id\""),
                    "this test does not know how to fill in {name}: teach it"
                ),
            }
        }
        queries
    }
}

#[derive(Clone)]
enum Body {
    None,
    Json(Value),
    /// Of the vendor, who is nobody's family: only what is not there at all can be refused.
    Vendor(Value),
    Upload(ChildId),
}

impl Body {
    fn on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Json(json) | Self::Vendor(json) => request.json(json),
            Self::Upload(child) => {
                let about = json!({ "child": child, "captured_at": "2026-11-19T08:00:00Z" }).to_string();
                let media = Part::bytes(sound::wav(8000, b"la"));
                request.multipart(Form::new().part("recording", Part::text(about)).part("media", media))
            }
        }
    }
}

/// What an operation asks to be shown.
enum Guard {
    Nothing,
    Vendor,
    Session(Vec<Permission>),
}

fn guard(operation: &Value) -> Guard {
    let Some(schemes) = operation["security"].as_array() else { return Guard::Nothing };
    assert_eq!(schemes.len(), 1, "one way in: {operation}");
    match schemes[0].as_object().unwrap().iter().next().unwrap() {
        (name, _) if name == "vendor" => Guard::Vendor,
        (name, permissions) if name == "session" => {
            let permissions: Vec<Permission> = serde_json::from_value(permissions.clone()).unwrap();
            assert!(!permissions.is_empty(), "every operation of a session needs a permission");
            Guard::Session(permissions)
        }
        (name, _) => panic!("this test does not know {name}: teach it"),
    }
}

async fn call(service: &Service, method: &str, path: &str, body: &Body, token: Option<&str>) -> Answer {
    let mut request = service.ask(Method::from_bytes(method.as_bytes()).unwrap(), path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    // A stream goes on for ever: its beginning tells enough.
    if path.ends_with("/events") {
        let response = body.on(request).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = if status == 200 { Vec::new() } else { response.bytes().await.unwrap().to_vec() };
        return Answer { status, headers, body };
    }
    Answer::to(body.on(request)).await
}

#[tokio::test]
async fn without_a_session_everything_is_401_but_what_the_document_says_is_open() {
    let service = Service::start().await;
    let (_, things) = household(&service, "parent").await;
    let mut open = Vec::new();
    for (method, path, operation) in operations() {
        let body = &things.bodies(&operation)[0];
        for token in [None, Some("fmn_0123"), Some("")] {
            let answer = call(&service, &method, &things.fill(&path), body, token).await;
            if matches!(guard(&operation), Guard::Nothing) {
                assert_ne!(answer.status, 401, "{method} {path}");
            } else {
                assert_eq!(answer.problem().kind, ProblemType::NoSession, "{method} {path}");
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path}");
            }
        }
        if matches!(guard(&operation), Guard::Nothing) {
            open.push(format!("{method} {path}"));
        }
    }
    // The whole list of what is open. Whoever adds to it says so here.
    let list = [
        "POST /demo/session",
        "GET /healthz",
        "GET /ledger/checkpoint",
        "GET /ledger/consistency/{old}/{new}",
        "GET /ledger/inventory/{version}",
        "GET /ledger/policy",
        "GET /ledger/public",
        "GET /ledger/public/{index}/receipt",
        "GET /readyz",
        "GET /v1/media/{ticket}",
        "HEAD /v1/media/{ticket}",
        "POST /v1/processors/{name}/status",
    ];
    assert_eq!(open, list);
}

#[tokio::test]
async fn the_wrong_kind_of_key_is_403() {
    let service = Service::start().await;
    let (family, things) = household(&service, "parent").await;
    for (method, path, operation) in operations() {
        let body = &things.bodies(&operation)[0];
        let path = &things.fill(&path);
        match guard(&operation) {
            Guard::Nothing => {}
            Guard::Vendor => {
                call(&service, &method, path, body, Some(&family.token))
                    .await
                    .refused(ProblemType::NotAllowed);
            }
            Guard::Session(needed) => {
                let vendor = Some(crate::common::VENDOR);
                call(&service, &method, path, body, vendor).await.refused(ProblemType::NotAllowed);
                let others: Vec<_> =
                    Permission::ALL.into_iter().filter(|one| !needed.contains(one)).collect();
                let token = service.session("parent", &others).await;
                call(&service, &method, path, body, Some(&token)).await.refused(ProblemType::NotAllowed);
            }
        }
    }
}

#[tokio::test]
async fn another_familys_things_are_404_in_path_body_and_query_and_look_like_nothing() {
    let service = Service::giving_to(Fake::start().await.processors(), Policy::default()).await;
    let (_, theirs) = household(&service, "stranger").await;
    let (family, ours) = household(&service, "parent").await;
    // The vendor is nobody's family; there, only what contradicts itself can be refused.
    let mixed = Things { guardian: ours.guardian.clone(), ..theirs.clone() };
    for (method, path, operation) in operations() {
        let refused = async |path: &str, body: &Body, nobodys_path: &str, nobodys_body: &Body| {
            let token = match guard(&operation) {
                Guard::Vendor => crate::common::VENDOR,
                _ => &family.token,
            };
            let stranger = call(&service, &method, path, body, Some(token)).await;
            let nobody = call(&service, &method, nobodys_path, nobodys_body, Some(token)).await;
            stranger.refused(ProblemType::NotFound);
            assert_eq!(stranger.text(), nobody.text(), "{method} {path}: one can tell them apart");
        };
        let nothing = ours.nothing();
        // In the path.
        if path.contains('{') && !matches!(guard(&operation), Guard::Nothing) {
            let bodies = ours.bodies(&operation);
            // What a vendor names in a path is of no family.
            let strangers =
                if matches!(guard(&operation), Guard::Vendor) { nothing.clone() } else { theirs.clone() };
            refused(&strangers.fill(&path), &bodies[0], &nothing.fill(&path), &bodies[0]).await;
        }
        // In the body.
        let bodies =
            mixed.bodies(&operation).into_iter().zip(nothing.bodies(&operation)).zip(ours.bodies(&operation));
        for ((theirs, nothing), ours_too) in bodies {
            let path = ours.fill(&path);
            match (&theirs, &nothing, &ours_too) {
                (Body::Json(theirs), Body::Json(nothing), Body::Json(own)) if theirs != own => {
                    let mut their_thing = own.clone();
                    let mut no_thing = own.clone();
                    refused(&path, &Body::Json(theirs.clone()), &path, &Body::Json(nothing.clone())).await;
                    // Their thing in our child's name.
                    if own.get("scope").is_some() && theirs["scope"] != own["scope"] {
                        their_thing["scope"] = theirs["scope"].clone();
                        no_thing["scope"] = nothing["scope"].clone();
                        refused(&path, &Body::Json(their_thing), &path, &Body::Json(no_thing)).await;
                    }
                }
                (Body::Upload(_), _, _) => {
                    let answer = call(&service, &method, &path, &nothing, Some(crate::common::VENDOR)).await;
                    answer.refused(ProblemType::NotFound);
                }
                (_, Body::Vendor(nothing), Body::Vendor(own)) if nothing != own => {
                    let nothing = Body::Vendor(nothing.clone());
                    let answer = call(&service, &method, &path, &nothing, Some(crate::common::VENDOR)).await;
                    answer.refused(ProblemType::NotFound);
                }
                _ => {}
            }
        }
        // In the query.
        for (theirs, nothing) in theirs.queries(&operation).iter().zip(nothing.queries(&operation)) {
            let path = ours.fill(&path);
            let (theirs, nothing) = (format!("{path}{theirs}"), format!("{path}{nothing}"));
            refused(&theirs, &Body::None, &nothing, &Body::None).await;
        }
    }
}

#[tokio::test]
async fn the_right_key_opens_every_route_and_the_answer_is_what_the_document_says() {
    let document = serde_json::to_value(document::document()).unwrap();
    let demo = service::core::Policy { demo: true, undo_window_seconds: 120 };
    let nobody = Fake::start().await;
    for (method, path, operation) in operations() {
        // The key of a callback is its signature: tests/processors.rs.
        if operation["operationId"] == "call_back" {
            continue;
        }
        let mut n = 0;
        loop {
            // A household each: some calls leave nothing for the next.
            let service = Service::giving_to(nobody.processors(), demo).await;
            let (family, things) = household(&service, "demo").await;
            let filled = things.fill(&path);
            let bodies = things.bodies(&operation).into_iter().map(|body| (filled.clone(), body));
            let queries = things.queries(&operation).into_iter();
            let queries = queries.map(|query| (format!("{filled}{query}"), Body::None));
            let Some((filled, body)) = bodies.chain(queries).nth(n) else { break };
            n += 1;
            let token = match guard(&operation) {
                Guard::Nothing => None,
                Guard::Vendor => Some(crate::common::VENDOR.to_owned()),
                // Exactly the permissions that the document names.
                Guard::Session(needed) => Some(service.session(&family.guardian, &needed).await),
            };
            service::ledger::sequence(&service.core).await.unwrap();
            if path.ends_with("/receipt") {
                service.advance(121);
            }
            let mut answer = call(&service, &method, &filled, &body, token.as_deref()).await;
            while path.ends_with("/receipt") && answer.status == 409 {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                answer = call(&service, &method, &filled, &body, token.as_deref()).await;
            }
            let at = format!("{method} {path} -> {} {}", answer.status, answer.text());
            assert!((200..300).contains(&answer.status), "{at}");
            let response = &operation["responses"][answer.status.to_string()];
            assert!(response.is_object(), "the document does not know it: {at}");
            if let Some(described) = response["content"]["application/json"].get("schema") {
                assert_eq!(answer.header("content-type"), "application/json", "{at}");
                schema::check(&document, described, &answer.json(), &at);
            }
            for (name, value) in SAFE {
                assert_eq!(answer.header(name), value, "{name} of {at}");
            }
        }
    }
}

/// What every answer says beside what was asked.
const SAFE: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
];

#[tokio::test]
async fn a_session_that_is_over_opens_nothing() {
    let service = Service::start().await;
    let (family, things) = household(&service, "parent").await;
    service.advance(900);
    for (method, path, operation) in operations() {
        if !matches!(guard(&operation), Guard::Nothing) {
            let body = &things.bodies(&operation)[0];
            let answer = call(&service, &method, &things.fill(&path), body, Some(&family.token)).await;
            answer.refused(ProblemType::SessionExpired);
        }
    }
}

#[tokio::test]
async fn a_session_of_another_page_opens_nothing() {
    let service = Service::start().await;
    let (family, things) = household(&service, "parent").await;
    for (method, path, operation) in operations() {
        if matches!(guard(&operation), Guard::Session(_)) {
            let request = service.ask(Method::from_bytes(method.as_bytes()).unwrap(), &things.fill(&path));
            let request = request.bearer_auth(&family.token).header("origin", "https://elsewhere.example");
            Answer::to(things.bodies(&operation)[0].on(request)).await.refused(ProblemType::WrongOrigin);
        }
    }
}
