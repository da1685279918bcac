//! From a path that somebody wrote into a manifest to a file that may be read.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io::ErrorKind,
    path::{Component, Path, PathBuf},
};

use super::Reason;

/// The file `name` inside `root`, which must be canonical. Links are followed and may not lead out.
pub(super) fn inside(root: &Path, name: &str) -> Result<PathBuf, Reason> {
    let path = Path::new(name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !plain {
        return Err(Reason::Outside);
    }
    let file = root.join(path).canonicalize().map_err(|error| match error.kind() {
        ErrorKind::NotFound
        | ErrorKind::NotADirectory
        | ErrorKind::InvalidInput
        | ErrorKind::InvalidFilename => Reason::Missing,
        _ => Reason::Bytes(error.into()),
    })?;
    if !file.starts_with(root) {
        return Err(Reason::Outside);
    }
    if file.is_file() { Ok(file) } else { Err(Reason::NotAFile) }
}

/// What was seen before, in bounded memory: eight bytes each, and a bound on their number. Whatever comes
/// after that is told apart by the service, which takes no recording twice.
pub(super) struct Seen {
    hashes: HashSet<u64>,
    hasher: RandomState,
}

const MOST_SEEN: usize = 2_000_000;

impl Seen {
    pub(super) fn new() -> Self {
        Self { hashes: HashSet::new(), hasher: RandomState::new() }
    }

    /// Whether it was seen before.
    pub(super) fn again(&mut self, it: impl std::hash::Hash) -> bool {
        let hash = self.hasher.hash_one(it);
        if self.hashes.len() >= MOST_SEEN { self.hashes.contains(&hash) } else { !self.hashes.insert(hash) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_inside_the_folder_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("import").canonicalize().unwrap_or_else(|_| {
            std::fs::create_dir_all(dir.path().join("import/deep")).unwrap();
            dir.path().join("import").canonicalize().unwrap()
        });
        std::fs::write(dir.path().join("secret"), "x").unwrap();
        std::fs::write(root.join("deep/a.wav"), "x").unwrap();
        std::os::unix::fs::symlink("deep/a.wav", root.join("near")).unwrap();
        std::os::unix::fs::symlink("../secret", root.join("out")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("broken")).unwrap();
        let find = |name: &str| inside(&root, name);
        assert_eq!(find("deep/a.wav").unwrap(), root.join("deep/a.wav"));
        assert_eq!(find("./deep/a.wav").unwrap(), root.join("deep/a.wav"));
        assert_eq!(find("near").unwrap(), root.join("deep/a.wav"));
        let secret = dir.path().join("secret");
        for outside in
            ["../secret", "deep/../../secret", "out", secret.to_str().unwrap(), "deep/../deep/a.wav"]
        {
            assert!(matches!(find(outside), Err(Reason::Outside)), "{outside}");
        }
        let long = "x".repeat(5000);
        for missing in ["b.wav", "broken", "deep/a.wav/b", "nul\0", long.as_str()] {
            assert!(matches!(find(missing), Err(Reason::Missing)), "{missing}");
        }
        assert!(matches!(find("deep"), Err(Reason::NotAFile)));
        assert!(matches!(find(""), Err(Reason::NotAFile)));
    }

    #[test]
    fn what_was_seen_is_known() {
        let mut seen = Seen::new();
        assert!(!seen.again(("a", 1)));
        assert!(!seen.again(("a", 2)));
        assert!(seen.again(("a", 1)));
    }
}
