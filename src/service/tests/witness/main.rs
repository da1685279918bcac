//! Witnesses: what one answers over HTTP, the service that asks them, and what is left when either is
//! killed.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test stops where it cannot go on")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../household/mod.rs"]
mod household;

mod adversary;
mod asked;
mod connections;
mod demo;
#[cfg(feature = "faults")]
mod kill;
mod process;
mod protocol;
mod stand;
