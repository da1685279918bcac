//! Witnesses: what one answers over HTTP, the service that asks them, and what is left when either is
//! killed.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test stops where it cannot go on")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../household/mod.rs"]
mod household;
#[path = "../process/mod.rs"]
mod process;

mod adversary;
mod asked;
mod connections;
mod demo;
#[cfg(feature = "faults")]
mod kill;
mod protocol;
mod stand;
