//! Places inside recordings: read, and taken out, so that a place lives in the location store alone.
//!
//! A parent who deletes a place must not find it again inside a video that was kept (rules.md R5).

use std::io::{self, Seek, SeekFrom, Write};

use rules::location::Place;

use super::{
    guard::{Fields, Source},
    mp4, webm,
};

/// Blanks every mention of a place in an MP4, M4A or WebM file, in place: the length stays the same and so
/// does every offset. Returns how many were blanked. Other formats are left alone.
///
/// An MP4 box becomes `free` and a WebM element becomes `Void`, both filled with zeros, which readers skip; a
/// QuickTime metadata item keeps its box and loses its key and its text.
/// Positions in a timed track of their own (action cameras) are not looked for.
///
/// # Errors
/// When reading or writing fails; the file may then be blanked in part.
pub fn blank_places<F: Source + Write>(file: &mut F) -> io::Result<usize> {
    let len = file.seek(SeekFrom::End(0))?;
    let mut fields = Fields::new(file, len)?;
    let head = fields.array::<8>(0)?;
    match head {
        Some([_, _, _, _, b'f', b't', b'y', b'p']) => {
            let places = mp4::places(&mut fields)?;
            for place in &places {
                if let Some(kind_at) = place.kind_at {
                    overwrite(file, kind_at, b"free")?;
                }
                zero(file, place.from, place.to)?;
            }
            Ok(places.len())
        }
        Some([0x1a, 0x45, 0xdf, 0xa3, ..]) => {
            let places = webm::places(&mut fields)?;
            for place in &places {
                overwrite(file, place.id_at, &place.void_header)?;
                zero(file, place.id_at + place.void_header.len() as u64, place.to)?;
            }
            Ok(places.len())
        }
        _ => Ok(0),
    }
}

fn overwrite(file: &mut (impl Write + Seek), at: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

fn zero(file: &mut (impl Write + Seek), from: u64, to: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(from))?;
    io::copy(&mut io::Read::take(io::repeat(0), to.saturating_sub(from)), file)?;
    Ok(())
}

/// `+47.6062-122.3321+030.100/` (ISO 6709, annex H): signed degrees with decimals, latitude first. The forms
/// with minutes and seconds run together (`+4736.37`) are read too.
pub(super) fn from_iso_6709(text: &[u8]) -> Option<Place> {
    let text = std::str::from_utf8(text).ok()?.trim_matches(['\0', ' ']);
    let text = &text[text.find(['+', '-'])?..];
    let second = 1 + text.get(1..)?.find(['+', '-'])?;
    let (latitude, rest) = text.split_at(second);
    let end = 1 + rest.get(1..)?.find(['+', '-', '/', 'C']).unwrap_or(rest.len() - 1);
    Place::new(microdegrees(latitude, 2)?, microdegrees(&rest[..end], 3)?, None)
}

/// One signed angle whose degrees have `degree_digits` digits; minutes and seconds may follow, two digits each.
fn microdegrees(text: &str, degree_digits: usize) -> Option<i32> {
    let (sign, text) = match text.split_at_checked(1)? {
        ("+", text) => (1, text),
        ("-", text) => (-1, text),
        _ => return None,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 7 || !digits_only(whole) || !digits_only(fraction) {
        return None;
    }
    // The last unit carries the fraction; eight decimals are finer than a microdegree of any unit.
    let fraction = format!("{:0<8}", &fraction[..fraction.len().min(8)]).parse::<i64>().ok()?;
    let pairs = whole.len().saturating_sub(degree_digits);
    let (degrees, rest) =
        if pairs == 0 { (whole, "") } else { (&whole[..degree_digits], &whole[degree_digits..]) };
    let degrees = degrees.parse::<i64>().ok()?;
    let (units, last) = match rest.len() {
        0 => (degrees * 3600, 3600),
        2 => (degrees * 3600 + rest.parse::<i64>().ok()? * 60, 60),
        4 => (degrees * 3600 + rest[..2].parse::<i64>().ok()? * 60 + rest[2..].parse::<i64>().ok()?, 1),
        _ => return None,
    };
    // In 10^-8 arc seconds, of which a microdegree has 360,000; rounded.
    let fine = units * 100_000_000 + fraction * last;
    i32::try_from(sign * ((fine + 180_000) / 360_000)).ok()
}

/// The content of a `loci` box.
pub(super) fn from_loci(content: &[u8]) -> Option<Place> {
    // Version, flags and language, then the name: UTF-16 where it begins with a byte order mark.
    let name = content.get(6..)?;
    let name_len = if name.starts_with(b"\xfe\xff") {
        name.chunks_exact(2).position(|pair| pair == [0, 0])? * 2 + 2
    } else {
        name.iter().position(|byte| *byte == 0)? + 1
    };
    // One byte of role, then longitude, latitude, altitude.
    let numbers = name.get(name_len + 1..name_len + 9)?;
    let fixed = |at: usize| {
        let raw = i32::from_be_bytes([numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]]);
        i32::try_from((i64::from(raw) * 1_000_000 + (1 << 15)) >> 16).ok()
    };
    Place::new(fixed(4)?, fixed(0)?, None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(text: &str) -> Option<(i32, i32)> {
        from_iso_6709(text.as_bytes()).map(|place| (place.latitude_udeg, place.longitude_udeg))
    }

    #[test]
    fn iso_6709_is_read_in_every_form_that_phones_write() {
        assert_eq!(place("+47.6062-122.3321/"), Some((47_606_200, -122_332_100)));
        assert_eq!(place("+47.6062-122.3321+030.100/"), Some((47_606_200, -122_332_100)));
        assert_eq!(place("-33.8688+151.2093+058.000CRSWGS_84/"), Some((-33_868_800, 151_209_300)));
        assert_eq!(place("+4736.372-12219.926/"), Some((47_606_200, -122_332_100)));
        assert_eq!(place("+473622.32-1221955.56/"), Some((47_606_200, -122_332_100)));
        assert_eq!(place("+47-122"), Some((47_000_000, -122_000_000)));
        assert_eq!(place("+00.0000005-000.0000004/"), Some((1, 0)));
    }

    #[test]
    fn what_is_no_place_is_none() {
        for text in ["", "+", "+-", "+91.0+000.0/", "47.6,-122.3", "+4x.0+001.0", "+47.6", "++", "+1.+"] {
            assert_eq!(place(text), None, "{text}");
        }
    }

    #[test]
    fn loci_is_read_with_both_spellings_of_the_name() {
        let numbers = [0xff85_aafb_u32.to_be_bytes(), 0x002f_9b30_u32.to_be_bytes(), [0; 4]].concat();
        let plain = [b"\0\0\0\0\x15\xc7Home\0\0".as_slice(), &numbers].concat();
        let utf16 = [b"\0\0\0\0\x15\xc7\xfe\xff\0H\0\0\0".as_slice(), &numbers].concat();
        for content in [plain, utf16] {
            let place = from_loci(&content).unwrap();
            assert!((place.latitude_udeg - 47_606_200).abs() < 20, "{place:?}");
            assert!((place.longitude_udeg + 122_332_100).abs() < 20, "{place:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_and_no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in "[+-]?[0-9.+/-]{0,20}") {
            let _ = from_loci(&bytes);
            let _ = from_iso_6709(&bytes);
            let _ = from_iso_6709(text.as_bytes());
        }
    }
}
