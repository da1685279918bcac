//! Where in the data folder the copies of each store lie, and what else is there and why that is no store's.
//! A table or a folder that stands in neither list turns the tests red (R6): whoever adds one says here
//! who lists, erases and probes it, or why nobody has to.

use rules::StoreId;

/// A place in the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A table of `forget-me-not.db`.
    Table(&'static str),
    /// A table of `search.db`. Those that FTS5 keeps for an index count as the index.
    IndexTable(&'static str),
    /// A table of `keys.db`.
    KeyTable(&'static str),
    /// A file or a folder.
    File(&'static str),
}

use Place::{File, IndexTable, KeyTable, Table};

/// Where the copies of a store lie.
#[must_use]
pub const fn of(store: StoreId) -> &'static [Place] {
    match store {
        StoreId::Keys => &[KeyTable("dek"), KeyTable("thing"), KeyTable("kek")],
        StoreId::Media => &[File("media")],
        StoreId::Transcript => &[Table("transcript")],
        StoreId::Location => &[Table("location")],
        StoreId::SearchIndex => &[IndexTable("search_index")],
        StoreId::Waveform => &[Table("waveform")],
        StoreId::Fact
        | StoreId::Voiceprint
        | StoreId::Thumbnail
        | StoreId::Dataset
        | StoreId::FromLocation => &[Table("derivation"), Table("derivation_source")],
        StoreId::Catalogue => {
            &[Table("recording"), Table("keep"), Table("ticket"), Table("device"), Table("disclosure")]
        }
    }
}

/// What is left of a child in a place of no store once everything was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing: no id, no number, no word.
    Nothing,
    /// That there is such a child, and nothing of any recording.
    TheChild,
}

use Left::{Nothing, TheChild};

/// Every place of no store, what is left in it, and why.
pub const OTHERS: &[(Place, Left, &str)] = &[
    (Table("child"), TheChild, "the profile is the vendor's, and goes with the account"),
    (Table("guardian"), Nothing, "who decides"),
    (Table("guardianship"), TheChild, "who decides for whom"),
    (Table("session"), Nothing, "who may call, 15 minutes at most; forgotten a day later"),
    (Table("session_child"), TheChild, "for whom; forgotten with the session"),
    (Table("incoming"), Nothing, "objects being written; a row goes with the end of its upload"),
    (Table("incoming_thing"), Nothing, "things being written; a row goes with the thing's coming"),
    (Table("tombstone"), Nothing, "marks under a key of what is refused: they tell nothing"),
    (Table("replay"), Nothing, "how far a restoring is"),
    (Table("note"), Nothing, "marks under a key, on their way to deletions/: they go within a second"),
    (Table("erasure"), Nothing, "that something was asked for, without what"),
    (Table("erasure_child"), TheChild, "for whom it was asked"),
    (Table("erasure_step"), Nothing, "numbers of a request"),
    (Table("erasure_item"), Nothing, "the plan of an erasure; goes when it is done"),
    (
        Table("erasure_dataset"),
        TheChild,
        "which datasets are other snapshots since: a training that is not over may have begun before",
    ),
    (Table("erasure_model"), TheChild, "what becomes of models that had learned from it"),
    (Table("processor"), Nothing, "who may be given recordings"),
    (Table("processor_step"), TheChild, "which requests were made to whom, and how they stand"),
    (
        Table("processor_item"),
        TheChild,
        "what is asked of them, under names that they alone know; goes when they confirm",
    ),
    (
        Table("processor_answer"),
        TheChild,
        "what they have signed, where it says no more than how a request stands",
    ),
    (Table("dataset"), Nothing, "its rows are things of a store"),
    (Table("model"), Nothing, "the name of what was trained elsewhere"),
    (Table("model_dataset"), Nothing, "of datasets, not of children"),
    (Table("ledger_entry"), TheChild, "what was done, for the child's guardians; recordings are pseudonyms"),
    (Table("child_log"), TheChild, "what ties the entries together"),
    (Table("ledger_head"), Nothing, "how long the ledger is"),
    (Table("ledger_witness"), Nothing, "what witnesses have seen"),
    (Table("folder"), Nothing, "which data folder this is, at random"),
    (Table("inventory"), Nothing, "the list of the stores"),
    (Table("_sqlx_migrations"), Nothing, "the versions of the tables"),
    (Table("sqlite_sequence"), Nothing, "the numbers that were given last"),
    (KeyTable("epoch"), Nothing, "when keys of epochs were made and destroyed"),
    (KeyTable("_sqlx_migrations"), Nothing, "the versions of the tables"),
    (File("forget-me-not.db"), TheChild, "its tables stand here"),
    (File("search.db"), Nothing, "its tables stand here"),
    (IndexTable("about"), Nothing, "of which folder the words are"),
    (File("search.lock"), Nothing, "empty"),
    (File("search.path"), Nothing, "where that is instead"),
    (File("keys.db"), Nothing, "its tables stand here"),
    (File("epochs"), Nothing, "what wraps the keys, of no child"),
    (File("ledger"), Nothing, "public; it names nobody"),
    (File("ledger.key"), Nothing, "what signs"),
    (File("ledger.lock"), Nothing, "empty"),
    (File("ledger.origin"), Nothing, "the ledger's name"),
    (File("ledger.policy"), Nothing, "whom to believe"),
    (File("processors.key"), Nothing, "what makes the names that processors know"),
    (File("tombstone.key"), Nothing, "under which tombstones are marks"),
    (
        File("deletions"),
        TheChild,
        "what was decided, for restored backups; all that it names are marks under a key, and it goes with the backups",
    ),
    (File("restoring"), Nothing, "how far the restoring of a backup is"),
    (File("vendor.key"), Nothing, "the vendor's"),
    (File("opening.lock"), Nothing, "empty"),
    (File("serve.lock"), Nothing, "empty"),
    (File("processes"), Nothing, "which processes live"),
    (File("uploads"), Nothing, "bytes on their way in; removed with the request, or at the next start"),
    (File("demo.unfinished"), Nothing, "the demo's clips while it moves in"),
    (File("witness"), Nothing, "the demo's witness"),
];
