//! Whether the browser is online, as it says itself.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::window;
use yew::html::Scope;

use crate::{
    page::{Event, Page},
    state::Msg,
};

/// The two events that tell it.
const EVENTS: [&str; 2] = ["online", "offline"];

/// Listens for as long as it lives.
pub struct Connection(Closure<dyn Fn(web_sys::Event)>);

impl Connection {
    /// Tells the page, now if the browser is offline, and whenever that changes.
    pub fn new(link: &Scope<Page>) -> Option<Self> {
        let window = window()?;
        if !window.navigator().on_line() {
            link.send_message(Event::Msg(Msg::Online(false)));
        }
        let link = link.clone();
        let heard = Closure::<dyn Fn(_)>::new(move |event: web_sys::Event| {
            link.send_message(Event::Msg(Msg::Online(event.type_() == EVENTS[0])));
        });
        for event in EVENTS {
            window.add_event_listener_with_callback(event, heard.as_ref().unchecked_ref()).ok()?;
        }
        Some(Self(heard))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(window) = window() else { return };
        for event in EVENTS {
            // It was added, so it can be taken off.
            let _ = window.remove_event_listener_with_callback(event, self.0.as_ref().unchecked_ref());
        }
    }
}
