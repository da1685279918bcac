//! What is shipped: the widget, as one WebAssembly module.

pub use widget::*;
