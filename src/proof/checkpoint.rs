//! Checkpoints (c2sp.org/tlog-checkpoint): how long a log was, and what was in it.

use alloc::string::String;

use crate::{
    Error, Hash, base64,
    text::{Lines, decimal, number, push_line},
};

/// The text of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// The log's name.
    pub origin: &'a str,
    /// How many entries it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl<'a> Checkpoint<'a> {
    /// Reads the text of a note. Further lines are signed too, and mean nothing to us.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        Self::read(text).ok_or(Error::NotCheckpoint)
    }

    fn read(text: &'a str) -> Option<Self> {
        let mut lines = Lines(text);
        let origin = lines.line().filter(|line| !line.is_empty())?;
        let size = number(lines.line()?)?;
        let root = base64::hash(lines.line()?)?;
        while !lines.0.is_empty() {
            lines.line().filter(|line| !line.is_empty())?;
        }
        Some(Self { origin, size, root })
    }

    /// As it is written, to be signed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        push_line(&mut text, &[self.origin]);
        push_line(&mut text, &[&decimal(self.size)]);
        push_line(&mut text, &[&base64::encode(&self.root)]);
        text
    }
}
