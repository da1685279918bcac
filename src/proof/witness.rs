//! What a witness is asked, and when it may answer (c2sp.org/tlog-witness): the decision, without
//! where it remembers what it saw.

use alloc::{string::String, vec::Vec};

use crate::{
    Error, Hash, Policy, base64,
    checkpoint::Checkpoint,
    merkle::{sha256, verify_consistency},
    note::{MAX_NOTE, Note},
    text::{Lines, decimal, number, push_line},
    verify::signed,
};

/// A proof has at most this many lines: no tree is higher.
pub const MAX_PATH: usize = 63;

/// No honest request is longer: a note, and a proof before it.
pub const MAX_REQUEST: usize = MAX_NOTE + 4096;

/// The body of `POST add-checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// How many entries the witness should have seen already.
    pub old: u64,
    /// The proof from there to the checkpoint.
    pub path: Vec<Hash>,
    /// The checkpoint, a note that the log has signed.
    pub checkpoint: String,
}

impl Request {
    /// Reads a request.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_REQUEST {
            return Err(Refusal::Malformed);
        }
        Self::read(text).ok_or(Refusal::Malformed)
    }

    fn read(text: &str) -> Option<Self> {
        let mut lines = Lines(text);
        let old = number(lines.value("old")?)?;
        let mut path = Vec::new();
        loop {
            match lines.line()? {
                "" => break,
                _ if path.len() == MAX_PATH => return None,
                line => path.push(base64::hash(line)?),
            }
        }
        Some(Self { old, path, checkpoint: lines.0.into() })
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        push_line(&mut text, &["old", &decimal(self.old)]);
        for step in &self.path {
            push_line(&mut text, &[&base64::encode(step)]);
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be read, or contradicts itself.
    Malformed,
    /// It follows no log of this name.
    UnknownLog,
    /// The log has not signed it, or with another key.
    Unsigned,
    /// It has cosigned another size, this one: the proof must begin there.
    Elsewhere(u64),
    /// It has cosigned another tree of this very size. The log contradicts itself.
    Contradicted(u64),
    /// The proof does not show that the log only grew.
    NotProved,
}

/// The checkpoint that may be cosigned, if it may: a log that the policy knows has signed it, and it
/// only adds to the tree that was cosigned `last` for that log (its size and root). Whoever cosigns
/// lets nothing come between this and remembering it.
pub fn judge<'a>(
    policy: &Policy,
    request: &'a Request,
    last: impl FnOnce(&str) -> Option<(u64, Hash)>,
) -> Result<Checkpoint<'a>, Refusal> {
    let note = Note::parse(&request.checkpoint).map_err(|_| Refusal::Malformed)?;
    let new = signed(policy, &note).map_err(|error| match error {
        Error::NotCheckpoint => Refusal::Malformed,
        Error::UnknownOrigin => Refusal::UnknownLog,
        _ => Refusal::Unsigned,
    })?;
    if request.old > new.size {
        return Err(Refusal::Malformed);
    }
    let (size, root) = last(new.origin).unwrap_or_else(|| (0, sha256(&[])));
    if request.old != size {
        return Err(Refusal::Elsewhere(size));
    }
    match verify_consistency(size, &root, new.size, &new.root, &request.path) {
        Ok(()) => Ok(new),
        Err(Error::SplitView) => Err(Refusal::Contradicted(size)),
        Err(_) => Err(Refusal::NotProved),
    }
}
