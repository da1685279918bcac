//! A data folder from a backup, in which what was deleted since stays deleted.
//!
//! First [the copy](copy): of what is lost, from the backup. What is left of the lost service's folder is newer
//! and stays. Then [the replay](replay): every deletion of the folder `deletions` that the copy does not know is
//! carried out on it, by the engine and its stores, and verified. Until then nothing but `/healthz` is
//! answered. A file says how far it is; whoever is killed anywhere goes on from there at the next start.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

pub mod copy;
pub mod replay;

/// The file that says that a folder is being restored, and from where while it is being copied.
const MARKER: &str = "restoring";
const COPYING: &str = "copying";
const PLACING: &str = "placing";
const COPIED: &str = "copied";

/// How far the restoring of a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Being copied from this folder.
    Copying(PathBuf),
    /// Copied whole; the databases are being given their names.
    Placing(String),
    /// Copied; what was deleted since is being deleted again. What this restoring is known by in the ledger.
    Replaying(String),
}

/// How far a folder is; none where nothing is being restored.
pub fn stage(data: &Path) -> anyhow::Result<Option<Stage>> {
    let text = match std::fs::read_to_string(data.join(MARKER)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("cannot read how far the restoring is"),
    };
    match text.strip_suffix('\n').and_then(|text| text.split_once(' ')) {
        Some((COPYING, from)) => Ok(Some(Stage::Copying(from.into()))),
        Some((PLACING, name)) => Ok(Some(Stage::Placing(name.into()))),
        Some((COPIED, name)) => Ok(Some(Stage::Replaying(name.into()))),
        _ => bail!("{} cannot be read", data.join(MARKER).display()),
    }
}

/// Writes down how far it is, durably.
fn mark(data: &Path, stage: &Stage) -> anyhow::Result<()> {
    let staged = data.join(format!("{MARKER}.new"));
    let mut file = File::create(&staged)?;
    match stage {
        Stage::Copying(from) => writeln!(file, "{COPYING} {}", from.display())?,
        Stage::Placing(name) => writeln!(file, "{PLACING} {name}")?,
        Stage::Replaying(name) => writeln!(file, "{COPIED} {name}")?,
    }
    file.sync_all()?;
    std::fs::rename(staged, data.join(MARKER))?;
    Ok(File::open(data)?.sync_all()?)
}

/// It is over.
fn unmark(data: &Path) -> anyhow::Result<()> {
    std::fs::remove_file(data.join(MARKER))?;
    Ok(File::open(data)?.sync_all()?)
}
