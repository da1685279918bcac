//! What a witness has seen, a file for each log. Without it, it could sign what contradicts what it
//! signed before.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use proof::{Hash, Time, checkpoint::Checkpoint, merkle::sha256, note::Note};

use crate::files;

/// What a file begins with.
const HEADER: &str = "forget-me-not/witness/v1";
/// How the files of what was seen end.
const SEEN: &str = "seen";
/// How those end that contradict it.
const CONTRADICTION: &str = "contradiction";
/// Held as long as a witness of this folder runs.
const LOCK: &str = "witness.lock";

/// The last checkpoint of a log that was cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When it came, in seconds since 1970.
    pub at: Time,
    /// How many entries it has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// As the log has signed it.
    pub note: String,
    /// Whether the log has also signed another one of that size, now or before.
    pub contradicted: bool,
}

/// All of them.
pub struct Memory {
    folder: PathBuf,
    seen: BTreeMap<String, Seen>,
    /// The latest time that was signed, as far as this process knows.
    latest: Time,
    // Held for its lock.
    _lock: File,
}

impl Memory {
    /// That of a folder, made where it is missing. One process at a time has it.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot use {}", folder.display());
        fs::create_dir_all(folder).with_context(cannot)?;
        let lock = File::create(folder.join(LOCK)).with_context(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another witness runs on {}: end it, or choose another folder, --state DIR",
                    folder.display()
                )
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        files::sweep(folder).with_context(cannot)?;
        let mut memory =
            Self { folder: folder.to_owned(), seen: BTreeMap::new(), latest: Time(0), _lock: lock };
        for path in of_kind(folder, SEEN).with_context(cannot)? {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            // A witness that does not know what it has signed must not sign.
            let (origin, mut last) =
                read(&text).with_context(|| format!("{} is not what was written there", path.display()))?;
            // Nor one that could take what it saw earlier for what it saw last.
            if path != memory.path(&origin, SEEN) {
                bail!(
                    "{} is not where {origin} is remembered: take it away, if it is a copy",
                    path.display()
                );
            }
            last.contradicted = path.with_extension(CONTRADICTION).is_file();
            memory.latest = memory.latest.max(last.at);
            memory.seen.insert(origin, last);
        }
        Ok(memory)
    }

    /// Whether a folder remembers anything.
    pub fn is_begun(folder: &Path) -> io::Result<bool> {
        Ok(!of_kind(folder, SEEN)?.is_empty())
    }

    /// By origin.
    pub const fn seen(&self) -> &BTreeMap<String, Seen> {
        &self.seen
    }

    /// The time to sign with at this moment: never before one that was signed already, for it says that
    /// nothing longer had been seen by then.
    pub fn time(&mut self, now: Time) -> Time {
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Remembers it for good.
    pub fn remember(&mut self, origin: &str, seen: Seen) -> io::Result<()> {
        let text = format!("{HEADER}\n{}\n{}", seen.at.text(), seen.note);
        files::write(&self.folder, &self.path(origin, SEEN), text.as_bytes())?;
        files::settle(&self.folder)?;
        let contradicted = self.seen.get(origin).is_some_and(|before| before.contradicted);
        self.seen.insert(origin.to_owned(), Seen { contradicted, ..seen });
        Ok(())
    }

    /// Keeps the first checkpoint that contradicts what was seen, beside what it contradicts.
    pub fn contradicted(&mut self, origin: &str, note: &str) -> io::Result<()> {
        let path = self.path(origin, CONTRADICTION);
        let Some(seen) = self.seen.get_mut(origin).filter(|seen| !seen.contradicted) else { return Ok(()) };
        let both = format!("{}\n{note}", seen.note);
        files::write(&self.folder, &path, both.as_bytes())?;
        files::settle(&self.folder)?;
        seen.contradicted = true;
        Ok(())
    }

    fn path(&self, origin: &str, kind: &str) -> PathBuf {
        let name: String =
            sha256(&[origin.as_bytes()])[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name).with_extension(kind)
    }
}

fn of_kind(folder: &Path, kind: &str) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|of| of == kind)).collect())
}

/// The log and what was seen of it.
fn read(text: &str) -> Option<(String, Seen)> {
    let rest = text.strip_prefix(HEADER)?.strip_prefix('\n')?;
    let (at, note) = rest.split_once('\n')?;
    let checkpoint = Checkpoint::parse(Note::parse(note).ok()?.text).ok()?;
    let Checkpoint { origin, size, root } = checkpoint;
    Some((
        origin.to_owned(),
        Seen { at: Time::parse(at)?, size, root, note: note.to_owned(), contradicted: false },
    ))
}
