//! What checks a receipt in the page.
//!
//! Texts in, a text out: a line for each check, `what outcome detail`, and for a failure
//! `what failed code detail`. The words and codes are those of the crate `proof`, which are stable;
//! what a parent reads is made of them by the page.

use proof::{Known, Policy, child::ChildKey, verify::hashes};
use wasm_bindgen::prelude::wasm_bindgen;

/// Rust's own allocator for WebAssembly is larger.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Checks a receipt under a policy, with what else is known:
/// a checkpoint seen before and the proof from it (base64 lines), the receipt of the inventory, the
/// child's key in base64 and its entries one after the other.
#[wasm_bindgen]
pub fn verify(
    receipt: &str,
    policy: &str,
    seen: Option<String>,
    consistency: Option<String>,
    inventory: Option<String>,
    child: Option<String>,
    entries: Option<String>,
) -> String {
    let policy = match Policy::parse(policy) {
        Ok(policy) => policy,
        Err(error) => return failed("policy", &error),
    };
    let child = match child.map(|key| proof::base64::hash(&key)) {
        Some(None) => return failed("child", &proof::Error::NotKey),
        key => key.flatten().map(ChildKey),
    };
    let path = consistency.map_or(Some(Vec::new()), |lines| hashes(&lines));
    let Some(path) = path else { return failed("consistency", &proof::Error::NotConsistent) };
    let known = Known {
        seen: seen.as_deref().map(|seen| (seen, &path[..])),
        inventory: inventory.as_deref(),
        child: child.as_ref(),
        entries: entries.as_deref(),
        not_before: None,
    };
    proof::verify(receipt, &policy, &known).text()
}

/// Whether the ledger that shows `now` is the one that showed `seen`, and only grew.
#[wasm_bindgen]
pub fn follow(policy: &str, seen: &str, now: &str, consistency: &str) -> String {
    let path = hashes(consistency).ok_or(proof::Error::NotConsistent);
    let followed = path.and_then(|path| proof::verify::follow(&Policy::parse(policy)?, seen, now, &path));
    match followed {
        Ok(()) => "consistency proved\n".into(),
        Err(error) => failed("consistency", &error),
    }
}

fn failed(what: &str, error: &proof::Error) -> String {
    [what, " failed ", error.code(), " ", &error.about()].concat().trim_end().to_owned() + "\n"
}
