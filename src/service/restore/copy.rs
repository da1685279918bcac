//! What is lost comes from the backup; what is left is newer, and stays.

use std::{
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use super::{MARKER, Stage, mark, stage};
use crate::{
    db::index,
    faults,
    journal::{self, file::Reader},
    keys, ledger,
    tombstone::{self, Tombstones},
};

/// The database: always the backup's.
const DATABASE: &str = "forget-me-not.db";
/// The keys: the backup's only where the folder has none. A newer one has no less that is alive, and nothing
/// that was destroyed.
const KEYS: &str = "keys.db";
/// What opens the keys. Without its match either is worth nothing.
const EPOCHS: &str = "epochs";
/// A database and its log belong together.
const PARTS: [&str; 2] = ["-wal", ""];
/// The end of the name of a database as long as not all is copied.
const STAGED: &str = ".restoring";
/// Folders of files that have a meaning each: those that the folder does not have come from the backup.
const MERGED: [&str; 2] = ["media", journal::FOLDER];
/// What belonged to processes, and to a machine.
const PASSING: [&str; 3] = ["processes", "uploads", index::ELSEWHERE];

/// Begins to restore `data` from the backup in `from`, or goes on with it; without what the folder `deletions` lacks,
/// where whoever runs the service says so.
pub async fn begin(data: &Path, from: &Path, accepts_missing: bool) -> anyhow::Result<()> {
    copy_from(data, from).await?;
    match stage(data)? {
        Some(Stage::Replaying { name, .. }) if accepts_missing => {
            mark(data, &Stage::Replaying { name, accepts_missing })
        }
        _ => Ok(()),
    }
}

async fn copy_from(data: &Path, from: &Path) -> anyhow::Result<()> {
    let from = from.canonicalize().with_context(|| format!("there is no backup in {}", from.display()))?;
    match stage(data)? {
        Some(Stage::Copying(other)) if other != from => {
            bail!("{} is being restored from {} already", data.display(), other.display())
        }
        Some(_) => return go_on(data),
        None => {}
    }
    ensure!(from.join(DATABASE).is_file(), "there is no database in the backup {}", from.display());
    nothing_stands_there(data)?;
    ensure!(
        data.join(journal::FOLDER).is_dir(),
        "there is no folder {} in {}: without what the lost service wrote there, what was deleted after the backup would be \
         there again. Copy it from where you keep it",
        journal::FOLDER,
        data.display()
    );
    published_is_there(data, &from)?;
    deletions_are_understood(data, &from)?;
    keys_fit(data, &from).await?;
    mark(data, &Stage::Copying(from))?;
    go_on(data)
}

/// Refuses files of deletions whose marks are not under the key at hand: nothing would be recognised.
fn deletions_are_understood(data: &Path, from: &Path) -> anyhow::Result<()> {
    // The marks were made with one key, and the backup's is the same or a mistake.
    let key = |folder: &Path| read(&folder.join(tombstone::FILE));
    if let (Some(ours), Some(theirs)) = (key(data)?, key(from)?) {
        ensure!(
            ours == theirs,
            "{} is a backup of another service: its tombstone.key is another",
            from.display()
        );
    }
    let key = key(data)?.or(key(from)?);
    for folder in [data, from] {
        for path in journal::all(folder)?.paths() {
            let key = key.as_ref().with_context(|| {
                format!(
                    "there is no tombstone.key in {} or {}: without it nobody knows which recordings were deleted",
                    data.display(),
                    from.display()
                )
            })?;
            Reader::open(path, &Tombstones::under(key)?.mark_of_key())?;
        }
    }
    Ok(())
}

/// Refuses where something stands in the place of a database that is to come from the backup.
fn nothing_stands_there(data: &Path) -> anyhow::Result<()> {
    for end in PARTS {
        let file = data.join(format!("{DATABASE}{end}"));
        ensure!(
            !file.exists(),
            "there is a database in {}: move {} away, and delete it once what is restored works, for no deletion reaches it there",
            data.display(),
            file.display()
        );
    }
    let log = data.join(format!("{KEYS}-wal"));
    ensure!(
        data.join(KEYS).exists() || !log.exists(),
        "{} has lost its {KEYS}: copy that to {} too, or move the log away",
        log.display(),
        data.display()
    );
    Ok(())
}

/// Refuses keys that would open nothing: each comes from the folder if it has it, else from the backup.
async fn keys_fit(data: &Path, from: &Path) -> anyhow::Result<()> {
    let of = |name: &str| if data.join(name).exists() { data } else { from };
    let (keys, epochs) = (of(KEYS), of(EPOCHS));
    ensure!(
        keys.join(KEYS).is_file(),
        "there is no {KEYS} in {} or {}: without it no recording can be heard",
        data.display(),
        from.display()
    );
    // Looked at in a copy: a backup may be there to be read only, and stays what it is.
    let copy = data.join(format!("{KEYS}.looked-at"));
    remove(&copy)?;
    std::fs::create_dir(&copy)?;
    together(keys, &copy, KEYS, "")?;
    let fits = keys::fit(&copy.join(KEYS), &keys::LocalFiles::left_in(epochs)).await;
    remove(&copy)?;
    ensure!(
        fits.with_context(|| format!("cannot read the {KEYS} in {}", keys.display()))?,
        "the {KEYS} in {} does not open with the {EPOCHS}/ in {}: they belong together. Copy both of the lost service to \
         {}, or move both away from there to restore the backup's",
        keys.display(),
        epochs.display(),
        data.display()
    );
    Ok(())
}

/// Refuses to go on with a ledger that is older than what was published: it would become another one, and whoever
/// follows it would find it forked.
fn published_is_there(data: &Path, from: &Path) -> anyhow::Result<()> {
    let published = ledger::checkpoint_size(&data.join(journal::FOLDER).join(journal::CHECKPOINT))?;
    let folder = if data.join("ledger").exists() { data } else { from };
    let here = ledger::checkpoint_size(&folder.join("ledger/checkpoint"))?;
    ensure!(
        here >= published,
        "the ledger has published {published} entries, and the one in {} has {here}: copy the lost service's folder ledger/ \
         to {} first; it is public, and whoever follows the ledger has it",
        folder.display(),
        data.display()
    );
    Ok(())
}

/// Ends what was begun, if anything was.
pub fn go_on(data: &Path) -> anyhow::Result<()> {
    if let Some(Stage::Copying(from)) = stage(data)? {
        ensure!(
            from.is_dir(),
            "{} is being restored, and its backup {} is not there any more",
            data.display(),
            from.display()
        );
        nothing_stands_there(data)?;
        copy(data, &from).with_context(|| format!("cannot copy from {}", from.display()))?;
        mark(data, &Stage::Placing(format!("{:016x}", rand::random::<u64>())))?;
    }
    if let Some(Stage::Placing(name)) = stage(data)? {
        place(data)?;
        faults::point("restore-copied");
        mark(data, &Stage::Replaying { name, accepts_missing: false })?;
    }
    Ok(())
}

/// Gives the databases their names, now that all is there. What has one already is somebody's.
fn place(data: &Path) -> anyhow::Result<()> {
    // The words of the lost database: those of the backup's are made anew from its transcripts.
    index::forget(data)?;
    for name in [DATABASE, KEYS] {
        for end in PARTS {
            let to = data.join(format!("{name}{end}"));
            let staged = data.join(format!("{name}{end}{STAGED}"));
            if !staged.exists() {
                continue;
            }
            ensure!(!to.exists(), "{} is where the backup's is to be: move it away", to.display());
            std::fs::rename(staged, to)?;
            faults::point("restore-placing");
        }
    }
    Ok(File::open(data)?.sync_all()?)
}

fn copy(data: &Path, from: &Path) -> anyhow::Result<()> {
    // No part of one that was copied half stays beside another's.
    for name in [DATABASE, KEYS] {
        for end in PARTS {
            remove(&data.join(format!("{name}{end}{STAGED}")))?;
        }
    }
    together(from, data, DATABASE, STAGED)?;
    faults::point("restore-copying");
    if !data.join(KEYS).exists() {
        together(from, data, KEYS, STAGED)?;
    }
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let to = data.join(&name);
        let databases = [DATABASE, KEYS, index::FILE].iter().any(|it| name.starts_with(it))
            || entry.path().is_file() && index::is_one(&entry.path())?;
        let passing = PASSING.contains(&&*name) || name.ends_with(".lock") || name.starts_with(MARKER);
        if MERGED.contains(&&*name) {
            tree(&entry.path(), &to)?;
        } else if !databases && !passing && !to.exists() {
            // Whole or not there: a key, a folder of epochs, the ledger's files.
            let staged = data.join(format!("{name}.copying"));
            remove(&staged)?;
            tree(&entry.path(), &staged)?;
            std::fs::rename(staged, to)?;
        }
    }
    Ok(File::open(data)?.sync_all()?)
}

/// A database and its log.
fn together(from: &Path, to: &Path, name: &str, staged: &str) -> anyhow::Result<()> {
    for end in PARTS {
        let name = format!("{name}{end}");
        if from.join(&name).is_file() {
            file(&from.join(&name), &to.join(format!("{name}{staged}")))?;
        }
    }
    Ok(())
}

/// Copies what is not there, down to the last folder.
fn tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.is_file() {
        return file(from, to);
    }
    std::fs::create_dir_all(to)?;
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() || !to.exists() {
            tree(&entry.path(), &to)?;
        }
    }
    Ok(File::open(to)?.sync_all()?)
}

/// Copies a file with its permissions, durably, and seen under its name only once it is whole.
fn file(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut staged = to.as_os_str().to_owned();
    staged.push("#copying");
    let staged = PathBuf::from(staged);
    std::fs::copy(from, &staged)?;
    File::open(&staged)?.sync_all()?;
    Ok(std::fs::rename(staged, to)?)
}

fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
