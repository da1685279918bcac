//! Processors: real HTTP servers that answer well, late, wrongly, twice or never, and what a parent is told.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test stops where it cannot go on")]

#[path = "../fake/mod.rs"]
mod fake;
#[path = "../household/mod.rs"]
mod household;

mod answers;
mod asked;
mod given;
mod statement;
mod twice;
mod unconfirmed;
mod world;
