//! A file without its places, without a copy of it: what blanking would write, put over what is read.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
};

use super::blank_places;

/// What a file reads where its places were.
#[derive(Debug, Default)]
pub struct Blanked(Vec<Patch>);

/// These bytes instead; zeros where `bytes` is empty, however many.
#[derive(Debug)]
struct Patch {
    range: Range<u64>,
    bytes: Vec<u8>,
}

impl Blanked {
    /// Finds every mention of a place. The file itself is only read.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of(file: File) -> io::Result<Self> {
        let mut over = Over { file, at: 0, blanked: Self::default() };
        blank_places(&mut over)?;
        Ok(over.blanked)
    }

    /// Blanks what of it lies in `bytes`, which stand in the file from `at` on.
    pub fn apply(&self, at: u64, bytes: &mut [u8]) {
        let end = at + bytes.len() as u64;
        for Patch { range, bytes: new } in &self.0 {
            for n in range.start.max(at)..range.end.min(end) {
                let old = (n - range.start) as usize;
                bytes[(n - at) as usize] = new.get(old).copied().unwrap_or(0);
            }
        }
    }
}

/// A file that takes writes down instead of doing them.
struct Over {
    file: File,
    at: u64,
    blanked: Blanked,
}

impl Read for Over {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(self.at))?;
        let n = self.file.read(bytes)?;
        self.blanked.apply(self.at, &mut bytes[..n]);
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Over {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Current(by) => self
                .at
                .checked_add_signed(by)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "before the beginning"))?,
            to => self.file.seek(to)?,
        };
        Ok(self.at)
    }
}

impl Write for Over {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let range = self.at..self.at + bytes.len() as u64;
        let zeros = bytes.iter().all(|byte| *byte == 0);
        match self.blanked.0.last_mut() {
            // A region may be as large as the file says: zeros are only counted.
            Some(last) if zeros && last.bytes.is_empty() && last.range.end == range.start => {
                last.range.end = range.end;
            }
            _ => {
                self.blanked.0.push(Patch {
                    range: range.clone(),
                    bytes: if zeros { Vec::new() } else { bytes.to_vec() },
                });
            }
        }
        self.at = range.end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
