//! JSON, as much of it as the contract uses: texts, whole numbers, lists, maps.
//!
//! serde stays outside: what it generates for the contract's answers was a quarter of all that a
//! parent's phone loads. The service writes them with serde, so the tests here hold the two together,
//! value by value.

mod contract;
mod request;

use std::str::FromStr;

pub use request::{conditions, encode_erasure, scope_name, state_name};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`, and every name that a map does not have.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number. The contract has no others, so that no page ever rounds one.
    Number(i64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// Names and values, in their order.
    Map(Vec<(String, Json)>),
}

/// How deep lists and maps may be nested. The contract needs six.
const DEPTH: u8 = 32;

impl Json {
    /// Reads a text that is one value and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEPTH)?;
        reader.space();
        (reader.at == text.len()).then_some(value)
    }

    /// Takes the value of a name out of a map.
    pub fn take(&mut self, name: &str) -> Self {
        let Self::Map(pairs) = self else { return Self::Null };
        let found = pairs.iter_mut().find(|(known, _)| known == name);
        found.map_or(Self::Null, |(_, value)| std::mem::replace(value, Self::Null))
    }

    /// Takes the value of a name out of a map, as what it should be.
    pub fn get<T: Decode>(&mut self, name: &str) -> Option<T> {
        T::decode(self.take(name))
    }

    /// Writes it.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => out.push_str(&value.to_string()),
            Self::Text(value) => write_text(value, out),
            Self::List(items) => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(pairs) => {
                out.push('{');
                for (n, (name, value)) in pairs.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\0'..' ' => {
                out.push_str("\\u00");
                for digit in [c as u32 >> 4, c as u32 & 15] {
                    out.push(char::from_digit(digit, 16).unwrap_or('0'));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Reads a text as a value of the contract.
#[must_use]
pub fn read<T: Decode>(text: &str) -> Option<T> {
    T::decode(Json::parse(text)?)
}

/// What can be made of a value.
pub trait Decode: Sized {
    /// The value as this type, if it is one.
    fn decode(json: Json) -> Option<Self>;
}

impl Decode for String {
    fn decode(json: Json) -> Option<Self> {
        if let Json::Text(text) = json { Some(text) } else { None }
    }
}

impl Decode for bool {
    fn decode(json: Json) -> Option<Self> {
        if let Json::Bool(value) = json { Some(value) } else { None }
    }
}

impl Decode for i64 {
    fn decode(json: Json) -> Option<Self> {
        if let Json::Number(value) = json { Some(value) } else { None }
    }
}

macro_rules! narrower {
    ($($number:ty)*) => {$(
        impl Decode for $number {
            fn decode(json: Json) -> Option<Self> {
                i64::decode(json)?.try_into().ok()
            }
        }
    )*};
}

narrower! { u64 u32 i32 u16 u8 }

impl<T: Decode> Decode for Option<T> {
    fn decode(json: Json) -> Option<Self> {
        if json == Json::Null { Some(None) } else { T::decode(json).map(Some) }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(json: Json) -> Option<Self> {
        let Json::List(items) = json else { return None };
        let mut decoded = Vec::with_capacity(items.len());
        for item in items {
            decoded.push(T::decode(item)?);
        }
        Some(decoded)
    }
}

/// A value that is written as a text.
fn from_text<T: FromStr>(json: Json) -> Option<T> {
    String::decode(json)?.parse().ok()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Passes over `expected` if it comes next.
    fn skip(&mut self, expected: u8) -> bool {
        let there = self.peek() == Some(expected);
        self.at += usize::from(there);
        there
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        let there = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        there.then_some(value)
    }

    fn value(&mut self, depth: u8) -> Option<Json> {
        let depth = depth.checked_sub(1)?;
        self.space();
        match self.peek()? {
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'"' => self.string().map(Json::Text),
            b'[' => {
                let mut items = Vec::new();
                self.each(b']', |reader| {
                    items.push(reader.value(depth)?);
                    Some(())
                })?;
                Some(Json::List(items))
            }
            b'{' => {
                let mut pairs = Vec::new();
                self.each(b'}', |reader| {
                    let name = reader.string()?;
                    reader.space();
                    reader.skip(b':').then_some(())?;
                    pairs.push((name, reader.value(depth)?));
                    Some(())
                })?;
                Some(Json::Map(pairs))
            }
            _ => self.number(),
        }
    }

    /// Reads what stands between commas up to `end`.
    fn each(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.space();
        if self.skip(end) {
            return Some(());
        }
        loop {
            self.space();
            item(self)?;
            self.space();
            if self.skip(end) {
                return Some(());
            }
            self.skip(b',').then_some(())?;
        }
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        self.skip(b'-');
        let digits = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        // Neither 01 nor -0 is a whole number that anybody writes.
        let zero = self.text.as_bytes().get(digits) == Some(&b'0');
        let leading_zero = zero && (self.at > digits + 1 || digits > start);
        let fraction = matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        if leading_zero || fraction {
            return None;
        }
        self.text.get(start..self.at)?.parse().ok().map(Json::Number)
    }

    fn string(&mut self) -> Option<String> {
        self.skip(b'"').then_some(())?;
        let mut value = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek()?, b'"' | b'\\' | 0..=31) {
                self.at += 1;
            }
            // Those three are ASCII, so both ends lie between characters.
            value.push_str(self.text.get(start..self.at)?);
            if self.skip(b'"') {
                return Some(value);
            }
            self.skip(b'\\').then_some(())?;
            value.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let kind = self.peek()?;
        self.at += 1;
        Some(match kind {
            b'"' | b'\\' | b'/' => kind.into(),
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let unit = self.hex()?;
                // Half of a character that takes two units (UTF-16).
                let code = match unit {
                    0xd800..0xdc00 => {
                        (self.skip(b'\\') && self.skip(b'u')).then_some(())?;
                        let low = self.hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                        0x10000 + ((unit - 0xd800) << 10) + low
                    }
                    unit => unit,
                };
                char::from_u32(code)?
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + char::from(self.peek()?).to_digit(16)?;
            self.at += 1;
        }
        Some(code)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn as_serde(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => (*value).into(),
            Json::Number(value) => (*value).into(),
            Json::Text(value) => value.as_str().into(),
            Json::List(items) => items.iter().map(as_serde).collect(),
            Json::Map(pairs) => pairs.iter().map(|(name, value)| (name.clone(), as_serde(value))).collect(),
        }
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            any::<i64>().prop_map(Json::Number),
            any::<String>().prop_map(Json::Text),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Json::Map(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn what_is_not_json_is_nothing() {
        for bad in [
            "",
            " ",
            "nul",
            "01",
            "-0",
            "-",
            "+1",
            "1.5",
            "1e3",
            "\"",
            "\"\n\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "1 2",
            "]",
            "9223372036854775808",
            "\"\\u00g0\"",
        ] {
            assert_eq!(Json::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn escapes_are_read_as_serde_reads_them() {
        let text = r#""a\"\\\/\b\f\n\r\tÄ\uD83D\uDE00é""#;
        let theirs: String = serde_json::from_str(text).unwrap();
        assert_eq!(Json::parse(text), Some(Json::Text(theirs)));
    }

    #[test]
    fn it_does_not_follow_where_the_stack_would_end() {
        assert_eq!(Json::parse(&"[".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read(json in any_json()) {
            let theirs = as_serde(&json);
            let map_order_aside = Json::parse(&serde_json::to_string_pretty(&theirs).unwrap()).map(|json| as_serde(&json));
            prop_assert_eq!(map_order_aside, Some(theirs));
        }

        #[test]
        fn what_is_written_serde_reads(json in any_json()) {
            let mut text = String::new();
            json.write(&mut text);
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), as_serde(&json));
            prop_assert_eq!(Json::parse(&text), Some(json));
        }

        #[test]
        fn no_text_panics_and_what_is_read_serde_reads_too(text in r#"[\[\]{}",:0-9a-z\\ -]{0,24}"#) {
            if let Some(json) = Json::parse(&text) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), as_serde(&json));
            }
        }
    }
}
