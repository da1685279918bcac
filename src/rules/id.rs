//! Identifiers: a ULID behind a prefix that names the thing, so that an id of one kind can
//! neither be passed nor read as an id of another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use ulid::Ulid;

/// Why a text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id that begins with \"{expected}\" and has 26 more characters")]
pub struct BadId {
    /// The prefix the id should have had.
    pub expected: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            #[doc = concat!("What every such id begins with: `", $prefix, "`.")]
            pub const PREFIX: &'static str = $prefix;

            /// An id from its parts: milliseconds since 1970 (48 bits are used) and 80 random bits.
            ///
            /// The time is that of the row's making, never of the capture: an id must not tell
            /// when a child spoke.
            #[must_use]
            pub fn from_parts(made_at_ms: u64, random: u128) -> Self {
                Self(Ulid::from_parts(made_at_ms, random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0; ulid::ULID_LEN];
                f.write_str($prefix)?;
                f.write_str(self.0.array_to_str(&mut text))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = BadId { expected: $prefix };
                let ulid = text.strip_prefix($prefix).ok_or(bad)?;
                let id = Self(Ulid::from_string(ulid).map_err(|_| bad)?);
                // One spelling an id: Crockford's base 32 would also read lower case, and an
                // overflowing first character.
                let mut canonical = [0; ulid::ULID_LEN];
                if id.0.array_to_str(&mut canonical) == ulid { Ok(id) } else { Err(bad) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "[0-7][0-9A-HJKMNP-TV-Z]{25}$")))
                    .build()
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// Who decides.
    GuardianId "gdn_";
    /// Whose data.
    ChildId "chd_";
    /// What captured it.
    DeviceId "dev_";
    /// One captured clip.
    RecordingId "rec_";
    /// A guardian's dated grant that a recording stays.
    KeepId "kep_";
    /// A guardian's request that something be deleted.
    ErasureId "era_";
    /// A thing that was made from recordings.
    DerivationId "drv_";
    /// A dataset with rows made from recordings.
    DatasetId "dst_";
    /// A model that was trained with datasets.
    ModelId "mdl_";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_reads_back_and_no_other_kind_reads_it() {
        let id = RecordingId::from_parts(1_800_000_000_000, 42);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().parse::<ChildId>().is_err());
    }

    #[test]
    fn one_id_has_one_spelling() {
        let text = RecordingId::from_parts(1_800_000_000_000, u128::from(u64::MAX)).to_string();
        assert!(text.to_lowercase().parse::<RecordingId>().is_err());
        assert!("rec_".parse::<RecordingId>().is_err());
        assert!("rec_8ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<RecordingId>().is_err());
    }

    proptest! {
        #[test]
        fn every_id_round_trips(ms in 0_u64..1 << 48, random in any::<u128>()) {
            let id = ErasureId::from_parts(ms, random);
            prop_assert_eq!(id.to_string().parse::<ErasureId>(), Ok(id));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<ChildId>();
        }
    }
}
