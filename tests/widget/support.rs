//! A host for the element, and patience.

use std::sync::LazyLock;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, ShadowRoot, ShadowRootInit, ShadowRootMode, window};

/// The texts of the first view.
pub const FIRST: &str = include_str!("../../static/locales/en.json");
/// The others.
pub const LATER: &str = include_str!("../../static/locales/later/en.json");

/// All of them in one file.
pub static ENGLISH: LazyLock<String> = LazyLock::new(|| {
    let (first, later) = (FIRST.trim_end().strip_suffix('}'), LATER.trim_start().strip_prefix('{'));
    format!("{},{}", first.expect("a map").trim_end(), later.expect("a map"))
});

/// How long something may take before a test gives up, in milliseconds.
const PATIENCE_MS: u32 = 15_000;

/// The service under test.
///
/// # Panics
/// Where nobody said which: without a service these tests show nothing, so they do not pass.
pub fn api() -> &'static str {
    option_env!("FMN_TEST_API")
        .unwrap_or_else(|| panic!("FMN_TEST_API names no service: use `cargo xtask test`"))
}

/// The secret of a session with it.
pub fn secret() -> &'static str {
    option_env!("FMN_TEST_SESSION")
        .unwrap_or_else(|| panic!("FMN_TEST_SESSION has no session: use `cargo xtask test`"))
}

/// What a host page's `fetchSession` gives: a promise of the service's answer. `asked` counts the calls.
pub fn session(secrets: &[&str]) -> Function {
    let body = format!(
        "const secrets = {secrets:?}; let asked = 0;
         const ask = async () => {{
           ask.asked = ++asked;
           const client_secret = secrets[Math.min(asked, secrets.length) - 1];
           return {{ client_secret, expires_at: new Date(Date.now() + 6e5).toISOString() }};
         }};
         return ask;"
    );
    let made = Function::new_no_args(&body).call0(&JsValue::NULL).expect("a function");
    made.unchecked_into()
}

/// What loads the module that checks receipts, as `cargo xtask test` has built it.
pub fn verifier() -> Function {
    let body =
        "return import('/target/xtask/verifier/verifier.js').then((it) => it.default().then(() => it));";
    Function::new_no_args(body)
}

/// An element that stands for `<forget-me-not>`, in the document.
pub fn host(src: &str, fetch_session: &JsValue) -> HtmlElement {
    let document = window().unwrap().document().unwrap();
    let host: HtmlElement = document.create_element("section").unwrap().unchecked_into();
    host.set_attribute("src", src).unwrap();
    host.set_attribute("locale", "en-GB").unwrap();
    Reflect::set(&host, &"fetchSession".into(), fetch_session).unwrap();
    document.body().unwrap().append_child(&host).unwrap();
    host
}

/// A host of the service under test, signed in.
pub fn signed_in() -> HtmlElement {
    host(api(), &session(&[secret()]))
}

/// Its shadow root.
pub fn root_of(host: &HtmlElement) -> ShadowRoot {
    host.shadow_root()
        .unwrap_or_else(|| host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).unwrap())
}

/// What is shown in it.
pub fn text_of(root: &ShadowRoot) -> String {
    root.text_content().unwrap_or_default()
}

/// Presses the button that says `label`.
pub fn press(root: &ShadowRoot, label: &str) {
    let buttons = root.query_selector_all("button").unwrap();
    let button = (0..buttons.length())
        .filter_map(|n| buttons.get(n))
        .find(|button| button.text_content().is_some_and(|text| text.contains(label)))
        .unwrap_or_else(|| panic!("no button {label:?} in {:?}", text_of(root)));
    button.unchecked_into::<HtmlElement>().click();
}

/// Waits until something is so.
pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..PATIENCE_MS / 20 {
        if so() {
            return;
        }
        TimeoutFuture::new(20).await;
    }
    panic!("waited in vain for: {what}");
}

/// Waits until a text is shown.
pub async fn until_shown(root: &ShadowRoot, text: &str) {
    for _ in 0..PATIENCE_MS / 20 {
        if text_of(root).contains(text) {
            return;
        }
        TimeoutFuture::new(20).await;
    }
    panic!("waited in vain for {text:?} in {:?}", text_of(root));
}

/// The first element that a selector finds, once it is there.
pub async fn found(root: &ShadowRoot, selector: &str) -> HtmlElement {
    for _ in 0..PATIENCE_MS / 20 {
        if let Some(element) = root.query_selector(selector).expect("a selector") {
            return element.unchecked_into();
        }
        TimeoutFuture::new(20).await;
    }
    panic!("waited in vain for {selector:?} in {:?}", text_of(root));
}

/// Everything of this name that a host hears from now on; with `prevent`, it says no to each.
pub fn heard(host: &HtmlElement, name: &str, prevent: bool) -> js_sys::Array {
    let script = "const heard = []; \
        host.addEventListener(name, (event) => { if (prevent) event.preventDefault(); heard.push(event); }); \
        return heard;";
    let listen = Function::new_with_args("host, name, prevent", script);
    let heard = listen.call3(&JsValue::NULL, host, &name.into(), &prevent.into()).unwrap();
    heard.unchecked_into()
}

fn script(body: &str, argument: &str, other: &str) -> JsValue {
    Function::new_with_args("a, b", body).call2(&JsValue::NULL, &argument.into(), &other.into()).unwrap()
}

/// A line on which requests to a path break: `before` they leave, or `after` the service answered; or
/// are `held` until it is mended. It
/// notes the idempotency key of every such request that is no preview.
pub struct Broken(JsValue);

impl Broken {
    /// Breaks the line of every page in this window.
    pub fn new(path: &str, when: &str) -> Self {
        let body = "const fetched = globalThis.fetch;
            const line = { broken: true, keys: [], fetched };
            globalThis.fetch = async (url, init) => {
              if (!String(url).includes(a) || String(url).includes('preview')) return fetched(url, init);
              if (init?.method == 'POST') line.keys.push(init.headers['idempotency-key'] ?? '');
              if (line.broken && b == 'before') throw new TypeError('the line is cut');
              while (line.broken && b == 'held') await new Promise((then) => setTimeout(then, 20));
              const answer = await fetched(url, init);
              if (line.broken) throw new TypeError('the line is cut');
              return answer;
            };
            return line;";
        Self(script(body, path, when))
    }

    /// From now on everything passes.
    pub fn mend(&self) {
        Reflect::set(&self.0, &"broken".into(), &false.into()).unwrap();
    }

    /// The idempotency keys so far.
    pub fn keys(&self) -> Vec<String> {
        let keys: js_sys::Array = Reflect::get(&self.0, &"keys".into()).unwrap().unchecked_into();
        keys.iter().filter_map(|key| key.as_string()).collect()
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        let fetched = Reflect::get(&self.0, &"fetched".into()).unwrap();
        Reflect::set(&js_sys::global(), &"fetch".into(), &fetched).unwrap();
    }
}

/// Whatever waits for seconds waits a hundredth of that, while this lives: nobody has half a minute
/// for a test.
pub struct Hurried(JsValue);

impl Hurried {
    /// From now on.
    pub fn new() -> Self {
        let body = "const patient = globalThis.setTimeout;
            globalThis.setTimeout = (then, ms, ...rest) => patient(then, ms >= 5000 ? ms / 100 : ms, ...rest);
            return patient;";
        Self(script(body, "", ""))
    }
}

impl Drop for Hurried {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &"setTimeout".into(), &self.0).unwrap();
    }
}

/// While it lives, whatever waits for seconds waits until the test says that they are over.
pub struct Patience(JsValue);

impl Patience {
    /// From now on.
    pub fn new() -> Self {
        let body = "const { setTimeout, clearTimeout } = globalThis;
            const held = new Map(); let last = -1; let marked = [];
            globalThis.setTimeout = (then, ms, ...rest) => {
              if (!(ms >= 5000)) return setTimeout(then, ms, ...rest);
              held.set(--last, () => then(...rest));
              return last;
            };
            globalThis.clearTimeout = (id) => held.delete(id) || clearTimeout(id);
            return { setTimeout, clearTimeout,
              mark: () => { marked = [...held.keys()]; },
              ends: () => { for (const id of marked) { const then = held.get(id); held.delete(id); then?.(); } } };";
        Self(script(body, "", ""))
    }

    fn call(&self, name: &str) {
        let function: Function = Reflect::get(&self.0, &name.into()).unwrap().unchecked_into();
        function.call0(&JsValue::NULL).unwrap();
    }

    /// Whatever waits now is meant.
    pub fn mark(&self) {
        self.call("mark");
    }

    /// The seconds of that are over, unless somebody does not wait for it any more.
    pub fn ends(&self) {
        self.call("ends");
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        for name in ["setTimeout", "clearTimeout"] {
            let before = Reflect::get(&self.0, &name.into()).unwrap();
            Reflect::set(&js_sys::global(), &name.into(), &before).unwrap();
        }
    }
}
