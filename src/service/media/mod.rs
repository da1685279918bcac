//! From bytes to facts: what a recording is, how long, how loud, when and where, whatever its name says.
//!
//! Everything is read in constant memory, and nothing a file contains can make it panic, loop or allocate
//! without bound: the walkers of containers ([`mp4`], [`webm`], [`ogg`], [`wav`]) count their steps, the
//! demuxer reads through a budget ([`guard`]), and a panic inside a decoder is caught.

mod blanked;
mod codec;
mod error;
mod guard;
mod mp4;
mod mpeg;
mod ogg;
mod peaks;
mod place;
mod sniff;
mod sound;
mod wav;
mod webm;

use std::{
    fs::File,
    io::SeekFrom,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use rules::{Kind, Timestamp, location::Place};
use sha2::{Digest, Sha256};

pub use self::{blanked::Blanked, error::ProbeError, guard::Source, peaks::PEAKS, place::blank_places};
use self::{
    codec::Codec,
    guard::{Fields, Guarded},
    sniff::Container,
    sound::Measured,
};

/// The longest recording that is taken, in milliseconds: 24 hours.
pub const MAX_DURATION_MS: u64 = 24 * 60 * 60 * 1000;

/// Two clocks of one file (header and packets) that differ by less than this agree, in milliseconds: encoders
/// pad, and headers know by how much.
const CLOCKS_AGREE_MS: u64 = 250;

/// What a recording's bytes tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// Sound only, or pictures.
    pub kind: Kind,
    /// What a browser wants to be told, for instance `audio/ogg; codecs=opus`.
    pub media_type: String,
    /// Length in milliseconds, at least 1.
    pub duration_ms: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of all bytes.
    pub sha256: [u8; 32],
    /// Loudness over time, 0 is silence and 255 full scale. `None` without sound, or when the sound is of a
    /// kind that browsers play and this service does not decode (HE-AAC, Opus with more than two channels).
    pub peaks: Option<Box<[u8; PEAKS]>>,
    /// When the container says it was recorded.
    pub recorded_at: Option<Timestamp>,
    /// Where the container says it was recorded.
    pub place: Option<Place>,
    /// Whether it tells a place at all, readable here or not; [`blank_places`] takes that out.
    pub tells_place: bool,
}

/// Probes a file by its path.
///
/// # Errors
/// [`ProbeError`] says what is wrong with the bytes; [`ProbeError::Io`] when they cannot be read.
pub fn probe_file(path: &Path) -> Result<Probed, ProbeError> {
    probe(&mut File::open(path)?)
}

/// Probes what can be read and sought in: a file, or a [`std::io::Cursor`] over bytes. Reads it twice, hashing
/// first.
///
/// # Errors
/// [`ProbeError`] says what is wrong with the bytes; [`ProbeError::Io`] when they cannot be read.
pub fn probe<S: Source>(source: &mut S) -> Result<Probed, ProbeError> {
    let (bytes, sha256, head) = digest(source)?;
    if bytes == 0 {
        return Err(ProbeError::Empty);
    }
    let container = sniff::container_of(&head)?;
    // A second fence behind the property tests: a decoder that panics must not take an import down with it.
    let facts = catch_unwind(AssertUnwindSafe(|| facts_of(source, bytes, container)))
        .unwrap_or(Err(ProbeError::DecoderFailed))?;
    Ok(Probed {
        kind: facts.kind,
        media_type: facts.media_type,
        duration_ms: facts.duration_ms,
        bytes,
        sha256,
        peaks: facts.peaks,
        recorded_at: facts.outline.recorded_at,
        place: facts.outline.place,
        tells_place: facts.outline.tells_place,
    })
}

/// Length, SHA-256 and first bytes.
fn digest(source: &mut dyn Source) -> Result<(u64, [u8; 32], Vec<u8>), ProbeError> {
    source.seek(SeekFrom::Start(0))?;
    let (mut hash, mut len, mut head) = (Sha256::new(), 0, Vec::new());
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let read = &buffer[..count];
        head.extend_from_slice(&read[..count.min(sniff::HEAD.saturating_sub(head.len()))]);
        hash.update(read);
        len += count as u64;
    }
    Ok((len, hash.finalize().into(), head))
}

/// What a container's structure says, before anything is decoded.
#[derive(Default)]
struct Outline {
    family: &'static str,
    video: Option<Codec>,
    video_kind_at: Option<u64>,
    audio: Option<Codec>,
    announced_ms: Option<u64>,
    recorded_at: Option<Timestamp>,
    place: Option<Place>,
    tells_place: bool,
}

struct Facts {
    kind: Kind,
    media_type: String,
    duration_ms: u64,
    peaks: Option<Box<[u8; PEAKS]>>,
    outline: Outline,
}

fn facts_of(source: &mut dyn Source, len: u64, container: Container) -> Result<Facts, ProbeError> {
    let outline = outline_of(&mut Fields::new(source, len)?, container)?;
    for codec in [&outline.video, &outline.audio].into_iter().flatten() {
        if codec.parameter.is_none() {
            return Err(ProbeError::UnsupportedCodec(codec.name.clone()));
        }
    }
    let shown = Guarded::new(source, len)?.hiding(outline.video_kind_at);
    let measured = sound::measure(shown, container)?;
    let kind = if outline.video.is_some() { Kind::Video } else { Kind::Voice };
    let duration_ms = duration_of(&measured, &outline, container)?;
    let peaks = measured.meter.filter(|_| measured.good > 0).map(|meter| meter.finish());
    Ok(Facts { kind, media_type: media_type(&outline, container), duration_ms, peaks, outline })
}

fn outline_of(fields: &mut Fields<'_>, container: Container) -> Result<Outline, ProbeError> {
    let known = |name: &str| Some(Codec { name: name.into(), parameter: Some(String::new()) });
    Ok(match container {
        Container::Wav => {
            let wave = wav::read(fields)?;
            Outline {
                family: "wav",
                audio: Some(wave.audio),
                recorded_at: wave.recorded_at,
                ..Outline::default()
            }
        }
        Container::Mp3 => Outline {
            family: "mpeg",
            audio: known("MP3"),
            announced_ms: mpeg::announced_ms(fields)?,
            ..Outline::default()
        },
        Container::Adts => Outline { family: "aac", audio: known("AAC"), ..Outline::default() },
        Container::Flac => Outline {
            family: "flac",
            audio: known("FLAC"),
            announced_ms: flac_ms(fields)?,
            ..Outline::default()
        },
        Container::Ogg => Outline { family: "ogg", audio: Some(ogg::read(fields)?), ..Outline::default() },
        Container::Mp4 => {
            let movie = mp4::read(fields)?;
            Outline {
                family: if movie.quicktime { "quicktime" } else { "mp4" },
                video: movie.video,
                video_kind_at: movie.video_kind_at,
                audio: movie.audio,
                announced_ms: movie.duration_ms,
                recorded_at: movie.recorded_at,
                place: movie.places.iter().find_map(|found| found.place),
                tells_place: !movie.places.is_empty(),
            }
        }
        Container::Webm => {
            let segment = webm::read(fields)?;
            Outline {
                family: if segment.webm { "webm" } else { "x-matroska" },
                video: segment.video,
                audio: segment.audio,
                announced_ms: segment.duration_ms,
                recorded_at: segment.recorded_at,
                place: segment.places.iter().find_map(|found| found.place),
                tells_place: !segment.places.is_empty(),
                ..Outline::default()
            }
        }
    })
}

/// Total samples over rate, from STREAMINFO (RFC 9639), where it was known when the file was written.
fn flac_ms(fields: &mut Fields<'_>) -> Result<Option<u64>, ProbeError> {
    let cut = || ProbeError::Truncated("its stream description is missing".into());
    let packed = u64::from_be_bytes(fields.array(18)?.ok_or_else(cut)?);
    let (rate, samples) = (packed >> 44, packed & ((1 << 36) - 1));
    Ok((rate > 0 && samples > 0).then(|| samples * 1000 / rate))
}

/// How long the recording is, or why it is not whole.
fn duration_of(measured: &Measured, outline: &Outline, container: Container) -> Result<u64, ProbeError> {
    let Measured { bad, good, broken, .. } = measured;
    let decoded_ms = measured
        .meter
        .as_ref()
        .map_or(0, |meter| meter.frames().saturating_mul(1000) / u64::from(measured.rate.max(1)));
    if *bad > *good {
        return Err(ProbeError::Damaged(format!(
            "{bad} of {} packets of sound cannot be decoded",
            bad + good
        )));
    }
    // Bare sound: what can be heard counts. With pictures, or without a decoder: what the packets say.
    let audible = outline.video.is_none() && *good > 0;
    let measured_ms = if audible { decoded_ms } else { measured.longest_track_ms };
    if measured_ms == 0 && outline.video.is_none() && outline.audio.is_none() {
        return Err(ProbeError::NoDuration);
    }
    let announced = outline.announced_ms.filter(|ms| *ms <= MAX_DURATION_MS);
    if let Some(announced) = announced
        && announced > measured_ms + CLOCKS_AGREE_MS
        // A header may announce more than there is (a still last picture); bare frames have no such reason.
        && (matches!(container, Container::Mp3 | Container::Flac) || broken.is_some())
    {
        return Err(ProbeError::Truncated(format!(
            "it announces {} and ends after {}",
            seconds(announced),
            seconds(measured_ms)
        )));
    }
    if let Some(what) = broken
        && *good == 0
    {
        return Err(ProbeError::Damaged(what.clone()));
    }
    let agreed = announced.filter(|announced| announced.abs_diff(measured_ms) <= CLOCKS_AGREE_MS);
    let best = if audible { measured_ms } else { agreed.unwrap_or(measured_ms) };
    if best == 0 { Err(ProbeError::NoDuration) } else { Ok(best) }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

fn media_type(outline: &Outline, container: Container) -> String {
    let family = outline.family;
    let top = if outline.video.is_some() { "video" } else { "audio" };
    // Bare streams are what they are; a WAV file's codecs parameter helps no browser.
    if !matches!(container, Container::Ogg | Container::Mp4 | Container::Webm) {
        return format!("{top}/{family}");
    }
    let codecs: Vec<&str> = [&outline.video, &outline.audio]
        .into_iter()
        .flatten()
        .filter_map(|codec| codec.parameter.as_deref())
        .collect();
    match codecs.as_slice() {
        [] => format!("{top}/{family}"),
        [one] if !one.contains('.') => format!("{top}/{family}; codecs={one}"),
        many => format!("{top}/{family}; codecs=\"{}\"", many.join(", ")),
    }
}
