//! The keys of the media, one a recording.

use std::sync::Arc;

use async_trait::async_trait;
use rules::StoreId;

use super::{Holds, Item, Store, StoreError, Subject, count};
use crate::keys::{Keys, Owner};

/// The keys as a store: destroying one makes every copy of its media unreadable.
pub struct MediaKeys {
    keys: Arc<Keys>,
}

impl MediaKeys {
    pub const fn new(keys: Arc<Keys>) -> Self {
        Self { keys }
    }
}

#[async_trait]
impl Store for MediaKeys {
    fn id(&self) -> StoreId {
        StoreId::Keys
    }

    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        Ok(Holds { copies: count(self.keys.count(child.id).await?), bytes: None })
    }

    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        self.keys.destroy(&owners(items)).await?;
        Ok(self.keys.empty_wal().await?)
    }

    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        // The way a player takes, and the files as bytes: neither asks the rows that were deleted.
        Ok(self.keys.traces(&owners(items)).await?)
    }
}

fn owners(items: &[Item]) -> Vec<Owner> {
    items.iter().map(|item| (item.child, item.recording)).collect()
}
