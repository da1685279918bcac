//! What was asked to be deleted, written down outside of the database: a file for each erasure in the
//! folder `deletions`, on the disk before the request is answered and before anything is destroyed.
//!
//! A backup of the database does not know what was deleted after it was made. This folder does. It has no
//! content, no name and no recording's id: a recording is a mark under the tombstone key
//! ([`mark_of_id`](crate::tombstone::Tombstones::mark_of_id)). It has the ids of child and guardian, which only the database ties
//! to anybody. So it can be copied elsewhere all the time, and be kept for as long as there are backups.
//!
//! ```text
//! forget-me-not/deletion/v1
//! erasure <id>
//! guardian <id or "rule">
//! scope <word>
//! contested <0 or 1>
//! times <asked> <until> <expected> <due>      milliseconds since 1970
//! child <id>                                  for each child, and then of that child:
//! item <mark> <stores>                        a recording, and the bits of the stores that forget it
//! tombstone <mark>                            what is not taken in again
//! end
//! ```
//!
//! One that was taken back is a file of its name with the ending `.undone`, empty.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use rules::{ChildId, ErasureId, ErasureState};
use sqlx::{Row, query, query_as, query_scalar};

use crate::{core::Core, erasure::view, faults, tombstone::Mark};

/// The folder, in the data folder.
pub const FOLDER: &str = "deletions";
/// A copy of the ledger's last checkpoint, in the folder: a backup's ledger may be older.
pub const CHECKPOINT: &str = "checkpoint";
const HEADER: &str = "forget-me-not/deletion/v1";
const UNDONE: &str = "undone";
/// Items written in one go: bounds memory.
const PAGE: i64 = 1000;

/// Brings the folder up to date with the database.
pub async fn keep(core: &Core) -> anyhow::Result<()> {
    let rows: Vec<(String, String)> =
        query_as(
        // What is done has been written down, and its plan is gone.
        "SELECT id, state FROM erasure WHERE journaled = 0 AND (finished_at IS NULL OR state = 'cancelled') ORDER BY id",
    )
            .fetch_all(core.db.read())
            .await?;
    if rows.is_empty() {
        return Ok(());
    }
    let folder = core.data.join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    for (id, state) in &rows {
        let undone = view::state(state)? == ErasureState::Cancelled;
        let id = view::erasure_id(id)?;
        if undone {
            File::create(path(&folder, id, true))?.sync_all()?;
            remove(&path(&folder, id, false))?;
        } else {
            write(core, &folder, id).await.context("cannot write down what is to be deleted")?;
        }
    }
    File::open(&folder)?.sync_all()?;
    faults::point("journal-written");
    let mut tx = core.db.write_effect().await?;
    for (id, state) in rows {
        // One that was taken back meanwhile is written again.
        query("UPDATE erasure SET journaled = 1 WHERE id = ? AND (state = 'cancelled') = ?")
            .bind(id)
            .bind(view::state(&state)? == ErasureState::Cancelled)
            .execute(&mut *tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

/// Writes down what the ledger has published, whole or not: a power cut leaves this one or the one before.
pub fn note_checkpoint(data: &Path, text: &str) -> io::Result<()> {
    let folder = data.join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    let staged = folder.join(format!("{CHECKPOINT}.{:016x}", rand::random::<u64>()));
    let mut file = File::create(&staged)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(staged, folder.join(CHECKPOINT))
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

fn path(folder: &Path, id: ErasureId, undone: bool) -> PathBuf {
    folder.join(if undone { format!("{id}.{UNDONE}") } else { id.to_string() })
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
    let staged = folder.join(format!("{id}.{}-{:016x}.new", core.owner.name(), rand::random::<u64>()));
    let mut file = BufWriter::new(File::create(&staged)?);
    let guardian: Option<String> = erasure.try_get(0)?;
    writeln!(file, "{HEADER}\nerasure {id}\nguardian {}", guardian.as_deref().unwrap_or("rule"))?;
    writeln!(file, "scope {}", erasure.try_get::<String, _>(1)?)?;
    writeln!(file, "contested {}", erasure.try_get::<i64, _>(2)?)?;
    let time = |column: usize| erasure.try_get::<i64, _>(column);
    writeln!(file, "times {} {} {} {}", time(3)?, time(4)?, time(5)?, time(6)?)?;
    let children: Vec<String> = query_scalar(
        "SELECT c.id FROM erasure_child e JOIN child c ON c.number = e.child WHERE e.erasure = ?",
    )
    .bind(id.to_string())
    .fetch_all(&mut *tx)
    .await?;
    for child in children {
        writeln!(file, "child {child}")?;
        let mut after = String::new();
        loop {
            let page: Vec<(String, u32)> = query_as(
                "SELECT recording, stores FROM erasure_item WHERE erasure = ? AND child = ? AND recording > ?
                 ORDER BY recording LIMIT ?",
            )
            .bind(id.to_string())
            .bind(&child)
            .bind(&after)
            .bind(PAGE)
            .fetch_all(&mut *tx)
            .await?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (recording, stores) in page {
                writeln!(file, "item {} {stores}", hex(&core.tombstones.mark_of_id(&recording)))?;
            }
        }
    }
    let mut after: Vec<u8> = Vec::new();
    loop {
        let page: Vec<Vec<u8>> =
            query_scalar("SELECT hash FROM tombstone WHERE erasure = ? AND hash > ? ORDER BY hash LIMIT ?")
                .bind(id.to_string())
                .bind(&after)
                .bind(PAGE)
                .fetch_all(&mut *tx)
                .await?;
        let Some(last) = page.last() else { break };
        after.clone_from(last);
        for mark in page {
            writeln!(file, "tombstone {}", hex(&mark))?;
        }
    }
    writeln!(file, "end")?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(std::fs::rename(staged, path(folder, id, false))?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mark(text: &str) -> Option<Mark> {
    let mut mark = [0; 32];
    (text.len() == 64 && text.is_ascii()).then_some(())?;
    for (n, byte) in mark.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * n..2 * n + 2], 16).ok()?;
    }
    Some(mark)
}

/// What the folder says of one erasure.
#[derive(Debug)]
pub enum Kept {
    /// It was taken back.
    Undone(ErasureId),
    /// It is to be, or was carried out: in the file.
    Deletion(ErasureId, PathBuf),
}

/// Everything the folder says, in the order in which it was asked for.
pub fn all(data: &Path) -> anyhow::Result<Vec<Kept>> {
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(data.join(FOLDER))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        match name.split_once('.') {
            _ if name.starts_with(CHECKPOINT) => {}
            None => kept.push(Kept::Deletion(name.parse().context("a file of another kind")?, entry.path())),
            Some((id, UNDONE)) => kept.push(Kept::Undone(id.parse()?)),
            // Being written when somebody was killed: not one that anybody was told of.
            Some((_, staged)) if staged.ends_with(".new") => {}
            Some(_) => bail!("{} is no file of a deletion", entry.path().display()),
        }
    }
    // What was taken back counts, also where a copy still has the other file.
    let undone: Vec<ErasureId> =
        kept.iter().filter_map(|it| if let Kept::Undone(id) = it { Some(*id) } else { None }).collect();
    kept.retain(|it| !matches!(it, Kept::Deletion(id, _) if undone.contains(id)));
    kept.sort_by_key(|it| match it {
        Kept::Undone(id) | Kept::Deletion(id, _) => id.to_string(),
    });
    Ok(kept)
}

/// Whether the folder says of anything that it is to be deleted.
pub fn has_deletions(data: &Path) -> anyhow::Result<bool> {
    Ok(all(data)?.iter().any(|kept| matches!(kept, Kept::Deletion(..))))
}

/// The head of a deletion's file.
#[derive(Debug)]
pub struct Deletion {
    /// Which.
    pub id: ErasureId,
    /// Who asked; none for the inactivity rule.
    pub guardian: Option<String>,
    /// The kind of its scope.
    pub scope: String,
    /// Whether another guardian kept some of it.
    pub contested: bool,
    /// When it was asked for, until when it can be taken back, when it is expected and due.
    pub times: [i64; 4],
}

/// A line after the head.
#[derive(Debug)]
pub enum Line {
    /// What follows is of this child.
    Child(ChildId),
    /// A recording, and the bits of the stores that forget it.
    Item(Mark, u32),
    /// What is not taken in again.
    Tombstone(Mark),
}

/// Reads a deletion, line by line.
pub struct Reader {
    lines: io::Lines<BufReader<File>>,
    /// What it begins with.
    pub head: Deletion,
}

impl Reader {
    /// Opens a file of the folder.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let broken = || format!("{} is not whole", path.display());
        let mut lines = BufReader::new(File::open(path)?).lines();
        let mut value = |key: &str| -> anyhow::Result<String> {
            let line = lines.next().transpose()?.with_context(broken)?;
            Ok(line.strip_prefix(key).with_context(broken)?.trim_start().to_owned())
        };
        ensure!(value(HEADER)?.is_empty(), broken());
        let id = value("erasure ")?.parse()?;
        let guardian = Some(value("guardian ")?).filter(|guardian| guardian != "rule");
        let (scope, contested) = (value("scope ")?, value("contested ")? == "1");
        let times: Vec<i64> =
            value("times ")?.split(' ').map(str::parse).collect::<Result<_, _>>().with_context(broken)?;
        let times = times.try_into().ok().with_context(broken)?;
        Ok(Self { lines, head: Deletion { id, guardian, scope, contested, times } })
    }

    /// The next line; none at the end. A file that has no end was not copied whole.
    pub fn line(&mut self) -> anyhow::Result<Option<Line>> {
        let line = self.lines.next().transpose()?.context("the file of a deletion ends too early")?;
        let words: Vec<&str> = line.split(' ').collect();
        let line = match words[..] {
            ["end"] => return Ok(None),
            ["child", id] => Some(Line::Child(id.parse()?)),
            ["item", item, stores] => {
                mark(item).map(|item| anyhow::Ok(Line::Item(item, stores.parse()?))).transpose()?
            }
            ["tombstone", buried] => mark(buried).map(Line::Tombstone),
            _ => None,
        };
        line.map(Some).context("the file of a deletion has a line of no kind")
    }
}
