//! The session: asked of the host page by its `fetchSession`, kept in memory, renewed when it is over.

use std::cell::{Cell, RefCell};

use js_sys::{Function, Promise, Reflect};
use rules::Timestamp;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

use crate::state::Failure;

/// How long the host's answer is waited for before it is asked anew with the next call, in milliseconds.
const ASK_AGAIN_MS: i64 = 8_000;
/// A session with less time left than this is renewed before it is used, in milliseconds.
const MARGIN_MS: i64 = 10_000;

/// The session of one mount.
pub struct Session {
    host: HtmlElement,
    /// Where the service is, as the element said when this session began: a token never goes to
    /// another service because an attribute changed meanwhile.
    src: String,
    token: RefCell<Option<(String, Timestamp)>>,
    /// The host's answer that is awaited, so that calls made together ask once.
    asked: RefCell<Option<(Promise, Timestamp)>>,
    asks: Cell<u32>,
}

impl Session {
    pub(super) fn new(host: HtmlElement) -> Self {
        let src = host.get_attribute("src").unwrap_or_default();
        Self { host, src, token: RefCell::default(), asked: RefCell::default(), asks: Cell::new(0) }
    }

    pub(super) fn host(&self) -> &HtmlElement {
        &self.host
    }

    pub(super) fn src(&self) -> &str {
        &self.src
    }

    /// The bearer token.
    pub(super) async fn token(&self) -> Result<String, Failure> {
        if let Some((secret, expires_at)) = &*self.token.borrow()
            && expires_at.ms() - now().ms() > MARGIN_MS
        {
            return Ok(secret.clone());
        }
        let asked = self.ask().ok_or(Failure::NoSession)?;
        let turn = self.asks.get();
        let given = JsFuture::from(asked).await;
        if turn == self.asks.get() {
            *self.asked.borrow_mut() = None;
        }
        let token = given.ok().and_then(|given| read(&given)).ok_or(Failure::NoSession)?;
        let secret = token.0.clone();
        *self.token.borrow_mut() = Some(token);
        Ok(secret)
    }

    /// The service does not know this token, or not any more.
    pub(super) fn forget(&self, secret: &str) {
        self.token.borrow_mut().take_if(|(known, _)| known == secret);
    }

    /// Whether the host was asked and has not answered.
    pub(super) fn is_awaited(&self) -> bool {
        self.asked.borrow().is_some()
    }

    fn ask(&self) -> Option<Promise> {
        // An answer that never comes is not waited for by every call there will ever be.
        self.asked.borrow_mut().take_if(|(_, at)| now().ms() - at.ms() >= ASK_AGAIN_MS);
        if self.asked.borrow().is_none() {
            let fetch: Function = Reflect::get(&self.host, &"fetchSession".into()).ok()?.dyn_into().ok()?;
            // What throws, and what is no promise, is an answer too.
            let answer = fetch
                .call0(&self.host)
                .map_or_else(|error| Promise::reject(&error), |given| Promise::resolve(&given));
            self.asks.set(self.asks.get() + 1);
            *self.asked.borrow_mut() = Some((answer, now()));
        }
        self.asked.borrow().as_ref().map(|(answer, _)| answer.clone())
    }
}

/// What the host gave: the service's answer to `POST /v1/sessions` as it is.
fn read(given: &JsValue) -> Option<(String, Timestamp)> {
    let field = |name: &str| Reflect::get(given, &name.into()).ok()?.as_string();
    // A secret that cannot stand in a header is none.
    let secret = field("client_secret")?;
    let plain = !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_graphic());
    Some((plain.then_some(secret)?, field("expires_at")?.parse().ok()?))
}

/// The browser's clock.
pub fn now() -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds, far below 2^53")]
    Timestamp::from_ms(js_sys::Date::now() as i64)
}
