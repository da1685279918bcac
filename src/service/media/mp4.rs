//! The boxes of an MP4 or M4A file (ISO 14496-12) that tell what is in it, whether it is whole, when it was
//! recorded and where.

use std::io;

use rules::{Timestamp, location::Place};

use super::{
    codec::{self, Codec},
    error::ProbeError,
    guard::Fields,
    place,
};

/// What the boxes say.
#[derive(Debug, Default)]
pub(super) struct Movie {
    /// The brand is QuickTime's.
    pub(super) quicktime: bool,
    /// What pictures are coded as, where there are any.
    pub(super) video: Option<Codec>,
    /// Where the four letters that say so stand.
    pub(super) video_kind_at: Option<u64>,
    /// What sound is coded as, where there is any.
    pub(super) audio: Option<Codec>,
    /// Length by the movie header; absent in files written in fragments.
    pub(super) duration_ms: Option<u64>,
    /// When it says it was recorded.
    pub(super) recorded_at: Option<Timestamp>,
    /// Every mention of a place.
    pub(super) places: Vec<PlaceBox>,
}

/// A part of the file that tells where a recording was made, and how to blank it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlaceBox {
    /// Where the four letters of its kind stand, if they are to become `free`.
    pub(super) kind_at: Option<u64>,
    /// Where what is to become zeros begins.
    pub(super) from: u64,
    /// Where it ends.
    pub(super) to: u64,
    /// The place, where it could be read.
    pub(super) place: Option<Place>,
}

/// One box: four letters and the range of its content.
#[derive(Debug, Clone, Copy)]
struct Atom {
    kind: [u8; 4],
    kind_at: u64,
    from: u64,
    to: u64,
}

/// More boxes than any real file has outside its media data.
const MAX_ATOMS: usize = 200_000;
/// Deeper than the standard nests.
const MAX_DEPTH: usize = 10;
/// 1904-01-01 (the epoch of MP4) to 1970-01-01, in seconds.
const EPOCH_1904: u64 = 2_082_844_800;

/// The key under which phones keep the place in QuickTime metadata.
const LOCATION_KEY: &[u8] = b"com.apple.quicktime.location.ISO6709";
/// Adobe's box for XMP, which may hold EXIF positions.
const XMP_UUID: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";

/// Reads the boxes of a file. Never looks into the media data.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Movie, ProbeError> {
    let mut walk = Walk { fields, movie: Movie::default(), atoms: 0, moov: false, mdat: false, track: None };
    let len = walk.fields.len();
    walk.children(0, len, 0)?;
    match (walk.moov, walk.mdat) {
        (true, _) => Ok(walk.movie),
        (false, true) => Err(ProbeError::Truncated(
            "its index (moov) is missing; the recording was interrupted before it was finished".into(),
        )),
        (false, false) => Err(ProbeError::Damaged("there is no recording in the container".into())),
    }
}

struct Walk<'f, 's> {
    fields: &'f mut Fields<'s>,
    movie: Movie,
    atoms: usize,
    moov: bool,
    mdat: bool,
    /// The kind of the track being read: `soun`, `vide`, ….
    track: Option<[u8; 4]>,
}

impl Walk<'_, '_> {
    /// The box at `at`, which must end by `end`.
    fn atom(&mut self, at: u64, end: u64) -> Result<Atom, ProbeError> {
        self.atoms += 1;
        if self.atoms > MAX_ATOMS {
            return Err(ProbeError::Damaged("it has more boxes than a recording can have".into()));
        }
        let cut = || ProbeError::Truncated("it ends in the middle of a box header".into());
        let [s0, s1, s2, s3, kind @ ..] = self.fields.array::<8>(at)?.ok_or_else(cut)?;
        let (mut from, mut size) = (at + 8, u64::from(u32::from_be_bytes([s0, s1, s2, s3])));
        match size {
            0 => size = end - at,
            1 => {
                size = u64::from_be_bytes(self.fields.array(from)?.ok_or_else(cut)?);
                from += 8;
            }
            _ => {}
        }
        let name = kind.escape_ascii();
        let to = at.saturating_add(size);
        if to < from {
            return Err(ProbeError::Damaged(format!("the box {name} is smaller than its own header")));
        }
        if to > end {
            let missing = to - end;
            return Err(if end == self.fields.len() {
                ProbeError::Truncated(format!("{missing} bytes of the box {name} are missing"))
            } else {
                ProbeError::Damaged(format!("the box {name} does not fit into the box around it"))
            });
        }
        Ok(Atom { kind, kind_at: at + 4, from, to })
    }

    fn children(&mut self, mut at: u64, end: u64, depth: usize) -> Result<(), ProbeError> {
        while at < end {
            // Old writers end a list with four zero bytes.
            if depth > 0 && end - at < 8 {
                break;
            }
            let atom = self.atom(at, end)?;
            self.visit(atom, depth)?;
            at = atom.to;
        }
        Ok(())
    }

    fn visit(&mut self, atom: Atom, depth: usize) -> Result<(), ProbeError> {
        if depth > MAX_DEPTH {
            return Err(ProbeError::Damaged("its boxes are nested too deeply".into()));
        }
        let Atom { from, to, .. } = atom;
        match (depth, &atom.kind) {
            (0, b"ftyp") => self.movie.quicktime = self.fields.array(from)? == Some(*b"qt  "),
            (0, b"moov") => {
                self.moov = true;
                self.children(from, to, depth + 1)?;
            }
            (0, b"mdat") => self.mdat = true,
            (0, b"moof") | (1, b"traf") => self.children(from, to, depth + 1)?,
            (2, b"tfhd") => self.fragment_header(from)?,
            (1, b"mvhd") => self.movie_header(from)?,
            (1, b"trak") => {
                self.track = None;
                self.children(from, to, depth + 1)?;
                self.track = None;
            }
            (_, b"mdia" | b"minf" | b"stbl" | b"udta") => self.children(from, to, depth + 1)?,
            (_, b"hdlr") if self.track.is_none() => self.track = self.fields.array(from + 8)?,
            (_, b"stsd") => self.sample_description(from, to)?,
            (_, b"stco") => self.chunk_offsets::<4>(from, to)?,
            (_, b"co64") => self.chunk_offsets::<8>(from, to)?,
            (_, b"meta") => self.meta(from, to)?,
            (_, b"\xa9xyz") => self.international_text_place(atom)?,
            (_, b"loci") => self.location_box(atom)?,
            (_, b"uuid") => self.xmp(atom)?,
            _ => {}
        }
        Ok(())
    }

    fn movie_header(&mut self, from: u64) -> Result<(), ProbeError> {
        let header = self.fields.bytes(from, 32, 32)?;
        let u32_at = |at: usize| {
            header.get(at..at + 4).map(|b| u64::from(u32::from_be_bytes([b[0], b[1], b[2], b[3]])))
        };
        let u64_at = |at: usize| Some(u32_at(at)? << 32 | u32_at(at + 4)?);
        let (created, scale, duration) = match header.first() {
            Some(0) => (u32_at(4), u32_at(12), u32_at(16).filter(|n| *n != u64::from(u32::MAX))),
            Some(1) => (u64_at(4), u32_at(20), u64_at(24).filter(|n| *n != u64::MAX)),
            _ => (None, None, None),
        };
        if let (Some(scale), Some(duration)) = (scale, duration)
            && scale > 0
            && duration > 0
        {
            self.movie.duration_ms = duration.checked_mul(1000).map(|ms| ms / scale);
        }
        // Before 1970 it is a clock that was never set.
        self.movie.recorded_at = created
            .and_then(|seconds| seconds.checked_sub(EPOCH_1904))
            .filter(|seconds| *seconds > 0)
            .and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1000))
            .map(Timestamp::from_ms);
        Ok(())
    }

    fn sample_description(&mut self, from: u64, to: u64) -> Result<(), ProbeError> {
        let slot = match &self.track {
            Some([b's', b'o', b'u', b'n']) => &self.movie.audio,
            Some([b'v', b'i', b'd', b'e']) => &self.movie.video,
            _ => return Ok(()),
        };
        // Version and flags, the count, then the first entry.
        if slot.is_some() || to.saturating_sub(from) < 16 {
            return Ok(());
        }
        let entry = self.atom(from + 8, to)?;
        let content = self.fields.bytes(entry.from, entry.to - entry.from, 64 << 10)?;
        if self.track == Some(*b"soun") {
            self.movie.audio = Some(codec::mp4_audio(entry.kind, &content));
        } else {
            self.movie.video = Some(codec::mp4_video(entry.kind, &content));
            self.movie.video_kind_at = Some(entry.kind_at);
        }
        Ok(())
    }

    /// Chunks that begin behind the end of the file: the file is cut, though its boxes look whole.
    fn chunk_offsets<const N: usize>(&mut self, from: u64, to: u64) -> Result<(), ProbeError> {
        const AT_ONCE: usize = 16 << 10;
        let mut at = from + 8;
        while at + N as u64 <= to {
            let offsets = self.fields.bytes(at, to - at, AT_ONCE)?;
            for offset in offsets.chunks_exact(N) {
                self.refers_to(offset.iter().fold(0, |n: u64, byte| n << 8 | u64::from(*byte)))?;
            }
            at += (offsets.len() / N * N).max(N) as u64;
        }
        Ok(())
    }

    /// The header of a fragment, which may say where in the file its data begins.
    fn fragment_header(&mut self, from: u64) -> Result<(), ProbeError> {
        const HAS_BASE: u8 = 1;
        match self.fields.array::<16>(from)? {
            Some([_, _, _, flags, _, _, _, _, base @ ..]) if flags & HAS_BASE != 0 => {
                self.refers_to(u64::from_be_bytes(base))
            }
            _ => Ok(()),
        }
    }

    fn refers_to(&self, offset: u64) -> Result<(), ProbeError> {
        if offset < self.fields.len() {
            Ok(())
        } else {
            Err(ProbeError::Truncated("media data it refers to is missing".into()))
        }
    }

    /// `meta` is a full box in MP4 (four bytes of version and flags) and a plain one in QuickTime.
    fn meta(&mut self, from: u64, to: u64) -> Result<(), ProbeError> {
        let plain = self.fields.array::<8>(from)?.is_some_and(|bytes| &bytes[4..] == b"hdlr");
        let mut at = if plain { from } else { from + 4 };
        let mut location_keys = Vec::new();
        while at + 8 <= to {
            let atom = self.atom(at, to)?;
            match &atom.kind {
                b"keys" => location_keys = self.location_keys(atom)?,
                b"ilst" => self.item_list(atom, &location_keys)?,
                b"uuid" => self.xmp(atom)?,
                _ => {}
            }
            at = atom.to;
        }
        Ok(())
    }

    /// The keys that name a place, with their numbers from 1.
    fn location_keys(&mut self, keys: Atom) -> Result<Vec<(u32, Atom)>, ProbeError> {
        let mut found = Vec::new();
        let (mut at, mut number) = (keys.from + 8, 1);
        while at + 8 <= keys.to {
            let key = self.atom(at, keys.to)?;
            if self.fields.bytes(key.from, key.to - key.from, 64)?.starts_with(LOCATION_KEY) {
                found.push((number, key));
            }
            (at, number) = (key.to, number + 1);
        }
        Ok(found)
    }

    fn item_list(&mut self, list: Atom, location_keys: &[(u32, Atom)]) -> Result<(), ProbeError> {
        let mut at = list.from;
        while at + 8 <= list.to {
            let item = self.atom(at, list.to)?;
            let number = u32::from_be_bytes(item.kind);
            let key = location_keys.iter().find(|(key, _)| *key == number).map(|(_, key)| *key);
            if key.is_some() || &item.kind == b"\xa9xyz" {
                // Inside is a `data` box: its header, a type and a locale, then the text. Readers look for
                // that box in items they do not know, so it stays, empty.
                let from = (item.from + 16).min(item.to);
                let text = self.fields.bytes(from, item.to - from, 256)?;
                let place = place::from_iso_6709(&text);
                let kind_at = key.is_none().then_some(item.kind_at);
                self.movie.places.push(PlaceBox { kind_at, from, to: item.to, place });
            }
            // An item of a list with keys is the number of its key, so the key must lose its name.
            if let Some(key) = key {
                self.movie.places.push(PlaceBox { kind_at: None, from: key.from, to: key.to, place: None });
            }
            at = item.to;
        }
        Ok(())
    }

    /// `©xyz` in user data: a length, a language, then ISO 6709 text.
    fn international_text_place(&mut self, atom: Atom) -> Result<(), ProbeError> {
        let text = self.fields.bytes(atom.from + 4, (atom.to - atom.from).saturating_sub(4), 256)?;
        self.found(atom, place::from_iso_6709(&text));
        Ok(())
    }

    /// `loci` (3GPP TS 26.244): flags, a language, a name, a role, then numbers in 16.16 fixed point.
    fn location_box(&mut self, atom: Atom) -> Result<(), ProbeError> {
        let content = self.fields.bytes(atom.from, atom.to - atom.from, 1024)?;
        self.found(atom, place::from_loci(&content));
        Ok(())
    }

    /// XMP is blanked whole when it holds a position: taking a part out would leave a broken document.
    fn xmp(&mut self, atom: Atom) -> Result<(), ProbeError> {
        if self.fields.array(atom.from)? == Some(XMP_UUID) {
            let text = self.fields.bytes(atom.from + 16, atom.to - atom.from - 16, 1 << 20)?;
            let names_place = |name: &[u8]| text.windows(name.len()).any(|window| window == name);
            if names_place(b"GPSLatitude") || names_place(b"GPSLongitude") {
                self.found(atom, None);
            }
        }
        Ok(())
    }

    fn found(&mut self, atom: Atom, place: Option<Place>) {
        self.movie.places.push(PlaceBox { kind_at: Some(atom.kind_at), from: atom.from, to: atom.to, place });
    }
}

/// The places in a file, read for blanking; an unreadable file has none.
pub(super) fn places(fields: &mut Fields<'_>) -> io::Result<Vec<PlaceBox>> {
    match read(fields) {
        Ok(movie) => Ok(movie.places),
        Err(ProbeError::Io(error)) => Err(error),
        Err(_) => Ok(Vec::new()),
    }
}
