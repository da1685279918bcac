//! Erasures: asked for, sealed, taken back or carried out.

pub mod accept;
pub mod engine;
pub mod lease;
pub mod plan;
pub mod report;
pub mod view;

use rules::{ChildId, ErasureState, GuardianId, scope::BadScope};

/// Who asks, and for whose data: what a session says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The guardian.
    pub guardian: GuardianId,
    /// The children the session names, by number and id.
    pub children: Vec<(i64, ChildId)>,
}

impl Asker {
    /// The number of a child, if the session names it.
    #[must_use]
    pub fn number_of(&self, child: ChildId) -> Option<i64> {
        self.children.iter().find(|(_, id)| *id == child).map(|(number, _)| *number)
    }

    /// The numbers of all its children as a JSON array, for `json_each`.
    #[must_use]
    pub fn numbers_json(&self) -> String {
        serde_json::Value::from_iter(self.children.iter().map(|(number, _)| *number)).to_string()
    }
}

/// A client's request and its `Idempotency-Key`, so that a retry finds what the first try made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, 1 to 200 characters.
    pub key: String,
    /// SHA-256 of the request's body: the same key for another request is refused.
    pub request_hash: [u8; 32],
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// No such child, recording or erasure in this session.
    #[error("there is no such thing in this session")]
    NotFound,
    /// The request does not say what it must.
    #[error(transparent)]
    BadScope(#[from] BadScope),
    /// Nothing that could be erased was found; nothing was made.
    #[error("nothing matches: there is nothing to delete")]
    NothingMatches,
    /// The undo window is over, or it was taken back before.
    #[error("this erasure is not sealed any more")]
    NotSealed(ErasureState),
    /// Another erasure deletes some of the same, or has deleted all of it.
    #[error("another request deletes the same; take that one back first, if it is not done yet")]
    Covered,
    /// Only who asked for it can take it back.
    #[error("another guardian asked for this; only they can take it back")]
    NotYours,
    /// The key belongs to another request.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// It is accepted, or taken back, and that would be lost with the database: the same request (to be accepted, with
    /// the same key) sees to that.
    #[error("it is accepted and not yet safe from a loss; the same request with the same key will do")]
    NotWrittenDown,
    /// The database failed; nothing was half done.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}
