//! What a list shows and what an erasure means: the same filter behind both.

use serde::{Deserialize, Serialize};

use crate::{
    id::{DeviceId, RecordingId},
    store::Stores,
    time::Timestamp,
    word::{Class, Kind},
};

/// How many recordings one request may name one by one.
pub const MAX_ITEMS: usize = 10_000;
/// How long a search text may be, in characters.
pub const MAX_QUERY_CHARS: usize = 200;

/// Which recordings of a child. Everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Words of the transcript, each a whole word or its beginning, in any language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Captured at this moment or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Captured before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Captured by this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// Voice or video only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// With something of this class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
}

/// What an erasure is to delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
// A condition that is not understood must never widen what is deleted. serde checks struct variants
// only, hence the braces of the last two.
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Scope {
    /// These recordings, 1 to 10,000 of them.
    Items {
        /// Their ids; naming one twice changes nothing.
        recordings: Vec<RecordingId>,
    },
    /// Everything captured in a period.
    Range {
        /// Its first moment.
        from: Timestamp,
        /// The moment after its last.
        to: Timestamp,
    },
    /// One class of data, with what was made from it, of every recording or of those in a period.
    Class {
        /// The class.
        class: Class,
        /// The first moment of the period.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        /// The moment after its last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Timestamp>,
    },
    /// Everything a search or a filter finds.
    Search {
        /// What is looked for; at least one of its fields is given.
        filter: Filter,
    },
    /// Everything of one child.
    Child {},
    /// Everything of every child the session names.
    Everything {},
}

/// Why a scope cannot be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadScope {
    /// No recording is named.
    #[error("name at least one recording")]
    NoItems,
    /// Too many recordings are named.
    #[error("name at most {MAX_ITEMS} recordings, or use a period or a search")]
    TooManyItems,
    /// The period has no length.
    #[error("a period ends after it begins")]
    EmptyRange,
    /// A search for nothing would silently mean everything.
    #[error("a search names at least one condition; to delete everything of a child, say so")]
    EmptyFilter,
    /// The search text is too long, or has nothing that can be searched for.
    #[error("a search text has 1 to {MAX_QUERY_CHARS} characters, at least one of them a letter or a digit")]
    BadQuery,
    /// A scope of one child names no child, or the scope of all names one.
    #[error("name the child, except for the scope \"everything\"")]
    ChildAndScope,
}

impl Filter {
    /// Checks what a type cannot say.
    pub fn check(&self) -> Result<(), BadScope> {
        check_period(self.from, self.to)?;
        if let Some(q) = &self.q
            && (q.chars().count() > MAX_QUERY_CHARS || !q.chars().any(char::is_alphanumeric))
        {
            return Err(BadScope::BadQuery);
        }
        Ok(())
    }

    /// Whether it names no condition at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Scope {
    /// Checks what a type cannot say.
    pub fn check(&self) -> Result<(), BadScope> {
        match self {
            Self::Items { recordings } if recordings.is_empty() => Err(BadScope::NoItems),
            Self::Items { recordings } if recordings.len() > MAX_ITEMS => Err(BadScope::TooManyItems),
            Self::Range { from, to } => check_period(Some(*from), Some(*to)),
            Self::Class { from, to, .. } => check_period(*from, *to),
            Self::Search { filter } if filter.is_empty() => Err(BadScope::EmptyFilter),
            Self::Search { filter } => filter.check(),
            Self::Items { .. } | Self::Child {} | Self::Everything {} => Ok(()),
        }
    }

    /// The stores it reaches in each recording it finds.
    #[must_use]
    pub const fn reaches(&self) -> Stores {
        match self {
            Self::Class { class, .. } => Stores::reached_by(*class),
            _ => Stores::ALL,
        }
    }

    /// Whether it means everything there is, so that no keep holds anything back.
    #[must_use]
    pub const fn is_total(&self) -> bool {
        matches!(self, Self::Child {} | Self::Everything {})
    }
}

fn check_period(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), BadScope> {
    match (from, to) {
        (Some(from), Some(to)) if from >= to => Err(BadScope::EmptyRange),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_for_nothing_never_means_everything() {
        let search = |filter| Scope::Search { filter }.check();
        assert_eq!(search(Filter::default()), Err(BadScope::EmptyFilter));
        let q = |q: &str| Filter { q: Some(q.into()), ..Filter::default() };
        assert_eq!(search(q(" … ")), Err(BadScope::BadQuery));
        assert_eq!(search(q(&"x".repeat(201))), Err(BadScope::BadQuery));
        assert_eq!(search(q("ナッツ")), Ok(()));
    }

    #[test]
    fn items_and_periods_are_bounded() {
        assert_eq!(Scope::Items { recordings: vec![] }.check(), Err(BadScope::NoItems));
        let at = Timestamp::from_ms(0);
        assert_eq!(Scope::Range { from: at, to: at }.check(), Err(BadScope::EmptyRange));
    }

    #[test]
    fn unknown_conditions_are_refused_not_ignored() {
        for typo in [
            r#"{"type":"search","filter":{"q":"nuts","form":"2026-01-01T00:00:00Z"}}"#,
            r#"{"type":"class","class":"location","form":"2026-01-01T00:00:00Z"}"#,
            r#"{"type":"child","from":"2026-01-01T00:00:00Z"}"#,
            r#"{"type":"everything","from":"2026-01-01T00:00:00Z"}"#,
        ] {
            assert!(serde_json::from_str::<Scope>(typo).is_err(), "{typo}");
        }
        assert_eq!(serde_json::from_str::<Scope>(r#"{"type":"child"}"#).unwrap(), Scope::Child {});
    }
}
