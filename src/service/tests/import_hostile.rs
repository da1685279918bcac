//! Nothing that a file contains may get through probing as a panic, a loop or memory without end.
//!
//! Symphonia 0.6.1 does panic on some of these files (arithmetic in its MP4 demuxer, where overflow is checked);
//! `probe` turns that into a refusal, and these tests fail if it does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod import_support;

use std::{fs, io::Cursor, sync::OnceLock};

use import_support::{FILMS, SOUNDS, ffmpeg, folder};
use proptest::prelude::*;
use service::media::{ProbeError, blank_places, probe};

/// A short recording of every format, small enough that one changed byte often matters.
fn specimens() -> &'static Vec<(&'static str, Vec<u8>)> {
    static SPECIMENS: OnceLock<Vec<(&'static str, Vec<u8>)>> = OnceLock::new();
    SPECIMENS.get_or_init(|| {
        let dir = folder();
        let signal = ["-f", "lavfi", "-i", "sine=d=0.3:sample_rate=48000"];
        let pictures = ["-f", "lavfi", "-i", "testsrc2=duration=0.3:size=32x32:rate=10"];
        let location = ["-metadata", "location=+47.6062-122.3321/"];
        let make = |name: &'static str, codec: &[&str], filmed: bool| {
            let path = dir.path().join(name);
            let mut args = signal.to_vec();
            if filmed {
                args.extend(pictures);
            }
            args.extend(codec);
            args.extend(location);
            args.push(path.to_str().unwrap());
            ffmpeg(&args);
            (name, fs::read(path).unwrap())
        };
        let sounds = SOUNDS.iter().map(|(name, codec, _)| make(name, codec, false));
        let films = FILMS.iter().map(|(name, codec, _)| make(name, codec, true));
        sounds.chain(films).collect()
    })
}

fn survives(bytes: Vec<u8>) -> Result<(), TestCaseError> {
    hush();
    let mut bytes = Cursor::new(bytes);
    if let Ok(probed) = probe(&mut bytes) {
        prop_assert!(probed.duration_ms > 0 && probed.bytes == bytes.get_ref().len() as u64);
    }
    let len = bytes.get_ref().len();
    prop_assert!(blank_places(&mut bytes).is_ok());
    prop_assert_eq!(bytes.get_ref().len(), len);
    Ok(())
}

/// Keeps the panics that `probe` catches from being printed a thousand times.
fn hush() {
    static HUSHED: std::sync::Once = std::sync::Once::new();
    HUSHED.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_none_or(|at| !at.file().contains("symphonia")) {
                print(panic);
            }
        }));
    });
}

/// One injury to a file. Positions are taken modulo its length.
#[derive(Debug, Clone)]
enum Injury {
    Byte(usize, u8),
    Word(usize, u32),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
    Zero(usize, usize),
}

fn injury() -> impl Strategy<Value = Injury> {
    // Half of the positions lie in the first kilobyte, where headers are.
    let at = prop_oneof![0_usize..1024, any::<usize>()];
    let edges =
        prop_oneof![Just(0), Just(1), Just(0x7fff_ffff), Just(0x8000_0000), Just(u32::MAX), any::<u32>()];
    prop_oneof![
        4 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Injury::Byte(at, byte)),
        3 => (at.clone(), edges).prop_map(|(at, word)| Injury::Word(at, word)),
        1 => at.clone().prop_map(Injury::Cut),
        1 => (at.clone(), 1_usize..64).prop_map(|(at, len)| Injury::Remove(at, len)),
        1 => (at.clone(), 1_usize..512).prop_map(|(at, len)| Injury::Repeat(at, len)),
        1 => (at, 1_usize..256).prop_map(|(at, len)| Injury::Zero(at, len)),
    ]
}

fn injure(bytes: &mut Vec<u8>, injury: &Injury) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    let range = |at: usize, count: usize| at % len..(at % len + count).min(len);
    match *injury {
        Injury::Byte(at, byte) => bytes[at % len] = byte,
        Injury::Word(at, word) => {
            let range = range(at, 4);
            let count = range.len();
            bytes[range].copy_from_slice(&word.to_be_bytes()[..count]);
        }
        Injury::Cut(at) => bytes.truncate(at % len),
        Injury::Remove(at, count) => drop(bytes.drain(range(at, count))),
        Injury::Repeat(at, count) => {
            let part = bytes[range(at, count)].to_vec();
            bytes.splice(at % len..at % len, part);
        }
        Injury::Zero(at, count) => bytes[range(at, count)].fill(0),
    }
}

/// `PROPTEST_CASES=100000` for a night's run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(600)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_injured_recording_panics(
        specimen in any::<prop::sample::Index>(),
        injuries in prop::collection::vec(injury(), 1..6),
    ) {
        let mut bytes = specimen.get(specimens()).1.clone();
        for injury in &injuries {
            injure(&mut bytes, injury);
        }
        survives(bytes)?;
    }

    #[test]
    fn no_bytes_panic(
        head in prop::sample::select(vec![
            &b""[..], b"RIFF\xff\xff\xff\xffWAVEfmt ", b"OggS", b"fLaC", b"ID3\x04\0\0\0\0\0\0", b"\xff\xfb\x90\x00",
            b"\0\0\0\x10ftypisom\0\0\0\0", b"\x1a\x45\xdf\xa3\x84\x42\x82\x81\x77\x18\x53\x80\x67\xff",
        ]),
        tail in prop::collection::vec(any::<u8>(), 0..2048),
    ) {
        survives([head, &tail].concat())?;
    }
}

#[test]
fn a_container_inside_itself_a_million_times_is_refused() {
    // A chain of boxes, each of which fills the one around it.
    for kind in [b"udta", b"trak", b"moov"] {
        let depth = 200_000_u32;
        let mut bytes = b"\0\0\0\x10ftypisom\0\0\0\0".to_vec();
        bytes.extend_from_slice(&(8 * depth + 8).to_be_bytes());
        bytes.extend_from_slice(b"moov");
        for n in 0..depth {
            bytes.extend_from_slice(&(8 * (depth - n)).to_be_bytes());
            bytes.extend_from_slice(kind);
        }
        assert!(probe(&mut Cursor::new(bytes)).is_err());
    }
}

#[test]
fn a_film_that_refers_far_behind_its_end_is_refused() {
    // Symphonia 0.6.1 asserts that no seek is longer than 2^63 bytes.
    let (_, bytes) = specimens().iter().find(|(name, _)| *name == "aac.m4a").unwrap();
    let mut bytes = bytes.clone();
    let stco = bytes.windows(4).position(|window| window == b"stco").unwrap();
    // One `co64` entry takes the place of the count and the only `stco` entry, which still are counted as one.
    bytes.truncate(stco - 4);
    bytes.extend_from_slice(&24_u32.to_be_bytes());
    bytes.extend_from_slice(b"co64\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff");
    for kind in [b"stbl", b"minf", b"mdia", b"trak", b"moov"] {
        let at = bytes.windows(4).rposition(|window| window == kind).unwrap();
        let size = u32::try_from(bytes.len() - at + 4).unwrap();
        bytes[at - 4..at].copy_from_slice(&size.to_be_bytes());
    }
    assert!(matches!(probe(&mut Cursor::new(bytes)), Err(ProbeError::Truncated(_))));
}
