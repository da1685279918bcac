//! What the host page is told: the one place where the element's events are made in Rust. (`fmn-ready`
//! and a load that failed are the script's.)

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{CustomEvent, CustomEventInit, HtmlElement};

use crate::{json::state_name, state::Told};

/// Tells what has happened.
pub fn tell(host: &HtmlElement, told: Told) {
    match told {
        Told::Keep(recording, until) => {
            let until = until.map_or(JsValue::NULL, |until| until.to_string().into());
            dispatch(host, "fmn-keep", [("recording", recording.to_string().into()), ("until", until)], false)
        }
        Told::Erasure(id, state) => {
            let detail = [("id", id.to_string().into()), ("state", state_name(state).into())];
            dispatch(host, "fmn-erasure", detail, false)
        }
        Told::Error(reason) => dispatch(host, "fmn-error", [("reason", reason.into())], false),
    };
}

/// Asks whether a deletion that a parent has confirmed may be sent.
pub fn before_erasure(host: &HtmlElement, scope: &'static str, recordings: u64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts of recordings fit in 53 bits")]
    let recordings = JsValue::from_f64(recordings as f64);
    dispatch(host, "fmn-before-erasure", [("scope", scope.into()), ("recordings", recordings)], true)
}

/// Whether nobody prevented it.
fn dispatch<const N: usize>(
    host: &HtmlElement,
    name: &str,
    detail: [(&str, JsValue); N],
    cancelable: bool,
) -> bool {
    let object = Object::new();
    for (name, value) in detail {
        // A plain object takes any property.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    let init = CustomEventInit::new();
    init.set_bubbles(true);
    init.set_composed(true);
    init.set_cancelable(cancelable);
    init.set_detail(&object);
    CustomEvent::new_with_event_init_dict(name, &init)
        .and_then(|event| host.dispatch_event(&event))
        .unwrap_or(true)
}
