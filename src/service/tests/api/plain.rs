//! The plain pages, as a browser without scripts walks through them.

use reqwest::Method;
use rules::{
    ErasureId, RecordingId,
    contract::{Children, Erasure, Erasures, Permission, Recording},
};
use serde_json::json;

use super::browser::{Browser, Page, select, words};
use crate::common::{Answer, Family, Service};

fn with(mut fields: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    fields.retain(|(known, _)| known != name);
    fields.push((name.into(), value.into()));
    fields
}

fn list(family: &Family) -> String {
    format!("/plain/children/{}", family.child)
}

/// The preview of these recordings, as ticking their boxes leads there.
async fn tick(browser: &Browser<'_>, family: &Family, ticked: &[RecordingId]) -> Page {
    let page = browser.get(&list(family)).await;
    let html = page.parsed();
    let form = select(&html, "form[action='/plain/erase'] input[name=request]")[0];
    let mut query = vec![("request".to_owned(), form.attr("value").unwrap().to_owned())];
    query.extend(ticked.iter().map(|id| ("rec".to_owned(), id.to_string())));
    browser.get(&format!("/plain/erase?{}", serde_urlencoded::to_string(query).unwrap())).await
}

async fn erasures(service: &Service, family: &Family) -> Vec<Erasure> {
    service.get(&family.token, "/v1/erasures").await.ok::<Erasures>().items
}

#[tokio::test]
async fn a_parent_without_scripts_finds_keeps_deletes_takes_back_and_is_told_when_it_is_gone() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let walnut = service.record(&family, "2026-11-20T08:00:00Z", "she has a walnut allergy").await;
    let night = service.record(&family, "2026-11-20T19:30:00Z", "good night").await;
    let browser = Browser::sign_in(&service, &family.token).await;

    // Find.
    let home = browser.get("/plain").await;
    assert!(
        home.words().contains("Child of parent") && home.words().contains("2 recordings"),
        "{}",
        home.words()
    );
    let found = browser.get(&format!("{}?q=WALN", list(&family))).await;
    let html = found.parsed();
    assert_eq!(select(&html, ".row").len(), 1);
    assert_eq!(words(&select(&html, "mark")[0]), "walnut");
    let opened = browser.get(select(&html, ".row a")[0].attr("href").unwrap()).await;
    let html = opened.parsed();
    assert_eq!(words(&select(&html, "blockquote mark")[0]), "walnut");
    let sound = select(&html, "audio")[0].attr("src").unwrap().to_owned();
    let heard = Answer::to(service.ask(Method::GET, &sound)).await;
    assert_eq!((heard.status, heard.header("content-type")), (200, "audio/wav"));

    // Keep.
    let action = format!("/plain/recordings/{walnut}/keep");
    let past = with(opened.form(&action), "other", "2026-11-21");
    let refused = browser.follow(&action, &past).await;
    assert_eq!(refused.status, 422);
    let html = refused.parsed();
    let field = select(&html, "input[name=other][aria-invalid=true]")[0];
    assert_eq!(field.attr("aria-describedby"), Some("keep-refused"));
    assert_eq!(words(&select(&html, "#keep-refused")[0]), "Choose a date after today.");
    let html = opened.parsed();
    let year = select(&html, "input[name=until]")[0].attr("value").unwrap();
    let kept = browser.follow(&action, &with(opened.form(&action), "until", year)).await;
    assert!(kept.words().contains("Kept until November 21, 2027."), "{}", kept.words());

    // What is kept stays, unless she says otherwise.
    let preview = tick(&browser, &family, &[walnut, night]).await;
    assert_eq!(preview.title(), "Delete 1 recording of Child of parent");
    assert!(
        preview.words().contains("1 recording stays, because you asked to keep it until November 21, 2027.")
    );
    assert!(preview.words().contains("You can undo it until November 24, 2026"), "{}", preview.words());
    let html = preview.parsed();
    let request = select(&html, "form.options input[name=request]")[0].attr("value").unwrap().to_owned();
    let both = serde_urlencoded::to_string([("request", &*request), ("include_kept", "1")]).unwrap();
    let both = browser.get(&format!("/plain/erase?{both}")).await;
    assert_eq!(both.title(), "Delete 2 recordings of Child of parent");
    assert!(erasures(&service, &family).await.is_empty(), "looking changes nothing");

    // Delete, twice with one form.
    let form = preview.form("/plain/erase");
    let (one, again) = (browser.post("/plain/erase", &form).await, browser.post("/plain/erase", &form).await);
    assert_eq!((one.status, again.status), (303, 303));
    assert_eq!(one.header("location"), again.header("location"), "it counts once");
    assert_eq!(erasures(&service, &family).await.len(), 1);
    let progress = browser.get(one.header("location")).await;
    assert_eq!(progress.title(), "Hidden from everyone");
    assert!(
        !progress.html.contains("http-equiv") && !progress.words().contains("Look again"),
        "three days are not waited for"
    );
    assert_eq!(browser.get(&format!("/plain/recordings/{night}")).await.status, 404);

    // Take it back.
    let id = erasures(&service, &family).await[0].id;
    let undo = format!("/plain/requests/{id}/undo");
    let back = browser.follow(&undo, &progress.form(&undo)).await;
    assert_eq!(back.title(), "Taken back");
    assert_eq!(browser.get(&format!("/plain/recordings/{night}")).await.status, 200);
    assert_eq!(
        browser.follow(&undo, &progress.form(&undo)).await.title(),
        "Something changed in the meantime."
    );

    // Delete for good.
    let preview = tick(&browser, &family, &[night]).await;
    let asked = browser.post("/plain/erase", &preview.form("/plain/erase")).await;
    assert_eq!(browser.get(asked.header("location")).await.title(), "Hidden from everyone");
    let id = asked.header("location").rsplit('/').next().unwrap().parse().unwrap();
    service.advance(72 * 3600 + 1);
    let token = service.session("parent", &[]).await;
    let browser = Browser::sign_in(&service, &token).await;
    let gone = until_deleted(&service, &browser, &token, id).await;
    assert!(gone.words().contains("Gone and checked: 1"), "{}", gone.words());
    let requests = browser.get("/plain/requests").await;
    assert!(requests.words().contains("Deleted") && requests.words().contains("Taken back"));

    // The receipt, as a page to print and as a file to keep.
    let html = gone.parsed();
    let way = select(&html, "a[href*='/receipt']")[0].attr("href").unwrap().to_owned();
    let mut page = browser.get(&way).await;
    while page.status == 409 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        page = browser.get(&way).await;
    }
    assert_eq!(page.title(), "Receipt");
    for said in [
        "You asked on",
        "1 copy erased",
        "nothing of it was checked by your browser",
        "Signed by forget-me-not.invalid/",
        "Only promised",
        "no backup of it can be read",
    ] {
        assert!(page.words().contains(said), "{said:?} is not in {}", page.words());
    }
    assert!(!page.words().contains("Checked by your browser") && !page.words().contains("good night"));
    let html = page.parsed();
    let file = browser.file(select(&html, "a[download]")[0].attr("href").unwrap()).await;
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"forget-me-not-receipt-2"));
    let receipt = proof::receipt::Receipt::parse(&file.text()).unwrap();
    assert!(receipt.body.contains(&format!("\nerasure {id}\n")), "{}", receipt.body);
    let all: Erasures = service.get(&token, "/v1/erasures").await.ok();
    // Both were asked for in one millisecond of the test's clock, so their order is anybody's.
    let taken_back = all.items.iter().find(|erasure| erasure.id != id).unwrap().id;
    let back = browser.get(&format!("/plain/requests/{taken_back}/receipt")).await;
    assert_eq!(back.title(), "There is no receipt of this.", "it was taken back");
}

#[tokio::test]
async fn nothing_is_chosen_for_her_and_only_what_is_so_is_said() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let browser = Browser::sign_in(&service, &family.token).await;
    let (page, action) = (format!("/plain/recordings/{id}"), format!("/plain/recordings/{id}/keep"));
    let said = async |what: &str| {
        let page = browser.get(&format!("{page}?said={what}")).await;
        select(&page.parsed(), ".said-so").first().map(words)
    };

    let opened = browser.get(&page).await;
    assert!(select(&opened.parsed(), "[checked], [selected]").is_empty());
    let refused = browser.follow(&action, &opened.form(&action)).await;
    assert_eq!(
        (refused.status, &*words(&select(&refused.parsed(), "#keep-refused")[0])),
        (422, "Choose a date.")
    );
    assert_eq!((said("kept").await, said("keep-ended").await), (None, Some("Not kept any more.".into())));
    let kept = browser.follow(&action, &with(opened.form(&action), "other", "2026-12-24")).await;
    assert!(kept.words().contains("Kept until December 24, 2026."), "{}", kept.words());
    assert_eq!(
        (said("kept").await, said("keep-ended").await),
        (Some("Kept until December 24, 2026.".into()), None)
    );
}

#[tokio::test]
async fn a_condition_that_is_left_out_never_widens_what_can_be_deleted_at_once() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let browser = Browser::sign_in(&service, &family.token).await;
    let offers = |page: &Page| {
        let html = page.parsed();
        select(&html, "main a[href^='/plain/erase']").len()
    };
    for (query, sound) in [
        ("from=2026-11-20", true),
        ("kind=voice", true),
        ("from=2026-11-20&to=2026-11-19", false),
        ("from=2026-11-20&to=2026-11-19&q=word", false),
        ("q=%3F%3F&kind=voice", false),
        ("q=%3F%3F", false),
    ] {
        let page = browser.get(&format!("{}?{query}", list(&family))).await;
        assert_eq!((select(&page.parsed(), ".row").len(), offers(&page)), (1, usize::from(sound)), "{query}");
        let why =
            "The search or a filter above is not valid and is left out. Correct it to delete everything";
        assert_eq!(page.words().contains(why), !sound, "{query}");
    }
}

#[tokio::test]
async fn every_page_can_be_left_and_whoever_looks_next_is_not_signed_in() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let erasure = service.erase(&family, json!({ "type": "class", "class": "location" })).await.id;
    let browser = Browser::sign_in(&service, &family.token).await;
    let mut form = Vec::new();
    for path in [
        "/plain",
        &list(&family),
        &format!("{}/holdings", list(&family)),
        &format!("/plain/recordings/{id}"),
        "/plain/requests",
        &format!("/plain/requests/{erasure}"),
        "/plain/reading",
        "/plain/nothing",
    ] {
        let page = browser.get(path).await;
        let html = page.parsed();
        let button = select(&html, "header form[action='/plain/leave'] button");
        assert_eq!(button.iter().map(words).collect::<Vec<_>>(), ["Leave this page"], "{path}");
        form = page.form("/plain/leave");
    }
    assert_eq!(tick(&browser, &family, &[id]).await.form("/plain/leave"), form);
    assert_eq!(browser.get("/plain/leave").await.status, 405);

    // Another site's form may lead her away, and ends nothing.
    let cookies = |answer: &Answer| {
        let all = answer.headers.get_all("set-cookie").iter();
        all.map(|cookie| cookie.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let away = (303, "https://www.wikipedia.org/");
    let other = Browser::sign_in(&service, &service.session("parent", &[]).await).await;
    for form in [Vec::new(), with(form.clone(), "token", "0"), other.get("/plain").await.form("/plain/leave")]
    {
        let left = browser.post("/plain/leave", &form).await;
        assert_eq!((left.status, left.header("location")), away);
        assert!(cookies(&left).is_empty() && left.header("clear-site-data").is_empty());
    }
    assert_eq!(browser.get("/plain").await.status, 200);

    let left = browser.post("/plain/leave", &form).await;
    assert_eq!((left.status, left.header("location")), away);
    assert_eq!(left.header("clear-site-data"), "\"cache\"");
    assert_eq!(left.header("cache-control"), "no-store");
    let over = cookies(&left);
    for name in ["fmn_plain=", "fmn_plain_locale=", "fmn_plain_tz="] {
        let over = over.iter().find(|cookie| cookie.starts_with(name)).unwrap();
        assert!(over.starts_with(&format!("{name};")) && over.contains("Path=/plain; "), "{over}");
        assert!(over.ends_with("Max-Age=0"), "{over}");
    }
    // What the cookie held opens nothing any more, and the other session is as it was.
    let back = browser.get(&format!("/plain/recordings/{id}")).await;
    assert_eq!((back.status, &*back.title()), (401, "You are not signed in here, or your time ran out."));
    assert_eq!(service.get(&family.token, "/v1/children").await.status, 401);
    assert_eq!(other.get("/plain").await.status, 200);
    // A page whose session is over can still be left.
    let again = browser.post("/plain/leave", &back.form("/plain/leave")).await;
    assert_eq!((again.status, again.header("location")), away);
}

/// Looks at the request until it is called deleted, which the service must have said before.
async fn until_deleted(service: &Service, browser: &Browser<'_>, token: &str, id: ErasureId) -> Page {
    let path = format!("/plain/requests/{id}?follow=1");
    for _ in 0..2_000 {
        let page = browser.get(&path).await;
        let now: Erasure = service.get(token, &format!("/v1/erasures/{id}")).await.ok();
        if page.title() == "Deleted" {
            assert_eq!(now.state, rules::ErasureState::Deleted);
            assert!(!page.html.contains("http-equiv"), "nothing more will happen");
            return page;
        }
        assert!(page.html.contains("http-equiv=\"refresh\""), "{}", page.html);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it was never deleted");
}

#[tokio::test]
async fn everything_of_a_child_needs_its_name_a_class_and_a_search_do_not() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T08:00:00Z", "a walnut").await;
    service.record(&family, "2026-11-20T09:00:00Z", "good night").await;
    let browser = Browser::sign_in(&service, &family.token).await;

    let nothing = tick(&browser, &family, &[]).await;
    assert_eq!((nothing.status, &*nothing.title()), (422, "No recording is ticked"));

    let held = browser.get(&format!("{}/holdings", list(&family))).await;
    assert!(held.words().contains("2 copies"), "{}", held.words());
    let found = browser.get(&format!("{}?q=walnut", list(&family))).await;
    let search = browser.get(&found.link("Delete the 1 found…")).await;
    assert_eq!(search.title(), "Delete 1 recording of Child of parent");
    assert_eq!(
        browser.follow("/plain/erase", &search.form("/plain/erase")).await.title(),
        "Hidden from everyone"
    );
    let class = browser.get(&held.link("Delete all places")).await;
    // Also the place of the one that is sealed: taking that one back must not bring it back.
    assert_eq!(class.title(), "Delete the places of 2 recordings of Child of parent");
    assert_eq!(
        browser.follow("/plain/erase", &class.form("/plain/erase")).await.title(),
        "Hidden from everyone"
    );

    let all = browser.get(&held.link("Delete everything of Child of parent")).await;
    assert_eq!(all.title(), "Delete everything of Child of parent");
    for wrong in ["", "Child of someone"] {
        let refused = browser.follow("/plain/erase", &with(all.form("/plain/erase"), "name", wrong)).await;
        assert_eq!(refused.status, 422, "{wrong}");
        let html = refused.parsed();
        assert_eq!(select(&html, "input[name=name]")[0].attr("aria-describedby"), Some("name-hint"));
        assert_eq!(select(&html, "input[name=name]")[0].attr("value"), Some(wrong));
    }
    assert_eq!(erasures(&service, &family).await.len(), 2);
    let form = with(all.form("/plain/erase"), "name", " child of parent ");
    assert_eq!(browser.follow("/plain/erase", &form).await.title(), "Hidden from everyone");
    assert_eq!(erasures(&service, &family).await.len(), 3);
    let empty = browser.get(&list(&family)).await;
    assert!(empty.words().contains("No recording of this child is in use."), "{}", empty.words());
}

#[tokio::test]
async fn a_form_without_its_token_or_with_anothers_changes_nothing() {
    let service = Service::start().await;
    let (one, other) = (service.family("one").await, service.family("other").await);
    let id = service.record(&one, "2026-11-20T08:00:00Z", "word").await;
    let theirs = service.record(&other, "2026-11-20T08:00:00Z", "word").await;
    let (browser, stranger) =
        (Browser::sign_in(&service, &one.token).await, Browser::sign_in(&service, &other.token).await);
    let keep = format!("/plain/recordings/{id}/keep");
    let form = browser.get(&format!("/plain/recordings/{id}")).await.form(&keep);
    let theirs = stranger.get(&format!("/plain/recordings/{theirs}")).await;
    let theirs = theirs.form(&theirs.form_action());
    let stolen = theirs.iter().find(|(name, _)| name == "token").unwrap().1.clone();
    let erasure = service.erase(&one, json!({ "type": "class", "class": "location" })).await.id;
    let delete = tick(&browser, &one, &[id]).await.form("/plain/erase");
    for (path, form) in [
        (keep, form),
        (format!("/plain/recordings/{id}/keep/end"), Vec::new()),
        ("/plain/erase".to_owned(), delete),
        (format!("/plain/requests/{erasure}/undo"), Vec::new()),
    ] {
        for token in ["", "0", &stolen] {
            let page = browser.follow(&path, &with(form.clone(), "token", token)).await;
            assert_eq!((page.status, &*page.title()), (403, "You may not do this here."), "{path}");
            assert!(page.words().contains("Nothing was changed."));
        }
        // Nor is any of them done by looking.
        if path != "/plain/erase" {
            assert_eq!(browser.get(&path).await.status, 405, "{path}");
        }
    }
    let recording: Recording = service.get(&one.token, &format!("/v1/recordings/{id}")).await.ok();
    assert_eq!(recording.item.kept_until, None);
    let all = erasures(&service, &one).await;
    assert_eq!((all.len(), all[0].state), (1, rules::ErasureState::Sealed));
}

#[tokio::test]
async fn another_familys_things_are_no_pages() {
    let service = Service::start().await;
    let (one, other) = (service.family("one").await, service.family("other").await);
    let id = service.record(&other, "2026-11-20T08:00:00Z", "word").await;
    service.record(&one, "2026-11-20T08:00:00Z", "word").await;
    let erasure = service.erase(&other, json!({ "type": "class", "class": "location" })).await.id;
    let children: Children = service.get(&other.token, "/v1/children").await.ok();
    let device = children.items[0].devices[0].id;
    let browser = Browser::sign_in(&service, &one.token).await;
    let scope = |scope: serde_json::Value| {
        let request = json!({ "child": one.child, "scope": scope }).to_string();
        format!("/plain/erase?{}", serde_urlencoded::to_string([("request", request)]).unwrap())
    };
    let theirs = json!({ "child": other.child, "scope": { "type": "child" } }).to_string();
    let mut pages = vec![
        list(&other),
        format!("{}/holdings", list(&other)),
        format!("/plain/recordings/{id}"),
        format!("/plain/requests/{erasure}"),
        format!("/plain/requests/{erasure}/receipt"),
        format!("/plain/requests/{erasure}/receipt/file"),
        format!("{}?device={device}", list(&one)),
        format!("/plain/erase?{}", serde_urlencoded::to_string([("request", theirs)]).unwrap()),
        scope(json!({ "type": "items", "recordings": [id] })),
        scope(json!({ "type": "search", "filter": { "device": device } })),
        "/plain/nothing".to_owned(),
        "/plain/recordings/1".to_owned(),
    ];
    for page in pages.drain(..) {
        let page_shown = browser.get(&page).await;
        assert_eq!((page_shown.status, &*page_shown.title()), (404, "This is not here any more."), "{page}");
        assert!(!page_shown.html.contains("Child of other"), "{page}");
    }
    let token = browser.get("/plain/requests").await;
    assert_eq!(token.status, 200);
    // With a token of one's own, too.
    let own = browser.get(&list(&one)).await;
    let html = own.parsed();
    let mine = browser.get(select(&html, ".row a")[0].attr("href").unwrap()).await;
    let form = mine.form(&mine.form_action());
    for path in [
        format!("/plain/recordings/{id}/keep"),
        format!("/plain/recordings/{id}/keep/end"),
        format!("/plain/requests/{erasure}/undo"),
    ] {
        assert_eq!(browser.follow(&path, &form).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_was_said_and_what_things_are_called_is_text_and_nothing_else() {
    let service = Service::start().await;
    let hostile =
        "</title></blockquote><script>alert(1)</script><img src=x onerror=alert(1)>\" autofocus x=\"{n}&amp;";
    let family = service.family(&hostile[..80]).await;
    let clip = crate::common::family::Clip {
        device: hostile,
        ..crate::common::family::Clip::at("2026-11-20T08:00:00Z", hostile)
    };
    let made: rules::contract::RecordingCreated = service.hand_in(family.child, clip).await.ok();
    let browser = Browser::sign_in(&service, &family.token).await;
    let q = serde_urlencoded::to_string([("q", hostile)]).unwrap();
    for path in [
        "/plain".to_owned(),
        list(&family),
        format!("{}?{q}", list(&family)),
        format!("{}?q=%22%3E%3Cscript%3E", list(&family)),
        format!("{}/holdings", list(&family)),
        format!("/plain/recordings/{}?{q}", made.id),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.words().contains("<script>") || page.html.contains("&lt;script&gt;"), "{path}");
    }
    let preview = tick(&browser, &family, &[made.id]).await;
    assert_eq!(preview.status, 200);
}

#[tokio::test]
async fn who_is_not_signed_in_or_not_allowed_reads_what_to_do() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let nobody = Browser { service: &service, cookie: "fmn_plain=fmn_0123".into() };
    for path in ["/plain", &list(&family), &format!("/plain/recordings/{id}"), "/plain/requests"] {
        let page = nobody.get(path).await;
        assert_eq!((page.status, &*page.title()), (401, "You are not signed in here, or your time ran out."));
        assert!(page.words().contains("Open this page again from the site that sent you here."));
    }
    let refused =
        Answer::to(service.ask(Method::POST, "/plain/session").form(&[("client_secret", "fmn_1")])).await;
    assert_eq!(refused.status, 401);
    let elsewhere = service.ask(Method::POST, "/plain/session").header("origin", "https://elsewhere.example");
    assert_eq!(Answer::to(elsewhere.form(&[("client_secret", &family.token)])).await.status, 403);

    let only = service.session("parent", &[Permission::View]).await;
    let looking = Browser::sign_in(&service, &only).await;
    let page = looking.get(&list(&family)).await;
    assert!(
        page.status == 200 && !page.words().contains("word") && !page.html.contains("checkbox"),
        "{}",
        page.html
    );
    assert_eq!(looking.get(&format!("/plain/recordings/{id}")).await.status, 403);
    assert_eq!(looking.get(&format!("{}?q=word", list(&family))).await.status, 403);

    let browser = Browser::sign_in(&service, &family.token).await;
    service.advance(900);
    assert_eq!(browser.get("/plain").await.status, 401);
}

#[tokio::test]
async fn conditions_pages_and_mistakes_are_handled_in_place() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    for n in 0..52 {
        service.record(&family, &format!("2026-11-20T08:{n:02}:00Z"), &format!("word {n}")).await;
    }
    let browser = Browser::sign_in(&service, &family.token).await;
    let first = browser.get(&list(&family)).await;
    assert_eq!(select(&first.parsed(), ".row").len(), 50);
    let second = browser.get(&first.link("Older")).await;
    assert_eq!(select(&second.parsed(), ".row").len(), 2);
    assert_eq!(second.link("Newer"), list(&family));
    for (query, rows, hint) in [
        ("q=%E2%80%A6", 50, Some("q-hint")),
        ("from=2026-11-20&to=2026-11-20&q=word+7", 1, None),
        ("from=2026-11-21", 0, None),
        ("from=2026-11-20&to=2026-11-19", 50, Some("to-hint")),
        ("q=&from=&to=&device=&kind=voice&class=media", 50, None),
        ("kind=video", 0, None),
    ] {
        let page = browser.get(&format!("{}?{query}", list(&family))).await;
        let html = page.parsed();
        assert_eq!((page.status, select(&html, ".row").len()), (200, rows), "{query}");
        assert_eq!(
            select(&html, "[aria-invalid]").first().map(|field| field.attr("aria-describedby").unwrap()),
            hint,
            "{query}"
        );
    }
    assert_eq!(browser.get(&format!("{}?kind=smell", list(&family))).await.status, 422);
}

#[tokio::test]
async fn pages_are_in_the_readers_language_and_hours() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    service.record(&family, "2026-11-20T23:30:00Z", "word").await;
    let browser = Browser::sign_in(&service, &family.token).await;
    assert!(browser.get(&list(&family)).await.words().contains("Friday, November 20, 2026"));
    let answer = Answer::to(service.ask(Method::GET, "/plain/reading?tz=Europe/Berlin&locale=en")).await;
    let cookies: Vec<_> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|c| c.to_str().unwrap().split(';').next().unwrap())
        .collect();
    let berlin = Browser { service: &service, cookie: format!("{}; {}", browser.cookie, cookies.join("; ")) };
    let page = berlin.get(&list(&family)).await;
    assert!(page.words().contains("Saturday, November 21, 2026"), "{}", page.words());
    assert!(page.html.contains("Dates and times are those of Europe/Berlin."));
    assert_eq!(
        select(&berlin.get(&format!("{}?from=2026-11-21", list(&family))).await.parsed(), ".row").len(),
        1
    );
    assert_eq!(berlin.get("/plain/reading").await.status, 200);
    assert_eq!(berlin.get("/plain?tz=Europe/Atlantis&locale=tlh").await.status, 200);
}

#[tokio::test]
async fn a_demo_signs_in_by_itself_and_nothing_else_does() {
    let demo = service::core::Policy { demo: true, undo_window_seconds: 120 };
    let service = Service::with(demo, |_| {}).await;
    let family = service.family("demo").await;
    let id = service.record(&family, "2026-11-20T08:00:00Z", "word").await;
    let nobody = Browser { service: &service, cookie: String::new() };
    let home = nobody.get("/plain").await;
    assert!(home.status == 200 && home.words().contains("Child of demo"));
    let cookie = home.answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let browser = Browser { service: &service, cookie };
    assert_eq!(browser.get(&format!("/plain/recordings/{id}")).await.status, 200);
    // Two minutes are near: the page follows by itself where that is asked for, and not before.
    let preview = tick(&browser, &family, &[id]).await;
    let sealed = browser.follow("/plain/erase", &preview.form("/plain/erase")).await;
    assert!(!sealed.html.contains("http-equiv"));
    let following = browser.get(&sealed.link("Look again by itself every few seconds")).await;
    assert!(following.html.contains("http-equiv=\"refresh\""));
    let still = browser.get(&following.link("Stop that")).await;
    assert!(!still.html.contains("http-equiv"));
    let rebound = service.ask(Method::GET, "/plain").header("host", "rebound.example");
    assert_eq!(Answer::to(rebound).await.status, 401);
}

#[tokio::test]
async fn the_style_is_a_file_of_ours() {
    let service = Service::start().await;
    let style = Answer::to(service.ask(Method::GET, "/plain/style.css")).await;
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(!style.text().contains("url("), "it loads nothing");
}

#[tokio::test]
async fn what_was_learned_is_read_with_the_recording_and_counted_before_it_goes() {
    let service = Service::start().await;
    let family = service.family("parent").await;
    let walnut = service.record(&family, "2026-11-20T08:00:00Z", "I cannot eat walnuts").await;
    let night = service.record(&family, "2026-11-20T19:30:00Z", "no walnuts, good night").await;
    let fact = |text: &str, of: &[RecordingId]| {
        let sources: Vec<_> = of.iter().map(|id| json!({ "recording": id })).collect();
        service.made(&family, "fact", text, &json!(sources))
    };
    service
        .register(&fact("Allergic to <walnuts>", &[walnut]))
        .await
        .ok::<rules::contract::DerivationCreated>();
    service
        .register(&fact("Talks of walnuts", &[walnut, night]))
        .await
        .ok::<rules::contract::DerivationCreated>();
    let row = json!([{ "recording": walnut, "content": "I cannot eat walnuts" }]);
    let dataset = service.dataset("speech-1", "none", row).await;
    service.model("speech-7", &[dataset]).await;

    let browser = Browser::sign_in(&service, &family.token).await;
    let opened = browser.get(&format!("/plain/recordings/{walnut}")).await.words();
    for said in ["Learned from this", "Allergic to <walnuts>", "Talks of walnuts"] {
        assert!(opened.contains(said), "{said}: {opened}");
    }
    let preview = tick(&browser, &family, &[walnut]).await;
    for said in [
        "Facts learned 2 copies",
        "Training data 1 copy",
        "Also made from recordings that stay: 1. It goes all the same.",
        "speech-7: made without consent, is to be retired or trained anew by February 19, 2027",
    ] {
        assert!(preview.words().contains(said), "{said}: {}", preview.words());
    }
    let progress = browser.follow("/plain/erase", &preview.form("/plain/erase")).await;
    assert!(progress.words().contains("Models that learned from it"), "{}", progress.words());
    assert!(!browser.get(&format!("/plain/recordings/{night}")).await.words().contains("Learned from this"));
}
