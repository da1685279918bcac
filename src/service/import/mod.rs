//! A folder of recordings, brought in.
//!
//! A source ([`manifest`], [`common_voice`], [`tree`], [`demo`]) names recordings one at a time, in constant
//! memory; [`run`] probes them on several threads and hands them to [`crate::ingest`]. What cannot be taken in
//! is listed with its reason, and the rest goes in.

pub mod clips;
pub mod common_voice;
pub mod demo;
mod fields;
mod files;
mod learned;
mod lines;
pub mod manifest;
mod progress;
pub mod run;
pub mod tree;

use std::{
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use rules::{Timestamp, contract::Transcript, location::Place};

pub use self::{
    progress::Progress,
    run::{Options, Report, run},
};
use crate::media::ProbeError;

/// When a recording was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Somebody said so: a manifest. It is part of what the recording is.
    Stated(Timestamp),
    /// Nobody said: the container's own date counts, or else the file's.
    FromFile,
}

/// A recording that a source names; its bytes have not been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// How the source calls it, for reports.
    pub name: String,
    /// Where its bytes are: a regular file inside the folder, links followed.
    pub file: PathBuf,
    /// When it was captured.
    pub moment: Moment,
    /// Which device captured it, if that is said.
    pub device: Option<String>,
    /// What was spoken, if that is said.
    pub transcript: Option<Transcript>,
    /// Where it was captured, if that is said.
    pub location: Option<Place>,
}

/// A recording that is not taken in.
#[derive(Debug)]
pub struct Refused {
    /// How the source calls it: a file, with the row that names it.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// Why a recording is not taken in, in words that someone can act on.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The manifest names a file that is not there.
    #[error("there is no such file")]
    Missing,
    /// The file lies outside the folder, by `..`, an absolute path or a link.
    #[error("it lies outside the folder that is imported")]
    Outside,
    /// A folder, a device, a pipe.
    #[error("it is not a file")]
    NotAFile,
    /// The moment cannot be read.
    #[error("\"{0}\" is not a time like 2026-11-21T14:03:00Z (the offset from UTC is needed)")]
    BadMoment(String),
    /// The moment has not come.
    #[error("it was captured in the future, at {0}")]
    Future(Timestamp),
    /// The place cannot be read, or is none.
    #[error("{0}")]
    BadPlace(&'static str),
    /// The row cannot be read.
    #[error("{0}")]
    BadRow(String),
    /// An earlier row says the same.
    #[error("an earlier row names the same file and the same time")]
    Twice,
    /// The bytes are not a recording.
    #[error(transparent)]
    Bytes(#[from] ProbeError),
    /// The service did not take it.
    #[error("{0}")]
    NotTaken(String),
}

impl Reason {
    /// The reason as one stable word, for counting.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Outside => "outside",
            Self::NotAFile => "not_a_file",
            Self::BadMoment(_) => "bad_time",
            Self::Future(_) => "future",
            Self::BadPlace(_) => "bad_place",
            Self::BadRow(_) => "bad_row",
            Self::Twice => "twice",
            Self::Bytes(error) => error.name(),
            Self::NotTaken(_) => "not_taken",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name may hold what a terminal takes for a command.
        for part in format!("{}: {}", self.name, self.reason).chars() {
            if part.is_control() { write!(f, "{}", part.escape_default())? } else { write!(f, "{part}")? }
        }
        Ok(())
    }
}

/// What a source yields.
pub type Named = Result<Item, Refused>;

/// Recordings of a folder, named one at a time.
pub struct Source {
    /// What kind of folder it is, for a person.
    pub kind: &'static str,
    /// The recordings.
    pub items: Box<dyn Iterator<Item = Named> + Send>,
    /// How many there are, counted in a quick first pass.
    pub total: u64,
}

/// Why a folder cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The path is not a folder that can be read.
    #[error("{} cannot be read as a folder: {error}", folder.display())]
    Folder {
        /// The path.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A manifest or table that cannot be read at all.
    #[error("{} cannot be used: {problem}", file.display())]
    Table {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl SourceError {
    fn table(file: &Path, problem: impl fmt::Display) -> Self {
        Self::Table { file: file.to_owned(), problem: problem.to_string() }
    }
}

/// The recordings of a folder: by its `manifest.csv` or `manifest.jsonl`, by the tables of a Mozilla Common
/// Voice folder, or, where there is neither, every file in it.
///
/// `now` is what "in the future" is measured by.
///
/// # Errors
/// When the folder or its manifest cannot be read at all.
pub fn open(folder: &Path, now: Timestamp) -> Result<Source, SourceError> {
    let root = folder
        .canonicalize()
        .and_then(|root| if root.is_dir() { Ok(root) } else { Err(ErrorKind::NotADirectory.into()) })
        .map_err(|error| SourceError::Folder { folder: folder.to_owned(), error })?;
    let (csv, jsonl) = (root.join("manifest.csv"), root.join("manifest.jsonl"));
    match (csv.is_file(), jsonl.is_file()) {
        (true, true) => Err(SourceError::table(&jsonl, "there is a manifest.csv too; keep one of them")),
        (true, false) => manifest::open_csv(&root, &csv, now),
        (false, true) => manifest::open_jsonl(&root, &jsonl, now),
        (false, false) => {
            let voices = common_voice::folders(&root);
            if voices.is_empty() { tree::open(&root) } else { common_voice::open(&voices) }
        }
    }
}
