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
        let lock = OpenOptions::new().create_new(true).write(true).open(folder.join(&name))?;
        lock.lock()?;
        Ok(Self { name, folder, _lock: lock })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The others that were here and are not alive any more.
    pub fn dead(&self) -> io::Result<Vec<String>> {
        let mut dead = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == self.name {
                continue;
            }
            match File::open(entry.path()) {
                Ok(file) if file.try_lock().is_ok() => dead.push(name),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(dead)
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
