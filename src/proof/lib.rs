//! The ledger's formats and their verification: all that a stranger needs to check what a parent keeps.
//!
//! The same code runs in the page, in the service and in the command `forget-me-not verify`. It has no
//! clock, no files and no network, and needs no standard library. What it believes is a [`Policy`];
//! what it is given is a [`receipt`]; what it says is a [`Report`].
//!
//! # One line, one meaning
//!
//! All files are UTF-8 text in lines that end with a newline (`\n`). A line is words with one space
//! between them. A *word* is 1 to 255 visible ASCII characters. A number is decimal without leading
//! zeros. A *hash* is 32 bytes in base64 (RFC 4648 section 4, padded). A time is UTC to the second,
//! `2026-11-22T04:05:06Z`; a day is `2026-11-22`. Nothing can be written in two ways, and a reader
//! refuses what is not written in the one.
//!
//! # The ledger
//!
//! One Merkle tree of RFC 6962 with SHA-256: an entry's hash is `SHA-256(0x00 || entry)`, a node's
//! `SHA-256(0x01 || left || right)`. Checkpoints, notes, keys, tiles, policies and cosignatures are
//! those of [C2SP](https://c2sp.org): `signed-note` with Ed25519 keys (type 1), `tlog-checkpoint`,
//! `tlog-tiles`, `tlog-policy`, and `tlog-cosignature` with Ed25519 (type 4, `cosignature/v1`). A log's
//! key has the log's origin as its name.
//!
//! # An entry
//!
//! Public, and never personal:
//!
//! ```text
//! forget-me-not/leaf/v1
//! complete                      what it is about, one of leaf::Kind
//! tag <hash>                    which of the child's entries it is
//! prev <hash>                   the child's entry before it
//! body <hash>                   what is said in it
//! ```
//!
//! Each child has a key `K` of 32 bytes, and entries numbered from 0. Of entry number `n`
//! (`||` joins, `n` is 8 bytes, the highest first):
//!
//! - `tag` = `HMAC-SHA256(K, "tag" || n)`
//! - `prev` = `HMAC-SHA256(K, "prev" || h)`, `h` the hash in the tree of entry `n - 1`; 32 zeros in entry 0
//! - `body` = `SHA-256("forget-me-not/body/v1" || 0x00 || salt || body)`, the salt 32 bytes
//!
//! Entries of no child (`inventory`, `policy`) have no lines `tag` and `prev`, their salt is 32 zeros,
//! and their body is public. Who has `K` finds all entries of the child in the ledger and sees whether
//! one is missing; nobody else can tell that two of them belong together. A salt may be
//! `HMAC-SHA256(K, "salt" || n)`, so that it need not be stored.
//!
//! # The inventory
//!
//! The body of an `inventory` entry: every store with the class of what it holds, at least one, then
//! every processor with an address where more is said. No name comes twice.
//!
//! ```text
//! forget-me-not/inventory/v1
//! version 7
//! store media media
//! processor speech https://speech.example/privacy
//! ```
//!
//! # The statement
//!
//! The body of a `complete` entry, in this order:
//!
//! ```text
//! forget-me-not/erasure/v1
//! erasure <word>                which erasure
//! entry <number>                the number n of this entry
//! asked <time>                  when it was asked for
//! by <hash or "rule">           HMAC-SHA256(K, "by" || id of the guardian), or a retention rule
//! scope <word>                  of which kind it was
//! recordings <number>           how many recordings it found
//! until <time>                  until then it could be taken back
//! finished <time>               when the last store had been read again
//! inventory <version> <hash>    SHA-256 of the inventory it followed
//! items <hash or "-">           what was erased; "-" when nothing was there
//! store <name> <copies> <absent|key-destroyed|none> <time>          one for each store
//! model <name> <outcome> <day or "-">                               any number
//! processor <name> <not-asked|asked|acknowledged|completed|silent|contradicted> <time or day>,
//!           or <name> none -                                        one for each processor
//! backups <day>                 from this day on no backup of it can be read
//! ```
//!
//! The outcome of a model is the operator's word; this service says `left-out-of-next-build`,
//! `retire-or-retrain-by` with a day, `retired`, `retrained` or `kept-because`. What is said later stands in
//! an entry of the kind `model`.
//!
//! A store had no copies exactly where it says `none`. `items` is a tree of RFC 6962: its entries are,
//! for each `store` line, the root of a tree over the copies in that store, whose entries are
//! `HMAC-SHA256(K, "item" || store || 0x00 || id of the recording)` in ascending order of those ids, as
//! bytes (of no copies: `SHA-256("")`). So a parent can check that a recording was among what was erased.
//!
//! # The receipt
//!
//! A `c2sp.org/tlog-proof@v1` file. The bytes of its line `extra` are the entry, the salt, the body and
//! the inventory, where entry, body and inventory are each preceded by their length in 2 bytes, the
//! higher first. The last is empty in the receipt of the inventory's own entry, and in those of a child's
//! entries of other kinds, which are checked as far as they go ([`verify::verify_entry`]).
//!
//! # The witness
//!
//! It is asked with the body of `tlog-witness`' `add-checkpoint` ([`witness::Request`]), and cosigns what
//! [`witness::judge`] lets through.
//!
//! # What is proved, what is signed, what is promised
//!
//! The report has a line for each check ([`verify::What`]) and its outcome. *Proved*: the operator
//! signed this, enough witnesses saw it, the entry is in the tree, the statement is what was entered,
//! and it answers for every store and processor of an inventory that was published before. *Signed*:
//! what stores, models and processors are said to have answered. *Promised*: the backups, and that
//! there is no copy elsewhere.
//!
//! What an operator can still do, and who would notice:
//!
//! - Leave a store out of the published inventory: whoever reads the inventory. No file can show it.
//! - Not enter what was done, or enter it under the key of a child that does not exist: nobody.
//! - Show a parent a shorter list of entries, with a second entry in the place of one that is hidden:
//!   whoever walks the whole ledger with the child's key ([`child::Walk`]), for the first one
//!   cannot be taken back. Without a key, too: a tag that is in the ledger twice is the evidence. The
//!   check `chain` alone shows that the receipt's entry names those before it that were shown.
//! - Publish two inventories with one version, or let an erasure follow an old one: whoever reads all
//!   entries of the kind `inventory`, which are public.
//! - Take the inventory's receipt from another ledger of its own where no witness needs to have seen both
//!   checkpoints ([`Policy::is_one_view`]): `published` is `open` then. Who compares the checkpoints sees it.
//! - Show more entries after the receipt's than there are: `chain` counts those up to it, and says nothing of others.
//! - Run all witnesses under other names: nobody. A policy is worth what its witnesses are.
//! - Give times that are too early. Times that are too late contradict the witnesses.
//!
//! # An example
//!
//! These files are in the folder `example`; its `entries.txt` are the entries of the child whose key
//! is 32 bytes of the value 5.
//!
//! ```
//! use proof::{Known, Policy, child::ChildKey, receipt::Receipt, verify, verify::{Outcome, What}};
//!
//! # macro_rules! example { ($name:literal) => { include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/example/", $name)) } }
//! # fn main() -> Result<(), proof::Error> {
//! let receipt = example!("receipt.tlog-proof");
//! let policy = Policy::parse(example!("policy.txt"))?;
//! let known = Known {
//!     inventory: Some(example!("inventory.tlog-proof")),
//!     child: Some(&ChildKey([5; 32])),
//!     entries: Some(example!("entries.txt")),
//!     ..Known::default()
//! };
//! let report = verify(receipt, &policy, &known);
//! assert_eq!(report.text(), "\
//! format proved
//! signature proved ledger.toys.example/2026
//! witness proved witness.toys.example/own 2026-11-22T04:01:00Z other watch.example/w1 2026-11-22T04:01:00Z other
//! inclusion proved
//! opening proved era_01K0000000000000000000000A range 12
//! inventory proved
//! published proved
//! times proved
//! child proved
//! chain proved 4
//! consistency unchecked
//! stores signed absent 1 key-destroyed 1 none 1
//! models signed voice-3 retrained
//! processors signed speech completed
//! backups promised 2026-12-27
//! elsewhere promised
//! ");
//! assert!(!report.failed());
//!
//! // Somebody makes the statement say that the transcripts were deleted, too.
//! let mut forged = Receipt::parse(receipt)?;
//! forged.body = forged.body.replace("transcript 0 none", "transcript 12 absent");
//! let report = verify(&forged.text()?, &policy, &known);
//! assert_eq!(report.outcome(What::Opening), &Outcome::Failed(proof::Error::NotOpened));
//! assert_eq!(report.outcome(What::Stores), &Outcome::Unchecked);
//! # Ok(())
//! # }
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod base64;
pub mod checkpoint;
pub mod child;
mod error;
pub mod inventory;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod receipt;
pub mod statement;
mod text;
pub mod verify;
pub mod witness;

pub use error::Error;
pub use merkle::Hash;
pub use policy::Policy;
pub use text::{Day, Time};
pub use verify::{Known, Report, verify};
