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
    /// The second half of the module could not be fetched, or is of another version.
    NotLoaded,
    /// The host page stopped a deletion before it was sent.
    Stopped,
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
    /// A part of the page is missing.
    NotLoaded,
    /// The site around the page stopped it.
    Stopped,
}

impl Failure {
    /// What it means to a parent.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::NoAnswer => Trouble::Unreachable,
            Self::NoSession => Trouble::SignedOut,
            Self::Unreadable => Trouble::Service,
            Self::NotLoaded => Trouble::NotLoaded,
            Self::Stopped => Trouble::Stopped,
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

    /// What the host page hears of it; nothing where the service said no to what was asked, as it should.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match self.trouble() {
            Trouble::SignedOut => Some("session"),
            Trouble::Unreachable => Some("unreachable"),
            Trouble::NotLoaded => Some("load"),
            Trouble::Gone | Trouble::Changed | Trouble::Stopped => None,
            Trouble::NotAllowed | Trouble::Refused | Trouble::TooMany | Trouble::Service => Some("service"),
        }
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
    fn the_host_hears_of_failures_and_not_of_ordinary_refusals() {
        assert_eq!(Failure::NoSession.reason(), Some("session"));
        assert_eq!(Failure::NoAnswer.reason(), Some("unreachable"));
        assert_eq!(Failure::Unreadable.reason(), Some("service"));
        assert_eq!(Failure::Refused(Problem::new(ProblemType::Conflict)).reason(), None);
        assert_eq!(Failure::Stopped.reason(), None);
        assert!(!Failure::Stopped.may_have_arrived(), "nothing was sent");
    }

    #[test]
    fn what_stands_between_page_and_service_has_a_meaning_too() {
        assert_eq!(Failure::Status(502).trouble(), Trouble::Unreachable);
        assert_eq!(Failure::Status(418).trouble(), Trouble::Refused);
        assert!(Failure::NoAnswer.may_have_arrived());
        assert!(!Failure::Status(409).may_have_arrived());
    }
}
