//! Requests and responses of the API `/v1`, the same types in the page and in the service.
//!
//! JSON; times are RFC 3339 in UTC; lists use keyset cursors; errors are
//! [`crate::problem::Problem`].

use serde::{Deserialize, Serialize};

use crate::{
    derived::{Consent, Made, MadeCount, ModelState},
    erasure::{Clock, ErasureState, Lateness, StepState},
    id::{ChildId, DatasetId, DerivationId, DeviceId, ErasureId, ModelId, RecordingId},
    location::Place,
    preview::{KeptCount, StoreCount},
    processor::ProcessorState,
    retention::End,
    scope::{BadScope, Scope},
    store::StoreId,
    time::{Date, Timestamp},
    word::{Class, Classes, Kind},
};

macro_rules! contract {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident: $type:ty,)* })*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        $(#[$meta])*
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $type,)* }
    )*};
}

/// What a session may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See what is held.
    View,
    /// Hear, watch and read recordings.
    Play,
    /// Keep recordings until a date.
    Keep,
    /// Ask for erasures and take them back.
    Erase,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::View, Self::Play, Self::Keep, Self::Erase];
}

/// What a store says when it is asked for its copies. "We hold nothing", "we did not look" and
/// "we hold it where it cannot be linked to your child" are three different answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Held {
    /// It holds copies.
    Held {
        /// Copies in use, one a recording.
        copies: u64,
        /// Copies that are sealed or being erased: not used by anyone, not gone yet.
        sealed: u64,
        /// Bytes of all of them, where the store can tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
    },
    /// It was asked and holds nothing.
    None,
    /// It could not be asked just now.
    NotSearched,
    /// What it may hold cannot be tied to a child.
    NotLinkable,
}

/// Who asked for an erasure. Never a name: one guardian does not learn of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Requester {
    /// The guardian of this session.
    You,
    /// Another guardian of the child.
    AnotherGuardian,
    /// The inactivity rule.
    Rule,
}

/// Why the last try of a step failed, as far as a parent can use it; the log has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepProblem {
    /// The store did not answer.
    Unreachable,
    /// The store answered that it could not erase.
    Failed,
    /// It said "erased", and a copy was still found.
    StillThere,
}

/// Why the last try with a processor failed; the log has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProcessorProblem {
    /// It did not answer in time, or not at all.
    Unreachable,
    /// It answered with an error.
    Failed,
    /// It answered, and the answer was not validly signed.
    NotSigned,
    /// What it signed is no answer to this request.
    NotAnAnswer,
    /// It signed that it has cancelled the request.
    Cancelled,
}

contract! {
    /// A new child of a guardian (vendor).
    #[serde(deny_unknown_fields)]
    pub struct NewChild {
        /// What the parent calls the child, 1 to 100 characters.
        pub name: String,
        /// The vendor's own reference for the guardian, 1 to 200 characters.
        pub guardian: String,
    }

    /// A child that was made.
    pub struct ChildCreated {
        /// Its id.
        pub id: ChildId,
    }

    /// A session to be minted (vendor). A misspelt bound is refused: ignored, it would widen the session.
    #[serde(deny_unknown_fields)]
    pub struct NewSession {
        /// The vendor's own reference for the guardian.
        pub guardian: String,
        /// Children of that guardian the session may name; none given means all of them.
        #[serde(default)]
        pub children: Vec<ChildId>,
        /// What it may be used for; none given means everything.
        #[serde(default)]
        pub permissions: Vec<Permission>,
        /// Origin of the page that embeds the element, like `https://parents.example`.
        pub origin: String,
        /// Life in seconds, at most and by default 900.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub ttl_seconds: Option<u32>,
    }

    /// A session, told once.
    pub struct SessionCreated {
        /// The bearer token the element sends.
        pub client_secret: String,
        /// When it stops working.
        pub expires_at: Timestamp,
    }

    /// A device.
    pub struct Device {
        /// Its id.
        pub id: DeviceId,
        /// What it is called.
        pub name: String,
    }

    /// A child as the first screen shows it.
    pub struct ChildSummary {
        /// Its id.
        pub id: ChildId,
        /// What the parent calls it.
        pub name: String,
        /// Recordings of which anything can be used.
        pub recordings: u64,
        /// Of these, how many have something of each class.
        pub classes: Classes,
        /// When the oldest was captured.
        pub oldest: Option<Timestamp>,
        /// When the newest was captured.
        pub newest: Option<Timestamp>,
        /// Devices that captured any of them.
        pub devices: Vec<Device>,
        /// When the first of them ends if nobody does anything, and why.
        pub next_end: Option<End>,
        /// Erasures that are not finished.
        pub open_erasures: u64,
    }

    /// All children of the session.
    pub struct Children {
        /// In the order of their names.
        pub items: Vec<ChildSummary>,
        /// Set when the service runs on made-up data.
        pub demo: bool,
        /// Length of the undo window in seconds: 72 hours but in a demo.
        pub undo_window_seconds: i64,
    }

    /// What a page shows first.
    pub struct FirstView {
        /// The children.
        pub children: Children,
        /// The beginning of the list, if there is exactly one child.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub list: Option<FirstList>,
    }

    /// The beginning of the list of a child's recordings.
    pub struct FirstList {
        /// The newest hundred.
        pub recordings: RecordingPage,
        /// How all of them lie in time.
        pub timeline: Timeline,
    }

    /// What one store holds of a child.
    pub struct Holding {
        /// The store.
        pub store: StoreId,
        /// The class of its copies; none for the catalogue.
        pub class: Option<Class>,
        /// What it answered.
        #[serde(flatten)]
        pub held: Held,
    }

    /// What every store of the inventory holds of a child.
    pub struct Holdings {
        /// The child.
        pub child: ChildId,
        /// When the stores were asked.
        pub as_of: Timestamp,
        /// One entry a store, in the inventory's order.
        pub stores: Vec<Holding>,
    }

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

    /// A thing that was made from recordings.
    pub struct Derivation {
        /// Its id.
        pub id: DerivationId,
        /// What it is.
        pub kind: Made,
        /// What it says, where it is a fact and the session may read words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub text: Option<String>,
        /// The dataset it is a row of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub dataset: Option<String>,
        /// When it was made.
        pub made_at: Timestamp,
        /// The recordings it was made from, at first or second hand. It goes with the first of them that is deleted.
        pub recordings: Vec<RecordingId>,
    }

    /// One page of what was made from a child's recordings, the newest first.
    pub struct Derivations {
        /// At most `limit` of them.
        pub items: Vec<Derivation>,
        /// What to pass as `cursor` for the next page; none on the last.
        pub next: Option<String>,
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

    /// An erasure to be made or previewed. A condition that is not understood is refused, for it
    /// might have narrowed what is deleted.
    #[serde(deny_unknown_fields)]
    pub struct NewErasure {
        /// The child; left out for the scope "everything" only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub child: Option<ChildId>,
        /// What is to be deleted.
        pub scope: Scope,
        /// Also what the guardian asked to keep. A scope of everything always does.
        #[serde(default)]
        pub include_kept: bool,
        /// Give up the undo window.
        #[serde(default)]
        pub waive_undo: bool,
        /// Only what was there at this moment: a preview's `as_of`, so that exactly what was shown
        /// is deleted. Ignored by a scope of everything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_of: Option<Timestamp>,
    }

    /// What an erasure would do.
    pub struct Preview {
        /// The moment it speaks of; pass it on in the request.
        pub as_of: Timestamp,
        /// Whose recordings.
        pub children: Vec<ChildId>,
        /// Recordings that lose something.
        pub recordings: u64,
        /// When the first of them was captured.
        pub oldest: Option<Timestamp>,
        /// When the last of them was captured.
        pub newest: Option<Timestamp>,
        /// Every place that would erase copies, and how many.
        pub stores: Vec<StoreCount>,
        /// The things made from them that would go along, store by store.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub made: Vec<MadeCount>,
        /// Models that learned from them, and what would become of each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub models: Vec<ErasureModel>,
        /// Recordings that stay because the guardian keeps them.
        pub kept: Option<KeptCount>,
        /// Another guardian's keep makes it wait seven days.
        pub contested: bool,
        /// Until then it can be taken back.
        pub sealed_until: Timestamp,
        /// When it will be done if nothing goes wrong.
        pub expected_by: Timestamp,
    }

    /// One store's part of an erasure.
    pub struct Step {
        /// The store.
        pub store: StoreId,
        /// Where it stands.
        pub state: StepState,
        /// Copies to erase.
        pub copies: u64,
        /// Copies erased so far.
        pub erased: u64,
        /// Tries that failed.
        pub failed_attempts: u32,
        /// Why the last of them failed.
        pub problem: Option<StepProblem>,
        /// When the next one starts.
        pub next_attempt_at: Option<Timestamp>,
        /// When the store was read again and answered "absent".
        pub verified_at: Option<Timestamp>,
    }

    /// A processor's part of an erasure: somebody who was given some of what is deleted.
    pub struct ProcessorStep {
        /// Its name in the inventory.
        pub processor: String,
        /// Where more is said about it.
        pub about: String,
        /// Whose recordings.
        pub child: ChildId,
        /// How many of them it was given.
        pub recordings: u64,
        /// Where it stands.
        pub state: ProcessorState,
        /// Since when; one that has not answered: since when it has been asked.
        pub since: Timestamp,
        /// By when its next answer is due.
        pub due_by: Option<Timestamp>,
        /// Why the last try failed.
        pub problem: Option<ProcessorProblem>,
        /// When it is asked next.
        pub next_attempt_at: Option<Timestamp>,
        /// When it was last asked what it still has, and answered that there is nothing.
        pub found_none_at: Option<Timestamp>,
    }

    /// An erasure.
    pub struct Erasure {
        /// Its id.
        pub id: ErasureId,
        /// Where it stands.
        pub state: ErasureState,
        /// Another guardian's keep makes it wait.
        pub contested: bool,
        /// How it stands against its dates.
        pub lateness: Lateness,
        /// Whose recordings.
        pub children: Vec<ChildId>,
        /// The kind of scope: `items`, `range`, `class`, `search`, `child` or `everything`. What was
        /// searched for is not kept.
        pub scope: String,
        /// Recordings that lose something.
        pub recordings: u64,
        /// Who asked.
        pub requested_by: Requester,
        /// When use stopped.
        pub requested_at: Timestamp,
        /// Until then it can be taken back.
        pub sealed_until: Timestamp,
        /// When it will be done if nothing goes wrong.
        pub expected_by: Timestamp,
        /// When it must be done.
        pub due_by: Timestamp,
        /// When it was deleted or cancelled.
        pub finished_at: Option<Timestamp>,
        /// One entry a store that has something to erase, in order.
        pub steps: Vec<Step>,
        /// Models that learned from it, and what became of each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub models: Vec<ErasureModel>,
        /// One entry for each processor and child of which it was given something.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub processors: Vec<ProcessorStep>,
    }

    /// A model that learned from what is erased.
    pub struct ErasureModel {
        /// Its name.
        pub name: String,
        /// What became of it.
        pub outcome: ModelState,
        /// By when, or when that was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub day: Option<Date>,
        /// Why it stays, in the operator's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub because: Option<String>,
    }

    /// Erasures of the session's children.
    pub struct Erasures {
        /// Newest first, at most `limit` of them.
        pub items: Vec<Erasure>,
        /// What to pass as `cursor` for the next page; none on the last.
        pub next: Option<String>,
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

    /// A recording that was taken in.
    pub struct RecordingCreated {
        /// Its id.
        pub id: RecordingId,
        /// The same bytes of the same moment were there already; nothing was added.
        pub already_there: bool,
    }
}

contract! {
    /// A recording that something is made from.
    #[serde(deny_unknown_fields)]
    pub struct Source {
        /// The recording.
        pub recording: RecordingId,
        /// Which parts of it: `media`, `transcript`, `location`. Left out, what can be heard, seen or read,
        /// and not the place.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub from: Vec<Class>,
    }

    /// A thing made from recordings of one child (vendor).
    #[serde(deny_unknown_fields)]
    pub struct NewMade {
        /// Whose it is.
        pub child: ChildId,
        /// The recordings it was made from, at most 100.
        #[serde(default)]
        pub recordings: Vec<Source>,
        /// The things it was made from: it goes with whatever they go with. At most 100.
        #[serde(default)]
        pub derivations: Vec<DerivationId>,
        /// What it is: a fact in words that the parent reads, anything else as text of your own, such as base64.
        /// At most 256 KiB.
        pub content: String,
        /// When its making began: before the first of its sources was read. What a guardian deletes after that
        /// is not in it.
        pub made_at: Timestamp,
        /// Your own name for it, unique for the child, at most 200 characters: handed in again, it is there
        /// already. Deleted, it is not taken in again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reference: Option<String>,
    }

    /// A row of a dataset.
    #[serde(deny_unknown_fields)]
    pub struct NewRow {
        /// The recording it was made from: one row for each.
        pub recording: RecordingId,
        /// Which parts of it, as in a source.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub from: Vec<Class>,
        /// What the export gives out again.
        pub content: String,
    }

    /// A dataset, or more rows of one that is there (vendor).
    #[serde(deny_unknown_fields)]
    pub struct NewDataset {
        /// Your own name for it: one word, at most 100 characters.
        pub name: String,
        /// Whether the guardians of all who are in it agreed to training with it.
        pub consent: Consent,
        /// Its rows, at most 1,000 in one call. Those that are there already stay as they are.
        pub rows: Vec<NewRow>,
        /// When its making began.
        pub made_at: Timestamp,
    }

    /// A model (vendor).
    #[serde(deny_unknown_fields)]
    pub struct NewModel {
        /// Your own name for it: one word, at most 100 characters. Statements name it so.
        pub name: String,
        /// The datasets it was trained with.
        pub datasets: Vec<DatasetId>,
        /// When its training began, before the first row was exported. A later moment under the same name is
        /// another training.
        pub made_at: Timestamp,
    }

    /// What was registered.
    pub struct DerivationCreated {
        /// Its id: `drv_…`, `dst_…` for a dataset, `mdl_…` for a model.
        pub id: String,
        /// It was there already; nothing was added.
        pub already_there: bool,
    }

    /// A dataset (vendor).
    pub struct Dataset {
        /// Its id.
        pub id: DatasetId,
        /// Its name.
        pub name: String,
        /// As it was stated.
        pub consent: Consent,
        /// Counted up whenever rows came or went: each is another snapshot.
        pub version: u64,
        /// Rows that an export gives out now.
        pub rows: u64,
    }

    /// A model (vendor).
    pub struct Model {
        /// Its id.
        pub id: ModelId,
        /// Its name.
        pub name: String,
        /// The datasets it was trained with.
        pub datasets: Vec<DatasetId>,
        /// How many erasures took something that it learned from.
        pub erasures: u64,
        /// The day by which it has to be retired or trained anew, if any.
        pub due: Option<Date>,
        /// That day is past.
        pub overdue: bool,
    }

    /// All models (vendor).
    pub struct Models {
        /// By name.
        pub items: Vec<Model>,
    }
}

/// What was made from recordings (vendor): a graph from recordings to facts, from recordings to datasets to
/// models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NewDerivation {
    /// Something that was learned, in words.
    Fact(NewMade),
    /// What a voice is recognised by.
    Voiceprint(NewMade),
    /// A still picture.
    Thumbnail(NewMade),
    /// A dataset with rows of many children.
    Dataset(NewDataset),
    /// A model.
    Model(NewModel),
}

/// What became of a model (vendor).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelOutcome {
    /// It is not used any more.
    Retired {},
    /// It was trained anew, with this dataset as it was after the last erasure that took something of it.
    Retrained {
        /// The dataset.
        dataset: DatasetId,
        /// When that training began, before the first row was exported.
        made_at: Timestamp,
    },
    /// It stays as it is. The reason is signed and shown to the guardians concerned.
    Cannot {
        /// 1 to 500 characters on one line, and nobody's data.
        reason: String,
    },
}

impl Transcript {
    /// What was recognised, nothing marked.
    #[must_use]
    pub fn new(text: impl Into<String>, language: Option<String>) -> Self {
        Self { text: text.into(), language, marks: Vec::new() }
    }
}

contract! {
    /// One entry of a child in the ledger, opened.
    pub struct LedgerEntry {
        /// Its number among the child's entries, from 0.
        pub seq: u64,
        /// What it is about: `birth`, `access`, `decision`, `request`, `store-result`, `key-destroyed`, `complete`,
        /// `processor`.
        pub kind: String,
        /// Its place in the ledger; none until a checkpoint has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub index: Option<u64>,
        /// When it was entered.
        pub entered_at: Timestamp,
        /// What it commits to, in lines.
        /// Empty where the service has lost it: it was restored from a backup that is older.
        pub body: String,
        /// What is public of it, in lines.
        pub leaf: String,
    }

    /// A page of a child's entries in the ledger.
    pub struct ChildLedger {
        /// The key that ties them together, in base64: with it a page can see that none is missing. Until
        /// something is entered there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub key: Option<String>,
        /// How the guardian of this session is named in them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub you: Option<String>,
        /// The entries.
        pub items: Vec<LedgerEntry>,
        /// `after` of the next page; none on the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<u64>,
    }
}

impl NewErasure {
    /// Checks what a type cannot say.
    pub fn check(&self) -> Result<(), BadScope> {
        let names_child = self.child.is_some();
        if names_child == matches!(self.scope, Scope::Everything {}) {
            return Err(BadScope::ChildAndScope);
        }
        self.scope.check()
    }
}

impl Erasure {
    /// What it may be called to a parent.
    #[must_use]
    pub fn phrase(&self) -> crate::erasure::Phrase {
        let steps: Vec<StepState> = self.steps.iter().map(|step| step.state).collect();
        let processors: Vec<ProcessorState> = self.processors.iter().map(|it| it.state).collect();
        crate::erasure::phrase(self.state, self.contested, self.lateness, &steps, &processors)
    }

    /// How many processors have not confirmed.
    #[must_use]
    pub fn not_confirmed(&self) -> u64 {
        let mut names: Vec<&str> = self
            .processors
            .iter()
            .filter(|it| !it.state.is_confirmed())
            .map(|it| it.processor.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.len() as u64
    }

    /// Its dates.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        Clock { sealed_until: self.sealed_until, expected_by: self.expected_by, due_by: self.due_by }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_of_one_child_names_it_and_everything_names_none() {
        let ask = |child: bool, scope: &str| {
            let child = child.then(|| ChildId::from_parts(0, 1));
            let scope = serde_json::from_str(scope).unwrap();
            NewErasure { child, scope, include_kept: false, waive_undo: false, as_of: None }.check()
        };
        assert_eq!(ask(true, r#"{"type":"child"}"#), Ok(()));
        assert_eq!(ask(false, r#"{"type":"child"}"#), Err(BadScope::ChildAndScope));
        assert_eq!(ask(false, r#"{"type":"everything"}"#), Ok(()));
        assert_eq!(ask(true, r#"{"type":"everything"}"#), Err(BadScope::ChildAndScope));
    }

    #[test]
    fn three_ways_to_hold_nothing_are_three_answers() {
        let json = |held| {
            serde_json::to_value(Holding { store: StoreId::Media, class: Some(Class::Media), held }).unwrap()
        };
        assert_eq!(json(Held::None)["answer"], "none");
        assert_eq!(json(Held::NotSearched)["answer"], "not_searched");
        assert_eq!(json(Held::NotLinkable)["answer"], "not_linkable");
        assert_eq!(json(Held::Held { copies: 2, sealed: 0, bytes: None })["copies"], 2);
    }
}
