//! The files of the folder `deletions`, as they are written and read.
//!
//! ```text
//! forget-me-not/deletion/v2         or, of anything else that was decided, forget-me-not/notes/v2
//! key <mark>                        under which key all marks are: that of a text that everybody knows
//!
//! erasure <id>                      of a deletion; then
//! guardian <mark or "rule">
//! scope <word>
//! contested <0 or 1>
//! times <asked> <until> <expected> <due>      milliseconds since 1970
//!
//! until <at>                        of notes: when the last of them was made
//!
//! note <number> <at>                what follows was decided then; a higher number, later
//! entry <SHA-256 of the leaf>       that the ledger has of it, and what it commits to, each line after "> "
//! child <mark>                      what follows is of this child
//! guardian <mark>                   and of this guardian
//! item <mark> <stores>              a recording, and the bits of the stores that are to forget it
//! keep <mark> <day or "-">          a recording, and until when it is kept; or not any more
//! given <mark> <classes> <processor>          a recording, and the bits of the classes of it that were handed over
//! undone <erasure>                  was taken back
//! tombstone <mark>                  what is not taken in again
//! arriving <erasure or "-">         of what follows: it set out before this deletion; of one that is over "-"
//! end
//! ```

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    iter::Peekable,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use proof::Hash;
use rules::{Date, ErasureId, Timestamp, processor::ClassSet};

use crate::{hex::hex, tombstone::Mark};

/// The first line of a deletion's file.
const DELETION: &str = "forget-me-not/deletion/v2";
/// That of any other.
const NOTES: &str = "forget-me-not/notes/v2";
/// How many lines come before the first note.
const HEAD_LINES: usize = 3;

/// What a file is about.
#[derive(Debug)]
pub enum Head {
    /// What is to be deleted.
    Deletion(Deletion),
    /// Other things that were decided, the last of them then.
    Notes(Timestamp),
}

/// A deletion, as it was asked for.
#[derive(Debug)]
pub struct Deletion {
    /// Which.
    pub id: ErasureId,
    /// The mark of who asked; none for the inactivity rule.
    pub guardian: Option<Mark>,
    /// The kind of its scope.
    pub scope: String,
    /// Whether another guardian kept some of it.
    pub contested: bool,
    /// When it was asked for, until when it can be taken back, when it is expected and due.
    pub times: [i64; 4],
}

/// A line after the head.
#[derive(Debug)]
pub enum Line {
    /// What follows has this number, and was decided then.
    Note(i64, Timestamp),
    /// The ledger has this entry of it, with what it commits to; that is empty where it was lost before.
    Entry(Hash, String),
    /// What follows is of this child.
    Child(Mark),
    /// And of this guardian.
    Guardian(Mark),
    /// A recording, and the bits of the stores that forget it.
    Item(Mark, u32),
    /// A recording, and until when it is kept.
    Keep(Mark, Option<Date>),
    /// A recording, and what of it was handed to whom.
    Given(Mark, ClassSet, String),
    /// A deletion that was taken back.
    Undone(ErasureId),
    /// The deletion that what follows had set out before; none where it is over.
    Arriving(Option<ErasureId>),
    /// What is not taken in again.
    Tombstone(Mark),
}

/// Writes the head of a deletion.
pub fn begin_deletion(file: &mut impl Write, key: &Mark, of: &Deletion) -> io::Result<()> {
    let guardian = of.guardian.map_or_else(|| "rule".to_owned(), |mark| hex(&mark));
    let [asked, until, expected, due] = of.times;
    writeln!(file, "{DELETION}\nkey {}\nerasure {}\nguardian {guardian}", hex(key), of.id)?;
    writeln!(file, "scope {}\ncontested {}", of.scope, u8::from(of.contested))?;
    writeln!(file, "times {asked} {until} {expected} {due}")
}

/// A file of notes: of each its number, when it was made, and its lines.
pub fn notes<'a>(key: &Mark, notes: impl Iterator<Item = &'a (i64, i64, String)> + Clone) -> String {
    let until = notes.clone().map(|(_, at, _)| *at).max().unwrap_or_default();
    let mut text = format!("{NOTES}\nkey {}\nuntil {until}\n", hex(key));
    for (number, at, lines) in notes {
        text.push_str(&format!("note {number} {at}\n{lines}"));
    }
    text + END + "\n"
}

/// The notes in the text of such a file, as they were given; none where it is not whole.
pub fn notes_of(text: &str) -> Option<Vec<(i64, i64, String)>> {
    let mut notes: Vec<(i64, i64, String)> = Vec::new();
    let mut lines = text.lines().skip(HEAD_LINES);
    while let Some(line) = lines.next() {
        if line == END {
            return lines.next().is_none().then_some(notes);
        }
        if let Some(note) = line.strip_prefix("note ") {
            let (number, at) = note.split_once(' ')?;
            notes.push((number.parse().ok()?, at.parse().ok()?, String::new()));
        } else {
            let (.., said) = notes.last_mut()?;
            said.push_str(line);
            said.push('\n');
        }
    }
    None
}

/// The last line.
pub const END: &str = "end";

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Note(number, at) => write!(f, "note {number} {}", at.ms()),
            Self::Entry(hash, body) => {
                write!(f, "entry {}", hex(hash))?;
                body.lines().try_for_each(|line| write!(f, "\n> {line}"))
            }
            Self::Child(mark) => write!(f, "child {}", hex(mark)),
            Self::Guardian(mark) => write!(f, "guardian {}", hex(mark)),
            Self::Item(mark, stores) => write!(f, "item {} {stores}", hex(mark)),
            Self::Keep(mark, Some(until)) => write!(f, "keep {} {until}", hex(mark)),
            Self::Keep(mark, None) => write!(f, "keep {} -", hex(mark)),
            Self::Given(mark, classes, processor) => {
                write!(f, "given {} {} {processor}", hex(mark), classes.bits())
            }
            Self::Undone(id) => write!(f, "undone {id}"),
            Self::Arriving(Some(id)) => write!(f, "arriving {id}"),
            Self::Arriving(None) => f.write_str("arriving -"),
            Self::Tombstone(mark) => write!(f, "tombstone {}", hex(mark)),
        }
    }
}

/// Reads a file, line by line.
pub struct Reader {
    path: PathBuf,
    lines: Peekable<io::Lines<BufReader<File>>>,
    /// What it begins with.
    pub head: Head,
}

impl Reader {
    /// Opens a file whose marks are under the key with this mark. Under another one nothing would be recognised.
    pub fn open(path: &Path, key: &Mark) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut lines = BufReader::new(file).lines().peekable();
        let head = head(&mut lines, path, key)?;
        Ok(Self { path: path.to_owned(), lines, head })
    }

    /// The next line; none at the end. A file that has no end was not copied whole.
    pub fn line(&mut self) -> anyhow::Result<Option<Line>> {
        let line = self.lines.next().transpose()?.with_context(|| self.broken("ends too early"))?;
        let words: Vec<&str> = line.split(' ').collect();
        let line = match words[..] {
            [END] => return Ok(None),
            ["note", number, at] => number
                .parse()
                .ok()
                .zip(at.parse().ok())
                .map(|(number, at)| Line::Note(number, Timestamp::from_ms(at))),
            ["entry", hash] => mark(hash).map(|hash| Line::Entry(hash, self.body())),
            ["child", child] => mark(child).map(Line::Child),
            ["guardian", guardian] => mark(guardian).map(Line::Guardian),
            ["item", item, stores] => {
                mark(item).zip(stores.parse().ok()).map(|(item, stores)| Line::Item(item, stores))
            }
            ["keep", item, "-"] => mark(item).map(|item| Line::Keep(item, None)),
            ["keep", item, until] => {
                mark(item).zip(until.parse().ok()).map(|(item, until)| Line::Keep(item, Some(until)))
            }
            ["given", item, classes, processor] => mark(item)
                .zip(classes.parse().ok())
                .map(|(item, bits)| Line::Given(item, ClassSet::from_bits(bits), processor.to_owned())),
            ["undone", id] => id.parse().ok().map(Line::Undone),
            ["arriving", "-"] => Some(Line::Arriving(None)),
            ["arriving", id] => id.parse().ok().map(|id| Line::Arriving(Some(id))),
            ["tombstone", buried] => mark(buried).map(Line::Tombstone),
            _ => None,
        };
        line.map(Some).with_context(|| self.broken("has a line of no kind"))
    }

    fn broken(&self, what: &str) -> String {
        format!("{} {what}", self.path.display())
    }

    /// What an entry commits to.
    fn body(&mut self) -> String {
        let mut body = String::new();
        let quoted = |line: &io::Result<String>| line.as_ref().is_ok_and(|line| line.starts_with("> "));
        while let Some(Ok(line)) = self.lines.next_if(quoted) {
            body.push_str(&line[2..]);
            body.push('\n');
        }
        body
    }
}

fn head(
    lines: &mut impl Iterator<Item = io::Result<String>>,
    path: &Path,
    key: &Mark,
) -> anyhow::Result<Head> {
    let broken = || format!("{} is not whole", path.display());
    let mut next = || -> anyhow::Result<String> { lines.next().transpose()?.with_context(broken) };
    let first = next()?;
    ensure!([DELETION, NOTES].contains(&&*first), "{} is no file of this version", path.display());
    ensure!(
        next()?.strip_prefix("key ").and_then(mark).with_context(broken)? == *key,
        "{} was written under another tombstone.key than the one at hand: nothing that it says would be recognised. Put \
         the key of the service that wrote it in place",
        path.display()
    );
    let mut value = |name: &str| -> anyhow::Result<String> {
        Ok(next()?.strip_prefix(name).with_context(broken)?.to_owned())
    };
    if first == NOTES {
        return Ok(Head::Notes(Timestamp::from_ms(value("until ")?.parse()?)));
    }
    let id = value("erasure ")?.parse()?;
    let guardian = match &*value("guardian ")? {
        "rule" => None,
        guardian => Some(mark(guardian).with_context(broken)?),
    };
    let (scope, contested) = (value("scope ")?, value("contested ")? == "1");
    let times: Vec<i64> =
        value("times ")?.split(' ').map(str::parse).collect::<Result<_, _>>().with_context(broken)?;
    let Ok(times) = times.try_into() else { bail!(broken()) };
    Ok(Head::Deletion(Deletion { id, guardian, scope, contested, times }))
}

pub(super) fn mark(text: &str) -> Option<Mark> {
    let mut mark = [0; 32];
    (text.len() == 64 && text.is_ascii()).then_some(())?;
    for (n, byte) in mark.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * n..2 * n + 2], 16).ok()?;
    }
    Some(mark)
}
