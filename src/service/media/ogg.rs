//! The pages of an Ogg file (RFC 3533): what is in it and whether it is whole.

use super::{codec::Codec, error::ProbeError, guard::Fields};

/// Reads the pages of a file; says what its sound is coded as.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Codec, ProbeError> {
    const BEGINS: u8 = 2;
    let len = fields.len();
    let (mut at, mut page, mut audio, mut other) = (0, 0_u64, None, None);
    while at < len {
        page += 1;
        let missing = || ProbeError::Truncated(format!("page {page} is not whole"));
        let header = fields.array::<27>(at)?.ok_or_else(missing)?;
        if !header.starts_with(b"OggS") {
            return Err(ProbeError::Damaged(format!(
                "page {page} does not begin where page {} ends",
                page - 1
            )));
        }
        let segments = u64::from(header[26]);
        let table = fields.bytes(at + 27, segments, 255)?;
        let body = at + 27 + segments;
        let end = body + table.iter().map(|size| u64::from(*size)).sum::<u64>();
        if end > len || table.len() as u64 != segments {
            return Err(missing());
        }
        if header[5] & BEGINS != 0 {
            match stream(&fields.bytes(body, end - body, 64)?) {
                Ok(codec) => audio = audio.or(Some(codec)),
                Err(name) => other = other.or(Some(name)),
            }
        }
        at = end;
    }
    match (audio, other) {
        // Pictures in Ogg are Theora, which browsers have dropped: half a recording must not pass for all.
        (_, Some(name @ "Theora video")) => Err(ProbeError::UnsupportedCodec(name.into())),
        (Some(codec), _) => Ok(codec),
        (None, Some(name)) => Err(ProbeError::UnsupportedCodec(name.into())),
        (None, None) => Err(ProbeError::Damaged("no stream begins in it".into())),
    }
}

/// What a logical stream is, by its first packet.
fn stream(packet: &[u8]) -> Result<Codec, &'static str> {
    let codec = |name: &str, parameter: &str| Codec { name: name.into(), parameter: Some(parameter.into()) };
    match packet {
        [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', ..] => Ok(codec("Opus", "opus")),
        [1, b'v', b'o', b'r', b'b', b'i', b's', ..] => Ok(codec("Vorbis", "vorbis")),
        [0x7f, b'F', b'L', b'A', b'C', ..] => Ok(codec("FLAC", "flac")),
        [b'S', b'p', b'e', b'e', b'x', ..] => Err("Speex"),
        [0x80, b't', b'h', b'e', b'o', b'r', b'a', ..] => Err("Theora video"),
        _ => Err("an unknown codec in Ogg"),
    }
}
