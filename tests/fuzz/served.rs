//! What the service reads of a request, and an outsider of a ledger's files.

use crate::{
    range::{Asked, ask},
    text,
    tiles::{Tile, WIDTH, entries, hashes, node_in},
};

/// Bytes that are sent are bytes of the file, and never none.
pub fn range(bytes: &[u8]) {
    let Some((len, header)) = bytes.split_first_chunk() else { return };
    let len = u64::from_le_bytes(*len);
    if let Asked::Part(part) = ask(Some(text(header)), len) {
        assert!(part.start < part.end && part.end <= len);
    }
}

/// A file of the ledger has one address; one that is not a tile's leads nowhere.
pub fn tile(bytes: &[u8]) {
    if let Some(tile) = Tile::parse(text(bytes)) {
        assert_eq!(tile.path(), text(bytes));
        assert!((1..=WIDTH).contains(&tile.width) && !tile.path().contains(".."));
    }
    let read: usize = entries(bytes).map(|entry| entry.len() + 2).sum();
    assert!(read <= bytes.len());
    assert_eq!(hashes(bytes).is_some(), bytes.len().is_multiple_of(32));
    if let Some((level, rest)) = bytes.split_first() {
        let index = u64::from(rest.first().copied().unwrap_or(0));
        let _ = node_in(rest, level % 64, index);
    }
}
