//! Recordings in bulk: rows as an import would have written them, without the files' encoding.

use std::{path::Path, sync::Arc};

use rules::{ChildId, StoreId, Stores};
use service::{
    core::{Core, Policy},
    db::select,
    erasure::Asker,
    ingest, keys, search,
    store::DERIVED,
};

const WORDS: [&str; 24] = [
    "the", "a", "light", "turn", "on", "story", "tell", "me", "walnut", "bedtime", "music", "play", "dog",
    "moon", "why", "sky", "blue", "rain", "school", "friend", "birthday", "cake", "night", "window",
];

/// A service's core on a fresh folder.
pub struct Stock {
    pub core: Arc<Core>,
    pub folder: tempfile::TempDir,
    pub asker: Asker,
}

impl Stock {
    /// `children` children of one guardian each, with `each` recordings.
    pub async fn new(children: usize, each: usize, with_files: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let core = Core::open(folder.path(), Policy::default()).await.unwrap();
        let asker = people(&core, children, each, with_files.then(|| folder.path())).await;
        Self { core, folder, asker }
    }
}

/// A folder for the service to be started on: one child of the guardian `guardian 0`.
pub async fn fill_folder(folder: &Path, recordings: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let core = Core::open(folder, Policy::default()).await.unwrap();
    people(&core, 1, recordings, None).await;
    core.db.close().await;
}

/// What an import finds in a voice recording with words and a place; nobody has made anything of it.
fn held() -> Stores {
    Stores::ALL.without(DERIVED.into_iter().collect())
}

async fn people(core: &Core, children: usize, each: usize, files: Option<&Path>) -> Asker {
    let mut asker = None;
    for n in 0..children {
        let reference = format!("guardian {n}");
        let child = ingest::find_or_make_child(core, &reference, "Mia").await.unwrap();
        let guardian = ingest::find_or_make_guardian(core, &reference).await.unwrap();
        let number: i64 = sqlx::query_scalar("SELECT number FROM child WHERE id = ?")
            .bind(child.to_string())
            .fetch_one(core.db.read())
            .await
            .unwrap();
        fill(core, number, child, each, files).await;
        asker.get_or_insert(Asker { guardian, children: vec![(number, child)] });
    }
    core.db.empty_wal().await.unwrap();
    asker.unwrap()
}

/// Words like a child's: some in nearly every sentence, one sentence in a thousand with a rare one.
fn sentence(n: usize) -> String {
    let mut words: Vec<&str> = (0..6).map(|k| WORDS[(n * 7 + k * k * 5 + n / 24) % WORDS.len()]).collect();
    if n.is_multiple_of(1000) {
        words.push("xylophone");
    }
    words.join(" ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn fill(core: &Core, number: i64, child: ChildId, each: usize, files: Option<&Path>) {
    let start = core.clock.now().plus_seconds(-600 * 86_400);
    let step = 600 * 86_400_000 / i64::try_from(each).unwrap();
    if let Some(folder) = files {
        std::fs::create_dir_all(folder.join("media").join(child.to_string())).unwrap();
    }
    for chunk in (0..each).collect::<Vec<_>>().chunks(10_000) {
        let mut rows = Vec::with_capacity(chunk.len());
        let mut owners = Vec::with_capacity(chunk.len());
        for n in chunk {
            let (ms, random) = core.id_parts();
            let id = rules::RecordingId::from_parts(ms, random);
            let at = rules::Timestamp::from_ms(start.ms() + i64::try_from(*n).unwrap() * step);
            let seq = select::first_seq(at) + number % 1024;
            owners.push(((child, id), Stores::ALL));
            let text = sentence(*n);
            rows.push((seq, id, text));
            if let Some(folder) = files {
                let path = folder.join("media").join(child.to_string()).join(id.to_string());
                std::fs::write(path, [7_u8; 8 << 10]).unwrap();
            }
        }
        let keys = core.keys.make(&owners).await.unwrap();
        let place = rules::location::Place::new(47_606_200, -122_332_100, Some(20)).unwrap();
        let rows = rows.iter().zip(keys).map(|((seq, id, text), keys)| {
            let seal = |part, plain: &[u8]| hex(&keys.row(part).unwrap().seal(plain));
            serde_json::json!([
                seq,
                id,
                seal(StoreId::Transcript, &keys::rows::words(text, Some("en"))),
                search::index_words(number, text),
                seal(StoreId::Waveform, &rand::random::<[u8; 32]>().repeat(8)),
                seal(StoreId::Location, &keys::rows::place(place)[..]),
            ])
        });
        let rows = serde_json::Value::from_iter(rows).to_string();
        let mut tx = core.db.write().await.unwrap();
        for sql in [
            "INSERT INTO recording (seq, id, child, kind, duration_ms, media_type, bytes, identity, usable, created_at)
             SELECT value ->> 0, value ->> 1, ?2, 'voice', 2000, 'audio/ogg', 8192, randomblob(32), ?3, 0 FROM json_each(?1)",
            "INSERT INTO transcript (seq, child, sealed) SELECT value ->> 0, ?2, unhex(value ->> 2) FROM json_each(?1) WHERE ?3",
            "INSERT INTO search_index (rowid, words) SELECT value ->> 0, value ->> 3 FROM json_each(?1) WHERE ?2 AND ?3",
            "INSERT INTO waveform (seq, child, sealed) SELECT value ->> 0, ?2, unhex(value ->> 4) FROM json_each(?1) WHERE ?3",
            "INSERT INTO location (seq, child, sealed) SELECT value ->> 0, ?2, unhex(value ->> 5) FROM json_each(?1) WHERE ?3",
        ] {
            sqlx::query(sql)
                .bind(&rows)
                .bind(number)
                .bind(held().bits())
                .execute(&mut *tx)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }
    let mut tx = core.db.write().await.unwrap();
    sqlx::query("UPDATE child SET last_use = ?").bind(core.clock.now().ms()).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}
