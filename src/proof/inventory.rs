//! The published list of all stores and processors: the body of an `inventory` entry.

use alloc::{string::String, vec::Vec};

use crate::{
    Error, Hash,
    merkle::sha256,
    statement::Statement,
    text::{Lines, decimal, number, push_line},
};

const HEADER: &str = "forget-me-not/inventory/v1";

/// All stores and processors, at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Counted up with each change.
    pub version: u64,
    /// Each store's name and the class of what it holds.
    pub stores: Vec<(String, String)>,
    /// Each processor's name and where more is said about it.
    pub processors: Vec<(String, String)>,
}

impl Inventory {
    /// Reads an inventory; refuses one that is not written as [`Inventory::text`] writes it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).ok_or(Error::NotInventory)
    }

    /// As it is written. Refused when a word in it is none, or a name comes twice.
    pub fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        push_line(&mut text, &[HEADER]);
        push_line(&mut text, &["version", &decimal(self.version)]);
        for (key, pairs) in [("store", &self.stores), ("processor", &self.processors)] {
            for (name, of) in pairs {
                push_line(&mut text, &[key, name, of]);
            }
        }
        if Self::read(&text).as_ref() == Some(self) { Ok(text) } else { Err(Error::NotInventory) }
    }

    /// What a statement names it by.
    #[must_use]
    pub fn hash(text: &str) -> Hash {
        sha256(&[text.as_bytes()])
    }

    // Each line can be written in one way only, so what is read need not be written again.
    fn read(text: &str) -> Option<Self> {
        let mut lines = Lines(text);
        lines.line().filter(|line| *line == HEADER)?;
        let version = number(lines.word("version")?)?;
        let stores = pairs(&mut lines, "store")?;
        let processors = pairs(&mut lines, "processor")?;
        // "Every store" of none would be true of everything.
        (lines.0.is_empty() && !stores.is_empty()).then_some(Self { version, stores, processors })
    }

    /// Whether a statement speaks of all stores and processors here, and of no others.
    pub fn is_answered_by(&self, statement: &Statement) -> Result<(), Error> {
        let stores: Vec<&str> = statement.stores.iter().map(|store| store.name.as_str()).collect();
        let processors: Vec<&str> = statement.processors.iter().map(|it| it.name.as_str()).collect();
        same(&self.stores, &stores, Error::StoreMissing, Error::StoreUnknown)?;
        same(&self.processors, &processors, Error::ProcessorMissing, Error::ProcessorUnknown)
    }
}

fn pairs(lines: &mut Lines, key: &str) -> Option<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    while let Some([name, of]) = lines.words(key) {
        pairs.iter().all(|(known, _)| known != name).then_some(())?;
        pairs.push((name.into(), of.into()));
    }
    Some(pairs)
}

fn same(
    listed: &[(String, String)],
    said: &[&str],
    missing: fn(String) -> Error,
    unknown: fn(String) -> Error,
) -> Result<(), Error> {
    if let Some((name, _)) = listed.iter().find(|(name, _)| !said.contains(&name.as_str())) {
        return Err(missing(name.clone()));
    }
    match said.iter().find(|said| listed.iter().all(|(name, _)| name != *said)) {
        Some(name) => Err(unknown((*name).into())),
        None => Ok(()),
    }
}
