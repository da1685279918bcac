//! No place without a store (R6): every table and every file of a real data folder is somebody's, and after
//! "everything" none of them has anything of the child's but what stands in a list with its reason.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod fake;
mod household;
mod process;

use std::{collections::BTreeSet, path::Path};

use fake::Fake;
use household::{Household, canary};
use process::Running;
use rules::{
    Class, RecordingId, Scope, StoreId,
    contract::{NewDisclosure, NewErasure},
    derived::Consent,
};
use service::{
    ingest, keep, ledger,
    processors::{Processor, disclose, run},
    store::places::{self, Left, OTHERS, Place},
};
use sqlx::{ConnectOptions, Row, SqliteConnection, query, query_scalar, sqlite::SqliteConnectOptions};

/// No number of anything else: a child is found by it in every column.
const NUMBER: i64 = 7_340_033;

/// A family in which everything has happened that can: whole recordings, keeps, tickets, datasets, a model, an
/// erasure that is done and one that is sealed; and two recordings given to a processor, if there is one.
async fn household(processors: Vec<Processor>) -> (Household, Vec<RecordingId>) {
    let given = !processors.is_empty();
    let start = "2026-11-21T14:00:00Z".parse().unwrap();
    let mut home = Household::giving_to(start, processors).await;
    let mut tx = home.core.db.write().await.unwrap();
    let next = query("UPDATE sqlite_sequence SET seq = ? WHERE name = 'child'").bind(NUMBER - 1);
    assert_eq!(next.execute(&mut *tx).await.unwrap().rows_affected(), 1);
    tx.commit().await.unwrap();
    home.child = ingest::find_or_make_child(&home.core, "parent-1", "Ada").await.unwrap();
    home.number = NUMBER;
    home.asker.children = vec![(NUMBER, home.child)];
    // Another one came later, or the number that was given last would be this child's.
    ingest::find_or_make_child(&home.core, "stranger", "Zoe").await.unwrap();

    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(home.record_whole_on(n, &canary(n), true, &canary(90 + n % 2)).await);
    }
    let dataset =
        home.dataset("speech-2", Consent::None, &[(ids[3], &canary(80)), (ids[4], &canary(81))]).await;
    home.model("model-1", &[dataset]).await;
    let until = home.core.clock.now().date().plus_days(30);
    keep::put(&home.core, &home.asker, ids[3], until).await.unwrap();
    for id in &ids {
        home.open(*id).await;
    }
    if given {
        let recordings = vec![ids[2], ids[3]];
        let new = NewDisclosure { processor: "speech".into(), recordings, classes: vec![Class::Media] };
        disclose::disclose(&home.core, &new).await.unwrap();
    }
    home.delete(&erase(&home, Scope::Items { recordings: vec![ids[0]] }, true)).await;
    let sealed = erase(&home, Scope::Items { recordings: vec![ids[1]] }, false);
    service::erasure::accept::accept(&home.core, &home.asker, &sealed, None).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    (home, ids)
}

fn erase(home: &Household, scope: Scope, waive_undo: bool) -> NewErasure {
    NewErasure { child: Some(home.child), scope, include_kept: true, waive_undo, as_of: None }
}

/// A table with its rows, each value as SQL writes it: text quoted, bytes in hexadecimal.
struct Table {
    name: String,
    rows: Vec<Vec<String>>,
}

async fn tables(database: &Path) -> Vec<Table> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let mut db = options.connect().await.unwrap();
    let names: Vec<String> =
        query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut db).await.unwrap();
    let mut tables = Vec::new();
    for name in names {
        let rows = rows(&mut db, &name).await;
        tables.push(Table { name, rows });
    }
    tables
}

async fn rows(db: &mut SqliteConnection, table: &str) -> Vec<Vec<String>> {
    let columns: Vec<String> =
        query_scalar("SELECT name FROM pragma_table_info(?)").bind(table).fetch_all(&mut *db).await.unwrap();
    let values: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
    let sql = format!("SELECT {} FROM \"{table}\"", values.join(", "));
    let rows = query(sqlx::AssertSqlSafe(sql)).fetch_all(db).await.unwrap();
    rows.iter().map(|row| (0..columns.len()).map(|column| row.get(column)).collect()).collect()
}

impl Table {
    /// Which place it is: what FTS5 keeps for an index is the index.
    fn is(&self, place: &Place, file: &str) -> bool {
        match place {
            Place::Table(name) => file == DATABASE && self.name == *name,
            Place::IndexTable(name) => file == INDEX && self.name.starts_with(name),
            Place::KeyTable(name) => file == KEYS && self.name == *name,
            Place::File(_) => false,
        }
    }

    fn says(&self, text: &str) -> bool {
        let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
        self.rows.iter().flatten().any(|value| value.contains(text) || value.contains(&hex))
    }

    fn has_number(&self, number: i64) -> bool {
        let number = number.to_string();
        self.rows.iter().flatten().any(|value| *value == number)
    }
}

const DATABASE: &str = "forget-me-not.db";
const INDEX: &str = "search.db";
const KEYS: &str = "keys.db";

/// All databases, by their files.
async fn databases(home: &Household) -> Vec<(&'static str, Vec<Table>)> {
    let mut databases = Vec::new();
    for file in [DATABASE, INDEX, KEYS] {
        databases.push((file, tables(&home.folder.path().join(file)).await));
    }
    databases
}

fn of_stores() -> Vec<Place> {
    StoreId::ALL.into_iter().flat_map(places::of).copied().collect()
}

/// The names of everything at the top of the data folder; what SQLite keeps beside a database is the database.
fn top(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.trim_end_matches("-wal").trim_end_matches("-shm").to_owned()).collect()
}

/// Runs the service as users do until it listens, and has made its files.
fn serve_for_a_moment(folder: &Path) {
    Running::start(folder, &[]);
}

#[tokio::test]
async fn every_table_and_every_file_is_a_stores_or_says_why_not() {
    let (home, _) = household(Vec::new()).await;
    serve_for_a_moment(home.folder.path());
    let stores = of_stores();
    for (file, tables) in databases(&home).await {
        for table in &tables {
            let of_store = stores.iter().any(|place| table.is(place, file));
            let other = OTHERS.iter().any(|(place, ..)| table.is(place, file));
            assert!(
                of_store != other,
                "the table {} belongs to {}: store/places.rs says which store lists, erases and probes what is in it, \
                 or why none has to",
                table.name,
                if of_store { "a store and to none" } else { "no store" }
            );
        }
    }
    for name in top(home.folder.path()) {
        let is = |place: &Place| matches!(place, Place::File(file) if *file == name);
        let (of_store, other) = (stores.iter().any(is), OTHERS.iter().any(|(place, ..)| is(place)));
        assert!(
            of_store != other,
            "{name} in the data folder belongs to no store: say so in store/places.rs"
        );
    }
}

#[tokio::test]
async fn what_a_child_said_lies_where_the_stores_say_and_nowhere_else() {
    let (home, ids) = household(Fake::start().await.processors()).await;
    let stores = of_stores();
    let mut found = BTreeSet::new();
    for (file, tables) in databases(&home).await {
        for table in tables {
            let of_store = stores.iter().any(|place| table.is(place, file));
            let words = (2..6).chain(80..92).filter(|n| table.says(&canary(*n))).count();
            // A recording that is in use is named by its id to nobody but its stores.
            let named = ids[2..].iter().filter(|id| table.says(&id.to_string())).count();
            assert!(of_store || words + named == 0, "{} has what is a child's", table.name);
            if words > 0 {
                found.insert(table.name);
            }
        }
    }
    for table in ["search_index_content", "device"] {
        assert!(found.contains(table), "the test would find it in {table}");
    }
}

#[tokio::test]
async fn after_everything_no_row_key_file_or_index_entry_of_the_child_is_left() {
    let processor = Fake::start().await;
    let (home, ids) = household(processor.processors()).await;
    let seqs: Vec<i64> =
        query_scalar("SELECT seq FROM recording").fetch_all(home.core.db.read()).await.unwrap();
    let things: Vec<String> = query_scalar("SELECT id FROM derivation UNION ALL SELECT id FROM device")
        .fetch_all(home.core.db.read())
        .await
        .unwrap();
    assert!(seqs.len() == 5 && things.len() > 25, "{} {}", seqs.len(), things.len());
    home.delete(&erase(&home, Scope::Child {}, true)).await;
    // The one that was only sealed has nothing left to do.
    home.clock.advance(72 * 3600);
    home.run_engine_once().await;
    // The processor was asked, and has not confirmed.
    run::tick(&home.core).await.unwrap();
    assert_eq!(processor.posted().len(), 1);
    home.core.db.empty_wal().await.unwrap();
    home.core.keys.empty_wal().await.unwrap();

    let gone: Vec<String> = ids.iter().map(ToString::to_string).chain(things).collect();
    let words: Vec<String> = (0..6).chain(80..92).map(canary).collect();
    let mut stays = BTreeSet::new();
    for (file, tables) in databases(&home).await {
        for table in tables {
            for text in gone.iter().chain(&words) {
                assert!(!table.says(text), "{} says {text}", table.name);
            }
            for seq in &seqs {
                assert!(!table.has_number(*seq), "{} has the place of a recording", table.name);
            }
            if table.has_number(NUMBER) || table.says(&home.child.to_string()) {
                let other = OTHERS.iter().find(|(place, ..)| table.is(place, file));
                let left = other.map(|(_, left, _)| *left);
                assert_eq!(left, Some(Left::TheChild), "{} still names the child", table.name);
                stays.insert(table.name);
            }
        }
    }
    let expected = [
        "child",
        "child_log",
        "erasure_child",
        "erasure_dataset",
        "erasure_model",
        "guardianship",
        "ledger_entry",
        "processor_answer",
        "processor_item",
        "processor_step",
    ];
    assert_eq!(
        stays.iter().map(String::as_str).collect::<Vec<_>>(),
        expected,
        "the whole list of what stays"
    );

    for text in gone.iter().chain(&words) {
        assert!(!home.files_contain(text), "{text} is in a file");
    }
    let mut folders = vec![home.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(!name.contains(&home.child.to_string()), "{}", path.display());
            assert!(!gone.iter().any(|id| name.contains(id)), "{}", path.display());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    for store in StoreId::ALL {
        assert_eq!(home.holds(store).await, 0, "{store:?}");
    }
}
