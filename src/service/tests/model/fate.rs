//! What the test has stores do; it outlives the process that they are in.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use rules::StoreId;
use service::store::{Holds, Item, Store, StoreError, Subject};
use tokio::sync::Notify;

use crate::{
    history::How,
    met::{Case, Met},
};

/// Stores that can fail or be killed in.
pub const FAILING: [StoreId; 7] = [
    StoreId::Keys,
    StoreId::Media,
    StoreId::Transcript,
    StoreId::Location,
    StoreId::SearchIndex,
    StoreId::Fact,
    StoreId::Catalogue,
];

#[derive(Default)]
pub struct Fate {
    broken: Mutex<BTreeMap<StoreId, (u32, How)>>,
    dies_at: Mutex<Option<(StoreId, bool)>>,
    /// Told where the process stands still to be killed.
    pub dead: Notify,
    met: Met,
}

impl Fate {
    pub fn new(met: &Met) -> Self {
        Self { met: met.clone(), ..Self::default() }
    }

    pub fn breaks(&self, store: StoreId, times: u32, how: How) {
        self.broken.lock().unwrap().insert(store, (times, how));
    }

    pub fn mended(&self) {
        self.broken.lock().unwrap().clear();
    }

    pub fn dies_at(&self, place: Option<(StoreId, bool)>) {
        *self.dies_at.lock().unwrap() = place;
    }

    /// Stands still for ever where the process is to die.
    async fn reach(&self, store: StoreId, probing: bool) {
        if *self.dies_at.lock().unwrap() == Some((store, probing)) {
            self.met.with(if probing { Case::DiedProbing } else { Case::DiedErasing });
            self.dead.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn fails(&self, store: StoreId) -> Option<How> {
        let mut broken = self.broken.lock().unwrap();
        let (times, how) = broken.get_mut(&store).filter(|(times, _)| *times > 0)?;
        *times -= 1;
        self.met.with(match how {
            How::Fails => Case::Failed,
            How::FailsHavingDoneIt => Case::FailedHavingDoneIt,
            How::Lies => Case::Lied,
        });
        Some(*how)
    }
}

/// A store that does what is fated.
pub struct Fated(pub Box<dyn Store>, pub Arc<Fate>);

#[async_trait::async_trait]
impl Store for Fated {
    fn id(&self) -> StoreId {
        self.0.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.0.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        self.1.reach(self.id(), false).await;
        let how = self.1.fails(self.id());
        if matches!(how, None | Some(How::FailsHavingDoneIt)) {
            self.0.erase(items).await?;
        }
        match how {
            None | Some(How::Lies) => Ok(()),
            Some(_) => Err(StoreError::Folder(std::io::Error::other("the disk says no"))),
        }
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        self.1.reach(self.id(), true).await;
        self.0.probe(items).await
    }
}
