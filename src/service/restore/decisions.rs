//! What was decided since the backup and is no deletion: undos, keeps, what was handed to others, and what was refused on
//! its way.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

use anyhow::{bail, ensure};
use rules::{Date, ErasureId, KeepId, RecordingId, Timestamp, processor::ClassSet};
use sqlx::{Sqlite, Transaction, query, query_as, query_scalar};

use super::known::Known;
use crate::{
    core::Core,
    journal::{
        self,
        file::{Line, Reader},
        note,
    },
    session::id,
    tombstone::{self, Mark},
};

/// Recordings looked at in one go.
const PAGE: i64 = 1000;

/// Who keeps a recording until when, or does not keep it any more, in the order in which that was said.
type Keeps = Vec<(Mark, Option<Date>)>;

/// What was handed to whom, and when.
type Given = (String, ClassSet, Timestamp);

/// What the notes of the folder `deletions` say that the backup does not know.
#[derive(Default)]
pub struct Decisions {
    /// What was taken back, also of what the backup knows.
    pub undone: BTreeSet<ErasureId>,
    /// Of each child the keeps of each recording.
    keeps: HashMap<Mark, HashMap<Mark, Keeps>>,
    /// Of each child what of its recordings was handed to whom, and when.
    given: HashMap<Mark, HashMap<Mark, Vec<Given>>>,
    /// What was refused because it had set out before a deletion.
    arriving: Vec<(Option<ErasureId>, Mark)>,
    /// The number of the last note.
    last: i64,
}

impl Decisions {
    /// Reads the notes. Those that the backup's database has made itself it knows; those after it have numbers without a
    /// gap, or some of them are missing and nobody goes on without them unasked.
    pub async fn read(core: &Core, notes: &[PathBuf], accepts_missing: bool) -> anyhow::Result<Self> {
        let (known, key) = (note::known(&core.db).await?, core.tombstones.mark_of_key());
        let mut decisions = Self { last: known, ..Self::default() };
        let mut said: Vec<(i64, Timestamp, Vec<Line>)> = Vec::new();
        for path in notes {
            let mut file = Reader::open(path, &key)?;
            while let Some(line) = file.line()? {
                match (line, said.last_mut()) {
                    (Line::Note(number, at), _) => said.push((number, at, Vec::new())),
                    // What was taken back is so, whoever knows it.
                    (line @ Line::Undone(_), Some((.., lines))) => lines.push(line),
                    (Line::Entry(..), Some(_)) => {}
                    (line, Some((number, _, lines))) => lines.extend(Some(line).filter(|_| *number > known)),
                    (_, None) => bail!("{} is not whole", path.display()),
                }
            }
        }
        // In the order in which it was decided, whatever file it is in.
        said.sort_by_key(|(number, ..)| *number);
        for (number, at, lines) in said {
            ensure!(
                accepts_missing || number <= decisions.last + 1,
                "{}/ lacks what was decided between note {} and note {number}, after the backup: copy the newest copy of it to {} and \
                 restore again, or go on without, --accept-missing-deletions",
                journal::FOLDER,
                decisions.last,
                core.data.display()
            );
            decisions.last = decisions.last.max(number);
            decisions.take(lines, at)?;
        }
        Ok(decisions)
    }

    fn take(&mut self, lines: Vec<Line>, at: Timestamp) -> anyhow::Result<()> {
        let (mut child, mut guardian, mut erasure) = (None, None, None);
        for line in lines {
            match line {
                Line::Undone(id) => {
                    self.undone.insert(id);
                }
                Line::Child(mark) => child = Some(mark),
                Line::Guardian(mark) => guardian = Some(mark),
                Line::Arriving(id) => erasure = id,
                Line::Keep(recording, until) => {
                    let (Some(child), Some(guardian)) = (child, guardian) else { bail!("a keep of nobody") };
                    let keeps = self.keeps.entry(child).or_default().entry(recording).or_default();
                    keeps.push((guardian, until));
                }
                Line::Given(recording, classes, processor) => {
                    let Some(child) = child else { bail!("something is handed over of nobody") };
                    let given = self.given.entry(child).or_default().entry(recording).or_default();
                    given.push((processor, classes, at));
                }
                Line::Tombstone(mark) => self.arriving.push((erasure, mark)),
                Line::Note(..) | Line::Entry(..) => {}
                Line::Item(..) => bail!("a note deletes nothing"),
            }
        }
        Ok(())
    }

    /// Notes again what was handed over, before anything of it is deleted again: whoever has it is asked to delete it.
    pub async fn hand_over(&self, core: &Core, known: &Known) -> anyhow::Result<()> {
        let mut tx = core.db.write().await?;
        for (child, given) in &self.given {
            let Some((number, _)) = known.child(child) else { continue };
            for (seq, id, given) in of_child(core, &mut tx, number, given).await? {
                for (processor, classes, at) in given {
                    let name = core.processors.recording(processor, id);
                    query(
                        "INSERT INTO disclosure (seq, processor, child, name, classes, disclosed_at) VALUES (?, ?, ?, ?, ?, ?)
                         ON CONFLICT (seq, processor) DO UPDATE SET classes = classes | excluded.classes,
                             disclosed_at = max(disclosed_at, excluded.disclosed_at),
                             confirmed = confirmed & ~excluded.classes",
                    )
                    .bind(seq)
                    .bind(processor)
                    .bind(number)
                    .bind(name)
                    .bind(classes.bits())
                    .bind(at.ms())
                    .execute(&mut *tx)
                    .await?;
                }
            }
        }
        Ok(tx.commit().await?)
    }

    /// Makes the restored database what they say. Whole or not at all, and once: what it decides from now on comes after it.
    pub async fn apply(&self, core: &Core, known: &Known) -> anyhow::Result<()> {
        let mut tx = core.db.write().await?;
        for (child, keeps) in &self.keeps {
            if let Some((number, _)) = known.child(child) {
                keep(core, &mut tx, known, number, keeps).await?;
            }
        }
        for (erasure, mark) in &self.arriving {
            // As the ledger's readers were told: with the deletion while that is open, for good once it is over.
            let mut open = None;
            if let Some(id) = erasure {
                if self.undone.contains(id) {
                    continue;
                }
                let is_open: bool = query_scalar(
                    "SELECT EXISTS (SELECT 1 FROM erasure WHERE id = ? AND finished_at IS NULL)",
                )
                .bind(id.to_string())
                .fetch_one(&mut *tx)
                .await?;
                open = is_open.then_some(*id);
            }
            tombstone::bury_marks(&mut tx, open, &[*mark]).await?;
        }
        note::end_replay(&mut tx, self.last).await?;
        Ok(tx.commit().await?)
    }
}

/// Those recordings of a child of which anything is said, with that.
async fn of_child<'a, T>(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    child: i64,
    said: &'a HashMap<Mark, Vec<T>>,
) -> sqlx::Result<Vec<(i64, RecordingId, &'a [T])>> {
    let (mut after, mut found) = (i64::MIN, Vec::new());
    loop {
        let page: Vec<(i64, String)> =
            query_as("SELECT seq, id FROM recording WHERE child = ? AND seq > ? ORDER BY seq LIMIT ?")
                .bind(child)
                .bind(after)
                .bind(PAGE)
                .fetch_all(&mut **tx)
                .await?;
        let Some((last, _)) = page.last() else { return Ok(found) };
        after = *last;
        for (seq, recording) in page {
            if let Some(said) = said.get(&core.tombstones.mark_of_id(&recording)) {
                found.push((seq, id(&recording)?, &said[..]));
            }
        }
    }
}

/// Keeps recordings of one child, and gives up what was given up.
async fn keep(
    core: &Core,
    tx: &mut Transaction<'_, Sqlite>,
    known: &Known,
    child: i64,
    keeps: &HashMap<Mark, Keeps>,
) -> sqlx::Result<()> {
    for (seq, _, keeps) in of_child(core, tx, child, keeps).await? {
        for (guardian, until) in keeps {
            let guardian = known.guardian(guardian).to_string();
            let Some(until) = until else {
                query("DELETE FROM keep WHERE seq = ? AND guardian = ?")
                    .bind(seq)
                    .bind(guardian)
                    .execute(&mut **tx)
                    .await?;
                continue;
            };
            let (ms, random) = core.id_parts();
            query(
                "INSERT INTO keep (id, seq, guardian, until, created_at) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (seq, guardian) DO UPDATE SET until = excluded.until",
            )
            .bind(KeepId::from_parts(ms, random).to_string())
            .bind(seq)
            .bind(guardian)
            .bind(until.days())
            .bind(core.clock.now().ms())
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}
