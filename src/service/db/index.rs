//! The words that are searched for, in a file of their own beside the database.
//!
//! They cannot lie under the keys of recordings, or nothing could be found by them. So they are in a file that belongs
//! into no backup: it is made anew from the transcripts that still open, wherever it is missing, damaged or
//! behind ([`crate::search::mend`]). Each connection has it attached as `search`. No transaction
//! writes both files, for SQLite could commit the one and fail with the other: an entry comes after its recording.
//!
//! An erasure is verified in this file, so there must be no second one: it is made, replaced and moved only while no other process
//! has it open. And it may lie where other files are: what is not ours is never removed.

use std::{
    fs::{File, OpenOptions, Permissions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, query, query_as, query_scalar,
    sqlite::SqliteJournalMode,
};

use super::options;

/// Its name in the data folder.
pub const FILE: &str = "search.db";
/// Says where it is instead, if it is elsewhere.
pub const ELSEWHERE: &str = "search.path";
/// Held by every process that has it open, and by one that replaces or moves it alone.
const LOCK: &str = "search.lock";
/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];
/// How words are written into it, and its tables. Of another format it is made anew.
const FORMAT: i64 = 1;
/// SQLite's `application_id`, by which it is known as ours without being opened.
const APPLICATION: u32 = u32::from_be_bytes(*b"FMNs");
/// The part of SQLite's header in which that is.
const HEADER: usize = 72;
/// How often, and how long apart, other processes are waited for.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_millis(100);

/// Where the words of a data folder are.
pub fn file(data: &Path) -> std::io::Result<PathBuf> {
    match std::fs::read_to_string(data.join(ELSEWHERE)) {
        Ok(path) => Ok(data.join(path.trim_end_matches('\n'))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(data.join(FILE)),
        Err(error) => Err(error),
    }
}

/// Whether a file is a search index, of any data folder.
pub fn is_one(file: &Path) -> std::io::Result<bool> {
    let mut header = [0; HEADER];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) => {
            Ok(header.starts_with(b"SQLite format 3\0") && header.ends_with(&APPLICATION.to_be_bytes()))
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => Ok(false),
        Err(error) => Err(error),
    }
}

/// As long as a process has this file, none replaces or moves the words. It waits for one that does.
pub fn hold(data: &Path) -> std::io::Result<File> {
    let file = lock(data)?;
    file.lock_shared()?;
    Ok(file)
}

fn lock(data: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(data.join(LOCK))
}

/// Waits until no other process has the words open.
async fn alone(data: &Path) -> anyhow::Result<File> {
    let lock = lock(data)?;
    for _ in 0..TRIES {
        if lock.try_lock().is_ok() {
            return Ok(lock);
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("another process has the search index of {} open: end it first", data.display())
}

/// The data folder, and which one it is.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Where it is.
    pub data: PathBuf,
    /// What only this one has.
    pub id: Vec<u8>,
}

/// What stands in the place of the words.
enum Found {
    /// The words of this folder.
    Ours,
    Nothing,
    /// Ours by its name or by what it says, and of no use.
    Useless(String),
    /// Not to be touched.
    Foreign(String),
}

impl Folder {
    /// Makes the words what they must be before anybody opens them: there, whole, of this folder; in the file `wanted`
    /// from now on, if that is given. One process at a time, under the lock of the opening.
    pub async fn prepare(&self, wanted: Option<&Path>) -> anyhow::Result<()> {
        if let Some(path) = wanted {
            self.put(path).await.with_context(|| format!("--search-index {}", path.display()))?;
        }
        let file = file(&self.data)?;
        // Who has them open has looked: it need not be read through again, nor hold up anybody.
        let lock = lock(&self.data)?;
        let is_first = lock.try_lock().is_ok();
        let found = self.look(&file, is_first).await;
        drop(lock);
        match found? {
            Found::Ours => Ok(private(&file)?),
            Found::Nothing => self.renew().await,
            Found::Useless(why) => {
                tracing::warn!("the search index {} {why}, and is made anew", file.display());
                self.renew().await
            }
            Found::Foreign(what) => bail!(
                "{} {what}: name another file with serve --search-index, or move that away",
                file.display()
            ),
        }
    }

    /// Has the words in another file from now on, on a disk that no backup takes, say. Those in the file before are
    /// removed.
    async fn put(&self, path: &Path) -> anyhow::Result<()> {
        let path = real(path)?;
        let name = path.to_str().context("its path is not UTF-8")?;
        ensure!(!path.is_dir(), "that is a folder: name a file in it");
        let folder = path.parent().unwrap_or(&path);
        ensure!(folder.is_dir(), "there is no folder {}", folder.display());
        let before = file(&self.data)?;
        let before = real(&before).unwrap_or(before);
        if path == before {
            return Ok(());
        }
        let home = self.data.canonicalize()?;
        ensure!(
            !path.starts_with(&home) || path == home.join(FILE),
            "in the data folder it is {FILE} and no other file"
        );
        match self.look(&path, false).await? {
            Found::Ours => {}
            Found::Useless(_) if path.starts_with(&home) => {}
            Found::Nothing => {
                for end in BESIDE {
                    let beside = with(&path, end);
                    ensure!(!beside.exists(), "{} is there, and is not ours", beside.display());
                }
            }
            Found::Useless(what) | Found::Foreign(what) => bail!("it {what}"),
        }
        let _alone = alone(&self.data).await?;
        if let Found::Ours | Found::Useless(_) = self.look(&before, false).await? {
            remove(&before)?;
        }
        let staged = self.data.join(format!("{ELSEWHERE}.new"));
        let mut file = File::create(&staged)?;
        writeln!(file, "{name}")?;
        file.sync_all()?;
        std::fs::rename(staged, self.data.join(ELSEWHERE))?;
        Ok(File::open(&self.data)?.sync_all()?)
    }

    /// Makes the words anew, empty; nobody else has them open.
    pub async fn renew(&self) -> anyhow::Result<()> {
        let _alone = alone(&self.data).await?;
        let file = file(&self.data)?;
        // Who was alone before us has made them perhaps.
        match self.look(&file, true).await? {
            Found::Ours => return Ok(()),
            Found::Nothing | Found::Useless(_) => remove(&file)?,
            Found::Foreign(what) => bail!("{} {what}", file.display()),
        }
        self.make(&file).await.with_context(|| format!("cannot make the search index {}", file.display()))
    }

    async fn make(&self, file: &Path) -> anyhow::Result<()> {
        touch(file)?;
        private(file)?;
        // Not with a log at first: what the file is stands in it from its first page on.
        let mut db = options(file).journal_mode(SqliteJournalMode::Delete).connect().await?;
        let mut tx = db.begin().await?;
        let application = format!("PRAGMA application_id = {APPLICATION}");
        query(AssertSqlSafe(application)).execute(&mut *tx).await?;
        for sql in [
            "CREATE TABLE about (format INTEGER NOT NULL, folder BLOB NOT NULL, path TEXT NOT NULL, unclean INTEGER NOT NULL) STRICT",
            // Words arrive split, folded and prefixed with the child's number (search.rs), so ASCII rules are enough.
            "CREATE VIRTUAL TABLE search_index USING fts5 (words, tokenize = \"ascii\")",
            // Without it FTS5 leaves deleted words in its segments until they happen to merge.
            "INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1)",
        ] {
            query(sql).execute(&mut *tx).await?;
        }
        query("INSERT INTO about VALUES (?, ?, ?, 0)")
            .bind(FORMAT)
            .bind(&self.id)
            .bind(self.path()?)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        query("PRAGMA journal_mode = WAL").execute(&mut db).await?;
        Ok(db.close().await?)
    }

    fn path(&self) -> std::io::Result<String> {
        Ok(self.data.canonicalize()?.to_string_lossy().into_owned())
    }

    /// What stands there; `thoroughly`: read through.
    async fn look(&self, file: &Path, thoroughly: bool) -> anyhow::Result<Found> {
        match std::fs::metadata(file) {
            Ok(it) if it.is_dir() => return Ok(Found::Foreign("is a folder".into())),
            Ok(it) if it.len() == 0 => return Ok(Found::Nothing),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            found => found?,
        };
        // In the folder its name says that it is ours; elsewhere only the file does.
        let is_inside = real(file)? == self.data.canonicalize()?.join(FILE);
        if !is_one(file)? {
            return Ok(if is_inside {
                Found::Useless("cannot be read".into())
            } else {
                Found::Foreign("is no search index".into())
            });
        }
        let damaged = |error: &sqlx::Error| Found::Useless(format!("is damaged ({error})"));
        let (folder, path, format) = match about(file).await {
            Ok(about) => about,
            Err(error) if is_damaged(&error) => return Ok(damaged(&error)),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        if folder != self.id || !is_inside && path != self.path()? {
            let lives = Path::new(&path).join("forget-me-not.db").is_file();
            return Ok(if is_inside || !lives && folder == self.id {
                Found::Useless("is of another folder".into())
            } else {
                Found::Foreign(format!("is the search index of {path}"))
            });
        }
        if format != FORMAT {
            return Ok(Found::Useless("is of another version".into()));
        }
        if thoroughly {
            match whole(file).await {
                Ok(None) => {}
                Ok(Some(fault)) => return Ok(Found::Useless(format!("is damaged ({fault})"))),
                Err(error) if is_damaged(&error) => return Ok(damaged(&error)),
                Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
            }
        }
        Ok(Found::Ours)
    }
}

async fn about(file: &Path) -> sqlx::Result<(Vec<u8>, String, i64)> {
    let mut db = options(file).create_if_missing(false).connect().await?;
    let about = query_as("SELECT folder, path, format FROM about").fetch_one(&mut db).await;
    db.close().await?;
    about
}

/// Reads the whole file, and compares what can be found with what was written. Returns what is wrong.
async fn whole(file: &Path) -> sqlx::Result<Option<String>> {
    let mut db = options(file).create_if_missing(false).connect().await?;
    let said: String = query_scalar("PRAGMA quick_check(1)").fetch_one(&mut db).await?;
    if said != "ok" {
        return Ok(Some(said));
    }
    query("INSERT INTO search_index (search_index) VALUES ('integrity-check')").execute(&mut db).await?;
    db.close().await?;
    Ok(None)
}

/// What is wrong with the words that the database has attached, at a look at each page.
pub async fn damage(db: &super::Db) -> sqlx::Result<Option<String>> {
    match query_scalar::<_, String>("PRAGMA search.quick_check(1)").fetch_one(db.read()).await {
        Ok(said) => Ok((said != "ok").then_some(said)),
        Err(error) if is_damaged(&error) => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

/// Removes the words of a data folder that lost its database, if they are there.
pub fn forget(data: &Path) -> std::io::Result<()> {
    let file = file(data)?;
    if file == data.join(FILE) || is_one(&file)? { remove(&file) } else { Ok(()) }
}

/// Removes the words, for good also in a power cut. They are made anew at the next start.
pub fn remove(file: &Path) -> std::io::Result<()> {
    // The file itself last: by it is known whose the others are.
    for path in BESIDE.iter().map(|end| with(file, end)).chain([file.to_owned()]) {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    match file.parent().map(File::open) {
        Some(Ok(folder)) => folder.sync_all(),
        _ => Ok(()),
    }
}

/// Makes the file where it is missing, empty, before SQLite would, for this user only.
pub fn touch(file: &Path) -> std::io::Result<()> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(file).map(drop)
}

/// Nobody else of this machine reads the words, wherever they are. What SQLite makes beside them is as they are.
fn private(file: &Path) -> std::io::Result<()> {
    for path in BESIDE.iter().map(|end| with(file, end)).chain([file.to_owned()]) {
        match std::fs::set_permissions(path, Permissions::from_mode(0o600)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn with(file: &Path, end: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(end);
    path.into()
}

/// The one name of a file that may not be there.
fn real(file: &Path) -> std::io::Result<PathBuf> {
    if let Ok(path) = file.canonicalize() {
        return Ok(path);
    }
    let path = std::path::absolute(file)?;
    match (path.parent().map(Path::canonicalize), path.file_name()) {
        (Some(Ok(folder)), Some(name)) => Ok(folder.join(name)),
        _ => Ok(path),
    }
}

/// SQLITE_CORRUPT and SQLITE_NOTADB, and what FTS5 says of a structure that is not its own; or a table of it is not there.
#[must_use]
pub fn is_damaged(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return matches!(error, sqlx::Error::RowNotFound) };
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 11 | 26)) || error.message().starts_with("no such table")
}

/// Attaches the words to a connection to the database.
pub async fn attach(db: &mut SqliteConnection, file: &Path, cache: Option<&str>) -> sqlx::Result<()> {
    query("ATTACH DATABASE ? AS search").bind(file.to_string_lossy().into_owned()).execute(&mut *db).await?;
    // What a power cut takes from it is made anew; an erasure is verified after its bytes are on the disk.
    query("PRAGMA search.synchronous = NORMAL").execute(&mut *db).await?;
    if let Some(cache) = cache {
        query(sqlx::AssertSqlSafe(format!("PRAGMA search.cache_size = {cache}"))).execute(db).await?;
    }
    Ok(())
}
