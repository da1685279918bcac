use reqwest::Method;
use rules::{
    Class, Kind, StoreId,
    contract::{Permission, Recording, RecordingCount, RecordingPage},
    derived::Made,
    problem::ProblemType,
};
use serde_json::json;

use crate::common::{Answer, Family, Service, family::Clip};

/// Recordings a minute apart, the nth saying `words(n)`.
async fn many(service: &Service, family: &Family, n: u32, words: impl Fn(u32) -> String) {
    for minute in 0..n {
        service.record(family, &format!("2026-11-20T08:{minute:02}:00Z"), &words(minute)).await;
    }
}

async fn page(service: &Service, family: &Family, query: &str) -> RecordingPage {
    service.get(&family.token, &format!("/v1/children/{}/recordings{query}", family.child)).await.ok()
}

fn excerpts(page: &RecordingPage) -> Vec<&str> {
    page.items.iter().filter_map(|item| item.excerpt.as_deref()).collect()
}

#[tokio::test]
async fn pages_go_through_everything_once_newest_first() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    many(&service, &family, 7, |n| format!("word {n}")).await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = page(&service, &family, &format!("?limit=3{cursor}")).await;
        assert!(page.items.len() <= 3);
        seen.extend(page.items.into_iter().map(|item| item.excerpt.unwrap()));
        let Some(next) = page.next else { break };
        assert!(!next.contains("2026") && next.len() == 32, "a cursor does not tell the moment: {next}");
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, (0..7).rev().map(|n| format!("word {n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_list_that_loses_its_last_row_between_pages_goes_on() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    many(&service, &family, 4, |n| format!("word {n}")).await;
    let first = page(&service, &family, "?limit=2").await;
    let body = json!({ "child": family.child, "waive_undo": true,
        "scope": { "type": "items", "recordings": [first.items[1].id] } });
    service.post(&family.token, "/v1/erasures", &body).await;
    let rest = page(&service, &family, &format!("?limit=2&cursor={}", first.next.unwrap())).await;
    assert_eq!(excerpts(&rest), ["word 1", "word 0"]);
    assert_eq!(rest.next, None);
}

#[tokio::test]
async fn a_cursor_is_for_its_own_child_and_no_one_makes_one_up() {
    let service = Service::start().await;
    let (one, other) = (service.family("one").await, service.family("other").await);
    many(&service, &one, 2, |n| format!("word {n}")).await;
    let next = page(&service, &one, "?limit=1").await.next.unwrap();
    for (family, cursor) in
        [(&other, &*next), (&one, "00000000000000000000000000000000"), (&one, "1"), (&one, "")]
    {
        let path = format!("/v1/children/{}/recordings?cursor={cursor}", family.child);
        service.get(&family.token, &path).await.refused(ProblemType::Invalid);
    }
}

#[tokio::test]
async fn words_are_found_in_any_script_and_by_their_beginning() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let words = ["she has a walnut allergy", "Was heißt Größe?", "ナッツは食べられません", "good night"];
    many(&service, &family, 4, |n| words[n as usize].into()).await;
    for (q, found) in [
        ("walnut", vec![words[0]]),
        ("WALN", vec![words[0]]),
        ("allergy+walnut", vec![words[0]]),
        ("gro%CC%88%C3%9Fe", vec![words[1]]),
        ("%E3%83%8A%E3%83%83%E3%83%84", vec![words[2]]),
        ("g", vec![words[3], words[1]]),
        ("walnut+night", vec![]),
        ("%22+OR+1+--", vec![]),
    ] {
        let page = page(&service, &family, &format!("?q={q}")).await;
        assert_eq!(excerpts(&page), found, "{q}");
        let path = format!("/v1/children/{}/recordings/count?q={q}", family.child);
        let count: RecordingCount = service.get(&family.token, &path).await.ok();
        assert_eq!(count.total, found.len() as u64, "{q}");
    }
}

#[tokio::test]
async fn conditions_hold_together() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    many(&service, &family, 3, |n| format!("kitchen {n}")).await;
    let clip = Clip { device: "Car", ..Clip::at("2026-11-20T08:01:30Z", "car") };
    service.hand_in(family.child, clip).await;
    let all = page(&service, &family, "").await;
    let car = all.items.iter().find_map(|item| item.device.clone().filter(|d| d.name == "Car")).unwrap();
    for (query, found) in [
        ("?from=2026-11-20T08:01:00Z&to=2026-11-20T08:02:00Z".to_owned(), vec!["car", "kitchen 1"]),
        ("?from=2026-11-20T08:01:00%2B00:00&q=kitchen".to_owned(), vec!["kitchen 2", "kitchen 1"]),
        (format!("?device={}", car.id), vec!["car"]),
        (format!("?device={}&q=kitchen", car.id), vec![]),
        ("?kind=video".to_owned(), vec![]),
        ("?kind=voice&class=location&limit=1".to_owned(), vec!["kitchen 2"]),
    ] {
        let page = page(&service, &family, &query).await;
        assert_eq!(excerpts(&page), found, "{query}");
    }
}

#[tokio::test]
async fn an_opened_recording_has_everything_but_its_bytes() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let long = "walnut ".repeat(40);
    let id = service.record_whole(&family, "2026-11-20T08:00:00.250Z", &long).await;
    let recording: Recording = service.get(&family.token, &format!("/v1/recordings/{id}")).await.ok();
    let item = &recording.item;
    assert_eq!((item.id, item.child, item.kind), (id, family.child, Kind::Voice));
    assert_eq!(item.captured_at, "2026-11-20T08:00:00.250Z".parse().unwrap());
    assert_eq!((item.duration_ms, item.device.as_ref().unwrap().name.as_str()), (1000, "Kitchen"));
    assert_eq!(item.excerpt.as_ref().unwrap().chars().count(), 160);
    assert_eq!(item.classes, Class::ALL);
    let transcript = recording.transcript.unwrap();
    assert_eq!((&*transcript.text, transcript.language.as_deref()), (&*long, Some("en")));
    assert_eq!(recording.location.unwrap().latitude_udeg, 47_606_200);
    assert_eq!((recording.media_type.as_deref(), recording.bytes), (Some("audio/wav"), Some(8044)));
    assert!(!recording.waveform.unwrap().is_empty());
    assert_eq!(recording.stores, StoreId::ALL);
    assert_eq!(recording.made.len(), 5, "what was made from it, with what was learned in words");
    assert!(
        recording.made.iter().any(|made| made.kind == Made::Fact && made.text.as_deref() == Some(&*long))
    );
}

#[tokio::test]
async fn a_class_that_is_sealed_is_nowhere_to_be_read() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "a walnut").await;
    service.erase(&family, json!({ "type": "class", "class": "transcript" })).await;
    let recording: Recording = service.get(&family.token, &format!("/v1/recordings/{id}")).await.ok();
    assert_eq!((recording.transcript, recording.item.excerpt, recording.item.language), (None, None, None));
    assert!(recording.location.is_some() && recording.waveform.is_some());
    assert!(page(&service, &family, "?q=walnut").await.items.is_empty());

    service.erase(&family, json!({ "type": "class", "class": "location" })).await;
    service.erase(&family, json!({ "type": "class", "class": "derived" })).await;
    let recording: Recording = service.get(&family.token, &format!("/v1/recordings/{id}")).await.ok();
    assert_eq!((recording.location, recording.waveform), (None, None));
    assert_eq!(recording.stores, [StoreId::Keys, StoreId::Media, StoreId::Catalogue]);
    assert_eq!(recording.item.classes, [Class::Media]);
}

#[tokio::test]
async fn what_is_sealed_is_nowhere_and_undo_brings_it_back() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "a walnut").await;
    let erasure = service.erase(&family, json!({ "type": "child" })).await;
    let open = format!("/v1/recordings/{id}");
    service.get(&family.token, &open).await.refused(ProblemType::NotFound);
    let playback = format!("{open}/playback");
    service.post(&family.token, &playback, &json!({})).await.refused(ProblemType::NotFound);
    for query in ["", "?q=walnut", "?class=media"] {
        assert!(page(&service, &family, query).await.items.is_empty(), "{query}");
    }
    service.delete(&family.token, &format!("/v1/erasures/{}", erasure.id)).await;
    assert_eq!(excerpts(&page(&service, &family, "?q=walnut").await), ["a walnut"]);
}

#[tokio::test]
async fn who_may_only_look_reads_no_words_and_cannot_guess_them_by_searching() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "a walnut").await;
    let token = service.session("parent", &[Permission::View, Permission::Erase]).await;
    let list = format!("/v1/children/{}/recordings", family.child);
    let page: RecordingPage = service.get(&token, &list).await.ok();
    assert_eq!((page.items[0].id, &page.items[0].excerpt), (id, &None));
    assert!(page.items[0].classes.contains(&Class::Transcript), "that there are words is no secret");
    service.get(&token, &format!("{list}?q=walnut")).await.refused(ProblemType::NotAllowed);
    service.get(&token, &format!("{list}/count?q=walnut")).await.refused(ProblemType::NotAllowed);
    let body = json!({ "child": family.child, "scope": { "type": "search", "filter": { "q": "walnut" } } });
    service.post(&token, "/v1/erasures/preview", &body).await.refused(ProblemType::NotAllowed);
    service.post(&token, "/v1/erasures", &body).await.refused(ProblemType::NotAllowed);
    service.get(&token, &format!("/v1/recordings/{id}")).await.refused(ProblemType::NotAllowed);
}

#[tokio::test]
async fn a_head_request_has_no_body() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let path = format!("/v1/children/{}/recordings", family.child);
    let head = service.ask(Method::HEAD, &path).bearer_auth(&family.token);
    let answer = crate::common::Answer::to(head).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

/// What marks point at, as a browser would cut it out.
fn marked(text: &str, marks: &[(u32, u32)]) -> Vec<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    marks.iter().map(|(from, to)| String::from_utf16(&units[*from as usize..*to as usize]).unwrap()).collect()
}

#[tokio::test]
async fn what_was_searched_for_is_marked_where_it_was_said() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let long =
        format!("{}🐻 Größe, gro\u{308}ße und groß. {}", "und dann noch ".repeat(30), "Ende ".repeat(50));
    let id = service.record(&family, "2026-11-20T08:00:00Z", &long).await;
    let item = page(&service, &family, "?q=GRO%CC%88%C3%9F").await.items.remove(0);
    let piece = item.excerpt.unwrap();
    assert!(piece.starts_with('…') && piece.ends_with('…') && piece.contains("🐻 Größe"), "{piece}");
    assert_eq!(marked(&piece, &item.marks), ["Größe", "gro\u{308}ße", "groß"]);

    let path = format!("/v1/recordings/{id}");
    let opened: Recording = service.get(&family.token, &format!("{path}?q=groß")).await.ok();
    let transcript = opened.transcript.unwrap();
    assert_eq!(transcript.text, long, "all of it, marked or not");
    assert_eq!(marked(&transcript.text, &transcript.marks), ["Größe", "gro\u{308}ße", "groß"]);
    assert_eq!(marked(opened.item.excerpt.as_ref().unwrap(), &opened.item.marks)[0], "Größe");

    // Nothing was looked for: the beginning, and no word of marks.
    let plain = service.get(&family.token, &path).await;
    assert!(!plain.text().contains("marks"), "{}", plain.text());
    let item = page(&service, &family, "").await.items.remove(0);
    assert!(item.marks.is_empty() && long.starts_with(item.excerpt.as_ref().unwrap()));
    for q in ["", "%E2%80%A6"] {
        service.get(&family.token, &format!("{path}?q={q}")).await.refused(ProblemType::Invalid);
    }
}

#[tokio::test]
async fn lists_come_compressed_and_sound_and_forms_do_not() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let recording = service.record(&family, "2026-11-01T10:00:00Z", "a walnut").await;
    let ask = async |path: &str| {
        let request =
            service.ask(Method::GET, path).bearer_auth(&family.token).header("accept-encoding", "br");
        Answer::to(request).await
    };
    let list = ask(&format!("/v1/children/{}/recordings", family.child)).await;
    assert_eq!((list.status, list.header("content-encoding")), (200, "br"));
    assert!(list.headers.get_all("vary").iter().any(|names| names == "accept-encoding"));
    let ticket = service.ticket(&family, recording).await;
    let sound = ask(&ticket).await;
    assert_eq!((sound.status, sound.header("content-encoding")), (200, ""));
    // A form's secret beside reflected words must not be told by a length.
    assert_eq!(ask("/plain").await.header("content-encoding"), "");
}
