//! Recordings: in a list, in time, one by one; taken in and handed on by the vendor.

use serde::{Deserialize, Serialize};

use super::{Derivation, Device};
use crate::{
    id::{ChildId, RecordingId},
    location::Place,
    retention::End,
    store::StoreId,
    time::{Date, Timestamp},
    word::{Class, Kind},
};

contract! {
    /// A recording in a list.
    pub struct RecordingItem {
        /// Its id.
        pub id: RecordingId,
        /// Whose it is.
        pub child: ChildId,
        /// Voice or video.
        pub kind: Kind,
        /// When it was captured.
        pub captured_at: Timestamp,
        /// How long it lasts, in milliseconds.
        pub duration_ms: u64,
        /// What captured it, where that is known.
        pub device: Option<Device>,
        /// The classes that are there.
        pub classes: Vec<Class>,
        /// The first 160 characters of the transcript; with a search, as many from around the first
        /// match, and "…" where something is left out.
        pub excerpt: Option<String>,
        /// What the search found in `excerpt`: where it begins and ends, in UTF-16 units, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub marks: Vec<(u32, u32)>,
        /// BCP 47 language of the transcript, where it is known.
        pub language: Option<String>,
        /// The end of the guardian's keep.
        pub kept_until: Option<Date>,
    }

    /// One page of a list, newest first.
    pub struct RecordingPage {
        /// At most `limit` of them.
        pub items: Vec<RecordingItem>,
        /// What to pass as `cursor` for the next page; none on the last.
        pub next: Option<String>,
    }

    /// How many recordings a filter finds.
    pub struct RecordingCount {
        /// All of them.
        pub total: u64,
    }

    /// How many recordings there are of one day.
    pub struct DayCount {
        /// The day, in the time zone that was asked for.
        pub day: Date,
        /// How many, at least one.
        pub recordings: u64,
    }

    /// How recordings lie in time.
    pub struct Timeline {
        /// All that the filter finds.
        pub total: u64,
        /// The days that have any, newest first.
        pub days: Vec<DayCount>,
    }

    /// A transcript.
    pub struct Transcript {
        /// The recognised words.
        pub text: String,
        /// BCP 47 language, where it is known.
        pub language: Option<String>,
        /// What a search found in `text`: where it begins and ends, in UTF-16 units, in order. Left
        /// out and ignored when a recording is handed in.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub marks: Vec<(u32, u32)>,
    }
}

impl Transcript {
    /// What was recognised, nothing marked.
    #[must_use]
    pub fn new(text: impl Into<String>, language: Option<String>) -> Self {
        Self { text: text.into(), language, marks: Vec::new() }
    }
}

contract! {
    /// One recording, opened.
    pub struct Recording {
        /// As in the list.
        #[serde(flatten)]
        pub item: RecordingItem,
        /// Media type of the sound or video, as a browser's `canPlayType` wants it.
        pub media_type: Option<String>,
        /// Size of the sound or video in bytes.
        pub bytes: Option<u64>,
        /// The whole transcript.
        pub transcript: Option<Transcript>,
        /// Where it was captured.
        pub location: Option<Place>,
        /// Loudness over time, 0 to 255, evenly spaced.
        pub waveform: Option<Vec<u8>>,
        /// The stores that hold something of it.
        pub stores: Vec<StoreId>,
        /// When it ends if nobody does anything, and why.
        pub end: End,
        /// What was made from it: the newest hundred.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub made: Vec<Derivation>,
    }

    /// A way to the bytes for one media element.
    pub struct Playback {
        /// Relative to the API's origin, like `/v1/media/…`. Serves byte ranges.
        pub url: String,
        /// Its media type.
        pub media_type: String,
        /// When it stops working; earlier if the recording is sealed.
        pub expires_at: Timestamp,
    }

    /// A keep.
    pub struct Keep {
        /// The last day of it.
        pub until: Date,
    }

    /// What is known of a recording beside its bytes (vendor).
    #[serde(deny_unknown_fields)]
    pub struct NewRecording {
        /// Whose it is.
        pub child: ChildId,
        /// When it was captured; not in the future.
        pub captured_at: Timestamp,
        /// Name of the device; it is made when the child has none of that name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub device: Option<String>,
        /// The recognised words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub transcript: Option<Transcript>,
        /// Where it was captured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub location: Option<Place>,
        /// Your own name for it, unique for the child, at most 200 characters. Deleted, neither its
        /// bytes nor this name come in again. Not a child's name: it stays yours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reference: Option<String>,
    }

    /// A recording that was taken in.
    pub struct RecordingCreated {
        /// Its id.
        pub id: RecordingId,
        /// The same bytes of the same moment were there already; nothing was added.
        pub already_there: bool,
    }

    /// Recordings that are about to be handed to a processor (vendor). To be told before: what is sealed or
    /// deleted is refused, and the answer says under which names to hand them over.
    #[serde(deny_unknown_fields)]
    pub struct NewDisclosure {
        /// Its name in the settings.
        pub processor: String,
        /// The recordings, 1 to 1,000, of whichever children.
        pub recordings: Vec<RecordingId>,
        /// What of them, at least one.
        pub classes: Vec<Class>,
    }

    /// How a processor is to know a recording.
    pub struct Disclosed {
        /// Ours.
        pub recording: RecordingId,
        /// The child, for this processor alone: a `controller_customer_id` of OpenDSR.
        pub subject: String,
        /// The recording, for this processor alone.
        pub name: String,
    }

    /// What was noted.
    pub struct DisclosureCreated {
        /// One for each recording, in the order of the request.
        pub items: Vec<Disclosed>,
        /// Until then they may be handed over; later it is told again first.
        pub until: Timestamp,
    }
}
