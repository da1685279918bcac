//! The engine against a small model: whatever is asked, taken back, kept, broken, killed and waited for,
//! in whatever order, what can be read is what the model says, and in the end all of it is deleted and
//! told of once.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use household::{Household, canary, wav};
use proof::leaf::{Kind, Leaf};
use proptest::prelude::*;
use rules::{
    Class, Date, ErasureId, ErasureState, RecordingId, Scope, StoreId, Stores, Timestamp,
    contract::NewErasure, erasure::Phrase, scope::Filter,
};
use service::{
    clock::Clock,
    core::{Core, Policy},
    erasure::{ErasureError, accept, engine, view},
    ingest::{self, Incoming, IngestError},
    keep, ledger, listing,
    store::{Holds, Item, Store, StoreError, Subject},
};
use sqlx::query_scalar;
use tokio::sync::Notify;

/// What a recording that is handed in with its words has, with a place and without.
const BORN: [StoreId; 6] = [
    StoreId::Keys,
    StoreId::Media,
    StoreId::Transcript,
    StoreId::SearchIndex,
    StoreId::Waveform,
    StoreId::Catalogue,
];
/// What is made from one when everything is.
const MADE: [StoreId; 4] = [StoreId::Fact, StoreId::Voiceprint, StoreId::Thumbnail, StoreId::Dataset];
/// Stores that can fail or be killed in.
const FAILING: [StoreId; 6] = [
    StoreId::Keys,
    StoreId::Media,
    StoreId::Transcript,
    StoreId::Location,
    StoreId::Fact,
    StoreId::Catalogue,
];
const ENTRY: Stores = Stores::NONE.with(StoreId::Catalogue);

#[derive(Debug, Clone)]
enum Op {
    Record {
        placed: bool,
        whole: bool,
    },
    /// Asks for an erasure of those whose bit is set, of one class of all, or of everything.
    Erase {
        which: Which,
        waive: bool,
        include_kept: bool,
    },
    Undo(u8),
    Keep(u8),
    Release(u8),
    /// A store fails so often, having done it or not, or lying about it.
    Break {
        store: u8,
        times: u32,
        how: How,
    },
    Tick,
    /// The process dies where a store is about to erase or to be read again.
    Die {
        store: u8,
        probing: bool,
    },
    Reopen,
    Wait(i64),
    /// The same bytes are handed in again.
    Again(u8),
}

#[derive(Debug, Clone)]
enum Which {
    Some(u8),
    Class(Class),
    All,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Fails,
    FailsHavingDoneIt,
    Lies,
}

fn op() -> impl Strategy<Value = Op> {
    let which = prop_oneof![
        4 => any::<u8>().prop_map(Which::Some),
        2 => prop::sample::select(Class::ALL.to_vec()).prop_map(Which::Class),
        1 => Just(Which::All),
    ];
    let how = prop::sample::select(vec![How::Fails, How::FailsHavingDoneIt, How::Lies]);
    prop_oneof![
        4 => any::<(bool, bool)>().prop_map(|(placed, whole)| Op::Record { placed, whole }),
        4 => (which, any::<bool>(), any::<bool>())
            .prop_map(|(which, waive, include_kept)| Op::Erase { which, waive, include_kept }),
        2 => any::<u8>().prop_map(Op::Undo),
        1 => any::<u8>().prop_map(Op::Keep),
        1 => any::<u8>().prop_map(Op::Release),
        2 => (any::<u8>(), 1..3_u32, how).prop_map(|(store, times, how)| Op::Break { store, times, how }),
        4 => Just(Op::Tick),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(store, probing)| Op::Die { store, probing }),
        1 => Just(Op::Reopen),
        3 => prop::sample::select(vec![1, 31, 3600, 72 * 3600, 8 * 86_400]).prop_map(Op::Wait),
        2 => any::<u8>().prop_map(Op::Again),
    ]
}

/// What the test has the stores do; outlives the process that they are in.
#[derive(Default)]
struct Fate {
    broken: Mutex<BTreeMap<StoreId, (u32, How)>>,
    dies_at: Mutex<Option<(StoreId, bool)>>,
    dead: Notify,
}

impl Fate {
    /// Stands still for ever where the process is to die.
    async fn reach(&self, store: StoreId, probing: bool) {
        if *self.dies_at.lock().unwrap() == Some((store, probing)) {
            self.dead.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn fails(&self, store: StoreId) -> Option<How> {
        let mut broken = self.broken.lock().unwrap();
        let (times, how) = broken.get_mut(&store).filter(|(times, _)| *times > 0)?;
        *times -= 1;
        Some(*how)
    }
}

struct Fated(Box<dyn Store>, Arc<Fate>);

#[async_trait::async_trait]
impl Store for Fated {
    fn id(&self) -> StoreId {
        self.0.id()
    }
    async fn list(&self, child: Subject) -> Result<Holds, StoreError> {
        self.0.list(child).await
    }
    async fn erase(&self, items: &[Item]) -> Result<(), StoreError> {
        self.1.reach(self.id(), false).await;
        let how = self.1.fails(self.id());
        if matches!(how, None | Some(How::FailsHavingDoneIt)) {
            self.0.erase(items).await?;
        }
        match how {
            None | Some(How::Lies) => Ok(()),
            Some(_) => Err(StoreError::Folder(std::io::Error::other("the disk says no"))),
        }
    }
    async fn probe(&self, items: &[Item]) -> Result<u64, StoreError> {
        self.1.reach(self.id(), true).await;
        self.0.probe(items).await
    }
}

/// A recording as the model knows it.
#[derive(Debug)]
struct Known {
    id: RecordingId,
    at: Timestamp,
    born: Stores,
    usable: Stores,
    kept: Option<Date>,
}

/// An erasure as the model knows it.
#[derive(Debug)]
struct Asked {
    id: ErasureId,
    until: Timestamp,
    /// For each recording what goes, and what of that an undo gives back.
    plan: BTreeMap<usize, (Stores, Stores)>,
    cancelled: bool,
    deleted: bool,
}

impl Asked {
    /// Whether it can still be taken back.
    fn is_sealed(&self, now: Timestamp) -> bool {
        !self.cancelled && now < self.until
    }

    fn of(&self, recording: usize) -> Stores {
        self.plan.get(&recording).filter(|_| !self.cancelled).map_or(Stores::NONE, |(from, _)| *from)
    }
}

struct World {
    home: Household,
    fate: Arc<Fate>,
    recordings: Vec<Known>,
    erasures: Vec<Asked>,
}

impl World {
    async fn new() -> Self {
        let mut world = Self {
            home: Household::new().await,
            fate: Arc::default(),
            recordings: Vec::new(),
            erasures: Vec::new(),
        };
        world.give_fate();
        world
    }

    fn give_fate(&mut self) {
        for store in FAILING {
            let fate = self.fate.clone();
            self.home.wrap(store, |inner| Box::new(Fated(inner, fate)));
        }
    }

    /// Another process, with nothing but what the last one left on the disk.
    async fn reopen(&mut self) {
        let clock = self.home.clock.clone();
        self.home.core.db.close().await;
        self.home.core.keys.close().await;
        self.home.core = Core::open_with(self.home.folder.path(), Policy::default(), clock).await.unwrap();
        self.give_fate();
    }

    fn now(&self) -> Timestamp {
        self.home.clock.now()
    }

    async fn there(&self, recording: usize) -> bool {
        query_scalar("SELECT EXISTS (SELECT 1 FROM recording WHERE id = ?)")
            .bind(self.recordings[recording].id.to_string())
            .fetch_one(self.home.core.db.read())
            .await
            .unwrap()
    }

    /// What the model says an erasure means: for each recording what goes, and what was in use of that.
    async fn plan(&self, scope: &Scope, include_kept: bool) -> BTreeMap<usize, (Stores, Stores)> {
        let everything = matches!(scope, Scope::Child {});
        let mut plan = BTreeMap::new();
        for (n, recording) in self.recordings.iter().enumerate() {
            let named = match scope {
                Scope::Items { recordings } => recordings.contains(&recording.id),
                _ => true,
            };
            let reached = match scope {
                Scope::Class { class, .. } => Stores::reached_by(*class),
                _ => Stores::ALL,
            };
            // Also what another erasure has only taken out of use.
            let mut there = recording.usable;
            if self.there(n).await {
                there = self.erasures.iter().filter(|it| !it.deleted).fold(there, |all, it| all.or(it.of(n)));
            }
            let mut from = reached.and(there);
            if recording.usable.without(from) == ENTRY {
                from = from.with(StoreId::Catalogue);
            }
            let kept = recording.kept.is_some_and(|until| self.now().date() <= until);
            let held_back = kept && !include_kept && !everything;
            if named && !held_back && !reached.and(there).is_empty() {
                plan.insert(n, (from, from.and(recording.usable)));
            }
        }
        // What is all sealed already was asked for before: only "everything" may be said twice.
        if !everything && plan.values().all(|(_, cleared)| cleared.is_empty()) {
            plan.clear();
        }
        plan
    }

    async fn erase(&mut self, which: &Which, waive_undo: bool, include_kept: bool) {
        let scope = match which {
            Which::All => Scope::Child {},
            Which::Class(class) => Scope::Class { class: *class, from: None, to: None },
            Which::Some(bits) => {
                let mut recordings = Vec::new();
                for n in (0..self.recordings.len()).filter(|n| bits & (1 << (n % 8)) != 0) {
                    if self.there(n).await {
                        recordings.push(self.recordings[n].id);
                    }
                }
                Scope::Items { recordings }
            }
        };
        if matches!(&scope, Scope::Items { recordings } if recordings.is_empty()) {
            return;
        }
        let plan = self.plan(&scope, include_kept).await;
        let request =
            NewErasure { child: Some(self.home.child), scope, include_kept, waive_undo, as_of: None };
        let made = accept::accept(&self.home.core, &self.home.asker, &request, None).await;
        if plan.is_empty() {
            assert!(matches!(made, Err(ErasureError::NothingMatches)), "{made:?}");
            return;
        }
        let (erasure, _) = made.unwrap();
        assert_eq!(erasure.recordings, plan.len() as u64);
        for (n, (from, _)) in &plan {
            self.recordings[*n].usable = self.recordings[*n].usable.without(*from);
        }
        let until = self.now().plus_seconds(if waive_undo { 0 } else { 72 * 3600 });
        self.erasures.push(Asked { id: erasure.id, until, plan, cancelled: false, deleted: false });
    }

    async fn undo(&mut self, n: usize) {
        let asked = &self.erasures[n];
        let mut covered = false;
        for (recording, (_, cleared)) in asked.plan.iter().filter(|(_, (_, cleared))| !cleared.is_empty()) {
            let gives_back = cleared.with(StoreId::Catalogue);
            covered |= !self.there(*recording).await
                || self.erasures.iter().enumerate().any(|(other, it)| {
                    other != n && !it.deleted && !it.of(*recording).and(gives_back).is_empty()
                });
        }
        // Nothing comes back where all of it was deleted; but one that only covers another may go.
        let gives_back = asked.plan.values().any(|(_, cleared)| !cleared.is_empty());
        let only_covers = self.erasures.iter().enumerate().any(|(other, it)| {
            let hides = |n: &usize, from: Stores| {
                it.plan.get(n).is_some_and(|(_, cleared)| !cleared.and(from).is_empty())
            };
            other != n
                && !it.deleted
                && !it.cancelled
                && asked.plan.iter().any(|(n, (from, _))| hides(n, *from))
        });
        covered |= !gives_back && !only_covers;
        let undone = accept::cancel(&self.home.core, &self.home.asker, asked.id).await;
        if !asked.is_sealed(self.now()) {
            assert!(matches!(undone, Err(ErasureError::NotSealed(_))), "{undone:?}");
        } else if covered {
            assert!(matches!(undone, Err(ErasureError::Covered)), "{undone:?}");
        } else {
            assert_eq!(undone.unwrap().state, ErasureState::Cancelled);
            self.erasures[n].cancelled = true;
            for (recording, (_, cleared)) in &self.erasures[n].plan {
                let usable = self.recordings[*recording].usable.bits() | cleared.bits();
                self.recordings[*recording].usable = Stores::from_bits(usable);
            }
        }
    }

    async fn hand_in_again(&self, n: usize) {
        let Known { id, at, .. } = self.recordings[n];
        let file = self.home.folder.path().join("again.wav");
        std::fs::write(&file, wav(&canary(n as i64))).unwrap();
        let incoming = Incoming { begun: self.now(), ..household::incoming(self.home.child, at, &file) };
        let answer = ingest::ingest(&self.home.core, &incoming).await;
        std::fs::remove_file(file).unwrap();
        let sound = ENTRY.with(StoreId::Media);
        let buried =
            |done| self.erasures.iter().any(|it| it.deleted == done && !it.of(n).and(sound).is_empty());
        match answer {
            Err(IngestError::Erased) => assert!(buried(true), "refused for good: {n}"),
            Err(IngestError::Leaving) => assert!(buried(false) && !buried(true), "refused for now: {n}"),
            Ok(made) => {
                assert!(made.already_there && made.id == id && !buried(true) && !buried(false), "{n}");
            }
            other => panic!("{other:?}"),
        }
    }

    async fn tick(&mut self, dies_at: Option<(StoreId, bool)>) {
        *self.fate.dies_at.lock().unwrap() = dies_at;
        let died = {
            let tick = engine::tick(&self.home.core);
            tokio::select! {
                done = tick => { done.unwrap(); false }
                () = self.fate.dead.notified() => true,
            }
        };
        *self.fate.dies_at.lock().unwrap() = None;
        if died {
            self.reopen().await;
        }
    }

    /// All that must be so at any moment.
    async fn check(&mut self) {
        let now = self.now();
        let core = self.home.core.clone();
        let mut ended = Vec::new();
        for (nth, asked) in self.erasures.iter_mut().enumerate() {
            let erasure = view::get(&core, &self.home.asker, asked.id).await.unwrap();
            // One state, and the word only with every store behind it.
            let allowed: &[ErasureState] = if asked.cancelled {
                &[ErasureState::Cancelled]
            } else if asked.deleted {
                &[ErasureState::Deleted]
            } else if asked.is_sealed(now) {
                &[ErasureState::Sealed]
            } else {
                &[ErasureState::Sealed, ErasureState::Erasing, ErasureState::Deleted]
            };
            assert!(allowed.contains(&erasure.state), "{:?} is not one of {allowed:?}", erasure.state);
            assert_eq!(erasure.phrase() == Phrase::Deleted, erasure.state == ErasureState::Deleted);
            if erasure.state == ErasureState::Deleted && !asked.deleted {
                asked.deleted = true;
                ended.push(nth);
            }
        }
        // What one has deleted no undo of another gives back.
        for nth in ended {
            let gone: Vec<_> = self.erasures[nth].plan.iter().map(|(n, (from, _))| (*n, *from)).collect();
            for other in self.erasures.iter_mut().filter(|other| !other.deleted) {
                for (n, from) in &gone {
                    if let Some((_, cleared)) = other.plan.get_mut(n) {
                        *cleared = cleared.without(*from);
                    }
                }
            }
        }
        let listed = self.listed().await;
        for (n, recording) in self.recordings.iter().enumerate() {
            assert_eq!(listed.contains(&recording.id), !recording.usable.is_empty(), "listed: {n}");
            let opened = self.may_be_heard(recording.id).await;
            assert_eq!(opened, recording.usable.has(StoreId::Media), "may be heard: {n}");
            let seq = self.seq(recording.id).await;
            for store in &core.stores {
                let held = match seq {
                    // Rows are found by their place in time; without an entry only the catalogue can say.
                    None if store.id() != StoreId::Catalogue => continue,
                    seq => {
                        // The key of the sound: those of the other parts go with them.
                        let item = Item {
                            seq: seq.unwrap_or(-1),
                            recording: recording.id,
                            child: self.home.child,
                            stores: Stores::NONE.with(StoreId::Media),
                        };
                        store.probe(&[item]).await.unwrap() > 0
                    }
                };
                let takers = || self.erasures.iter().filter(|it| it.of(n).has(store.id()));
                if recording.born.has(store.id()) && takers().all(|it| it.is_sealed(now)) {
                    assert!(held, "{:?} lost {n} and nobody had it erased", store.id());
                }
                // Traces of keys are in the file until it is cleaned, which comes before the word.
                if takers().any(|it| it.deleted) {
                    assert!(!held, "{:?} of {n} was said to be deleted", store.id());
                }
            }
        }
        self.home.assert_no_orphans().await;
    }

    async fn seq(&self, id: RecordingId) -> Option<i64> {
        query_scalar("SELECT seq FROM recording WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(self.home.core.db.read())
            .await
            .unwrap()
    }

    async fn listed(&self) -> BTreeSet<RecordingId> {
        let view = listing::View { asker: &self.home.asker, words: false };
        let page = listing::page(&self.home.core, view, self.home.child, &Filter::default(), None, 200).await;
        page.unwrap().items.iter().map(|item| item.id).collect()
    }

    async fn may_be_heard(&self, id: RecordingId) -> bool {
        let expires_at = self.now().plus_seconds(600);
        let session = service::session::Session {
            asker: self.home.asker.clone(),
            permissions: service::session::Permissions::ALL,
            expires_at,
        };
        service::playback::ticket(&self.home.core, &session, id).await.is_ok()
    }

    async fn go(&mut self, op: &Op) {
        let recording = |n: u8| usize::from(n) % self.recordings.len().max(1);
        let any = !self.recordings.is_empty();
        let failing = |n: u8| FAILING[usize::from(n) % FAILING.len()];
        match op {
            Op::Record { placed, whole } => {
                // Not in the very moment of a request, which would count as overtaking it.
                self.home.clock.advance(1);
                let n = self.recordings.len() as i64;
                let mut born: Stores = BORN.into_iter().collect();
                if *placed {
                    born = born.with(StoreId::Location);
                }
                let id = if *whole {
                    born = MADE.into_iter().fold(born, Stores::with);
                    if *placed {
                        born = born.with(StoreId::FromLocation);
                    }
                    self.home.record_whole(n, &canary(n), *placed).await
                } else {
                    self.home.record(n, &canary(n), *placed).await
                };
                self.recordings.push(Known { id, at: self.home.at(n), born, usable: born, kept: None });
            }
            Op::Erase { which, waive, include_kept } => self.erase(which, *waive, *include_kept).await,
            Op::Undo(n) if !self.erasures.is_empty() => {
                self.undo(usize::from(*n) % self.erasures.len()).await;
            }
            Op::Keep(n) if any => {
                let (n, until) = (recording(*n), self.now().date().plus_days(5));
                let kept = keep::put(&self.home.core, &self.home.asker, self.recordings[n].id, until).await;
                assert_eq!(kept.is_ok(), !self.recordings[n].usable.is_empty(), "{kept:?}");
                if kept.is_ok() {
                    self.recordings[n].kept = Some(until);
                }
            }
            Op::Release(n) if any => {
                let n = recording(*n);
                if keep::delete(&self.home.core, &self.home.asker, self.recordings[n].id).await.is_ok() {
                    self.recordings[n].kept = None;
                }
            }
            Op::Break { store, times, how } => {
                self.fate.broken.lock().unwrap().insert(failing(*store), (*times, *how));
            }
            Op::Tick => self.tick(None).await,
            Op::Die { store, probing } => self.tick(Some((failing(*store), *probing))).await,
            Op::Reopen => self.reopen().await,
            Op::Wait(seconds) => self.home.clock.advance(*seconds),
            Op::Again(n) if any => self.hand_in_again(recording(*n)).await,
            Op::Undo(_) | Op::Keep(_) | Op::Release(_) | Op::Again(_) => {}
        }
    }

    /// Nothing breaks any more: everything that was asked for and not taken back is deleted, from every
    /// file, and the ledger has each of it once.
    async fn end(&mut self) {
        self.fate.broken.lock().unwrap().clear();
        for _ in 0..4 {
            self.home.clock.advance(72 * 3600);
            self.tick(None).await;
        }
        self.check().await;
        let mut results = 0;
        for asked in &self.erasures {
            assert!(asked.deleted || asked.cancelled, "it never ended");
            if asked.deleted {
                let stores: BTreeSet<StoreId> =
                    asked.plan.values().flat_map(|(from, _)| from.iter().collect::<Vec<_>>()).collect();
                let worked = StoreId::ALL.into_iter().filter(|store| {
                    let part = store.takes_part_in();
                    stores.iter().any(|it| part.has(*it))
                });
                results += worked.count();
            }
        }
        let leaves: Vec<String> =
            query_scalar("SELECT leaf FROM ledger_entry").fetch_all(self.home.core.db.read()).await.unwrap();
        let count = |kinds: &[Kind]| {
            leaves.iter().filter(|leaf| kinds.contains(&Leaf::parse(leaf).unwrap().kind)).count()
        };
        assert_eq!(count(&[Kind::Birth]), self.recordings.len());
        assert_eq!(count(&[Kind::Request]), self.erasures.len());
        assert_eq!(count(&[Kind::Complete]), self.erasures.iter().filter(|it| it.deleted).count());
        assert_eq!(count(&[Kind::StoreResult, Kind::KeyDestroyed]), results);
        for (n, recording) in self.recordings.iter().enumerate() {
            // All else lies under keys: words can be read in the search index alone.
            let gone = !recording.usable.has(StoreId::SearchIndex);
            assert_eq!(self.home.files_contain(&canary(n as i64)), !gone, "the words of {n}");
        }
        ledger::sequence(&self.home.core).await.unwrap();
        self.home.core.db.close().await;
        self.home.core.keys.close().await;
        assert_eq!(ledger::fsck(self.home.folder.path()).await.unwrap(), [""; 0]);
    }
}

/// About twenty seconds' worth; as many as `PROPTEST_CASES` says where somebody looks harder.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(), max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_what_was_deleted_is_deleted_and_nothing_else(
        ops in prop::collection::vec(op(), 1..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            world.go(&Op::Record { placed: true, whole: false }).await;for op in &ops {
                world.go(op).await;
                world.check().await;
            }
            world.end().await;
        });
    }
}
