//! The tree: RFC 6962 section 2.1 with SHA-256; verification by RFC 9162 sections 2.1.3.2 and 2.1.4.2.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::Error;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of all these bytes, one part after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The hash of an entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry])
}

/// The hash of two subtrees side by side.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// Whether the entry with this hash is at `index` in the tree of `size` with this `root`.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), Error> {
    if index >= size {
        return Err(Error::BeyondTree);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for step in path {
        if last == 0 {
            return Err(Error::NotIncluded);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(step, &hash);
            // On the right edge the tree is not full: levels without a sibling are passed over.
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        at >>= 1;
        last >>= 1;
    }
    if last == 0 && hash == *root { Ok(()) } else { Err(Error::NotIncluded) }
}

/// Whether the tree of `size` with `root` only added to the tree of `old_size` with `old_root`.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    size: u64,
    root: &Hash,
    path: &[Hash],
) -> Result<(), Error> {
    if old_size > size {
        return Err(Error::Rollback);
    }
    if old_size == size {
        return if old_root != root {
            Err(Error::SplitView)
        } else if path.is_empty() {
            Ok(())
        } else {
            Err(Error::NotConsistent)
        };
    }
    if old_size == 0 {
        // Every tree adds to the empty one.
        let empty = path.is_empty() && *old_root == sha256(&[]);
        return if empty { Ok(()) } else { Err(Error::NotConsistent) };
    }
    // A tree that was full is itself the first step.
    let (first, rest) = match path.split_first() {
        _ if old_size.is_power_of_two() => (old_root, path),
        Some(split) => split,
        None => return Err(Error::NotConsistent),
    };
    let shift = (old_size - 1).trailing_ones();
    let (mut at, mut last) = ((old_size - 1) >> shift, (size - 1) >> shift);
    let (mut old, mut new) = (*first, *first);
    for step in rest {
        if last == 0 {
            return Err(Error::NotConsistent);
        }
        if at & 1 == 1 || at == last {
            old = node_hash(step, &old);
            new = node_hash(step, &new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, step);
        }
        at >>= 1;
        last >>= 1;
    }
    if last == 0 && old == *old_root && new == *root { Ok(()) } else { Err(Error::NotConsistent) }
}

/// What a builder reads: the hash of the full subtree number `index` at `level` (0 is the entries).
pub trait Nodes<E> {
    /// That hash.
    fn node(&mut self, level: u8, index: u64) -> Result<Hash, E>;
}

impl<E, F: FnMut(u8, u64) -> Result<Hash, E>> Nodes<E> for F {
    fn node(&mut self, level: u8, index: u64) -> Result<Hash, E> {
        self(level, index)
    }
}

/// The largest power of two below `n`, which is at least 2.
const fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The hash of the entries from `from` up to `to`. `from` is where a subtree of that width begins.
fn range<E>(from: u64, to: u64, nodes: &mut impl Nodes<E>) -> Result<Hash, E> {
    let width = to - from;
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        return nodes.node(level as u8, from >> level);
    }
    let left = split(width);
    let hash = range(from, from + left, nodes)?;
    Ok(node_hash(&hash, &range(from + left, to, nodes)?))
}

/// The root of the tree of `size`.
pub fn root<E>(size: u64, mut nodes: impl Nodes<E>) -> Result<Hash, E> {
    if size == 0 { Ok(sha256(&[])) } else { range(0, size, &mut nodes) }
}

/// The root over entries that are all at hand.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// A tree that grows by one entry at a time, and in memory by the logarithm of their number alone.
#[derive(Debug, Default, Clone)]
pub struct Growing {
    size: u64,
    /// The full subtrees that it is made of, the largest first.
    full: Vec<Hash>,
}

impl Growing {
    /// Adds the entry with this hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // As in counting: each bit that is carried joins two subtrees of one width.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.full.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.full.push(hash);
        self.size += 1;
    }

    /// How many entries it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    #[must_use]
    pub fn root(&self) -> Hash {
        let joined = self.full.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        joined.unwrap_or_else(|| sha256(&[]))
    }
}

/// The path that shows entry `index` in the tree of `size`, from the entry's sibling upwards.
/// Empty when there is no such entry.
pub fn inclusion<E>(index: u64, size: u64, mut nodes: impl Nodes<E>) -> Result<Vec<Hash>, E> {
    let mut path = Vec::new();
    let (mut from, mut to) = (0, if index < size { size } else { 0 });
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(range(middle, to, &mut nodes)?);
            to = middle;
        } else {
            path.push(range(from, middle, &mut nodes)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `size` only added to the tree of `old_size`.
/// Empty when there is nothing to prove.
pub fn consistency<E>(old_size: u64, size: u64, mut nodes: impl Nodes<E>) -> Result<Vec<Hash>, E> {
    let mut path = Vec::new();
    if old_size == 0 || old_size >= size {
        return Ok(path);
    }
    let (mut from, mut to) = (0, size);
    while to != old_size {
        let middle = from + split(to - from);
        if old_size <= middle {
            path.push(range(middle, to, &mut nodes)?);
            to = middle;
        } else {
            path.push(range(from, middle, &mut nodes)?);
            from = middle;
        }
    }
    // The old root itself is known to who checks.
    if from != 0 {
        path.push(range(from, to, &mut nodes)?);
    }
    path.reverse();
    Ok(path)
}
