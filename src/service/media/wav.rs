//! The chunks of a WAV file: what is in it, whether it is whole, and when it was recorded.

use rules::Timestamp;

use super::{
    codec::{self, Codec},
    error::ProbeError,
    guard::Fields,
};

/// What the chunks say.
#[derive(Debug)]
pub(super) struct Wave {
    /// What the sound is coded as.
    pub(super) audio: Codec,
    /// When a broadcast extension says it was recorded.
    pub(super) recorded_at: Option<Timestamp>,
}

/// Reads the chunks of a file.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Wave, ProbeError> {
    let len = fields.len();
    let (mut at, mut audio, mut recorded_at, mut data) = (12, None, None, false);
    while let Some([k0, k1, k2, k3, size @ ..]) = fields.array::<8>(at)? {
        let (from, size) = (at + 8, u64::from(u32::from_le_bytes(size)));
        match &[k0, k1, k2, k3] {
            b"fmt " => {
                let format = fields.bytes(from, size, 40)?;
                let u16_at = |at: usize| format.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
                // An extensible format has its tag at the front of a GUID.
                let tag = u16_at(0).and_then(|tag| if tag == 0xfffe { u16_at(24) } else { Some(tag) });
                audio = tag.zip(u16_at(14)).map(|(tag, bits)| codec::wav(tag, bits));
            }
            b"data" => {
                data = true;
                // A recorder that writes to a pipe cannot know the length.
                let streamed = size == u64::from(u32::MAX);
                if !streamed && from + size > len {
                    let missing = from + size - len;
                    return Err(ProbeError::Truncated(format!(
                        "{missing} of {size} bytes of sound are missing"
                    )));
                }
                if streamed {
                    break;
                }
            }
            b"bext" => recorded_at = broadcast_time(&fields.bytes(from, size, 338)?),
            _ => {}
        }
        at = from + size + (size & 1);
    }
    let audio = audio.ok_or_else(|| ProbeError::Truncated("its format description is missing".into()))?;
    if !data {
        return Err(ProbeError::Truncated("its sound is missing".into()));
    }
    Ok(Wave { audio, recorded_at })
}

/// Date and time of a broadcast extension (EBU 3285): `2025-03-01` and `17:45:12`, read as UTC.
fn broadcast_time(bext: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(bext.get(320..338)?).ok()?;
    let (date, time) = (text.get(..10)?, text.get(10..18)?);
    // Some recorders separate with something else than EBU's preferred signs.
    format!("{}T{}Z", date.replace(['_', ':', '/', ' '], "-"), time.replace(['-', '_', '.', ' '], ":"))
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_extension_tells_the_time() {
        let mut bext = [0; 338];
        bext[320..].copy_from_slice(b"2025-03-0117:45:12");
        assert_eq!(broadcast_time(&bext), Some("2025-03-01T17:45:12Z".parse().unwrap()));
        bext[320..].copy_from_slice(b"2025:03:0117-45-12");
        assert_eq!(broadcast_time(&bext), Some("2025-03-01T17:45:12Z".parse().unwrap()));
        bext[320..].copy_from_slice(b"never             ");
        assert_eq!(broadcast_time(&bext), None);
    }
}
