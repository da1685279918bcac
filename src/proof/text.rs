//! Lines of text in exactly one form: each format has one way to say a thing, so that two files with
//! the same meaning are the same bytes, and no bytes of a file are without meaning.

use alloc::string::String;

use crate::{Hash, base64};

/// The lines of a text, each ended by a newline.
pub struct Lines<'a>(pub &'a str);

impl<'a> Lines<'a> {
    /// The next line, without its newline.
    pub fn line(&mut self) -> Option<&'a str> {
        let (line, rest) = self.0.split_once('\n')?;
        self.0 = rest;
        Some(line)
    }

    /// What follows `key` and a space in the next line, if that is what the line begins with.
    pub fn value(&mut self, key: &str) -> Option<&'a str> {
        let value = self.0.strip_prefix(key)?.strip_prefix(' ')?;
        let (value, rest) = value.split_once('\n')?;
        self.0 = rest;
        Some(value)
    }

    /// The `N` words after `key` in the next line. A line that has others is not passed over: the
    /// next to be read finds it, and refuses it.
    pub fn words<const N: usize>(&mut self, key: &str) -> Option<[&'a str; N]> {
        let mut out = [""; N];
        self.fill(key, &mut out).then_some(out)
    }

    /// The one word after `key` in the next line.
    pub fn word(&mut self, key: &str) -> Option<&'a str> {
        let mut word = [""];
        self.fill(key, &mut word).then_some(word[0])
    }

    fn fill(&mut self, key: &str, out: &mut [&'a str]) -> bool {
        let mut after = Lines(self.0);
        let Some(value) = after.value(key) else { return false };
        let mut words = value.split(' ');
        for place in out {
            *place = words.next().unwrap_or_default();
            if !is_word(place) {
                return false;
            }
        }
        let all = words.next().is_none();
        if all {
            self.0 = after.0;
        }
        all
    }
}

/// Whether it can stand as a word: visible ASCII, at most 255 bytes.
pub fn is_word(word: &str) -> bool {
    (1..=255).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A decimal number without a sign or leading zeros.
pub fn number(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(())?;
    text.bytes().try_fold(0_u64, |n, byte| n.checked_mul(10)?.checked_add(u64::from(byte - b'0')))
}

/// A line being written: `key`, then each word after a space.
pub fn push_line(out: &mut String, words: &[&str]) {
    for (n, word) in words.iter().enumerate() {
        if n > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.push('\n');
}

/// The number in decimal. (Formatting it with `format!` costs a module of WebAssembly kilobytes.)
#[must_use]
pub fn decimal(n: u64) -> String {
    padded(n, 1)
}

fn padded(mut n: u64, width: usize) -> String {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while n > 0 || digits.len() - at < width {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
    }
    digits[at..].iter().map(|digit| char::from(*digit)).collect()
}

/// A hash in base64, or `-` for none.
pub fn maybe_hash(hash: Option<&Hash>) -> String {
    hash.map_or_else(|| String::from("-"), |hash| base64::encode(hash))
}

/// A day in UTC: days since 1970-01-01, written `2026-11-22`. No day before 1970, none after 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub u32);

/// A moment in UTC: seconds since 1970, written `2026-11-22T04:05:06Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

const DAY: u64 = 86_400;

impl Day {
    /// As it is written.
    #[must_use]
    pub fn text(self) -> String {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let shifted = u64::from(self.0) + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let mut text = padded(year + era * 400 + u64::from(month <= 2), 4);
        for part in [month, day] {
            text.push('-');
            text.push_str(&padded(part, 2));
        }
        text
    }

    /// The day that is written like this.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let part = |from, to| digits(text.get(from..to)?);
        let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
        let year = year.checked_sub(u64::from(month <= 2))?;
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year;
        let day = Self(u32::try_from(days.checked_sub(719_468)?).ok()?);
        // A day that does not exist is written otherwise than it was read.
        (day.text() == text).then_some(day)
    }
}

impl Time {
    /// As it is written.
    #[must_use]
    pub fn text(self) -> String {
        let day = u32::try_from(self.0 / DAY).unwrap_or(u32::MAX);
        let mut text = Day(day).text();
        for (mark, part) in [('T', self.0 % DAY / 3600), (':', self.0 / 60 % 60), (':', self.0 % 60)] {
            text.push(mark);
            text.push_str(&padded(part, 2));
        }
        text.push('Z');
        text
    }

    /// The moment that is written like this.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let part = |from, to| digits(text.get(from..to)?);
        let (day, hour) = (Day::parse(text.get(..10)?)?, part(11, 13)?);
        let time = Self(u64::from(day.0) * DAY + hour * 3600 + part(14, 16)? * 60 + part(17, 19)?);
        (time.text() == text).then_some(time)
    }
}

/// At most four digits, with leading zeros.
fn digits(text: &str) -> Option<u64> {
    let short = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    short.then(|| text.bytes().fold(0, |n, byte| n * 10 + u64::from(byte - b'0')))
}
