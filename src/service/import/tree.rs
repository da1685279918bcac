//! A plain tree of files without a manifest: every file is tried.

use std::{
    fs::{self, ReadDir},
    io,
    path::{Path, PathBuf},
};

use super::{Item, Moment, Named, Refused, Source, SourceError};

/// Deeper than any collection of recordings.
const MAX_DEPTH: usize = 64;

/// Every file under the canonical folder `root`, except hidden ones and what operating systems leave behind.
/// Links are not followed: they could lead out, or round in circles.
///
/// # Errors
/// When the folder cannot be read.
pub fn open(root: &Path) -> Result<Source, SourceError> {
    let walk = || Walk::new(root).map_err(|error| SourceError::Folder { folder: root.to_owned(), error });
    let total = walk()?.count() as u64;
    Ok(Source { kind: "folder", items: Box::new(walk()?), total })
}

struct Walk {
    root: PathBuf,
    /// The folders from the root to where the walk is.
    open: Vec<ReadDir>,
}

impl Walk {
    fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: root.to_owned(), open: vec![fs::read_dir(root)?] })
    }

    fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    fn refused(&self, path: &Path, error: io::Error) -> Named {
        Err(Refused { name: self.name(path), reason: super::Reason::Bytes(error.into()) })
    }
}

impl Iterator for Walk {
    type Item = Named;

    fn next(&mut self) -> Option<Named> {
        loop {
            let entry = match self.open.last_mut()?.next() {
                None => {
                    self.open.pop();
                    continue;
                }
                Some(Ok(entry)) => entry,
                Some(Err(error)) => {
                    self.open.pop();
                    return Some(self.refused(&self.root, error));
                }
            };
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || ["Thumbs.db", "desktop.ini", "__MACOSX"].contains(&&*name) {
                continue;
            }
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && self.open.len() < MAX_DEPTH => match fs::read_dir(&path) {
                    Ok(folder) => self.open.push(folder),
                    Err(error) => return Some(self.refused(&path, error)),
                },
                Ok(kind) if kind.is_file() => {
                    return Some(Ok(Item {
                        name: self.name(&path),
                        file: path,
                        moment: Moment::FromFile,
                        device: None,
                        transcript: None,
                        location: None,
                    }));
                }
                Ok(_) => {
                    return Some(Err(Refused { name: self.name(&path), reason: super::Reason::NotAFile }));
                }
                Err(error) => return Some(self.refused(&path, error)),
            }
        }
    }
}
