//! MPEG audio frame headers (ISO 11172-3, 13818-3) and ADTS headers (13818-7), enough to tell what a bare
//! stream is and how long it says it is.

use std::io;

use super::guard::Fields;

/// What one MPEG audio frame header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Length of the frame in bytes, header included.
    pub(super) len: usize,
    /// Samples a channel in it.
    pub(super) samples: u32,
    /// Samples a second.
    pub(super) rate: u32,
    /// Where a Xing header would stand, counted from the frame's first byte.
    xing_at: usize,
}

const RATES: [u32; 3] = [44_100, 48_000, 32_000];
const KBITS_V1_L3: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBITS_V2_L3: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/// A layer III frame header; `None` for anything else (layers I and II and free format included).
fn frame_header(bytes: &[u8]) -> Option<FrameHeader> {
    let [a, b, c, d, ..] = *bytes else { return None };
    let (version, layer) = (b >> 3 & 3, b >> 1 & 3);
    if a != 0xff || b & 0xe0 != 0xe0 || version == 1 || layer != 1 {
        return None;
    }
    let first = version == 3;
    let rate_shift = match version {
        3 => 0,
        2 => 1,
        _ => 2,
    };
    let rate = RATES.get(usize::from(c >> 2 & 3))? >> rate_shift;
    let kbits = *(if first { KBITS_V1_L3 } else { KBITS_V2_L3 }).get(usize::from(c >> 4))?;
    if kbits == 0 {
        return None;
    }
    let samples = if first { 1152 } else { 576 };
    let len = samples / 8 * kbits * 1000 / rate + u32::from(c >> 1 & 1);
    let mono = d >> 6 == 3;
    let side = match (first, mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    Some(FrameHeader { len: usize::try_from(len).ok()?, samples, rate, xing_at: 4 + side })
}

/// Whether a bare MPEG layer III stream begins here: one header proves nothing (11 bits), so the second must
/// stand where the first says and agree with it.
pub(super) fn begins_with_two_frames(head: &[u8]) -> bool {
    let Some(first) = frame_header(head) else { return false };
    match head.get(first.len..) {
        Some(rest) if rest.len() >= 4 => frame_header(rest).is_some_and(|next| next.rate == first.rate),
        _ => false,
    }
}

/// Whether a bare ADTS stream begins here.
pub(super) fn begins_with_two_adts_frames(head: &[u8]) -> bool {
    let frame_len = |bytes: &[u8]| -> Option<usize> {
        let [a, b, c, d, e, f, ..] = *bytes else { return None };
        let valid = a == 0xff && b & 0xf6 == 0xf0 && (c >> 2 & 15) < 13;
        valid.then_some(usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5))
    };
    frame_len(head).is_some_and(|len| len > 7 && head.get(len..).and_then(frame_len).is_some())
}

/// How long an ID3v2 tag at the beginning is, header included; 0 if there is none.
fn id3v2_len(head: [u8; 10]) -> u64 {
    if &head[..3] != b"ID3" {
        return 0;
    }
    let size = head[6..10].iter().fold(0, |size: u64, byte| size << 7 | u64::from(byte & 0x7f));
    let footer = if head[5] & 0x10 == 0 { 0 } else { 10 };
    10 + size + footer
}

/// The duration in milliseconds that the first frame's Xing, Info or VBRI header announces, if it has one.
///
/// It counts whole frames, with the encoder's delay and padding.
pub(super) fn announced_ms(fields: &mut Fields<'_>) -> io::Result<Option<u64>> {
    let Some(head) = fields.array(0)? else { return Ok(None) };
    let start = id3v2_len(head);
    let frame = fields.bytes(start, 2048, 2048)?;
    // Some writers leave zeros between the tag and the first frame.
    let skipped = frame.iter().take_while(|byte| **byte == 0).count();
    let frame = &frame[skipped..];
    let Some(header) = frame_header(frame) else { return Ok(None) };
    let number = |at: usize| {
        let bytes = frame.get(at..at + 4)?;
        Some(u64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])))
    };
    let tag = frame.get(header.xing_at..header.xing_at + 4);
    let frames = if tag == Some(b"Xing") || tag == Some(b"Info") {
        let flags = number(header.xing_at + 4).unwrap_or(0);
        if flags & 1 == 1 { number(header.xing_at + 8) } else { None }
    } else if frame.get(36..40) == Some(b"VBRI") {
        number(36 + 14)
    } else {
        None
    };
    Ok(frames.map(|frames| frames * u64::from(header.samples) * 1000 / u64::from(header.rate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_lengths_follow_the_standard() {
        // 128 kbit/s, 44.1 kHz, no padding: 417 bytes; 64 kbit/s, 22.05 kHz (MPEG-2): 208 bytes.
        let one = frame_header(&[0xff, 0xfb, 0x90, 0x00]).unwrap();
        assert_eq!((one.len, one.samples, one.rate), (417, 1152, 44_100));
        let two = frame_header(&[0xff, 0xf3, 0x80, 0xc0]).unwrap();
        assert_eq!((two.len, two.samples, two.rate), (208, 576, 22_050));
    }

    #[test]
    fn one_lucky_header_is_not_a_stream() {
        let mut head = vec![0; 500];
        head[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        assert!(!begins_with_two_frames(&head));
        head[417..421].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        assert!(begins_with_two_frames(&head));
    }

    #[test]
    fn the_length_of_a_tag_is_synchsafe() {
        assert_eq!(id3v2_len(*b"ID3\x04\0\0\0\0\x02\x01"), 10 + 257);
        assert_eq!(id3v2_len(*b"ID3\x04\0\x10\0\0\0\x01"), 21);
        assert_eq!(id3v2_len(*b"RIFFxxxxxx"), 0);
    }
}
