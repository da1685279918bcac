//! The file that a parent keeps: a `c2sp.org/tlog-proof@v1` with all that is needed to check it.

use alloc::{string::String, vec::Vec};

use crate::{
    Error, Hash, base64,
    text::{Lines, decimal, number, push_line},
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// No honest file is longer.
pub const MAX_RECEIPT: usize = 131_072;

/// One entry of the ledger, opened, and the proof that it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry.
    pub leaf: String,
    /// The salt of its body.
    pub salt: Hash,
    /// Its body.
    pub body: String,
    /// The inventory that the body names; empty where it names none.
    pub inventory: String,
    /// The entry's number in the ledger.
    pub index: u64,
    /// From its sibling upwards.
    pub path: Vec<Hash>,
    /// The checkpoint, a note with its signatures.
    pub checkpoint: String,
}

impl Receipt {
    /// Reads a receipt; refuses one that is not written as [`Receipt::text`] writes it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_RECEIPT {
            return Err(Error::TooLong);
        }
        Self::read(text).ok_or(Error::NotReceipt)
    }

    // Each line can be written in one way only, so what is read need not be written again.
    fn read(text: &str) -> Option<Self> {
        let mut lines = Lines(text);
        lines.line().filter(|line| *line == HEADER)?;
        let extra = base64::decode(lines.value("extra")?)?;
        let (leaf, rest) = counted(&extra)?;
        let (salt, rest) = rest.split_first_chunk::<32>()?;
        let (body, rest) = counted(rest)?;
        let (inventory, rest) = counted(rest)?;
        rest.is_empty().then_some(())?;
        let index = number(lines.value("index")?)?;
        let mut path = Vec::new();
        loop {
            match lines.line()? {
                "" => break,
                // No tree is higher.
                _ if path.len() == 64 => return None,
                line => path.push(base64::hash(line)?),
            }
        }
        let checkpoint = lines.0.into();
        Some(Self { leaf, salt: *salt, body, inventory, index, path, checkpoint })
    }

    /// As it is written. Refused when a part is too long.
    pub fn text(&self) -> Result<String, Error> {
        let mut extra = Vec::new();
        count(&mut extra, &self.leaf)?;
        extra.extend(self.salt);
        count(&mut extra, &self.body)?;
        count(&mut extra, &self.inventory)?;
        let mut text = String::new();
        push_line(&mut text, &[HEADER]);
        push_line(&mut text, &["extra", &base64::encode(&extra)]);
        push_line(&mut text, &["index", &decimal(self.index)]);
        for step in &self.path {
            push_line(&mut text, &[&base64::encode(step)]);
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        if Self::parse(&text)? == *self { Ok(text) } else { Err(Error::NotReceipt) }
    }
}

/// A text after its length in bytes.
fn counted(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((core::str::from_utf8(text).ok()?.into(), rest))
}

fn count(out: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    out.extend(u16::try_from(text.len()).map_err(|_| Error::TooLong)?.to_be_bytes());
    out.extend(text.as_bytes());
    Ok(())
}
