//! The sound and video files: one object a recording, `media/<child>/<recording>`, encrypted.

use std::{
    collections::{BTreeSet, HashSet},
    ffi::OsStr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures::TryStreamExt;
use object_store::{ObjectStore, path::Path};
use rules::{ChildId, RecordingId, StoreId};

use super::{Holds, Item, Store, StoreError, Subject};
use crate::keys::chunked;

/// The name of a recording's object.
#[must_use]
pub fn object(child: ChildId, recording: RecordingId) -> Path {
    Path::from(format!("media/{child}/{recording}"))
}

/// Whose object this is; none for what is no recording's.
#[must_use]
pub fn owner(object: &Path) -> Option<(ChildId, RecordingId)> {
    let mut parts = object.as_ref().strip_prefix("media/")?.split('/');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Where a child's objects are.
#[must_use]
pub fn prefix(child: ChildId) -> Path {
    Path::from(format!("media/{child}"))
}

/// The objects, and the folder they are files of.
pub struct Media {
    objects: Arc<dyn ObjectStore>,
    folder: PathBuf,
    /// What probes have found: files with names that erasing did not expect. It takes them the next time.
    found: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Media {
    /// The media below `folder`, which is also the root of `objects`.
    #[must_use]
    pub fn new(objects: Arc<dyn ObjectStore>, folder: PathBuf) -> Self {
        Self { objects, folder, found: Arc::default() }
    }
}

#[async_trait]
impl Store for Media {
    fn id(&self) -> StoreId {
        StoreId::Media
    }

    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        let mut holds = Holds { copies: 0, bytes: Some(0) };
        let mut objects = self.objects.list(Some(&prefix(child.id)));
        while let Some(object) = objects.try_next().await? {
            holds.copies += 1;
            // As long as what was taken in, not as its encrypted form.
            let size = chunked::plain_len(object.size).unwrap_or(object.size);
            holds.bytes = holds.bytes.map(|bytes| bytes + size);
        }
        Ok(holds)
    }

    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        // All in one go: the object store would hand each file to another thread, which costs as much as removing it.
        let (folder, items, found) = (self.folder.clone(), items.to_vec(), self.found.clone());
        tokio::task::spawn_blocking(move || {
            let sought = names(&items);
            let is_sought = |path: &PathBuf| path.file_name().is_some_and(|name| is_of(name, &sought));
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            for path in found.extract_if(.., is_sought) {
                remove_file(&path)?;
            }
            drop(found);
            remove(&folder, &items)
        })
        .await
        .map_err(std::io::Error::other)??;
        Ok(())
    }

    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        // Whatever the folder still lists, unfinished uploads ("name#1") included: those the object
        // store itself would hide.
        let (sought, all) = (names(items), self.found.clone());
        let folders: BTreeSet<PathBuf> =
            items.iter().map(|item| self.folder.join(prefix(item.child).as_ref())).collect();
        let found = tokio::task::spawn_blocking(move || -> std::io::Result<u64> {
            let mut found = BTreeSet::new();
            for folder in folders {
                for entry in entries(&folder)? {
                    let entry = entry?;
                    if is_of(&entry.file_name(), &sought) {
                        found.insert(entry.path());
                    }
                }
            }
            let count = found.len() as u64;
            all.lock().unwrap_or_else(PoisonError::into_inner).append(&mut found);
            Ok(count)
        });
        Ok(found.await.map_err(std::io::Error::other)??)
    }
}

fn names(items: &[Item]) -> HashSet<String> {
    items.iter().map(|item| item.recording.to_string()).collect()
}

/// Whether a file of this name is an object of one of these recordings, or an unfinished one.
fn is_of(name: &OsStr, recordings: &HashSet<String>) -> bool {
    let name = name.to_string_lossy();
    recordings.contains(name.split_once('#').map_or(&*name, |(recording, _)| recording))
}

/// The entries of a folder; none where there is no such folder.
fn entries(
    folder: &std::path::Path,
) -> std::io::Result<impl Iterator<Item = std::io::Result<std::fs::DirEntry>>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// Removes the objects and their unfinished uploads, makes that durable, once a folder instead of once a file, and
/// drops the folder if it is empty.
fn remove(folder: &std::path::Path, items: &[Item]) -> std::io::Result<()> {
    for item in items {
        let object = object(item.child, item.recording);
        remove_file(&folder.join(object.as_ref()))?;
        remove_unfinished(folder, &object)?;
    }
    let folders: BTreeSet<PathBuf> =
        items.iter().map(|item| folder.join(prefix(item.child).as_ref())).collect();
    for folder in folders {
        match std::fs::File::open(&folder) {
            Ok(open) => open.sync_all()?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        }
        // Fails when anything is in it, which is as it should be.
        let _ = std::fs::remove_dir(folder);
    }
    Ok(())
}

/// Removes what unfinished uploads of `name` may have left in `folder`. The object store numbers them: each gets the
/// first number that is free. So they are found without a look through a folder that may have very many files.
pub fn remove_unfinished(folder: &std::path::Path, name: &Path) -> std::io::Result<()> {
    let object = folder.join(name.as_ref());
    for n in 1_u64.. {
        let mut unfinished = object.clone().into_os_string();
        unfinished.push(format!("#{n}"));
        if !remove_file(unfinished.as_ref())? {
            break;
        }
    }
    Ok(())
}

/// Removes a file that may be gone already; returns whether it was there.
fn remove_file(path: &std::path::Path) -> std::io::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
