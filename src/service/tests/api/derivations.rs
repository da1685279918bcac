use reqwest::Method;
use rules::{
    DerivationId, ErasureState,
    contract::{
        Dataset, DerivationCreated, Derivations, Erasure, Held, Holdings, Model, Models, Permission, Preview,
        Recording,
    },
    derived::{Made, ModelState},
    problem::ProblemType,
};
use serde_json::{Value, json};

use crate::common::{Answer, Family, Service};

async fn family(service: &Service) -> Family {
    service.family("parent").await
}

async fn list(service: &Service, token: &str, family: &Family, query: &str) -> Derivations {
    service.get(token, &format!("/v1/children/{}/derivations{query}", family.child)).await.ok()
}

/// Lets an erasure end.
async fn done(service: &Service, family: &Family, erasure: &Erasure) -> Erasure {
    service.advance(72 * 3600);
    let token = service.session(&family.guardian, &[]).await;
    let mut changes = service.core.progress.subscribe();
    loop {
        changes.mark_unchanged();
        let now: Erasure = service.get(&token, &format!("/v1/erasures/{}", erasure.id)).await.ok();
        if now.state.is_final() {
            return now;
        }
        changes.changed().await.unwrap();
    }
}

#[tokio::test]
async fn a_fact_is_listed_in_words_and_goes_with_its_recording() {
    let service = Service::start().await;
    let family = family(&service).await;
    let walnut = service.record(&family, "2026-11-20T08:00:00Z", "I am allergic to walnuts").await;
    let other = service.record(&family, "2026-11-20T09:00:00Z", "good night").await;
    let fact = service.made(&family, "fact", "Allergic to walnuts", &json!([{ "recording": walnut }]));
    let made: DerivationCreated = service.register(&fact).await.ok();
    assert!(!made.already_there && made.id.parse::<DerivationId>().is_ok());
    service.register(&service.made(&family, "fact", "Goes to bed", &json!([{ "recording": other }]))).await;

    let all = list(&service, &family.token, &family, "").await;
    let texts: Vec<_> = all.items.iter().map(|made| made.text.as_deref().unwrap()).collect();
    assert!(all.next.is_none() && texts.len() == 2 && texts.contains(&"Allergic to walnuts"), "{texts:?}");
    let opened: Recording = service.get(&family.token, &format!("/v1/recordings/{walnut}")).await.ok();
    assert_eq!((opened.made.len(), opened.made[0].kind), (1, Made::Fact));
    assert_eq!(
        (opened.made[0].recordings.as_slice(), opened.made[0].id.to_string()),
        (&[walnut][..], made.id)
    );

    let body = json!({ "child": family.child, "scope": { "type": "items", "recordings": [walnut] } });
    let preview: Preview = service.post(&family.token, "/v1/erasures/preview", &body).await.ok();
    assert_eq!((preview.made.len(), preview.made[0].things, preview.made[0].shared), (1, 1, 0));
    let erasure = service.erase(&family, body["scope"].clone()).await;
    let left = list(&service, &family.token, &family, "").await;
    assert_eq!(left.items.len(), 1, "nobody reads it from the moment of the request");
    assert_eq!(left.items[0].text.as_deref(), Some("Goes to bed"));
    assert_eq!(done(&service, &family, &erasure).await.state, ErasureState::Deleted);
}

#[tokio::test]
async fn words_are_for_those_who_may_read_them() {
    let service = Service::start().await;
    let family = family(&service).await;
    service.record_whole(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let may_only_look = service.session("parent", &[Permission::View]).await;
    let listed = list(&service, &may_only_look, &family, "").await;
    assert_eq!(listed.items.len(), 5);
    assert!(listed.items.iter().all(|made| made.text.is_none()));
    let kinds = |kind| listed.items.iter().filter(|made| made.kind == kind).count();
    assert_eq!(Made::ALL.map(kinds), [2, 1, 1, 1]);
}

#[tokio::test]
async fn the_list_has_pages() {
    let service = Service::start().await;
    let family = family(&service).await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    for n in 0..5 {
        let fact = service.made(&family, "fact", &format!("fact {n}"), &json!([{ "recording": id }]));
        assert_eq!(service.register(&fact).await.status, 201);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&service, &family.token, &family, &format!("?limit=2{cursor}")).await;
        assert!(page.items.len() <= 2);
        seen.extend(page.items.into_iter().map(|made| made.text.unwrap()));
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={next}");
    }
    seen.sort();
    assert_eq!(seen, ["fact 0", "fact 1", "fact 2", "fact 3", "fact 4"]);
    let path = format!("/v1/children/{}/derivations?cursor=rec_1", family.child);
    service.get(&family.token, &path).await.refused(ProblemType::Invalid);
}

#[tokio::test]
async fn a_name_is_taken_in_once_and_never_again_after_a_deletion() {
    let service = Service::start().await;
    let family = family(&service).await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let mut fact = service.made(&family, "fact", "Allergic to walnuts", &json!([{ "recording": id }]));
    fact["reference"] = "fact-7".into();
    let first = service.register(&fact).await;
    let again = service.register(&fact).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.ok::<DerivationCreated>().id, again.ok::<DerivationCreated>().id);
    let mut other = fact.clone();
    other["kind"] = "voiceprint".into();
    service.register(&other).await.refused(ProblemType::Conflict);

    let scope = json!({ "type": "class", "class": "derived" });
    let erasure = service.erase(&family, scope).await;
    service.register(&fact).await.refused(ProblemType::Erased);
    done(&service, &family, &erasure).await;
    fact["made_at"] = json!(service.now().plus_seconds(1));
    service.advance(1);
    service.register(&fact).await.refused(ProblemType::Erased);
    fact["reference"] = "fact-8".into();
    assert_eq!(
        service.register(&fact).await.status,
        201,
        "the words are still there: it can be learned anew"
    );
}

#[tokio::test]
async fn what_was_made_from_what_is_not_to_be_used_is_refused_and_not_stored() {
    let service = Service::start().await;
    let mut family = family(&service).await;
    let stranger = service.family("stranger").await;
    let theirs = service.record(&stranger, "2026-11-20T08:00:00Z", "theirs").await;
    let sealed = service.record(&family, "2026-11-20T08:00:00Z", "sealed").await;
    let gone = service.record(&family, "2026-11-20T09:00:00Z", "gone").await;
    let no_words = service.record(&family, "2026-11-20T10:00:00Z", "").await;
    let under_way = service.now();
    service.advance(60);
    let erasure = service.erase(&family, json!({ "type": "items", "recordings": [gone] })).await;
    done(&service, &family, &erasure).await;
    family.token = service.session("parent", &[]).await;
    service.erase(&family, json!({ "type": "items", "recordings": [sealed] })).await;

    let source = |recording: Value| json!([{ "recording": recording }]);
    let fact = |sources: Value| service.made(&family, "fact", "something", &sources);
    let whole = service.record(&family, "2026-11-20T11:00:00Z", "whole").await;
    let mixed = json!([{ "recording": whole }, { "recording": sealed }]);
    for (new, refused) in [
        (fact(source(json!(sealed))), ProblemType::Conflict),
        (fact(source(json!(gone))), ProblemType::Erased),
        (fact(source(json!(theirs))), ProblemType::NotFound),
        (fact(source(json!(rules::RecordingId::from_parts(1, 1)))), ProblemType::NotFound),
        (fact(mixed), ProblemType::Conflict),
        (fact(json!([{ "recording": no_words, "from": ["transcript"] }])), ProblemType::Conflict),
        (fact(json!([{ "recording": whole, "from": ["derived"] }])), ProblemType::Invalid),
        (fact(json!([])), ProblemType::Invalid),
        (json!({ "kind": "dream", "child": family.child }), ProblemType::Invalid),
    ] {
        service.register(&new).await.refused(refused);
    }
    let row = |recording| json!({ "recording": recording, "content": "la" });
    let made_at = service.now();
    for (rows, refused) in [
        (json!([row(whole), row(sealed)]), ProblemType::Conflict),
        (json!([row(whole), row(gone)]), ProblemType::Erased),
        (json!([]), ProblemType::Invalid),
    ] {
        let new = json!({ "kind": "dataset", "name": "speech", "consent": "given", "rows": rows, "made_at": made_at });
        service.register(&new).await.refused(refused);
    }
    // One class was deleted while something was made: whether from that, nobody knows.
    service.erase(&family, json!({ "type": "class", "class": "location" })).await;
    let mut late = fact(source(json!(whole)));
    late["made_at"] = json!(under_way);
    service.register(&late).await.refused(ProblemType::Conflict);
    late["made_at"] = json!(service.now().plus_seconds(3600));
    service.register(&late).await.refused(ProblemType::Invalid);

    assert!(list(&service, &family.token, &family, "").await.items.is_empty(), "nothing of it was stored");
    let path = format!("/v1/children/{}/holdings", family.child);
    let token = service.session("parent", &[]).await;
    let holdings: Holdings = service.get(&token, &path).await.ok();
    for holding in holdings.stores {
        let derived = service::store::DERIVED.contains(&holding.store);
        assert!(!derived || holding.held == Held::None, "{holding:?}");
    }
}

#[tokio::test]
async fn a_dataset_never_gives_out_what_is_sealed_or_deleted() {
    let service = Service::start().await;
    let (family, other) = (family(&service).await, service.family("neighbour").await);
    let walnut = service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let stays = service.record(&family, "2026-11-20T09:00:00Z", "stays").await;
    let theirs = service.record(&other, "2026-11-20T08:00:00Z", "theirs").await;
    let row = |recording, content: &str| json!({ "recording": recording, "content": content });
    let rows = json!([row(walnut, "walnut"), row(stays, "stays"), row(theirs, "theirs")]);
    let id = service.dataset("speech-1", "given", rows.clone()).await;
    let path = format!("/v1/datasets/{id}");
    let get = async || -> Dataset { Answer::to(service.vendor(Method::GET, &path)).await.ok() };
    assert_eq!((get().await.version, get().await.rows), (1, 3));
    assert_eq!(service.export(&id).await.len(), 3);
    assert_eq!(service.export(&id).await[0], row(walnut, "walnut"));
    // Handed in again, nothing is added; more rows are another snapshot.
    assert_eq!(service.dataset("speech-1", "given", rows).await, id);
    assert_eq!(get().await.version, 1);

    let erasure = service.erase(&family, json!({ "type": "items", "recordings": [walnut] })).await;
    assert_eq!(
        service.export(&id).await,
        [row(stays, "stays"), row(theirs, "theirs")],
        "from the request on"
    );
    assert_eq!((get().await.version, get().await.rows), (1, 2));
    done(&service, &family, &erasure).await;
    assert_eq!((get().await.version, get().await.rows), (2, 2), "another snapshot, without it");
    // What consent was stated cannot be changed by handing in more.
    let more = json!([row(stays, "stays")]);
    let new = json!({ "kind": "dataset", "name": "speech-1", "consent": "none", "rows": more, "made_at": service.now() });
    service.register(&new).await.refused(ProblemType::Conflict);
}

#[tokio::test]
async fn a_model_made_with_consent_is_left_out_of_and_one_without_has_a_day() {
    let service = Service::start().await;
    let family = family(&service).await;
    let walnut = service.record(&family, "2026-11-20T08:00:00Z", "walnut").await;
    let row = json!([{ "recording": walnut, "content": "walnut" }]);
    let (agreed, not) =
        (service.dataset("agreed", "given", row.clone()).await, service.dataset("not", "none", row).await);
    let good = service.model("good", std::slice::from_ref(&agreed)).await;
    let bad = service.model("bad", &[agreed.clone(), not.clone()]).await;
    // What came to the dataset after the training taught the model nothing.
    service.advance(1);
    let later = service.record(&family, "2026-11-20T09:00:00Z", "later").await;
    service.dataset("not", "none", json!([{ "recording": later, "content": "later" }])).await;
    let of_later = service.erase(&family, json!({ "type": "items", "recordings": [later] })).await;
    assert!(of_later.models.is_empty());

    let scope = json!({ "type": "items", "recordings": [walnut] });
    let body = json!({ "child": family.child, "scope": scope });
    let preview: Preview = service.post(&family.token, "/v1/erasures/preview", &body).await.ok();
    let erasure = service.erase(&family, scope).await;
    assert_eq!(
        {
            let mut shown = preview.models;
            shown.sort_by(|a, b| a.name.cmp(&b.name));
            shown
        },
        erasure.models
    );
    let by = service.now().date().plus_days(rules::retention::MODEL_ENDS_WITHIN_DAYS);
    let said: Vec<_> = erasure.models.iter().map(|m| (m.name.as_str(), m.outcome, m.day)).collect();
    assert_eq!(
        said,
        [("bad", ModelState::RetireOrRetrainBy, Some(by)), ("good", ModelState::LeftOutOfNextBuild, None)]
    );
    let models: Models = Answer::to(service.vendor(Method::GET, "/v1/models")).await.ok();
    assert_eq!((models.items[0].due, models.items[0].overdue, models.items[1].due), (Some(by), false, None));

    // Its operator has to say what becomes of it, and only what is true.
    let tell = async |model: &str, said: Value| {
        let path = format!("/v1/models/{model}/outcome");
        Answer::to(service.vendor(Method::PUT, &path).json(&said)).await
    };
    let retrained =
        |dataset: &str| json!({ "outcome": "retrained", "dataset": dataset, "made_at": service.now() });
    tell(&bad, retrained(&agreed)).await.refused(ProblemType::Conflict);
    done(&service, &family, &erasure).await;
    tell(&bad, retrained(&not)).await.refused(ProblemType::Conflict);
    tell(&bad, json!({ "outcome": "cannot", "reason": " " })).await.refused(ProblemType::Invalid);
    tell(&bad, json!({ "outcome": "forgotten" })).await.refused(ProblemType::Invalid);
    tell(&good, json!({ "outcome": "cannot", "reason": "no need" })).await.refused(ProblemType::Conflict);
    let metrics = async || Answer::to(service.vendor(Method::GET, "/metrics")).await.text();
    assert!(metrics().await.contains("\nfmn_overdue_models 0\n"));
    service.advance(100 * 86_400);
    assert!(metrics().await.contains("\nfmn_overdue_models 1\n"));
    let token = service.session("parent", &[]).await;
    let now = async || -> Erasure { service.get(&token, &format!("/v1/erasures/{}", erasure.id)).await.ok() };

    tell(&bad, json!({ "outcome": "cannot", "reason": "it counts words, and knows none" }))
        .await
        .ok::<Model>();
    let kept = now().await.models.remove(0);
    assert_eq!(kept.outcome, ModelState::KeptBecause);
    assert_eq!(kept.because.as_deref(), Some("it counts words, and knows none"));
    assert!(metrics().await.contains("\nfmn_overdue_models 0\n"));
    let anew: Model = tell(&bad, retrained(&agreed)).await.ok();
    assert_eq!((anew.datasets[0].to_string(), anew.datasets.len()), (agreed, 1));
    assert_eq!(now().await.models[0].outcome, ModelState::Retrained);
    tell(&good, json!({ "outcome": "retired" })).await.ok::<Model>();
    assert_eq!(now().await.models[1].outcome, ModelState::Retired);

    // Each word of it is in the child's ledger, signed; the statement names both models.
    let path = format!("/v1/children/{}/ledger?limit=1000", family.child);
    let ledger: rules::contract::ChildLedger = service.get(&token, &path).await.ok();
    let of_models: Vec<&str> = ledger
        .items
        .iter()
        .filter(|entry| entry.kind == "model")
        .filter_map(|entry| entry.body.lines().find_map(|line| line.strip_prefix("model ")))
        .map(|line| &line[..line.len() - 10])
        .collect();
    assert_eq!(
        of_models,
        [
            "bad retire-or-retrain-by ",
            "good left-out-of-ne",
            "bad kept-because ",
            "bad retrained ",
            "good retired "
        ]
    );
    let of_erasure = format!("\nerasure {}\n", erasure.id);
    let is_statement =
        |entry: &&rules::contract::LedgerEntry| entry.kind == "complete" && entry.body.contains(&of_erasure);
    let statement = ledger.items.iter().find(is_statement).unwrap();
    assert!(
        statement.body.contains(&format!("\nmodel bad retire-or-retrain-by {by}\n")),
        "{}",
        statement.body
    );
    assert!(statement.body.contains("\nmodel good left-out-of-next-build -\n"), "{}", statement.body);
    let derived = ledger.items.iter().filter(|entry| entry.kind == "derive").count();
    // Two datasets, two models and later rows; three snapshots, for two erasures; training anew had nothing of the child.
    assert_eq!(derived, 2 + 2 + 1 + 3);
}
