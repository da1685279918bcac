//! The service and the model side by side: what happens, happens to both.

use std::{collections::BTreeMap, sync::Arc};

use rules::{
    ChildId, Class, DatasetId, Scope, StoreId, Stores, Timestamp,
    contract::{
        NewDataset, NewDerivation, NewErasure, NewMade, NewRecording, NewRow, Preview, Recording as Opened,
        Source, Transcript,
    },
    derived::{Consent, Made},
    keep::default_until,
    retention::{INACTIVE_AFTER_MONTHS, rule_deletes},
    scope::Filter,
};
use service::{
    clock::Clock,
    core::{Core, Policy},
    derived,
    erasure::{Asker, ErasureError, accept, engine},
    ingest::{self, Incoming, IngestError},
    keep, media,
};
use sqlx::query_scalar;

use crate::{
    canary,
    fate::{FAILING, Fate, Fated},
    history::{Op, WORDS, What},
    household::{self, Household},
    known::{Asked, ENTRY, Known, Recording, Stands, Thing},
    met::{Case, Met},
    plan::{Plan, Request, Undo},
    served::Served,
};

/// What a recording that is handed in with its words has, with a place and without.
const BORN: [StoreId; 6] = [
    StoreId::Keys,
    StoreId::Media,
    StoreId::Transcript,
    StoreId::SearchIndex,
    StoreId::Waveform,
    StoreId::Catalogue,
];
const UNDO_SECONDS: i64 = 72 * 3600;
const CONTESTED_SECONDS: i64 = 7 * 86_400;

pub struct World {
    pub home: Household,
    pub served: Served,
    pub fate: Arc<Fate>,
    pub known: Known,
    pub children: [ChildId; 2],
    pub askers: [Asker; 2],
    pub dataset: Option<DatasetId>,
    pub met: Met,
}

impl World {
    pub async fn new(met: &Met) -> Self {
        let mut home = Household::new().await;
        let second_guardian = home.second_guardian().await;
        let sibling = home.sibling("Ada").await;
        let fate = Arc::new(Fate::new(met));
        give_fate(&mut home, &fate);
        Self {
            served: Served::of(&home.core),
            fate,
            known: Known::default(),
            children: [home.child, sibling],
            askers: [home.asker.clone(), second_guardian],
            dataset: None,
            met: met.clone(),
            home,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.home.clock.now()
    }

    /// Every guardian has a session that holds.
    pub async fn sign_in(&mut self) {
        let now = self.now();
        self.served.sign_in(&self.home.core, now).await;
    }

    /// Another process, with nothing but what the last one left on the disk.
    async fn reopen(&mut self) {
        let clock = self.home.clock.clone();
        self.home.core.db.close().await;
        self.home.core.keys.close().await;
        self.home.core = Core::open_with(self.home.folder.path(), Policy::default(), clock).await.unwrap();
        give_fate(&mut self.home, &self.fate);
        self.served = Served::of(&self.home.core);
    }

    pub async fn go(&mut self, op: &Op) {
        let failing = |n: u8| FAILING[usize::from(n) % FAILING.len()];
        match op {
            Op::Record { child, placed, whole } => self.record(*child, *placed, *whole).await,
            Op::Derive { child, made, from, parts, thing } => {
                self.derive(*child, *made, *from, parts, *thing).await;
            }
            Op::Erase { by, child, what, waive, include_kept, as_of } => {
                // The second guardian knows of one child alone.
                let child = if *by == 0 { *child } else { 0 };
                let as_of = as_of.and_then(|n| Some(self.known.recordings[self.nth(n)?].taken_in));
                if let Some(scope) = self.scope(child, what) {
                    self.erase(*by, child, scope, *waive, *include_kept, as_of).await;
                }
            }
            Op::Undo { by, nth } if !self.known.erasures.is_empty() => {
                let count = self.known.erasures.len();
                self.undo(*by, count - 1 - usize::from(*nth) % count).await;
            }
            Op::Undo { .. } => {}
            Op::Keep { by, nth } => self.keep(*by, *nth).await,
            Op::Release { by, nth } => {
                if let Some(n) = self.nth(*nth) {
                    let recording = &mut self.known.recordings[n];
                    let released = keep::delete(&self.home.core, &self.askers[*by], recording.id).await;
                    let may = !recording.usable.is_empty() && (*by == 0 || recording.child == 0);
                    assert_eq!(released.is_ok(), may, "{released:?}");
                    if may && recording.kept[*by].take().is_some() {
                        self.met.with(Case::Released);
                    }
                }
            }
            Op::Break { store, times, how } => self.fate.breaks(failing(*store), *times, *how),
            Op::Tick => self.tick(None).await,
            Op::Die { store, probing } => self.tick(Some((failing(*store), *probing))).await,
            Op::Reopen => self.reopen().await,
            Op::Wait(seconds) => self.home.clock.advance(*seconds),
            Op::Neglect => self.neglect().await,
            Op::Again(n) => {
                if let Some(n) = self.nth(*n) {
                    self.hand_in_again(n).await;
                }
            }
        }
    }

    /// Which recording a number stands for, counted from the newest; none where there is none.
    fn nth(&self, n: u8) -> Option<usize> {
        let count = self.known.recordings.len();
        (count > 0).then(|| count - 1 - usize::from(n) % count)
    }

    async fn record(&mut self, child: usize, placed: bool, whole: bool) {
        // Not in the very moment of a request, which would count as overtaking it.
        self.home.clock.advance(1);
        let n = self.known.recordings.len();
        let word = WORDS[n % 2];
        let (text, device) =
            (format!("{word} {}", canary::word('t', n)), canary::word('d', child * 2 + n % 2));
        let (at, place) = (self.home.at(n as i64), placed.then(|| canary::place(n)));
        let mut incoming = self.incoming(child, at, n);
        incoming.recording = NewRecording {
            device: Some(device.clone()),
            transcript: Some(Transcript::new(&text, Some("en".into()))),
            location: place,
            reference: Some(canary::word('n', n)),
            ..incoming.recording
        };
        let made = ingest::ingest(&self.home.core, &incoming).await.unwrap();
        assert!(!made.already_there);
        std::fs::remove_file(&incoming.media).unwrap();
        let seq = query_scalar("SELECT seq FROM recording WHERE id = ?").bind(made.id.to_string());
        let seq = seq.fetch_one(self.home.core.db.read()).await.unwrap();
        self.sign_in().await;
        let opened: Opened = self.served.get(0, &format!("/v1/recordings/{}", made.id)).await.unwrap();
        let mut born: Stores = BORN.into_iter().collect();
        if placed {
            born = born.with(StoreId::Location);
        }
        let recording = Recording {
            child,
            id: made.id,
            seq,
            at,
            taken_in: self.now(),
            text,
            word,
            device,
            place,
            waveform: opened.waveform.unwrap(),
            born,
            usable: born,
            kept: [None; 2],
            there: true,
        };
        self.known.recordings.push(recording);
        let last_use = &mut self.known.last_use[child];
        *last_use = (*last_use).max(Some(at.date()));
        if whole {
            for made in [Made::Fact, Made::Voiceprint, Made::Thumbnail] {
                self.make(child, made, &[n], &[], &[]).await;
            }
            if placed {
                self.make(child, Made::Fact, &[n], &[Class::Location], &[]).await;
            }
            self.row(child, n).await;
        }
    }

    /// The nth recording's bytes, about to be handed in. Not from the data folder: what is looked for there is not
    /// to be put there by the test.
    fn incoming(&self, child: usize, at: Timestamp, n: usize) -> Incoming {
        let file = std::env::temp_dir().join(format!("{}-{n}.wav", self.home.child));
        std::fs::write(&file, canary::sound(n)).unwrap();
        assert!(media::probe_file(&file).is_ok());
        Incoming { begun: self.now(), ..household::incoming(self.children[child], at, &file) }
    }

    async fn derive(&mut self, child: usize, made: Made, which: u8, parts: &[Class], thing: Option<u8>) {
        let parts: Vec<Class> = parts.iter().copied().filter(|part| made.may_be_from(*part)).collect();
        let from: Vec<usize> = self.chosen(child, which).into_iter().take(3).collect();
        let things: Vec<usize> =
            (0..self.known.things.len()).filter(|n| self.known.things[*n].child == child).collect();
        let thing = thing.filter(|_| !things.is_empty()).map(|n| things[usize::from(n) % things.len()]);
        self.make(child, made, &from, &parts, thing.as_slice()).await;
    }

    /// A vendor makes something of recordings and of other things.
    async fn make(&mut self, child: usize, made: Made, from: &[usize], parts: &[Class], things: &[usize]) {
        // Not in the very moment of a deletion, which would count as overtaking it.
        self.home.clock.advance(1);
        let content = canary::word('s', self.known.things.len());
        let source = |n: &usize| Source { recording: self.known.recordings[*n].id, from: parts.to_vec() };
        let new = NewMade {
            child: self.children[child],
            recordings: from.iter().map(source).collect(),
            derivations: things.iter().map(|n| self.known.things[*n].id.parse().unwrap()).collect(),
            content: content.clone(),
            made_at: self.now(),
            reference: None,
        };
        let new = match made {
            Made::Fact => NewDerivation::Fact(new),
            Made::Voiceprint => NewDerivation::Voiceprint(new),
            Made::Thumbnail | Made::Row => NewDerivation::Thumbnail(new),
        };
        let lineage = self.known.lineage(child, made, from, parts, things);
        let answer = derived::register(&self.home.core, &new).await;
        assert_eq!(answer.is_ok(), lineage.is_some(), "{answer:?} of {lineage:?}");
        if let (Ok(created), Some(lineage)) = (answer, lineage) {
            if lineage.len() > 1 {
                self.met.with(Case::MadeOfSeveral);
            }
            self.was_made(Thing { id: created.id, child, made, content, goes_with: lineage, there: true });
        }
    }

    /// A row of the dataset, made from a new recording.
    async fn row(&mut self, child: usize, n: usize) {
        let content = canary::word('s', self.known.things.len());
        let recording = self.known.recordings[n].id;
        let rows = vec![NewRow { recording, from: Vec::new(), content: content.clone() }];
        let new = NewDataset { name: "speech-1".into(), consent: Consent::Given, rows, made_at: self.now() };
        let created = derived::register(&self.home.core, &NewDerivation::Dataset(new)).await.unwrap();
        self.dataset = Some(created.id.parse().unwrap());
        let opened: Opened = self.served.get(0, &format!("/v1/recordings/{recording}")).await.unwrap();
        let row = opened.made.into_iter().find(|thing| thing.kind == Made::Row).unwrap();
        let goes_with = BTreeMap::from([(n, Made::Row.goes_with(&[Class::Media]))]);
        let id = row.id.to_string();
        self.was_made(Thing { id, child, made: Made::Row, content, goes_with, there: true });
    }

    fn was_made(&mut self, thing: Thing) {
        for (n, stores) in &thing.goes_with {
            let usable = &mut self.known.recordings[*n].usable;
            *usable = usable.or(*stores);
        }
        self.known.things.push(thing);
    }

    /// The recordings of a child whose bit is set.
    fn chosen(&self, child: usize, which: u8) -> Vec<usize> {
        let of_child = self.known.of_child(child).filter(|(_, recording)| recording.there).enumerate();
        of_child.filter(|(bit, _)| which & (1 << (bit % 8)) != 0).map(|(_, (n, _))| n).collect()
    }

    /// The scope as it is asked for; none where it would name nothing.
    fn scope(&self, child: usize, what: &What) -> Option<Scope> {
        let period = |from: u8, to: u8| {
            let (from, to) = (self.nth(from)?, self.nth(to)?);
            let (first, last) = (from.min(to), from.max(to));
            let after_it = Timestamp::from_ms(self.known.recordings[last].at.ms() + 1);
            Some((self.known.recordings[first].at, after_it))
        };
        Some(match what {
            What::Some(which) => {
                let chosen = self.chosen(child, *which);
                let recordings: Vec<_> = chosen.iter().map(|n| self.known.recordings[*n].id).collect();
                if recordings.is_empty() {
                    return None;
                }
                Scope::Items { recordings }
            }
            What::Range(from, to) => {
                let (from, to) = period(*from, *to)?;
                Scope::Range { from, to }
            }
            What::Class(class, None) => Scope::Class { class: *class, from: None, to: None },
            What::Class(class, Some((from, to))) => {
                let (from, to) = period(*from, *to)?;
                Scope::Class { class: *class, from: Some(from), to: Some(to) }
            }
            What::Search(q, class) => {
                let filter = Filter { q: q.map(str::to_owned), class: *class, ..Filter::default() };
                Scope::Search { filter }
            }
            What::Child => Scope::Child {},
            What::Everything => Scope::Everything {},
        })
    }

    async fn erase(
        &mut self,
        by: usize,
        child: usize,
        scope: Scope,
        waive_undo: bool,
        include_kept: bool,
        as_of: Option<Timestamp>,
    ) {
        let everything = matches!(scope, Scope::Everything {});
        let children = if !everything { vec![child] } else { (0..=1 - by).collect() };
        let request = Request {
            by: Some(by),
            children: &children,
            scope: &scope,
            include_kept,
            as_of,
            today: self.now().date(),
        };
        let plan = self.known.plan(&request);
        let shown = self.known.plan(&Request { as_of: Some(self.now()), ..request });
        let new = NewErasure {
            child: (!everything).then(|| self.children[child]),
            scope: scope.clone(),
            include_kept,
            waive_undo,
            as_of,
        };
        self.preview(by, &new, &shown).await;
        let made = accept::accept(&self.home.core, &self.askers[by], &new, None).await;
        if plan.items.is_empty() {
            assert!(matches!(made, Err(ErasureError::NothingMatches)), "{made:?}");
            return;
        }
        let erasure = made.unwrap().0;
        assert_eq!((erasure.recordings, erasure.contested), (plan.items.len() as u64, plan.contested));
        if plan.contested {
            self.met.with(Case::Contested);
        }
        let window = if waive_undo { 0 } else { UNDO_SECONDS };
        let window = if plan.contested { window.max(CONTESTED_SECONDS) } else { window };
        let until = self.now().plus_seconds(window);
        self.accepted(Asked {
            id: erasure.id,
            by: Some(by),
            children,
            until,
            plan: plan.items,
            stands: Stands::Open,
        });
    }

    fn accepted(&mut self, asked: Asked) {
        for (n, (from, _)) in &asked.plan {
            let usable = &mut self.known.recordings[*n].usable;
            *usable = usable.without(*from);
        }
        self.known.erasures.push(asked);
    }

    /// What is shown before says the same as what then happens.
    async fn preview(&mut self, by: usize, new: &NewErasure, plan: &Plan) {
        self.sign_in().await;
        let new = serde_json::to_value(new).unwrap();
        let preview: Preview = self.served.post(by, "/v1/erasures/preview", &new).await.unwrap();
        let copies = |store: StoreId| {
            let part = store.takes_part_in();
            plan.items.values().filter(|(from, _)| !from.and(part).is_empty()).count() as u64
        };
        let stores = StoreId::ALL.into_iter().map(|store| (store, copies(store))).filter(|(_, n)| *n > 0);
        let shown: Vec<_> = preview.stores.iter().map(|count| (count.store, count.copies)).collect();
        assert_eq!(shown, stores.collect::<Vec<_>>(), "copies that are said to go");
        assert_eq!((preview.recordings, preview.contested), (plan.items.len() as u64, plan.contested));
        let goes = |thing: &&Thing| {
            let mut hung =
                thing.goes_with.iter().filter_map(|(n, stores)| Some((plan.items.get(n)?, stores)));
            thing.there && hung.any(|((from, _), stores)| !from.and(*stores).is_empty())
        };
        let things: u64 = preview.made.iter().map(|made| made.things).sum();
        assert_eq!(
            things,
            self.known.things.iter().filter(goes).count() as u64,
            "things that are said to go"
        );
    }

    async fn undo(&mut self, by: usize, nth: usize) {
        let expected = self.known.undo(nth, by, self.now());
        let undone = accept::cancel(&self.home.core, &self.askers[by], self.known.erasures[nth].id).await;
        let came_to = match &undone {
            Ok(_) => Undo::Undone,
            Err(ErasureError::NotFound) => Undo::NotFound,
            Err(ErasureError::NotYours) => Undo::NotYours,
            Err(ErasureError::NotSealed(_)) => Undo::NotSealed,
            Err(ErasureError::Covered) => Undo::Covered,
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(came_to, expected, "the undo of {:?}", self.known.erasures[nth]);
        match came_to {
            Undo::Covered => self.met.with(Case::UndoCovered),
            Undo::NotFound => self.met.with(Case::UndoNotFound),
            Undo::Undone if self.known.erasures[nth].by.is_none() => self.met.with(Case::UndoOfTheRule),
            _ => {}
        }
        if came_to != Undo::Undone {
            return;
        }
        let today = self.now().date();
        let asked = &mut self.known.erasures[nth];
        asked.stands = Stands::Cancelled;
        for (n, (_, cleared)) in &asked.plan {
            let recording = &mut self.known.recordings[*n];
            recording.usable = recording.usable.or(*cleared);
            // Whoever takes back what the rule began has answered it.
            if asked.by.is_none() && recording.there {
                recording.kept[by] = recording.kept[by].max(Some(default_until(today)));
            }
        }
        self.known.settle();
    }

    async fn keep(&mut self, by: usize, nth: u8) {
        let Some(n) = self.nth(nth) else { return };
        let until = self.now().date().plus_days(5);
        let recording = &mut self.known.recordings[n];
        let kept = keep::put(&self.home.core, &self.askers[by], recording.id, until).await;
        let may = !recording.usable.is_empty() && (by == 0 || recording.child == 0);
        assert_eq!(kept.is_ok(), may, "{kept:?}");
        if may {
            recording.kept[by] = Some(until);
        }
    }

    async fn neglect(&mut self) {
        self.home.clock.advance(640 * 86_400);
        engine::ask_rule(&self.home.core).await.unwrap();
        let today = self.now().date();
        let scope = Scope::Range { from: Timestamp::MIN, to: Timestamp::MAX };
        for child in 0..2 {
            let in_use = self.known.of_child(child).any(|(_, recording)| !recording.usable.is_empty());
            let long_ago = today.plus_months(-INACTIVE_AFTER_MONTHS);
            let idle = self.known.last_use[child]
                .is_some_and(|last_use| last_use < long_ago && rule_deletes(last_use, None, today));
            let request = Request {
                by: None,
                children: &[child],
                scope: &scope,
                include_kept: false,
                as_of: None,
                today,
            };
            let plan = self.known.plan(&request);
            let id = query_scalar(
                "SELECT e.id FROM erasure e JOIN erasure_child c ON c.erasure = e.id JOIN child k ON k.number = c.child
                 WHERE e.guardian IS NULL AND e.requested_at = ? AND k.id = ?",
            );
            let id: Option<String> = id
                .bind(self.now().ms())
                .bind(self.children[child].to_string())
                .fetch_optional(self.home.core.db.read())
                .await
                .unwrap();
            assert_eq!(id.is_some(), in_use && idle && !plan.items.is_empty(), "the rule asks for {child}");
            if let Some(id) = id {
                let until = self.now().plus_seconds(UNDO_SECONDS);
                self.accepted(Asked {
                    id: id.parse().unwrap(),
                    by: None,
                    children: vec![child],
                    until,
                    plan: plan.items,
                    stands: Stands::Open,
                });
            }
        }
    }

    async fn hand_in_again(&mut self, n: usize) {
        let (child, at, id) =
            (self.known.recordings[n].child, self.known.recordings[n].at, self.known.recordings[n].id);
        let incoming = self.incoming(child, at, n);
        let answer = ingest::ingest(&self.home.core, &incoming).await;
        std::fs::remove_file(&incoming.media).unwrap();
        let sound = ENTRY.with(StoreId::Media);
        let buried = |stands| {
            let erasures = self.known.erasures.iter().filter(|it| it.stands == stands);
            erasures.map(|it| it.of(n)).any(|of| !of.and(sound).is_empty())
        };
        match answer {
            Err(IngestError::Erased) => {
                assert!(buried(Stands::Deleted), "refused for good: {n}");
                self.met.with(Case::CameAgain);
            }
            Err(IngestError::Leaving) => {
                assert!(buried(Stands::Open) && !buried(Stands::Deleted), "refused for now: {n}");
            }
            Ok(made) => {
                let buried = buried(Stands::Deleted) || buried(Stands::Open);
                assert!(made.already_there && made.id == id && !buried, "{n}");
            }
            other => panic!("{other:?}"),
        }
    }

    pub async fn tick(&mut self, dies_at: Option<(StoreId, bool)>) {
        self.fate.dies_at(dies_at);
        let died = {
            let tick = engine::tick(&self.home.core);
            tokio::select! {
                done = tick => { done.unwrap(); false }
                () = self.fate.dead.notified() => true,
            }
        };
        self.fate.dies_at(None);
        if died {
            self.reopen().await;
        }
    }
}

fn give_fate(home: &mut Household, fate: &Arc<Fate>) {
    for store in FAILING {
        let fate = fate.clone();
        home.wrap(store, |inner| Box::new(Fated(inner, fate)));
    }
}
