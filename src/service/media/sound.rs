//! From a container to its length and its loudness: demuxes and decodes with Symphonia, and Opus with rusty-opus.

use std::{io::ErrorKind, sync::LazyLock};

use symphonia::{
    core::{
        audio::GenericAudioBufferRef,
        codecs::{
            CodecParameters,
            audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known::CODEC_ID_OPUS},
        },
        errors::Error,
        formats::{
            FormatReader, TrackType,
            probe::{Hint, Probe},
        },
        io::{MediaSourceStream, MediaSourceStreamOptions},
        packet::Packet,
    },
    default::{formats, get_codecs, meta},
};

use super::{MAX_DURATION_MS, error::ProbeError, guard::Guarded, peaks::PeakMeter, sniff::Container};

/// What demuxing and decoding found.
pub(super) struct Measured {
    /// Loudness and number of frames of the sound; `None` without sound, or when no decoder for it is built in.
    pub(super) meter: Option<PeakMeter>,
    /// The sound's frames a second.
    pub(super) rate: u32,
    /// How long the longest track is by the container's clock, in milliseconds.
    pub(super) longest_track_ms: u64,
    /// Packets of sound that could not be decoded, and those that could.
    pub(super) bad: u64,
    pub(super) good: u64,
    /// Why the demuxer stopped before the end, if it did.
    pub(super) broken: Option<String>,
}

/// Empty packets in a row before a file counts as made to keep the service busy.
const MAX_EMPTY: u32 = 100_000;

/// One probe a container: the bytes have been recognised already, nothing else may be found in them.
static PROBES: LazyLock<[Probe; 7]> = LazyLock::new(|| {
    let mut probes: [Probe; 7] = Default::default();
    let [wav, mp3, adts, ogg, flac, mp4, webm] = &mut probes;
    wav.register_format::<formats::WavReader<'_>>();
    mp3.register_format::<formats::MpaReader<'_>>();
    adts.register_format::<formats::AdtsReader<'_>>();
    for tagged in [mp3, adts] {
        tagged.register_metadata::<meta::Id3v2Reader<'_>>();
        tagged.register_metadata::<meta::Id3v1Reader<'_>>();
        tagged.register_metadata::<meta::ApeReader<'_>>();
    }
    ogg.register_format::<formats::OggReader<'_>>();
    flac.register_format::<formats::FlacReader<'_>>();
    mp4.register_format::<formats::IsoMp4Reader<'_>>();
    webm.register_format::<formats::MkvReader<'_>>();
    probes
});

fn probe_for(container: Container) -> &'static Probe {
    let [wav, mp3, adts, ogg, flac, mp4, webm] = &*PROBES;
    match container {
        Container::Wav => wav,
        Container::Mp3 => mp3,
        Container::Adts => adts,
        Container::Ogg => ogg,
        Container::Flac => flac,
        Container::Mp4 => mp4,
        Container::Webm => webm,
    }
}

/// Reads the whole file once, in constant memory.
pub(super) fn measure(source: Guarded<'_>, container: Container) -> Result<Measured, ProbeError> {
    let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
    let mut format = probe_for(container)
        .probe(&Hint::new(), stream, Default::default(), Default::default())
        .map_err(|error| match error {
            // Its first bytes were right and what follows is not.
            Error::Unsupported(_) => ProbeError::Damaged("nothing in it can be read".into()),
            error => told(&error),
        })?;
    let mut clocks = Clocks::default();
    let mut listener = Listener::new(&*format);
    let mut measured = Measured { meter: None, rate: 0, longest_track_ms: 0, bad: 0, good: 0, broken: None };
    let mut empty = 0;
    loop {
        match format.next_packet() {
            Ok(Some(packet)) => {
                empty = if packet.data.is_empty() { empty + 1 } else { 0 };
                if empty > MAX_EMPTY {
                    measured.broken = Some("it is filled with empty packets".into());
                    break;
                }
                clocks.tick(&*format, &packet);
                if let Some(listener) = &mut listener {
                    listener.hear(&packet)?;
                }
            }
            Ok(None) => break,
            // A second stream chained behind the first.
            Err(Error::ResetRequired) => {
                let next = Listener::new(&*format);
                listener = match (listener, next) {
                    (Some(before), Some(next)) => Some(next.after(before)),
                    (before, next) => before.or(next),
                };
            }
            Err(error) => {
                measured.broken = Some(match told(&error) {
                    ProbeError::Io(error) => return Err(error.into()),
                    told => told.to_string(),
                });
                break;
            }
        }
    }
    measured.longest_track_ms = clocks.longest_ms();
    if measured.longest_track_ms > MAX_DURATION_MS {
        return Err(ProbeError::TooLong);
    }
    if let Some(listener) = listener {
        (measured.rate, measured.bad, measured.good) = (listener.rate, listener.bad, listener.good);
        measured.meter = Some(listener.meter);
    }
    Ok(measured)
}

/// When each track begins and ends. A film coded with frames out of order begins after zero.
#[derive(Default)]
struct Clocks(Vec<(u32, i128, i128)>);

impl Clocks {
    fn tick(&mut self, format: &dyn FormatReader, packet: &Packet) {
        let track = format.tracks().iter().find(|track| track.id == packet.track_id);
        let Some(base) = track.and_then(|track| track.time_base) else { return };
        let ms = |ticks| base.calc_time(ticks).map_or(i128::MAX, |time| time.as_millis());
        let (begins, ends) = (ms(packet.pts), ms(packet.pts.saturating_add(packet.dur)));
        match self.0.iter_mut().find(|(track_id, ..)| *track_id == packet.track_id) {
            Some((_, first, last)) => (*first, *last) = ((*first).min(begins), (*last).max(ends)),
            None => self.0.push((packet.track_id, begins, ends)),
        }
    }

    fn longest_ms(&self) -> u64 {
        let lengths = self.0.iter().map(|(_, first, last)| last.saturating_sub(*first));
        u64::try_from(lengths.max().unwrap_or(0)).unwrap_or(u64::MAX)
    }
}

/// What a demuxer's refusal means here.
fn told(error: &Error) -> ProbeError {
    match error {
        Error::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            ProbeError::Truncated("it ends in the middle of its sound".into())
        }
        Error::IoError(error) if error.kind() == ErrorKind::Other => ProbeError::Damaged(error.to_string()),
        Error::IoError(error) => ProbeError::Io(std::io::Error::new(error.kind(), error.to_string())),
        Error::Unsupported(what) => ProbeError::UnsupportedCodec((*what).to_owned()),
        Error::DecodeError(what) | Error::LimitError(what) => ProbeError::Damaged((*what).to_owned()),
        Error::SeekError(_) | Error::ResetRequired => ProbeError::Damaged("its index is wrong".into()),
        _ => ProbeError::Damaged(error.to_string()),
    }
}

enum Decoder {
    Symphonia(Box<dyn AudioDecoder>),
    Opus { decoder: Box<rusty_opus::OpusDecoder>, pcm: Vec<f32>, skip: usize },
}

/// Decodes one track of sound and meters it.
struct Listener {
    track_id: u32,
    decoder: Decoder,
    channels: usize,
    rate: u32,
    meter: PeakMeter,
    samples: Vec<f32>,
    bad: u64,
    good: u64,
}

/// The longest Opus packet: 120 ms at 48 kHz (RFC 6716).
const OPUS_MAX_FRAMES: usize = 5760;
const OPUS_RATE: u16 = 48_000;

impl Listener {
    /// The container's track of sound, if it has one and there is a decoder for it.
    fn new(format: &dyn FormatReader) -> Option<Self> {
        let track = format.default_track(TrackType::Audio)?;
        let Some(CodecParameters::Audio(params)) = &track.codec_params else { return None };
        let channels = params.channels.as_ref().map_or(0, |channels| channels.count());
        let decoder = if params.codec == CODEC_ID_OPUS {
            opus(params, channels, track.delay)?
        } else {
            Decoder::Symphonia(get_codecs().make_audio_decoder(params, &AudioDecoderOptions::default()).ok()?)
        };
        let rate = if params.codec == CODEC_ID_OPUS {
            u32::from(OPUS_RATE)
        } else {
            params.sample_rate.unwrap_or(0)
        };
        Some(Self {
            track_id: track.id,
            decoder,
            channels,
            rate,
            meter: PeakMeter::new(),
            samples: Vec::new(),
            bad: 0,
            good: 0,
        })
    }

    /// Goes on metering where another listener stopped.
    fn after(self, before: Self) -> Self {
        Self { meter: before.meter, bad: before.bad, good: before.good, samples: before.samples, ..self }
    }

    fn hear(&mut self, packet: &Packet) -> Result<(), ProbeError> {
        if packet.track_id != self.track_id {
            return Ok(());
        }
        let heard = match &mut self.decoder {
            Decoder::Symphonia(decoder) => match decoder.decode(packet) {
                Ok(buffer) => {
                    (self.rate, self.channels) = shape(&buffer);
                    buffer.copy_to_vec_interleaved(&mut self.samples);
                    self.meter.add(&self.samples, self.channels);
                    true
                }
                Err(_) => false,
            },
            Decoder::Opus { decoder, pcm, skip } => {
                match decoder.decode(&packet.data, OPUS_MAX_FRAMES, pcm) {
                    Ok(frames) if !packet.data.is_empty() => {
                        let from = (*skip).min(frames);
                        *skip -= from;
                        let padding = usize::try_from(packet.trim_end.get()).unwrap_or(frames);
                        let to = frames.saturating_sub(padding).max(from);
                        self.meter.add(
                            pcm.get(from * self.channels..to * self.channels).unwrap_or(&[]),
                            self.channels,
                        );
                        true
                    }
                    _ => false,
                }
            }
        };
        *(if heard { &mut self.good } else { &mut self.bad }) += 1;
        // A few bytes of some codecs unfold to hours of silence.
        if self.meter.frames() / u64::from(self.rate.max(1)) > MAX_DURATION_MS / 1000 {
            return Err(ProbeError::TooLong);
        }
        Ok(())
    }
}

fn shape(buffer: &GenericAudioBufferRef<'_>) -> (u32, usize) {
    (buffer.spec().rate(), buffer.spec().channels().count())
}

/// A decoder for Opus; the frames before the recording's first (`pre-skip`, RFC 7845) are left out.
fn opus(params: &AudioCodecParameters, channels: usize, delay: Option<u32>) -> Option<Decoder> {
    let head = params.extra_data.as_deref().and_then(|data| data.strip_prefix(b"OpusHead"));
    let pre_skip = head.and_then(|head| {
        let bytes = [*head.get(2)?, *head.get(3)?];
        // Version 0 is MP4's `dOps` box behind an Ogg signature: its numbers are big-endian.
        Some(if head.first() == Some(&0) { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    });
    let skip = pre_skip.map(u32::from).or(delay).unwrap_or(0);
    let decoder = rusty_opus::OpusDecoder::new(i32::from(OPUS_RATE), channels).ok()?;
    let pcm = vec![0.0; OPUS_MAX_FRAMES * channels];
    Some(Decoder::Opus { decoder: Box::new(decoder), pcm, skip: usize::try_from(skip).ok()? })
}
