use rules::{
    StoreId,
    contract::{ChildCreated, Children, Held, Holdings},
    retention::{End, EndReason, end_of},
};
use serde_json::json;

use crate::common::{Answer, Service, family::Clip};

#[tokio::test]
async fn the_first_screen_says_what_is_held_of_each_child() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let none: Children = service.get(&family.token, "/v1/children").await.ok();
    assert_eq!(none.items.len(), 1);
    assert_eq!((none.items[0].recordings, none.items[0].oldest, none.items[0].next_end), (0, None, None));

    service.record(&family, "2026-05-21T08:00:00Z", "good morning").await;
    let clip = Clip { device: "Car", ..Clip::at("2026-11-20T18:30:00Z", "are we there yet") };
    service.hand_in(family.child, clip).await;
    let children: Children = service.get(&family.token, "/v1/children").await.ok();
    assert!(!children.demo);
    assert_eq!(children.undo_window_seconds, 72 * 3600);
    let child = &children.items[0];
    assert_eq!((child.id, &*child.name, child.recordings), (family.child, "Child of parent", 2));
    assert_eq!((child.classes.media, child.classes.transcript), (2, 2));
    assert_eq!((child.classes.location, child.classes.derived), (2, 2));
    assert_eq!(child.oldest, Some("2026-05-21T08:00:00Z".parse().unwrap()));
    assert_eq!(child.newest, Some("2026-11-20T18:30:00Z".parse().unwrap()));
    assert_eq!(child.devices.iter().map(|device| &*device.name).collect::<Vec<_>>(), ["Car", "Kitchen"]);
    // 18 months after the last use, and the 90 days within which it must be gone.
    let end = child.next_end.unwrap();
    assert_eq!((end.on, end.because), ("2028-08-18".parse().unwrap(), EndReason::Inactivity));
    assert_eq!(child.open_erasures, 0);
}

#[tokio::test]
async fn sealing_shows_at_once_on_the_first_screen() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let one = service.record(&family, "2026-11-20T08:00:00Z", "one").await;
    service.record(&family, "2026-11-20T09:00:00Z", "two").await;
    service.erase(&family, json!({ "type": "items", "recordings": [one] })).await;
    let children: Children = service.get(&family.token, "/v1/children").await.ok();
    assert_eq!((children.items[0].recordings, children.items[0].open_erasures), (1, 1));
    assert_eq!(children.items[0].oldest, Some("2026-11-20T09:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn children_are_listed_by_name_and_a_repeated_name_is_the_same_child() {
    let service = Service::start().await;
    let make = async |name: &str| -> Answer {
        let body = json!({ "guardian": "parent", "name": name });
        Answer::to(service.vendor(reqwest::Method::POST, "/v1/children").json(&body)).await
    };
    let zoe = make("Zoe").await;
    assert_eq!(zoe.status, 201);
    make("anna").await;
    make("Mia").await;
    assert_eq!(make(" Zoe ").await.ok::<ChildCreated>(), zoe.ok());
    let token = service.session("parent", &[]).await;
    let children: Children = service.get(&token, "/v1/children").await.ok();
    let names: Vec<_> = children.items.iter().map(|child| &*child.name).collect();
    assert_eq!(names, ["anna", "Mia", "Zoe"]);
}

#[tokio::test]
async fn a_keep_that_outlasts_inactivity_moves_the_next_end() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    // Last used so long ago that 18 months and 90 days end within what a keep may last.
    let one = service.record(&family, "2025-08-01T08:00:00Z", "one").await;
    let two = service.record(&family, "2025-08-01T09:00:00Z", "two").await;
    let end = async || -> End {
        let children: Children = service.get(&family.token, "/v1/children").await.ok();
        children.items[0].next_end.unwrap()
    };
    let keep = async |recording, until: &str| {
        let path = format!("/v1/recordings/{recording}/keep");
        assert_eq!(service.put(&family.token, &path, &json!({ "until": until })).await.status, 200);
    };
    let ruled =
        |until: Option<&str>| end_of("2025-08-01".parse().unwrap(), until.map(|day| day.parse().unwrap()));
    assert_eq!(end().await, ruled(None));
    keep(one, "2028-01-01").await;
    assert_eq!(end().await, ruled(None), "the other one ends first");
    keep(two, "2027-12-01").await;
    assert_eq!(end().await, ruled(Some("2027-12-01")), "the first keep to end");
    assert_eq!(end().await.because, EndReason::KeepEnds);
    keep(two, "2027-01-01").await;
    assert_eq!(end().await, ruled(None), "too short a keep changes nothing");
    // A keep that is over is none.
    service.advance(42 * 86_400);
    let token = service.session("parent", &[]).await;
    let children: Children = service.get(&token, "/v1/children").await.ok();
    assert_eq!(children.items[0].next_end, Some(ruled(None)));
}

#[tokio::test]
async fn every_store_of_the_inventory_answers_for_itself() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let path = format!("/v1/children/{}/holdings", family.child);
    let none: Holdings = service.get(&family.token, &path).await.ok();
    assert_eq!(none.stores.iter().map(|holding| holding.store).collect::<Vec<_>>(), StoreId::ALL);
    assert!(none.stores.iter().all(|holding| holding.held == Held::None), "{none:?}");
    assert_eq!((none.child, none.as_of), (family.child, service.now()));

    let one = service.record_whole(&family, "2026-11-20T08:00:00Z", "one").await;
    service.record_whole(&family, "2026-11-20T09:00:00Z", "two").await;
    service.erase(&family, json!({ "type": "items", "recordings": [one] })).await;
    let holdings: Holdings = service.get(&family.token, &path).await.ok();
    for holding in holdings.stores {
        let Held::Held { copies, sealed, bytes } = holding.held else { panic!("{holding:?}") };
        assert_eq!((copies, sealed), (1, 1), "{:?}", holding.store);
        assert_eq!(holding.class, holding.store.class());
        if holding.store == StoreId::Media {
            assert_eq!(bytes, Some(2 * 8044), "both files are still there");
        }
    }
}
