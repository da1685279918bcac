//! Puts the locale files into the binary, those that are there when it is built: the element's, and
//! beside each the few texts that only the plain pages have (no phone loads them with the element).
#![allow(missing_docs, clippy::unwrap_used, reason = "a build that cannot go on has failed")]

use std::{env, fmt::Write, fs, path::Path};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../static/locales");
    let own = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("plain/locales");
    println!("cargo:rerun-if-changed={}", folder.display());
    println!("cargo:rerun-if-changed={}", folder.join("later").display());
    println!("cargo:rerun-if-changed={}", own.display());
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files.sort();
    let mut list = String::from("[\n");
    for file in files {
        let file = file.canonicalize().unwrap();
        println!("cargo:rerun-if-changed={}", file.display());
        write!(list, "    [include_str!({file:?})").unwrap();
        for more in [&folder.canonicalize().unwrap().join("later"), &own] {
            let more = more.join(file.file_name().unwrap());
            if more.exists() {
                println!("cargo:rerun-if-changed={}", more.display());
                write!(list, ", include_str!({more:?})").unwrap();
            } else {
                list.push_str(", \"{}\"");
            }
        }
        list.push_str("],\n");
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("locales.rs"), list).unwrap();
}
