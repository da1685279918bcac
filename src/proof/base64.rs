//! Base64, RFC 4648 section 4, in its one canonical form.

use alloc::{string::String, vec::Vec};

use crate::Hash;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Adds `bytes` to `out`, padded with `=`.
pub fn push(out: &mut String, bytes: &[u8]) {
    for group in bytes.chunks(3) {
        let at = |n| u32::from(group.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * n)) as usize % 64];
            out.push(if n > group.len() { '=' } else { char::from(digit) });
        }
    }
}

/// `bytes` as text.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    push(&mut out, bytes);
    out
}

/// The bytes that are written as exactly this text. No other text means the same bytes.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.as_bytes().chunks(4) {
        let mut bits = 0;
        for n in 0..4 {
            bits = bits << 6 | group.get(n).map_or(Some(0), |byte| digit(*byte))?;
        }
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len().max(1)]);
    }
    (encode(&out) == text).then_some(out)
}

/// The 32 bytes that are written as exactly this text.
#[must_use]
pub fn hash(text: &str) -> Option<Hash> {
    decode(text)?.try_into().ok()
}

fn digit(byte: u8) -> Option<u32> {
    let (first, value) = match byte {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' => (b'+', 62),
        b'/' => (b'/', 63),
        _ => return None,
    };
    Some(u32::from(byte - first) + value)
}
