//! A Mozilla Common Voice folder as it is downloaded: tables (`validated.tsv`, `train.tsv`, …) beside `clips/`.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use csv::StringRecord;
use rules::contract::Transcript;

use super::{
    Item, Moment, Named, Reason, Refused, Source, SourceError, fields,
    files::{self, Seen},
    lines::{self, Rationed},
};

/// Read first, for they name every clip that is in the others too.
const FIRST: [&str; 3] = ["validated.tsv", "invalidated.tsv", "other.tsv"];

/// A language's folder with its tables.
#[derive(Debug)]
pub struct Voices {
    clips: PathBuf,
    tables: Vec<PathBuf>,
}

/// The Common Voice folders in `root`: itself, or folders of languages up to two levels down, as an archive
/// unpacks (`cv-corpus-22.0/en/clips`).
#[must_use]
pub fn folders(root: &Path) -> Vec<Voices> {
    fn look(folder: &Path, deeper: u32, found: &mut Vec<Voices>) {
        let tables = tables(folder);
        if folder.join("clips").is_dir() && !tables.is_empty() {
            found.push(Voices { clips: folder.join("clips"), tables });
        } else if deeper > 0 {
            for child in subfolders(folder) {
                look(&child, deeper - 1, found);
            }
        }
    }
    let mut found = Vec::new();
    look(root, 2, &mut found);
    found
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders
}

/// The tables that name clips; Common Voice has others beside them.
fn tables(folder: &Path) -> Vec<PathBuf> {
    let names_clips = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "tsv")
            && header(path).is_some_and(|header| column(&header, "path").is_some())
            && header(path).is_some_and(|header| column(&header, "sentence").is_some())
    };
    // A folder may hold far more than tables (a plain tree of recordings): only those are kept.
    let mut tables: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(names_clips)
        .collect();
    let rank = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_owned();
        (FIRST.iter().position(|first| name == *first).unwrap_or(FIRST.len()), name)
    };
    tables.sort_by_key(rank);
    tables
}

fn header(table: &Path) -> Option<StringRecord> {
    let mut text = lines::open_text(table).ok()?;
    let line = lines::next_line(&mut text).ok()??;
    let mut header = StringRecord::new();
    tabs().from_reader(line.as_slice()).read_record(&mut header).ok()?;
    Some(header)
}

fn column(header: &StringRecord, name: &str) -> Option<usize> {
    header.iter().position(|column| column == name)
}

fn tabs() -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).quoting(false).delimiter(b'\t');
    builder
}

/// The recordings of these folders. A clip that several tables name is one recording.
///
/// # Errors
/// When a table cannot be read.
pub fn open(voices: &[Voices]) -> Result<Source, SourceError> {
    let (mut total, mut queue) = (0, Vec::new());
    for Voices { clips, tables } in voices {
        let clips = clips.canonicalize().map_err(|error| SourceError::table(clips, error))?;
        for (n, table) in tables.iter().enumerate() {
            let rows = lines::count_lines(table)
                .map_err(|error| SourceError::table(table, error))?
                .saturating_sub(1);
            // What follows the complete tables repeats them.
            let complete = n == 0 || FIRST.iter().any(|first| table.ends_with(first));
            total += if complete { rows } else { 0 };
            queue.push((clips.clone(), table.clone()));
        }
    }
    queue.reverse();
    let clips = Clips { queue, table: None, seen: Seen::new() };
    Ok(Source { kind: "Mozilla Common Voice", items: Box::new(clips), total })
}

struct Clips {
    queue: Vec<(PathBuf, PathBuf)>,
    table: Option<Table>,
    seen: Seen,
}

struct Table {
    name: String,
    clips: PathBuf,
    rows: csv::Reader<Rationed<BufReader<File>>>,
    row: u64,
    path: usize,
    sentence: usize,
    locale: Option<usize>,
}

impl Table {
    fn open(clips: PathBuf, table: &Path) -> Option<Self> {
        let header = header(table)?;
        let mut text = lines::open_text(table).ok()?;
        lines::next_line(&mut text).ok()?;
        Some(Self {
            name: table.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            clips,
            rows: tabs().from_reader(Rationed::new(text)),
            row: 1,
            path: column(&header, "path")?,
            sentence: column(&header, "sentence")?,
            locale: column(&header, "locale"),
        })
    }

    /// The next row's clip; `None` at the end, `Some(None)` for a clip that was there.
    fn next(&mut self, seen: &mut Seen) -> Option<Option<Named>> {
        self.row += 1;
        let mut record = StringRecord::new();
        let read = self.rows.read_record(&mut record);
        self.rows.get_mut().next_row();
        let refused = |name: &str, reason: Reason| {
            Some(Some(Err(Refused { name: format!("{name} ({} row {})", self.name, self.row), reason })))
        };
        match read {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => return refused("no clip", Reason::BadRow(error.to_string())),
        }
        let field = |n: usize| record.get(n).map(str::trim).filter(|text| !text.is_empty());
        let Some(path) = field(self.path) else {
            return refused("no clip", Reason::BadRow("it names no clip".into()));
        };
        if seen.again((&self.clips, path)) {
            return Some(None);
        }
        // The first releases left the ending out.
        let file = match files::inside(&self.clips, path) {
            Err(Reason::Missing) => files::inside(&self.clips, &format!("{path}.mp3")),
            found => found,
        };
        let file = match file {
            Ok(file) => file,
            Err(reason) => return refused(path, reason),
        };
        // A locale that is no language tag is no reason to lose the recording.
        let language = fields::language(self.locale.and_then(field).map(str::to_owned)).unwrap_or(None);
        let transcript = field(self.sentence).map(|text| Transcript::new(text, language));
        Some(Some(Ok(Item {
            name: path.to_owned(),
            file,
            moment: Moment::FromFile,
            device: None,
            transcript,
            location: None,
        })))
    }
}

impl Iterator for Clips {
    type Item = Named;

    fn next(&mut self) -> Option<Named> {
        loop {
            if let Some(table) = &mut self.table {
                match table.next(&mut self.seen) {
                    Some(Some(named)) => return Some(named),
                    Some(None) => continue,
                    None => self.table = None,
                }
            }
            let (clips, path) = self.queue.pop()?;
            self.table = Table::open(clips, &path);
            if self.table.is_none() {
                let reason = Reason::BadRow("the table can no longer be read".into());
                return Some(Err(Refused { name: path.display().to_string(), reason }));
            }
        }
    }
}
