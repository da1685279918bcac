//! `forget-me-not witness`: sees that ledgers of others only grow, and signs what it saw
//! (c2sp.org/tlog-witness). It knows no child, no recording and no entry: only how long a ledger is,
//! and the hash over everything in it.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail};
use proof::{
    Policy,
    note::{Note, Role, Signer, VerifierKey},
    witness::{Refusal, Request, judge},
};

use crate::{
    clock::Clock,
    faults,
    ledger::time,
    secret,
    witness::memory::{Memory, Seen},
};

pub mod beside;
mod connections;
mod http;
mod memory;
mod run;

pub use connections::{Limits, answer};
pub use http::router;
pub use run::serve;

/// The file of its key, in its folder: an Ed25519 seed of 32 bytes.
const KEY: &str = "witness.key";
/// The file of its name.
const NAME: &str = "witness.name";

/// Why it does not sign.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// By the protocol.
    #[error("{0:?}")]
    By(Refusal),
    /// It cannot remember. Nothing was signed.
    #[error("what was seen cannot be written down: {0}")]
    Memory(#[from] std::io::Error),
}

/// A witness.
pub struct Witness {
    signer: Signer,
    policy: Policy,
    // Held from looking until it is remembered: no two requests sign what contradicts each other.
    memory: Mutex<Memory>,
    clock: Arc<dyn Clock>,
}

impl Witness {
    /// The witness of a folder, which follows the logs of `policy`. Its key is made where it is missing,
    /// unless it has seen anything.
    pub fn open(
        state: &Path,
        name: Option<&str>,
        policy: Policy,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let memory = Memory::open(state)?;
        let signer = signer(state, name, !memory.seen().is_empty())?;
        Ok(Self { signer, policy, memory: Mutex::new(memory), clock })
    }

    /// Its public key.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        self.signer.key()
    }

    /// What it saw last of each log, by origin.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<String, Seen> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).seen().clone()
    }

    /// Answers `add-checkpoint`: its signature line, once what it signs is on the disk for good.
    pub fn add_checkpoint(&self, body: &str) -> Result<String, Refused> {
        let request = Request::parse(body).map_err(Refused::By)?;
        let mut held = None;
        // Only what the log has signed makes others wait.
        let last = |origin: &str| {
            let memory = held.insert(self.memory.lock().unwrap_or_else(PoisonError::into_inner));
            memory.seen().get(origin).map(|seen| (seen.size, seen.root))
        };
        let judged = judge(&self.policy, &request, last);
        let (checkpoint, memory) = match (judged, &mut held) {
            (Ok(checkpoint), Some(memory)) => (checkpoint, memory),
            (Err(Refusal::Contradicted(size)), Some(memory)) => {
                // Both are signed by the log: whoever has the two can show that it cheats.
                let origin = request.checkpoint.lines().next().unwrap_or_default();
                tracing::error!(origin, size, "a log has signed two ledgers of one size");
                if let Err(error) = memory.contradicted(origin, &request.checkpoint) {
                    tracing::error!(%error, checkpoint = request.checkpoint, "the second one is kept in this line alone");
                }
                return Err(Refused::By(Refusal::Contradicted(size)));
            }
            (Err(refusal), _) => return Err(Refused::By(refusal)),
            // It was judged without being compared with anything.
            (Ok(_), None) => return Err(Refused::By(Refusal::NotProved)),
        };
        let now = memory.time(time(self.clock.now()));
        let before = memory.seen().get(checkpoint.origin);
        if before.is_none_or(|before| before.size != checkpoint.size) {
            let (size, root) = (checkpoint.size, checkpoint.root);
            let note = request.checkpoint.clone();
            memory.remember(checkpoint.origin, Seen { at: now, size, root, note, contradicted: false })?;
        }
        faults::point("witness-remembered");
        let text = Note::parse(&request.checkpoint).map_err(|_| Refused::By(Refusal::Malformed))?.text;
        Ok(self.signer.line(text, now.0))
    }
}

/// The key of the witness of a folder; made where there is none.
pub fn key(state: &Path, name: Option<&str>) -> anyhow::Result<VerifierKey> {
    std::fs::create_dir_all(state).with_context(|| format!("cannot make {}", state.display()))?;
    let begun = Memory::is_begun(state)?;
    Ok(signer(state, name, begun)?.key().clone())
}

fn signer(state: &Path, name: Option<&str>, begun: bool) -> anyhow::Result<Signer> {
    let path = state.join(NAME);
    let own = match (std::fs::read_to_string(&path), name) {
        (Ok(own), _) => own.trim_end().to_owned(),
        (Err(error), Some(name)) if error.kind() == std::io::ErrorKind::NotFound && !begun => name.to_owned(),
        (Err(error), None) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("a witness has a name: --name NAME, like watch.example/w1")
        }
        (Err(error), _) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    if name.is_some_and(|name| name != own) {
        bail!("the witness in {} is called {own}, and its name never changes", state.display());
    }
    let seed = secret::key(&state.join(KEY), begun)?;
    let signer = Signer::new(&own, Role::Witness, &seed)
        .map_err(|_| anyhow::anyhow!("a witness's name has no spaces and no plus sign: {own}"))?;
    if !path.exists() {
        crate::files::write(state, &path, format!("{own}\n").as_bytes())?;
        crate::files::settle(state)?;
    }
    Ok(signer)
}
