//! A child's own entries: who holds the child's key finds them all, and nobody else can tell that
//! two entries belong together.

use alloc::{collections::BTreeSet, vec::Vec};

use crate::{
    Error, Hash,
    leaf::Leaf,
    merkle::{Growing, leaf_hash, root_of, sha256},
    text::Lines,
};

/// The key that ties a child's entries together. Without it they are random bytes: destroying it
/// is what unlinks them.
pub struct ChildKey(pub [u8; 32]);

/// HMAC-SHA256, RFC 2104, with a key shorter than a block.
fn hmac(key: &Hash, parts: &[&[u8]]) -> Hash {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (byte, of_key) in block.iter_mut().zip(key) {
            *byte ^= of_key;
        }
        block
    };
    let inner = sha256(&[&[&pad(0x36)[..]], parts].concat());
    sha256(&[&pad(0x5c), &inner])
}

impl ChildKey {
    /// What entry number `seq` is found by.
    #[must_use]
    pub fn tag(&self, seq: u64) -> Hash {
        hmac(&self.0, &[b"tag", &seq.to_be_bytes()])
    }

    /// How an entry names the one before it, by that one's hash; zeros in the first.
    #[must_use]
    pub fn prev(&self, before: Option<&Hash>) -> Hash {
        before.map_or([0; 32], |hash| hmac(&self.0, &[b"prev", hash]))
    }

    /// A guardian in a statement.
    #[must_use]
    pub fn pseudonym(&self, guardian: &str) -> Hash {
        hmac(&self.0, &[b"by", guardian.as_bytes()])
    }

    /// A salt for entry number `seq` that need not be stored beside it.
    #[must_use]
    pub fn salt(&self, seq: u64) -> Hash {
        hmac(&self.0, &[b"salt", &seq.to_be_bytes()])
    }

    /// One recording's copy in one store: an entry of the tree over that store's copies.
    #[must_use]
    pub fn item(&self, store: &str, recording: &str) -> Hash {
        leaf_hash(&hmac(&self.0, &[b"item", store.as_bytes(), b"\0", recording.as_bytes()]))
    }

    /// The root over the copies of these recordings in one store. Their ids come in ascending order,
    /// so that however many there are, none but the next need be in memory.
    #[must_use]
    pub fn store_root<'a>(&self, store: &str, recordings: impl IntoIterator<Item = &'a str>) -> Hash {
        let mut tree = Growing::default();
        recordings.into_iter().for_each(|recording| tree.push(self.item(store, recording)));
        tree.root()
    }
}

/// The root over the roots of all stores, in the statement's order.
#[must_use]
pub fn items_root(stores: &[Hash]) -> Hash {
    root_of(&stores.iter().map(|root| leaf_hash(root)).collect::<Vec<_>>())
}

/// How far ahead a missing entry is looked for.
const AHEAD: u64 = 16;

/// A child's entries, one after the other from the first.
struct Chain<'a> {
    child: &'a ChildKey,
    next: u64,
    last: Option<Hash>,
    /// The tags of entries to come, the next one first.
    due: Vec<Hash>,
}

impl<'a> Chain<'a> {
    fn new(child: &'a ChildKey) -> Self {
        let due = (0..AHEAD).map(|seq| child.tag(seq)).collect();
        Self { child, next: 0, last: None, due }
    }

    /// Whether this is the next entry; an error if it is one after that, or does not name the one before.
    fn take(&mut self, leaf: &Leaf) -> Result<bool, Error> {
        let tag = leaf.link.map(|link| link.tag);
        match self.due.iter().position(|due| Some(*due) == tag) {
            Some(0) => {}
            Some(_) => return Err(Error::EntryMissing(self.next)),
            None => return Ok(false),
        }
        if leaf.link.map(|link| link.prev) != Some(self.child.prev(self.last.as_ref())) {
            return Err(Error::BrokenLink(self.next));
        }
        self.due.remove(0);
        self.due.push(self.child.tag(self.next + AHEAD));
        self.last = Some(leaf.hash());
        self.next += 1;
        Ok(true)
    }
}

/// The hashes of a child's entries, which come one after the other in `text`, all of them from the
/// first and no others.
pub fn entries(child: &ChildKey, text: &str) -> Result<Vec<Hash>, Error> {
    let mut chain = Chain::new(child);
    let mut lines = Lines(text);
    let mut hashes = Vec::new();
    while !lines.0.is_empty() {
        let leaf = Leaf::read(&mut lines).ok_or(Error::NotLeaf)?;
        if !chain.take(&leaf)? {
            let again = leaf.link.is_some_and(|link| (0..chain.next).any(|seq| child.tag(seq) == link.tag));
            return Err(if again { Error::EntryRepeated(chain.next) } else { Error::OtherChild });
        }
        hashes.push(leaf.hash());
    }
    Ok(hashes)
}

/// A walk through a whole ledger, entry by entry, for those of one child: nobody has to be believed
/// about which they are, and one that was entered twice is found.
pub struct Walk<'a> {
    chain: Chain<'a>,
    met: BTreeSet<Hash>,
}

impl<'a> Walk<'a> {
    /// Before the ledger's first entry.
    #[must_use]
    pub fn new(child: &'a ChildKey) -> Self {
        Self { chain: Chain::new(child), met: BTreeSet::new() }
    }

    /// Takes the ledger's next entry, and says whether it is one of the child's.
    pub fn meet(&mut self, leaf: &Leaf) -> Result<bool, Error> {
        if leaf.link.is_some_and(|link| self.met.contains(&link.tag)) {
            return Err(Error::EntryRepeated(self.chain.next));
        }
        let own = self.chain.take(leaf)?;
        self.met.extend(leaf.link.filter(|_| own).map(|link| link.tag));
        Ok(own)
    }

    /// How many of the child's entries were met.
    #[must_use]
    pub const fn met(&self) -> u64 {
        self.chain.next
    }
}
