//! The browser's `Intl`, which knows every language's dates, numbers, plurals and lists.

use js_sys::{Array, Function, JSON, Reflect, global};
use wasm_bindgen::{JsCast, JsValue};

/// A formatter of `Intl` with its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Which plural form goes with a number.
    Plural,
    /// A whole number.
    Number,
    /// "a, b and c".
    List,
    /// A day of a rule: "21 November 2026", the same in every time zone.
    Date,
    /// The day of a moment where the reader is: "21 November 2026".
    LocalDate,
    /// A day of a list with its weekday, the same in every time zone.
    Day,
    /// The month of a day: "November 2026".
    Month,
    /// Its year.
    Year,
    /// The time of a moment: "14:03".
    Time,
    /// Day and time of a moment.
    DayTime,
}

impl Format {
    pub(super) const COUNT: usize = 10;

    const fn class(self) -> &'static str {
        match self {
            Self::Plural => "PluralRules",
            Self::Number => "NumberFormat",
            Self::List => "ListFormat",
            _ => "DateTimeFormat",
        }
    }

    const fn options(self) -> &'static str {
        match self {
            Self::Plural | Self::Number | Self::List => "{}",
            Self::Date => r#"{"dateStyle":"long","timeZone":"UTC"}"#,
            Self::LocalDate => r#"{"dateStyle":"long"}"#,
            Self::Day => r#"{"dateStyle":"full","timeZone":"UTC"}"#,
            Self::Month => r#"{"month":"long","year":"numeric","timeZone":"UTC"}"#,
            Self::Year => r#"{"year":"numeric","timeZone":"UTC"}"#,
            Self::Time => r#"{"timeStyle":"short"}"#,
            Self::DayTime => r#"{"dateStyle":"long","timeStyle":"short"}"#,
        }
    }
}

/// The formatter; for a tag that the browser refuses, the one of the browser's own language.
pub(super) fn construct(format: Format, tag: &str) -> JsValue {
    let build = |locales: &JsValue| -> Result<JsValue, JsValue> {
        let intl = Reflect::get(&global(), &"Intl".into())?;
        let class: Function = Reflect::get(&intl, &format.class().into())?.dyn_into()?;
        Reflect::construct(&class, &Array::of2(locales, &JSON::parse(format.options())?))
    };
    build(&tag.into()).or_else(|_| build(&JsValue::UNDEFINED)).unwrap_or_default()
}

/// `object[method](argument)`, where that is a text.
pub(super) fn call(object: &JsValue, method: &str, argument: &JsValue) -> Option<String> {
    let method: Function = Reflect::get(object, &method.into()).ok()?.dyn_into().ok()?;
    method.call1(object, argument).ok()?.as_string()
}
