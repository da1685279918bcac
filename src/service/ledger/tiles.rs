//! The public files of the tree, as [c2sp.org/tlog-tiles](https://c2sp.org/tlog-tiles) names them:
//! hashes in tiles of 256, entries in bundles of 256.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure};
use proof::{
    Hash,
    merkle::{self, leaf_hash, root_of},
};

use crate::files;

/// How many hashes a full tile has, and how many entries a full bundle.
pub const WIDTH: u64 = 256;

/// A kind of file: the hashes of a level, or entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Entries, each after its length in two bytes.
    Entries,
    /// Hashes of full subtrees of 256^n entries.
    Hashes(u8),
}

/// One file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// Its kind.
    pub level: Level,
    /// Its number within the level.
    pub n: u64,
    /// How much is in it, 1 to [`WIDTH`].
    pub width: u64,
}

impl Tile {
    /// Where it is, below the ledger's folder.
    #[must_use]
    pub fn path(self) -> String {
        let mut number = format!("{:03}", self.n % 1000);
        let mut rest = self.n / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        let level = match self.level {
            Level::Entries => "entries".to_owned(),
            Level::Hashes(level) => level.to_string(),
        };
        let partial = if self.width < WIDTH { format!(".p/{}", self.width) } else { String::new() };
        format!("tile/{level}/{number}{partial}")
    }

    /// The one that is at this path.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = match level {
            "entries" => Level::Entries,
            level => Level::Hashes(level.parse().ok().filter(|level| *level < 64)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok()?),
            None => (rest, WIDTH),
        };
        let n = number.split('/').try_fold(0_u64, |n, part| {
            let part: u64 = part.strip_prefix('x').unwrap_or(part).parse().ok()?;
            n.checked_mul(1000)?.checked_add(part)
        })?;
        let tile = Self { level, n, width };
        // Each has one name.
        ((1..=WIDTH).contains(&width) && tile.path() == path).then_some(tile)
    }

    /// The same once it is full.
    #[must_use]
    pub const fn full(self) -> Self {
        Self { width: WIDTH, ..self }
    }

    /// The tile number `n` of a level as it is in a tree of `size`.
    #[must_use]
    pub fn in_tree(level: Level, n: u64, size: u64) -> Self {
        edge(level, size).filter(|tile| tile.n == n).unwrap_or(Self { level, n, width: WIDTH })
    }

    /// The one from which [`node_in`] reads a full subtree of the tree of `size`.
    #[must_use]
    pub fn of_node(level: u8, index: u64, size: u64) -> Self {
        Self::in_tree(Level::Hashes(level / 8), (index << (level % 8)) / WIDTH, size)
    }
}

/// The tile of a level that a tree of `size` has not filled; none where it ends with a full one.
#[must_use]
pub fn edge(level: Level, size: u64) -> Option<Tile> {
    let count = match level {
        Level::Entries => size,
        Level::Hashes(level) => size.checked_shr(8 * u32::from(level)).unwrap_or(0),
    };
    let (n, width) = (count / WIDTH, count % WIDTH);
    (width > 0).then_some(Tile { level, n, width })
}

/// The files of a tree of one size, read.
pub struct Tiles {
    folder: PathBuf,
    size: u64,
    read: BTreeMap<Tile, Vec<u8>>,
}

impl Tiles {
    /// Those of a tree of `size`.
    #[must_use]
    pub const fn new(folder: PathBuf, size: u64) -> Self {
        Self { folder, size, read: BTreeMap::new() }
    }

    /// The bytes of the tile number `n`, as it is in this tree.
    pub fn tile(&mut self, level: Level, n: u64) -> io::Result<&[u8]> {
        let tile = Tile::in_tree(level, n, self.size);
        if !self.read.contains_key(&tile) {
            let bytes = match fs::read(self.folder.join(tile.path())) {
                // The ledger has grown meanwhile: what was full is kept and not its parts.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    fs::read(self.folder.join(tile.full().path()))?
                }
                read => read?,
            };
            self.read.insert(tile, bytes);
        }
        Ok(&self.read[&tile])
    }

    /// The hash of the full subtree number `index` at `level`, as [`merkle::Nodes`] asks for it.
    pub fn node(&mut self, level: u8, index: u64) -> io::Result<Hash> {
        let Tile { level: of, n, .. } = Tile::of_node(level, index, self.size);
        node_in(self.tile(of, n)?, level, index).ok_or_else(|| io::Error::other("a tile is too short"))
    }

    /// The entry at `index`.
    pub fn entry(&mut self, index: u64) -> io::Result<String> {
        let bytes = self.tile(Level::Entries, index / WIDTH)?;
        let entry = entries(bytes).nth((index % WIDTH) as usize);
        let entry = entry.ok_or_else(|| io::Error::other("a bundle is too short"))?;
        String::from_utf8(entry.to_vec()).map_err(io::Error::other)
    }
}

/// The hash of the full subtree number `index` at `level`, from the bytes of its tile.
#[must_use]
pub fn node_in(bytes: &[u8], level: u8, index: u64) -> Option<Hash> {
    let (first, count) = (index << (level % 8), 1_usize << (level % 8));
    let from = (first % WIDTH) as usize * 32;
    bytes.get(from..from + count * 32).and_then(hashes).map(|hashes| root_of(&hashes))
}

/// The hashes in a tile; none where it is not a row of them.
#[must_use]
pub fn hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| hashes.to_vec())
}

/// The entries in a bundle, as far as they can be read.
pub fn entries(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = after;
        Some(entry)
    })
}

/// What adding to the tree has come to.
pub struct Added {
    /// The new root.
    pub root: Hash,
    /// Tiles and bundles that are full now: their parts are of no use any more.
    pub filled: Vec<Tile>,
}

/// Adds entries to the tree of `size` with this `root`. The files are on the disk for good when this
/// returns; those of the smaller tree stay as they are, so doing it again does no harm.
pub fn add(folder: &Path, size: u64, root: &Hash, leaves: &[String]) -> anyhow::Result<Added> {
    let mut edge = Edge::read(folder, size)?;
    ensure!(edge.root()? == *root, "the tiles are not those of the ledger's head: run forget-me-not fsck");
    let mut files = Files { folder, touched: BTreeSet::new() };
    let mut filled = Vec::new();
    for leaf in leaves {
        edge.add(leaf, &mut files, &mut filled)?;
    }
    edge.write(size, &mut files)?;
    files.settle()?;
    Ok(Added { root: edge.root()?, filled })
}

/// Removes the parts of tiles that are full.
pub fn clear(folder: &Path, filled: &[Tile]) -> io::Result<()> {
    for tile in filled {
        match fs::remove_dir_all(folder.join(format!("{}.p", tile.path()))) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The right edge of the tree: what is not in full tiles yet.
struct Edge {
    size: u64,
    /// By level.
    hashes: Vec<Vec<Hash>>,
    entries: Vec<u8>,
}

impl Edge {
    fn read(folder: &Path, size: u64) -> anyhow::Result<Self> {
        let mut levels = Vec::new();
        while size >> (8 * levels.len()) > 0 && levels.len() < 8 {
            let tile = edge(Level::Hashes(levels.len() as u8), size);
            let bytes = tile.map_or(Ok(Vec::new()), |tile| read(folder, tile))?;
            let Some(hashes) = hashes(&bytes) else { bail!("a tile is not a row of hashes") };
            let width = tile.map_or(0, |tile| tile.width);
            ensure!(hashes.len() as u64 == width, "a tile is too short");
            levels.push(hashes);
        }
        let entries = edge(Level::Entries, size).map_or(Ok(Vec::new()), |tile| read(folder, tile))?;
        Ok(Self { size, hashes: levels, entries })
    }

    fn root(&self) -> anyhow::Result<Hash> {
        merkle::root(self.size, |level: u8, index: u64| {
            let hashes = self.hashes.get(usize::from(level / 8)).map_or(&[][..], Vec::as_slice);
            let (first, count) = ((index << (level % 8)) % WIDTH, 1_usize << (level % 8));
            let hashes = hashes.get(first as usize..first as usize + count);
            hashes.map(root_of).ok_or_else(|| anyhow::anyhow!("a tile is too short"))
        })
    }

    fn add(&mut self, leaf: &str, files: &mut Files, filled: &mut Vec<Tile>) -> anyhow::Result<()> {
        let n = self.size / WIDTH;
        self.entries.extend(u16::try_from(leaf.len())?.to_be_bytes());
        self.entries.extend(leaf.as_bytes());
        self.size += 1;
        if self.size.is_multiple_of(WIDTH) {
            let bundle = Tile { level: Level::Entries, n, width: WIDTH };
            files.write(bundle, &std::mem::take(&mut self.entries))?;
            filled.push(bundle);
        }
        let mut carried = Some(leaf_hash(leaf.as_bytes()));
        let mut level = 0;
        while let Some(hash) = carried.take() {
            if self.hashes.len() == level {
                self.hashes.push(Vec::new());
            }
            let hashes = &mut self.hashes[level];
            hashes.push(hash);
            if hashes.len() as u64 == WIDTH {
                let n = (self.size >> (8 * (level + 1))) - 1;
                let tile = Tile { level: Level::Hashes(level as u8), n, width: WIDTH };
                files.write(tile, hashes.as_flattened())?;
                filled.push(tile);
                carried = Some(root_of(hashes));
                hashes.clear();
            }
            level += 1;
        }
        Ok(())
    }

    /// Writes what differs from the tree of `old` size and is not full.
    fn write(&self, old: u64, files: &mut Files) -> io::Result<()> {
        for (level, hashes) in self.hashes.iter().enumerate() {
            let level = Level::Hashes(level as u8);
            if let Some(tile) = edge(level, self.size).filter(|tile| Some(*tile) != edge(level, old)) {
                files.write(tile, hashes.as_flattened())?;
            }
        }
        match edge(Level::Entries, self.size).filter(|_| self.size != old) {
            Some(bundle) => files.write(bundle, &self.entries),
            None => Ok(()),
        }
    }
}

fn read(folder: &Path, tile: Tile) -> anyhow::Result<Vec<u8>> {
    let path = tile.path();
    fs::read(folder.join(&path)).map_err(|error| anyhow::anyhow!("cannot read {path}: {error}"))
}

/// Writes files so that they are whole or not there, and survive a power cut.
struct Files<'a> {
    folder: &'a Path,
    touched: BTreeSet<PathBuf>,
}

impl Files<'_> {
    fn write(&mut self, tile: Tile, bytes: &[u8]) -> io::Result<()> {
        let path = self.folder.join(tile.path());
        let mut above = path.parent();
        if let Some(parent) = above {
            fs::create_dir_all(parent)?;
        }
        files::write(self.folder, &path, bytes)?;
        while let Some(folder) = above.filter(|folder| folder.starts_with(self.folder)) {
            self.touched.insert(folder.to_owned());
            above = folder.parent();
        }
        Ok(())
    }

    /// The names, too, are on the disk for good.
    fn settle(&self) -> io::Result<()> {
        self.touched.iter().try_for_each(|folder| files::settle(folder))
    }
}
