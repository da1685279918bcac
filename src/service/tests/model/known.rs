//! What the model knows: recordings, what was made of them, what was asked for. Plain data; nothing here asks the
//! service.

use std::collections::BTreeMap;

use rules::{
    Class, Date, ErasureId, RecordingId, StoreId, Stores, Timestamp, derived::Made, location::Place,
};

/// The entry alone.
pub const ENTRY: Stores = Stores::NONE.with(StoreId::Catalogue);
/// The stores of what was made from recordings.
pub const MADE: [StoreId; 5] =
    [StoreId::Fact, StoreId::Voiceprint, StoreId::Thumbnail, StoreId::Dataset, StoreId::FromLocation];

#[derive(Debug)]
pub struct Recording {
    pub child: usize,
    pub id: RecordingId,
    pub seq: i64,
    pub at: Timestamp,
    pub taken_in: Timestamp,
    pub text: String,
    /// Which of the words it says.
    pub word: &'static str,
    pub device: String,
    pub place: Option<Place>,
    /// The picture of its loudness, as it was when it came.
    pub waveform: Vec<u8>,
    /// What was handed in with it.
    pub born: Stores,
    /// What anybody can see.
    pub usable: Stores,
    /// Until when each guardian keeps it.
    pub kept: [Option<Date>; 2],
    /// Whether its entry is there.
    pub there: bool,
}

impl Recording {
    pub fn is_found_by_words(&self) -> bool {
        self.usable.has(StoreId::Transcript) && self.usable.has(StoreId::SearchIndex)
    }
}

/// Something that was made from recordings.
#[derive(Debug)]
pub struct Thing {
    pub id: String,
    pub child: usize,
    pub made: Made,
    pub content: String,
    /// The recordings it goes with, and with which of their stores.
    pub goes_with: BTreeMap<usize, Stores>,
    pub there: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Open,
    Cancelled,
    Deleted,
}

/// An erasure.
#[derive(Debug)]
pub struct Asked {
    pub id: ErasureId,
    /// Who asked; nobody did where it was the inactivity rule.
    pub by: Option<usize>,
    pub children: Vec<usize>,
    pub until: Timestamp,
    /// For each recording what goes, and what of that an undo gives back.
    pub plan: BTreeMap<usize, (Stores, Stores)>,
    pub stands: Stands,
}

impl Asked {
    /// Whether it can still be taken back.
    pub fn is_sealed(&self, now: Timestamp) -> bool {
        self.stands == Stands::Open && now < self.until
    }

    /// What it takes or has taken of a recording.
    pub fn of(&self, recording: usize) -> Stores {
        let planned = self.plan.get(&recording).filter(|_| self.stands != Stands::Cancelled);
        planned.map_or(Stores::NONE, |(from, _)| *from)
    }
}

#[derive(Debug, Default)]
pub struct Known {
    pub recordings: Vec<Recording>,
    pub things: Vec<Thing>,
    pub erasures: Vec<Asked>,
    /// The day of each child's last use; none once nothing is left of it.
    pub last_use: [Option<Date>; 2],
}

impl Known {
    pub fn of_child(&self, child: usize) -> impl Iterator<Item = (usize, &Recording)> {
        self.recordings.iter().enumerate().filter(move |(_, recording)| recording.child == child)
    }

    /// The erasures that mean something of a recording in a store.
    pub fn takers(&self, recording: usize, store: StoreId) -> impl Iterator<Item = &Asked> {
        self.erasures.iter().filter(move |asked| asked.of(recording).has(store))
    }

    /// The erasures by which a thing goes.
    pub fn takers_of(&self, thing: &Thing) -> impl Iterator<Item = &Asked> {
        self.erasures.iter().filter(|asked| {
            thing.goes_with.iter().any(|(recording, stores)| !asked.of(*recording).and(*stores).is_empty())
        })
    }

    /// What erasures that are not over take of a recording.
    pub fn leaving(&self, recording: usize) -> Stores {
        let open = self.erasures.iter().filter(|asked| asked.stands == Stands::Open);
        open.fold(Stores::NONE, |all, asked| all.or(asked.of(recording)))
    }

    /// Whether anybody may use a thing: each recording it goes with still has that part in use.
    pub fn is_usable(&self, thing: &Thing) -> bool {
        let used = |(recording, stores): (&usize, &Stores)| {
            let recording = &self.recordings[*recording];
            recording.there && stores.without(recording.usable).is_empty()
        };
        thing.there && thing.goes_with.iter().all(used)
    }

    /// The things that hang on a recording by a store.
    pub fn hanging(&self, recording: usize, store: StoreId) -> impl Iterator<Item = &Thing> {
        let hangs =
            move |thing: &&Thing| thing.goes_with.get(&recording).is_some_and(|stores| stores.has(store));
        self.things.iter().filter(|thing| thing.there).filter(hangs)
    }

    /// Nothing says that something was made of it where nothing is.
    pub fn settle(&mut self) {
        for n in 0..self.recordings.len() {
            for store in MADE {
                if self.hanging(n, store).next().is_none() {
                    let usable = &mut self.recordings[n].usable;
                    *usable = usable.without(Stores::NONE.with(store));
                }
            }
        }
    }

    /// What a thing of this kind would go with, made now from parts of these recordings and from other things; none
    /// where some of that may not be used.
    pub fn lineage(
        &self,
        child: usize,
        made: Made,
        from: &[usize],
        parts: &[Class],
        things: &[usize],
    ) -> Option<BTreeMap<usize, Stores>> {
        let mut lineage = BTreeMap::<usize, Stores>::new();
        for n in from {
            let recording = &self.recordings[*n];
            let usual = made.usually_from(recording.usable);
            let parts = if parts.is_empty() { &usual } else { parts };
            let may = recording.there && recording.child == child && !parts.is_empty();
            if !may || !parts.iter().all(|part| recording.usable.has_class(*part)) {
                return None;
            }
            let stores = lineage.entry(*n).or_default();
            *stores = stores.or(made.goes_with(parts));
        }
        for thing in things {
            let thing = &self.things[*thing];
            if thing.child != child || !self.is_usable(thing) {
                return None;
            }
            for (n, goes_with) in &thing.goes_with {
                // Made from a place it stays made from one; made from what was said it is of its own kind, too.
                let said = !goes_with.without(Stores::NONE.with(StoreId::FromLocation)).is_empty();
                let own = if said { Stores::NONE.with(made.store()) } else { Stores::NONE };
                let stores = lineage.entry(*n).or_default();
                *stores = stores.or(*goes_with).or(own);
            }
        }
        let leaves = lineage.iter().any(|(n, stores)| !self.leaving(*n).and(*stores).is_empty());
        (!lineage.is_empty() && !leaves).then_some(lineage)
    }
}
