//! Which process is writing what. Two processes may work on one data folder (a service and an
//! import); what a dead one left half done must be told from what a living one is about to finish.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

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
        let folder = data.join("processes");
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
        if name == self.name {
            return Ok(true);
        }
        match File::open(self.folder.join(name)) {
            Ok(file) => Ok(file.try_lock().is_err()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Forgets a dead process, once what it left is cleared away.
    pub fn forget(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.folder.join(&self.name));
    }
}
