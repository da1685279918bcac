//! The words of Forget-me-not as types, and the decisions over them.
//!
//! The page uses these functions to say what will happen, the service to do it, and a vendor who
//! writes another back end calls the same crate. Nothing here reads a clock, a file or a network:
//! "now" is always a parameter. Where a number comes from a law or an order, its constant says so.
//! Nothing here is legal advice.

pub mod contract;
pub mod derived;
pub mod erasure;
pub mod id;
pub mod keep;
pub mod location;
pub mod preview;
pub mod problem;
pub mod processor;
pub mod retention;
pub mod scope;
pub mod store;
pub mod time;
pub mod word;

pub use erasure::{ErasureState, StepState};
pub use id::{
    ChildId, DatasetId, DerivationId, DeviceId, ErasureId, GuardianId, KeepId, ModelId, RecordingId,
};
pub use location::Place;
pub use processor::ProcessorState;
pub use scope::Scope;
pub use store::{StoreId, Stores};
pub use time::{Date, Timestamp};
pub use word::{Class, Classes, Kind};
