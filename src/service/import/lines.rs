//! Text files of any length, a bounded piece at a time.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// No row of a manifest is longer, unless a quotation mark is missing somewhere.
pub(super) const LONGEST_ROW: usize = 1 << 20;

/// A reader that fails when one row takes more than [`LONGEST_ROW`] bytes, rather than growing with it.
pub(super) struct Rationed<R> {
    inner: R,
    left: usize,
}

impl<R> Rationed<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self { inner, left: 2 * LONGEST_ROW }
    }

    /// A row was read to its end: the next one has its ration.
    pub(super) const fn next_row(&mut self) {
        // Twice, because buffers read ahead.
        self.left = 2 * LONGEST_ROW;
    }
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("a row is longer than 1 MB; is a quotation mark missing?"));
        }
        let most = buffer.len().min(self.left);
        let count = self.inner.read(&mut buffer[..most])?;
        self.left -= count;
        Ok(count)
    }
}

/// Opens a text file behind its byte order mark, if it has one.
pub(super) fn open_text(path: &Path) -> io::Result<BufReader<File>> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    let mut reader = BufReader::new(File::open(path)?);
    if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(reader)
}

/// The next line without its end; `None` at the end of the file.
pub(super) fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let longest = LONGEST_ROW as u64;
    if reader.by_ref().take(longest).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() == LONGEST_ROW {
        reader.skip_until(b'\n')?;
        line.clear();
        line.extend_from_slice(b"longer than 1 MB");
    }
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok(Some(line))
}

/// How many lines a file has, its last one included when it does not end. An upper bound for rows.
pub(super) fn count_lines(path: &Path) -> io::Result<u64> {
    let mut reader = open_text(path)?;
    let (mut lines, mut ended) = (0, true);
    loop {
        let piece = reader.fill_buf()?;
        let Some(last) = piece.last() else { break };
        lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        ended = *last == b'\n';
        let len = piece.len();
        reader.consume(len);
    }
    Ok(if ended { lines } else { lines + 1 })
}
