//! SQLite: one connection that writes, several that read. Each has the search index attached, a file of its own.

use std::{path::Path, time::Duration};

use serde::de::DeserializeOwned;
use sqlx::{
    Row, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub mod index;
pub mod select;

static MIGRATIONS: Migrator = sqlx::migrate!("db/migrations");

/// How long a connection waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(10);
const READERS: u32 = 8;
/// The pages that the writing connection may keep in memory, in KiB below zero, as SQLite has it.
const WRITE_CACHE: &str = "-32768";
/// How long emptying the log waits for readers. While it waits nobody can write, so not long: the
/// engine tries again.
const BUSY_EMPTYING: Duration = Duration::from_millis(500);

/// Reads rows that a statement has put into one value, with `json_group_array`: each row that comes by itself from the
/// thread of its connection costs several times what it takes to find it. They come in no order.
pub fn rows<T: DeserializeOwned>(json: &str) -> sqlx::Result<Vec<T>> {
    serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// How every database of ours is opened.
pub fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An accepted erasure must survive a power cut, not only a crash.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .busy_timeout(BUSY)
        // Per connection, so it stands here: deleted bytes are overwritten with zeros.
        .pragma("secure_delete", "ON")
        // No sorter spills a child's words into a file that nobody erases.
        .pragma("temp_store", "MEMORY")
}

/// A pool whose connections have the search index attached.
fn with(index: &Path, cache: Option<&'static str>) -> SqlitePoolOptions {
    let index = index.to_owned();
    SqlitePoolOptions::new().after_connect(move |db, _| {
        let index = index.clone();
        Box::pin(async move { index::attach(db, &index, cache).await })
    })
}

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    write: SqlitePool,
    read: SqlitePool,
    empty: SqlitePool,
}

/// The write-ahead log could not be emptied: a reader holds on to it. Worth another try.
#[derive(Debug, thiserror::Error)]
#[error("the write-ahead log is in use")]
pub struct WalBusy;

impl Db {
    /// Opens the file, makes it where it is missing, and brings its tables up to date.
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        let index = index::file(path.parent().unwrap_or(Path::new("")))?;
        index::prepare(&index).await?;
        let options = options(path);
        // A large erasure touches the tombstones' table all over in one transaction: with SQLite's 2 MB each
        // page would be written and read again many times.
        let writing = options.clone().pragma("cache_size", WRITE_CACHE);
        let write = with(&index, Some(WRITE_CACHE)).max_connections(1).connect_with(writing).await?;
        MIGRATIONS.run(&write).await?;
        let empty = with(&index, None)
            .max_connections(1)
            // Its temporary files hold what stays, and may be larger than memory.
            .connect_lazy_with(options.clone().busy_timeout(BUSY_EMPTYING).pragma("temp_store", "FILE"));
        let read = with(&index, None).max_connections(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { write, read, empty })
    }

    /// Connections that only read.
    #[must_use]
    pub const fn read(&self) -> &SqlitePool {
        &self.read
    }

    /// Begins a transaction that will write, and that survives a power cut once committed. It holds
    /// the only writing connection of this process, and the database's write lock from the start, so
    /// that it never fails half way for another's.
    pub async fn write(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.write.begin_with("PRAGMA synchronous = FULL; BEGIN IMMEDIATE").await
    }

    /// The same for an effect that may be repeated: it survives a crash of the process at once, and
    /// a power cut from the next [`Db::empty_wal`] on.
    pub async fn write_effect(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.write.begin_with("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE").await
    }

    /// Moves everything from the write-ahead log into the main file and empties the log. Erased
    /// bytes are gone from the disk's files only after this: PASSIVE is not enough (measured).
    pub async fn empty_wal(&self) -> Result<(), anyhow::Error> {
        let mut connection: sqlx::pool::PoolConnection<Sqlite> = self.empty.acquire().await?;
        let connection: &mut SqliteConnection = &mut connection;
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await?;
        if row.try_get::<i64, _>(0)? == 0 { Ok(()) } else { Err(WalBusy.into()) }
    }

    /// Writes both files anew, and the search index before that, so that no page keeps what was
    /// erased.
    ///
    /// `secure_delete` zeroes a deleted row where it stands, and not the copies that SQLite leaves in
    /// the gaps of pages when rows move from one to another (measured: words of 41 in 1,221 deleted
    /// recordings); and FTS5 keeps some words as the separators of its own pages. Costs what the
    /// database costs, and holds the write lock meanwhile.
    pub async fn scrub(&self) -> sqlx::Result<()> {
        let mut connection = self.empty.acquire().await?;
        let rebuild = "INSERT INTO search_index (search_index) VALUES ('rebuild')";
        for sql in [rebuild, "VACUUM search", "VACUUM"] {
            sqlx::query(sql).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Bytes of the database and of the search index.
    pub async fn size(&self) -> sqlx::Result<i64> {
        sqlx::query_scalar(
            "SELECT sum(p.page_count * s.page_size) FROM (VALUES ('main'), ('search')) f
             JOIN pragma_page_count p ON p.schema = f.column1 JOIN pragma_page_size s ON s.schema = f.column1",
        )
        .fetch_one(&self.read)
        .await
    }

    /// Closes every connection; the last one empties the log.
    pub async fn close(&self) {
        self.read.close().await;
        self.empty.close().await;
        self.write.close().await;
    }
}
