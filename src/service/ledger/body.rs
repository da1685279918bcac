//! What an entry commits to, in lines as the statement of an erasure has them.
//!
//! ```text
//! forget-me-not/birth/v1            a recording came in
//! at <time>                         when it was entered (in every body)
//! recording <pseudonym>
//! store <name>                      one for each store that has something of it
//!
//! forget-me-not/derive/v1           something was made from recordings
//! at <time>
//! made <kind> <pseudonym>           one of these two: fact, voiceprint, thumbnail, dataset (rows of it) or model,
//! rebuilt <pseudonym> <version>     or a dataset is another snapshot, without what was erased
//! from <pseudonym>                  one for each recording it was made from; of a model, for each dataset
//!
//! forget-me-not/model/v1            what becomes of a model that had learned from what was erased
//! at <time>
//! erasure <id>
//! model <name> <outcome> <day or "-">
//! because <words>                   where it stays
//!
//! forget-me-not/request/v1          an erasure was asked for
//! at <time>
//! erasure <id>
//! by <pseudonym or "rule">
//! scope <word>
//! recordings <number>               of this child
//! until <time>                      until then it can be taken back
//! inventory <version>
//!
//! forget-me-not/access/v1           a guardian opens a recording
//! at <time>
//! recording <pseudonym>
//! by <pseudonym>
//! for <"reading" or "playback">
//!
//! forget-me-not/decision/v1         a guardian has decided something
//! at <time>
//! by <pseudonym>
//! keep <pseudonym> <day>            one of these three: kept until the end of that day,
//! release <pseudonym>               not kept any more,
//! undo <erasure>                    taken back
//!
//! forget-me-not/store-result/v1     a store of an erasure was read again, and nothing was there
//! at <time>
//! erasure <id>
//! store <name> <copies> absent <root of the copies, as in the crate proof>
//!
//! forget-me-not/key-destroyed/v1    the result of the store that holds keys: they were destroyed, and no
//! at <time>                         key opens and no byte of one is found, so no copy of what they
//! erasure <id>                      had encrypted can be read any more, wherever one lies
//! keys <number> <root of the copies, as in a store-result>
//!
//! forget-me-not/disclosure/v1       recordings are about to be handed to a processor
//! at <time>
//! processor <name>
//! class <word>                      one for each class of what it is given
//! recordings <number>               of this child, which it had not been given so before
//!
//! forget-me-not/processor/v1        a processor of an erasure
//! at <time>
//! erasure <id>
//! processor <name> <asked|acknowledged|completed|cancelled|silent|found|found-none>
//! answer <SHA-256 of what it has signed, or "-">
//!
//! forget-me-not/restore/v1          of no child, the body of a `policy`: the database was restored from
//! at <time>                         a backup, and what had been deleted since was deleted again
//! restore <word>                    which restoring that was
//! lost <number>                     entries of which nobody knows any more what they committed to
//! missing <number>                  guardians' decisions among them that were written down nowhere else: who runs the
//!                                   service has said to restore without them
//! ```
//!
//! The pseudonym of a guardian, a recording or anything else is [`ChildKey::pseudonym`] of the id: who has id and key can
//! tell which it is, and what was erased is not named in a table that outlives it. The bodies of `complete` and `inventory` are those of
//! [`proof::statement`] and [`proof::inventory`]. No body has a child's words, a place, or when a
//! recording was captured.

use proof::{Hash, base64, child::ChildKey};
use rules::{
    Date, ErasureId, GuardianId, RecordingId, StoreId, Stores, Timestamp, contract::ErasureModel,
    processor::ClassSet,
};

use super::time;
use crate::access::Purpose;

struct Lines(String);

impl Lines {
    fn new(kind: &str, at: Timestamp) -> Self {
        Self(format!("forget-me-not/{kind}/v1\nat {}\n", time(at).text()))
    }

    fn line(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        self.0.push_str(&format!("{key} {value}\n"));
        self
    }
}

/// How a guardian, or the rule, is named in a child's entries.
#[must_use]
pub fn by(key: &ChildKey, guardian: Option<&str>) -> String {
    guardian.map_or_else(|| "rule".to_owned(), |guardian| base64::encode(&key.pseudonym(guardian)))
}

/// How a recording is named in a child's entries.
fn named(key: &ChildKey, recording: RecordingId) -> String {
    base64::encode(&key.pseudonym(&recording.to_string()))
}

/// A recording came in.
#[must_use]
pub fn birth(key: &ChildKey, at: Timestamp, recording: RecordingId, stores: Stores) -> String {
    let lines = Lines::new("birth", at).line("recording", named(key, recording));
    stores.iter().fold(lines, |lines, store| lines.line("store", store.name())).0
}

/// Something was made from recordings, or a model from datasets.
#[must_use]
pub fn derive<'a>(
    key: &ChildKey,
    at: Timestamp,
    kind: &str,
    id: &str,
    from: impl Iterator<Item = &'a str>,
) -> String {
    let pseudonym = |id: &str| base64::encode(&key.pseudonym(id));
    let lines = Lines::new("derive", at).line("made", format_args!("{kind} {}", pseudonym(id)));
    from.fold(lines, |lines, id| lines.line("from", pseudonym(id))).0
}

/// A dataset is another snapshot.
#[must_use]
pub fn rebuilt(key: &ChildKey, at: Timestamp, dataset: &str, version: i64) -> String {
    let pseudonym = base64::encode(&key.pseudonym(dataset));
    Lines::new("derive", at).line("rebuilt", format_args!("{pseudonym} {version}")).0
}

/// What becomes of a model that had learned from what was erased.
#[must_use]
pub fn model(at: Timestamp, erasure: ErasureId, model: &ErasureModel) -> String {
    let day = model.day.map_or_else(|| "-".to_owned(), |day| day.to_string());
    let lines = Lines::new("model", at)
        .line("erasure", erasure)
        .line("model", format_args!("{} {} {day}", model.name, model.outcome.word()));
    match &model.because {
        Some(because) => lines.line("because", because),
        None => lines,
    }
    .0
}

/// An erasure, as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Which.
    pub erasure: ErasureId,
    /// By whom; none for the inactivity rule.
    pub guardian: Option<GuardianId>,
    /// The kind of its scope.
    pub scope: &'a str,
    /// How many recordings of the child it has.
    pub recordings: u64,
    /// Until then it can be taken back.
    pub until: Timestamp,
    /// The inventory it follows.
    pub inventory: i64,
}

/// An erasure was asked for.
#[must_use]
pub fn request(key: &ChildKey, at: Timestamp, request: &Request<'_>) -> String {
    let guardian = request.guardian.map(|guardian| guardian.to_string());
    Lines::new("request", at)
        .line("erasure", request.erasure)
        .line("by", by(key, guardian.as_deref()))
        .line("scope", request.scope)
        .line("recordings", request.recordings)
        .line("until", time(request.until).text())
        .line("inventory", request.inventory)
        .0
}

/// A guardian opens a recording.
#[must_use]
pub fn access(
    key: &ChildKey,
    at: Timestamp,
    recording: RecordingId,
    guardian: GuardianId,
    purpose: Purpose,
) -> String {
    Lines::new("access", at)
        .line("recording", named(key, recording))
        .line("by", by(key, Some(&guardian.to_string())))
        .line("for", purpose.word())
        .0
}

/// What a guardian has decided.
#[derive(Debug, Clone, Copy)]
pub enum Decision {
    /// Kept until the end of a day.
    Keep(RecordingId, Date),
    /// Not kept any more.
    Release(RecordingId),
    /// Taken back.
    Undo(ErasureId),
}

/// A guardian has decided something.
#[must_use]
pub fn decision(key: &ChildKey, at: Timestamp, guardian: GuardianId, decision: Decision) -> String {
    let lines = Lines::new("decision", at).line("by", by(key, Some(&guardian.to_string())));
    match decision {
        Decision::Keep(recording, until) => {
            lines.line("keep", format_args!("{} {until}", named(key, recording)))
        }
        Decision::Release(recording) => lines.line("release", named(key, recording)),
        Decision::Undo(erasure) => lines.line("undo", erasure),
    }
    .0
}

/// The database was restored from a backup.
#[must_use]
pub fn restored(at: Timestamp, restore: &str, lost: i64, missing: i64) -> String {
    Lines::new("restore", at).line("restore", restore).line("lost", lost).line("missing", missing).0
}

/// The keys of an erasure were destroyed and searched for.
#[must_use]
pub fn key_destroyed(at: Timestamp, erasure: ErasureId, keys: u64, root: &Hash) -> String {
    Lines::new("key-destroyed", at)
        .line("erasure", erasure)
        .line("keys", format_args!("{keys} {}", base64::encode(root)))
        .0
}

/// A store of an erasure was read again, and nothing was there.
#[must_use]
pub fn store_result(at: Timestamp, erasure: ErasureId, store: StoreId, copies: u64, root: &Hash) -> String {
    let root = base64::encode(root);
    Lines::new("store-result", at)
        .line("erasure", erasure)
        .line("store", format_args!("{} {copies} absent {root}", store.name()))
        .0
}

/// Recordings are about to be handed to a processor.
#[must_use]
pub fn disclosure(at: Timestamp, processor: &str, classes: ClassSet, recordings: u64) -> String {
    let lines = Lines::new("disclosure", at).line("processor", processor);
    classes
        .iter()
        .fold(lines, |lines, class| lines.line("class", class.name()))
        .line("recordings", recordings)
        .0
}

/// A processor of an erasure was asked, has answered, or has not.
#[must_use]
pub fn processor(
    at: Timestamp,
    erasure: ErasureId,
    processor: &str,
    what: &str,
    answer: Option<&Hash>,
) -> String {
    Lines::new("processor", at)
        .line("erasure", erasure)
        .line("processor", format_args!("{processor} {what}"))
        .line("answer", answer.map_or_else(|| "-".to_owned(), |hash| base64::encode(hash)))
        .0
}
