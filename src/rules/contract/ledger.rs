//! A child's entries in the ledger.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

contract! {
    /// One entry of a child in the ledger, opened.
    pub struct LedgerEntry {
        /// Its number among the child's entries, from 0.
        pub seq: u64,
        /// What it is about: `birth`, `access`, `decision`, `request`, `store-result`, `key-destroyed`, `complete`,
        /// `processor`.
        pub kind: String,
        /// Its place in the ledger; none until a checkpoint has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub index: Option<u64>,
        /// When it was entered.
        pub entered_at: Timestamp,
        /// What it commits to, in lines.
        /// Empty where the service has lost it: it was restored from a backup that is older.
        pub body: String,
        /// What is public of it, in lines.
        pub leaf: String,
    }

    /// A page of a child's entries in the ledger.
    pub struct ChildLedger {
        /// The key that ties them together, in base64: with it a page can see that none is missing. Until
        /// something is entered there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub key: Option<String>,
        /// How the guardian of this session is named in them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub you: Option<String>,
        /// The entries.
        pub items: Vec<LedgerEntry>,
        /// `after` of the next page; none on the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<u64>,
    }

    /// An entry of the ledger that belongs to no child, and what it says to everybody.
    pub struct PublicEntry {
        /// Its place in the ledger.
        pub index: u64,
        /// What it is about: `policy` (something that the operator did, as to restore a backup) or `inventory`.
        pub kind: String,
        /// When it was entered.
        pub entered_at: Timestamp,
        /// What it commits to, in lines.
        /// Empty where the service has lost it: it was restored from a backup that is older.
        pub body: String,
        /// What is public of it, in lines.
        pub leaf: String,
    }

    /// A page of the entries that belong to no child, the newest first.
    pub struct PublicEntries {
        /// The entries.
        pub items: Vec<PublicEntry>,
        /// `after` of the next page; none on the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next: Option<u64>,
    }
}
