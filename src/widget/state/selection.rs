//! Which recordings are ticked.

use rules::RecordingId;

/// What a deletion would act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These, ticked one by one or by ranges.
    These(Vec<RecordingId>),
    /// All that the filter finds, shown or not: a step of its own, with the number said.
    All {
        /// How many that were when she said so.
        count: u64,
    },
}

impl Default for Selection {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl Selection {
    /// How many recordings are selected.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::These(ids) => ids.len() as u64,
            Self::All { count } => *count,
        }
    }

    /// Whether this recording is selected.
    #[must_use]
    pub fn has(&self, id: RecordingId) -> bool {
        match self {
            Self::These(ids) => ids.contains(&id),
            Self::All { .. } => true,
        }
    }

    /// Ticks or unticks `id`; with `anchor`, everything from there to `id` in the order of `shown`
    /// takes the state that `id` gets. Unticking one of "all" leaves the others that are shown.
    pub fn toggle(&mut self, id: RecordingId, anchor: Option<RecordingId>, shown: &[RecordingId]) {
        let on = !self.has(id);
        let ids = match self {
            Self::These(ids) => ids,
            Self::All { .. } => {
                *self = Self::These(shown.to_vec());
                let Self::These(ids) = self else { return };
                ids
            }
        };
        let position = |wanted| shown.iter().position(|id| *id == wanted);
        let range = match (anchor.and_then(position), position(id)) {
            (Some(a), Some(b)) => &shown[a.min(b)..=a.max(b)],
            _ => &[id][..],
        };
        ids.retain(|id| !range.contains(id));
        if on {
            ids.extend_from_slice(range);
        }
    }

    /// Drops what is not shown any more.
    pub fn retain(&mut self, shown: &[RecordingId]) {
        if let Self::These(ids) = self {
            ids.retain(|id| shown.contains(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(n: u128) -> Vec<RecordingId> {
        (0..n).map(|n| RecordingId::from_parts(0, n)).collect()
    }

    #[test]
    fn shift_takes_the_whole_range_in_either_direction() {
        let shown = ids(6);
        let mut selection = Selection::default();
        selection.toggle(shown[4], None, &shown);
        selection.toggle(shown[1], Some(shown[4]), &shown);
        assert_eq!(selection.count(), 4);
        assert!(!selection.has(shown[0]) && selection.has(shown[1]) && !selection.has(shown[5]));
        selection.toggle(shown[2], Some(shown[1]), &shown);
        assert_eq!(selection.count(), 2, "a range can be unticked too");
    }

    #[test]
    fn an_anchor_that_is_gone_is_no_range() {
        let shown = ids(3);
        let mut selection = Selection::default();
        selection.toggle(shown[2], Some(RecordingId::from_parts(9, 9)), &shown);
        assert_eq!(selection.count(), 1);
    }

    #[test]
    fn unticking_one_of_all_never_keeps_what_cannot_be_seen() {
        let shown = ids(3);
        let mut selection = Selection::All { count: 400 };
        selection.toggle(shown[0], None, &shown);
        assert_eq!(selection.count(), 2);
        assert!(!selection.has(shown[0]));
    }

    #[test]
    fn what_left_the_list_leaves_the_selection() {
        let shown = ids(3);
        let mut selection = Selection::default();
        selection.toggle(shown[0], None, &shown);
        selection.toggle(shown[2], None, &shown);
        selection.retain(&shown[1..]);
        assert_eq!(selection.count(), 1);
    }
}
