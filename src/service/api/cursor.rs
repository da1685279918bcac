//! List cursors, sealed.
//!
//! A cursor is a place in time, and it travels in addresses, which proxies and browsers write down.
//! So it is encrypted: nobody learns from one when a child spoke, nor makes one up. It is bound to
//! the child it was made for. The key comes from the vendor key, so replicas share it without
//! asking; a new vendor key makes lists start again, nothing worse.

use sha2::{Digest, Sha256};

/// Seals and opens cursors.
pub struct Sealer([u8; 32]);

impl Sealer {
    pub fn new(vendor_key: &[u8; 32]) -> Self {
        Self(keyed(vendor_key, b"forget-me-not list cursors v1"))
    }

    /// A place as text: a tag over place and child, then the place encrypted under the tag. The same
    /// place of the same child is always the same text, which tells nothing new: it is the same page.
    pub fn seal(&self, child: i64, place: i64) -> String {
        let tag = self.tag(child, place);
        let sealed = place ^ self.pad(tag);
        format!("{tag:016x}{sealed:016x}")
    }

    /// The place, if the text was sealed by this key for this child.
    pub fn open(&self, child: i64, text: &str) -> Option<i64> {
        let whole = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = |part: &str| u64::from_str_radix(part, 16).ok();
        let (tag, sealed) = whole.then(|| Some((number(&text[..16])?, number(&text[16..])?)))??;
        let place = sealed.cast_signed() ^ self.pad(tag);
        (self.tag(child, place) == tag).then_some(place)
    }

    fn tag(&self, child: i64, place: i64) -> u64 {
        let mut message = [b't'; 17];
        message[1..9].copy_from_slice(&child.to_be_bytes());
        message[9..].copy_from_slice(&place.to_be_bytes());
        first_eight(&keyed(&self.0, &message))
    }

    fn pad(&self, tag: u64) -> i64 {
        let mut message = [b'p'; 9];
        message[1..].copy_from_slice(&tag.to_be_bytes());
        first_eight(&keyed(&self.0, &message)).cast_signed()
    }
}

/// SHA-256 over key and message. Every message has a length that its first byte fixes, so nothing
/// can be appended to one.
fn keyed(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(key).chain_update(message).finalize().into()
}

fn first_eight(hash: &[u8; 32]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(eight)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_opens_for_its_own_child_and_key_only(child in any::<i64>(), other in any::<i64>(), place in any::<i64>()) {
            let (ours, theirs) = (Sealer::new(&[1; 32]), Sealer::new(&[2; 32]));
            let cursor = ours.seal(child, place);
            prop_assert_eq!(ours.open(child, &cursor), Some(place));
            prop_assert_eq!(theirs.open(child, &cursor), None);
            prop_assert!(other == child || ours.open(other, &cursor).is_none());
        }

        #[test]
        fn no_other_text_opens(text in "[0-9a-f]{32}|.{0,40}") {
            prop_assert_eq!(Sealer::new(&[1; 32]).open(7, &text), None);
        }

        #[test]
        fn neighbours_in_time_look_nothing_alike(place in any::<i64>()) {
            let sealer = Sealer::new(&[1; 32]);
            let (one, next) = (sealer.seal(7, place), sealer.seal(7, place.wrapping_add(1)));
            let same = one.bytes().zip(next.bytes()).filter(|(a, b)| a == b).count();
            prop_assert!(same < 16, "{one} {next}");
        }
    }
}
