//! What no backup needs any more goes, and notes are put together.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::atomic::Ordering,
};

use anyhow::Context;
use rules::{Date, ErasureId, Timestamp, retention::backups_have_ended};
use sqlx::query_scalar;

use super::{
    FOLDER, Kept, all,
    file::{self, Deletion, Head, Line, Reader},
    remove, write_notes,
};
use crate::{core::Core, files};

/// How often it is looked for what is not needed any more, in milliseconds.
const EVERY_MS: i64 = 3_600_000;

/// Removes what no backup needs any more, an hour after it did the last time: a backup that does not know
/// what a file says has ended, or [`restore`](crate::restore) refuses it. What stays of earlier days is put together.
pub async fn prune(core: &Core) -> anyhow::Result<()> {
    let now = core.clock.now();
    if (0..EVERY_MS).contains(&(now.ms() - core.pruned_at.load(Ordering::Relaxed))) {
        return Ok(());
    }
    core.pruned_at.store(now.ms(), Ordering::Relaxed);
    let Kept { deletions, notes } = all(&core.data)?;
    let key = core.tombstones.mark_of_key();
    let ended = |over: Timestamp| backups_have_ended(over.date(), now.date());
    let mut left = BTreeSet::new();
    for (id, path) in deletions {
        let known: Option<Option<i64>> = query_scalar("SELECT finished_at FROM erasure WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(core.db.read())
            .await?;
        let over = match known {
            Some(finished_at) => finished_at.map(Timestamp::from_ms),
            // A restored database does not know it: of children that came after the backup, or taken back before the loss.
            None => understood(Reader::open(&path, &key)).map(|file| file.head.over()),
        };
        if over.is_some_and(ended) {
            remove(&path)?;
        } else {
            left.insert(id);
        }
    }
    for path in notes {
        let Some(mut file) = understood(Reader::open(&path, &key)) else { continue };
        // They are in their order: the next ones are newer.
        if !ended(file.head.over()) {
            break;
        }
        // Without the note a restoring would carry out what was taken back.
        if understood(takes_back(&mut file, &left)) == Some(false) {
            remove(&path)?;
        }
    }
    gather(core, now.date())
}

/// What could be read. What could not stays, and somebody should look at it.
fn understood<T>(read: anyhow::Result<T>) -> Option<T> {
    read.inspect_err(|error| {
        tracing::warn!(error = format!("{error:#}"), "a file of deletions/ is not understood");
    })
    .ok()
}

/// Whether a note takes back any of these.
fn takes_back(notes: &mut Reader, deletions: &BTreeSet<ErasureId>) -> anyhow::Result<bool> {
    while let Some(line) = notes.line()? {
        if matches!(line, Line::Undone(id) if deletions.contains(&id)) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Head {
    /// When all that it says was done, as far as the file says so itself.
    const fn over(&self) -> Timestamp {
        match self {
            Self::Deletion(Deletion { times: [.., due], .. }) => Timestamp::from_ms(*due),
            Self::Notes(until) => *until,
        }
    }
}

/// Makes one file of the notes of each day that is over, and removes the others then: there may be thousands a day.
fn gather(core: &Core, today: Date) -> anyhow::Result<()> {
    let (folder, key) = (core.data.join(FOLDER), core.tombstones.mark_of_key());
    let mut days: BTreeMap<Date, Vec<PathBuf>> = BTreeMap::new();
    for path in all(&core.data)?.notes {
        if let Ok(Head::Notes(until)) = Reader::open(&path, &key).map(|file| file.head)
            && until.date() < today
        {
            days.entry(until.date()).or_default().push(path);
        }
    }
    for paths in days.into_values().filter(|paths| paths.len() > 1) {
        let mut notes = BTreeSet::new();
        for path in &paths {
            let text = std::fs::read_to_string(path)?;
            notes.extend(file::notes_of(&text).with_context(|| format!("{} is not whole", path.display()))?);
        }
        let together = write_notes(core, &folder, notes.iter())?;
        files::settle(&folder)?;
        for path in paths.iter().filter(|path| **path != together) {
            remove(path)?;
        }
    }
    Ok(())
}
