//! The API over HTTP, against the real service on real SQLite and files.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../fake/mod.rs"]
mod fake;
#[path = "../process/mod.rs"]
mod process;

mod bad_input;
mod binary;
mod browser;
mod children;
mod cross_origin;
mod days;
mod demo;
mod derivations;
mod document;
mod erasures;
mod ingest;
mod keep;
mod ledger;
mod matrix;
mod page;
mod plain;
mod playback;
mod processors;
mod progress;
mod recordings;
mod running;
mod schema;
mod sessions;
mod unwritten;
