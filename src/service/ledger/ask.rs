//! Asking one witness for its signature (c2sp.org/tlog-witness), and believing nothing it answers.

use std::path::Path;

use proof::{
    Hash,
    merkle::consistency,
    note::{Note, VerifierKey},
    verify::SKEW,
    witness::Request,
};
use reqwest::{Client, StatusCode, Url};

use super::tiles::Tiles;
use crate::outbound::{self, ReadError};

/// No honest answer is longer: a line for each key.
const MAX_ANSWER: usize = 16_384;

/// Why a witness has not signed.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It does not answer, or not in time.
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] ReadError),
    /// It has seen more than there is.
    #[error(
        "it has seen {seen} entries, and this ledger has {size}: the ledger is older than what it has shown before"
    )]
    Ahead {
        /// Entries that it has seen.
        seen: u64,
        /// Entries that there are.
        size: u64,
    },
    /// It has seen other entries under this name.
    #[error("it has seen another ledger of this name with {0} entries")]
    Contradicted(u64),
    /// It answers otherwise than the protocol says.
    #[error("it refuses with status {0}")]
    Refused(StatusCode),
    /// What it answers is not its signature under this checkpoint.
    #[error("what it answers is not its signature under the checkpoint")]
    NotCosigned,
    /// Its clock and ours are apart. A receipt would contradict itself.
    #[error("its clock is {0} seconds apart from ours")]
    Clock(u64),
    /// The tiles cannot be read.
    #[error("the tiles cannot be read: {0}")]
    Tiles(#[from] std::io::Error),
}

impl AskError {
    /// Whether somebody sees another ledger than this one: trying again does not help.
    pub const fn is_alarming(&self) -> bool {
        matches!(self, Self::Ahead { .. } | Self::Contradicted(_))
    }
}

/// The checkpoint that is to be seen.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The ledger's folder.
    pub folder: &'a Path,
    /// As the ledger has signed it.
    pub note: &'a str,
    /// How many entries it has.
    pub size: u64,
    /// Seconds since 1970.
    pub now: u64,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// Its line.
    pub line: String,
    /// When, by the witness's clock.
    pub time: u64,
}

/// Asks the witness with this key, which has seen `old` entries as far as we know.
pub async fn ask(
    client: &Client,
    url: &Url,
    key: &VerifierKey,
    mut old: u64,
    target: Target<'_>,
) -> Result<Cosigned, AskError> {
    // Told what it has seen, it is asked once more: somebody else may ask it meanwhile, but not for ever.
    for _ in 0..3 {
        if old > target.size {
            return Err(AskError::Ahead { seen: old, size: target.size });
        }
        let path = path(target, old).await?;
        let request = Request { old, path, checkpoint: target.note.to_owned() };
        let response = client.post(url.clone()).body(request.text()).send().await.map_err(ReadError::from)?;
        let status = response.status();
        let answer = outbound::text(response, MAX_ANSWER).await;
        match status {
            StatusCode::OK => {
                let cosigned = cosigned(target.note, key, &answer?).ok_or(AskError::NotCosigned)?;
                let apart = cosigned.time.abs_diff(target.now);
                return if apart > SKEW { Err(AskError::Clock(apart)) } else { Ok(cosigned) };
            }
            StatusCode::CONFLICT => {
                let seen = answer?.trim_end().parse().map_err(|_| AskError::Refused(status))?;
                if seen == old {
                    return Err(AskError::Contradicted(seen));
                }
                old = seen;
            }
            // The proof begins where it has said that it is.
            StatusCode::UNPROCESSABLE_ENTITY => return Err(AskError::Contradicted(old)),
            _ => return Err(AskError::Refused(status)),
        }
    }
    Err(AskError::Refused(StatusCode::CONFLICT))
}

/// The proof from `old` entries to the checkpoint.
async fn path(target: Target<'_>, old: u64) -> Result<Vec<Hash>, std::io::Error> {
    let (mut tiles, size) = (Tiles::new(target.folder.to_owned(), target.size), target.size);
    let work = move || consistency(old, size, |level, n| tiles.node(level, n));
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// The signature of `key` under `note` that is among these lines.
pub fn cosigned(note: &str, key: &VerifierKey, lines: &str) -> Option<Cosigned> {
    let text = Note::parse(note).ok()?.text;
    lines.split_inclusive('\n').find_map(|line| {
        let alone = format!("{text}\n{line}");
        let time = Note::parse(&alone).ok()?.cosigned_by(key).ok()??;
        Some(Cosigned { line: line.to_owned(), time })
    })
}
