//! The sound and video files: one object a recording, `media/<child>/<recording>`, encrypted.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
    sync::Arc,
};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};
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
}

impl Media {
    /// The media below `folder`, which is also the root of `objects`.
    #[must_use]
    pub const fn new(objects: Arc<dyn ObjectStore>, folder: PathBuf) -> Self {
        Self { objects, folder }
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
        let names: Vec<_> = items.iter().map(|item| Ok(object(item.child, item.recording))).collect();
        let mut deleted = self.objects.delete_stream(stream::iter(names).boxed());
        while let Some(result) = deleted.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let folders: BTreeSet<PathBuf> =
            items.iter().map(|item| self.folder.join(prefix(item.child).as_ref())).collect();
        let sought: HashSet<String> = items.iter().map(|item| item.recording.to_string()).collect();
        tokio::task::spawn_blocking(move || folders.iter().try_for_each(|folder| settle(folder, &sought)))
            .await
            .map_err(std::io::Error::other)??;
        Ok(())
    }

    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        // Whatever the folder still lists, unfinished uploads ("name#1") included: those the object
        // store itself would hide.
        let sought: HashSet<String> = items.iter().map(|item| item.recording.to_string()).collect();
        let folders: BTreeSet<PathBuf> =
            items.iter().map(|item| self.folder.join(prefix(item.child).as_ref())).collect();
        let found = tokio::task::spawn_blocking(move || -> std::io::Result<u64> {
            let mut found = 0;
            for folder in folders {
                for entry in entries(&folder)? {
                    let name = entry?.file_name();
                    let name = name.to_string_lossy();
                    let recording = name.split_once('#').map_or(&*name, |(recording, _)| recording);
                    found += u64::from(sought.contains(recording));
                }
            }
            Ok(found)
        });
        Ok(found.await.map_err(std::io::Error::other)??)
    }
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

/// Removes unfinished uploads of what was `erased`, makes removals durable, once a folder instead of
/// once a file, and drops the folder if it is empty.
fn settle(folder: &std::path::Path, erased: &HashSet<String>) -> std::io::Result<()> {
    for entry in entries(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().split_once('#').is_some_and(|(id, _)| erased.contains(id)) {
            remove(&entry.path())?;
        }
    }
    match std::fs::File::open(folder) {
        Ok(open) => open.sync_all()?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    // Fails when anything is in it, which is as it should be.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

/// Removes what an unfinished upload of `name` may have left in `folder`.
pub fn remove_unfinished(folder: &std::path::Path, name: &Path) -> std::io::Result<()> {
    let path = folder.join(name.as_ref());
    let (Some(parent), Some(file)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let staged = format!("{}#", file.to_string_lossy());
    for entry in entries(parent)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&staged) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file that may be gone already.
fn remove(path: &std::path::Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
