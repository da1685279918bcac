//! Why a file is refused, in words that someone can act on.

use std::io;

/// Why bytes are not a recording.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is not one byte.
    #[error("the file is empty")]
    Empty,
    /// Not sound, not video.
    #[error("not sound or video{}", looks_like.map(|what| format!(": it looks like {what}")).unwrap_or_default())]
    NotMedia {
        /// What it is instead, where its first bytes tell.
        looks_like: Option<&'static str>,
    },
    /// Sound or video in a container that is not read here.
    #[error("{0} files cannot be read; convert it to WAV, MP3, Ogg, FLAC, M4A, MP4 or WebM")]
    UnsupportedContainer(&'static str),
    /// A known container with something inside that neither this service nor a browser plays.
    #[error("it is coded as {0}, which cannot be played; convert it")]
    UnsupportedCodec(String),
    /// The file ends before what it announces.
    #[error("the file is cut off: {0}")]
    Truncated(String),
    /// What is there contradicts itself.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// A container without one moment of sound or picture.
    #[error("the recording has no length: there is no sound or picture in it")]
    NoDuration,
    /// Longer than [`MAX_DURATION_MS`](super::MAX_DURATION_MS): a mistake, or meant to exhaust the service.
    #[error("the recording is longer than 24 hours")]
    TooLong,
    /// A decoder failed on these bytes in a way it should not. The bytes are refused; the bug is worth a report.
    #[error("the decoder failed on it")]
    DecoderFailed,
    /// The bytes could not be read at all.
    #[error("it could not be read: {0}")]
    Io(#[from] io::Error),
}

impl ProbeError {
    /// The fault as one stable word, for counting and for logs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotMedia { .. } => "not_media",
            Self::UnsupportedContainer(_) => "unsupported_container",
            Self::UnsupportedCodec(_) => "unsupported_codec",
            Self::Truncated(_) => "truncated",
            Self::Damaged(_) => "damaged",
            Self::NoDuration => "no_duration",
            Self::TooLong => "too_long",
            Self::DecoderFailed => "decoder_failed",
            Self::Io(_) => "unreadable",
        }
    }
}
