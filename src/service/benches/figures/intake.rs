//! Import of a folder of real files, beside the floor: reading, hashing and copying the same files.

use std::{path::Path, time::Instant};

use service::{
    core::{Core, Policy},
    import::{self, Progress, run::Options},
    ingest,
};
use sha2::{Digest, Sha256};

use crate::row;

pub async fn run(files: usize) {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), files);

    let data = tempfile::tempdir().unwrap();
    let core = Core::open(data.path(), Policy::default()).await.unwrap();
    let child = ingest::find_or_make_child(&core, "guardian", "Mia").await.unwrap();
    let begun = Instant::now();
    let source = import::open(folder.path(), core.clock.now()).unwrap();
    let report = import::run::run(
        &core,
        source,
        &Options::new(child, None),
        &Progress::quiet(),
        std::future::pending(),
    )
    .await
    .unwrap();
    assert_eq!(report.added, files as u64, "{report:?}");
    let ours = files as f64 / begun.elapsed().as_secs_f64();

    let copies = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    for n in 0..files {
        let name = format!("{n}.opus");
        let bytes = std::fs::read(folder.path().join(&name)).unwrap();
        std::hint::black_box(Sha256::digest(&bytes));
        std::fs::write(copies.path().join(name), bytes).unwrap();
    }
    let floor = files as f64 / begun.elapsed().as_secs_f64();
    row(
        &format!("import of {files} Opus files of two seconds, with a manifest"),
        &format!("{ours:.0} files/s"),
        &format!("read, hash and copy: {floor:.0}/s"),
        Some(ours / floor),
    );
}

/// Clips of the demo under many names, and a manifest that gives each its moment and words.
fn make(folder: &Path, files: usize) {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../static/demo/kitchen-sky.opus");
    let clip = std::fs::read(clip).unwrap();
    let mut manifest = String::from("file,captured_at,device,transcript,latitude,longitude,accuracy_m\n");
    let start: rules::Timestamp = "2025-03-01T08:00:00Z".parse().unwrap();
    for n in 0..files {
        std::fs::write(folder.join(format!("{n}.opus")), &clip).unwrap();
        let at = start.plus_seconds(i64::try_from(n).unwrap() * 60);
        manifest.push_str(&format!("{n}.opus,{at},Kitchen,why is the sky blue {n},47.6062,-122.3321,20\n"));
    }
    std::fs::write(folder.join("manifest.csv"), manifest).unwrap();
}
