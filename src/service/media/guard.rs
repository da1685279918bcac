//! What stands between a demuxer and bytes that a stranger chose.

use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// Read and seek, and shareable as the demuxers ask for it.
pub trait Source: Read + Seek + Send + Sync {}
impl<T: Read + Seek + Send + Sync> Source for T {}

/// A source that ends reading after a budget, so that no file can make a demuxer read in circles for ever.
pub(super) struct Guarded<'s> {
    inner: &'s mut dyn Source,
    at: u64,
    len: u64,
    left: u64,
    hidden: Option<u64>,
}

impl<'s> Guarded<'s> {
    /// Eight times the file and some: a demuxer looks at the end first, or jumps between tracks.
    pub(super) fn new(inner: &'s mut dyn Source, len: u64) -> std::io::Result<Self> {
        inner.seek(SeekFrom::Start(0))?;
        Ok(Self { inner, at: 0, len, left: len.saturating_mul(8).saturating_add(8 << 20), hidden: None })
    }

    /// Shows the four letters at `at` as some that no demuxer knows.
    ///
    /// Symphonia reads how pictures are coded too, and refuses the whole film over what it does not like there
    /// (a description of H.265 longer than 1 KB); here only the sound is decoded.
    pub(super) const fn hiding(self, at: Option<u64>) -> Self {
        Self { hidden: at, ..self }
    }
}

impl Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("read many times over without an end"))?;
        let end = self.at + count as u64;
        if let Some(hidden) = self.hidden.filter(|hidden| *hidden < end && hidden + 4 > self.at) {
            let from = usize::try_from(hidden.saturating_sub(self.at)).unwrap_or(count);
            let to = usize::try_from(hidden + 4 - self.at).unwrap_or(count).min(count);
            buffer[from..to].fill(b'-');
        }
        self.at = end;
        Ok(count)
    }
}

impl Seek for Guarded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}

impl MediaSource for Guarded<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

/// Random access to a file's fields with a bound on how many are read.
///
/// The walkers of containers use it: every read says where, is small, and counts.
pub(super) struct Fields<'s> {
    inner: io::BufReader<&'s mut dyn Source>,
    at: u64,
    len: u64,
    steps: u64,
}

/// More elements than any honest recording has (24 hours of Ogg pages of 20 ms are 4.3 million).
const MAX_STEPS: u64 = 6_000_000;

impl<'s> Fields<'s> {
    pub(super) fn new(inner: &'s mut dyn Source, len: u64) -> io::Result<Self> {
        inner.seek(SeekFrom::Start(0))?;
        Ok(Self { inner: io::BufReader::with_capacity(16 << 10, inner), at: 0, len, steps: 0 })
    }

    /// The length of the file in bytes.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Up to `N` bytes at `at`; `None` where the file ends before them.
    pub(super) fn array<const N: usize>(&mut self, at: u64) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        Ok(self.read_at(at, &mut bytes)?.then_some(bytes))
    }

    /// `len` bytes at `at`, cut at `max` and at the end of the file.
    pub(super) fn bytes(&mut self, at: u64, len: u64, max: usize) -> io::Result<Vec<u8>> {
        let len = len.min(self.len.saturating_sub(at)).min(max as u64);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(max)];
        let whole = self.read_at(at, &mut bytes)?;
        Ok(if whole { bytes } else { Vec::new() })
    }

    /// Fills `buffer` from `at`, or says that the file ends before it.
    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<bool> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(io::Error::other("more parts than a recording can have"));
        }
        if at.checked_add(buffer.len() as u64).is_none_or(|end| end > self.len) {
            return Ok(false);
        }
        if at != self.at {
            // Relative, so that the buffer survives short hops.
            let hop = i128::from(at) - i128::from(self.at);
            match i64::try_from(hop) {
                Ok(hop) => self.inner.seek_relative(hop)?,
                Err(_) => drop(self.inner.seek(SeekFrom::Start(at))?),
            }
        }
        self.inner.read_exact(buffer)?;
        self.at = at + buffer.len() as u64;
        Ok(true)
    }
}
