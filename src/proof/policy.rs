//! Whom to believe (c2sp.org/tlog-policy): the logs, the witnesses, and how many of them.

use alloc::{string::String, vec::Vec};

use crate::{
    Error,
    note::{Role, VerifierKey},
};

/// No honest policy defines more.
const MAX_LINES: usize = 1024;

/// A witness that a policy names.
#[derive(Debug, Clone)]
pub struct Witness {
    /// Its name within the policy.
    pub name: String,
    /// Its key, with the name it goes by elsewhere.
    pub key: VerifierKey,
    /// Where it can be asked (the submission prefix of c2sp.org/tlog-witness), if the policy says so.
    pub url: Option<String>,
}

/// A name that a group or the quorum can refer to.
#[derive(Debug, Clone)]
struct Named {
    name: String,
    meaning: Meaning,
    in_a_group: bool,
}

#[derive(Debug, Clone)]
enum Meaning {
    /// The witness with this number.
    Witness(usize),
    /// So many of these names, which come before it.
    Group(usize, Vec<usize>),
}

/// The keys that are believed, and the quorum.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Any one of these logs.
    pub logs: Vec<VerifierKey>,
    /// All witnesses that count.
    pub witnesses: Vec<Witness>,
    named: Vec<Named>,
    /// None where no witness is asked for.
    quorum: Option<usize>,
}

impl Policy {
    /// Reads a policy.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut policy = Self { logs: Vec::new(), witnesses: Vec::new(), named: Vec::new(), quorum: None };
        let mut quorums = 0;
        for (n, line) in text.split_inclusive('\n').enumerate() {
            let bad = Error::NotPolicy(n as u64 + 1);
            let control = |byte: u8| byte < b' ' && byte != b'\t' || byte == 127;
            let line = line.strip_suffix('\n').filter(|line| n < MAX_LINES && !line.bytes().any(control));
            let Some(line) = line else { return Err(bad) };
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            match words[..] {
                [] => Some(()),
                [first, ..] if first.starts_with('#') => Some(()),
                ["log", key] | ["log", key, _] => policy.log(key),
                ["witness", name, key] => policy.witness(name, key, None),
                ["witness", name, key, url] => policy.witness(name, key, Some(url)),
                ["group", name, threshold, ref members @ ..] => policy.group(name, threshold, members),
                ["quorum", name] => {
                    quorums += 1;
                    policy.quorum = policy.place(name);
                    (quorums == 1 && (name == "none" || policy.quorum.is_some())).then_some(())
                }
                _ => None,
            }
            .ok_or(bad)?;
        }
        if quorums == 1 { Ok(policy) } else { Err(Error::NotPolicy(0)) }
    }

    fn log(&mut self, key: &str) -> Option<()> {
        let key = VerifierKey::parse(key).ok().filter(|key| key.role() == Role::Log)?;
        let known = self.logs.iter().any(|log| log.bytes() == key.bytes());
        self.logs.push(key);
        (!known).then_some(())
    }

    fn witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Option<()> {
        let key = VerifierKey::parse(key).ok().filter(|key| key.role() == Role::Witness)?;
        let known = self.witnesses.iter().any(|witness| witness.key.bytes() == key.bytes());
        self.define(name, Meaning::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name: name.into(), key, url: url.map(String::from) });
        (!known).then_some(())
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Option<()> {
        let needed = match threshold {
            "any" => 1,
            "all" => members.len(),
            // "Written in decimal": zeros before it are not.
            k => usize::try_from(crate::text::number(k)?).ok()?,
        };
        let mut places = Vec::new();
        for member in members {
            let place = self.place(member)?;
            // Each name counts in one way only.
            if core::mem::replace(&mut self.named[place].in_a_group, true) {
                return None;
            }
            places.push(place);
        }
        (1..=places.len()).contains(&needed).then_some(())?;
        self.define(name, Meaning::Group(needed, places))
    }

    fn define(&mut self, name: &str, meaning: Meaning) -> Option<()> {
        let free = name != "none" && self.place(name).is_none();
        self.named.push(Named { name: name.into(), meaning, in_a_group: false });
        free.then_some(())
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.named.iter().position(|named| named.name == name)
    }

    /// Whether it asks for any witness at all.
    #[must_use]
    pub const fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Whether any two sets of witnesses that are enough have one in common: only then has somebody seen
    /// that two checkpoints are of one ledger.
    #[must_use]
    pub fn is_one_view(&self) -> bool {
        let mut split: Vec<bool> = Vec::new();
        for named in &self.named {
            split.push(match &named.meaning {
                Meaning::Witness(_) => false,
                // Each name is of one group only, so a member that cannot be split counts for one side alone.
                Meaning::Group(needed, members) => {
                    let both = members.iter().filter(|member| split[**member]).count();
                    2 * needed <= members.len() + both
                }
            });
        }
        self.quorum.is_some_and(|quorum| !split[quorum])
    }

    /// Whether those witnesses are enough; `seen` has an answer for each of [`Policy::witnesses`].
    #[must_use]
    pub fn is_met(&self, seen: &[bool]) -> bool {
        let mut met: Vec<bool> = Vec::new();
        for named in &self.named {
            met.push(match &named.meaning {
                Meaning::Witness(n) => seen.get(*n) == Some(&true),
                Meaning::Group(needed, members) => {
                    members.iter().filter(|member| met.get(**member) == Some(&true)).count() >= *needed
                }
            });
        }
        self.quorum.is_none_or(|quorum| met.get(quorum) == Some(&true))
    }
}
