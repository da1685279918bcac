//! Requests and responses of the API `/v1`, the same types in the page and in the service.
//!
//! JSON; times are RFC 3339 in UTC; lists use keyset cursors; errors are
//! [`crate::problem::Problem`].

/// Structs of the contract: each can be compared, read, written and described alike.
macro_rules! contract {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident: $type:ty,)* })*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        $(#[$meta])*
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $type,)* }
    )*};
}

mod children;
mod derived;
mod erasures;
mod ledger;
mod recordings;
mod session;

pub use children::{
    ChildCreated, ChildSummary, Children, Device, FirstList, FirstView, Held, Holding, Holdings, NewChild,
    Recipient,
};
pub use derived::{
    Dataset, Derivation, DerivationCreated, Derivations, Model, ModelOutcome, Models, NewDataset,
    NewDerivation, NewMade, NewModel, NewRow, Source,
};
pub use erasures::{
    Erasure, ErasureModel, Erasures, NewErasure, Preview, ProcessorProblem, ProcessorStep, Requester, Step,
    StepProblem,
};
pub use ledger::{ChildLedger, LedgerEntry, PublicEntries, PublicEntry};
pub use recordings::{
    DayCount, Disclosed, DisclosureCreated, Keep, NewDisclosure, NewRecording, Playback, Recording,
    RecordingCount, RecordingCreated, RecordingItem, RecordingPage, Timeline, Transcript,
};
pub use session::{NewSession, Permission, SessionCreated};
