//! Errors of the contract: RFC 9457 problem details with stable types.

use serde::{Deserialize, Serialize};

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $slug:literal, $title:literal;)*) => {
        /// What went wrong, by name. The page has one sentence for each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum ProblemType {
            $($(#[$doc])* #[serde(rename = $slug)] $name,)*
        }

        impl ProblemType {
            /// Every type there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The stable `type` of the problem.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// The same sentence for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

problems! {
    /// No session, or one that was never given out.
    NoSession = 401, "urn:forget-me-not:no-session", "A session is needed.";
    /// The session is over; the host page gives out a new one.
    SessionExpired = 401, "urn:forget-me-not:session-expired", "The session is over.";
    /// The session may not do this.
    NotAllowed = 403, "urn:forget-me-not:not-allowed", "This session may not do that.";
    /// The request came from an origin the session is not bound to.
    WrongOrigin = 403, "urn:forget-me-not:wrong-origin", "This session belongs to another site.";
    /// No such thing, or not this family's.
    NotFound = 404, "urn:forget-me-not:not-found", "There is no such thing here.";
    /// The path exists, the method does not.
    NoMethod = 405, "urn:forget-me-not:no-method", "This cannot be done here.";
    /// It is not as the request supposed: an undo after the window, for example.
    Conflict = 409, "urn:forget-me-not:conflict", "Things are no longer as the request supposed.";
    /// There is no receipt of this, and there never will be: nothing was erased, or nothing was entered then.
    NoReceipt = 409, "urn:forget-me-not:no-receipt", "There is no receipt of this.";
    /// It is entered in the ledger, and too few witnesses have seen it yet.
    NotWitnessed = 409, "urn:forget-me-not:not-witnessed", "No witness has seen it yet.";
    /// A recording that was deleted was sent in again. It never is taken in.
    Erased = 409, "urn:forget-me-not:erased", "This was deleted and is not taken in again.";
    /// It was there and was given up: sealed or erased since.
    Gone = 410, "urn:forget-me-not:gone", "This was there and is not available any more.";
    /// Too many bytes.
    TooLarge = 413, "urn:forget-me-not:too-large", "This is too large.";
    /// Not a recording we can read.
    NotARecording = 415, "urn:forget-me-not:not-a-recording", "This is not a recording that can be read.";
    /// No byte of the file lies in the range.
    BadRange = 416, "urn:forget-me-not:bad-range", "The range lies outside the file.";
    /// The request does not say what it must.
    Invalid = 422, "urn:forget-me-not:invalid", "The request is not valid.";
    /// The key was used for another request.
    KeyReused = 422, "urn:forget-me-not:idempotency-key-reused", "This Idempotency-Key belongs to another request.";
    /// Too many requests.
    TooMany = 429, "urn:forget-me-not:too-many-requests", "Too many requests; wait a little.";
    /// Our fault. Nothing was half done.
    Internal = 500, "urn:forget-me-not:internal", "Something failed on our side; nothing was half done.";
    /// Not ready, or too busy.
    Unavailable = 503, "urn:forget-me-not:unavailable", "The service is not ready.";
}

/// The body of every error, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Which problem.
    #[serde(rename = "type")]
    pub kind: ProblemType,
    /// One sentence for the kind.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// What exactly, and what to do. Never a child's data, never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Problem {
    /// A problem without detail.
    #[must_use]
    pub fn new(kind: ProblemType) -> Self {
        Self { kind, title: kind.title().into(), status: kind.status(), detail: None }
    }

    /// The same with a detail.
    #[must_use]
    pub fn because(self, detail: impl ToString) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_written_as_its_slug_and_read_back() {
        for kind in ProblemType::ALL {
            let json = serde_json::to_value(Problem::new(*kind).because("why")).unwrap();
            assert_eq!(json["type"], kind.slug());
            assert_eq!(json["status"], kind.status());
            assert_eq!(serde_json::from_value::<Problem>(json).unwrap().kind, *kind);
        }
    }
}
