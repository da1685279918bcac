//! Encrypting a file so that any range of it can be read: [C2SP chunked-encryption][spec] in its
//! recommended instantiation, Cobblestone-128 (HKDF-Expand with SHA-512, AES-128-GCM).
//!
//! 24 bytes of salt, 32 bytes that commit to the key, then chunks of 16 KiB, each with a tag of 16 bytes.
//! The last chunk is always shorter than 16 KiB, and may be empty: that tells a whole file from a cut one.
//!
//! [spec]: https://c2sp.org/chunked-encryption

use std::ops::Range;

use aes_gcm::{
    Aes128Gcm, KeyInit,
    aead::{AeadInOut, inout::InOutBuf},
};
use hmac::{Hmac, Mac};
use sha2::Sha512;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

/// Bytes of an input key.
pub const KEY: usize = 16;
/// Bytes of plaintext in every chunk but the last.
pub const CHUNK: usize = 16 << 10;
/// Bytes before the first chunk: salt and commitment.
pub const HEADER: usize = SALT + COMMITMENT;

const SALT: usize = 24;
const COMMITMENT: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
const SEALED_CHUNK: u64 = (CHUNK + TAG) as u64;
/// Chunks are numbered in 38 bits.
const CHUNKS: u64 = 1 << 38;
const INFO: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_128_GCM\0";

/// Not what was encrypted with this key: changed, cut short, moved, or another file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not those that were encrypted")]
pub struct Damaged;

/// One encrypted file: the keys derived for it, and its first bytes.
pub struct Message {
    cipher: Aes128Gcm,
    nonce: Zeroizing<[u8; NONCE]>,
    header: [u8; HEADER],
}

impl Message {
    /// A new one, with fresh salt. `key` is uniformly random; `context` is what the file belongs to.
    #[must_use]
    pub fn new(key: &[u8; KEY], context: &[u8]) -> Self {
        Self::derive(key, rand::random(), context)
    }

    /// The one that begins with these bytes.
    ///
    /// # Errors
    /// They were not written with this key and context.
    pub fn of(key: &[u8; KEY], header: &[u8], context: &[u8]) -> Result<Self, Damaged> {
        let salt = header.first_chunk::<SALT>().ok_or(Damaged)?;
        let message = Self::derive(key, *salt, context);
        if message.header[..].ct_eq(header).into() { Ok(message) } else { Err(Damaged) }
    }

    fn derive(key: &[u8; KEY], salt: [u8; SALT], context: &[u8]) -> Self {
        // The first block of HKDF-Expand, which is all that is needed. By hand: the crate `hkdf`
        // takes no key that is shorter than the hash.
        #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = <Hmac<Sha512> as KeyInit>::new_from_slice(key).expect("a key of any length");
        for part in [INFO, &salt, context, &[1]] {
            mac.update(part);
        }
        let block: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
        let (key, rest) = block.split_at(KEY);
        let (nonce, rest) = rest.split_at(NONCE);
        let mut header = [0; HEADER];
        header[..SALT].copy_from_slice(&salt);
        header[SALT..].copy_from_slice(&rest[..COMMITMENT]);
        let mut base = Zeroizing::new([0; NONCE]);
        base.copy_from_slice(nonce);
        let mut own = Zeroizing::new([0; KEY]);
        own.copy_from_slice(key);
        Self { cipher: Aes128Gcm::new((&*own).into()), nonce: base, header }
    }

    /// What stands before the first chunk.
    #[must_use]
    pub const fn header(&self) -> &[u8; HEADER] {
        &self.header
    }

    fn nonce(&self, chunk: u64) -> Result<[u8; NONCE], Damaged> {
        if chunk >= CHUNKS {
            return Err(Damaged);
        }
        let mut nonce = *self.nonce;
        for (byte, counter) in nonce[NONCE - 8..].iter_mut().zip(chunk.to_be_bytes()) {
            *byte ^= counter;
        }
        Ok(nonce)
    }

    /// Encrypts chunk number `chunk` where it stands, and appends its tag.
    fn seal(&self, chunk: u64, bytes: &mut Vec<u8>) -> Result<(), Damaged> {
        let nonce = self.nonce(chunk)?;
        let tag = self.cipher.encrypt_inout_detached((&nonce).into(), &[], InOutBuf::from(&mut bytes[..]));
        bytes.extend_from_slice(&tag.map_err(|_| Damaged)?);
        Ok(())
    }

    /// Encrypts everything that `from` yields, with memory for one chunk. `change` may alter the
    /// plaintext, a piece at a time, told where in the file the piece begins. Returns how long the
    /// plaintext was.
    ///
    /// # Errors
    /// Where reading or writing fails.
    pub async fn seal_all(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        change: impl Fn(u64, &mut [u8]),
    ) -> std::io::Result<u64> {
        to.write_all(&self.header).await?;
        let mut bytes = Vec::with_capacity(CHUNK + TAG);
        for chunk in 0.. {
            bytes.clear();
            // The chunk's own length, so that the buffer never holds more.
            (&mut *from).take(CHUNK as u64).read_to_end(&mut bytes).await?;
            let (at, len) = (chunk * CHUNK as u64, bytes.len());
            change(at, &mut bytes);
            self.seal(chunk, &mut bytes).map_err(std::io::Error::other)?;
            to.write_all(&bytes).await?;
            if len < CHUNK {
                return Ok(at + len as u64);
            }
        }
        unreachable!("chunks end before numbers do")
    }

    /// Decrypts `bytes`, which are [`sealed_range`]`(range, len)` of a file whose plaintext has `len`
    /// bytes, and returns the plaintext in `range`.
    ///
    /// # Errors
    /// When any of the chunks is not what was encrypted at its place.
    pub fn open(&self, bytes: &mut [u8], range: Range<u64>, len: u64) -> Result<Vec<u8>, Damaged> {
        let range = range.start.min(len)..range.end.min(len);
        let sealed = sealed_range(range.clone(), len);
        if bytes.len() as u64 != sealed.end - sealed.start {
            return Err(Damaged);
        }
        let first = range.start / CHUNK as u64;
        let mut plain = Vec::with_capacity(bytes.len());
        for (chunk, bytes) in (first..).zip(bytes.chunks_mut(CHUNK + TAG)) {
            let (text, tag) = bytes.split_at_mut(bytes.len().checked_sub(TAG).ok_or(Damaged)?);
            let tag: [u8; TAG] = (&*tag).try_into().map_err(|_| Damaged)?;
            let nonce = self.nonce(chunk)?;
            self.cipher
                .decrypt_inout_detached((&nonce).into(), &[], InOutBuf::from(&mut *text), (&tag).into())
                .map_err(|_| Damaged)?;
            plain.extend_from_slice(text);
        }
        let skip = usize::try_from(range.start - first * CHUNK as u64).map_err(|_| Damaged)?;
        let wanted = usize::try_from(range.end - range.start).map_err(|_| Damaged)?;
        plain.drain(..skip.min(plain.len()));
        plain.truncate(wanted);
        Ok(plain)
    }
}

/// How long a file of `len` bytes is once encrypted.
#[must_use]
pub const fn sealed_len(len: u64) -> u64 {
    HEADER as u64 + len + (len / CHUNK as u64 + 1) * TAG as u64
}

/// How long a file was whose encrypted form has `sealed` bytes; none where no file's has.
#[must_use]
pub fn plain_len(sealed: u64) -> Option<u64> {
    let chunks = sealed.checked_sub(HEADER as u64)?;
    let last = (chunks % SEALED_CHUNK).checked_sub(TAG as u64)?;
    Some(chunks / SEALED_CHUNK * CHUNK as u64 + last)
}

/// Where the chunks are that a range of the plaintext touches, in the encrypted form of a file of `len`
/// bytes. An empty range at the end is the last chunk.
#[must_use]
pub fn sealed_range(range: Range<u64>, len: u64) -> Range<u64> {
    let first = range.start.min(len) / CHUNK as u64;
    let after = range.end.min(len).div_ceil(CHUNK as u64).max(first + 1);
    let start = HEADER as u64 + first * SEALED_CHUNK;
    start..(HEADER as u64 + after * SEALED_CHUNK).min(sealed_len(len))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::Digest;

    use super::*;

    const INPUT: [u8; KEY] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    fn sealed(message: &Message, plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let len = runtime.block_on(message.seal_all(&mut &plain[..], &mut sealed, |_, _| {})).unwrap();
        assert_eq!(len, plain.len() as u64);
        sealed
    }

    /// As a player does it: only the bytes of the chunks that the range touches are looked at.
    fn part(sealed: &[u8], range: Range<u64>, len: u64) -> Result<Vec<u8>, Damaged> {
        let message = Message::of(&INPUT, sealed.get(..HEADER).ok_or(Damaged)?, b"context")?;
        let at = sealed_range(range.clone(), len);
        let bytes = sealed.get(at.start as usize..at.end as usize).ok_or(Damaged)?;
        message.open(&mut bytes.to_vec(), range, len)
    }

    fn whole(sealed: &[u8]) -> Result<Vec<u8>, Damaged> {
        let len = plain_len(sealed.len() as u64).ok_or(Damaged)?;
        // The last chunk too, which is empty where the length is a multiple of a chunk's.
        part(sealed, len..len, len)?;
        part(sealed, 0..len, len)
    }

    fn some(len: usize) -> Vec<u8> {
        (0..len).map(|n| (n % 251) as u8).collect()
    }

    /// The specification has no vectors. These were made by 15 lines of JavaScript over Node's
    /// `createHmac` and `createCipheriv`, written from the specification alone.
    #[test]
    fn it_is_what_another_implementation_writes() {
        let salt: [u8; SALT] = std::array::from_fn(|n| n as u8 + 100);
        for (len, sha256) in [
            (0, "a3982f10c0d4e179ec1a8748b833cedd5fb84040f993299b9cc89cc45e6d6881"),
            (5, "1e1662ba6db91d5f5502fabc31717e44934e3e28c6a5012f758ff40ed4569de6"),
            (16_383, "bc6123841fc0544fb1a51593504707ca51a742d49f40b74bfd4f936ba24f4a5b"),
            (16_384, "cb3fcb81c21b4df291e4020fa0fd717e206a4e9aeb090485cd1327ab451e9cc8"),
            (40_000, "81309930b1bf8573b0e2e87d4b8b2c6066e8b4cfc6b121952e735e3ecf0de320"),
        ] {
            let sealed = sealed(&Message::derive(&INPUT, salt, b"context"), &some(len));
            let hash: [u8; 32] = sha2::Sha256::digest(&sealed).into();
            let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            assert_eq!(hash, sha256, "{len}");
        }
    }

    #[test]
    fn lengths_are_those_of_the_specification() {
        for (plain, sealed) in [(0, 72), (5, 77), (16_383, 16_455), (16_384, 16_472), (40_000, 40_104)] {
            assert_eq!((sealed_len(plain), plain_len(sealed)), (sealed, Some(plain)));
        }
        for never in [0, 55, 56, 71, 56 + SEALED_CHUNK, 56 + SEALED_CHUNK + 15] {
            assert_eq!(plain_len(never), None, "{never}");
        }
    }

    #[test]
    fn another_key_or_context_opens_nothing() {
        let message = Message::new(&INPUT, b"context");
        assert!(Message::of(&INPUT, message.header(), b"context").is_ok());
        assert_eq!(Message::of(&INPUT, message.header(), b"contexu").err(), Some(Damaged));
        assert_eq!(Message::of(&[7; KEY], message.header(), b"context").err(), Some(Damaged));
        assert_eq!(Message::of(&INPUT, &message.header()[1..], b"context").err(), Some(Damaged));
        assert_ne!(message.header(), Message::new(&INPUT, b"context").header(), "the salt is fresh");
    }

    #[test]
    fn chunks_in_another_order_or_fewer_or_more_are_refused() {
        let plain = some(3 * CHUNK);
        let good = sealed(&Message::new(&INPUT, b"context"), &plain);
        assert_eq!(whole(&good).unwrap(), plain);
        let chunk = |n: usize| HEADER + n * SEALED_CHUNK as usize..HEADER + (n + 1) * SEALED_CHUNK as usize;
        let mut swapped = good.clone();
        swapped.copy_within(chunk(1), chunk(0).start);
        swapped[chunk(1)].copy_from_slice(&good[chunk(0)]);
        assert_eq!(whole(&swapped), Err(Damaged));
        let fewer = [&good[..chunk(1).start], &good[chunk(2).start..]].concat();
        assert_eq!(whole(&fewer), Err(Damaged));
        let doubled = [&good[..chunk(1).end], &good[chunk(1).start..]].concat();
        assert_eq!(whole(&doubled), Err(Damaged));
        for cut in [0, 1, HEADER, HEADER + 15, chunk(0).end, chunk(1).end + 16, good.len() - 1] {
            assert_eq!(whole(&good[..cut]), Err(Damaged), "cut to {cut}");
        }
        for more in [1, 16, CHUNK] {
            let longer = [&good[..], &vec![0; more]].concat();
            assert_eq!(whole(&longer), Err(Damaged), "{more} more");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_range_of_any_length_is_the_plaintext_there(len in 0..70_000_usize, a in 0..70_000_u64, b in 0..70_000_u64) {
            let plain = some(len);
            let sealed = sealed(&Message::new(&INPUT, b"context"), &plain);
            prop_assert_eq!(sealed.len() as u64, sealed_len(len as u64));
            prop_assert_eq!(plain_len(sealed.len() as u64), Some(len as u64));
            prop_assert_eq!(whole(&sealed).unwrap(), &plain[..]);
            let len = len as u64;
            let (from, to) = (a.min(b).min(len), a.max(b).min(len));
            let range = sealed_range(from..to, len);
            // No more than the chunks that the range touches.
            prop_assert!(range.end - range.start <= ((to - from) / CHUNK as u64 + 2) * SEALED_CHUNK);
            prop_assert_eq!(&part(&sealed, from..to, len).unwrap()[..], &plain[from as usize..to as usize]);
        }

        #[test]
        fn any_flipped_bit_is_refused(len in 0..40_000_usize, at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let mut sealed = sealed(&Message::new(&INPUT, b"context"), &some(len));
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(whole(&sealed), Err(Damaged));
        }
    }
}
