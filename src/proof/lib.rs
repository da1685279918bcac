//! The ledger's formats and their verification.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod base64;
pub mod checkpoint;
pub mod child;
mod error;
pub mod inventory;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod receipt;
pub mod statement;
mod text;
pub mod verify;

pub use error::Error;
pub use merkle::Hash;
pub use policy::Policy;
pub use text::{Day, Time};
pub use verify::{Known, Report, verify};
