//! What checks a receipt in the page.
//!
//! Texts in, a text out: a line for each check, `what outcome detail`, and for a failure
//! `what failed code detail`. The words and codes are those of the crate `proof`, which are stable;
//! what a parent reads is made of them by the page. After an empty line follows what the entry says, once it
//! is known to be what was entered.
//!
//! To be compiled with `--cfg sha2_backend_soft="compact"` and `--cfg curve25519_dalek_bits="64"`: hashing
//! with its loops unrolled would be 3 KB more to load, and no parent would feel that it is faster.

use proof::{Error, Known, Policy, Report, base64, child::ChildKey, verify::hashes};
use wasm_bindgen::prelude::wasm_bindgen;

/// Rust's own allocator for WebAssembly is larger.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Checks a receipt under a policy, of the child's entry with this number or, where that is less than 0, of a
/// finished erasure, with what else is known, each of which may be empty: a checkpoint
/// seen before or since and the proof between the two (base64 lines), the receipt of the inventory,
/// the child's key in base64 and its entries one after the other, and the time in seconds since 1970
/// from which a witness counts, or 0.
#[wasm_bindgen]
#[expect(
    clippy::too_many_arguments,
    reason = "texts in, a text out: a type for them would cost the page more"
)]
pub fn verify(
    receipt: &str,
    policy: &str,
    seen: &str,
    consistency: &str,
    inventory: &str,
    child: &str,
    entries: &str,
    not_before: f64,
    number: f64,
) -> String {
    let policy = match Policy::parse(policy) {
        Ok(policy) => policy,
        Err(error) => return failed("policy", &error),
    };
    let child = given(child).map(|key| base64::hash(key).map(ChildKey));
    if matches!(child, Some(None)) {
        return failed("child", &Error::NotKey);
    }
    let Some(path) = hashes(consistency) else { return failed("consistency", &Error::NotConsistent) };
    let child = child.flatten();
    let known = Known {
        seen: given(seen).map(|seen| (seen, &path[..])),
        inventory: given(inventory),
        child: child.as_ref(),
        entries: given(entries),
        not_before: Some(not_before as u64),
    };
    let report = Report::on(receipt, &policy, &known, (number >= 0.0).then_some(number as u64));
    let mut text = report.text();
    if let Some(body) = report.body {
        text.push('\n');
        text.push_str(&body);
    }
    text
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Whether the ledger that shows `now` is the one that showed `seen`, and only grew.
#[wasm_bindgen]
pub fn follow(policy: &str, seen: &str, now: &str, consistency: &str) -> String {
    let path = hashes(consistency).ok_or(Error::NotConsistent);
    let followed = path.and_then(|path| proof::verify::follow(&Policy::parse(policy)?, seen, now, &path));
    match followed {
        Ok(()) => "consistency proved\n".into(),
        Err(error) => failed("consistency", &error),
    }
}

fn failed(what: &str, error: &Error) -> String {
    let about = error.about();
    let mut line = String::from(what);
    for word in [" failed ", error.code(), if about.is_empty() { "" } else { " " }, &about, "\n"] {
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! example {
        ($name:literal) => {
            include_str!(concat!("../proof/example/", $name))
        };
    }

    fn report(seen: &str, consistency: &str, child: &str) -> String {
        since(seen, consistency, child, 0.0)
    }

    fn since(seen: &str, consistency: &str, child: &str, not_before: f64) -> String {
        let entries = if child.is_empty() { "" } else { example!("entries.txt") };
        let (receipt, policy) = (example!("receipt.tlog-proof"), example!("policy.txt"));
        verify(
            receipt,
            policy,
            seen,
            consistency,
            example!("inventory.tlog-proof"),
            child,
            entries,
            not_before,
            -1.0,
        )
    }

    /// What the report says of the checks.
    fn checks(report: &str) -> &str {
        report.split_once("\n\n").map_or(report, |(checks, _)| checks)
    }

    fn checkpoint() -> &'static str {
        example!("receipt.tlog-proof").split_once("\n\n").expect("a checkpoint").1
    }

    #[test]
    fn a_line_for_each_check() {
        let lines = report(checkpoint(), "", &base64::encode(&[5; 32]));
        assert_eq!(checks(&lines).lines().count(), proof::verify::What::ALL.len());
        assert!(!lines.contains(" failed ") && !lines.contains(" unchecked\n"), "{lines}");
        let lines = report("", "", "");
        assert!(
            lines.contains("\nconsistency unchecked\n") && lines.contains("\nchain unchecked\n"),
            "{lines}"
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_by_its_name() {
        assert_eq!(report("", "", "five"), "child failed not-key\n");
        assert_eq!(report("", "one", ""), "consistency failed not-consistent\n");
        assert_eq!(verify("", "nobody\n", "", "", "", "", "", 0.0, -1.0), "policy failed not-policy 1\n");
        assert!(report("a note", "", "").contains("\nconsistency failed not-note\n"));
        assert!(report("", "", &base64::encode(&[6; 32])).contains("\nchild failed other-child\n"));
    }

    #[test]
    fn a_witness_counts_from_a_time_on() {
        let seen = 1_795_320_060.0;
        assert!(since("", "", "", seen).contains("\nwitness proved "));
        assert!(since("", "", "", seen + 1.0).contains("\nwitness failed stale-witness watch.example/w1\n"));
    }

    #[test]
    fn what_the_entry_says_follows_once_it_is_known_to_be_entered() {
        let body = |report: &str| report.split_once("\n\n").map(|(_, body)| body.to_owned());
        assert!(body(&report("", "", "")).is_some_and(|body| body.starts_with("forget-me-not/erasure/v1\n")));
        let receipt = example!("receipt.tlog-proof").replacen("index ", "index 1", 1);
        let refused = verify(&receipt, example!("policy.txt"), "", "", "", "", "", 0.0, -1.0);
        assert!(refused.contains("\ninclusion failed ") && body(&refused).is_none(), "{refused}");
    }

    #[test]
    fn an_entry_is_the_one_with_its_number() {
        let key = base64::encode(&[5; 32]);
        let entry = |number| {
            let (receipt, policy) = (example!("receipt.tlog-proof"), example!("policy.txt"));
            verify(receipt, policy, "", "", "", &key, example!("entries.txt"), 0.0, number)
        };
        let fourth = entry(3.0);
        assert!(
            fourth.contains("\nopening proved complete\n") && fourth.contains("\nchain proved 4\n"),
            "{fourth}"
        );
        assert!(fourth.contains("\nstores unchecked\n") && !fourth.contains(" failed "), "{fourth}");
        assert!(entry(4.0).contains("\nchild failed other-child\n"));
    }

    #[test]
    fn a_ledger_is_followed() {
        let policy = example!("policy.txt");
        assert_eq!(follow(policy, checkpoint(), checkpoint(), ""), "consistency proved\n");
        assert_eq!(follow(policy, "", checkpoint(), ""), "consistency failed not-note\n");
    }
}
