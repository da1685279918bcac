//! What the bytes of a recording tell, with recordings made by real encoders.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod import_support;

use std::{fs, io::Cursor, path::Path};

use import_support::{FILMS, PICTURES, SIGNAL, SOUNDS, ffmpeg, film, folder, sound};
use rules::Kind;
use service::media::{PEAKS, ProbeError, Probed, blank_places, probe, probe_file};

/// The signal is silent, soft, loud and silent for a second each: so must its waveform be.
fn assert_follows_the_signal(name: &str, probed: &Probed) {
    let peaks = probed.peaks.as_ref().unwrap_or_else(|| panic!("{name}: no waveform"));
    let part = |n: usize| {
        // The middle of each second: encoders smear edges.
        let middle = &peaks[n * PEAKS / 4 + PEAKS / 16..(n + 1) * PEAKS / 4 - PEAKS / 16];
        middle.iter().map(|peak| i32::from(*peak)).sum::<i32>() / i32::try_from(middle.len()).unwrap()
    };
    let (soft, loud) = (102, 204);
    assert!(part(0) <= 4 && part(3) <= 4, "{name}: {peaks:?}");
    assert!((part(1) - soft).abs() <= 20, "{name}: {} is not {soft}", part(1));
    assert!((part(2) - loud).abs() <= 30, "{name}: {} is not {loud}", part(2));
}

#[test]
fn every_format_of_sound_is_recognised_measured_and_drawn() {
    let dir = folder();
    for (name, codec, media_type) in SOUNDS {
        let path = sound(dir.path(), name, codec);
        // Nothing may come from the name.
        let nameless = dir.path().join("x");
        fs::rename(&path, &nameless).unwrap();
        let probed = probe_file(&nameless).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(probed.kind, Kind::Voice, "{name}");
        assert_eq!(probed.media_type, *media_type, "{name}");
        assert!(probed.duration_ms.abs_diff(4000) <= 120, "{name}: {} ms", probed.duration_ms);
        assert_eq!(probed.bytes, fs::metadata(&nameless).unwrap().len(), "{name}");
        assert_follows_the_signal(name, &probed);
    }
}

#[test]
fn every_format_of_video_is_recognised_measured_and_drawn() {
    let dir = folder();
    for (name, codec, media_type) in FILMS {
        let path = film(dir.path(), name, codec);
        let probed = probe_file(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(probed.kind, Kind::Video, "{name}");
        assert_eq!(probed.media_type, *media_type, "{name}");
        assert!(probed.duration_ms.abs_diff(4000) <= 120, "{name}: {} ms", probed.duration_ms);
        assert_follows_the_signal(name, &probed);
    }
}

#[test]
fn a_silent_film_has_a_length_and_no_waveform() {
    let dir = folder();
    for (name, codec, media_type) in [
        ("silent.mp4", "libx264", "video/mp4; codecs=\"avc1.64000a\""),
        ("silent.webm", "libvpx", "video/webm; codecs=vp8"),
    ] {
        let path = dir.path().join(name);
        ffmpeg(&[
            "-f",
            "lavfi",
            "-i",
            PICTURES,
            "-c:v",
            codec,
            "-pix_fmt",
            "yuv420p",
            path.to_str().unwrap(),
        ]);
        let probed = probe_file(&path).unwrap();
        assert_eq!((probed.kind, probed.media_type.as_str()), (Kind::Video, media_type));
        assert!(probed.duration_ms.abs_diff(4000) <= 120, "{name}: {} ms", probed.duration_ms);
        assert_eq!(probed.peaks, None);
    }
}

#[test]
fn the_hash_is_that_of_the_bytes() {
    let dir = folder();
    let path = sound(dir.path(), "a.wav", &[]);
    let done = std::process::Command::new("sha256sum").arg(&path).output().unwrap();
    let hex: String = probe_file(&path).unwrap().sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(String::from_utf8_lossy(&done.stdout).starts_with(&hex));
}

#[test]
fn a_short_and_a_long_recording_have_the_same_number_of_peaks() {
    let dir = folder();
    for (seconds, tolerance) in [("0.05", 1), ("600", 10)] {
        let path = dir.path().join("length.wav");
        let signal = format!("sine=d={seconds}:sample_rate=8000");
        ffmpeg(&["-f", "lavfi", "-i", &signal, path.to_str().unwrap()]);
        let probed = probe_file(&path).unwrap();
        let ms = (seconds.parse::<f64>().unwrap() * 1000.0) as u64;
        assert!(probed.duration_ms.abs_diff(ms) <= tolerance);
        assert_eq!(probed.peaks.unwrap().len(), PEAKS);
    }
}

#[test]
fn a_recording_from_a_pipe_has_no_lengths_and_is_read() {
    let dir = folder();
    let path = dir.path().join("piped");
    for format in ["wav", "flac", "webm", "mp3"] {
        let made = std::process::Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i", SIGNAL, "-f", format, "pipe:1"])
            .output()
            .unwrap();
        fs::write(&path, made.stdout).unwrap();
        let probed = probe_file(&path).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert!(probed.duration_ms.abs_diff(4000) <= 120, "{format}: {} ms", probed.duration_ms);
        assert_follows_the_signal(format, &probed);
    }
}

#[test]
fn a_container_tells_when_it_was_recorded() {
    let dir = folder();
    let at = "2025-03-01T17:45:12Z";
    let tag = format!("creation_time={at}");
    for name in ["a.m4a", "a.mp4", "a.webm"] {
        let path = film(dir.path(), name, &["-metadata", &tag]);
        assert_eq!(probe_file(&path).unwrap().recorded_at, Some(at.parse().unwrap()), "{name}");
    }
    let path = sound(
        dir.path(),
        "a.wav",
        &[
            "-write_bext",
            "1",
            "-metadata",
            "origination_date=2025-03-01",
            "-metadata",
            "origination_time=17:45:12",
        ],
    );
    assert_eq!(probe_file(&path).unwrap().recorded_at, Some(at.parse().unwrap()));
    let path = sound(dir.path(), "b.m4a", &[]);
    assert_eq!(probe_file(&path).unwrap().recorded_at, None);
}

#[test]
fn sound_that_browsers_play_and_this_build_does_not_decode_has_a_length_and_no_waveform() {
    let dir = folder();
    let surround = sound(dir.path(), "surround.opus", &["-c:a", "libopus", "-ac", "6"]);
    let surround = probe_file(&surround).unwrap();
    assert_eq!((surround.media_type.as_str(), surround.peaks), ("audio/ogg; codecs=opus", None));
    assert!(surround.duration_ms.abs_diff(4000) <= 120, "{} ms", surround.duration_ms);

    // There is no encoder for HE-AAC here: a file that says so is made by hand.
    let mut bytes = fs::read(sound(dir.path(), "he.m4a", &["-c:a", "aac"])).unwrap();
    let esds = bytes.windows(4).position(|window| window == b"esds").unwrap();
    let config = esds + bytes[esds..].windows(5).position(|w| w == b"\x05\x80\x80\x80\x05").unwrap() + 5;
    bytes[config] = 5 << 3 | bytes[config] & 7;
    let he_aac = probe(&mut Cursor::new(bytes)).unwrap();
    assert_eq!(he_aac.media_type, "audio/mp4; codecs=\"mp4a.40.5\"");
    assert_eq!(he_aac.peaks, None);
    assert!(he_aac.duration_ms.abs_diff(4000) <= 120, "{} ms", he_aac.duration_ms);
}

#[test]
fn recordings_chained_in_one_ogg_file_are_one_recording() {
    let dir = folder();
    for (name, codec) in [("a.ogg", "libvorbis"), ("a.opus", "libopus")] {
        let one = fs::read(sound(dir.path(), name, &["-c:a", codec, "-serial_offset", "1"])).unwrap();
        let two = fs::read(sound(dir.path(), name, &["-c:a", codec, "-serial_offset", "2"])).unwrap();
        let chained = probe(&mut Cursor::new([one, two].concat())).unwrap();
        assert!(chained.duration_ms.abs_diff(8000) <= 200, "{name}: {} ms", chained.duration_ms);
        let peaks = chained.peaks.unwrap();
        let loud = |n: usize| peaks[PEAKS * n / 16] > 150;
        assert!(loud(5) && loud(13) && !loud(1) && !loud(9), "{name}: {peaks:?}");
    }
}

// ---- Files that are refused, each with a reason someone can act on.

fn refusal(path: &Path) -> ProbeError {
    match probe_file(path) {
        Err(error) => error,
        Ok(probed) => panic!("{} was taken as {probed:?}", path.display()),
    }
}

#[test]
fn what_is_not_a_recording_is_refused_by_what_it_is() {
    let dir = folder();
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    assert!(matches!(refusal(&write("empty.wav", b"")), ProbeError::Empty));
    let text = write("text.wav", b"Once upon a time there was a file that claimed to be a recording.");
    assert!(matches!(refusal(&text), ProbeError::NotMedia { looks_like: Some("text") }));
    let noise: Vec<u8> = (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(matches!(refusal(&write("noise.mp3", &noise)), ProbeError::NotMedia { looks_like: None }));
    let png = dir.path().join("picture.png");
    ffmpeg(&["-f", "lavfi", "-i", PICTURES, "-frames:v", "1", png.to_str().unwrap()]);
    assert!(matches!(refusal(&png), ProbeError::NotMedia { looks_like: Some("a PNG picture") }));
    let missing = dir.path().join("nowhere.wav");
    assert!(matches!(refusal(&missing), ProbeError::Io(_)));
}

#[test]
fn what_no_browser_plays_is_refused_by_its_codec() {
    let dir = folder();
    for (name, codec, expected) in [
        ("divx.mp4", ["-c:v", "mpeg4", "-c:a", "aac"], "MPEG-4 part 2 video"),
        ("theora.ogg", ["-c:v", "libtheora", "-c:a", "libvorbis"], "Theora video"),
        ("ac3.mp4", ["-c:v", "libx264", "-c:a", "ac3"], "AC-3"),
    ] {
        let error = refusal(&film(dir.path(), name, &codec));
        assert!(
            matches!(&error, ProbeError::UnsupportedCodec(found) if found == expected),
            "{name}: {error}"
        );
    }
    let adpcm = sound(dir.path(), "adpcm.wav", &["-c:a", "adpcm_ms"]);
    assert!(matches!(refusal(&adpcm), ProbeError::UnsupportedCodec(name) if name == "Microsoft ADPCM"));
    let avi = film(dir.path(), "film.avi", &["-c:v", "mpeg4", "-c:a", "pcm_s16le"]);
    assert!(matches!(refusal(&avi), ProbeError::UnsupportedContainer("AVI")));
}

#[test]
fn a_recording_without_a_moment_of_sound_is_refused() {
    let dir = folder();
    let mut wav = fs::read(sound(dir.path(), "a.wav", &["-bitexact"])).unwrap();
    let data = wav.windows(4).position(|chunk| chunk == b"data").unwrap();
    wav.truncate(data + 8);
    wav[data + 4..].fill(0);
    assert!(matches!(probe(&mut Cursor::new(wav)), Err(ProbeError::NoDuration)));
}

#[test]
fn a_file_cut_anywhere_is_refused_or_is_a_shorter_recording() {
    let dir = folder();
    // These say how long they are (WAV, MP4, FLAC, MP3 with a Xing header, WebM) or are cut inside a page.
    let whole = [
        "s16.wav",
        "mulaw.wav",
        "vbr.mp3",
        "vorbis.ogg",
        "celt.opus",
        "plain.flac",
        "aac.m4a",
        "fast.m4a",
        "opus.webm",
    ];
    for (name, codec, _) in SOUNDS.iter().filter(|(name, ..)| whole.contains(name)) {
        let bytes = fs::read(sound(dir.path(), name, codec)).unwrap();
        for percent in [1, 10, 25, 50, 75, 90] {
            let cut = bytes[..bytes.len() * percent / 100].to_vec();
            let error = match probe(&mut Cursor::new(cut)) {
                Err(error) => error,
                Ok(probed) => panic!("{name} cut to {percent} %: taken as {} ms", probed.duration_ms),
            };
            assert!(
                matches!(
                    error,
                    ProbeError::Truncated(_) | ProbeError::Damaged(_) | ProbeError::NotMedia { .. }
                ),
                "{name} cut to {percent} %: {error:?}"
            );
            assert!(
                percent < 25 || matches!(error, ProbeError::Truncated(_)),
                "{name} cut to {percent} %: {error:?}"
            );
        }
    }
    // A bare stream of frames says nothing about its length: what is left is a shorter recording.
    let bytes =
        fs::read(sound(dir.path(), "bare.mp3", &["-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0"]))
            .unwrap();
    let half = probe(&mut Cursor::new(bytes[..bytes.len() / 2].to_vec())).unwrap();
    assert!(half.duration_ms.abs_diff(2000) <= 120, "{} ms", half.duration_ms);
}

// ---- Places inside recordings.

const LOCATION: &str = "location=+47.6062-122.3321/";

/// Films that tell where they were made, each in another way.
fn films_with_a_place(folder: &Path) -> Vec<std::path::PathBuf> {
    let apple = "com.apple.quicktime.location.ISO6709=+47.6062-122.3321+030.100/";
    [
        ("xyz.mov", vec!["-metadata", LOCATION]),
        ("loci.m4a", vec!["-vn", "-metadata", LOCATION]),
        ("loci.3gp", vec!["-f", "3gp", "-metadata", LOCATION, "-ar", "16000"]),
        ("keys.mp4", vec!["-movflags", "use_metadata_tags", "-metadata", apple]),
        ("first.mp4", vec!["-movflags", "+faststart", "-metadata", LOCATION]),
        ("tag.webm", vec!["-metadata", LOCATION]),
    ]
    .into_iter()
    .map(|(name, mut args)| {
        if !name.ends_with("webm") {
            args.extend(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]);
        }
        film(folder, name, &args)
    })
    .collect()
}

#[test]
fn a_place_is_read_however_a_container_tells_it() {
    let dir = folder();
    for path in films_with_a_place(dir.path()) {
        let place =
            probe_file(&path).unwrap().place.unwrap_or_else(|| panic!("{}: no place", path.display()));
        // `loci` has 16 binary places: 0.000015 degrees.
        assert!(place.latitude_udeg.abs_diff(47_606_200) <= 16, "{}: {place:?}", path.display());
        assert!(place.longitude_udeg.abs_diff(-122_332_100) <= 16, "{}: {place:?}", path.display());
    }
}

#[test]
fn a_blanked_recording_is_the_same_recording_without_the_place() {
    let dir = folder();
    for path in films_with_a_place(dir.path()) {
        let name = path.display();
        let (before, bytes) = (probe_file(&path).unwrap(), fs::read(&path).unwrap());
        let mut file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert!(blank_places(&mut file).unwrap() > 0, "{name}");
        assert_eq!(blank_places(&mut file).unwrap(), 0, "{name}: the second time nothing is left");
        drop(file);
        let (after, blanked) = (probe_file(&path).unwrap(), fs::read(&path).unwrap());
        assert!(before.tells_place && !after.tells_place, "{name}");
        assert_eq!(after.place, None, "{name}");
        assert_ne!(after.sha256, before.sha256, "{name}");
        let probed = |probed: &Probed| {
            (probed.kind, probed.media_type.clone(), probed.duration_ms, probed.bytes, probed.peaks.clone())
        };
        assert_eq!(probed(&after), probed(&before), "{name}");
        assert!(!blanked.windows(7).any(|window| window == b"47.6062"), "{name}");
        // Everything outside the place is as it was: at most one box a mention is touched.
        let touched = bytes.iter().zip(&blanked).filter(|(a, b)| a != b).count();
        assert!(touched <= 120, "{name}: {touched} bytes changed");
        // Somebody else's reader agrees: no place, no complaint.
        let seen = std::process::Command::new("ffprobe")
            .args(["-v", "warning", "-show_format", "-show_streams", "-count_frames"])
            .arg(&path)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&seen.stdout);
        assert!(seen.status.success() && text.contains("nb_read_frames"), "{name}");
        assert!(!text.contains("47.6"), "{name}: {text}");
        assert!(seen.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&seen.stderr));
    }
}

#[test]
fn a_place_that_cannot_be_read_is_blanked_all_the_same() {
    let dir = folder();
    let mut bytes = fs::read(film(dir.path(), "a.mov", &["-metadata", LOCATION, "-c:v", "libx264"])).unwrap();
    let text = bytes.windows(8).position(|window| window == b"+47.6062").unwrap();
    bytes[text..text + 9].copy_from_slice(b"N 47.6062");
    let mut bytes = Cursor::new(bytes);
    let before = probe(&mut bytes).unwrap();
    assert!(before.place.is_none() && before.tells_place);
    assert_eq!(blank_places(&mut bytes).unwrap(), 1);
    assert!(!probe(&mut bytes).unwrap().tells_place);
    assert!(!bytes.get_ref().windows(7).any(|window| window == b"47.6062"));
}

#[test]
fn a_recording_without_a_place_is_left_alone() {
    let dir = folder();
    for (name, codec) in
        [("a.mp4", "aac"), ("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame"), ("a.webm", "libopus")]
    {
        let mut bytes = Cursor::new(fs::read(sound(dir.path(), name, &["-c:a", codec])).unwrap());
        let before = bytes.get_ref().clone();
        assert_eq!(blank_places(&mut bytes).unwrap(), 0);
        assert_eq!(bytes.into_inner(), before, "{name}");
    }
}
