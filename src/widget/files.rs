//! What she takes with her: a file, or paper.

use gloo_timers::callback::Timeout;
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlElement, Url, window};

/// How long a browser may take to begin with a download, in milliseconds.
const BEGUN_MS: u32 = 10_000;

/// Hands a file over, as if she had pressed a link to it.
pub fn save(name: &str, text: &str) {
    // Where the browser refuses, she sees that nothing came.
    let _ = try_save(name, text);
}

fn try_save(name: &str, text: &str) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(&Blob::new_with_str_sequence(&Array::of1(&text.into()))?)?;
    let document = window().and_then(|window| window.document()).ok_or(JsValue::NULL)?;
    let link: HtmlElement = document.create_element("a")?.unchecked_into();
    link.set_attribute("href", &url)?;
    link.set_attribute("download", name)?;
    link.click();
    Timeout::new(BEGUN_MS, move || {
        // Nothing of it stays in memory.
        let _ = Url::revoke_object_url(&url);
    })
    .forget();
    Ok(())
}

/// Prints the page. While that lasts the element says so, and the host's own style may leave everything else out.
pub fn print(host: &HtmlElement) {
    let Some(window) = window() else { return };
    let _ = host.set_attribute("printing", "");
    let _ = window.print();
    let _ = host.remove_attribute("printing");
}
