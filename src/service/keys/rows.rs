//! What a key of a row does, and what is encrypted with it: words, places, loudness, what was made from them.

use rules::{DerivationId, StoreId, Stores, location::Place};
use zeroize::Zeroizing;

use super::{KeyError, MediaKey, Owner, Wrapping, chunked, kms, name};

/// Words are filled up with zeros to a multiple of so many bytes: how long they are says a little of what they are.
const PADDED_TO: usize = 64;
/// Bytes of a place: two numbers, and how exact, or nothing of that.
const PLACE: usize = 13;

/// The key of one row (AES-256-GCM). Whose it is and what is bound in: a row that is moved to another recording,
/// or to another table, does not open. Each text is encrypted with a nonce of its own, at random.
pub struct RowKey {
    key: Wrapping,
    context: Vec<u8>,
}

impl RowKey {
    pub(super) fn of_part(key: &[u8; kms::KEY], part: StoreId, of: Owner) -> Self {
        Self { key: Wrapping::new(key), context: name(part.name(), of) }
    }

    pub(super) fn of_thing(key: &[u8; kms::KEY], of: super::ThingId) -> Self {
        Self { key: Wrapping::new(key), context: super::thing_name("thing", of) }
    }

    /// Encrypts what is to stand in the row.
    #[must_use]
    pub fn seal(&self, plain: &[u8]) -> Vec<u8> {
        self.key.wrap(rand::random(), &self.context, plain)
    }

    /// What stands in the row; none when it is not this row's.
    #[must_use]
    pub fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.key.open_any(&self.context, sealed)
    }
}

/// How much longer a row is than what it says, where nothing is filled up.
pub const SEALED_MORE: usize = kms::NONCE + kms::TAG;

/// The keys of one recording's parts, as many as were asked for and are there.
#[derive(Default)]
pub struct RecordingKeys {
    media: Option<MediaKey>,
    rows: Vec<(StoreId, RowKey)>,
    /// Parts whose key is there and does not open.
    damaged: Stores,
}

impl RecordingKeys {
    /// The key of the media; none once it is destroyed.
    pub fn media(self) -> Result<Option<MediaKey>, KeyError> {
        if self.damaged.has(StoreId::Media) { Err(KeyError::Damaged) } else { Ok(self.media) }
    }

    /// The same, for a file that is about to be written.
    #[must_use]
    pub const fn of_file(&self) -> Option<&MediaKey> {
        self.media.as_ref()
    }

    /// The key of another part.
    #[must_use]
    pub fn row(&self, part: StoreId) -> Option<&RowKey> {
        self.rows.iter().find(|(its, _)| *its == part).map(|(_, key)| key)
    }

    /// Whether a key of any of these parts is there, also one that does not open.
    #[must_use]
    pub fn has_any(&self, parts: Stores) -> bool {
        parts.has(StoreId::Media) && self.media.is_some()
            || self.rows.iter().any(|(part, _)| parts.has(*part))
            || !self.damaged.and(parts).is_empty()
    }

    /// Whether the key of this part is there and does not open.
    #[must_use]
    pub fn is_damaged(&self, part: StoreId) -> bool {
        self.damaged.has(part)
    }

    /// Takes in the wrapped key of a part.
    pub(super) fn unwrap(&mut self, kek: &Wrapping, part: StoreId, of: Owner, wrapped: &[u8]) {
        let owner = super::dek_name(part, of);
        let opened = if part == StoreId::Media {
            kek.open(&owner, wrapped).map(|key| self.media = Some(MediaKey::new(key, of)))
        } else {
            kek.open(&owner, wrapped).map(|key| self.rows.push((part, RowKey::of_part(&key, part, of))))
        };
        if opened.is_none() {
            tracing::error!(recording = %of.1, part = part.name(), "a wrapped key does not open");
            self.damaged = self.damaged.with(part);
        }
    }

    /// Makes the key of a part; returns it wrapped.
    pub(super) fn make(&mut self, kek: &Wrapping, part: StoreId, of: Owner) -> Vec<u8> {
        let (nonce, owner) = (super::dek_nonce(part, of), super::dek_name(part, of));
        if part == StoreId::Media {
            let key: Zeroizing<[u8; chunked::KEY]> = Zeroizing::new(rand::random());
            let wrapped = kek.wrap(nonce, &owner, &key[..]);
            self.media = Some(MediaKey::new(key, of));
            return wrapped;
        }
        let key: Zeroizing<[u8; kms::KEY]> = Zeroizing::new(rand::random());
        self.rows.push((part, RowKey::of_part(&key, part, of)));
        kek.wrap(nonce, &owner, &key[..])
    }
}

/// A thing that was made from recordings, and whose it is.
pub type ThingId = (rules::ChildId, DerivationId);

/// The words of a recording and their language, as they are encrypted.
#[must_use]
pub fn words(text: &str, language: Option<&str>) -> Zeroizing<Vec<u8>> {
    let language = language.unwrap_or_default();
    let mut plain = Vec::with_capacity(8 + language.len() + text.len() + PADDED_TO);
    for part in [language, text] {
        plain.extend_from_slice(&u32::try_from(part.len()).unwrap_or(0).to_be_bytes());
        plain.extend_from_slice(part.as_bytes());
    }
    plain.resize(plain.len().next_multiple_of(PADDED_TO), 0);
    Zeroizing::new(plain)
}

/// The words and their language again.
#[must_use]
pub fn read_words(plain: &[u8]) -> Option<(String, Option<String>)> {
    let (language, rest) = read_part(plain)?;
    let (text, _) = read_part(rest)?;
    Some((text.to_owned(), (!language.is_empty()).then(|| language.to_owned())))
}

fn read_part(plain: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = plain.split_first_chunk::<4>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
    Some((std::str::from_utf8(part).ok()?, rest))
}

/// A place, as it is encrypted: always as long.
#[must_use]
pub fn place(place: Place) -> Zeroizing<[u8; PLACE]> {
    let mut plain = Zeroizing::new([0; PLACE]);
    plain[..4].copy_from_slice(&place.latitude_udeg.to_be_bytes());
    plain[4..8].copy_from_slice(&place.longitude_udeg.to_be_bytes());
    if let Some(accuracy) = place.accuracy_m {
        plain[8] = 1;
        plain[9..13].copy_from_slice(&accuracy.to_be_bytes());
    }
    plain
}

/// The place again.
#[must_use]
pub fn read_place(plain: &[u8]) -> Option<Place> {
    let plain: &[u8; PLACE] = plain.try_into().ok()?;
    let four = |at: usize| plain[at..].first_chunk::<4>().copied();
    Some(Place {
        latitude_udeg: i32::from_be_bytes(four(0)?),
        longitude_udeg: i32::from_be_bytes(four(4)?),
        accuracy_m: if plain[8] == 1 { Some(u32::from_be_bytes(four(9)?)) } else { None },
    })
}
