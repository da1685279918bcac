//! Where the keys live that wrap all others, each for one epoch: from one rotation to the next.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{AeadInOut, inout::InOutBuf},
};
use zeroize::Zeroizing;

/// Bytes of a key that wraps keys.
pub const KEY: usize = 32;
/// Bytes of a nonce, with which every wrapped key begins.
pub const NONCE: usize = 12;
/// Bytes with which it ends.
pub const TAG: usize = 16;

/// A key that wraps other keys (AES-256-GCM). What a key belongs to is bound in: a wrapped key that is
/// moved to another recording or child does not open.
pub struct Wrapping(Aes256Gcm);

impl Wrapping {
    /// With these bytes, which are uniformly random.
    #[must_use]
    pub fn new(key: &[u8; KEY]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Wraps `secret`, which belongs to `owner`. The nonce must be this key's for the first time.
    #[must_use]
    pub fn wrap(&self, nonce: [u8; NONCE], owner: &[u8], secret: &[u8]) -> Vec<u8> {
        let mut wrapped = Vec::with_capacity(NONCE + secret.len() + TAG);
        wrapped.extend_from_slice(&nonce);
        wrapped.extend_from_slice(secret);
        let sealed = InOutBuf::from(&mut wrapped[NONCE..]);
        // Fails for secrets of 64 GiB; then nothing of it stays.
        match self.0.encrypt_inout_detached((&nonce).into(), owner, sealed) {
            Ok(tag) => wrapped.extend_from_slice(&tag),
            Err(_) => wrapped.clear(),
        }
        wrapped
    }

    /// A secret of any length; none when it is not `owner`'s, not encrypted with this key, or changed.
    #[must_use]
    pub fn open_any(&self, owner: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = wrapped.split_first_chunk::<NONCE>()?;
        let (secret, tag) = rest.split_last_chunk::<TAG>()?;
        let mut secret = Zeroizing::new(secret.to_vec());
        let opened =
            self.0.decrypt_inout_detached(nonce.into(), owner, InOutBuf::from(&mut secret[..]), tag.into());
        opened.is_ok().then_some(secret)
    }

    /// The secret; none when it is not `owner`'s, not wrapped with this key, or changed.
    #[must_use]
    pub fn open<const N: usize>(&self, owner: &[u8], wrapped: &[u8]) -> Option<Zeroizing<[u8; N]>> {
        let (nonce, rest) = wrapped.split_first_chunk::<NONCE>()?;
        let (secret, tag) = rest.split_last_chunk::<TAG>()?;
        let mut key = Zeroizing::new(<[u8; N]>::try_from(secret).ok()?);
        let opened =
            self.0.decrypt_inout_detached(nonce.into(), owner, InOutBuf::from(&mut key[..]), tag.into());
        opened.is_ok().then_some(key)
    }
}

/// Keeps epoch keys, and can destroy one for good.
pub trait Kms: Send + Sync {
    /// Makes the key of an epoch, durably. One of the same number stays: something may be wrapped with it.
    fn make(&self, epoch: i64) -> io::Result<()>;

    /// The key of an epoch; [`ErrorKind::NotFound`] once it is destroyed.
    fn epoch(&self, epoch: i64) -> io::Result<Wrapping>;

    /// Destroys the key of an epoch, durably. One that is gone already is no error.
    fn destroy(&self, epoch: i64) -> io::Result<()>;
}

/// Epoch keys as files, `epochs/<n>.key`, readable by this user only.
pub struct LocalFiles(PathBuf);

impl LocalFiles {
    /// In `epochs/` of the data folder, which is made where it is missing.
    pub fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join("epochs");
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        File::open(data)?.sync_all()?;
        Ok(Self(folder))
    }

    /// The same, without making anything.
    #[must_use]
    pub fn left_in(data: &Path) -> Self {
        Self(data.join("epochs"))
    }

    fn path(&self, epoch: i64) -> PathBuf {
        self.0.join(format!("{epoch}.key"))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

impl Kms for LocalFiles {
    fn make(&self, epoch: i64) -> io::Result<()> {
        // Seen under its name only once it is whole and on the disk.
        let unfinished = self.0.join(format!("{epoch}.new"));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&*Zeroizing::new(rand::random::<[u8; KEY]>()))?;
        file.sync_all()?;
        let linked = std::fs::hard_link(&unfinished, self.path(epoch));
        std::fs::remove_file(unfinished)?;
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => self.sync(),
        }
    }

    fn epoch(&self, epoch: i64) -> io::Result<Wrapping> {
        let mut key = Zeroizing::new([0; KEY]);
        File::open(self.path(epoch))?.read_exact(&mut *key)?;
        Ok(Wrapping::new(&key))
    }

    fn destroy(&self, epoch: i64) -> io::Result<()> {
        let path = self.path(epoch);
        match OpenOptions::new().write(true).open(&path) {
            Ok(mut file) => {
                file.write_all(&[0; KEY])?;
                file.sync_all()?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        std::fs::remove_file(path)?;
        self.sync()
    }
}
