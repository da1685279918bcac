//! How often one address may fail to sign in. A token has 256 bits, so nobody guesses one; the
//! brake keeps a broken or hostile client from making the database work for it.

use std::{net::IpAddr, time::Duration};

use tower_governor::governor::GovernorConfigBuilder;

/// Failures that one address may make at once …
const BURST: u32 = 200;
/// … and how soon it may make one more.
const ONE_MORE_AFTER: Duration = Duration::from_millis(100);

pub struct Brake {
    allows: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    forget: Box<dyn Fn() + Send + Sync>,
}

impl Default for Brake {
    fn default() -> Self {
        let limits = GovernorConfigBuilder::default().period(ONE_MORE_AFTER).burst_size(BURST).finish();
        let Some(limits) = limits else { unreachable!("neither constant is zero") };
        let (one, other) = (limits.limiter().clone(), limits.limiter().clone());
        Self {
            allows: Box::new(move |address| one.check_key(&address).is_ok()),
            forget: Box::new(move || {
                other.retain_recent();
                other.shrink_to_fit();
            }),
        }
    }
}

impl Brake {
    /// Counts one more try of this address; false when it was one too many.
    pub fn allows(&self, address: IpAddr) -> bool {
        (self.allows)(address)
    }

    /// Drops addresses that have been quiet.
    pub fn forget(&self) {
        (self.forget)();
    }
}
