//! A data folder from a backup, in which what was deleted since stays deleted.
//!
//! First [the copy](copy): of what is lost, from the backup. What is left of the lost service's folder is newer
//! and stays. Then [the replay](replay): every deletion of the folder `deletions` that the copy does not know is
//! carried out on it, by the engine and its stores, and verified; what was taken back is taken back, and what is kept is
//! kept. Until then nothing but `/healthz` is answered. A file says how far it is; whoever is killed anywhere goes on from there at the next start.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

pub mod copy;
mod decisions;
mod known;
pub mod replay;
mod torn;

/// The file that says that a folder is being restored, and from where while it is being copied.
const MARKER: &str = "restoring";
const COPYING: &str = "copying";
const PLACING: &str = "placing";
const COPIED: &str = "copied";
const ACCEPTING: &str = "accepting";

/// How far the restoring of a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Being copied from this folder.
    Copying(PathBuf),
    /// Copied whole; the databases are being given their names.
    Placing(String),
    /// Copied; what was deleted since is being deleted again.
    Replaying {
        /// What this restoring is known by in the ledger.
        name: String,
        /// Whether it goes on without deletions that the ledger shows and nobody has written down.
        accepts_missing: bool,
    },
}

impl Stage {
    /// Whether it goes on without deletions that the ledger shows and nobody has written down.
    #[must_use]
    pub const fn accepts_missing(&self) -> bool {
        matches!(self, Self::Replaying { accepts_missing: true, .. })
    }
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
        Some((word @ (COPIED | ACCEPTING), name)) => {
            Ok(Some(Stage::Replaying { name: name.into(), accepts_missing: word == ACCEPTING }))
        }
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
        Stage::Replaying { name, accepts_missing } => {
            writeln!(file, "{} {name}", if *accepts_missing { ACCEPTING } else { COPIED })?;
        }
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
