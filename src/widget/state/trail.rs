//! The way she came: places of the page behind the browser's back and forward.
//!
//! The browser's entries hold a number each and nothing else. Several elements on one page share
//! the entries; each has its own places, and knows for every entry where it was.

/// The entries of the browser's history that are ours, of all elements of a page.
#[derive(Debug, Default)]
pub struct Entries {
    numbers: Vec<u32>,
    at: usize,
    next: u32,
}

impl Entries {
    /// Numbers from here on. After the page was loaded anew the entries of before are still there:
    /// their numbers must mean nothing.
    #[must_use]
    pub const fn from(first: u32) -> Self {
        Self { numbers: Vec::new(), at: 0, next: first }
    }

    fn number(&mut self) -> u32 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        number
    }

    /// The number of the entry that is shown; `marked` is what it bears. One that is not ours
    /// becomes the first: what lay before it belongs to the host.
    pub fn here(&mut self, marked: Option<u32>) -> u32 {
        match self.numbers.get(self.at) {
            Some(number) if marked == Some(*number) => *number,
            _ => {
                // The host went on by itself: its entry is one of ours from now on, after those.
                self.numbers.truncate(self.at + 1);
                let number = self.number();
                self.numbers.push(number);
                self.at = self.numbers.len() - 1;
                number
            }
        }
    }

    /// A new entry after the one that is shown. What lay ahead is gone.
    pub fn push(&mut self) -> u32 {
        self.numbers.truncate(self.at + 1);
        let number = self.number();
        self.numbers.push(number);
        self.at = self.numbers.len() - 1;
        number
    }

    /// The browser went to an entry. Answers with the number of the one it left, if it is ours.
    pub fn go(&mut self, number: u32) -> Option<u32> {
        let to = self.numbers.iter().position(|known| *known == number)?;
        let left = self.numbers.get(self.at).copied();
        self.at = to;
        left
    }

    /// How many entries on from the one that is shown this one is; behind it, less than none.
    #[must_use]
    pub fn steps_to(&self, number: u32) -> Option<i32> {
        let to = self.numbers.iter().position(|known| *known == number)?;
        i32::try_from(to).ok()?.checked_sub(i32::try_from(self.at).ok()?)
    }

    /// The numbers up to the entry that is shown, the latest last.
    #[must_use]
    pub fn behind(&self) -> &[u32] {
        self.numbers.get(..=self.at).unwrap_or_default()
    }
}

/// Where one element was, for the entries at which it moved.
#[derive(Debug, Clone, PartialEq)]
pub struct Trail<P>(Vec<(u32, P)>);

impl<P> Default for Trail<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P> Trail<P> {
    /// Whether it ever moved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// It is here at this entry.
    pub fn mark(&mut self, number: u32, place: P) {
        match self.0.iter_mut().find(|(known, _)| *known == number) {
            // Where it stands among the others: the first one is where this element began.
            Some((_, known)) => *known = place,
            None => self.0.push((number, place)),
        }
    }

    /// Where it was when the browser showed the last of these entries.
    #[must_use]
    pub fn find(&self, behind: &[u32]) -> Option<&P> {
        let of = |number: &u32| self.0.iter().find(|(known, _)| known == number);
        behind.iter().rev().find_map(of).or(self.0.first()).map(|(_, place)| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forward_lead_where_she_was() {
        let (mut entries, mut trail) = (Entries::from(7), Trail::default());
        trail.mark(entries.here(None), "children");
        for place in ["list", "recording"] {
            let number = entries.push();
            trail.mark(number, place);
        }
        assert_eq!(entries.go(8), Some(9));
        assert_eq!(trail.find(entries.behind()), Some(&"list"));
        entries.go(7);
        assert_eq!(trail.find(entries.behind()), Some(&"children"));
        entries.go(9);
        assert_eq!(trail.find(entries.behind()), Some(&"recording"));
    }

    #[test]
    fn an_entry_is_so_many_steps_away() {
        let mut entries = Entries::from(7);
        entries.here(None);
        entries.push();
        entries.push();
        entries.go(8);
        assert_eq!([7, 8, 9, 10].map(|number| entries.steps_to(number)), [Some(-1), Some(0), Some(1), None]);
    }

    #[test]
    fn what_lay_ahead_is_gone_once_she_goes_another_way() {
        let (mut entries, mut trail) = (Entries::from(0), Trail::default());
        trail.mark(entries.here(None), "a");
        let b = entries.push();
        trail.mark(b, "b");
        entries.go(0);
        let c = entries.push();
        trail.mark(c, "c");
        assert_eq!(entries.go(b), None, "an entry that no longer exists is not ours");
        assert_eq!(trail.find(entries.behind()), Some(&"c"));
        entries.go(0);
        assert_eq!(trail.find(entries.behind()), Some(&"a"));
    }

    #[test]
    fn each_of_two_elements_goes_back_its_own_way() {
        let mut entries = Entries::from(0);
        let (mut one, mut other) = (Trail::default(), Trail::default());
        one.mark(entries.here(None), "one, list");
        one.mark(entries.push(), "one, recording");
        other.mark(entries.here(Some(1)), "other, list");
        other.mark(entries.push(), "other, recording");
        entries.go(1);
        assert_eq!(one.find(entries.behind()), Some(&"one, recording"));
        // As it is whenever the browser goes back: the entry that is left is marked anew.
        other.mark(2, "other, recording");
        other.mark(1, "other, list");
        assert_eq!(other.find(entries.behind()), Some(&"other, list"));
        entries.go(0);
        assert_eq!(one.find(entries.behind()), Some(&"one, list"));
        assert_eq!(other.find(entries.behind()), Some(&"other, list"));
    }

    #[test]
    fn entries_of_the_host_and_of_before_a_reload_are_not_ours() {
        let mut entries = Entries::from(1_000);
        assert_eq!(entries.here(Some(12)), 1_000, "a number of before means nothing");
        entries.push();
        assert_eq!(entries.go(12), None);
        assert_eq!(entries.here(None), 1_002, "the host went on to an entry of its own");
        assert_eq!(entries.go(1_001), Some(1_002));
    }
}
