//! Erasures: asked for, previewed, and how far each store and company is.

use serde::{Deserialize, Serialize};

use super::Recipient;
use crate::{
    derived::{MadeCount, ModelState},
    erasure::{Clock, ErasureState, Lateness, StepState},
    id::{ChildId, ErasureId},
    preview::{KeptCount, StoreCount},
    processor::ProcessorState,
    scope::{BadScope, Scope},
    store::StoreId,
    time::{Date, Timestamp},
};

contract! {
    /// An erasure to be made or previewed. A condition that is not understood is refused, for it
    /// might have narrowed what is deleted.
    #[serde(deny_unknown_fields)]
    pub struct NewErasure {
        /// The child; left out for the scope "everything" only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub child: Option<ChildId>,
        /// What is to be deleted.
        pub scope: Scope,
        /// Also what the guardian asked to keep. A scope of everything always does.
        #[serde(default)]
        pub include_kept: bool,
        /// Give up the undo window.
        #[serde(default)]
        pub waive_undo: bool,
        /// Only what was there at this moment: a preview's `as_of`, so that exactly what was shown
        /// is deleted. Ignored by a scope of everything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub as_of: Option<Timestamp>,
    }
}

impl NewErasure {
    /// Checks what a type cannot say.
    pub fn check(&self) -> Result<(), BadScope> {
        let names_child = self.child.is_some();
        if names_child == matches!(self.scope, Scope::Everything {}) {
            return Err(BadScope::ChildAndScope);
        }
        self.scope.check()
    }
}

contract! {
    /// What an erasure would do.
    pub struct Preview {
        /// The moment it speaks of; pass it on in the request.
        pub as_of: Timestamp,
        /// Whose recordings.
        pub children: Vec<ChildId>,
        /// Recordings that lose something.
        pub recordings: u64,
        /// When the first of them was captured.
        pub oldest: Option<Timestamp>,
        /// When the last of them was captured.
        pub newest: Option<Timestamp>,
        /// Every place that would erase copies, and how many.
        pub stores: Vec<StoreCount>,
        /// The things made from them that would go along, store by store.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub made: Vec<MadeCount>,
        /// Models that learned from them, and what would become of each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub models: Vec<ErasureModel>,
        /// Who was given some of it, by name: each will be asked to delete that as well.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub recipients: Vec<Recipient>,
        /// Recordings that stay because the guardian keeps them.
        pub kept: Option<KeptCount>,
        /// Another guardian's keep makes it wait seven days.
        pub contested: bool,
        /// Until then it can be taken back.
        pub sealed_until: Timestamp,
        /// When it will be done if nothing goes wrong.
        pub expected_by: Timestamp,
    }

    /// An erasure.
    pub struct Erasure {
        /// Its id.
        pub id: ErasureId,
        /// Where it stands.
        pub state: ErasureState,
        /// Another guardian's keep makes it wait.
        pub contested: bool,
        /// How it stands against its dates.
        pub lateness: Lateness,
        /// Whose recordings.
        pub children: Vec<ChildId>,
        /// The kind of scope: `items`, `range`, `class`, `search`, `child` or `everything`. What was
        /// searched for is not kept.
        pub scope: String,
        /// Recordings that lose something.
        pub recordings: u64,
        /// Who asked.
        pub requested_by: Requester,
        /// When use stopped.
        pub requested_at: Timestamp,
        /// Until then it can be taken back.
        pub sealed_until: Timestamp,
        /// When it will be done if nothing goes wrong.
        pub expected_by: Timestamp,
        /// When it must be done.
        pub due_by: Timestamp,
        /// When it was deleted or cancelled.
        pub finished_at: Option<Timestamp>,
        /// One entry a store that has something to erase, in order.
        pub steps: Vec<Step>,
        /// Models that learned from it, and what became of each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub models: Vec<ErasureModel>,
        /// One entry for each processor and child of which it was given something.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub processors: Vec<ProcessorStep>,
    }
}

impl Erasure {
    /// What it may be called to a parent.
    #[must_use]
    pub fn phrase(&self) -> crate::erasure::Phrase {
        let steps: Vec<StepState> = self.steps.iter().map(|step| step.state).collect();
        let processors: Vec<ProcessorState> = self.processors.iter().map(|it| it.state).collect();
        crate::erasure::phrase(self.state, self.contested, self.lateness, &steps, &processors)
    }

    /// Whether nothing more is awaited, neither here nor of others.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state.is_final() && self.processors.iter().all(|it| it.next_attempt_at.is_none())
    }

    /// How many processors have not confirmed.
    #[must_use]
    pub fn not_confirmed(&self) -> u64 {
        let mut names: Vec<&str> = self
            .processors
            .iter()
            .filter(|it| !it.state.is_confirmed())
            .map(|it| it.processor.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.len() as u64
    }

    /// Its dates.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        Clock { sealed_until: self.sealed_until, expected_by: self.expected_by, due_by: self.due_by }
    }
}

/// Who asked for an erasure. Never a name: one guardian does not learn of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Requester {
    /// The guardian of this session.
    You,
    /// Another guardian of the child.
    AnotherGuardian,
    /// The inactivity rule.
    Rule,
}

contract! {
    /// One store's part of an erasure.
    pub struct Step {
        /// The store.
        pub store: StoreId,
        /// Where it stands.
        pub state: StepState,
        /// Copies to erase.
        pub copies: u64,
        /// Copies erased so far.
        pub erased: u64,
        /// Tries that failed.
        pub failed_attempts: u32,
        /// Why the last of them failed.
        pub problem: Option<StepProblem>,
        /// When the next one starts.
        pub next_attempt_at: Option<Timestamp>,
        /// When the store was read again and answered "absent".
        pub verified_at: Option<Timestamp>,
    }
}

/// Why the last try of a step failed, as far as a parent can use it; the log has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepProblem {
    /// The store did not answer.
    Unreachable,
    /// The store answered that it could not erase.
    Failed,
    /// It said "erased", and a copy was still found.
    StillThere,
}

contract! {
    /// A processor's part of an erasure: somebody who was given some of what is deleted.
    pub struct ProcessorStep {
        /// Its name in the inventory.
        pub processor: String,
        /// Where more is said about it.
        pub about: String,
        /// Whose recordings.
        pub child: ChildId,
        /// How many of them it was given.
        pub recordings: u64,
        /// Where it stands.
        pub state: ProcessorState,
        /// Since when; one that has not answered: since when it has been asked.
        pub since: Timestamp,
        /// By when its next answer is due.
        pub due_by: Option<Timestamp>,
        /// Why the last try failed.
        pub problem: Option<ProcessorProblem>,
        /// When it is asked next.
        pub next_attempt_at: Option<Timestamp>,
        /// When it was last asked what it still has, and answered that there is nothing.
        pub found_none_at: Option<Timestamp>,
    }
}

/// Why the last try with a processor failed; the log has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProcessorProblem {
    /// It did not answer in time, or not at all.
    Unreachable,
    /// It answered with an error.
    Failed,
    /// It answered, and the answer was not validly signed.
    NotSigned,
    /// What it signed is no answer to this request.
    NotAnAnswer,
    /// It signed that it has cancelled the request.
    Cancelled,
}

contract! {
    /// A model that learned from what is erased.
    pub struct ErasureModel {
        /// Its name.
        pub name: String,
        /// What became of it.
        pub outcome: ModelState,
        /// By when, or when that was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub day: Option<Date>,
        /// Why it stays, in the operator's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub because: Option<String>,
    }

    /// Erasures of the session's children.
    pub struct Erasures {
        /// Newest first, at most `limit` of them.
        pub items: Vec<Erasure>,
        /// What to pass as `cursor` for the next page; none on the last.
        pub next: Option<String>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_of_one_child_names_it_and_everything_names_none() {
        let ask = |child: bool, scope: &str| {
            let child = child.then(|| ChildId::from_parts(0, 1));
            let scope = serde_json::from_str(scope).unwrap();
            NewErasure { child, scope, include_kept: false, waive_undo: false, as_of: None }.check()
        };
        assert_eq!(ask(true, r#"{"type":"child"}"#), Ok(()));
        assert_eq!(ask(false, r#"{"type":"child"}"#), Err(BadScope::ChildAndScope));
        assert_eq!(ask(false, r#"{"type":"everything"}"#), Ok(()));
        assert_eq!(ask(true, r#"{"type":"everything"}"#), Err(BadScope::ChildAndScope));
    }
}
