//! What the element's script calls: mount, update, unmount.
//!
//! Yew never takes its listeners off the node it renders into, so an application that is thrown
//! away leaks that node. Applications are therefore kept in a pool and used again. Every mount has
//! a number that keys the whole page: nothing one mount knew is ever seen by the next.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, ShadowRoot, window};
use yew::{AppHandle, Renderer};

use crate::{
    client::Client,
    events, later,
    locale::Texts,
    page::{Host, Root, RootProps},
    state::Told,
};

/// A node that Yew has taken over, and the application in it.
struct Slot {
    node: Element,
    app: AppHandle<Root>,
}

struct Mounted {
    id: u32,
    slot: Slot,
    host: Host,
    /// What gives sessions: another one may be another parent's.
    asks: JsValue,
    /// Counts the texts that the script brought.
    brought: u32,
}

#[derive(Default)]
struct Mounts {
    last: u32,
    shown: Vec<Mounted>,
    idle: Vec<Slot>,
}

thread_local! {
    static MOUNTS: RefCell<Mounts> = RefCell::default();
}

/// Shows the page in `root`, the shadow root of `host`, with the texts of a locale file. Answers
/// with the number by which [`update`] and [`unmount`] know this mount.
///
/// # Errors
/// Where the texts are no locale file, or the browser refuses a node.
#[wasm_bindgen(skip_jsdoc)]
pub fn mount(host: HtmlElement, root: &ShadowRoot, texts: &str) -> Result<u32, JsValue> {
    let texts = read_texts(&host, texts)?;
    MOUNTS.with_borrow_mut(|mounts| {
        mounts.last += 1;
        let id = mounts.last;
        let (src, asks) = (src_of(&host), asks_of(&host));
        let host = Host { mount: id, revision: 0, refreshes: 0, src, client: Client::new(host), texts };
        let props = RootProps { host: Some(host.clone()) };
        // Yew empties a node a microtask after it was put away. Until then it shows the last mount.
        let slot = match mounts.idle.iter().position(|slot| !slot.node.has_child_nodes()) {
            Some(at) => {
                let mut slot = mounts.idle.swap_remove(at);
                slot.app.update(props);
                slot
            }
            None => new_slot(props)?,
        };
        root.append_child(&slot.node)?;
        mounts.shown.push(Mounted { id, slot, host, asks, brought: 0 });
        Ok(id)
    })
}

/// The host changed an attribute or a property, or brings the texts of another locale.
///
/// # Errors
/// Where the texts are no locale file.
#[wasm_bindgen(skip_jsdoc)]
pub fn update(id: u32, texts: Option<String>) -> Result<(), JsValue> {
    MOUNTS.with_borrow_mut(|mounts| {
        let Some(mounted) = mounts.shown.iter_mut().find(|mounted| mounted.id == id) else { return Ok(()) };
        let element = mounted.host.client.host().clone();
        if let Some(texts) = texts {
            let texts = read_texts(&element, &texts)?;
            mounted.brought += 1;
            if mounted.host.texts.are_whole() && !texts.are_whole() {
                // She may be anywhere: it goes on in the words that are there until all of the new ones are.
                spawn_local(change_texts(id, mounted.brought, texts));
            } else {
                mounted.host.texts = texts;
            }
        }
        let (src, asks) = (src_of(&element), asks_of(&element));
        let another_parent = mounted.asks.is_function() && mounted.asks != asks;
        mounted.asks = asks;
        if mounted.host.src != src || another_parent {
            // Another service, or another parent, is another page: its sessions and answers are its own.
            mounts.last += 1;
            mounted.host.mount = mounts.last;
            mounted.host.src = src;
            mounted.host.client = Client::new(element);
        }
        mounted.host.revision += 1;
        mounted.slot.app.update(RootProps { host: Some(mounted.host.clone()) });
        Ok(())
    })
}

/// Shows other texts as soon as they are whole, unless others still were brought meanwhile.
async fn change_texts(id: u32, brought: u32, texts: Rc<Texts>) {
    let came = later::come(&texts).await;
    MOUNTS.with_borrow_mut(|mounts| {
        let mounted = mounts.shown.iter_mut().find(|mounted| (mounted.id, mounted.brought) == (id, brought));
        let Some(mounted) = mounted else { return };
        if came.is_ok() {
            mounted.host.texts = texts;
            mounted.host.revision += 1;
            mounted.slot.app.update(RootProps { host: Some(mounted.host.clone()) });
        } else {
            let host = mounted.host.client.host().clone();
            spawn_local(async move { events::tell(&host, Told::Error("load")) });
        }
    });
}

/// Asks again for what is shown.
#[wasm_bindgen(skip_jsdoc)]
pub fn refresh(id: u32) {
    MOUNTS.with_borrow_mut(|mounts| {
        let Some(mounted) = mounts.shown.iter_mut().find(|mounted| mounted.id == id) else { return };
        mounted.host.refreshes += 1;
        mounted.host.revision += 1;
        mounted.slot.app.update(RootProps { host: Some(mounted.host.clone()) });
    });
}

/// Takes the page away. What it knew is dropped, what it waited for is called off.
#[wasm_bindgen(skip_jsdoc)]
pub fn unmount(id: u32) {
    MOUNTS.with_borrow_mut(|mounts| {
        let Some(at) = mounts.shown.iter().position(|mounted| mounted.id == id) else { return };
        let mut slot = mounts.shown.swap_remove(at).slot;
        slot.app.update(RootProps { host: None });
        slot.node.remove();
        mounts.idle.push(slot);
    });
}

/// How many nodes are shown and how many wait to be used again, for the tests that look for leaks.
#[doc(hidden)]
#[must_use]
pub fn pooled() -> (usize, usize) {
    MOUNTS.with_borrow(|mounts| (mounts.shown.len(), mounts.idle.len()))
}

fn new_slot(props: RootProps) -> Result<Slot, JsValue> {
    let document = window().and_then(|window| window.document()).ok_or(JsValue::NULL)?;
    let node = document.create_element("div")?;
    let app = Renderer::<Root>::with_root_and_props(node.clone(), props).render();
    Ok(Slot { node, app })
}

fn read_texts(host: &HtmlElement, json: &str) -> Result<Rc<Texts>, JsValue> {
    let tag = host.get_attribute("locale").unwrap_or_default();
    Ok(Rc::new(Texts::read(json, &tag)?))
}

fn asks_of(host: &HtmlElement) -> JsValue {
    js_sys::Reflect::get(host, &"fetchSession".into()).unwrap_or(JsValue::UNDEFINED)
}

fn src_of(host: &HtmlElement) -> String {
    host.get_attribute("src").unwrap_or_default()
}
