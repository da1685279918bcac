//! Keys of one letter, for who reviews many recordings without a mouse.
//!
//! They count only while the focus is inside the opened recording and in no field, and with no other
//! key held (WCAG 2.1.4).

use rules::{Class, Scope};

use super::{Msg, OpenedMsg, State, View, player};

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// The next recording, which is older.
    Older,
    /// The one before, which is newer.
    Newer,
    /// Play, or pause.
    Play,
    /// Choose until when it is kept.
    Keep,
    /// Delete it: what that means is shown first.
    Delete,
    /// Back to the list.
    Back,
}

impl Shortcut {
    /// The key, as `aria-keyshortcuts` names it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Older => "N",
            Self::Newer => "B",
            Self::Play => "P",
            Self::Keep => "K",
            Self::Delete => "D",
            Self::Back => "Escape",
        }
    }

    /// What the key of this name stands for, if anything.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        let all = [Self::Older, Self::Newer, Self::Play, Self::Keep, Self::Delete, Self::Back];
        all.into_iter().find(|shortcut| shortcut.key().eq_ignore_ascii_case(key))
    }
}

impl State {
    /// What a key means as things stand; nothing where a deletion is being decided.
    pub(super) fn means(&self, key: Shortcut) -> Option<Msg> {
        if self.flow.is_some() {
            return None;
        }
        if self.view == View::Progress {
            return self.next_up.filter(|_| key == Shortcut::Older).map(Msg::Open);
        }
        let id = self.opened.id.filter(|_| self.view == View::Recording)?;
        let recording = self.opened.recording.value.as_ref();
        match key {
            Shortcut::Older => self.list.neighbour(id, 1).map(Msg::Open),
            Shortcut::Newer => self.list.neighbour(id, -1).map(Msg::Open),
            Shortcut::Play => recording
                .is_some_and(|recording| recording.item.classes.contains(&Class::Media))
                .then_some(Msg::Player(player::Msg::Toggle)),
            Shortcut::Keep => {
                recording.filter(|_| !self.opened.choosing).map(|_| Msg::Opened(OpenedMsg::KeepForm(true)))
            }
            Shortcut::Delete => recording.map(|_| Msg::Ask(Scope::Items { recordings: vec![id] })),
            Shortcut::Back if self.opened.choosing => Some(Msg::Opened(OpenedMsg::KeepForm(false))),
            Shortcut::Back => Some(Msg::Close),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_name_in_either_case() {
        assert_eq!(Shortcut::of("n"), Some(Shortcut::Older));
        assert_eq!(Shortcut::of("N"), Some(Shortcut::Older));
        assert_eq!(Shortcut::of("Escape"), Some(Shortcut::Back));
        assert_eq!(Shortcut::of("x"), None);
    }
}
