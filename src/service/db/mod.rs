//! SQLite: one connection that writes, several that read. Each has the search index attached, a file of its own.

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use serde::de::DeserializeOwned;
use sqlx::{
    ConnectOptions, Connection, Row, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub mod index;
pub mod select;

static MIGRATIONS: Migrator = sqlx::migrate!("db/migrations");

/// The database's name in the data folder.
const FILE: &str = "forget-me-not.db";
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

/// Which folder this is: its database is made where it is missing, and its tables are brought up to date.
async fn folder(path: &Path) -> anyhow::Result<index::Folder> {
    let mut db = options(path).connect().await?;
    MIGRATIONS.run(&mut db).await?;
    let id = sqlx::query_scalar("SELECT id FROM folder").fetch_one(&mut db).await?;
    db.close().await?;
    Ok(index::Folder { data: path.parent().unwrap_or(Path::new("")).to_owned(), id })
}

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    write: SqlitePool,
    read: SqlitePool,
    empty: SqlitePool,
    index: index::Folder,
    /// Held for its lock.
    index_held: Arc<File>,
}

/// The write-ahead log could not be emptied: a reader holds on to it. Worth another try.
#[derive(Debug, thiserror::Error)]
#[error("the write-ahead log is in use")]
pub struct WalBusy;

impl Db {
    /// Opens the database of a data folder, makes it where it is missing, and brings its tables up to date; the search
    /// index in the file `index` from now on, if that is given. One process at a time.
    pub async fn prepare(data: &Path, index: Option<&Path>) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        folder(&path).await?.prepare(index).await?;
        Self::open(&path).await
    }

    /// Opens the file, as [`Db::prepare`] has made it, for a look into it.
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        let index = folder(path).await?;
        let index_held = Arc::new(index::hold(&index.data)?);
        let file = index::file(&index.data)?;
        index::touch(&file).with_context(|| format!("cannot open the search index {}", file.display()))?;
        let options = options(path);
        // A large erasure touches the tombstones' table all over in one transaction: with SQLite's 2 MB each
        // page would be written and read again many times.
        let writing = options.clone().pragma("cache_size", WRITE_CACHE);
        let write = with(&file, Some(WRITE_CACHE)).max_connections(1).connect_with(writing).await;
        let write = write.with_context(|| {
            format!(
                "with the search index {}, which the next start of serve makes anew if it must",
                file.display()
            )
        })?;
        let empty = with(&file, None)
            .max_connections(1)
            // Its temporary files hold what stays, and may be larger than memory.
            .connect_lazy_with(options.clone().busy_timeout(BUSY_EMPTYING).pragma("temp_store", "FILE"));
        let read = with(&file, None).max_connections(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { write, read, empty, index, index_held })
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

    /// Writes the database anew, so that no page keeps what was erased.
    ///
    /// `secure_delete` zeroes a deleted row where it stands, and not the copies that SQLite leaves in
    /// the gaps of pages when rows move from one to another (measured: words of 41 in 1,221 deleted
    /// recordings); and FTS5 keeps some words as the separators of its own pages. Costs what the
    /// database costs, and holds the write lock meanwhile.
    pub async fn scrub(&self) -> sqlx::Result<()> {
        let mut connection = self.empty.acquire().await?;
        sqlx::query("VACUUM").execute(&mut *connection).await?;
        Ok(())
    }

    /// The same of the search index.
    pub async fn scrub_index(&self) -> sqlx::Result<()> {
        let mut connection = self.empty.acquire().await?;
        for sql in ["INSERT INTO search_index (search_index) VALUES ('rebuild')", "VACUUM search"] {
            sqlx::query(sql).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Makes the search index anew, empty, where it is damaged and no other process has it open.
    pub async fn renew_index(&self) -> anyhow::Result<()> {
        let mut connections = Vec::new();
        for (pool, all) in [(&self.read, READERS), (&self.empty, 1), (&self.write, 1)] {
            for _ in 0..all {
                let mut connection = pool.acquire().await?;
                // Closed here and now, for the file; its place in the pool is held until there is a new one.
                connection.close_on_drop();
                let nothing = SqliteConnectOptions::new().in_memory(true).connect().await?;
                std::mem::replace(&mut *connection, nothing).close().await?;
                connections.push(connection);
            }
        }
        self.index_held.unlock()?;
        let renewed = self.index.renew().await;
        self.index_held.lock_shared()?;
        renewed
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
        // However long this value stays: the files are another process's now.
        let _ = self.index_held.unlock();
    }
}
