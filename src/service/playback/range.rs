//! `Range` of RFC 9110, as far as a media element needs it: one range of bytes.

use std::ops::Range;

/// What a request asks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// All of it: no range, or one that a server may ignore.
    Whole,
    /// These bytes, at least one of them.
    Part(Range<u64>),
    /// Bytes that the file does not have.
    Outside,
}

/// What the value of a `Range` header asks of a file of `len` bytes.
///
/// A header that is malformed, of another unit, or asks for several ranges is ignored, as RFC 9110
/// 14.2 lets a server do: the answer is the whole file.
#[must_use]
pub fn ask(header: Option<&str>, len: u64) -> Asked {
    header.and_then(|header| parse(header, len)).unwrap_or(Asked::Whole)
}

fn parse(header: &str, len: u64) -> Option<Asked> {
    let (unit, range) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let range = match (number(first)?, number(last)?) {
        (None, None) => return None,
        (None, Some(suffix)) => len.saturating_sub(suffix)..len,
        (Some(first), None) => first..len,
        (Some(first), Some(last)) if first > last => return None,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(len),
    };
    Some(if range.start < range.end { Asked::Part(range) } else { Asked::Outside })
}

/// Digits as a number, `Some(None)` for no digits at all. A number too great to be told is greater
/// than any file.
fn number(text: &str) -> Option<Option<u64>> {
    match text {
        "" => Some(None),
        text if text.bytes().all(|b| b.is_ascii_digit()) => Some(Some(text.parse().unwrap_or(u64::MAX))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_mean_what_rfc_9110_says() {
        for (header, asked) in [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=0-", Asked::Part(0..1000)),
            ("Bytes=990-", Asked::Part(990..1000)),
            ("bytes=-10", Asked::Part(990..1000)),
            ("bytes=-5000", Asked::Part(0..1000)),
            ("bytes=10-5000", Asked::Part(10..1000)),
            ("bytes=999-999999999999999999999999", Asked::Part(999..1000)),
            ("bytes=1000-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=5-4", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("seconds=0-1", Asked::Whole),
            ("", Asked::Whole),
        ] {
            assert_eq!(ask(Some(header), 1000), asked, "{header}");
        }
        assert_eq!(ask(None, 1000), Asked::Whole);
        assert_eq!(ask(Some("bytes=0-"), 0), Asked::Outside);
    }

    proptest! {
        #[test]
        fn no_header_reaches_outside_the_file(header in "(bytes=)?[0-9,-]{0,24}|.{0,20}", len in 0_u64..5000) {
            if let Asked::Part(range) = ask(Some(&header), len) {
                prop_assert!(range.start < range.end && range.end <= len);
            }
        }
    }
}
