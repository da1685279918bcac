//! What an erasure means and what an undo gives back, as the model decides it.

use std::collections::BTreeMap;

use rules::{Class, Date, Scope, StoreId, Stores, Timestamp, scope::Filter};

use crate::known::{ENTRY, Known, Stands};

/// An erasure, about to be asked for.
pub struct Request<'a> {
    /// Which guardian; none for the inactivity rule.
    pub by: Option<usize>,
    pub children: &'a [usize],
    pub scope: &'a Scope,
    pub include_kept: bool,
    pub as_of: Option<Timestamp>,
    pub today: Date,
}

#[derive(Debug, Default)]
pub struct Plan {
    /// For each recording what goes, and what of that was in use.
    pub items: BTreeMap<usize, (Stores, Stores)>,
    /// Another guardian keeps some of it.
    pub contested: bool,
}

/// What an undo comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    NotFound,
    NotYours,
    NotSealed,
    Covered,
    Undone,
}

impl Known {
    /// What an erasure means; nothing where nothing is in use of it any more.
    pub fn plan(&self, request: &Request<'_>) -> Plan {
        let total = matches!(request.scope, Scope::Child {} | Scope::Everything {});
        let mut plan = Plan::default();
        for (n, recording) in self.recordings.iter().enumerate() {
            let old_enough = total || request.as_of.is_none_or(|as_of| recording.taken_in <= as_of);
            if !recording.there || !request.children.contains(&recording.child) || !old_enough {
                continue;
            }
            // Also what another erasure has only taken out of use.
            let there = recording.usable.or(self.leaving(n));
            let reached = match request.scope {
                Scope::Class { class, .. } => Stores::reached_by(*class),
                _ => Stores::ALL,
            };
            if !self.finds(request.scope, n, there) || reached.and(there).is_empty() {
                continue;
            }
            let mut from = reached.and(there);
            if recording.usable.without(from) == ENTRY {
                from = from.with(StoreId::Catalogue);
            }
            let live = |until: Option<Date>| until.is_some_and(|until| request.today <= until);
            let held_back = match request.by {
                Some(by) => live(recording.kept[by]) && !request.include_kept && !total,
                None => recording.kept.into_iter().any(live),
            };
            if !held_back {
                plan.contested |= request.by.is_some_and(|by| live(recording.kept[1 - by]));
                plan.items.insert(n, (from, from.and(recording.usable)));
            }
        }
        // What is all sealed already was asked for before: only "everything" may be said twice.
        if !total && plan.items.values().all(|(_, cleared)| cleared.is_empty()) {
            return Plan::default();
        }
        plan
    }

    fn finds(&self, scope: &Scope, n: usize, there: Stores) -> bool {
        let recording = &self.recordings[n];
        let within = |from: Option<Timestamp>, to: Option<Timestamp>| {
            from.is_none_or(|from| from <= recording.at) && to.is_none_or(|to| recording.at < to)
        };
        match scope {
            Scope::Items { recordings } => recordings.contains(&recording.id),
            Scope::Range { from, to } => within(Some(*from), Some(*to)),
            Scope::Class { class, from, to } => within(*from, *to) && there.has_class(*class),
            Scope::Search { filter } => self.is_listed(n, filter),
            Scope::Child {} | Scope::Everything {} => true,
        }
    }

    /// Whether a list has it: what is sealed is in none.
    pub fn is_listed(&self, n: usize, filter: &Filter) -> bool {
        let recording = &self.recordings[n];
        let said = |q: &String| recording.is_found_by_words() && recording.word == *q;
        let has = |class: Class| recording.usable.has_class(class);
        recording.there
            && !recording.usable.is_empty()
            && filter.q.as_ref().is_none_or(said)
            && filter.class.is_none_or(has)
    }

    /// What the undo of an erasure by a guardian comes to.
    pub fn undo(&self, nth: usize, by: usize, now: Timestamp) -> Undo {
        let asked = &self.erasures[nth];
        if by == 1 && asked.children.contains(&1) {
            return Undo::NotFound;
        }
        if asked.by.is_some_and(|it| it != by) {
            return Undo::NotYours;
        }
        if !asked.is_sealed(now) {
            return Undo::NotSealed;
        }
        let others = || {
            let open = self.erasures.iter().enumerate().filter(|(_, it)| it.stands == Stands::Open);
            open.filter(move |(other, _)| *other != nth).map(|(_, it)| it)
        };
        let comes_back = || asked.plan.iter().filter(|(_, (_, cleared))| !cleared.is_empty());
        let leaves = |n: usize, stores: Stores| others().any(|it| !it.of(n).and(stores).is_empty());
        let covered = comes_back().any(|(n, (_, cleared))| {
            !self.recordings[*n].there || leaves(*n, cleared.with(StoreId::Catalogue))
        });
        // Nothing comes back where all of it was deleted; but one that only covers another may go.
        let hides = |n: usize, from: Stores| {
            others().any(|it| it.plan.get(&n).is_some_and(|(_, cleared)| !cleared.and(from).is_empty()))
        };
        let only_covers = || asked.plan.iter().any(|(n, (from, _))| hides(*n, *from));
        if covered || comes_back().next().is_none() && !only_covers() {
            return Undo::Covered;
        }
        Undo::Undone
    }
}
