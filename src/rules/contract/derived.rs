//! What was made from recordings: shown to a guardian, registered by the vendor.

use serde::{Deserialize, Serialize};

use crate::{
    derived::{Consent, Made},
    id::{ChildId, DatasetId, DerivationId, ModelId, RecordingId},
    time::{Date, Timestamp},
    word::Class,
};

contract! {
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
