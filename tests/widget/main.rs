//! The element in a real browser, against a service that really runs.
//!
//! `cargo xtask test` starts the service with the demo household and says where it is. By hand the
//! same is said by `FMN_TEST_API` (like `http://127.0.0.1:8787/v1`) and `FMN_TEST_SESSION` (the
//! secret of a session of the demo's guardian) when the tests are compiled.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "what a test takes for granted fails the test")]

mod client;
mod deciding;
#[path = "../../src/proof/tests/common/mod.rs"]
mod forged;
mod halves;
mod list;
mod mounting;
mod receipt;
mod reducers;
mod support;
mod texts;
mod weather;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
