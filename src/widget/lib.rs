//! The page: the element's engine, the contract's client, state as pure reducers, views.

pub mod client;
pub mod element;
mod idempotency;
pub mod json;
pub mod locale;
mod page;
mod parts;
pub mod state;
mod views;
mod words;
