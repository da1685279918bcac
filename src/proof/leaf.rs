//! What is entered in the ledger: public, and never personal.

use alloc::string::String;

use crate::{
    Error, Hash, base64,
    child::ChildKey,
    merkle::{leaf_hash, sha256},
    text::{Lines, push_line},
};

const HEADER: &str = "forget-me-not/leaf/v1";

/// The salt of a body that everybody may read.
pub const NO_SALT: Hash = [0; 32];

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal;)+) => {
        /// What an entry is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[doc = $doc])+ $name,)+ }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its word in the entry.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.word() == word)
            }
        }
    };
}

kinds! {
    /// A recording came in.
    Birth = "birth";
    /// Something was made from recordings.
    Derive = "derive";
    /// A human looked at it.
    Access = "access";
    /// A guardian decided something.
    Decision = "decision";
    /// The operator changed a rule; of no child.
    Policy = "policy";
    /// An erasure was asked for.
    Request = "request";
    /// One store has answered.
    StoreResult = "store-result";
    /// A key was destroyed.
    KeyDestroyed = "key-destroyed";
    /// A processor has answered.
    Processor = "processor";
    /// What becomes of a model that had learned from what was erased.
    Model = "model";
    /// All stores and processors; of no child.
    Inventory = "inventory";
    /// An erasure has finished.
    Complete = "complete";
}

impl Kind {
    /// Whether such an entry belongs to one child.
    #[must_use]
    pub const fn is_of_a_child(self) -> bool {
        !matches!(self, Self::Policy | Self::Inventory)
    }
}

/// What ties an entry to the others of its child, for those who hold the child's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its number among the child's entries, blinded.
    pub tag: Hash,
    /// The child's entry before it, blinded.
    pub prev: Hash,
}

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// What it is about.
    pub kind: Kind,
    /// Exactly where [`Kind::is_of_a_child`].
    pub link: Option<Link>,
    /// The commitment to its body.
    pub body: Hash,
}

/// What an entry says of its body: who holds body and salt can see that they belong to it.
#[must_use]
pub fn commitment(salt: &Hash, body: &str) -> Hash {
    sha256(&[b"forget-me-not/body/v1\0", salt, body.as_bytes()])
}

impl Leaf {
    /// An entry of no child, with a body that everybody may read.
    #[must_use]
    pub fn public(kind: Kind, body: &str) -> Self {
        Self { kind, link: None, body: commitment(&NO_SALT, body) }
    }

    /// Entry number `seq` of a child; `before` is the hash of its entry before it.
    #[must_use]
    pub fn of(
        kind: Kind,
        child: &ChildKey,
        seq: u64,
        before: Option<&Hash>,
        salt: &Hash,
        body: &str,
    ) -> Self {
        let link = Link { tag: child.tag(seq), prev: child.prev(before) };
        Self { kind, link: Some(link), body: commitment(salt, body) }
    }

    /// Reads one entry.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut lines = Lines(text);
        Self::read(&mut lines).filter(|_| lines.0.is_empty()).ok_or(Error::NotLeaf)
    }

    /// Reads the entry that comes next.
    pub(crate) fn read(lines: &mut Lines) -> Option<Self> {
        lines.line().filter(|line| *line == HEADER)?;
        let kind = Kind::parse(lines.line()?)?;
        let link = if kind.is_of_a_child() {
            Some(Link { tag: base64::hash(lines.word("tag")?)?, prev: base64::hash(lines.word("prev")?)? })
        } else {
            None
        };
        Some(Self { kind, link, body: base64::hash(lines.word("body")?)? })
    }

    /// As it is written, and hashed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        push_line(&mut text, &[HEADER]);
        push_line(&mut text, &[self.kind.word()]);
        if let Some(link) = &self.link {
            push_line(&mut text, &["tag", &base64::encode(&link.tag)]);
            push_line(&mut text, &["prev", &base64::encode(&link.prev)]);
        }
        push_line(&mut text, &["body", &base64::encode(&self.body)]);
        text
    }

    /// Its hash in the tree.
    #[must_use]
    pub fn hash(&self) -> Hash {
        leaf_hash(self.text().as_bytes())
    }
}
