//! How recordings lie in time, and pages far down a list.

use reqwest::Method;
use rules::{
    ChildId,
    contract::{ChildCreated, FirstView, Permission, RecordingPage, Timeline},
    problem::ProblemType,
    scope::Filter,
};
use serde_json::json;
use service::db::select;
use sqlx::Row;

use crate::common::{Answer, Family, Service, family::Clip};

async fn timeline(service: &Service, family: &Family, query: &str) -> Vec<(String, u64)> {
    let path = format!("/v1/children/{}/timeline{query}", family.child);
    let timeline: Timeline = service.get(&family.token, &path).await.ok();
    assert_eq!(timeline.total, timeline.days.iter().map(|day| day.recordings).sum::<u64>());
    timeline.days.into_iter().map(|day| (day.day.to_string(), day.recordings)).collect()
}

fn days(days: &[(&str, u64)]) -> Vec<(String, u64)> {
    days.iter().map(|(day, recordings)| ((*day).to_owned(), *recordings)).collect()
}

/// A family with recordings around the night of 25 October 2026, when Berlin's clocks go back.
async fn autumn(service: &Service) -> Family {
    let family = service.family("parent").await;
    for (at, text) in [
        ("2026-10-24T21:59:59.999Z", "good night"), // the 24th, 23:59:59
        ("2026-10-24T22:00:00Z", "a bad dream"),    // the 25th begins
        ("2026-10-25T00:30:00Z", "a walnut"),       // half past two
        ("2026-10-25T01:30:00Z", "a walnut again"), // half past two again
        ("2026-10-25T22:59:59Z", "good night"),     // the 25th, a day of 25 hours
        ("2026-10-25T23:00:00Z", "another dream"),  // the 26th begins
    ] {
        service.record(&family, at, text).await;
    }
    family
}

#[tokio::test]
async fn a_day_is_the_familys_also_when_the_clock_changes() {
    let service = Service::start().await;
    let family = autumn(&service).await;
    let utc = days(&[("2026-10-25", 4), ("2026-10-24", 2)]);
    assert_eq!(timeline(&service, &family, "").await, utc);
    assert_eq!(timeline(&service, &family, "?tz=UTC").await, utc);
    assert_eq!(
        timeline(&service, &family, "?tz=Europe/Berlin").await,
        days(&[("2026-10-26", 1), ("2026-10-25", 4), ("2026-10-24", 1)])
    );
    assert_eq!(
        timeline(&service, &family, "?tz=Pacific%2FAuckland").await,
        days(&[("2026-10-26", 2), ("2026-10-25", 4)])
    );
}

#[tokio::test]
async fn the_first_view_is_what_its_three_answers_are() {
    let service = Service::start().await;
    let family = autumn(&service).await;
    let first: serde_json::Value = service.get(&family.token, "/v1/first-view?tz=Europe/Berlin").await.ok();
    let answer = async |path: &str| -> serde_json::Value { service.get(&family.token, path).await.ok() };
    let of = format!("/v1/children/{}", family.child);
    assert_eq!(first["children"], answer("/v1/children").await);
    assert_eq!(first["list"]["recordings"], answer(&format!("{of}/recordings?limit=100")).await);
    assert_eq!(first["list"]["timeline"], answer(&format!("{of}/timeline?tz=Europe/Berlin")).await);
    service.get(&family.token, "/v1/first-view?tz=Nowhere").await.refused(ProblemType::Invalid);

    // Of several children nobody knows which one she will open.
    let sister = json!({ "guardian": family.guardian, "name": "Ada" });
    Answer::to(service.vendor(Method::POST, "/v1/children").json(&sister)).await.ok::<ChildCreated>();
    let both = service.session(&family.guardian, &[]).await;
    let first: FirstView = service.get(&both, "/v1/first-view").await.ok();
    assert_eq!((first.children.items.len(), first.list), (2, None));
}

#[tokio::test]
async fn a_zone_that_is_none_is_refused_and_so_is_what_no_list_takes() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    for query in [
        "tz=Europe/Atlantis",
        "tz=",
        "tz=..%2F..%2Fetc%2Fpasswd",
        "tz=%2B02:00",
        "limit=5",
        "q=",
        "from=yesterday",
    ] {
        let path = format!("/v1/children/{}/timeline?{query}", family.child);
        let problem = service.get(&family.token, &path).await.refused(ProblemType::Invalid);
        assert!(problem.detail.is_some_and(|detail| !detail.contains("Atlantis")), "{query}");
    }
}

#[tokio::test]
async fn the_conditions_of_the_list_hold() {
    let service = Service::start().await;
    let family = autumn(&service).await;
    let clip = Clip { device: "Car", ..Clip::at("2026-10-20T10:00:00Z", "are we there") };
    service.hand_in(family.child, clip).await;
    let children: rules::contract::Children = service.get(&family.token, "/v1/children").await.ok();
    let car = children.items[0].devices.iter().find(|device| device.name == "Car").unwrap().id;
    for (query, found) in [
        ("?q=waln&tz=Europe/Berlin".to_owned(), days(&[("2026-10-25", 2)])),
        ("?q=dream&tz=Europe/Berlin".to_owned(), days(&[("2026-10-26", 1), ("2026-10-25", 1)])),
        ("?q=dream&to=2026-10-25T00:00:00Z".to_owned(), days(&[("2026-10-24", 1)])),
        (format!("?device={car}"), days(&[("2026-10-20", 1)])),
        (format!("?device={car}&q=walnut"), vec![]),
        ("?kind=video".to_owned(), vec![]),
        ("?class=location&from=2026-10-25T01:30:00Z".to_owned(), days(&[("2026-10-25", 3)])),
    ] {
        assert_eq!(timeline(&service, &family, &query).await, found, "{query}");
    }
}

#[tokio::test]
async fn what_is_sealed_is_on_no_day_and_who_reads_no_words_asks_for_none() {
    let service = Service::start().await;
    let family = autumn(&service).await;
    let search = json!({ "type": "search", "filter": { "q": "dream" } });
    let erasure = service.erase(&family, search).await;
    assert_eq!(timeline(&service, &family, "").await, days(&[("2026-10-25", 3), ("2026-10-24", 1)]));
    assert_eq!(timeline(&service, &family, "?q=dream").await, vec![]);
    service.delete(&family.token, &format!("/v1/erasures/{}", erasure.id)).await;
    assert_eq!(timeline(&service, &family, "?q=dream").await, days(&[("2026-10-25", 1), ("2026-10-24", 1)]));

    let token = service.session("parent", &[Permission::View]).await;
    let path = format!("/v1/children/{}/timeline", family.child);
    assert_eq!(service.get(&token, &path).await.ok::<Timeline>().total, 6);
    service.get(&token, &format!("{path}?q=dream")).await.refused(ProblemType::NotAllowed);
}

/// The first words of each of a page's recordings.
async fn words(service: &Service, family: &Family, query: &str) -> (Vec<String>, Option<String>) {
    let path = format!("/v1/children/{}/recordings{query}", family.child);
    let page: RecordingPage = service.get(&family.token, &path).await.ok();
    (page.items.into_iter().map(|item| item.excerpt.unwrap()).collect(), page.next)
}

#[tokio::test]
async fn a_page_may_begin_anywhere_and_goes_on_by_cursor() {
    let service = Service::start().await;
    let family = autumn(&service).await;
    let (all, _) = words(&service, &family, "").await;
    for skip in 0..8 {
        let (page, _) = words(&service, &family, &format!("?skip={skip}")).await;
        assert_eq!(page, all[skip.min(all.len())..], "{skip}");
    }
    let (page, next) = words(&service, &family, "?skip=3&limit=2").await;
    assert_eq!(page, all[3..5]);
    let (page, next) = words(&service, &family, &format!("?cursor={}", next.unwrap())).await;
    assert_eq!((page.as_slice(), next), (&all[5..], None));
    assert_eq!(words(&service, &family, "?q=dream&skip=1").await.0, ["a bad dream"]);
    assert_eq!(
        words(&service, &family, "?to=2026-10-25T01:00:00Z&skip=1").await.0,
        ["a bad dream", "good night"]
    );
    assert_eq!(words(&service, &family, "?skip=10000000").await, (vec![], None));

    // What is sealed is not passed over: it is not there.
    service.erase(&family, json!({ "type": "search", "filter": { "q": "another" } })).await;
    assert_eq!(words(&service, &family, "?skip=1").await.0, all[2..]);
}

#[tokio::test]
async fn a_skip_that_cannot_be_is_refused() {
    let service = Service::start().await;
    let family = autumn(&service).await;
    let (_, next) = words(&service, &family, "?limit=2").await;
    let next = next.unwrap();
    for query in ["skip=-1", "skip=10000001", "skip=many", "skip=", &format!("skip=0&cursor={next}")] {
        let path = format!("/v1/children/{}/recordings?{query}", family.child);
        service.get(&family.token, &path).await.refused(ProblemType::Invalid);
    }
    let path = format!("/v1/children/{}/recordings?skip=1", ChildId::from_parts(1, 1));
    service.get(&family.token, &path).await.refused(ProblemType::NotFound);
}

/// How SQLite carries a statement out.
async fn plan(service: &Service, sql: sqlx::QueryBuilder<sqlx::Sqlite>) -> String {
    let sql = format!("EXPLAIN QUERY PLAN {}", sql.into_string());
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(service.core.db.read()).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("\n")
}

/// What is passed over or only counted by day is read in the index, not in the table.
#[tokio::test]
async fn skips_and_time_lines_walk_the_covering_index() {
    let service = Service::start().await;
    let some =
        Filter { kind: Some(rules::Kind::Voice), class: Some(rules::Class::Media), ..Filter::default() };
    for filter in [Filter::default(), some] {
        for sql in [select::place(1, &filter, 99_900), select::keys(1, &filter)] {
            let plan = plan(&service, sql).await;
            assert_eq!(plan, "SEARCH r USING COVERING INDEX recording_by_child (child=?)");
        }
    }
}
