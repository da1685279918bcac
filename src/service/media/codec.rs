//! What sound and pictures are coded as: the name a person knows and the name a browser wants
//! (RFC 6381 `codecs` parameter).

/// How sound or pictures are coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Codec {
    /// Its name to a person.
    pub(super) name: String,
    /// Its name in a media type; `None` where no browser plays it.
    pub(super) parameter: Option<String>,
}

impl Codec {
    fn played(name: &str, parameter: impl Into<String>) -> Self {
        Self { name: name.into(), parameter: Some(parameter.into()) }
    }

    fn unknown(name: impl Into<String>) -> Self {
        Self { name: name.into(), parameter: None }
    }
}

/// Sound in MP4, by its sample entry's four letters and content.
pub(super) fn mp4_audio(kind: [u8; 4], content: &[u8]) -> Codec {
    match &kind {
        b"mp4a" => match esds(content) {
            Some((0x40, Some(object @ (2 | 5 | 29 | 42)))) => {
                Codec::played("AAC", format!("mp4a.40.{object}"))
            }
            Some((0x40, object)) => {
                Codec::unknown(format!("MPEG-4 audio, object type {}", object.unwrap_or(0)))
            }
            Some((0x66..=0x68, _)) => Codec::played("AAC", "mp4a.67"),
            Some((0x69 | 0x6b, _)) => Codec::played("MP3", "mp4a.6b"),
            Some((other, _)) => Codec::unknown(format!("MPEG-4 audio, type {other:#04x}")),
            None => Codec::unknown("MPEG-4 audio without a description"),
        },
        b"Opus" => Codec::played("Opus", "opus"),
        b"fLaC" => Codec::played("FLAC", "flac"),
        b"alac" => Codec::played("Apple Lossless", "alac"),
        b".mp3" => Codec::played("MP3", "mp4a.6b"),
        b"samr" | b"sawb" => Codec::unknown("AMR"),
        b"ac-3" => Codec::unknown("AC-3"),
        b"ec-3" => Codec::unknown("E-AC-3"),
        other => Codec::unknown(other.escape_ascii().to_string()),
    }
}

/// The object type and, for MPEG-4 audio, the audio object type of an `esds` box inside a sample entry.
fn esds(content: &[u8]) -> Option<(u8, Option<u8>)> {
    let mut rest = after(content, b"esds")?.get(4..)?;
    let mut object_type = None;
    loop {
        let (tag, body) = rest.split_first()?;
        // The length has seven bits a byte, at most four bytes.
        let digits = body.iter().take(4).position(|byte| byte & 0x80 == 0)? + 1;
        let body = &body[digits..];
        match tag {
            // An ES descriptor: id and flags, then what the flags announce.
            3 => {
                let flags = *body.get(2)?;
                let mut skip = 3 + if flags & 0x80 == 0 { 0 } else { 2 };
                if flags & 0x40 != 0 {
                    skip += 1 + usize::from(*body.get(skip)?);
                }
                skip += if flags & 0x20 == 0 { 0 } else { 2 };
                rest = body.get(skip..)?;
            }
            // A decoder configuration: its type and 12 bytes of rates.
            4 => {
                object_type = Some(*body.first()?);
                rest = body.get(13..).unwrap_or_default();
            }
            // The decoder's own data; for AAC it begins with the audio object type.
            5 => {
                let (first, second) = (*body.first()?, body.get(1).copied().unwrap_or(0));
                let long = 32 + ((first & 7) << 3 | second >> 5);
                return Some((object_type?, Some(if first >> 3 == 31 { long } else { first >> 3 })));
            }
            _ => return object_type.map(|object_type| (object_type, None)),
        }
        if rest.is_empty() {
            return object_type.map(|object_type| (object_type, None));
        }
    }
}

/// Pictures in MP4, by their sample entry's four letters and content.
pub(super) fn mp4_video(kind: [u8; 4], content: &[u8]) -> Codec {
    let text = kind.escape_ascii().to_string();
    match &kind {
        b"avc1" | b"avc3" => Codec::played("H.264", avc(&text, after(content, b"avcC"))),
        b"hvc1" | b"hev1" => Codec::played("H.265", hevc(&text, after(content, b"hvcC"))),
        b"av01" => Codec::played("AV1", av1(after(content, b"av1C"))),
        b"vp08" => Codec::played("VP8", "vp8"),
        b"vp09" => Codec::played("VP9", vp9(after(content, b"vpcC"))),
        b"mp4v" => Codec::unknown("MPEG-4 part 2 video"),
        b"mjpa" | b"mjpb" | b"jpeg" => Codec::unknown("Motion JPEG"),
        b"s263" | b"h263" => Codec::unknown("H.263"),
        b"apcn" | b"apch" | b"apcs" | b"apco" | b"ap4h" => Codec::unknown("Apple ProRes"),
        _ => Codec::unknown(text),
    }
}

/// Sound or pictures in WebM and Matroska, by the codec's id and private data.
pub(super) fn matroska(id: &str, private: &[u8]) -> Codec {
    match id {
        "A_OPUS" => Codec::played("Opus", "opus"),
        "A_VORBIS" => Codec::played("Vorbis", "vorbis"),
        "A_FLAC" => Codec::played("FLAC", "flac"),
        "A_MPEG/L3" => Codec::played("MP3", "mp3"),
        "A_AAC" => Codec::played("AAC", "mp4a.40.2"),
        id if id.starts_with("A_PCM/") => Codec::played("PCM", "pcm"),
        "V_VP8" => Codec::played("VP8", "vp8"),
        "V_VP9" => Codec::played("VP9", "vp9"),
        "V_AV1" => Codec::played("AV1", av1(Some(private))),
        "V_MPEG4/ISO/AVC" => Codec::played("H.264", avc("avc1", Some(private))),
        "V_MPEGH/ISO/HEVC" => Codec::played("H.265", hevc("hvc1", Some(private))),
        other => Codec::unknown(other),
    }
}

/// Sound in WAV, by its format tag (mmreg.h).
pub(super) fn wav(tag: u16, bits: u16) -> Codec {
    match (tag, bits) {
        (1, 8 | 16 | 24 | 32) => Codec::played("PCM", "1"),
        (3, 32 | 64) => Codec::played("floating point PCM", "3"),
        (6, 8) => Codec::played("A-law", "6"),
        (7, 8) => Codec::played("mu-law", "7"),
        (2, _) => Codec::unknown("Microsoft ADPCM"),
        (0x11, _) => Codec::unknown("IMA ADPCM"),
        (0x31, _) => Codec::unknown("GSM 6.10"),
        (0x50 | 0x55, _) => Codec::unknown("MPEG audio inside WAV"),
        (1 | 3, bits) => Codec::unknown(format!("PCM with {bits} bits a sample")),
        (tag, _) => Codec::unknown(format!("WAV format {tag:#06x}")),
    }
}

/// What follows `name` in `content`: the body of a box inside a sample entry, whose own fields vary by version.
fn after<'c>(content: &'c [u8], name: &[u8; 4]) -> Option<&'c [u8]> {
    let at = content.windows(4).position(|window| window == name)?;
    Some(&content[at + 4..])
}

fn avc(kind: &str, config: Option<&[u8]>) -> String {
    match config {
        Some([_, profile, constraints, level, ..]) => {
            format!("{kind}.{profile:02x}{constraints:02x}{level:02x}")
        }
        _ => kind.to_owned(),
    }
}

/// ISO 14496-15, annex E.3.
fn hevc(kind: &str, config: Option<&[u8]>) -> String {
    let Some(config) = config.and_then(|config| config.get(1..13)) else { return kind.to_owned() };
    let space = ["", "A", "B", "C"][usize::from(config[0] >> 6)];
    let tier = if config[0] & 0x20 == 0 { 'L' } else { 'H' };
    let compatible = u32::from_be_bytes([config[1], config[2], config[3], config[4]]).reverse_bits();
    let mut text = format!("{kind}.{space}{}.{compatible:X}.{tier}{}", config[0] & 0x1f, config[11]);
    let used = config[5..11].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    for byte in &config[5..5 + used] {
        text.push_str(&format!(".{byte:X}"));
    }
    text
}

/// AV1 Codec ISO Media File Format Binding, section 5.
fn av1(config: Option<&[u8]>) -> String {
    let Some([_, b, c, ..]) = config else { return "av01.0.04M.08".into() };
    let (profile, level) = (b >> 5, b & 0x1f);
    let tier = if c & 0x80 == 0 { 'M' } else { 'H' };
    let depth = match (c >> 6 & 1, c >> 5 & 1) {
        (0, _) => 8,
        (_, 0) => 10,
        _ => 12,
    };
    format!("av01.{profile}.{level:02}{tier}.{depth:02}")
}

fn vp9(config: Option<&[u8]>) -> String {
    match config {
        Some([_, _, _, _, profile, level, depth, ..]) => {
            format!("vp09.{profile:02}.{level:02}.{:02}", depth >> 4)
        }
        _ => "vp9".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h265_is_named_as_the_standard_prints_it() {
        // The example of ISO 14496-15 E.3: main profile, level 3.1, progressive and so on (B0).
        let config = [1, 0x01, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93];
        assert_eq!(hevc("hvc1", Some(&config)), "hvc1.1.6.L93.B0");
    }

    #[test]
    fn aac_is_named_by_its_object_type() {
        let esds = |config: &[u8]| {
            let head = [0, 0, 0, 0, 3, 0x19, 0, 1, 0, 4, 0x11, 0x40, 0x15];
            let mut content = [b"....esds".as_slice(), &head, &[0; 11], &[5, 2]].concat();
            content.extend_from_slice(config);
            mp4_audio(*b"mp4a", &content).parameter
        };
        assert_eq!(esds(&[0x11, 0x90]).as_deref(), Some("mp4a.40.2"));
        assert_eq!(esds(&[0x2b, 0x92]).as_deref(), Some("mp4a.40.5"));
        assert_eq!(esds(&[0xf9, 0x46]).as_deref(), Some("mp4a.40.42"));
        assert_eq!(esds(&[]), None);
    }
}
