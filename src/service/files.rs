//! Files that are whole or not there, and survive a power cut.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

/// What a file that is being written begins with.
const UNFINISHED: &str = ".new-";

/// Writes one file of `folder`: under another name, synced, renamed. Its name is on the disk for good
/// only once the folder it lies in is synced, too ([`settle`]).
pub fn write(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!("{UNFINISHED}{:032x}", rand::random::<u128>()));
    let mut file = File::create_new(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

/// The same for a file that one task alone writes: the other name is always the same one, and nobody
/// else's [`sweep`] takes it away.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

/// Puts the names in a folder on the disk for good.
pub fn settle(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes what a process that died had begun to write.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
