//! The npm package: the element's files with their types, hashes and licences, in an archive that is
//! the same byte for byte wherever and whenever the same files are packed.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::{Compression, GzBuilder};

use crate::measure;
use crate::report::json_string;
use crate::{page, paths, say};

/// What belongs to the standalone page and not to the element.
const PAGES_OWN: &[&str] = &["icon.svg", "index.html", "page.css", "page.js"];

/// The moment that npm itself gives to every file: 1985-10-26, since some tools refuse 1970.
const MODIFIED: u64 = 499_162_500;

/// Packs the built page's element into `dist-npm`, and returns the archive.
pub fn pack(page: &Path) -> Result<PathBuf> {
    let root = paths::root()?;
    let archive = archive(&contents(&root, page)?)?;
    let folder = root.join("dist-npm");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(format!("forget-me-not-{}.tgz", env!("CARGO_PKG_VERSION")));
    std::fs::write(&path, archive).with_context(|| format!("cannot write {}", path.display()))?;
    say::line(&format!("the npm package is {}", path.display()));
    Ok(path)
}

/// A file of the package: its name in it, and its bytes.
type Entry = (String, Vec<u8>);

/// Everything that is packed, sorted by name.
fn contents(root: &Path, page: &Path) -> Result<Vec<Entry>> {
    let read =
        |path: PathBuf| std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()));
    let mut entries = Vec::new();
    for (name, path) in page::files(page)? {
        if !PAGES_OWN.contains(&name.as_str()) {
            entries.push((name, read(path)?));
        }
    }
    entries.push(("integrity.json".to_owned(), integrity(&entries).into_bytes()));
    for (name, path) in page::files(&root.join("static/npm"))? {
        entries.push((name, read(path)?));
    }
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        entries.push((name.to_owned(), read(root.join(name))?));
    }
    entries.sort();
    if let Some(twice) = entries.windows(2).find(|two| two[0].0 == two[1].0) {
        bail!("{} would be in the package twice", twice[0].0);
    }
    Ok(entries)
}

/// The hash of every file that a browser loads, for `integrity` and for deployments to compare.
fn integrity(entries: &[Entry]) -> String {
    let lines: Vec<_> = entries
        .iter()
        .map(|(name, bytes)| format!("  {}: {}", json_string(name), json_string(&measure::integrity(bytes))))
        .collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

fn archive(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    for (name, bytes) in entries {
        gzip.write_all(&header(name, bytes.len())?)?;
        gzip.write_all(bytes)?;
        gzip.write_all(&vec![0; bytes.len().next_multiple_of(512) - bytes.len()])?;
    }
    // Two empty blocks end an archive.
    gzip.write_all(&[0; 1024])?;
    gzip.finish().context("cannot compress the package")
}

/// A header of the POSIX ustar format: a plain file, readable by all, of nobody.
fn header(name: &str, size: usize) -> Result<[u8; 512]> {
    let path = format!("package/{name}");
    let mut header = [0; 512];
    if path.len() > 100 {
        bail!("{path} is too long a name for the package");
    }
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &path);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, &format!("{MODIFIED:011o}\0"));
    // The sum is taken as if its own field were spaces.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::{Duration, SystemTime};

    /// A project with a built page, written in this order, its files this old.
    fn project(name: &str, reversed: bool, age: Duration) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-package-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let mut files = vec![
            ("page/index.html", "the page's own"),
            ("page/forget-me-not.js", "shim"),
            ("page/locales/en.json", "{}"),
            ("page/forget_me_not_bg.wasm", "\0asm"),
            ("static/npm/package.json", "{}"),
            ("LICENSE-APACHE", "a"),
            ("LICENSE-MIT", "m"),
        ];
        if reversed {
            files.reverse();
        }
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("it is below the folder")).expect("writable");
            std::fs::write(&path, text).expect("writable");
            let file = std::fs::File::options().append(true).open(&path).expect("writable");
            file.set_modified(SystemTime::now() - age).expect("its time can be set");
        }
        folder
    }

    fn packed(folder: &Path) -> Vec<u8> {
        archive(&contents(folder, &folder.join("page")).expect("readable")).expect("packed")
    }

    #[test]
    fn the_same_files_make_the_same_bytes_in_any_folder_at_any_time() {
        let one = project("one", false, Duration::ZERO);
        let other = project("other", true, Duration::from_secs(1_000_000));
        assert_eq!(packed(&one), packed(&other));
        std::fs::write(other.join("page/locales/en.json"), "{ }").expect("writable");
        assert_ne!(packed(&one), packed(&other), "it depends on what is in the files");
        for folder in [one, other] {
            let _ = std::fs::remove_dir_all(folder);
        }
    }

    #[test]
    fn other_tools_read_the_archive() {
        let folder = project("tar", false, Duration::ZERO);
        let path = folder.join("p.tgz");
        std::fs::write(&path, packed(&folder)).expect("writable");
        let listed = Command::new("tar").arg("-tvzf").arg(&path).output().expect("there is a tar");
        assert!(listed.status.success());
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let names: Vec<_> = listed.lines().filter_map(|line| line.rsplit(' ').next()).collect();
        assert_eq!(
            names,
            [
                "package/LICENSE-APACHE",
                "package/LICENSE-MIT",
                "package/forget-me-not.js",
                "package/forget_me_not_bg.wasm",
                "package/integrity.json",
                "package/locales/en.json",
                "package/package.json"
            ]
        );
        assert!(
            listed.lines().all(|line| line.starts_with("-rw-r--r-- 0/0 ") && line.contains(" 1985-10-26 "))
        );
        let _ = std::fs::remove_dir_all(folder);
    }

    #[test]
    fn the_package_is_of_this_version_and_runs_nothing_when_it_is_installed() {
        let package = include_str!("../../static/npm/package.json");
        assert!(package.contains(&format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"))));
        assert!(!package.contains("scripts") && !package.contains("ependencies"));
    }
}
