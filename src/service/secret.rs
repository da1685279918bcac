//! Secrets of the data folder: 32 random bytes in a file each, readable by this user only.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, bail};

/// The secret in a file. Where there is none it is made, unless something was done with it already:
/// another one in its place would be worse than none.
pub fn key(path: &Path, used_already: bool) -> anyhow::Result<[u8; 32]> {
    let cannot = || format!("cannot read or make {}", path.display());
    match read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        key => return key.with_context(cannot),
    }
    if used_already {
        bail!(
            "{} is missing, and what it was used for is still here: restore it from a backup",
            path.display()
        );
    }
    make(path).with_context(cannot)?;
    read(path).with_context(cannot)
}

fn read(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut key = [0; 32];
    File::open(path)?.read_exact(&mut key)?;
    Ok(key)
}

/// Writes a new one, whole or not at all, and never over another.
fn make(path: &Path) -> std::io::Result<()> {
    let staged = path.with_extension(format!("{:016x}", rand::random::<u64>()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
    file.write_all(&rand::random::<[u8; 32]>())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&staged, path);
    std::fs::remove_file(staged)?;
    match linked {
        // Another process was first.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

    use super::*;

    #[test]
    fn it_is_made_once_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let made = key(&path, false).unwrap();
        assert_eq!(key(&path, false).unwrap(), made);
        assert_eq!(key(&path, true).unwrap(), made);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        std::fs::write(&path, [1; 5]).unwrap();
        assert!(key(&path, false).is_err(), "half of one is none");
        std::fs::remove_file(&path).unwrap();
        assert!(key(&path, true).unwrap_err().to_string().contains("restore"));
        assert!(!path.exists());
    }
}
