//! The reference back end of Forget-me-not.
//!
//! Layers, top down: [`api`] (HTTP, one file a resource), [`erasure`] and [`ingest`] (what happens),
//! [`store`] (where copies live) and [`db`].

pub mod clock;
pub mod core;
pub mod db;
pub mod erasure;
pub mod faults;
pub mod ingest;
pub mod media;
pub mod owner;
pub mod search;
pub mod store;
