//! The places where copies live. Each can say what it holds of a child, erase, and be probed on a
//! path that its erasing does not use. A place that cannot do all three does not register (R6):
//! the trait has no default methods.

use std::sync::Arc;

use async_trait::async_trait;
use object_store::ObjectStore;
use rules::{ChildId, RecordingId, StoreId, Stores};

use crate::{
    db::Db,
    keys::{KeyError, Keys},
};

mod catalogue;
pub(crate) mod derived;
pub mod keys;
pub mod media;
pub mod places;
mod search_index;
mod table;

/// A child as stores know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Its number in the database.
    pub number: i64,
    /// Its id.
    pub id: ChildId,
}

/// One recording as stores know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Its place in time, and its key in every table.
    pub seq: i64,
    /// Its id, and the name of its media object.
    pub recording: RecordingId,
    /// Whose it is.
    pub child: ChildId,
    /// What of it is to be forgotten, in whichever store: the keys' store destroys the keys of exactly that.
    pub stores: Stores,
}

/// What a store holds of a child.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holds {
    /// Copies, one a recording, sealed ones included.
    pub copies: u64,
    /// Bytes of all of them, where the store can tell.
    pub bytes: Option<u64>,
}

/// Why a store could not do what it was asked. Nothing is worse for having asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The object store failed.
    #[error("objects: {0}")]
    Objects(#[from] object_store::Error),
    /// The folder failed.
    #[error("folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The keys failed.
    #[error("keys: {0}")]
    Keys(#[from] KeyError),
    /// What was erased could not be taken out of the files yet.
    #[error("keys: {0}")]
    Log(#[from] anyhow::Error),
}

/// A named place where copies live.
#[async_trait]
pub trait Store: Send + Sync {
    /// Which one it is.
    fn id(&self) -> StoreId;

    /// What it holds of a child.
    async fn list(&self, child: Subject) -> Result<Holds, StoreError>;

    /// Erases every copy of these recordings. What is absent already is no error: a crash may have
    /// come between an erasure and its note.
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError>;

    /// How many of these recordings it still holds anything of, found on another path than
    /// [`Store::erase`] takes.
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError>;
}

/// Every store of the inventory, in the order of erasure.
#[must_use]
pub fn inventory(
    db: &Db,
    keys: &Arc<Keys>,
    media: &Arc<dyn ObjectStore>,
    folder: &std::path::Path,
) -> Vec<Box<dyn Store>> {
    StoreId::ALL
        .into_iter()
        .map(|id| -> Box<dyn Store> {
            match id {
                StoreId::Keys => Box::new(keys::KeysOfParts::new(keys.clone(), db.clone())),
                StoreId::Media => Box::new(media::Media::new(media.clone(), folder.to_owned())),
                StoreId::Transcript | StoreId::Location | StoreId::Waveform => {
                    Box::new(table::Table::new(id, db.clone()))
                }
                StoreId::Fact
                | StoreId::Voiceprint
                | StoreId::Thumbnail
                | StoreId::Dataset
                | StoreId::FromLocation => Box::new(derived::Derived::new(id, db.clone())),
                StoreId::SearchIndex => Box::new(search_index::SearchIndex::new(db.clone())),
                StoreId::Catalogue => Box::new(catalogue::Catalogue::new(db.clone())),
            }
        })
        .collect()
}

/// The stores of what was made from recordings by others than this service.
pub const DERIVED: [StoreId; 5] =
    [StoreId::Fact, StoreId::Voiceprint, StoreId::Thumbnail, StoreId::Dataset, StoreId::FromLocation];

/// The `seq` of every item as a JSON array: one bind whatever the number, read by `json_each`.
fn seqs(items: &[Item]) -> String {
    serde_json::Value::from_iter(items.iter().map(|item| item.seq)).to_string()
}

/// The children of the items as a JSON array of ids.
fn children(items: &[Item]) -> String {
    let mut ids: Vec<String> = items.iter().map(|item| item.child.to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    serde_json::Value::from(ids).to_string()
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
