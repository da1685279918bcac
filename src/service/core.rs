//! What every part of the service stands on: the database, the stores, the clock, the settings
//! that decide something.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicI64},
};

use object_store::{ObjectStore, local::LocalFileSystem};
use rules::erasure::UNDO_WINDOW_SECONDS;
use tokio::sync::{Mutex, Notify, watch};

use crate::{
    clock::{Clock, SystemClock},
    db::Db,
    derived, journal,
    keys::{self, Keys},
    ledger::{self, Ledger},
    owner::Owner,
    processors::{Processor, Processors},
    restore, search,
    store::{self, Store},
    tombstone::Tombstones,
    upgrade,
};

/// Settings that change what is decided, not where things are.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How long an erasure can be taken back, in seconds.
    pub undo_window_seconds: i64,
    /// The service runs on made-up data and hands out sessions by itself, on loopback only.
    pub demo: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { undo_window_seconds: UNDO_WINDOW_SECONDS, demo: false }
    }
}

/// Opened once a process, shared by everything in it.
pub struct Core {
    /// The database.
    pub db: Db,
    /// The keys of everything that is held of recordings.
    pub keys: Arc<Keys>,
    /// Recordings' media, an object each, encrypted.
    pub media: Arc<dyn ObjectStore>,
    /// Every store of the inventory, in the order of erasure.
    pub stores: Vec<Box<dyn Store>>,
    /// What was deleted and is refused.
    pub tombstones: Tombstones,
    /// Who is given recordings.
    pub processors: Processors,
    /// What is entered for good.
    pub ledger: Ledger,
    /// Where "now" comes from.
    pub clock: Arc<dyn Clock>,
    /// What is decided differently in a demo.
    pub policy: Policy,
    /// The data folder.
    pub data: PathBuf,
    /// This process, as others see whether it still lives.
    pub owner: Owner,
    /// When the database was last written anew, in milliseconds since 1970; 0: not since the start.
    pub scrubbed_at: AtomicI64,
    /// When the folder `deletions` was last looked through for what is not needed any more, likewise.
    pub(crate) pruned_at: AtomicI64,
    /// Held by who writes into it: whoever comes meanwhile finds written what they had to say.
    pub(crate) writing_down: Mutex<()>,
    /// Wakes the erasure engine before its next tick.
    pub engine: Notify,
    /// Whether the folder is being restored from a backup: until that has ended nothing is served.
    restoring: watch::Sender<bool>,
    /// Held by who carries erasures out: one at a time in a process, whoever asks for it.
    pub(crate) ticking: Mutex<()>,
    /// Changes whenever an erasure does: what progress streams wait for.
    pub progress: watch::Sender<u64>,
}

impl Core {
    /// Opens (or makes) the data folder: `forget-me-not.db`, `keys.db`, `epochs/` and `media/`.
    pub async fn open(data: &Path, policy: Policy) -> anyhow::Result<Arc<Self>> {
        Self::open_with(data, policy, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    pub async fn open_with(data: &Path, policy: Policy, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<Self>> {
        Self::open_to(data, policy, clock, None).await
    }

    /// The same with these processors. Without a list those stay registered that are, and none is asked.
    pub async fn open_to(
        data: &Path,
        policy: Policy,
        clock: Arc<dyn Clock>,
        processors: Option<Vec<Processor>>,
    ) -> anyhow::Result<Arc<Self>> {
        Self::open_with_index(data, policy, clock, processors, None).await
    }

    /// The same, with the words that are searched for in this file from now on, if one is given.
    pub async fn open_with_index(
        data: &Path,
        policy: Policy,
        clock: Arc<dyn Clock>,
        processors: Option<Vec<Processor>>,
        search_index: Option<&Path>,
    ) -> anyhow::Result<Arc<Self>> {
        let owner = Owner::begin(data)?;
        // One process at a time brings the tables up to date.
        let opening = std::fs::File::create(data.join("opening.lock"))?;
        opening.lock()?;
        let stage = restore::stage(data)?;
        anyhow::ensure!(
            !matches!(stage, Some(restore::Stage::Copying(_) | restore::Stage::Placing(_))),
            "{} is being restored and not copied whole: forget-me-not restore goes on with it",
            data.display()
        );
        let db = Db::prepare(data, search_index).await?;
        crate::ingest::refuse_unencrypted(&db, data).await?;
        keys::refuse_lost(&db, data).await?;
        let keys = Arc::new(Keys::open(data, clock.now()).await?);
        let tombstones = Tombstones::open(data, &db).await?;
        upgrade::encrypt(&db, &keys).await?;
        if stage.is_none() {
            search::mend::mend(&db, &keys).await?;
        }
        let processors = Processors::open(data, &db, processors).await?;
        let ledger = Ledger::open(data, ledger::is_begun(&db).await?)?;
        if let Some(stage) = &stage {
            journal::note::begin_replay(&db, journal::last_note(data)?).await?;
            let known = journal::note::known(&db).await?;
            let said = journal::entries(data, &tombstones.mark_of_key(), known)?;
            let brought =
                ledger::restore::catch_up(&db, &ledger, &*clock, &said, stage.accepts_missing()).await?;
            tracing::info!(entries = brought, "brought back from the ledger's public files");
        }
        let media: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(data)?);
        let stores = store::inventory(&db, &keys, &media, data);
        let core = Self {
            db,
            keys,
            media,
            stores,
            tombstones,
            processors,
            ledger,
            clock,
            policy,
            data: data.to_owned(),
            owner,
            scrubbed_at: AtomicI64::new(0),
            pruned_at: AtomicI64::new(0),
            writing_down: Mutex::new(()),
            engine: Notify::new(),
            restoring: watch::Sender::new(stage.is_some()),
            ticking: Mutex::new(()),
            progress: watch::Sender::new(0),
        };
        ledger::inventory::publish(&core).await?;
        drop(opening);
        crate::ingest::sweep(&core).await?;
        derived::sweep(&core).await?;
        journal::sweep(&core)?;
        if let Err(error) = journal::keep(&core).await {
            tracing::error!(
                error = format!("{error:#}"),
                "what was decided is in the database alone until the next try"
            );
        }
        Ok(Arc::new(core))
    }

    /// Milliseconds and randomness for a new id.
    pub fn id_parts(&self) -> (u64, u128) {
        (u64::try_from(self.clock.now().ms()).unwrap_or(0), rand::random())
    }

    /// Whether the folder is being restored.
    #[must_use]
    pub fn is_restoring(&self) -> bool {
        *self.restoring.borrow()
    }

    /// Returns when nothing is being restored.
    pub async fn until_restored(&self) {
        // The sender is a part of this, so it does not go before.
        let _ = self.restoring.subscribe().wait_for(|restoring| !restoring).await;
    }

    /// It is restored.
    pub(crate) fn restored(&self) {
        self.restoring.send_replace(false);
    }

    /// Tells progress streams that something changed.
    pub fn changed(&self) {
        self.progress.send_modify(|n| *n = n.wrapping_add(1));
    }
}
