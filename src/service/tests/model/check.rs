//! What must be so at any moment, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use proof::leaf::{Kind, Leaf};
use rules::{
    ErasureState, RecordingId, StoreId, Stores, Timestamp,
    contract::{Children, Erasure, Playback, Recording as Opened, RecordingPage},
    derived::Made,
    erasure::Phrase,
    scope::Filter,
};
use serde_json::json;
use service::{ledger, store::Item};
use sqlx::{AssertSqlSafe, query_scalar};

use crate::{
    canary,
    history::WORDS,
    known::{Asked, Stands},
    world::World,
};

/// The parts of a recording that lie under keys.
const PARTS: [StoreId; 4] = [StoreId::Media, StoreId::Transcript, StoreId::Location, StoreId::Waveform];

impl World {
    pub async fn check(&mut self) {
        self.sign_in().await;
        self.look_what_is_there().await;
        let some_ended = self.check_erasures().await;
        self.check_lists().await;
        self.check_recordings().await;
        self.check_export().await;
        self.check_stores().await;
        self.home.assert_no_orphans().await;
        if some_ended {
            self.check_files();
        }
    }

    /// While an erasure is carried out nobody can tell how far it is: what is gone by then is seen here, and may be
    /// no more than what is on its way, and no less than what was said to be deleted.
    async fn look_what_is_there(&mut self) {
        let now = self.now();
        let recordings = self.ids("recording").await;
        for n in 0..self.known.recordings.len() {
            let there = recordings.contains(&self.known.recordings[n].id.to_string());
            let was_there = self.known.recordings[n].there;
            let about = || may_be_gone(self.known.takers(n, StoreId::Catalogue), now);
            assert!(there || !was_there || about(), "the entry of {n} is gone and nobody had it erased");
            assert!(!there || was_there, "the entry of {n} is back");
            self.known.recordings[n].there = there;
        }
        let things = self.ids("derivation").await;
        for n in 0..self.known.things.len() {
            let thing = &self.known.things[n];
            let there = things.contains(&thing.id);
            let about = || may_be_gone(self.known.takers_of(thing), now);
            assert!(there || !thing.there || about(), "{thing:?} is gone and nobody had it erased");
            assert!(!there || thing.there, "{thing:?} is back");
            self.known.things[n].there = there;
        }
        self.known.settle();
        for child in 0..2 {
            if !self.known.of_child(child).any(|(_, recording)| recording.there) {
                self.known.last_use[child] = None;
            }
        }
    }

    async fn ids(&self, table: &str) -> BTreeSet<String> {
        let sql = AssertSqlSafe(format!("SELECT id FROM {table}"));
        let ids: Vec<String> = query_scalar(sql).fetch_all(self.home.core.db.read()).await.unwrap();
        ids.into_iter().collect()
    }

    /// One state, and the word only with every store behind it. Returns whether any has ended since.
    async fn check_erasures(&mut self) -> bool {
        let now = self.now();
        let mut ended = Vec::new();
        for (nth, asked) in self.known.erasures.iter_mut().enumerate() {
            let path = format!("/v1/erasures/{}", asked.id);
            let erasure: Erasure = self.served.get(0, &path).await.unwrap();
            let others: Option<Erasure> = self.served.get(1, &path).await;
            assert_eq!(others.is_some(), !asked.children.contains(&1), "who may see erasure {nth}");
            let allowed: &[ErasureState] = match asked.stands {
                Stands::Cancelled => &[ErasureState::Cancelled],
                Stands::Deleted => &[ErasureState::Deleted],
                Stands::Open if asked.is_sealed(now) => &[ErasureState::Sealed],
                Stands::Open => &[ErasureState::Sealed, ErasureState::Erasing, ErasureState::Deleted],
            };
            assert!(allowed.contains(&erasure.state), "{:?} is not one of {allowed:?}", erasure.state);
            assert_eq!(erasure.phrase() == Phrase::Deleted, erasure.state == ErasureState::Deleted);
            if erasure.state == ErasureState::Deleted && asked.stands == Stands::Open {
                asked.stands = Stands::Deleted;
                ended.push(nth);
            }
        }
        // What one has deleted no undo of another gives back.
        for nth in &ended {
            let gone: Vec<_> =
                self.known.erasures[*nth].plan.iter().map(|(n, (from, _))| (*n, *from)).collect();
            for other in self.known.erasures.iter_mut().filter(|other| other.stands == Stands::Open) {
                for (n, from) in &gone {
                    if let Some((_, cleared)) = other.plan.get_mut(n) {
                        *cleared = cleared.without(*from);
                    }
                }
            }
        }
        !ended.is_empty()
    }

    /// Lists, searches and numbers, as each guardian gets them.
    async fn check_lists(&self) {
        let searches = WORDS.map(|word| Filter { q: Some(word.into()), ..Filter::default() });
        for (by, child) in [(0, 0), (0, 1), (1, 0)] {
            let today = self.now().date();
            let path = format!("/v1/children/{}/recordings?limit=200", self.children[child]);
            for filter in [Filter::default()].iter().chain(&searches) {
                let path = filter.q.iter().fold(path.clone(), |path, word| path + "&q=" + word);
                let page: RecordingPage = self.served.get(by, &path).await.unwrap();
                let shown: BTreeMap<_, _> = page
                    .items
                    .into_iter()
                    .map(|item| {
                        let device = item.device.map(|device| device.name);
                        (item.id, (item.classes, item.excerpt, device, item.kept_until))
                    })
                    .collect();
                let listed = self.known.of_child(child).filter(|(n, _)| self.known.is_listed(*n, filter));
                let expected: BTreeMap<_, _> = listed
                    .map(|(_, it)| {
                        let text = it.usable.has(StoreId::Transcript).then(|| it.text.clone());
                        let kept = it.kept[by].filter(|until| today <= *until);
                        (it.id, (it.usable.classes(), text, Some(it.device.clone()), kept))
                    })
                    .collect();
                assert_eq!(shown, expected, "what guardian {by} finds of child {child} by {filter:?}");
            }
        }
        let path = format!("/v1/children/{}/recordings", self.children[1]);
        let not_theirs: Option<RecordingPage> = self.served.get(1, &path).await;
        assert_eq!(not_theirs, None, "the second child has one guardian");
        let children: Children = self.served.get(0, "/v1/children").await.unwrap();
        for (child, id) in self.children.iter().enumerate() {
            let shown = children.items.iter().find(|item| item.id == *id).unwrap();
            let usable = self.known.of_child(child).map(|(_, recording)| recording.usable);
            let usable: Vec<Stores> = usable.filter(|usable| !usable.is_empty()).collect();
            let of = |class| usable.iter().filter(|usable| usable.has_class(class)).count() as u64;
            let classes = [
                shown.classes.media,
                shown.classes.transcript,
                shown.classes.location,
                shown.classes.derived,
            ];
            assert_eq!(shown.recordings, usable.len() as u64, "recordings of child {child}");
            assert_eq!(classes, rules::Class::ALL.map(of), "classes of child {child}");
        }
    }

    /// Each recording, opened: what is sealed is nowhere in it.
    async fn check_recordings(&self) {
        for (n, known) in self.known.recordings.iter().enumerate() {
            let opened: Option<Opened> = self.served.get(0, &format!("/v1/recordings/{}", known.id)).await;
            assert_eq!(opened.is_some(), !known.usable.is_empty(), "may be opened: {n}");
            assert_eq!(
                self.may_be_heard(known.id).await,
                known.usable.has(StoreId::Media),
                "may be heard: {n}"
            );
            let Some(opened) = opened else { continue };
            let stores: Stores = opened.stores.iter().copied().collect();
            assert_eq!(
                stores.iter().collect::<Vec<_>>(),
                known.usable.iter().collect::<Vec<_>>(),
                "in use of {n}"
            );
            let has = |store| known.usable.has(store);
            let text = opened.transcript.map(|transcript| transcript.text);
            assert_eq!(text, has(StoreId::Transcript).then(|| known.text.clone()), "words of {n}");
            assert_eq!(opened.location, known.place.filter(|_| has(StoreId::Location)), "place of {n}");
            let waveform = has(StoreId::Waveform).then(|| known.waveform.clone());
            assert_eq!(opened.waveform, waveform, "waveform of {n}");
            assert_eq!(opened.bytes.is_some(), has(StoreId::Media), "size of {n}");
            let shown: BTreeMap<_, _> = opened
                .made
                .iter()
                .map(|made| (made.id.to_string(), (made.kind, made.text.clone())))
                .collect();
            let made = self.known.things.iter().filter(|thing| thing.goes_with.contains_key(&n));
            let made = made.filter(|thing| self.known.is_usable(thing)).map(|thing| {
                let text = (thing.made == Made::Fact).then(|| thing.content.clone());
                (thing.id.clone(), (thing.made, text))
            });
            assert_eq!(shown, made.collect::<BTreeMap<_, _>>(), "made from {n}");
        }
    }

    async fn may_be_heard(&self, id: RecordingId) -> bool {
        self.ticket(id).await.is_some()
    }

    async fn ticket(&self, id: RecordingId) -> Option<Playback> {
        self.served.post(0, &format!("/v1/recordings/{id}/playback"), &json!({})).await.ok()
    }

    /// A training gets what may be used and nothing else.
    async fn check_export(&self) {
        let Some(dataset) = self.dataset else { return };
        let rows = self.served.export(&dataset.to_string()).await;
        let field = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
        let exported: BTreeMap<_, _> =
            rows.iter().map(|row| (field(row, "content"), field(row, "recording"))).collect();
        let rows = self.known.things.iter().filter(|thing| thing.made == Made::Row);
        let usable = rows.filter(|thing| self.known.is_usable(thing)).map(|thing| {
            let from = *thing.goes_with.keys().next().unwrap();
            (thing.content.clone(), self.known.recordings[from].id.to_string())
        });
        assert_eq!(exported, usable.collect::<BTreeMap<_, _>>(), "what a training gets");
    }

    /// Each store is read again, also where the entry is gone.
    async fn check_stores(&self) {
        let now = self.now();
        for (n, known) in self.known.recordings.iter().enumerate() {
            let child = self.children[known.child];
            let item = Item { seq: known.seq, recording: known.id, child, stores: Stores::NONE };
            for store in &self.home.core.stores {
                let id = store.id();
                if id == StoreId::Keys {
                    // Each part has a key of its own, and the sound's is what is meant by "the keys" of a recording.
                    for part in PARTS.into_iter().filter(|part| known.born.has(*part)) {
                        let item = Item { stores: Stores::NONE.with(part), ..item };
                        self.check_key(n, part, store.probe(&[item]).await.unwrap() > 0);
                    }
                    continue;
                }
                let held = store.probe(&[item]).await.unwrap() > 0;
                if crate::known::MADE.contains(&id) {
                    let hangs = self.known.hanging(n, id).next().is_some();
                    assert_eq!(held, hangs, "{id:?} of {n}");
                    continue;
                }
                let takers = || self.known.takers(n, id);
                if known.born.has(id) && !may_be_gone(takers(), now) {
                    assert!(held, "{id:?} lost {n} and nobody had it erased");
                }
                if !known.born.has(id) || takers().any(|it| it.stands == Stands::Deleted) {
                    assert!(!held, "{id:?} of {n} was said to be deleted");
                }
            }
        }
    }

    /// A key is there as long as what it opens. Traces of it are in the file until that is cleaned, which comes
    /// before the word.
    fn check_key(&self, n: usize, part: StoreId, held: bool) {
        let takers = || self.known.takers(n, part);
        assert!(held || may_be_gone(takers(), self.now()), "the key of {part:?} of {n} is lost");
        let deleted = takers().any(|it| it.stands == Stands::Deleted);
        assert!(!(held && deleted), "the key of {part:?} of {n} is there, and was said to be destroyed");
    }

    /// What lies under keys was never in any file, and what was said to be deleted is in none, under whatever name.
    fn check_files(&self) {
        let files = self.home.all_bytes();
        for (n, known) in self.known.recordings.iter().enumerate() {
            assert!(!canary::has_sound(&files, n), "the sound of {n} is in a file");
            let has_place = known.place.is_some_and(|place| canary::has_place(&files, place));
            assert!(!has_place, "the place of {n} is in a file");
            assert!(!canary::has_waveform(&files, &known.waveform), "the waveform of {n} is in a file");
            let deleted = |store| self.known.takers(n, store).any(|it| it.stands == Stands::Deleted);
            if self.known.erasures.iter().all(|asked| !asked.plan.contains_key(&n)) {
                // What is looked for is found as long as nobody has asked for it to be deleted.
                for kind in ['t', 'n'] {
                    assert!(canary::has_word(&files, kind, n), "{kind} of {n} was never in a file");
                }
                let device = known.child * 2 + n % 2;
                assert!(canary::has_word(&files, 'd', device), "the device of {n} was never in a file");
            }
            if deleted(StoreId::SearchIndex) {
                assert!(!canary::has_word(&files, 't', n), "the words of {n} are in a file");
            }
            if deleted(StoreId::Catalogue) {
                assert!(!canary::has_word(&files, 'n', n), "the vendor's name for {n} is in a file");
                let mut others = self.known.recordings.iter().filter(|other| other.device == known.device);
                if others.all(|other| !other.there) {
                    let device = known.child * 2 + n % 2;
                    assert!(!canary::has_word(&files, 'd', device), "the device of {n} is in a file");
                }
            }
        }
        for (n, thing) in self.known.things.iter().enumerate() {
            assert!(!canary::has_word(&files, 's', n), "{thing:?} is in a file");
            let deleted = self.known.takers_of(thing).any(|it| it.stands == Stands::Deleted);
            assert!(!(deleted && thing.there), "{thing:?} was said to be deleted");
        }
    }

    /// Nothing breaks any more: everything that was asked for and not taken back is deleted, from every
    /// file, the rest can be heard as it came, and the ledger has each of it once.
    pub async fn end(mut self) {
        self.fate.mended();
        for _ in 0..4 {
            self.home.clock.advance(72 * 3600);
            self.tick(None).await;
        }
        self.check().await;
        self.check_files();
        for (n, known) in self.known.recordings.iter().enumerate() {
            if let Some(ticket) = self.ticket(known.id).await {
                assert_eq!(self.served.bytes(&ticket.url).await, canary::sound(n), "the sound of {n}");
            }
        }
        self.check_ledger().await;
        ledger::sequence(&self.home.core).await.unwrap();
        self.home.core.db.close().await;
        self.home.core.keys.close().await;
        assert_eq!(ledger::fsck(self.home.folder.path()).await.unwrap(), [""; 0]);
    }

    async fn check_ledger(&self) {
        let (mut requests, mut ends, mut results) = (0, 0, 0);
        for asked in &self.known.erasures {
            assert!(asked.stands != Stands::Open, "it never ended: {asked:?}");
            requests += asked.children.len();
            for child in asked.children.iter().filter(|_| asked.stands == Stands::Deleted) {
                ends += 1;
                let of_child = asked.plan.iter().filter(|(n, _)| self.known.recordings[**n].child == *child);
                let stores = of_child.fold(Stores::NONE, |all, (_, (from, _))| all.or(*from));
                let works = |store: &StoreId| !stores.and(store.takes_part_in()).is_empty();
                results += StoreId::ALL.iter().filter(|store| works(store)).count();
            }
        }
        let leaves: Vec<String> =
            query_scalar("SELECT leaf FROM ledger_entry").fetch_all(self.home.core.db.read()).await.unwrap();
        let count = |kinds: &[Kind]| {
            leaves.iter().filter(|leaf| kinds.contains(&Leaf::parse(leaf).unwrap().kind)).count()
        };
        assert_eq!(count(&[Kind::Birth]), self.known.recordings.len(), "births in the ledger");
        assert_eq!(count(&[Kind::Request]), requests, "requests in the ledger");
        assert_eq!(count(&[Kind::Complete]), ends, "ends in the ledger");
        assert_eq!(count(&[Kind::StoreResult, Kind::KeyDestroyed]), results, "stores in the ledger");
    }
}

/// Whether any of these erasures cannot be taken back any more.
fn may_be_gone<'a>(mut takers: impl Iterator<Item = &'a Asked>, now: Timestamp) -> bool {
    takers.any(|asked| match asked.stands {
        Stands::Open => !asked.is_sealed(now),
        Stands::Cancelled => false,
        Stands::Deleted => true,
    })
}
