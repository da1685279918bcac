//! A rotation of the keys: how many children's keys are wrapped anew in a second.

use std::time::Instant;

use rules::{ChildId, RecordingId, StoreId, Stores, Timestamp};
use service::keys::Keys;

use crate::{
    large::{memory, memory_from_here},
    row,
};

pub async fn run(children: usize) {
    let folder = tempfile::tempdir().unwrap();
    let now = Timestamp::from_ms(1_760_000_000_000);
    let keys = Keys::open(folder.path(), now).await.unwrap();
    let part = Stores::NONE.with(StoreId::Media);
    let all: Vec<_> = (0..children as u128)
        .map(|n| ((ChildId::from_parts(1, n), RecordingId::from_parts(1, n)), part))
        .collect();
    let begun = Instant::now();
    for some in all.chunks(1000) {
        keys.make(some).await.unwrap();
    }
    let made = children as f64 / begun.elapsed().as_secs_f64();
    let before = memory_from_here();
    let begun = Instant::now();
    let rotated = keys.rotate(|| now).await.unwrap();
    assert_eq!(rotated.children, children as u64);
    let seconds = begun.elapsed().as_secs_f64();
    let (wrapped, memory) = (children as f64 / seconds, memory() - before);
    row(
        &format!("rotation of {children} children's keys, all of it"),
        &format!("{seconds:.1} s, {wrapped:.0} keys/s; {memory:.1} MB more memory than before"),
        &format!("making them, with one recording's key each: {made:.0}/s"),
        None,
    );
}
