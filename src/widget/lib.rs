//! The page: the element's engine, the contract's client, state as pure reducers, views.

mod beside;
pub mod client;
mod connection;
mod doors;
pub mod element;
mod events;
mod files;
mod history;
mod idempotency;
pub mod json;
pub mod later;
mod leave;
pub mod locale;
mod page;
mod parts;
mod seen;
mod sight;
pub mod state;
mod verify;
mod views;
mod words;
mod zone;
