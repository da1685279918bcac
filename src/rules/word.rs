//! What was captured, and what kind of data it is.

use serde::{Deserialize, Serialize};

/// What a device captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sound only.
    Voice,
    /// Pictures, with or without sound.
    Video,
}

/// What kind of data a copy holds. A parent filters and deletes by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The sound or the pictures themselves.
    Media,
    /// The words that were recognised.
    Transcript,
    /// Where it was captured.
    Location,
    /// What was made from the others: search index entries, waveforms, later voiceprints, facts, models.
    Derived,
}

impl Class {
    /// Every class, in the order a parent reads them.
    pub const ALL: [Self; 4] = [Self::Media, Self::Transcript, Self::Location, Self::Derived];

    /// Its name in the API, the ledger and the requests to processors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Transcript => "transcript",
            Self::Location => "location",
            Self::Derived => "derived",
        }
    }
}

/// How many recordings have something of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Classes {
    /// With sound or pictures.
    pub media: u64,
    /// With a transcript.
    pub transcript: u64,
    /// With a place.
    pub location: u64,
    /// With anything made from the others.
    pub derived: u64,
}
