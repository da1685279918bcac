//! A family on a real database and folder, recorded with real WAV files.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    reason = "shared by several test crates, each using a part"
)]

use std::{path::Path, sync::Arc};

use futures::TryStreamExt;
use rules::{
    ChildId, Class, DatasetId, DeviceId, ErasureId, ErasureState, GuardianId, ModelId, RecordingId, Scope,
    StoreId, Stores, Timestamp,
    contract::{
        Erasure, NewDataset, NewDerivation, NewErasure, NewMade, NewModel, NewRecording, NewRow, Recording,
        Source, Transcript,
    },
    derived::Consent,
    location::Place,
};
use service::{
    clock::{Clock, ManualClock},
    core::{Core, Policy},
    derived,
    erasure::{Asker, accept, engine, view},
    ingest::{self, Incoming},
    listing, media, playback,
    processors::Processor,
    session::{Permissions, Session},
    store::{Store, Subject},
};
use sqlx::{Row, query, query_scalar};

/// A text that stands nowhere else; of letters, so that the search index keeps it as one word.
pub fn canary(n: i64) -> String {
    let letters: String = n.to_string().bytes().map(|b| char::from(b'a' + (b - b'0'))).collect();
    format!("zqxcanary{letters}zqxcanary")
}

pub struct Household {
    pub core: Arc<Core>,
    pub clock: Arc<ManualClock>,
    pub child: ChildId,
    pub number: i64,
    pub asker: Asker,
    pub folder: tempfile::TempDir,
    start: Timestamp,
}

impl Household {
    pub async fn new() -> Self {
        Self::starting("2026-11-21T14:00:00Z".parse().unwrap()).await
    }

    /// A household whose clock stands at `start`.
    pub async fn starting(start: Timestamp) -> Self {
        Self::giving_to(start, Vec::new()).await
    }

    /// A household whose recordings may be given to these.
    pub async fn giving_to(start: Timestamp, processors: Vec<Processor>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let core =
            Core::open_to(folder.path(), Policy::default(), clock.clone(), Some(processors)).await.unwrap();
        let child = ingest::find_or_make_child(&core, "parent-1", "Mia").await.unwrap();
        let guardian = ingest::find_or_make_guardian(&core, "parent-1").await.unwrap();
        let number = number_of(&core, child).await;
        let asker = Asker { guardian, children: vec![(number, child)] };
        Self { core, clock, child, number, asker, folder, start }
    }

    /// Closed: the folder is another process's now.
    pub async fn left(self) -> (tempfile::TempDir, Asker) {
        self.core.db.close().await;
        self.core.keys.close().await;
        (self.folder, self.asker)
    }

    /// The same folder, opened by another process.
    pub async fn reopened(self) -> Self {
        self.reopened_to(None).await
    }

    /// The same, by one whose settings have these.
    pub async fn reopened_to(self, processors: Option<Vec<Processor>>) -> Self {
        self.core.db.close().await;
        self.core.keys.close().await;
        let clock = self.clock.clone();
        let core = Core::open_to(self.folder.path(), Policy::default(), clock, processors).await.unwrap();
        Self { core, ..self }
    }

    /// The moment of the nth recording.
    pub fn at(&self, n: i64) -> Timestamp {
        self.start.plus_seconds(-86_400 + n * 60)
    }

    pub async fn record(&self, n: i64, text: &str, placed: bool) -> RecordingId {
        self.record_on(n, text, placed, "Kitchen").await
    }

    pub async fn record_on(&self, n: i64, text: &str, placed: bool, device: &str) -> RecordingId {
        let file = self.folder.path().join(format!("upload-{n}.wav"));
        std::fs::write(&file, wav(text)).unwrap();
        let incoming = Incoming {
            recording: NewRecording {
                child: self.child,
                captured_at: self.at(n),
                device: Some(device.into()),
                transcript: Some(Transcript::new(text, Some("en".into()))),
                location: placed.then(|| Place::new(47_606_200, -122_332_100, Some(20)).unwrap()),
                reference: None,
            },
            moment_stated: true,
            begun: self.core.clock.now(),
            probed: media::probe_file(&file).unwrap(),
            media: file.clone(),
        };
        let made = ingest::ingest(&self.core, &incoming).await.unwrap();
        std::fs::remove_file(file).unwrap();
        assert!(!made.already_there);
        made.id
    }

    /// The same, with something in every store there is: all that can be made was made from it, a fact from
    /// where it was too.
    pub async fn record_whole(&self, n: i64, text: &str, placed: bool) -> RecordingId {
        self.record_whole_on(n, text, placed, "Kitchen").await
    }

    pub async fn record_whole_on(&self, n: i64, text: &str, placed: bool, device: &str) -> RecordingId {
        let id = self.record_on(n, text, placed, device).await;
        for new in [NewDerivation::Fact, NewDerivation::Voiceprint, NewDerivation::Thumbnail] {
            self.derive(new(self.made(text, &[id]))).await;
        }
        if placed {
            let source = Source { recording: id, from: vec![Class::Location] };
            self.derive(NewDerivation::Fact(NewMade { recordings: vec![source], ..self.made(text, &[]) }))
                .await;
        }
        self.dataset("speech-1", Consent::Given, &[(id, text)]).await;
        id
    }

    /// What a vendor says of a thing made from these.
    pub fn made(&self, content: &str, recordings: &[RecordingId]) -> NewMade {
        let source = |recording: &RecordingId| Source { recording: *recording, from: Vec::new() };
        NewMade {
            child: self.child,
            recordings: recordings.iter().map(source).collect(),
            derivations: Vec::new(),
            content: content.into(),
            made_at: self.clock.now(),
            reference: None,
        }
    }

    pub async fn derive(&self, new: NewDerivation) -> String {
        derived::register(&self.core, &new).await.unwrap().id
    }

    /// Adds a row for each to a dataset.
    pub async fn dataset(&self, name: &str, consent: Consent, rows: &[(RecordingId, &str)]) -> DatasetId {
        let row = |(recording, content): &(RecordingId, &str)| NewRow {
            recording: *recording,
            from: Vec::new(),
            content: (*content).into(),
        };
        let rows = rows.iter().map(row).collect();
        let new = NewDataset { name: name.into(), consent, rows, made_at: self.clock.now() };
        self.derive(NewDerivation::Dataset(new)).await.parse().unwrap()
    }

    pub async fn model(&self, name: &str, datasets: &[DatasetId]) -> ModelId {
        let new = NewModel { name: name.into(), datasets: datasets.to_vec(), made_at: self.clock.now() };
        self.derive(NewDerivation::Model(new)).await.parse().unwrap()
    }

    /// Takes in these bytes, and nothing told beside them.
    pub async fn record_bytes(&self, n: i64, bytes: &[u8]) -> RecordingId {
        // Not in the data folder: what is looked for there is not to be put there by the test.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("upload.wav");
        std::fs::write(&file, bytes).unwrap();
        let incoming = Incoming { begun: self.core.clock.now(), ..incoming(self.child, self.at(n), &file) };
        ingest::ingest(&self.core, &incoming).await.unwrap().id
    }

    /// What a ticket for a recording opens.
    pub async fn open(&self, recording: RecordingId) -> playback::Opened {
        let expires_at = self.clock.now().plus_seconds(600);
        let session = Session { asker: self.asker.clone(), permissions: Permissions::ALL, expires_at };
        let ticket = playback::ticket(&self.core, &session, recording).await.unwrap();
        playback::open(&self.core, ticket.url.rsplit('/').next().unwrap()).await.unwrap()
    }

    /// The bytes that a player gets.
    pub async fn play(&self, recording: RecordingId) -> Result<Vec<u8>, playback::BrokenOff> {
        let opened = self.open(recording).await;
        let all = 0..opened.bytes;
        let pieces: Vec<_> = playback::stream(Shared(self.core.clone()), opened, all).try_collect().await?;
        Ok(pieces.concat())
    }

    /// Many recordings, in the order given: the nth with `text(n)`.
    pub async fn record_many(&self, order: &[i64], text: impl Fn(i64) -> String) {
        for (chunk, numbers) in order.chunks(250).enumerate() {
            let batch: Vec<Incoming> = numbers
                .iter()
                .map(|n| {
                    let file = self.folder.path().join(format!("upload-{chunk}-{n}.wav"));
                    std::fs::write(&file, wav(&text(*n))).unwrap();
                    Incoming {
                        recording: NewRecording {
                            child: self.child,
                            captured_at: self.at(*n),
                            device: Some("Kitchen".into()),
                            transcript: Some(Transcript::new(text(*n), None)),
                            location: Some(Place::new(47_606_200, -122_332_100, Some(20)).unwrap()),
                            reference: None,
                        },
                        moment_stated: true,
                        begun: self.core.clock.now(),
                        probed: media::probe_file(&file).unwrap(),
                        media: file,
                    }
                })
                .collect();
            for made in ingest::ingest_batch(&self.core, &batch).await.unwrap() {
                assert!(!made.unwrap().already_there);
            }
            for incoming in batch {
                std::fs::remove_file(incoming.media).unwrap();
            }
        }
    }

    /// Every row of every store belongs to a recording or to the plan of an erasure, and so does
    /// every object: nothing is held where no list and no later erasure would find it.
    pub async fn assert_no_orphans(&self) {
        for table in ["transcript", "location", "waveform", "search_index_content", "derivation_source"] {
            let key = if table == "search_index_content" { "id" } else { "seq" };
            let sql = sqlx::AssertSqlSafe(format!(
                "SELECT count(*) FROM {table} WHERE {key} NOT IN (SELECT seq FROM recording)
                 AND {key} NOT IN (SELECT seq FROM erasure_item)"
            ));
            let orphans: i64 = query_scalar(sql).fetch_one(self.core.db.read()).await.unwrap();
            assert_eq!(orphans, 0, "orphans in {table}");
        }
        let without_lineage: i64 = query_scalar(
            "SELECT count(*) FROM derivation WHERE number NOT IN (SELECT derivation FROM derivation_source)",
        )
        .fetch_one(self.core.db.read())
        .await
        .unwrap();
        assert_eq!(without_lineage, 0, "things that no erasure would find");
        let known: Vec<String> = query_scalar(
            "SELECT id FROM recording UNION SELECT recording FROM erasure_item
             UNION SELECT replace(object, rtrim(object, replace(object, '/', '')), '') FROM incoming",
        )
        .fetch_all(self.core.db.read())
        .await
        .unwrap();
        let children = std::fs::read_dir(self.folder.path().join("media")).into_iter().flatten();
        for entry in children.flat_map(|child| std::fs::read_dir(child.unwrap().path()).unwrap()) {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(known.contains(&name), "the object {name} belongs to nothing");
        }
    }

    /// Accepts an erasure that takes what is not kept.
    pub async fn ask(&self, scope: Scope, waive_undo: bool) -> Erasure {
        let request =
            NewErasure { child: Some(self.child), scope, include_kept: false, waive_undo, as_of: None };
        accept::accept(&self.core, &self.asker, &request, None).await.unwrap().0
    }

    /// Accepts an erasure whose undo is waived, and carries it out.
    pub async fn delete(&self, request: &NewErasure) {
        let (erasure, _) = accept::accept(&self.core, &self.asker, request, None).await.unwrap();
        engine::tick(&self.core).await.unwrap();
        assert_eq!(self.state(erasure.id).await, ErasureState::Deleted);
        self.assert_no_orphans().await;
    }

    pub async fn state(&self, id: ErasureId) -> ErasureState {
        view::get(&self.core, &self.asker, id).await.unwrap().state
    }

    /// One pass of the engine as the service runs it, the inactivity rule included.
    pub async fn run_engine_once(&self) {
        engine::ask_rule(&self.core).await.unwrap();
        engine::tick(&self.core).await.unwrap();
    }

    pub async fn holds(&self, store: StoreId) -> u64 {
        let store = self.core.stores.iter().find(|s| s.id() == store).unwrap();
        store.list(Subject { number: self.number, id: self.child }).await.unwrap().copies
    }

    pub fn wrap(&mut self, id: StoreId, wrap: impl FnOnce(Box<dyn Store>) -> Box<dyn Store>) {
        let core = Arc::get_mut(&mut self.core).unwrap();
        let n = core.stores.iter().position(|store| store.id() == id).unwrap();
        let inner = core.stores.remove(n);
        core.stores.insert(n, wrap(inner));
    }

    /// The usable stores of every recording, oldest first.
    pub async fn usable(&self) -> Vec<Stores> {
        let bits: Vec<u32> = query_scalar("SELECT usable FROM recording ORDER BY seq")
            .fetch_all(self.core.db.read())
            .await
            .unwrap();
        bits.into_iter().map(Stores::from_bits).collect()
    }

    pub async fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for id in self.ids_where(|_| true).await {
            let said = self.read(id).await.and_then(|recording| recording.transcript);
            texts.extend(said.map(|transcript| transcript.text));
        }
        texts
    }

    /// A recording as a parent opens it; none where nothing of it can be used.
    pub async fn read(&self, id: RecordingId) -> Option<Recording> {
        listing::recording(&self.core, &self.asker, id, None).await.ok()
    }

    pub async fn ids_where(&self, keep: impl Fn(i64) -> bool) -> Vec<RecordingId> {
        let ids: Vec<String> = query_scalar("SELECT id FROM recording ORDER BY seq")
            .fetch_all(self.core.db.read())
            .await
            .unwrap();
        ids.iter().zip(0..).filter(|(_, n)| keep(*n)).map(|(id, _)| id.parse().unwrap()).collect()
    }

    pub async fn device(&self, name: &str) -> DeviceId {
        let id: String = query_scalar("SELECT id FROM device WHERE name = ?")
            .bind(name)
            .fetch_one(self.core.db.read())
            .await
            .unwrap();
        id.parse().unwrap()
    }

    pub async fn devices(&self) -> usize {
        self.count("device").await
    }

    pub async fn keeps(&self) -> usize {
        self.count("keep").await
    }

    async fn count(&self, table: &str) -> usize {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        usize::try_from(query_scalar::<_, i64>(sql).fetch_one(self.core.db.read()).await.unwrap()).unwrap()
    }

    pub async fn keep(&self, recording: RecordingId, guardian: GuardianId, days: i64) {
        let mut tx = self.core.db.write().await.unwrap();
        query("INSERT INTO keep (id, seq, guardian, until, created_at) SELECT ?, seq, ?, ?, 0 FROM recording WHERE id = ?")
            .bind(format!("kep_{recording}{guardian}"))
            .bind(guardian.to_string())
            .bind(self.clock.now().date().plus_days(days).days())
            .bind(recording.to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Another guardian of the same child.
    pub async fn second_guardian(&self) -> Asker {
        let guardian = ingest::find_or_make_guardian(&self.core, "parent-2").await.unwrap();
        let mut tx = self.core.db.write().await.unwrap();
        query("INSERT INTO guardianship (guardian, child, since) VALUES (?, ?, 0)")
            .bind(guardian.to_string())
            .bind(self.number)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Asker { guardian, children: self.asker.children.clone() }
    }

    /// Another child of the same guardian.
    pub async fn sibling(&mut self, name: &str) -> ChildId {
        let child = ingest::find_or_make_child(&self.core, "parent-1", name).await.unwrap();
        self.asker.children.push((number_of(&self.core, child).await, child));
        child
    }

    pub async fn another_family(&self) -> Asker {
        let child = ingest::find_or_make_child(&self.core, "stranger", "Zoe").await.unwrap();
        let guardian = ingest::find_or_make_guardian(&self.core, "stranger").await.unwrap();
        Asker { guardian, children: vec![(number_of(&self.core, child).await, child)] }
    }

    /// Every row that says something of recordings, as text.
    pub async fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for sql in [
            "SELECT json_array(seq, id, device, usable, bytes) FROM recording ORDER BY seq",
            "SELECT json_array(seq, hex(sealed)) FROM transcript ORDER BY seq",
            "SELECT json_array(seq, hex(sealed)) FROM location ORDER BY seq",
            "SELECT json_array(seq, hex(sealed)) FROM waveform ORDER BY seq",
            "SELECT json_array(rowid, words) FROM search_index ORDER BY rowid",
            "SELECT json_array(number, id, child, kind, hex(sealed), dataset) FROM derivation ORDER BY number",
            "SELECT json_array(derivation, seq, store) FROM derivation_source ORDER BY derivation, seq, store",
            "SELECT json_array(erasure, seq) FROM erasure_item ORDER BY seq",
        ] {
            for row in query(sql).fetch_all(self.core.db.read()).await.unwrap() {
                rows.push(row.get(0));
            }
        }
        rows
    }

    /// The numbers of all recordings, by their moments.
    pub async fn numbers(&self) -> Vec<i64> {
        let seqs: Vec<i64> =
            query_scalar("SELECT seq FROM recording").fetch_all(self.core.db.read()).await.unwrap();
        seqs.into_iter().map(|seq| ((seq >> 20) - self.at(0).ms()) / 60_000).collect()
    }

    /// Every byte below the data folder.
    pub fn all_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        read_all(self.folder.path(), &mut bytes);
        bytes
    }

    /// Whether any file below the data folder holds these bytes.
    pub fn files_contain(&self, needle: &str) -> bool {
        contains(self.folder.path(), needle.as_bytes())
    }
}

/// What a stream holds its core by.
pub struct Shared(pub Arc<Core>);

impl AsRef<Core> for Shared {
    fn as_ref(&self) -> &Core {
        &self.0
    }
}

/// A file, and nothing told beside it.
pub fn incoming(child: ChildId, at: Timestamp, file: &Path) -> Incoming {
    Incoming {
        recording: NewRecording {
            child,
            captured_at: at,
            device: None,
            transcript: None,
            location: None,
            reference: None,
        },
        moment_stated: true,
        begun: at,
        probed: media::probe_file(file).unwrap(),
        media: file.to_owned(),
    }
}

async fn number_of(core: &Core, child: ChildId) -> i64 {
    query_scalar("SELECT number FROM child WHERE id = ?")
        .bind(child.to_string())
        .fetch_one(core.db.read())
        .await
        .unwrap()
}

/// A second of 8-bit sound that carries `text` as its samples, over and over.
pub fn wav(text: &str) -> Vec<u8> {
    long_wav(text, 8000)
}

/// The same of so many samples.
pub fn long_wav(text: &str, samples: u32) -> Vec<u8> {
    let len = samples;
    let samples: Vec<u8> = text.bytes().cycle().take(samples as usize).collect();
    let mut wav = Vec::with_capacity(samples.len() + 44);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + len).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        wav.extend_from_slice(&half.to_le_bytes());
    }
    for word in [8000_u32, 8000] {
        wav.extend_from_slice(&word.to_le_bytes());
    }
    for half in [1_u16, 8] {
        wav.extend_from_slice(&half.to_le_bytes());
    }
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&len.to_le_bytes());
    wav.extend_from_slice(&samples);
    wav
}

/// Whether any file below `folder` holds `needle`.
pub fn contains(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contains(&path, needle)
        } else {
            std::fs::read(&path).unwrap_or_default().windows(needle.len()).any(|window| window == needle)
        }
    })
}

/// Whether `bytes` hold `needle`.
pub fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

fn read_all(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, bytes);
        } else {
            bytes.extend(std::fs::read(&path).unwrap_or_default());
        }
    }
}
