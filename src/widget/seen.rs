//! The last checkpoint of a ledger that this browser has seen, kept in its local storage. It is public, and
//! says nothing of anybody: a ledger's name, its length, a hash, signatures.

use web_sys::{Storage, window};

/// What the names of ours begin with; then comes where the ledger is, and what it calls itself.
const NAME: &str = "forget-me-not ";

fn storage() -> Option<Storage> {
    // Some browsers have none in a private window, and some pages may not use it.
    window()?.local_storage().ok()?
}

/// The checkpoints that were seen last at this address, one for each name that a ledger had there. What is none
/// was not seen.
pub fn all(ledger: &str) -> Vec<String> {
    let Some(storage) = storage() else { return Vec::new() };
    let ours = format!("{NAME}{ledger} ");
    let names = (0..storage.length().unwrap_or(0)).filter_map(|n| storage.key(n).ok()?);
    let seen =
        names.filter(|name| name.starts_with(&ours)).filter_map(|name| storage.get_item(&name).ok()?);
    seen.filter(|seen| size(seen).is_some()).collect()
}

/// Keeps a checkpoint that follows the one `before`, and says whether this browser can. What another tab has
/// kept meanwhile stays: nobody has compared the two.
pub fn remember(ledger: &str, before: Option<&str>, checkpoint: &str) -> bool {
    let Some(storage) = storage() else { return false };
    let name = format!("{NAME}{ledger} {}", origin(checkpoint));
    let Ok(kept) = storage.get_item(&name) else { return false };
    let kept = kept.filter(|kept| size(kept).is_some());
    kept.as_deref() != before || storage.set_item(&name, checkpoint).is_ok()
}

/// What the ledger calls itself.
pub fn origin(checkpoint: &str) -> &str {
    checkpoint.lines().next().unwrap_or_default()
}

/// How many entries the ledger had.
pub fn size(checkpoint: &str) -> Option<u64> {
    checkpoint.lines().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_says_how_long_the_ledger_was() {
        assert_eq!(size("ledger.example/1\n12\nroot\n\n— ledger.example/1 sig\n"), Some(12));
        assert_eq!(size("ledger.example/1\n"), None);
        assert_eq!(size(""), None);
        assert_eq!(origin("ledger.example/1\n12\n"), "ledger.example/1");
    }
}
