//! What of the page is in the window: heard of when something scrolls, measured when it is drawn.

use std::{cell::Cell, rc::Rc};

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event as DomEvent, HtmlInputElement, PopStateEvent, ShadowRoot, window};
use yew::html::Scope;

use crate::{
    page::{Event, Page},
    state::days::Seen,
};

/// What listens while a page is shown; taken off when it is dropped.
pub struct Sight {
    heard: Closure<dyn FnMut(DomEvent)>,
    frame: Rc<Closure<dyn FnMut()>>,
    waiting: Rc<Cell<i32>>,
}

/// What is listened for on the window. Scrolling does not bubble: it is caught on its way down,
/// whatever it is that scrolls around the element.
const KINDS: [&str; 3] = ["scroll", "resize", "popstate"];

impl Sight {
    /// Begins to listen.
    pub fn new(link: Scope<Page>) -> Option<Self> {
        let waiting = Rc::new(Cell::new(0));
        let (drawn, to) = (waiting.clone(), link.clone());
        let frame: Rc<Closure<dyn FnMut()>> = Rc::new(Closure::new(move || {
            drawn.set(0);
            to.send_message(Event::Moved);
        }));
        let (next, asked) = (frame.clone(), waiting.clone());
        let heard = Closure::new(move |event: DomEvent| match event.dyn_into::<PopStateEvent>() {
            Ok(event) => link.send_message(Event::Popped(event.state())),
            Err(_) => look(&next, &asked),
        });
        let window = window()?;
        for kind in KINDS {
            let listener = heard.as_ref().unchecked_ref();
            window.add_event_listener_with_callback_and_bool(kind, listener, true).ok()?;
        }
        Some(Self { heard, frame, waiting })
    }

    /// Measures with the next picture that the browser draws.
    pub fn look(&self) {
        look(&self.frame, &self.waiting);
    }
}

fn look(frame: &Closure<dyn FnMut()>, waiting: &Cell<i32>) {
    if waiting.get() == 0
        && let Some(window) = window()
        && let Ok(handle) = window.request_animation_frame(frame.as_ref().unchecked_ref())
    {
        waiting.set(handle);
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        let Some(window) = window() else { return };
        for kind in KINDS {
            let listener = self.heard.as_ref().unchecked_ref();
            // It listens: there is nothing to refuse.
            let _ = window.remove_event_listener_with_callback_and_bool(kind, listener, true);
        }
        let _ = window.cancel_animation_frame(self.waiting.get());
    }
}

/// Where the list lies in the window, if it is shown.
pub fn measure(root: &ShadowRoot) -> Option<Seen> {
    let find = |selector| root.query_selector(selector).ok()?;
    let height = |element: Element| element.get_bounding_client_rect().height();
    let list = find(".days")?.get_bounding_client_rect();
    let held = root.active_element().and_then(|active| active.closest("li.row").ok()?);
    Some(Seen {
        above: -list.top(),
        height: list.height(),
        window: window()?.inner_height().ok()?.as_f64()?,
        row: height(find("li.row")?),
        heading: height(find(".day h3")?),
        held: held.and_then(|row| row.id().strip_prefix(ROW)?.parse().ok()),
    })
}

/// What the id of a row begins with, before its place in the list.
pub const ROW: &str = "row-";

/// Brings a row to the upper edge of what scrolls.
pub fn scroll_to(root: &ShadowRoot, row: usize) {
    if let Some(row) = root.get_element_by_id(&format!("{ROW}{row}")) {
        row.scroll_into_view();
    }
}

/// A box that stands for several of which some are ticked shows that; no attribute says it.
pub fn half_ticked(root: &ShadowRoot) {
    let Ok(boxes) = root.query_selector_all(".day h3 input") else { return };
    for at in 0..boxes.length() {
        if let Some(tick) = boxes.get(at).and_then(|node| node.dyn_into::<HtmlInputElement>().ok()) {
            tick.set_indeterminate(tick.class_name() == "some");
        }
    }
}
