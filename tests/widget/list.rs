//! The list of a child in a real browser: what is drawn, what keeps the focus, back and forward.

use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{CssStyleSheet, Element, HtmlElement, HtmlInputElement, ShadowRoot, window};
use widget::element::{mount, unmount};

use crate::support::{ENGLISH, found, press, root_of, signed_in, text_of, until, until_shown};

const STYLES: &str = include_str!("../../static/forget-me-not.css");

/// The list of the first child, with the styles it has on a page.
struct Shown {
    host: HtmlElement,
    root: Rc<ShadowRoot>,
    id: u32,
}

impl Shown {
    async fn new(history: bool) -> Self {
        let host = signed_in();
        if !history {
            host.set_attribute("history", "none").unwrap();
        }
        let root = root_of(&host);
        let sheet = CssStyleSheet::new().unwrap();
        sheet.replace_sync(STYLES).unwrap();
        root.set_adopted_style_sheets(&js_sys::Array::of1(&sheet));
        let id = mount(host.clone(), &root, &ENGLISH).expect("a mount");
        found(&root, ".card .button").await.click();
        found(&root, "li.row .open").await;
        Self { host, root: Rc::new(root), id }
    }

    fn all(&self, selector: &str) -> Vec<Element> {
        let list = self.root.query_selector_all(selector).unwrap();
        (0..list.length()).filter_map(|at| list.get(at)).map(JsCast::unchecked_into).collect()
    }

    fn rows(&self) -> usize {
        self.all("li.row").len()
    }

    /// The places of the rows that are drawn.
    fn places(&self) -> Vec<usize> {
        self.all("li.row").iter().map(|row| row.id()["row-".len()..].parse().unwrap()).collect()
    }

    fn total(&self) -> usize {
        let digits: String = text_of(&self.root)
            .split(" recordings, the oldest")
            .next()
            .unwrap()
            .chars()
            .rev()
            .take_while(|c| c.is_ascii_digit() || *c == ',')
            .filter(char::is_ascii_digit)
            .collect();
        digits.chars().rev().collect::<String>().parse().unwrap()
    }

    /// The class and the words of what has the focus.
    fn focused(&self) -> String {
        let Some(active) = self.root.active_element() else { return String::new() };
        format!("{}: {}", active.class_name(), active.text_content().unwrap_or_default())
    }

    async fn scroll_to(&self, share: f64) {
        let days = self.root.query_selector(".days").unwrap().unwrap().get_bounding_client_rect();
        window().unwrap().scroll_by_with_x_and_y(0.0, days.top() + days.height() * share - 100.0);
        self.until_settled().await;
    }

    /// Until rows are in sight, and there.
    async fn until_settled(&self) {
        let height = window().unwrap().inner_height().unwrap().as_f64().unwrap();
        until("rows are in sight", || {
            let in_sight: Vec<_> = self
                .all("li.row")
                .into_iter()
                .filter(|row| {
                    let place = row.get_bounding_client_rect();
                    place.bottom() > 0.0 && place.top() < height
                })
                .collect();
            !in_sight.is_empty() && in_sight.iter().all(|row| !row.class_list().contains("absent"))
        })
        .await;
    }

    fn end(self) {
        unmount(self.id);
        self.host.remove();
    }
}

#[wasm_bindgen_test]
async fn any_place_of_a_long_list_is_shown_with_few_rows() {
    let list = Shown::new(false).await;
    let total = list.total();
    assert!(total > 300, "{total}");
    for share in [0.0, 0.5, 0.99, 0.3, 0.0] {
        list.scroll_to(share).await;
        assert!(list.rows() <= 150, "{}", list.rows());
        let places = list.places();
        assert!(places.is_sorted());
        let wanted = (total as f64 * share) as usize;
        let near = places.iter().any(|place| place.abs_diff(wanted) < total / 8);
        assert!(near, "{share} of {total}: {places:?}");
        // What is in sight lies under each other, without a gap or an overlap.
        let mut rows = list.all("li.row, .day h3");
        rows.retain(|row| row.get_bounding_client_rect().bottom() > 0.0);
        for (upper, lower) in rows.iter().zip(&rows[1..]) {
            let (upper, lower) = (upper.get_bounding_client_rect(), lower.get_bounding_client_rect());
            assert!((upper.bottom() - lower.top()).abs() < 1.5, "{} {}", upper.bottom(), lower.top());
        }
    }
    list.end();
}

#[wasm_bindgen_test]
async fn each_day_is_a_list_that_says_how_long_it_is() {
    let list = Shown::new(false).await;
    for day in list.all(".day") {
        assert!(day.query_selector("h3").unwrap().is_some());
        for row in (0..).map_while(|at| day.query_selector_all("li.row").unwrap().get(at)) {
            let row: Element = row.unchecked_into();
            let number = |name| row.get_attribute(name).unwrap().parse::<usize>().unwrap();
            assert!((1..=number("aria-setsize")).contains(&number("aria-posinset")));
        }
    }
    list.end();
}

#[wasm_bindgen_test]
async fn a_row_with_the_focus_stays_under_it_however_far_she_scrolls() {
    let list = Shown::new(false).await;
    found(&list.root, "#row-2 .open").await.focus().unwrap();
    let focused = list.focused();
    assert!(focused.starts_with("open: "), "{focused}");
    for share in [0.5, 0.99, 0.2, 0.7] {
        list.scroll_to(share).await;
        assert_eq!(list.focused(), focused, "at {share}");
        assert!(list.rows() <= 150 && list.places().contains(&2));
    }
    list.scroll_to(0.0).await;
    assert_eq!(list.focused(), focused);
    list.end();
}

#[wasm_bindgen_test]
async fn a_button_that_vanishes_leaves_the_focus_at_a_sensible_place() {
    let list = Shown::new(false).await;
    let press_focused = |label: &str| {
        let buttons = list.all("button");
        let button = buttons.iter().find(|button| button.text_content().unwrap().contains(label));
        let button: &HtmlElement = button.unwrap_or_else(|| panic!("{label}")).unchecked_ref();
        button.focus().unwrap();
        button.click();
    };
    press_focused("Select all ");
    until("the number has it", || list.focused() == format!("found: {} recordings selected", list.total()))
        .await;
    press_focused("Select none");
    until("the number has it", || list.focused() == format!("found: {} recordings", list.total())).await;
    let search: HtmlInputElement = found(&list.root, "input[type=search]").await.unchecked_into();
    search.set_value("zzzz");
    search.dispatch_event(&web_sys::Event::new("input").unwrap()).unwrap();
    until_shown(&list.root, "Nothing matches").await;
    press_focused("Clear search");
    until("the field has it", || list.root.active_element().is_some_and(|active| active.id() == "search"))
        .await;
    list.end();
}

#[wasm_bindgen_test]
async fn a_day_is_ticked_with_one_box_and_unticking_one_row_shows_in_it() {
    let list = Shown::new(false).await;
    let days = list.all(".day");
    let day =
        days.iter().find(|day| day.query_selector_all("li.row").unwrap().length() > 1).expect("such a day");
    let tick = |selector: &str| {
        let tick = day.query_selector(selector).unwrap().unwrap();
        tick.unchecked_into::<HtmlInputElement>()
    };
    let rows = day.query_selector_all("li.row").unwrap().length();
    tick("h3 input").click();
    until_shown(&list.root, &format!("{rows} recordings selected")).await;
    assert!(tick("h3 input").checked() && !tick("h3 input").indeterminate());
    tick("li.row input").click();
    until("the box says that it is some of them", || tick("h3 input").indeterminate()).await;
    assert!(!tick("h3 input").checked());
    list.end();
}

#[wasm_bindgen_test]
async fn back_and_forward_lead_where_she_was_and_leave_the_hosts_state_alone() {
    let history = window().unwrap().history().unwrap();
    let own = js_sys::JSON::parse(r#"{"router": 7}"#).unwrap();
    history.replace_state(&own, "").unwrap();
    let address = window().unwrap().location().href().unwrap();
    let list = Shown::new(true).await;
    list.scroll_to(0.5).await;
    let place = list.places();
    let row = list.all("li.row .open").swap_remove(place.len() / 2);
    let (id, row): (String, HtmlElement) = (row.id(), row.unchecked_into());
    row.click();
    until_shown(&list.root, "Back to the list").await;
    assert_eq!(window().unwrap().location().href().unwrap(), address);
    let state = history.state().unwrap();
    assert_eq!(js_sys::Reflect::get(&state, &"router".into()).unwrap().as_f64(), Some(7.0));

    history.back().unwrap();
    found(&list.root, "li.row").await;
    until("the row has the focus", || list.root.active_element().is_some_and(|active| active.id() == id))
        .await;
    list.until_settled().await;
    assert!(list.places().iter().any(|at| place.contains(at)), "{:?} {place:?}", list.places());

    history.forward().unwrap();
    until_shown(&list.root, "Back to the list").await;
    history.back().unwrap();
    found(&list.root, "li.row").await;
    history.back().unwrap();
    until_shown(&list.root, "What is held about your children").await;
    list.end();
    TimeoutFuture::new(50).await;
}

#[wasm_bindgen_test]
async fn two_elements_go_back_each_its_own_way() {
    let history = window().unwrap().history().unwrap();
    let (one, other) = (Shown::new(true).await, Shown::new(true).await);
    press(&one.root, "What is held");
    until_shown(&one.root, "Each place was asked").await;
    press(&other.root, "Requests");
    until("the other shows its requests", || other.rows() == 0).await;
    history.back().unwrap();
    until("the other is back at its list", || other.rows() > 0).await;
    assert!(text_of(&one.root).contains("Each place was asked"), "the first stays");
    history.back().unwrap();
    until("the first is back at its list", || one.rows() > 0).await;
    assert!(other.rows() > 0);
    one.end();
    other.end();
}

#[wasm_bindgen_test]
async fn without_history_nothing_is_added_to_it() {
    let history = window().unwrap().history().unwrap();
    let before = history.length().unwrap();
    let list = Shown::new(false).await;
    press(&list.root, "What is held");
    until_shown(&list.root, "Each place was asked").await;
    assert_eq!(history.length().unwrap(), before);
    list.end();
}
