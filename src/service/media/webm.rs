//! The elements of a WebM or Matroska file (RFC 8794, RFC 9559) that tell what is in it, whether it is whole,
//! when it was recorded and where.

use std::io;

use rules::{Timestamp, location::Place};

use super::{
    codec::{self, Codec},
    error::ProbeError,
    guard::Fields,
    place,
};

/// What the elements say.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Whether it keeps to WebM's subset, by its document type.
    pub(super) webm: bool,
    /// What pictures are coded as, where there are any.
    pub(super) video: Option<Codec>,
    /// What sound is coded as, where there is any.
    pub(super) audio: Option<Codec>,
    /// Length by the header; absent in what a browser recorded live.
    pub(super) duration_ms: Option<u64>,
    /// When it says it was recorded.
    pub(super) recorded_at: Option<Timestamp>,
    /// Every tag that names a place.
    pub(super) places: Vec<PlaceTag>,
}

/// A tag that tells where a recording was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlaceTag {
    /// Where the tag begins in the file.
    pub(super) id_at: u64,
    /// Where it ends.
    pub(super) to: u64,
    /// The header of a `Void` element of the same length.
    pub(super) void_header: Vec<u8>,
    /// The place, where it could be read.
    pub(super) place: Option<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Element {
    id: u32,
    id_at: u64,
    from: u64,
    /// Where it ends; `None` when it was written before its length was known.
    to: Option<u64>,
}

const EBML: u32 = 0x1a45_dfa3;
const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TIMESTAMP_SCALE: u32 = 0x002a_d7b1;
const DURATION: u32 = 0x4489;
const DATE_UTC: u32 = 0x4461;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const TRACK_TYPE: u32 = 0x83;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63a2;
const CLUSTER: u32 = 0x1f43_b675;
const TAGS: u32 = 0x1254_c367;
const TAG: u32 = 0x7373;
const SIMPLE_TAG: u32 = 0x67c8;
const TAG_NAME: u32 = 0x45a3;
const TAG_STRING: u32 = 0x4487;

/// 2001-01-01, the epoch of `DateUTC`, in milliseconds since 1970.
const EPOCH_2001_MS: i64 = 978_307_200_000;

/// Reads the elements of a file. Looks at media data only where its length was not known when it was written.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Segment, ProbeError> {
    let mut segment = Segment::default();
    let len = fields.len();
    let header = element(fields, 0, len)?;
    let header_end = header.to.filter(|_| header.id == EBML).ok_or_else(|| damaged("its header"))?;
    each(fields, header.from, header_end, |fields, child| {
        if child.id == DOC_TYPE {
            segment.webm = text(fields, child)? == "webm";
        }
        Ok(())
    })?;
    if header_end == len {
        return Err(ProbeError::Truncated("it ends after its header".into()));
    }
    let body = element(fields, header_end, len)?;
    if body.id != SEGMENT {
        return Err(damaged("what follows its header"));
    }
    let mut at = body.from;
    let end = body.to.unwrap_or(len);
    while at < end {
        let child = element(fields, at, end)?;
        match child.id {
            INFO => info(fields, child, end, &mut segment)?,
            TRACKS => tracks(fields, child, end, &mut segment)?,
            TAGS => tags(fields, child, end, &mut segment)?,
            _ => {}
        }
        // A cluster of unknown length: its blocks follow as if they were its siblings.
        at = match (child.to, child.id) {
            (Some(to), _) => to,
            (None, CLUSTER) => child.from,
            (None, _) => return Err(damaged("an element without a length")),
        };
    }
    Ok(segment)
}

/// The places in a file, read for blanking; an unreadable file has none.
pub(super) fn places(fields: &mut Fields<'_>) -> io::Result<Vec<PlaceTag>> {
    match read(fields) {
        Ok(segment) => Ok(segment.places),
        Err(ProbeError::Io(error)) => Err(error),
        Err(_) => Ok(Vec::new()),
    }
}

fn damaged(what: &str) -> ProbeError {
    ProbeError::Damaged(format!("{what} is not what it should be"))
}

fn cut() -> ProbeError {
    ProbeError::Truncated("it ends in the middle of an element".into())
}

/// The element at `at`, which must end by `end`.
fn element(fields: &mut Fields<'_>, at: u64, end: u64) -> Result<Element, ProbeError> {
    let head = fields.bytes(at, 12, 12)?;
    let first = *head.first().ok_or_else(cut)?;
    let id_len = first.leading_zeros() as usize + 1;
    if id_len > 4 {
        return Err(damaged("an element's name"));
    }
    let id = head.get(..id_len).ok_or_else(cut)?.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let first = *head.get(id_len).ok_or_else(cut)?;
    let size_len = first.leading_zeros() as usize + 1;
    if size_len > 8 {
        return Err(damaged("an element's length"));
    }
    let size = head.get(id_len..id_len + size_len).ok_or_else(cut)?;
    let size = size[1..]
        .iter()
        .fold(u64::from(first) & ((1 << (8 - size_len)) - 1), |size, byte| size << 8 | u64::from(*byte));
    let unknown = size == (1 << (7 * size_len)) - 1;
    let from = at + (id_len + size_len) as u64;
    let to = (!unknown).then(|| from.saturating_add(size));
    if let Some(to) = to
        && to > end
    {
        return Err(if end == fields.len() {
            ProbeError::Truncated(format!("{} bytes are missing at its end", to - end))
        } else {
            damaged("an element's length")
        });
    }
    Ok(Element { id, id_at: at, from, to })
}

fn each(
    fields: &mut Fields<'_>,
    mut at: u64,
    end: u64,
    mut visit: impl FnMut(&mut Fields<'_>, Element) -> Result<(), ProbeError>,
) -> Result<(), ProbeError> {
    while at < end {
        let child = element(fields, at, end)?;
        at = child.to.ok_or_else(|| damaged("an element without a length"))?;
        visit(fields, child)?;
    }
    Ok(())
}

fn payload(fields: &mut Fields<'_>, element: Element, max: usize) -> io::Result<Vec<u8>> {
    fields.bytes(element.from, element.to.unwrap_or(element.from) - element.from, max)
}

fn text(fields: &mut Fields<'_>, element: Element) -> io::Result<String> {
    let bytes = payload(fields, element, 256)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
}

fn number(fields: &mut Fields<'_>, element: Element) -> io::Result<u64> {
    Ok(payload(fields, element, 8)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}

fn info(fields: &mut Fields<'_>, info: Element, end: u64, segment: &mut Segment) -> Result<(), ProbeError> {
    let (mut scale, mut ticks) = (1_000_000, None);
    each(fields, info.from, info.to.unwrap_or(end), |fields, child| {
        match child.id {
            TIMESTAMP_SCALE => scale = number(fields, child)?,
            DURATION => {
                ticks = match *payload(fields, child, 8)?.as_slice() {
                    [a, b, c, d] => Some(f64::from(f32::from_be_bytes([a, b, c, d]))),
                    [a, b, c, d, e, f, g, h] => Some(f64::from_be_bytes([a, b, c, d, e, f, g, h])),
                    _ => None,
                }
            }
            DATE_UTC => {
                let ns = number(fields, child)?.cast_signed();
                segment.recorded_at =
                    Some(Timestamp::from_ms(EPOCH_2001_MS + ns / 1_000_000)).filter(|t| t.ms() > 0);
            }
            _ => {}
        }
        Ok(())
    })?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the cast saturates, and a duration of 2^53 ns is 104 days"
    )]
    {
        segment.duration_ms = ticks.map(|t| (t * scale as f64 / 1e6).round() as u64).filter(|ms| *ms > 0);
    }
    Ok(())
}

fn tracks(
    fields: &mut Fields<'_>,
    tracks: Element,
    end: u64,
    segment: &mut Segment,
) -> Result<(), ProbeError> {
    each(fields, tracks.from, tracks.to.unwrap_or(end), |fields, entry| {
        if entry.id != TRACK_ENTRY {
            return Ok(());
        }
        let (mut kind, mut id, mut private) = (0, String::new(), Vec::new());
        each(fields, entry.from, entry.to.unwrap_or(entry.from), |fields, child| {
            match child.id {
                TRACK_TYPE => kind = number(fields, child)?,
                CODEC_ID => id = text(fields, child)?,
                CODEC_PRIVATE => private = payload(fields, child, 4096)?,
                _ => {}
            }
            Ok(())
        })?;
        let slot = match kind {
            1 => &mut segment.video,
            2 => &mut segment.audio,
            _ => return Ok(()),
        };
        slot.get_or_insert_with(|| codec::matroska(&id, &private));
        Ok(())
    })
}

fn tags(fields: &mut Fields<'_>, tags: Element, end: u64, segment: &mut Segment) -> Result<(), ProbeError> {
    each(fields, tags.from, tags.to.unwrap_or(end), |fields, tag| {
        if tag.id != TAG {
            return Ok(());
        }
        each(fields, tag.from, tag.to.unwrap_or(tag.from), |fields, simple| {
            let Some(to) = simple.to.filter(|_| simple.id == SIMPLE_TAG) else { return Ok(()) };
            let (mut name, mut value) = (String::new(), String::new());
            each(fields, simple.from, to, |fields, child| {
                match child.id {
                    TAG_NAME => name = text(fields, child)?,
                    TAG_STRING => value = text(fields, child)?,
                    _ => {}
                }
                Ok(())
            })?;
            // ffmpeg carries MP4's `location` over under that name; the specification has the longer ones.
            let name = name.to_ascii_uppercase();
            let named = name == "RECORDING_LOCATION" || name.starts_with("LOCATION");
            if named && let Some(void_header) = void_header(to - simple.id_at) {
                let place = place::from_iso_6709(value.as_bytes());
                segment.places.push(PlaceTag { id_at: simple.id_at, to, void_header, place });
            }
            Ok(())
        })
    })
}

/// The header of a `Void` element that is `len` bytes long with its header.
fn void_header(len: u64) -> Option<Vec<u8>> {
    const VOID: u8 = 0xec;
    if len < 2 {
        return None;
    }
    // All ones would mean "unknown", so one byte reaches to 126.
    if len - 2 < 127 {
        return Some(vec![VOID, 0x80 | u8::try_from(len - 2).ok()?]);
    }
    let size = len.checked_sub(9).filter(|size| *size < 1 << 56)?;
    Some([&[VOID, 0x01], &size.to_be_bytes()[1..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_void_element_is_as_long_as_what_it_replaces() {
        for len in [2_u64, 3, 60, 128, 129, 200, 70_000] {
            let header = void_header(len).unwrap();
            let size = match header[1] {
                0x01 => header[2..].iter().fold(0, |n, b| n << 8 | u64::from(*b)),
                short => u64::from(short & 0x7f),
            };
            assert_eq!(header.len() as u64 + size, len);
        }
        assert_eq!(void_header(1), None);
    }
}
