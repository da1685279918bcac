//! Ctrl-C and termination: noted here, acted upon where something is waited for.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Error, Result};

/// Why a command ended when the user wanted it to.
#[derive(Debug)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("stopped on request")
    }
}

impl std::error::Error for Stopped {}

/// Whether a command failed because the user wanted it to stop.
pub fn is_reason(error: &Error) -> bool {
    error.is::<Stopped>() || error.chain().any(|cause| cause.is::<Stopped>())
}

static ASKED: AtomicUsize = AtomicUsize::new(0);

/// Takes over SIGINT, SIGTERM and SIGHUP for the whole run.
pub fn install() -> Result<()> {
    ctrlc::set_handler(|| {
        ASKED.fetch_add(1, Ordering::SeqCst);
    })
    .context("cannot listen for Ctrl-C")
}

/// Whether the user has asked to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst) > 0
}

/// Whether the user has asked more than once, that is, wants no more patience.
pub fn insisted() -> bool {
    ASKED.load(Ordering::SeqCst) > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_recognised_under_and_over_other_words() {
        assert!(is_reason(&Error::new(Stopped)));
        assert!(is_reason(&Error::new(Stopped).context("cargo was not finished")));
        assert!(is_reason(&Error::msg("cargo failed").context(Stopped)));
        assert!(!is_reason(&Error::msg("cargo failed").context("stopped on request")));
    }
}
