//! The file that `serve --processors` reads: who may be given recordings, where they are asked to delete
//! them, and the key by which their answers are known.

use std::{collections::BTreeSet, fmt, path::Path};

use anyhow::{Context, ensure};
use reqwest::Url;
use rules::{Class, processor::ClassSet};
use serde::Deserialize;

use super::signature::Key;
use crate::outbound::Reach;

/// What the file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Our own address as processors reach it, for their status callbacks. Left out, they are only polled.
    callback: Option<String>,
    #[serde(default)]
    processor: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    about: String,
    requests: String,
    domain: Option<String>,
    key: String,
    gets: Vec<Class>,
    bearer_file: Option<String>,
    #[serde(default)]
    regulation: Regulation,
    #[serde(default = "yes")]
    probe: bool,
}

const fn yes() -> bool {
    true
}

/// The law that a request names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Regulation {
    /// The GDPR.
    #[default]
    Gdpr,
    /// The CCPA.
    Ccpa,
}

impl Regulation {
    /// Its word in a request.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gdpr => "gdpr",
            Self::Ccpa => "ccpa",
        }
    }
}

/// Somebody who may be given recordings.
pub struct Processor {
    /// Its name in the inventory.
    pub name: String,
    /// Where more is said about it.
    pub about: String,
    /// Where requests are made; one that was made is below it.
    pub requests: String,
    /// How they get there.
    pub reach: Reach,
    /// Under which name it answers.
    pub domain: String,
    /// Its key.
    pub key: Key,
    /// What it may be given.
    pub gets: ClassSet,
    /// What opens its API to us. Never printed.
    pub bearer: Option<String>,
    /// The law that requests name.
    pub regulation: Regulation,
    /// Whether it is asked, once it says that it has deleted, what it still has.
    pub probe: bool,
    /// Where its callbacks are to go.
    pub callback: Option<String>,
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processor").field("name", &self.name).field("requests", &self.requests).finish()
    }
}

/// Reads the file.
pub fn read(path: &Path) -> anyhow::Result<Vec<Processor>> {
    let cannot = || format!("the processors in {}", path.display());
    let text = std::fs::read_to_string(path).with_context(cannot)?;
    parse(&text, path.parent().unwrap_or(Path::new("."))).with_context(cannot)
}

/// Reads what such a file says; files it names are beside it, in `folder`.
pub fn parse(text: &str, folder: &Path) -> anyhow::Result<Vec<Processor>> {
    let file: File = toml::from_str(text)?;
    let callback = file.callback.map(|url| address("callback", &url).map(|_| url)).transpose()?;
    let mut names = BTreeSet::new();
    let mut all = Vec::with_capacity(file.processor.len());
    for entry in file.processor {
        let name = entry.name.clone();
        let processor =
            processor(entry, callback.as_deref(), folder).with_context(|| format!("processor {name:?}"))?;
        ensure!(names.insert(name), "{:?} is there twice", processor.name);
        all.push(processor);
    }
    Ok(all)
}

fn processor(entry: Entry, callback: Option<&str>, folder: &Path) -> anyhow::Result<Processor> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    ensure!(
        (1..=40).contains(&entry.name.len()) && entry.name.chars().all(plain),
        "a name has 1 to 40 of a to z, 0 to 9 and -"
    );
    ensure!(
        (1..=255).contains(&entry.about.len()) && entry.about.bytes().all(|byte| byte.is_ascii_graphic()),
        "about: an address where more is said, at most 255 characters"
    );
    ensure!(entry.about.starts_with("https://"), "about: an https address");
    let (host, reach) = address("requests", &entry.requests)?;
    ensure!(!entry.gets.is_empty(), "gets: at least one of media, transcript, location, derived");
    let bearer = entry.bearer_file.map(|file| {
        let path = folder.join(file);
        std::fs::read_to_string(&path).with_context(|| format!("bearer_file {}", path.display()))
    });
    let callback =
        callback.map(|ours| format!("{}/v1/processors/{}/status", ours.trim_end_matches('/'), entry.name));
    Ok(Processor {
        name: entry.name,
        about: entry.about,
        requests: entry.requests.trim_end_matches('/').to_owned(),
        reach,
        domain: entry.domain.unwrap_or(host),
        key: Key::parse(&entry.key).context("key")?,
        gets: entry.gets.into_iter().collect(),
        bearer: bearer.transpose()?.map(|token| token.trim().to_owned()),
        regulation: entry.regulation,
        probe: entry.probe,
        callback,
    })
}

/// The host of an address that may be asked, and how.
fn address(what: &str, url: &str) -> anyhow::Result<(String, Reach)> {
    let url = Url::parse(url).with_context(|| format!("{what} is no address"))?;
    let reach = Reach::of(&url).map_err(|why| anyhow::anyhow!("{what}: {why}"))?;
    Ok((url.host_str().unwrap_or_default().to_owned(), reach))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

    use super::*;

    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----";

    /// A good entry, in which `name` is `value`, as TOML has it; none leaves it out.
    fn entry(name: &str, value: Option<&str>) -> anyhow::Result<Vec<Processor>> {
        let key = format!("\"\"\"{KEY}\"\"\"");
        let mut entry = vec![
            ("name", "\"speech\""),
            ("about", "\"https://speech.example/privacy\""),
            ("requests", "\"https://opendsr.speech.example/v2/requests/\""),
            ("key", &*key),
            ("gets", "[\"media\", \"transcript\"]"),
        ];
        entry.retain(|(known, _)| *known != name);
        entry.extend(value.map(|value| (name, value)));
        let lines: String = entry.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        let text = format!("callback = \"https://recordings.example\"\n[[processor]]\n{lines}");
        parse(&text, Path::new("/nowhere"))
    }

    #[test]
    fn a_whole_entry_is_read() {
        let speech = &entry("regulation", Some("\"ccpa\"")).unwrap()[0];
        assert_eq!(speech.requests, "https://opendsr.speech.example/v2/requests");
        assert_eq!((speech.domain.as_str(), speech.probe), ("opendsr.speech.example", true));
        assert_eq!(speech.regulation, Regulation::Ccpa);
        assert_eq!(speech.gets.iter().collect::<Vec<_>>(), [Class::Media, Class::Transcript]);
        assert_eq!(
            speech.callback.as_deref(),
            Some("https://recordings.example/v1/processors/speech/status")
        );
    }

    #[test]
    fn what_could_leak_or_mislead_is_refused() {
        for (name, value) in [
            ("requests", "\"http://speech.example/requests\""),
            ("requests", "\"https://user:secret@speech.example/requests\""),
            ("requests", "\"https://speech.example/requests?key=1\""),
            ("requests", "\"ftp://speech.example/requests\""),
            ("requests", "\"/requests\""),
            ("name", "\"Speech Recogniser\""),
            ("name", "\"\""),
            ("about", "\"our privacy page\""),
            ("about", "\"http://speech.example\""),
            ("key", "\"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\""),
            ("bearer_file", "\"missing\""),
            ("gets", "[]"),
            ("gets", "[\"everything\"]"),
            ("unknown", "1"),
        ] {
            assert!(entry(name, Some(value)).is_err(), "{name} = {value}");
        }
        assert!(entry("key", None).is_err());
        for loopback in ["http://127.0.0.1:9/r", "http://[::1]:9/r", "http://localhost:9/r"] {
            assert!(entry("requests", Some(&format!("\"{loopback}\""))).is_ok(), "{loopback}");
        }
    }
}
