//! What is shipped: the widget, as one WebAssembly module.

pub use widget::*;

/// Rust's own allocator for WebAssembly would be 2.4 KB more to load.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
