//! Sessions: what a page may do, for whom and how long.

use serde::{Deserialize, Serialize};

use crate::{id::ChildId, time::Timestamp};

/// What a session may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See what is held.
    View,
    /// Hear, watch and read recordings.
    Play,
    /// Keep recordings until a date.
    Keep,
    /// Ask for erasures and take them back.
    Erase,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::View, Self::Play, Self::Keep, Self::Erase];
}

contract! {
    /// A session to be minted (vendor). A misspelt bound is refused: ignored, it would widen the session.
    #[serde(deny_unknown_fields)]
    pub struct NewSession {
        /// The vendor's own reference for the guardian.
        pub guardian: String,
        /// Children of that guardian the session may name; none given means all of them.
        #[serde(default)]
        pub children: Vec<ChildId>,
        /// What it may be used for; none given means everything.
        #[serde(default)]
        pub permissions: Vec<Permission>,
        /// Origin of the page that embeds the element, like `https://parents.example`.
        pub origin: String,
        /// Life in seconds, at most and by default 900.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub ttl_seconds: Option<u32>,
    }

    /// A session, told once.
    pub struct SessionCreated {
        /// The bearer token the element sends.
        pub client_secret: String,
        /// When it stops working.
        pub expires_at: Timestamp,
    }
}
