//! What was decided, written down outside of the database: the folder `deletions`, with a file for each erasure and one
//! for whatever else was decided, on the disk before the request is answered and before anything is destroyed.
//!
//! A backup of the database does not know what was deleted, taken back, kept or handed to others after it was made. This
//! folder does. It has no content, no name and no id of a child, a guardian or a recording: those are marks under the tombstone key
//! ([`mark_of_id`](crate::tombstone::Tombstones::mark_of_id)), by which a restored database finds its own. It has the
//! erasures' ids, which a parent may have noted, and what the ledger's entries of all that commit to.
//!
//! No file is ever changed: what is said later is said in a [note] of its own, so no writer that comes late takes
//! anything back. The notes of a day become one file, and a file goes when no backup is left that does not know what it
//! says ([prune]).

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use proof::{Hash, merkle::leaf_hash};
use rules::{ErasureId, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::{Row, query, query_as, query_scalar};

use self::file::{Deletion, END, Head, Line, Reader, begin_deletion};
use crate::{core::Core, db, erasure::view, faults, files, hex::hex, tombstone::Mark};

pub mod file;
pub mod note;
mod prune;

pub use prune::prune;

/// The folder, in the data folder.
pub const FOLDER: &str = "deletions";
/// A copy of the ledger's last checkpoint, in the folder: a backup's ledger may be older.
pub const CHECKPOINT: &str = "checkpoint";
/// What the name of a note's file begins with.
const NOTE: &str = "note_";
/// Items written in one go: bounds memory.
const PAGE: i64 = 1000;

/// Brings the folder up to date with the database.
pub async fn keep(core: &Core) -> anyhow::Result<()> {
    let _alone = core.writing_down.lock().await;
    loop {
        let erasures: Vec<String> = query_scalar(
            // What is done has been written down, and its plan is gone.
            "SELECT id FROM erasure WHERE journaled = 0 AND finished_at IS NULL ORDER BY id LIMIT ?",
        )
        .bind(PAGE)
        .fetch_all(core.db.read())
        .await?;
        let notes: Vec<(i64, i64, String)> =
            query_as("SELECT number, at, said FROM note ORDER BY number LIMIT ?")
                .bind(PAGE)
                .fetch_all(core.db.read())
                .await?;
        if erasures.is_empty() && notes.is_empty() {
            return Ok(());
        }
        let is_all = erasures.len().max(notes.len()) < PAGE as usize;
        let folder = folder(&core.data)?;
        for id in &erasures {
            let id = view::erasure_id(id)?;
            write(core, &folder, id).await.context("cannot write down what is to be deleted")?;
        }
        if !notes.is_empty() {
            write_notes(core, &folder, notes.iter()).context("cannot write down what was decided")?;
        }
        files::settle(&folder)?;
        faults::point("journal-written");
        let mut tx = core.db.write_effect().await?;
        for id in erasures {
            query("UPDATE erasure SET journaled = 1 WHERE id = ?").bind(id).execute(&mut *tx).await?;
        }
        for (number, ..) in notes {
            query("DELETE FROM note WHERE number = ?").bind(number).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        // Nobody waits for what others decide meanwhile.
        if is_all {
            return Ok(());
        }
    }
}

/// Writes down what the ledger has published, whole or not: a power cut leaves this one or the one before. One process at
/// a time publishes.
pub fn note_checkpoint(data: &Path, text: &str) -> io::Result<()> {
    files::replace(&folder(data)?.join(CHECKPOINT), text.as_bytes())
}

/// The folder. Where it is not there it is made, for good.
fn folder(data: &Path) -> io::Result<PathBuf> {
    let folder = data.join(FOLDER);
    if !folder.is_dir() {
        std::fs::create_dir_all(&folder)?;
        files::settle(data)?;
    }
    Ok(folder)
}

/// Clears away what processes had begun to write that do not live any more.
pub fn sweep(core: &Core) -> anyhow::Result<()> {
    let entries = match std::fs::read_dir(core.data.join(FOLDER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let staged = name.strip_suffix(".new").and_then(|name| name.split_once('.'));
        let owner = staged.and_then(|(_, writer)| writer.split_once('-')).map(|(owner, _)| owner);
        if let Some(owner) = owner
            && !core.owner.is_alive(owner)?
        {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Writes a file of notes, the last one the last; returns which file.
fn write_notes<'a>(
    core: &Core,
    folder: &Path,
    notes: impl DoubleEndedIterator<Item = &'a (i64, i64, String)> + Clone,
) -> io::Result<PathBuf> {
    let last = notes.clone().next_back().map_or(0, |(number, ..)| *number);
    let text = file::notes(&core.tombstones.mark_of_key(), notes);
    // Of the same text whoever writes it; a number that a lost database had given may be given again.
    let name = format!("{NOTE}{last:012}-{}", hex(&Sha256::digest(&text)[..8]));
    let staged = staged(core, folder, &name);
    let mut file = File::create(&staged)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let path = folder.join(name);
    std::fs::rename(staged, &path)?;
    Ok(path)
}

/// Under which name this process writes a file until it is whole.
fn staged(core: &Core, folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.{}-{:016x}.new", core.owner.name(), rand::random::<u64>()))
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn write(core: &Core, folder: &Path, id: ErasureId) -> anyhow::Result<()> {
    // Of one moment: another engine may carry it out, and the end of that is the end of its plan.
    let mut tx = core.db.read().begin().await?;
    let erasure = query(
        "SELECT guardian, scope, contested, requested_at, sealed_until, expected_by, due_by FROM erasure
         WHERE id = ? AND finished_at IS NULL",
    )
    .bind(id.to_string())
    .fetch_optional(&mut *tx)
    .await?;
    let Some(erasure) = erasure else { return Ok(()) };
    let marks = &core.tombstones;
    let guardian: Option<String> = erasure.try_get(0)?;
    let time = |column: usize| erasure.try_get::<i64, _>(column);
    let head = Deletion {
        id,
        guardian: guardian.map(|guardian| marks.mark_of_id(&guardian)),
        scope: erasure.try_get(1)?,
        contested: erasure.try_get(2)?,
        times: [time(3)?, time(4)?, time(5)?, time(6)?],
    };
    let staged = staged(core, folder, &id.to_string());
    let mut file = BufWriter::new(File::create(&staged)?);
    begin_deletion(&mut file, &marks.mark_of_key(), &head)?;
    let entered: Vec<(String, String)> = query_as(
        "SELECT l.leaf, l.body FROM erasure_child c JOIN ledger_entry l ON l.place = c.requested WHERE c.erasure = ?",
    )
    .bind(id.to_string())
    .fetch_all(&mut *tx)
    .await?;
    for (leaf, body) in entered {
        writeln!(file, "{}", Line::Entry(leaf_hash(leaf.as_bytes()), body))?;
    }
    let children: Vec<String> = query_scalar(
        "SELECT c.id FROM erasure_child e JOIN child c ON c.number = e.child WHERE e.erasure = ?",
    )
    .bind(id.to_string())
    .fetch_all(&mut *tx)
    .await?;
    for child in children {
        writeln!(file, "{}", Line::Child(marks.mark_of_id(&child)))?;
        let mut after = String::new();
        loop {
            let page: String = query_scalar(
                "SELECT json_group_array(json_array(recording, stores)) FROM (
                     SELECT recording, stores FROM erasure_item WHERE erasure = ? AND child = ? AND recording > ?
                     ORDER BY recording LIMIT ?)",
            )
            .bind(id.to_string())
            .bind(&child)
            .bind(&after)
            .bind(PAGE)
            .fetch_one(&mut *tx)
            .await?;
            let mut page: Vec<(String, u32)> = db::rows(&page)?;
            page.sort_unstable();
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (recording, stores) in page {
                writeln!(file, "{}", Line::Item(marks.mark_of_id(&recording), stores))?;
            }
        }
    }
    let mut after = String::new();
    loop {
        let page: String = query_scalar(
            // By the index of those of an erasure, or all there are would be read.
            "SELECT json_group_array(lower(hex(hash))) FROM (
                 SELECT hash FROM tombstone WHERE erasure = ? AND erasure <> '' AND hash > unhex(?)
                 ORDER BY hash LIMIT ?)",
        )
        .bind(id.to_string())
        .bind(&after)
        .bind(PAGE)
        .fetch_one(&mut *tx)
        .await?;
        let mut page: Vec<String> = db::rows(&page)?;
        page.sort_unstable();
        let Some(last) = page.last() else { break };
        after.clone_from(last);
        for hash in page {
            writeln!(file, "{}", Line::Tombstone(file::mark(&hash).context("no tombstone")?))?;
        }
    }
    writeln!(file, "{END}")?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(std::fs::rename(staged, folder.join(id.to_string()))?)
}

/// What the folder has.
#[derive(Debug, Default)]
pub struct Kept {
    /// The files of deletions, in the order in which they were asked for.
    pub deletions: Vec<(ErasureId, PathBuf)>,
    /// Those of notes, in the order in which they were written.
    pub notes: Vec<PathBuf>,
}

/// Everything that the folder of a data folder has.
pub fn all(data: &Path) -> anyhow::Result<Kept> {
    let mut kept = Kept::default();
    let entries = match std::fs::read_dir(data.join(FOLDER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(kept),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        match name.split_once('.') {
            _ if name.starts_with(CHECKPOINT) => {}
            None if name.starts_with(NOTE) => kept.notes.push(entry.path()),
            None => {
                let id = name.parse().with_context(|| foreign(&entry.path()))?;
                kept.deletions.push((id, entry.path()));
            }
            // Being written when somebody was killed: not one that anybody was told of.
            Some((_, staged)) if staged.ends_with(".new") => {}
            Some(_) => bail!(foreign(&entry.path())),
        }
    }
    kept.deletions.sort();
    kept.notes.sort();
    Ok(kept)
}

/// The number of the last note that the folder has; 0 where there is none.
pub fn last_note(data: &Path) -> anyhow::Result<i64> {
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(name) = all(data)?.notes.last().and_then(name) else { return Ok(0) };
    let number = name.strip_prefix(NOTE).and_then(|name| name.split_once('-'));
    number.context("a note without a number")?.0.parse().context("a note without a number")
}

fn foreign(path: &Path) -> String {
    format!("{} is no file of this service: move it away", path.display())
}

impl Kept {
    /// Every file.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.deletions.iter().map(|(_, path)| &**path).chain(self.notes.iter().map(|path| &**path))
    }
}

/// What the folder says of an entry of the ledger.
#[derive(Debug)]
pub struct Said {
    /// What it commits to.
    pub body: String,
    /// When it was decided.
    pub at: Timestamp,
}

/// The ledger's entries of which the folder says what they commit to, by the hashes of their leaves; of notes those
/// after the one with this number.
pub fn entries(data: &Path, key: &Mark, known: i64) -> anyhow::Result<HashMap<Hash, Said>> {
    let mut entries = HashMap::new();
    let Kept { deletions, notes } = all(data)?;
    for (_, path) in deletions {
        let mut file = Reader::open(&path, key)?;
        let Head::Deletion(Deletion { times: [asked, ..], .. }) = file.head else {
            bail!("{} is no file of a deletion", path.display())
        };
        // They come first, and what is to be deleted is long.
        while let Some(Line::Entry(hash, body)) = file.line()? {
            entries.insert(hash, Said { body, at: Timestamp::from_ms(asked) });
        }
    }
    for path in notes {
        let (mut file, mut note) = (Reader::open(&path, key)?, None);
        while let Some(line) = file.line()? {
            match line {
                Line::Note(number, at) => note = Some(at).filter(|_| number > known),
                Line::Entry(hash, body) => {
                    entries.extend(note.map(|at| (hash, Said { body, at })));
                }
                _ => {}
            }
        }
    }
    Ok(entries)
}
