//! What was decided since the backup and is no deletion: undos, keeps, and what was refused on its way.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

use anyhow::bail;
use rules::{Date, ErasureId, KeepId};
use sqlx::{Sqlite, Transaction, query, query_as, query_scalar};

use super::known::Known;
use crate::{
    core::Core,
    journal::{
        file::{Head, Line, Reader},
        note,
    },
    tombstone::{self, Mark},
};

/// Recordings looked at in one go.
const PAGE: i64 = 1000;

/// Who keeps a recording until when, or does not keep it any more, in the order in which that was said.
type Keeps = Vec<(Mark, Option<Date>)>;

/// What the notes of the folder `deletions` say that the backup does not know.
#[derive(Default)]
pub struct Decisions {
    /// What was taken back, also of what the backup knows.
    pub undone: BTreeSet<ErasureId>,
    /// Of each child the keeps of each recording.
    keeps: HashMap<Mark, HashMap<Mark, Keeps>>,
    /// What was refused because it had set out before a deletion.
    arriving: Vec<(Option<ErasureId>, Mark)>,
    /// The number of the last note.
    last: i64,
}

impl Decisions {
    /// Reads the notes. Those that the backup's database has made itself it knows.
    pub async fn read(core: &Core, notes: &[PathBuf]) -> anyhow::Result<Self> {
        let (known, key) = (note::last(&core.db).await?, core.tombstones.mark_of_key());
        let mut decisions = Self { last: known, ..Self::default() };
        let mut files = Vec::new();
        for path in notes {
            let file = Reader::open(path, &key)?;
            let Head::Note { number, .. } = file.head else { bail!("{} is no note", path.display()) };
            files.push((number, path));
        }
        // In the order in which it was decided, whatever their names are.
        files.sort_by_key(|(number, _)| *number);
        for (number, path) in files {
            decisions.last = decisions.last.max(number);
            decisions.take(&mut Reader::open(path, &key)?, number > known)?;
        }
        Ok(decisions)
    }

    fn take(&mut self, file: &mut Reader, is_new: bool) -> anyhow::Result<()> {
        let (mut child, mut guardian, mut erasure) = (None, None, None);
        while let Some(line) = file.line()? {
            match line {
                Line::Undone(id) => {
                    self.undone.insert(id);
                }
                Line::Child(mark) => child = Some(mark),
                Line::Guardian(mark) => guardian = Some(mark),
                Line::Arriving(id) => erasure = id,
                Line::Keep(recording, until) if is_new => {
                    let (Some(child), Some(guardian)) = (child, guardian) else { bail!("a keep of nobody") };
                    let keeps = self.keeps.entry(child).or_default().entry(recording).or_default();
                    keeps.push((guardian, until));
                }
                Line::Tombstone(mark) if is_new => self.arriving.push((erasure, mark)),
                Line::Keep(..) | Line::Tombstone(_) | Line::Entry(..) => {}
                Line::Item(..) => bail!("a note deletes nothing"),
            }
        }
        Ok(())
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
        note::go_on_after(&mut tx, self.last).await?;
        Ok(tx.commit().await?)
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
    let mut after = i64::MIN;
    loop {
        let page: Vec<(i64, String)> =
            query_as("SELECT seq, id FROM recording WHERE child = ? AND seq > ? ORDER BY seq LIMIT ?")
                .bind(child)
                .bind(after)
                .bind(PAGE)
                .fetch_all(&mut **tx)
                .await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        for (seq, recording) in page {
            for (guardian, until) in keeps.get(&core.tombstones.mark_of_id(&recording)).into_iter().flatten()
            {
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
    }
}
