//! What a file is, told from its first bytes and never from its name.

use super::{error::ProbeError, mpeg};

/// The containers that are read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// RIFF WAVE.
    Wav,
    /// A bare stream of MPEG audio frames, usually with ID3 tags.
    Mp3,
    /// A bare stream of AAC frames with ADTS headers.
    Adts,
    /// Ogg.
    Ogg,
    /// FLAC in its own container.
    Flac,
    /// MP4, M4A and their relatives.
    Mp4,
    /// WebM and Matroska.
    Webm,
}

/// How many first bytes [`container_of`] wants to see.
pub(super) const HEAD: usize = 4096;

/// First bytes of what people also have in folders, and what to call it.
const OTHERS: &[(usize, &[u8], &str)] = &[
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (4, b"ftypheic", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIF picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"<!DOCTYPE", "an HTML page"),
    (0, b"<!doctype", "an HTML page"),
    (0, b"<html", "an HTML page"),
    (0, b"<?xml", "an XML document"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
];

/// First bytes of sound and video that is not read here.
const UNSUPPORTED: &[(usize, &[u8], &str)] = &[
    (8, b"AVI ", "AVI"),
    (0, b"RF64", "RF64"),
    (0, b"RIFX", "RIFX"),
    (0, b"#!AMR", "AMR"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
    (0, b"caff", "Apple CAF"),
    (8, b"AIFF", "AIFF"),
    (8, b"AIFC", "AIFF"),
    (0, b".snd", "Sun audio"),
    (0, b"MThd", "MIDI"),
    (0, b"wvpk", "WavPack"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"\x00\x00\x01\xba", "MPEG programme stream"),
    (0, b".RMF", "RealMedia"),
];

fn has(head: &[u8], at: usize, bytes: &[u8]) -> bool {
    head.get(at..at + bytes.len()) == Some(bytes)
}

fn named(head: &[u8], table: &[(usize, &[u8], &'static str)]) -> Option<&'static str> {
    table.iter().find(|(at, bytes, _)| has(head, *at, bytes)).map(|(_, _, name)| *name)
}

/// The container that begins with `head`, the first [`HEAD`] bytes (or all, if there are fewer).
pub(super) fn container_of(head: &[u8]) -> Result<Container, ProbeError> {
    if has(head, 0, b"RIFF") && has(head, 8, b"WAVE") {
        return Ok(Container::Wav);
    }
    if has(head, 0, b"OggS") {
        return Ok(Container::Ogg);
    }
    if has(head, 0, b"fLaC") {
        return Ok(Container::Flac);
    }
    if has(head, 0, b"\x1a\x45\xdf\xa3") {
        return Ok(Container::Webm);
    }
    if let Some(what) = named(head, OTHERS) {
        return Err(ProbeError::NotMedia { looks_like: Some(what) });
    }
    if has(head, 4, b"ftyp") {
        return Ok(Container::Mp4);
    }
    if let Some(name) = named(head, UNSUPPORTED) {
        return Err(ProbeError::UnsupportedContainer(name));
    }
    // Old QuickTime files have no `ftyp`.
    if [b"moov", b"mdat", b"wide"].iter().any(|kind| has(head, 4, *kind)) {
        return Err(ProbeError::UnsupportedContainer("QuickTime without a file type"));
    }
    if has(head, 0, b"ID3") || mpeg::begins_with_two_frames(head) {
        return Ok(Container::Mp3);
    }
    if mpeg::begins_with_two_adts_frames(head) {
        return Ok(Container::Adts);
    }
    let text = !head.contains(&0) && std::str::from_utf8(&head[..head.len().min(512)]).is_ok();
    Err(ProbeError::NotMedia { looks_like: text.then_some("text") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_media_is_called_by_its_name() {
        let looks_like = |head: &[u8]| match container_of(head) {
            Err(ProbeError::NotMedia { looks_like }) => looks_like,
            other => panic!("{other:?}"),
        };
        assert_eq!(looks_like(b"dear diary"), Some("text"));
        assert_eq!(looks_like(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some("a PNG picture"));
        assert_eq!(looks_like(b"\0\x01\x02\x03"), None);
        assert_eq!(looks_like(b"\0\0\0\x1cftypheic"), Some("a HEIC picture"));
    }

    #[test]
    fn sound_in_a_container_that_is_not_read_is_named() {
        let heads: [(&[u8], &str); 2] = [(b"RIFF\0\0\0\0AVI LIST", "AVI"), (b"#!AMR\n", "AMR")];
        for (head, name) in heads {
            assert!(
                matches!(container_of(head), Err(ProbeError::UnsupportedContainer(found)) if found == name)
            );
        }
    }
}
