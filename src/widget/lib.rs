//! The page: the element's engine, the contract's client, state as pure reducers, views.

pub mod locale;
pub mod state;
