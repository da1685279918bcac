//! The contract over HTTP.
//!
//! Every call carries the session of the host page; when the service says that it is over, one new
//! one is asked for and the call is made once more. Errors are values that say what went wrong.

mod events;
mod session;

use std::rc::Rc;

use js_sys::{JsString, Object, Reflect, Uint8Array, encode_uri_component};
use rules::{ChildId, ErasureId, contract::Erasure, scope::Filter};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, HtmlElement, ReadableStreamDefaultReader, RequestInit, Response, window};

use crate::{
    doors,
    json::{self, Decode, conditions, encode_erasure},
    later,
    state::{Call, Failure, days::BLOCK, entries::PAGE},
    zone,
};
use session::Session;

pub use events::Parser;
pub use session::now;

/// Recordings a page has at most.
const MOST: u32 = 200;

/// A client of the contract for one mount of the element.
#[derive(Clone)]
pub struct Client(Rc<Session>);

/// A request before it has a session.
pub struct Ask {
    method: &'static str,
    path: String,
    body: Option<String>,
    key: Option<String>,
    accept: &'static str,
}

impl Ask {
    fn new(method: &'static str, path: String) -> Self {
        Self { method, path, body: None, key: None, accept: "application/json" }
    }

    fn body(self, body: String) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The calls that the first screens do not make.
    pub fn later(call: &Call) -> Self {
        match call {
            Call::Holdings(child) => Self::new("GET", format!("/children/{child}/holdings")),
            Call::Recording(id, words) => {
                let mut path = format!("/recordings/{id}?");
                write_pair(&mut path, "q", words.as_deref());
                Self::new("GET", path)
            }
            Call::Ids { child, filter, cursor } => {
                let mut path = format!("/children/{child}/recordings?limit={MOST}");
                write_filter(&mut path, filter);
                write_pair(&mut path, "cursor", cursor.as_deref());
                Self::new("GET", path)
            }
            Call::Playback(id) => Self::new("POST", format!("/recordings/{id}/playback")),
            Call::Keep(id, Some(until)) => {
                Self::new("PUT", format!("/recordings/{id}/keep")).body(format!(r#"{{"until":"{until}"}}"#))
            }
            Call::Keep(id, None) => Self::new("DELETE", format!("/recordings/{id}/keep")),
            Call::Preview(draft) => Self::new("POST", "/erasures/preview".into()).body(encode_erasure(draft)),
            Call::Erase(draft, key) => Self {
                key: Some(key.clone()),
                ..Self::new("POST", "/erasures".into()).body(encode_erasure(draft))
            },
            Call::Undo(id) => Self::new("DELETE", format!("/erasures/{id}")),
            Call::Erasures { cursor } => {
                let mut path = "/erasures?limit=20".to_owned();
                write_pair(&mut path, "cursor", cursor.as_deref());
                Self::new("GET", path)
            }
            Call::Entries { child, after } => {
                let mut path = format!("/children/{child}/ledger?order=newest&limit={PAGE}");
                write_pair(&mut path, "after", after.map(|after| after.to_string()).as_deref());
                Self::new("GET", path)
            }
            // Made above, or no request.
            Call::Half
            | Call::Children
            | Call::Recordings { .. }
            | Call::Timeline { .. }
            | Call::Whole { .. } => Self::new("GET", String::new()),
        }
    }
}

impl Client {
    /// A client for the element `host`: its `src` is the API, its `fetchSession` gives sessions.
    #[must_use]
    pub fn new(host: HtmlElement) -> Self {
        Self(Rc::new(Session::new(host)))
    }

    /// The element.
    #[must_use]
    pub fn host(&self) -> &HtmlElement {
        self.0.host()
    }

    /// Makes a call, and gives the text of the answer.
    ///
    /// # Errors
    /// Where there is no session, no answer, or the service refuses.
    pub async fn call(&self, call: &Call, signal: Option<&AbortSignal>) -> Result<String, Failure> {
        let ask = match call {
            Call::Children => Ask::new("GET", "/children".into()),
            Call::Recordings { child, filter, skip } => {
                let mut path = format!("/children/{child}/recordings?limit={BLOCK}&skip={skip}");
                write_filter(&mut path, filter);
                Ask::new("GET", path)
            }
            Call::Timeline { child, filter } => days(*child, filter),
            Call::Whole { child } => days(*child, &Filter::default()),
            call => doors::ask(later::here().ok_or(Failure::NotLoaded)?, call),
        };
        self.ask(&ask, signal).await
    }

    /// The text of what is at a path of the API.
    ///
    /// # Errors
    /// As with [`Client::call`].
    pub async fn text(&self, path: &str, signal: &AbortSignal) -> Result<String, Failure> {
        self.ask(&Ask { accept: "*/*", ..Ask::new("GET", path.to_owned()) }, Some(signal)).await
    }

    /// Where the service's ledger is: beside the API.
    #[must_use]
    pub fn ledger(&self) -> String {
        let base = self.base();
        format!("{}/ledger", base.rsplit_once('/').map_or("", |(above, _)| above))
    }

    /// The text of something that is for everybody, without a session.
    ///
    /// # Errors
    /// Where there is no answer, or the service refuses.
    pub async fn public(&self, url: &str, signal: &AbortSignal) -> Result<String, Failure> {
        let window = window().ok_or(Failure::NoAnswer)?;
        let init = RequestInit::new();
        init.set_signal(Some(signal));
        let answer = JsFuture::from(window.fetch_with_str_and_init(url, &init)).await;
        let response: Response = answer.map_err(|_| Failure::NoAnswer)?.unchecked_into();
        if !response.ok() {
            return Err(refusal(&response).await);
        }
        text_of(&response).await.ok_or(Failure::NoAnswer)
    }

    /// Whether the host was asked for a session and has not answered.
    #[must_use]
    pub fn awaits_session(&self) -> bool {
        self.0.is_awaited()
    }

    /// The URL of a path of the service, like that of a ticket.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        let base = self.base();
        format!("{}{path}", origin(&base))
    }

    /// Tells the states of an erasure to `each`, by server-sent events for as long as they come; where
    /// they break off before its last state, one more by asking.
    pub async fn watch(
        &self,
        id: ErasureId,
        signal: &AbortSignal,
        mut each: impl FnMut(Result<Erasure, Failure>),
    ) {
        let events = Ask { accept: "text/event-stream", ..Ask::new("GET", format!("/erasures/{id}/events")) };
        let mut over = false;
        if let Ok(response) = self.send(&events, Some(signal)).await {
            let tell = |erasure: Erasure| {
                over = erasure.is_over();
                each(Ok(erasure));
            };
            follow(&response, tell).await;
        }
        if over || signal.aborted() {
            return;
        }
        let news = self.ask(&Ask::new("GET", format!("/erasures/{id}")), Some(signal)).await;
        if !signal.aborted() {
            each(news.and_then(|text| read(&text)));
        }
    }

    fn base(&self) -> String {
        self.0.src().trim_end_matches('/').to_owned()
    }

    async fn ask(&self, ask: &Ask, signal: Option<&AbortSignal>) -> Result<String, Failure> {
        text_of(&self.send(ask, signal).await?).await.ok_or(Failure::NoAnswer)
    }

    async fn send(&self, ask: &Ask, signal: Option<&AbortSignal>) -> Result<Response, Failure> {
        let mut renewed = false;
        loop {
            let token = self.0.token().await?;
            let response = self.fetch(ask, &token, signal).await.map_err(|_| Failure::NoAnswer)?;
            if response.ok() {
                return Ok(response);
            }
            let failure = refusal(&response).await;
            if !failure.is_unauthorised() || renewed {
                return Err(failure);
            }
            self.0.forget(&token);
            renewed = true;
        }
    }

    async fn fetch(&self, ask: &Ask, token: &str, signal: Option<&AbortSignal>) -> Result<Response, JsValue> {
        let base = self.base();
        if base.is_empty() {
            // Without a `src` this would ask the host page's own server, and show it a session.
            return Err(JsValue::NULL);
        }
        let headers = object([
            ("authorization", Some(format!("Bearer {token}").into())),
            ("accept", Some(ask.accept.into())),
            ("content-type", ask.body.as_ref().map(|_| "application/json".into())),
            ("idempotency-key", ask.key.as_ref().map(JsValue::from)),
        ])?;
        let init = object([
            ("method", Some(ask.method.into())),
            ("headers", Some(headers)),
            ("body", ask.body.as_ref().map(JsValue::from)),
            ("signal", signal.map(JsValue::from)),
        ])?;
        let window = window().ok_or(JsValue::NULL)?;
        let answer = window.fetch_with_str_and_init(&(base + &ask.path), init.unchecked_ref());
        Ok(JsFuture::from(answer).await?.unchecked_into())
    }
}

/// An object of the values that are there.
fn object(values: [(&str, Option<JsValue>); 4]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in values {
        if let Some(value) = value {
            Reflect::set(&object, &name.into(), &value)?;
        }
    }
    Ok(object.into())
}

/// Scheme and host of an absolute URL; nothing of one that is relative to the page.
fn origin(url: &str) -> &str {
    // By bytes: looking for a text in a text is 2 KB of code.
    let bytes = url.as_bytes();
    let Some(host) = bytes.windows(2).position(|two| two == b"//").map(|at| at + 2) else { return "" };
    let end = bytes.iter().skip(host).position(|byte| *byte == b'/').map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or_default()
}

/// The body as text; none if it broke off.
async fn text_of(response: &Response) -> Option<String> {
    let text = JsFuture::from(response.text().ok()?).await.ok()?;
    Some(text.unchecked_into::<JsString>().into())
}

fn read<T: Decode>(text: &str) -> Result<T, Failure> {
    json::read(text).ok_or(Failure::Unreadable)
}

/// The service's own reason where it gave one, else the bare status.
async fn refusal(response: &Response) -> Failure {
    let text = text_of(response).await.unwrap_or_default();
    read(&text).map_or(Failure::Status(response.status()), Failure::Refused)
}

/// Reads events until the stream ends or breaks.
async fn follow(response: &Response, mut tell: impl FnMut(Erasure)) {
    let Some(body) = response.body() else { return };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut parser = Parser::default();
    while let Ok(chunk) = JsFuture::from(reader.read()).await {
        // `{done: true}` has no value.
        let Some(bytes) = Reflect::get(&chunk, &"value".into()).ok().filter(|value| !value.is_undefined())
        else {
            return;
        };
        let bytes: Uint8Array = bytes.unchecked_into();
        parser.push(&bytes.to_vec(), |data| {
            if let Ok(erasure) = read(data) {
                tell(erasure);
            }
        });
    }
}

fn days(child: ChildId, filter: &Filter) -> Ask {
    let mut path = format!("/children/{child}/timeline?");
    write_filter(&mut path, filter);
    write_pair(&mut path, "tz", zone::name().as_deref());
    Ask::new("GET", path)
}

fn write_pair(path: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        path.push('&');
        path.push_str(name);
        path.push('=');
        path.push_str(&String::from(encode_uri_component(value)));
    }
}

fn write_filter(path: &mut String, filter: &Filter) {
    for (name, value) in conditions(filter) {
        write_pair(path, name, Some(&value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tickets_path_belongs_to_the_services_origin() {
        assert_eq!(origin("https://api.example:8443/parents/v1"), "https://api.example:8443");
        assert_eq!(origin("//api.example/v1"), "//api.example");
        assert_eq!(origin("https://api.example"), "https://api.example");
        assert_eq!(origin("/v1"), "");
    }
}
