//! The words that are searched for, in a file of their own beside the database.
//!
//! They cannot lie under the keys of recordings, or nothing could be found by them. So they are in a file that belongs
//! into no backup: it is made anew from the transcripts that still open, wherever it is missing, unreadable or
//! behind ([`crate::search::mend`]). Each connection has it attached as `search`. No transaction
//! writes both files, for SQLite could commit the one and fail with the other: an entry comes after its recording.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use sqlx::{ConnectOptions, Connection, SqliteConnection, query, query_scalar};

use super::options;

/// Its name in the data folder.
pub const FILE: &str = "search.db";
/// Says where it is instead, if it is elsewhere.
pub const ELSEWHERE: &str = "search.path";
/// What SQLite keeps beside a database.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];

/// Where the words of a data folder are.
pub fn file(data: &Path) -> std::io::Result<PathBuf> {
    match std::fs::read_to_string(data.join(ELSEWHERE)) {
        Ok(path) => Ok(data.join(path.trim_end_matches('\n'))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(data.join(FILE)),
        Err(error) => Err(error),
    }
}

/// Has the words of a data folder in another file from now on, on a disk that no backup takes, say. Those in the
/// file before are removed.
pub fn put(data: &Path, path: &Path) -> anyhow::Result<()> {
    let path = std::path::absolute(path)?;
    let folder = path.parent().unwrap_or(&path);
    ensure!(folder.is_dir(), "there is no folder {}", folder.display());
    let before = file(data)?;
    if path == before {
        return Ok(());
    }
    let text = path.to_str().context("its path is not UTF-8")?;
    remove(&before)?;
    let staged = data.join(format!("{ELSEWHERE}.new"));
    let mut file = File::create(&staged)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(staged, data.join(ELSEWHERE))?;
    Ok(File::open(data)?.sync_all()?)
}

/// Removes the words. They are made anew at the next start.
pub fn remove(file: &Path) -> std::io::Result<()> {
    for part in PARTS {
        let mut path = file.as_os_str().to_owned();
        path.push(part);
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Makes the file where there is none, also where there is one that cannot be read.
pub async fn prepare(file: &Path) -> anyhow::Result<()> {
    let opened = match open(file).await {
        Err(error) if is_damaged(&error) => {
            tracing::warn!(%error, "the search index cannot be read and is made anew");
            remove(file)?;
            open(file).await
        }
        opened => opened,
    };
    opened.with_context(|| format!("cannot open the search index {}", file.display()))
}

async fn open(file: &Path) -> sqlx::Result<()> {
    let mut db = options(file).connect().await?;
    let there: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'search_index')")
        .fetch_one(&mut db)
        .await?;
    if !there {
        for sql in [
            // Words arrive split, folded and prefixed with the child's number (search.rs), so ASCII rules are enough.
            "CREATE VIRTUAL TABLE IF NOT EXISTS search_index USING fts5 (words, tokenize = \"ascii\")",
            // Without it FTS5 leaves deleted words in its segments until they happen to merge.
            "INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1)",
        ] {
            query(sql).execute(&mut db).await?;
        }
    }
    query("SELECT rowid FROM search_index LIMIT 1").execute(&mut db).await?;
    db.close().await
}

/// SQLITE_CORRUPT and SQLITE_NOTADB, and what FTS5 says of a structure that is not its own.
fn is_damaged(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 11 | 26))
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
