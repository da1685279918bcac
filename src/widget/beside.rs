//! Where the module is in one piece, nothing but its own script knows where the files beside it lie.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Response, Url, window};

#[wasm_bindgen]
extern "C" {
    /// The address of the script that loads this module.
    #[wasm_bindgen(thread_local_v2, js_namespace = ["import", "meta"], js_name = url)]
    static SCRIPT: String;

    /// Loads another one.
    #[wasm_bindgen(js_name = "import")]
    fn load(url: &str) -> Promise;
}

fn address(file: &str) -> Result<String, JsValue> {
    Ok(SCRIPT.with(|script| Url::new_with_base(file, script))?.href())
}

/// The texts of a language that the first view does without; the English ones where there are none.
pub fn texts(language: &str) -> JsValue {
    let languages = [language.to_owned(), "en".to_owned()];
    let coming = future_to_promise(async move {
        let window = window().ok_or(JsValue::NULL)?;
        for language in languages {
            let url = address(&format!("./locales/later/{language}.json"))?;
            let response: Response = JsFuture::from(window.fetch_with_str(&url)).await?.unchecked_into();
            if response.ok() {
                return JsFuture::from(response.text()?).await;
            }
        }
        Err(JsValue::NULL)
    });
    coming.into()
}

/// The module that checks receipts.
pub fn verifier() -> JsValue {
    let coming = future_to_promise(async move {
        let module = JsFuture::from(load(&address("./verifier.js")?)).await?;
        let begin: Function = Reflect::get(&module, &"default".into())?.unchecked_into();
        let begun: Promise = begin.call0(&JsValue::NULL)?.unchecked_into();
        JsFuture::from(begun).await?;
        Ok(module)
    });
    coming.into()
}
