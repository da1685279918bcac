//! `manifest.csv` and `manifest.jsonl`: one recording a row, with what is known of it.

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use csv::StringRecord;
use rules::Timestamp;
use serde_json::Value;

use super::{
    Named, Reason, Refused, Source, SourceError,
    fields::{COLUMNS, Row},
    files::Seen,
    lines::{self, Rationed},
};

/// The recordings of a `manifest.csv` in the canonical folder `root`. Columns may come in any order, separated
/// by commas, semicolons or tabs; those that are not known are passed over.
///
/// # Errors
/// When it cannot be read, or has no column `file`.
pub fn open_csv(root: &Path, manifest: &Path, now: Timestamp) -> Result<Source, SourceError> {
    let unreadable = |error: io::Error| SourceError::table(manifest, error);
    let total = lines::count_lines(manifest).map_err(unreadable)?.saturating_sub(1);
    let mut text = lines::open_text(manifest).map_err(unreadable)?;
    let header = lines::next_line(&mut text).map_err(unreadable)?.unwrap_or_default();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|d| header.iter().filter(|b| *b == d).count());
    let mut names = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(header.as_slice());
    let mut record = StringRecord::new();
    names.read_record(&mut record).map_err(|error| SourceError::table(manifest, error))?;
    let columns: Vec<Option<usize>> = record
        .iter()
        .map(|name| COLUMNS.iter().position(|column| name.trim().eq_ignore_ascii_case(column)))
        .collect();
    if !columns.contains(&Some(0)) {
        let problem = format!("it has no column \"file\"; its columns are {}", COLUMNS.join(", "));
        return Err(SourceError::table(manifest, problem));
    }
    let rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(Rationed::new(text));
    let rows = CsvRows { rows, columns, root: root.to_owned(), now, row: 1, seen: Seen::new(), ended: false };
    Ok(Source { kind: "manifest.csv", items: Box::new(rows), total })
}

struct CsvRows {
    rows: csv::Reader<Rationed<BufReader<File>>>,
    /// Which of [`COLUMNS`] each column is.
    columns: Vec<Option<usize>>,
    root: PathBuf,
    now: Timestamp,
    row: u64,
    seen: Seen,
    ended: bool,
}

impl Iterator for CsvRows {
    type Item = Named;

    fn next(&mut self) -> Option<Named> {
        if self.ended {
            return None;
        }
        self.row += 1;
        let mut record = StringRecord::new();
        let read = self.rows.read_record(&mut record);
        self.rows.get_mut().next_row();
        match read {
            Ok(false) => None,
            Ok(true) => {
                let mut fields: [Option<String>; COLUMNS.len()] = Default::default();
                for (text, column) in record.iter().zip(&self.columns) {
                    if let Some(column) = column {
                        fields[*column] = Some(text.to_owned());
                    }
                }
                let [file, captured_at, device, transcript, language, latitude, longitude, accuracy_m] =
                    fields;
                let row =
                    Row { file, captured_at, device, transcript, language, latitude, longitude, accuracy_m };
                Some(row.read(&self.root, self.row, self.now, &mut self.seen))
            }
            Err(error) => {
                // Text that is no UTF-8 spoils its row; what cannot be read at all spoils the rest.
                let utf8 = matches!(error.kind(), csv::ErrorKind::Utf8 { .. });
                self.ended = !utf8;
                let reason =
                    if utf8 { "it is not UTF-8".into() } else { format!("the manifest ends here: {error}") };
                Some(Err(Refused { name: format!("row {}", self.row), reason: Reason::BadRow(reason) }))
            }
        }
    }
}

/// The recordings of a `manifest.jsonl` in the canonical folder `root`: an object a line, with the same names
/// as a CSV's columns. Numbers may be numbers or text.
///
/// # Errors
/// When it cannot be read.
pub fn open_jsonl(root: &Path, manifest: &Path, now: Timestamp) -> Result<Source, SourceError> {
    let unreadable = |error: io::Error| SourceError::table(manifest, error);
    let total = lines::count_lines(manifest).map_err(unreadable)?;
    let text = lines::open_text(manifest).map_err(unreadable)?;
    let rows = JsonRows { text, root: root.to_owned(), now, row: 0, seen: Seen::new(), ended: false };
    Ok(Source { kind: "manifest.jsonl", items: Box::new(rows), total })
}

struct JsonRows {
    text: BufReader<File>,
    root: PathBuf,
    now: Timestamp,
    row: u64,
    seen: Seen,
    ended: bool,
}

impl Iterator for JsonRows {
    type Item = Named;

    fn next(&mut self) -> Option<Named> {
        while !self.ended {
            self.row += 1;
            let bad = |row: u64, reason: String| {
                Some(Err(Refused { name: format!("row {row}"), reason: Reason::BadRow(reason) }))
            };
            let line = match lines::next_line(&mut self.text) {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => {
                    self.ended = true;
                    return bad(self.row, format!("the manifest ends here: {error}"));
                }
            };
            if line.trim_ascii().is_empty() {
                continue;
            }
            let row = match serde_json::from_slice(&line) {
                Ok(Value::Object(object)) => object,
                Ok(_) => return bad(self.row, "it is not a JSON object".into()),
                Err(error) => return bad(self.row, format!("it is not JSON: {error}")),
            };
            let field = |name: &str| match row.get(name) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            };
            let row = Row {
                file: field("file"),
                captured_at: field("captured_at"),
                device: field("device"),
                transcript: field("transcript"),
                language: field("language"),
                latitude: field("latitude"),
                longitude: field("longitude"),
                accuracy_m: field("accuracy_m"),
            };
            return Some(row.read(&self.root, self.row, self.now, &mut self.seen));
        }
        None
    }
}
