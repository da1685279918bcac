//! What can be wrong, each thing with a name of its own.

use alloc::string::String;
use core::fmt;

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $name:ident $(($of:ty))? = $code:literal, $text:literal;)+) => {
        /// Why a file, a ledger or a statement is not believed.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Error { $($(#[doc = $doc])+ $name $(($of))?,)+ }

        impl Error {
            /// Its name in files and in the page's texts; it does not change.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$name $((errors!(@any $of)))? => $code,)+ }
            }

            /// In plain English, without what it is about.
            const fn words(&self) -> &'static str {
                match self { $(Self::$name $((errors!(@any $of)))? => $text,)+ }
            }
        }
    };
    (@any $of:ty) => { _ };
}

errors! {
    /// The file is larger than any honest one.
    TooLong = "too-long", "the file is longer than any honest one";
    /// Not a signed note.
    NotNote = "not-note", "this is not a signed note";
    /// Not a verifier key.
    NotKey = "not-key", "this is not a verifier key";
    /// A key of another kind than Ed25519 for a log and `cosignature/v1` for a witness.
    KeyKind = "key-kind", "this kind of key cannot be used here";
    /// Not a checkpoint.
    NotCheckpoint = "not-checkpoint", "this is not a checkpoint";
    /// Not a policy; with the number of the line.
    NotPolicy(u64) = "not-policy", "the policy cannot be read in line";
    /// Not a `c2sp.org/tlog-proof@v1` file with what we put into it.
    NotReceipt = "not-receipt", "this is not a receipt";
    /// Not an entry of this ledger.
    NotLeaf = "not-leaf", "this is not an entry of the ledger";
    /// Not a statement of a finished erasure, or not written in the one way it is written.
    NotStatement = "not-statement", "this is not the statement of a finished erasure";
    /// Not an inventory, or not written in the one way it is written.
    NotInventory = "not-inventory", "this is not an inventory";
    /// The policy knows no ledger of this name.
    UnknownOrigin = "unknown-origin", "the policy knows no ledger of this name";
    /// Signed in the ledger's name with another key.
    KeySwapped = "key-swapped", "the signature in the ledger's name was made with another key";
    /// Not signed by the ledger.
    Unsigned = "unsigned", "the ledger has not signed this";
    /// The ledger's signature is wrong.
    BadSignature = "bad-signature", "the ledger's signature is wrong";
    /// A known witness's signature is wrong; with its name.
    BadCosignature(String) = "bad-cosignature", "the signature of this witness is wrong:";
    /// A witness saw it before the time from which it should have been seen; with its name.
    StaleWitness(String) = "stale-witness", "this witness saw the ledger too long ago:";
    /// Fewer witnesses than the policy asks for.
    TooFewWitnesses = "too-few-witnesses", "fewer witnesses have signed than the policy asks for";
    /// The entry's number is not below the tree's size.
    BeyondTree = "beyond-tree", "the entry's number is beyond the end of the ledger";
    /// The entry is not where the receipt says.
    NotIncluded = "not-included", "the entry is not in the ledger";
    /// The ledger has become shorter.
    Rollback = "rollback", "the ledger has become shorter than it was";
    /// Two ledgers of the same length and name.
    SplitView = "split-view", "the ledger shows different entries to different people";
    /// The later ledger is not the earlier one with something added.
    NotConsistent = "not-consistent", "what was in the ledger has been changed";
    /// The entry is not that of a finished erasure.
    WrongKind = "wrong-kind", "the entry is not that of a finished erasure";
    /// The statement is not the one that was entered.
    NotOpened = "not-opened", "the statement is not the one that was entered in the ledger";
    /// The inventory is not the one the statement names.
    OtherInventory = "other-inventory", "the inventory is not the one the statement names";
    /// The inventory was not published in the ledger, or another was.
    Unpublished = "unpublished", "the inventory is not the one that was published";
    /// A store of the inventory is missing from the statement; with its name.
    StoreMissing(String) = "store-missing", "the statement says nothing of this store:";
    /// The statement speaks of a store that the inventory does not know; with its name.
    StoreUnknown(String) = "store-unknown", "the inventory does not know this store:";
    /// A processor of the inventory is missing from the statement; with its name.
    ProcessorMissing(String) = "processor-missing", "the statement says nothing of this processor:";
    /// The statement speaks of a processor that the inventory does not know; with its name.
    ProcessorUnknown(String) = "processor-unknown", "the inventory does not know this processor:";
    /// The statement's times contradict each other.
    TimesOutOfOrder = "times-out-of-order", "the times of the statement contradict each other";
    /// It is said to have finished after a witness had already seen its entry; with the witness's name.
    AfterWitness(String) = "after-witness", "it is said to have finished after this witness saw it:";
    /// The entry is of another child.
    OtherChild = "other-child", "the entry belongs to another child";
    /// An entry of the child is missing; with its number.
    EntryMissing(u64) = "entry-missing", "an entry of the child is missing, number";
    /// An entry of the child comes again; with the number that was due.
    EntryRepeated(u64) = "entry-repeated", "an entry of the child comes twice, in the place of number";
    /// An entry does not name the one before it; with its number.
    BrokenLink(u64) = "broken-link", "an entry of the child does not name the one before it, number";
    /// The receipt's entry is not among the child's entries.
    NotInChain = "not-in-chain", "the receipt's entry is not among the entries of the child";
}

impl Error {
    /// What it is about: a name or a number.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::BadCosignature(name)
            | Self::StaleWitness(name)
            | Self::StoreMissing(name)
            | Self::StoreUnknown(name)
            | Self::ProcessorMissing(name)
            | Self::ProcessorUnknown(name)
            | Self::AfterWitness(name) => name.clone(),
            Self::NotPolicy(n) | Self::EntryMissing(n) | Self::EntryRepeated(n) | Self::BrokenLink(n) => {
                crate::text::decimal(*n)
            }
            _ => String::new(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())?;
        let about = self.about();
        if about.is_empty() { Ok(()) } else { write!(f, " {about}") }
    }
}

impl core::error::Error for Error {}
