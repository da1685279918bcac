//! Bytes that stand nowhere else, other ones for each store: searched for in every file once a store has forgotten.

use rules::location::Place;
use sqlx::{ConnectOptions as _, Connection as _, query, sqlite::SqliteConnectOptions};

use crate::household::{Household, holds};

/// A word of the nth of a kind: `t` what a recording says, `n` the vendor's name for it, `d` a device's, `s` what was
/// made. The number comes first: what words have in
/// common at their beginnings an index may write once for all of them.
pub fn word(kind: char, n: usize) -> String {
    format!("{}{}", letters(n), tail(kind, n))
}

/// The part of it that no other has.
fn tail(kind: char, n: usize) -> String {
    format!("q{kind}xcanary{}q", letters(n))
}

/// Whether files have a word of the nth of something.
pub fn has_word(files: &[u8], kind: char, n: usize) -> bool {
    holds(files, tail(kind, n).as_bytes())
}

fn letters(n: usize) -> String {
    n.to_string().bytes().map(|digit| char::from(b'a' + (digit - b'0'))).collect()
}

/// Where the nth was captured.
pub fn place(n: usize) -> Place {
    let n = i32::try_from(n).unwrap();
    Place::new(47_100_003 + 7919 * n, -122_300_007 - 104_729 * n, Some(20)).unwrap()
}

/// How a database would write a place.
pub fn has_place(files: &[u8], place: Place) -> bool {
    holds(files, &[place.latitude_udeg.to_be_bytes(), place.longitude_udeg.to_be_bytes()].concat())
}

/// A second of sound, louder and softer as no other.
pub fn sound(n: usize) -> Vec<u8> {
    let loudness = |step: usize| {
        let mixed = (n * 1000 + step + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        u8::try_from(mixed >> 40 & 0x7f).unwrap()
    };
    let sample = |i: usize| if i.is_multiple_of(2) { 128 + loudness(i / 40) } else { 128 - loudness(i / 40) };
    let mut wav = crate::household::wav("");
    wav.extend((0..8000).map(sample));
    wav
}

/// Whether files have any piece of it in the clear.
pub fn has_sound(files: &[u8], n: usize) -> bool {
    sound(n)[44..].chunks(1000).any(|piece| holds(files, &piece[..200]))
}

/// Whether files have the picture of its loudness.
pub fn has_waveform(files: &[u8], waveform: &[u8]) -> bool {
    waveform.chunks_exact(32).any(|piece| holds(files, piece))
}

/// What is never to be in a file in the clear is never found: this is what shows that it would be.
#[tokio::test]
async fn what_is_looked_for_would_be_found_if_it_lay_in_the_clear() {
    let home = Household::new().await;
    let waveform = &sound(4)[44..300];
    let kinds = |files: &[u8]| {
        let words = ['t', 'n', 'd', 's'].map(|kind| has_word(files, kind, 3));
        [&words[..], &[has_place(files, place(3)), has_waveform(files, waveform), has_sound(files, 3)]]
            .concat()
    };
    assert_eq!(kinds(&home.all_bytes()), [false; 7]);
    let file = home.folder.path().join("clear.db");
    let mut db = SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap();
    query("CREATE TABLE clear (word TEXT, other TEXT, device TEXT, thing TEXT, latitude INTEGER, longitude INTEGER, waveform BLOB)")
        .execute(&mut db)
        .await
        .unwrap();
    query("INSERT INTO clear VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(word('t', 3))
        .bind(word('n', 3))
        .bind(word('d', 3))
        .bind(word('s', 3))
        .bind(place(3).latitude_udeg)
        .bind(place(3).longitude_udeg)
        .bind(waveform)
        .execute(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();
    // A sound lies in a file of its own.
    let clear = home.all_bytes();
    assert_eq!(kinds(&clear), [true, true, true, true, true, true, false]);
    std::fs::write(home.folder.path().join("clear.wav"), sound(3)).unwrap();
    assert_eq!(kinds(&home.all_bytes()), [true; 7]);
}
