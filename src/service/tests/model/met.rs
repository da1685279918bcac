//! What must have happened in a run that says something of it: what is hardly ever drawn is hardly ever tried.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

/// Something that a run must have met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    /// An erasure of something that another guardian keeps.
    Contested,
    /// A keep that was there was given up.
    Released,
    /// An undo of what another erasure takes as well.
    UndoCovered,
    /// An undo by somebody who may not know of the erasure.
    UndoNotFound,
    /// An undo of what the inactivity rule began.
    UndoOfTheRule,
    /// The same bytes came again after they were deleted.
    CameAgain,
    /// Something was made from several recordings.
    MadeOfSeveral,
    /// The process died where a store was about to erase.
    DiedErasing,
    /// The process died where a store was about to be read again.
    DiedProbing,
    /// A store failed and had done nothing.
    Failed,
    /// A store failed and had done it.
    FailedHavingDoneIt,
    /// A store said that it had, and had not.
    Lied,
}

impl Case {
    const ALL: [Self; 12] = [
        Self::Contested,
        Self::Released,
        Self::UndoCovered,
        Self::UndoNotFound,
        Self::UndoOfTheRule,
        Self::CameAgain,
        Self::MadeOfSeveral,
        Self::DiedErasing,
        Self::DiedProbing,
        Self::Failed,
        Self::FailedHavingDoneIt,
        Self::Lied,
    ];
}

/// The cases that the histories of a run have met.
#[derive(Debug, Clone, Default)]
pub struct Met(Arc<Mutex<BTreeSet<Case>>>);

impl Met {
    pub fn with(&self, case: Case) {
        self.0.lock().unwrap().insert(case);
    }

    pub fn missing(&self) -> Vec<Case> {
        let met = self.0.lock().unwrap();
        Case::ALL.into_iter().filter(|case| !met.contains(case)).collect()
    }
}
