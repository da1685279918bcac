//! Which process is writing what. Two processes may work on one data folder (a service and an
//! import); what a dead one left half done must be told from what a living one is about to finish.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// The folder of their files, in the data folder.
const FOLDER: &str = "processes";

/// This process: a file that stays locked as long as it lives, however it ends.
#[derive(Debug)]
pub struct Owner {
    name: String,
    folder: PathBuf,
    // Held for its lock.
    _lock: File,
}

impl Owner {
    /// Registers this process in the data folder.
    pub fn begin(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        let name = format!("{:032x}", rand::random::<u128>());
        // Seen under its name only once it is locked, or another process might take it for dead.
        let unlocked = folder.join(format!("{name}.new"));
        let lock = OpenOptions::new().create_new(true).write(true).open(&unlocked)?;
        lock.lock()?;
        std::fs::rename(unlocked, folder.join(&name))?;
        Ok(Self { name, folder, _lock: lock })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the process of this name still lives. One that ended in order took its file along.
    pub fn is_alive(&self, name: &str) -> io::Result<bool> {
        if name == self.name { Ok(true) } else { holds_its_lock(&self.folder.join(name)) }
    }

    /// Forgets a dead process, once what it left is cleared away.
    pub fn forget(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether the process of this name still lives, asked by one that does not write there itself.
pub fn is_alive(data: &Path, name: &str) -> io::Result<bool> {
    holds_its_lock(&data.join(FOLDER).join(name))
}

fn holds_its_lock(path: &Path) -> io::Result<bool> {
    match File::open(path) {
        Ok(file) => Ok(file.try_lock().is_err()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.folder.join(&self.name));
    }
}
