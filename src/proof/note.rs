//! Signed notes (c2sp.org/signed-note) with Ed25519 keys, and the `cosignature/v1` of a witness
//! (c2sp.org/tlog-cosignature), which is a note's signature with a time in it.

use alloc::{string::String, vec::Vec};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::{
    Error, base64,
    merkle::sha256,
    text::{Lines, decimal},
};

/// No honest note is longer.
pub const MAX_NOTE: usize = 65_536;
/// Nor has one more signatures: each costs whoever verifies it time. At least 16 are to be read
/// (c2sp.org/signed-note).
pub const MAX_SIGNATURES: usize = 64;

/// What a key signs: the byte that stands for it is in the key's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A note, as a log does.
    Log = 1,
    /// That a checkpoint was seen, with the time.
    Witness = 4,
}

/// A public key under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    role: Role,
    id: [u8; 4],
    key: VerifyingKey,
}

impl VerifierKey {
    /// The key of these bytes under this name.
    pub fn new(name: &str, role: Role, key: &[u8; 32]) -> Result<Self, Error> {
        let verifying = VerifyingKey::from_bytes(key).map_err(|_| Error::NotKey)?;
        if !is_name(name) || verifying.is_weak() {
            return Err(Error::NotKey);
        }
        let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[role as u8], key]);
        Ok(Self { name: name.into(), role, id: [a, b, c, d], key: verifying })
    }

    /// Reads `<name>+<hash>+<key>`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::NotKey);
        };
        let key = base64::decode(key).ok_or(Error::NotKey)?;
        let (role, key) = match key.split_first() {
            Some((1, key)) => (Role::Log, key),
            Some((4, key)) => (Role::Witness, key),
            Some(_) => return Err(Error::KeyKind),
            None => return Err(Error::NotKey),
        };
        let read = Self::new(name, role, key.try_into().map_err(|_| Error::NotKey)?)?;
        // Which also compares the hash.
        if read.text() == text { Ok(read) } else { Err(Error::NotKey) }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.name.clone();
        text.push('+');
        for byte in self.id {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        text.push('+');
        base64::push(&mut text, &[&[self.role as u8], &self.key.as_bytes()[..]].concat());
        text
    }

    /// Its name; a log's is its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The key itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|it| self.key.verify_strict(message, &it).is_ok())
    }
}

/// Whether a key can have this name.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter < ' ' || letter == '+')
}

/// A text and the signatures under it, none of them checked yet.
#[derive(Debug)]
pub struct Note<'a> {
    /// The text, with its last newline. It says nothing before a signature has been verified.
    pub text: &'a str,
    signatures: Vec<(&'a str, Vec<u8>)>,
}

impl<'a> Note<'a> {
    /// Reads a note.
    pub fn parse(note: &'a str) -> Result<Self, Error> {
        if note.len() > MAX_NOTE {
            return Err(Error::TooLong);
        }
        Self::read(note).ok_or(Error::NotNote)
    }

    fn read(note: &'a str) -> Option<Self> {
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return None;
        }
        let blank = note.as_bytes().windows(2).rposition(|pair| pair == b"\n\n")?;
        let (text, mut lines) = (&note[..=blank], Lines(&note[blank + 2..]));
        let mut signatures = Vec::new();
        loop {
            let (name, signature) = lines.line()?.strip_prefix("— ")?.split_once(' ')?;
            let bytes = base64::decode(signature).filter(|bytes| is_name(name) && bytes.len() > 4)?;
            signatures.push((name, bytes));
            if lines.0.is_empty() {
                return (signatures.len() <= MAX_SIGNATURES).then_some(Self { text, signatures });
            }
        }
    }

    /// Whether someone has signed under this name, with whatever key.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.signatures.iter().any(|(signer, _)| *signer == name)
    }

    /// What `key` has signed here, if anything. Lines of other keys are passed over, as the format
    /// asks. Of several lines of one key each must be right.
    fn of<'b>(&'b self, key: &'b VerifierKey) -> impl Iterator<Item = &'b [u8]> {
        let own = move |(name, bytes): &'b (&str, Vec<u8>)| {
            (*name == key.name).then(|| bytes.strip_prefix(&key.id)).flatten()
        };
        self.signatures.iter().filter_map(own)
    }

    /// Whether a log's key has signed it; an error if it has done so wrongly.
    pub fn signed_by(&self, key: &VerifierKey) -> Result<bool, Error> {
        let mut signed = false;
        for signature in self.of(key) {
            if key.role != Role::Log || !key.verify(self.text.as_bytes(), signature) {
                return Err(Error::BadSignature);
            }
            signed = true;
        }
        Ok(signed)
    }

    /// When a witness's key has cosigned it (seconds since 1970), if it has; of several times the first.
    pub fn cosigned_by(&self, key: &VerifierKey) -> Result<Option<u64>, Error> {
        let mut seen = None;
        for bytes in self.of(key) {
            let time = bytes.split_first_chunk().and_then(|(time, signature)| {
                let time = u64::from_be_bytes(*time);
                let fine = key.role == Role::Witness
                    && i64::try_from(time).is_ok()
                    && key.verify(cosigned(self.text, time).as_bytes(), signature);
                fine.then_some(time)
            });
            let time = time.ok_or_else(|| Error::BadCosignature(key.name.clone()))?;
            seen = Some(seen.map_or(time, |earlier: u64| earlier.min(time)));
        }
        Ok(seen)
    }
}

/// What a witness signs.
fn cosigned(checkpoint: &str, time: u64) -> String {
    let mut message = String::from("cosignature/v1\ntime ");
    message.push_str(&decimal(time));
    message.push('\n');
    message.push_str(checkpoint);
    message
}

/// A private key under a name. What it holds is never printed.
pub struct Signer {
    secret: SigningKey,
    public: VerifierKey,
}

impl Signer {
    /// The key made from 32 secret bytes.
    pub fn new(name: &str, role: Role, secret: &[u8; 32]) -> Result<Self, Error> {
        let secret = SigningKey::from_bytes(secret);
        let public = VerifierKey::new(name, role, secret.verifying_key().as_bytes())?;
        Ok(Self { secret, public })
    }

    /// Its public half.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.public
    }

    /// The signature line of `text`, which ends with a newline. A witness says when it has seen it,
    /// in seconds since 1970; a log's signature has no time.
    #[must_use]
    pub fn line(&self, text: &str, time: u64) -> String {
        let mut bytes = self.public.id.to_vec();
        match self.public.role {
            Role::Log => bytes.extend(self.secret.sign(text.as_bytes()).to_bytes()),
            Role::Witness => {
                bytes.extend(time.to_be_bytes());
                bytes.extend(self.secret.sign(cosigned(text, time).as_bytes()).to_bytes());
            }
        }
        let mut line = String::from("— ");
        line.push_str(&self.public.name);
        line.push(' ');
        base64::push(&mut line, &bytes);
        line.push('\n');
        line
    }
}
