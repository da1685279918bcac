//! Children, and what the stores hold of one.

use serde::{Deserialize, Serialize};

use super::{RecordingPage, Timeline};
use crate::{
    id::{ChildId, DeviceId},
    retention::End,
    store::StoreId,
    time::Timestamp,
    word::{Class, Classes},
};

contract! {
    /// A new child of a guardian (vendor).
    #[serde(deny_unknown_fields)]
    pub struct NewChild {
        /// What the parent calls the child, 1 to 100 characters.
        pub name: String,
        /// The vendor's own reference for the guardian, 1 to 200 characters.
        pub guardian: String,
    }

    /// A child that was made.
    pub struct ChildCreated {
        /// Its id.
        pub id: ChildId,
    }

    /// A device.
    pub struct Device {
        /// Its id.
        pub id: DeviceId,
        /// What it is called.
        pub name: String,
    }

    /// A child as the first screen shows it.
    pub struct ChildSummary {
        /// Its id.
        pub id: ChildId,
        /// What the parent calls it.
        pub name: String,
        /// Recordings of which anything can be used.
        pub recordings: u64,
        /// Of these, how many have something of each class.
        pub classes: Classes,
        /// When the oldest was captured.
        pub oldest: Option<Timestamp>,
        /// When the newest was captured.
        pub newest: Option<Timestamp>,
        /// Devices that captured any of them.
        pub devices: Vec<Device>,
        /// When the first of them ends if nobody does anything, and why.
        pub next_end: Option<End>,
        /// Erasures that are not finished.
        pub open_erasures: u64,
    }

    /// All children of the session.
    pub struct Children {
        /// In the order of their names.
        pub items: Vec<ChildSummary>,
        /// Set when the service runs on made-up data.
        pub demo: bool,
        /// Length of the undo window in seconds: 72 hours but in a demo.
        pub undo_window_seconds: i64,
    }

    /// What a page shows first.
    pub struct FirstView {
        /// The children.
        pub children: Children,
        /// The beginning of the list, if there is exactly one child.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub list: Option<FirstList>,
    }

    /// The beginning of the list of a child's recordings.
    pub struct FirstList {
        /// The newest hundred.
        pub recordings: RecordingPage,
        /// How all of them lie in time.
        pub timeline: Timeline,
    }
}

/// What a store says when it is asked for its copies. "We hold nothing", "we did not look" and
/// "we hold it where it cannot be linked to your child" are three different answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Held {
    /// It holds copies.
    Held {
        /// Copies in use, one a recording.
        copies: u64,
        /// Copies that are sealed or being erased: not used by anyone, not gone yet.
        sealed: u64,
        /// Bytes of all of them, where the store can tell.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<u64>,
    },
    /// It was asked and holds nothing.
    None,
    /// It could not be asked just now.
    NotSearched,
    /// What it may hold cannot be tied to a child.
    NotLinkable,
}

contract! {
    /// What one store holds of a child.
    pub struct Holding {
        /// The store.
        pub store: StoreId,
        /// The class of its copies; none for the catalogue, and for the keys, which are those of every class.
        pub class: Option<Class>,
        /// What it answered.
        #[serde(flatten)]
        pub held: Held,
    }

    /// Somebody else who was given recordings: a processor.
    pub struct Recipient {
        /// Its name in the inventory.
        pub processor: String,
        /// Where more is said about it; empty where nobody of the name is in the settings any more.
        pub about: String,
        /// How many recordings.
        pub recordings: u64,
    }

    /// What every store of the inventory holds of a child.
    pub struct Holdings {
        /// The child.
        pub child: ChildId,
        /// When the stores were asked.
        pub as_of: Timestamp,
        /// One entry a store, in the inventory's order.
        pub stores: Vec<Holding>,
        /// Who was given something of the child, by name, and has not confirmed that nothing of it is left there.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub recipients: Vec<Recipient>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_hold_nothing_are_three_answers() {
        let json = |held| {
            serde_json::to_value(Holding { store: StoreId::Media, class: Some(Class::Media), held }).unwrap()
        };
        assert_eq!(json(Held::None)["answer"], "none");
        assert_eq!(json(Held::NotSearched)["answer"], "not_searched");
        assert_eq!(json(Held::NotLinkable)["answer"], "not_linkable");
        assert_eq!(json(Held::Held { copies: 2, sealed: 0, bytes: None })["copies"], 2);
    }
}
