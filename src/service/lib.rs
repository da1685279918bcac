//! The reference back end of Forget-me-not.
//!
//! Layers, top down: [`api`] (HTTP, one file a resource), [`erasure`] and [`ingest`] (what happens),
//! [`store`] (where copies live) and [`db`].

pub mod access;
pub mod api;
pub mod cli;
pub mod clock;
pub mod core;
pub mod db;
pub mod derived;
pub mod erasure;
pub mod faults;
pub mod files;
mod follow;
mod hex;
pub mod import;
pub mod ingest;
pub mod journal;
pub mod keep;
pub mod keys;
pub mod ledger;
pub mod listing;
pub mod media;
pub mod outbound;
pub mod owner;
mod plain;
pub mod playback;
pub mod processors;
pub mod reading;
pub mod restore;
pub mod search;
mod secret;
pub mod serve;
pub mod session;
pub mod settings;
pub mod store;
pub mod tombstone;
pub mod transcript;
mod upgrade;
mod verify;
pub mod witness;
