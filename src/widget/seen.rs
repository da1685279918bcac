//! The last checkpoint of a ledger that this browser has seen, kept in its local storage. It is public, and
//! says nothing of anybody: a ledger's name, its length, a hash, signatures.

use web_sys::{Storage, window};

/// What the names of ours begin with; then comes where the ledger is.
const NAME: &str = "forget-me-not ";

fn storage() -> Option<Storage> {
    // Some browsers have none in a private window, and some pages may not use it.
    window()?.local_storage().ok()?
}

/// The checkpoint that was seen last of the ledger at this address.
pub fn last(ledger: &str) -> Option<String> {
    storage()?.get_item(&format!("{NAME}{ledger}")).ok()?
}

/// Keeps a checkpoint that follows the last one. It never goes back: another tab may have seen a later one.
pub fn remember(ledger: &str, checkpoint: &str) {
    if last(ledger).and_then(|last| size(&last)) >= size(checkpoint) {
        return;
    }
    if let Some(storage) = storage() {
        // Where it is full, the next time is the first time again.
        let _ = storage.set_item(&format!("{NAME}{ledger}"), checkpoint);
    }
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
    }
}
