//! The demo's data folder, and when it may be deleted.
//!
//! A folder belongs to the demo when this command found it empty, or made it,
//! and left a marker in it. Only such a folder is served in demo mode, where
//! anybody on this machine may sign in, and only such a folder is emptied by
//! `--fresh`, and only of what the service itself puts there.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The file that says "made by the demo".
const MARKER: &str = ".forget-me-not-demo";

/// What the marker says. A file of that name with other words is not ours.
const MARKER_TEXT: &str = "\
Demo data of Forget-me-not, made by `cargo xtask demo`.
`cargo xtask demo --fresh` deletes what the service keeps in this folder.
";

/// What the service makes in its data folder. Anything else was put there by somebody.
const FOLDERS: &[&str] = &["demo.unfinished", "epochs", "ledger", "media", "processes", "uploads", "witness"];
const DATABASES: &[&str] = &["forget-me-not.db", "keys.db"];
const FILES: &[&str] = &[
    "ledger.key",
    "ledger.lock",
    "ledger.policy",
    "opening.lock",
    "rotate.lock",
    "serve.lock",
    "tombstone.key",
    "vendor.key",
];

/// A data folder of the demo, held against a second demo until dropped.
#[derive(Debug)]
pub struct DemoFolder {
    path: PathBuf,
    _held: File,
}

impl DemoFolder {
    /// Takes the folder into use: makes it and marks it when there is nothing
    /// there yet, and refuses a folder that is not the demo's.
    pub fn open(path: &Path) -> Result<Self> {
        let remedy = "choose another folder: cargo xtask demo --data DIR";
        std::fs::create_dir_all(path)
            .with_context(|| format!("cannot use {} for the demo ({remedy})", path.display()))?;
        let marker = path.join(MARKER);
        match state(path)? {
            State::Empty => {
                // Created anew, never overwritten: two demos may come at once.
                let made =
                    File::create_new(&marker).and_then(|mut file| file.write_all(MARKER_TEXT.as_bytes()));
                made.with_context(|| format!("cannot write to {} ({remedy})", path.display()))?;
            }
            State::Marked => {}
            State::Foreign(why) => bail!("{} {why}; {remedy}", path.display()),
        }
        let held = File::options()
            .read(true)
            .append(true)
            .open(&marker)
            .with_context(|| format!("cannot write to {} ({remedy})", path.display()))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!("{} is in use by another demo: stop that one (Ctrl-C), or {remedy}", path.display())
            }
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", marker.display()));
            }
        }
        let path =
            path.canonicalize().with_context(|| format!("cannot use {} ({remedy})", path.display()))?;
        Ok(Self { path, _held: held })
    }

    /// The folder, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Deletes the household and keeps the folder with its marker. Looks at
    /// everything before it deletes anything.
    pub fn empty(&self) -> Result<()> {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let dear = [crate::paths::root().ok(), home, std::env::current_dir().ok()];
        if let Some(inside) = first_inside(&self.path, dear.into_iter().flatten()) {
            bail!(
                "--fresh does not touch {}, for {} is in it: choose another folder with --data DIR",
                self.path.display(),
                inside.display()
            );
        }
        let service = self.path.join("serve.lock");
        if File::open(&service).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock))) {
            bail!("a service runs on {}: stop it before --fresh", self.path.display());
        }
        let mut doomed = Vec::new();
        for entry in entries(&self.path)? {
            let kind =
                entry.file_type().with_context(|| format!("cannot look at {}", entry.path().display()))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if kind.is_file() && name == MARKER {
                continue;
            }
            let known = (kind.is_dir() && FOLDERS.contains(&&*name))
                || (kind.is_file() && FILES.contains(&&*name))
                || (kind.is_file() && DATABASES.iter().any(|known| is_part_of(&name, known)));
            if !known {
                bail!(
                    "--fresh deletes only what the demo made, and {} is something else: \
                     move it away, or choose another folder with --data DIR",
                    entry.path().display()
                );
            }
            doomed.push((entry.path(), kind.is_dir()));
        }
        for (path, is_folder) in doomed {
            if is_folder { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }
                .with_context(|| format!("cannot delete {}", path.display()))?;
        }
        Ok(())
    }
}

/// The first of these folders that is the given one or lies below it.
fn first_inside(path: &Path, mut folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    folders.find(|folder| folder.canonicalize().is_ok_and(|real| real.starts_with(path)))
}

/// A database file itself, or one that SQLite keeps beside it.
fn is_part_of(name: &str, database: &str) -> bool {
    name.strip_prefix(database).is_some_and(|rest| ["", "-wal", "-shm", "-journal"].contains(&rest))
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Empty,
    Marked,
    Foreign(&'static str),
}

fn state(path: &Path) -> Result<State> {
    let marker = path.join(MARKER);
    match std::fs::symlink_metadata(&marker) {
        Ok(metadata) if metadata.is_file() => {
            let text = std::fs::read(&marker).with_context(|| format!("cannot read {}", marker.display()))?;
            Ok(if text == MARKER_TEXT.as_bytes() {
                State::Marked
            } else {
                State::Foreign("has a marker of the demo that the demo did not write")
            })
        }
        Ok(_) => Ok(State::Foreign("has a marker of the demo that is not a file")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(if entries(path)?.is_empty() {
            State::Empty
        } else {
            State::Foreign("holds files that the demo did not make")
        }),
        Err(error) => Err(error).with_context(|| format!("cannot look at {}", marker.display())),
    }
}

fn entries(path: &Path) -> Result<Vec<std::fs::DirEntry>> {
    std::fs::read_dir(path)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A folder for one test, deleted at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let name = format!("xtask-data-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir(&path).expect("the temporary folder is writable");
            Self(path)
        }

        fn file(&self, name: &str) -> PathBuf {
            let path = self.0.join(name);
            std::fs::create_dir_all(path.parent().expect("it is below the folder"))
                .expect("the folder is writable");
            std::fs::write(&path, "precious").expect("the folder is writable");
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn refusal<T>(result: Result<T>) -> String {
        match result {
            Ok(_) => panic!("it was not refused"),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn an_empty_folder_becomes_the_demos_and_stays_it() {
        let scratch = Scratch::new();
        drop(DemoFolder::open(&scratch.0).expect("it is empty"));
        scratch.file("forget-me-not.db");
        drop(DemoFolder::open(&scratch.0).expect("it is marked"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_made() {
        let scratch = Scratch::new();
        let path = scratch.0.join("a/b");
        DemoFolder::open(&path).expect("it can be made");
        assert!(path.join(MARKER).is_file());
    }

    #[test]
    fn fresh_deletes_what_the_service_made_and_keeps_the_marker() {
        let scratch = Scratch::new();
        let folder = DemoFolder::open(&scratch.0).expect("it is empty");
        let made = [
            scratch.file("forget-me-not.db"),
            scratch.file("forget-me-not.db-wal"),
            scratch.file("forget-me-not.db-shm"),
            scratch.file("media/chd_1/rec_1"),
            scratch.file("uploads/half"),
            scratch.file("vendor.key"),
            scratch.file("serve.lock"),
        ];
        folder.empty().expect("all of it is the service's");
        assert!(made.iter().all(|path| !path.exists()));
        assert_eq!(state(&scratch.0).expect("it is there"), State::Marked);
        folder.empty().expect("nothing is left to delete");
    }

    #[test]
    fn a_household_without_the_marker_is_neither_served_nor_deleted() {
        let scratch = Scratch::new();
        let database = scratch.file("forget-me-not.db");
        assert!(refusal(DemoFolder::open(&scratch.0)).contains("did not make"));
        assert!(database.exists());
        assert!(!scratch.0.join(MARKER).exists(), "a refused folder was marked");
    }

    #[test]
    fn a_household_that_a_service_has_open_is_not_deleted() {
        let scratch = Scratch::new();
        let folder = DemoFolder::open(&scratch.0).expect("it is empty");
        let database = scratch.file("forget-me-not.db");
        let service = File::create(scratch.0.join("serve.lock")).expect("it is writable");
        service.try_lock().expect("nobody else has it");
        assert!(refusal(folder.empty()).contains("a service runs"));
        assert!(database.exists());
        drop(service);
        folder.empty().expect("the service has ended");
    }

    #[test]
    fn a_folder_around_the_project_or_the_home_is_never_emptied() {
        let root = crate::paths::root().expect("the project is somewhere");
        let above = root.parent().expect("it is not the root folder").to_owned();
        for folder in [Path::new("/"), &above, &root] {
            assert_eq!(first_inside(folder, [root.clone()].into_iter()), Some(root.clone()));
        }
        let beside = Scratch::new();
        assert_eq!(first_inside(&beside.0, [root].into_iter()), None);
    }

    #[test]
    fn one_strange_file_saves_everything() {
        for strange in ["letters.txt", ".git/HEAD", "media.txt", "forget-me-not.db.backup"] {
            let scratch = Scratch::new();
            let folder = DemoFolder::open(&scratch.0).expect("it is empty");
            let database = scratch.file("forget-me-not.db");
            let media = scratch.file("media/chd_1/rec_1");
            let other = scratch.file(strange);
            assert!(refusal(folder.empty()).contains("something else"), "{strange}");
            assert!(database.exists() && media.exists() && other.exists(), "{strange}");
        }
    }

    #[test]
    fn a_link_named_like_the_services_folder_is_not_followed() {
        let scratch = Scratch::new();
        let elsewhere = Scratch::new();
        let precious = elsewhere.file("photo.jpg");
        let folder = DemoFolder::open(&scratch.0).expect("it is empty");
        std::os::unix::fs::symlink(&elsewhere.0, scratch.0.join("media")).expect("links work");
        assert!(refusal(folder.empty()).contains("something else"));
        assert!(precious.exists());
    }

    #[test]
    fn links_inside_the_media_folder_lose_the_link_and_not_the_target() {
        let scratch = Scratch::new();
        let elsewhere = Scratch::new();
        let precious = elsewhere.file("photo.jpg");
        let folder = DemoFolder::open(&scratch.0).expect("it is empty");
        scratch.file("media/chd_1/rec_1");
        std::os::unix::fs::symlink(&elsewhere.0, scratch.0.join("media/link")).expect("links work");
        folder.empty().expect("media is the service's");
        assert!(precious.exists());
    }

    #[test]
    fn a_marker_with_other_words_or_of_another_kind_counts_for_nothing() {
        let scratch = Scratch::new();
        scratch.file(MARKER);
        assert!(refusal(DemoFolder::open(&scratch.0)).contains("did not write"));

        let scratch = Scratch::new();
        let elsewhere = Scratch::new();
        let real = elsewhere.file("marker");
        std::fs::write(&real, MARKER_TEXT).expect("it is writable");
        std::os::unix::fs::symlink(&real, scratch.0.join(MARKER)).expect("links work");
        assert!(refusal(DemoFolder::open(&scratch.0)).contains("not a file"));
    }

    #[test]
    fn a_folder_in_use_by_another_demo_is_refused() {
        let scratch = Scratch::new();
        let first = DemoFolder::open(&scratch.0).expect("it is empty");
        assert!(refusal(DemoFolder::open(&scratch.0)).contains("another demo"));
        drop(first);
        DemoFolder::open(&scratch.0).expect("it is free again");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_with_the_remedy() {
        let scratch = Scratch::new();
        let file = scratch.file("in-the-way");
        let text = refusal(DemoFolder::open(&file.join("demo")));
        assert!(text.contains("in-the-way/demo") && text.contains("--data DIR"), "{text}");
    }
}
