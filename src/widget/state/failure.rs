//! What can go wrong between the page and the service, as a parent needs to know it.

use rules::problem::{Problem, ProblemType};

/// Why a call came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No answer: offline, blocked, or nobody there.
    NoAnswer,
    /// The host page gave no session, or its `fetchSession` failed.
    NoSession,
    /// The service refused, and said why.
    Refused(Problem),
    /// The service answered with this status and no problem document.
    Status(u16),
    /// The answer could not be read: another contract, or something in between.
    Unreadable,
}

/// What went wrong in a parent's words. The page has one text for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The service cannot be reached.
    Unreachable,
    /// She is not signed in, or not any more.
    SignedOut,
    /// This session may not do that.
    NotAllowed,
    /// It is not there, or not any more.
    Gone,
    /// Things changed in the meantime.
    Changed,
    /// What was asked for makes no sense to the service.
    Refused,
    /// Too many requests.
    TooMany,
    /// The service is at fault.
    Service,
}

impl Failure {
    /// What it means to a parent.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::NoAnswer => Trouble::Unreachable,
            Self::NoSession => Trouble::SignedOut,
            Self::Unreadable => Trouble::Service,
            Self::Status(status) => match status {
                401 => Trouble::SignedOut,
                403 => Trouble::NotAllowed,
                404 | 410 => Trouble::Gone,
                409 => Trouble::Changed,
                429 => Trouble::TooMany,
                502..=504 => Trouble::Unreachable,
                500.. => Trouble::Service,
                _ => Trouble::Refused,
            },
            Self::Refused(problem) => match problem.kind {
                ProblemType::Unavailable => Trouble::Unreachable,
                kind => Self::Status(kind.status()).trouble(),
            },
        }
    }

    /// Whether a new session may help.
    #[must_use]
    pub fn is_unauthorised(&self) -> bool {
        matches!(self, Self::Status(401)) || matches!(self, Self::Refused(problem) if problem.status == 401)
    }

    /// Whether the request may have arrived all the same, so that only the same idempotency key
    /// makes another try safe.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        matches!(self.trouble(), Trouble::Unreachable | Trouble::Service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_the_contract_means_something_to_a_parent() {
        for kind in ProblemType::ALL {
            let failure = Failure::Refused(Problem::new(*kind));
            assert_eq!(failure.is_unauthorised(), kind.status() == 401, "{kind:?}");
            assert_eq!(failure.trouble() == Trouble::Service, *kind == ProblemType::Internal, "{kind:?}");
        }
    }

    #[test]
    fn what_stands_between_page_and_service_has_a_meaning_too() {
        assert_eq!(Failure::Status(502).trouble(), Trouble::Unreachable);
        assert_eq!(Failure::Status(418).trouble(), Trouble::Refused);
        assert!(Failure::NoAnswer.may_have_arrived());
        assert!(!Failure::Status(409).may_have_arrived());
    }
}
