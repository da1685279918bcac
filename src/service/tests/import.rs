//! Folders of recordings brought in, on the real database and folder.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod household;
mod import_support;

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

use household::Household;
use import_support::{FILMS, SOUNDS, film, folder, sound};
use rules::{StoreId, Timestamp};
use service::{
    clock::{Clock, SystemClock},
    derived,
    import::{self, Options, Progress, Report, SourceError},
};

/// A family whose clock shows the present: without a manifest, a file's own date counts.
async fn at_home() -> Household {
    let home = Household::new().await;
    let behind = SystemClock.now().ms() - home.core.clock.now().ms();
    home.clock.advance(behind / 1000 + 60);
    home
}

async fn import(home: &Household, folder: &Path) -> Report {
    let source = import::open(folder, home.core.clock.now()).unwrap();
    let options = Options::new(home.child, Some("Box in the attic".into()));
    import::run(&home.core, source, &options, &Progress::quiet(), std::future::pending()).await.unwrap()
}

/// The refusals as `name: reason` words, sorted.
fn refusals(report: &Report) -> Vec<String> {
    let mut list: Vec<String> =
        report.listed.iter().map(|refused| format!("{}: {}", refused.name, refused.reason.name())).collect();
    list.sort();
    list
}

struct Kept {
    at: Timestamp,
    device: Option<String>,
    text: Option<String>,
    language: Option<String>,
    place: Option<(i32, i32, Option<u32>)>,
    media_type: String,
}

/// Everything that was kept, oldest first.
async fn kept(home: &Household) -> Vec<Kept> {
    let mut kept = Vec::new();
    for id in home.ids_where(|_| true).await {
        let recording = home.read(id).await.unwrap();
        let (text, language) =
            recording.transcript.map_or((None, None), |said| (Some(said.text), said.language));
        kept.push(Kept {
            at: recording.item.captured_at,
            device: recording.item.device.map(|device| device.name),
            text,
            language,
            place: recording.location.map(|it| (it.latitude_udeg, it.longitude_udeg, it.accuracy_m)),
            media_type: recording.media_type.unwrap(),
        });
    }
    kept
}

fn short(folder: &Path, name: &str, hertz: u32) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let signal = format!("sine=f={hertz}:d=0.2:sample_rate=8000");
    import_support::ffmpeg(&["-f", "lavfi", "-i", &signal, path.to_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_tree_of_every_format_goes_in_and_a_second_time_adds_nothing() {
    let (home, dir) = (at_home().await, folder());
    for (n, (name, codec, _)) in SOUNDS.iter().enumerate() {
        fs::create_dir_all(dir.path().join(format!("{}/deep", n % 3))).unwrap();
        sound(&dir.path().join(format!("{}/deep", n % 3)), name, codec);
    }
    for (name, codec, _) in FILMS {
        film(dir.path(), name, codec);
    }
    fs::write(dir.path().join(".DS_Store"), "hidden").unwrap();
    let total = (SOUNDS.len() + FILMS.len()) as u64;
    assert_eq!(import::open(dir.path(), home.core.clock.now()).unwrap().total, total);

    let report = import(&home, dir.path()).await;
    assert_eq!((report.added, report.already_there, refusals(&report)), (total, 0, vec![]));
    let kept = kept(&home).await;
    let mut types: Vec<&str> = kept.iter().map(|kept| &*kept.media_type).collect();
    let mut expected: Vec<&str> = SOUNDS.iter().chain(FILMS).map(|(.., media_type)| *media_type).collect();
    types.sort_unstable();
    expected.sort_unstable();
    assert_eq!(types, expected);
    assert!(
        kept.iter().all(|kept| kept.device.as_deref() == Some("Box in the attic") && kept.text.is_none())
    );
    assert_eq!(home.holds(StoreId::Waveform).await, total);

    let again = import(&home, dir.path()).await;
    assert_eq!((again.added, again.already_there, again.refusals()), (0, total, 0));
    assert_eq!(home.holds(StoreId::Media).await, total);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_manifest_the_container_or_else_the_file_tells_the_moment() {
    let (home, dir) = (at_home().await, folder());
    let tagged = "creation_time=2025-03-01T17:45:12Z";
    film(dir.path(), "told.mp4", &["-metadata", tagged]);
    film(dir.path(), "clock-never-set.mp4", &["-metadata", "creation_time=1980-01-01T00:00:00Z"]);
    short(dir.path(), "silent-about-it.wav", 440);
    let written = SystemTime::UNIX_EPOCH + Duration::from_millis(1_748_000_000_123);
    for name in ["clock-never-set.mp4", "silent-about-it.wav"] {
        File::options().write(true).open(dir.path().join(name)).unwrap().set_modified(written).unwrap();
    }
    let report = import(&home, dir.path()).await;
    assert_eq!((report.added, refusals(&report)), (3, vec![]));
    let moments: Vec<Timestamp> = kept(&home).await.iter().map(|kept| kept.at).collect();
    let file = Timestamp::from_ms(1_748_000_000_123);
    assert_eq!(moments, [tagged[14..].parse().unwrap(), file, file]);

    // The same bytes with a later file date are the same recording, for nobody stated a moment.
    let path = dir.path().join("silent-about-it.wav");
    File::options().write(true).open(path).unwrap().set_modified(written + Duration::from_secs(60)).unwrap();
    assert_eq!(import(&home, dir.path()).await.already_there, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_manifest_tells_everything_and_its_bad_rows_hold_up_no_other() {
    let (home, dir) = (at_home().await, folder());
    short(dir.path(), "clips/one.wav", 440);
    short(dir.path(), "clips/two.mp3", 550);
    fs::write(dir.path().join("clips/broken.wav"), "no sound").unwrap();
    fs::write(dir.path().parent().unwrap().join("outside.wav"), "x").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", dir.path().join("clips/link.wav")).unwrap();
    let rows = "\u{feff}File,captured_at,transcript,device,language,latitude,longitude,accuracy_m,remark\r\n\
        clips/one.wav,2025-03-01T17:45:12+01:00,\"Turn on, \"\"please\"\",\nthe light\",Kitchen,en,47.6062,-122.3321,12.5,x\r\n\
        clips/one.wav,2025-03-02T08:00:00Z,ما معنى كلمة قمر؟,,ar\r\n\
        clips/two.mp3,2025-03-03T08:00:00Z\r\n\
        clips/one.wav,2025-03-01T16:45:12Z\r\n\
        clips/none.wav,2025-03-01T16:45:12Z\r\n\
        ../outside.wav,2025-03-01T16:45:12Z\r\n\
        /etc/hostname,2025-03-01T16:45:12Z\r\n\
        clips/link.wav,2025-03-01T16:45:12Z\r\n\
        clips,2025-03-01T16:45:12Z\r\n\
        clips/two.mp3,last tuesday\r\n\
        clips/two.mp3,2031-01-01T00:00:00Z\r\n\
        clips/two.mp3,1969-07-20T20:17:40Z\r\n\
        clips/two.mp3,2025-03-04T08:00:00Z,,,,91,0\r\n\
        clips/two.mp3,2025-03-04T08:00:00Z,,,,47.6\r\n\
        clips/two.mp3,2025-03-04T08:00:00Z,,,no language\r\n\
        clips/broken.wav,2025-03-04T08:00:00Z\r\n\
        ,2025-03-04T08:00:00Z\r\n";
    fs::write(dir.path().join("manifest.csv"), rows).unwrap();

    let report = import(&home, dir.path()).await;
    assert_eq!(
        refusals(&report),
        [
            "../outside.wav (row 7): outside",
            "/etc/hostname (row 8): outside",
            "clips (row 10): not_a_file",
            "clips/broken.wav (row 17): not_media",
            "clips/link.wav (row 9): outside",
            "clips/none.wav (row 6): missing",
            "clips/one.wav (row 5): twice",
            "clips/two.mp3 (row 11): bad_time",
            "clips/two.mp3 (row 12): future",
            "clips/two.mp3 (row 13): not_taken",
            "clips/two.mp3 (row 14): bad_place",
            "clips/two.mp3 (row 15): bad_place",
            "clips/two.mp3 (row 16): bad_row",
            "no file (row 18): bad_row",
        ]
    );
    assert_eq!((report.added, report.refusals()), (3, 14));
    let kept = kept(&home).await;
    let [first, second, third] = kept.as_slice() else { panic!("{} kept", kept.len()) };
    assert_eq!(first.at, "2025-03-01T16:45:12Z".parse().unwrap());
    assert_eq!(first.text.as_deref(), Some("Turn on, \"please\",\nthe light"));
    assert_eq!((first.device.as_deref(), first.language.as_deref()), (Some("Kitchen"), Some("en")));
    assert_eq!(first.place, Some((47_606_200, -122_332_100, Some(13))));
    // One file for several moments is several recordings.
    assert_eq!(second.at, "2025-03-02T08:00:00Z".parse().unwrap());
    assert_eq!(second.text.as_deref(), Some("ما معنى كلمة قمر؟"));
    assert_eq!((second.device.as_deref(), second.place), (Some("Box in the attic"), None));
    assert_eq!((third.media_type.as_str(), third.text.as_deref()), ("audio/mpeg", None));

    let again = import(&home, dir.path()).await;
    assert_eq!((again.added, again.already_there, again.refusals()), (0, 3, 14));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_separates_with_semicolons_and_a_missing_quote_ends_nothing_else() {
    let (home, dir) = (at_home().await, folder());
    for n in 1..=2 {
        short(dir.path(), &format!("{n}.wav"), 400 + n);
    }
    let mut rows = b"captured_at;file;transcript\n2025-03-01T08:00:00Z;1.wav;one, two\n".to_vec();
    rows.extend_from_slice(b"2025-03-01T09:00:00Z;1.wav;\xff\xfe\n2025-03-02T08:00:00Z;2.wav;fine\n");
    rows.extend_from_slice(b"2025-03-03T08:00:00Z;1.wav;\"never closed\n");
    rows.extend(std::iter::repeat_n(b"2025-03-04T08:00:00Z;2.wav;x\n".as_slice(), 100_000).flatten());
    fs::write(dir.path().join("manifest.csv"), rows).unwrap();
    let report = import(&home, dir.path()).await;
    assert_eq!(report.added, 2);
    assert_eq!(refusals(&report), ["row 3: bad_row", "row 5: bad_row"]);
    assert_eq!(kept(&home).await[0].text.as_deref(), Some("one, two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jsonl_manifest_tells_everything_too() {
    let (home, dir) = (at_home().await, folder());
    short(dir.path(), "one.wav", 440);
    let rows = r#"{"file":"one.wav","captured_at":"2025-03-01T08:00:00Z","transcript":"今天晚饭吃什么？","language":"zh","latitude":-33.8688,"longitude":151.2093,"accuracy_m":7,"device":"Toy"}

        {"file":"one.wav","captured_at":"2025-03-02T08:00:00Z","latitude":"48.1","longitude":"11.5","device":null}
        {"file":"one.wav","captured_at":17}
        ["one.wav"]
        {"file":"one.wav"
        {"captured_at":"2025-03-02T08:00:00Z"}
        {"file":"../one.wav"}"#;
    fs::write(dir.path().join("manifest.jsonl"), rows).unwrap();
    let report = import(&home, dir.path()).await;
    assert_eq!(
        refusals(&report),
        [
            "../one.wav (row 8): outside",
            "no file (row 7): bad_row",
            "one.wav (row 4): bad_time",
            "row 5: bad_row",
            "row 6: bad_row",
        ]
    );
    let kept = kept(&home).await;
    assert_eq!((kept.len(), kept[0].text.as_deref()), (2, Some("今天晚饭吃什么？")));
    assert_eq!(kept[0].place, Some((-33_868_800, 151_209_300, Some(7))));
    assert_eq!(kept[1].place, Some((48_100_000, 11_500_000, None)));
    assert_eq!(
        (kept[0].device.as_deref(), kept[1].device.as_deref()),
        (Some("Toy"), Some("Box in the attic"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_common_voice_folder_goes_in_as_it_is() {
    let (home, dir) = (at_home().await, folder());
    let en = dir.path().join("cv-corpus-22.0-2025-06-20/en");
    for n in 1..=3 {
        short(&en, &format!("clips/common_voice_en_{n}.mp3"), 400 + n);
    }
    fs::write(en.join("clips/common_voice_en_4.mp3"), "broken").unwrap();
    // As the tables are: tabs, no quoting, many columns, clips in several tables, tables of other things.
    let header = "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tdown_votes\tage\tgender\taccents\tvariant\tlocale\tsegment\n";
    let row = |n: u32, text: &str| {
        format!("abc\tcommon_voice_en_{n}.mp3\tdef\t{text}\t\t2\t0\tteens\t\t\t\ten\t\n")
    };
    let validated =
        [header, &row(1, "\"Why,\" she said"), &row(2, "No quote's end \""), &row(9, "not there")];
    fs::write(en.join("validated.tsv"), validated.concat()).unwrap();
    fs::write(en.join("train.tsv"), [header, &row(1, "\"Why,\" she said")].concat()).unwrap();
    fs::write(en.join("other.tsv"), [header, &row(3, "Third"), &row(4, "Broken")].concat()).unwrap();
    fs::write(en.join("clip_durations.tsv"), "clip\tduration[ms]\ncommon_voice_en_1.mp3\t200\n").unwrap();
    fs::write(en.join("reported.tsv"), "sentence\tsentence_id\tlocale\treason\n").unwrap();

    let source = import::open(dir.path(), home.core.clock.now()).unwrap();
    assert_eq!((source.kind, source.total), ("Mozilla Common Voice", 5));
    let report = import(&home, dir.path()).await;
    assert_eq!(
        refusals(&report),
        ["common_voice_en_4.mp3: not_media", "common_voice_en_9.mp3 (validated.tsv row 4): missing",]
    );
    assert_eq!(report.added, 3);
    let mut texts: Vec<_> =
        kept(&home).await.into_iter().map(|kept| (kept.text.unwrap(), kept.language)).collect();
    texts.sort();
    let en = || Some("en".to_owned());
    assert_eq!(
        texts,
        [("\"Why,\" she said".into(), en()), ("No quote's end \"".into(), en()), ("Third".into(), en())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_broken_file_is_listed_with_its_reason_and_the_rest_goes_in() {
    let (home, dir) = (at_home().await, folder());
    let good = fs::read(sound(dir.path(), "good.wav", &["-c:a", "pcm_s16le"])).unwrap();
    let mp4 = fs::read(sound(dir.path(), "good.m4a", &["-c:a", "aac"])).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write("empty.wav", b"");
    write("text.wav", b"Dear diary");
    write("cut.wav", &good[..good.len() / 2]);
    write("cut.m4a", &mp4[..mp4.len() / 2]);
    write("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    write("phone.amr", b"#!AMR\n<\0\0\0");
    write("sheet.pdf", b"%PDF-1.7");
    write("no\x1b[31mise\n.wav", &[0x80; 5000]);
    sound(dir.path(), "adpcm.wav", &["-c:a", "adpcm_ms"]);
    std::os::unix::fs::symlink("good.wav", dir.path().join("link.wav")).unwrap();
    std::os::unix::fs::symlink(".", dir.path().join("loop")).unwrap();

    let report = import(&home, dir.path()).await;
    assert_eq!(report.added, 2);
    assert_eq!(
        refusals(&report),
        [
            "adpcm.wav: unsupported_codec",
            "cut.m4a: truncated",
            "cut.wav: truncated",
            "empty.wav: empty",
            "link.wav: not_a_file",
            "loop: not_a_file",
            "no\u{1b}[31mise\n.wav: not_media",
            "phone.amr: unsupported_container",
            "picture.png: not_media",
            "sheet.pdf: not_media",
            "text.wav: not_media",
        ]
    );
    let told =
        |name: &str| report.listed.iter().find(|refused| refused.name.starts_with(name)).unwrap().to_string();
    assert_eq!(told("text.wav"), "text.wav: not sound or video: it looks like text");
    assert_eq!(
        told("adpcm"),
        "adpcm.wav: it is coded as Microsoft ADPCM, which cannot be played; convert it"
    );
    assert_eq!(told("no\x1b"), "no\\u{1b}[31mise\\n.wav: not sound or video");
    assert_eq!(home.holds(StoreId::Media).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_used_at_all_is_one_clear_line() {
    let (home, dir) = (at_home().await, folder());
    let refused = |path: &Path| match import::open(path, home.core.clock.now()) {
        Err(error) => error,
        Ok(source) => panic!("{} named", source.total),
    };
    assert!(matches!(refused(&dir.path().join("nowhere")), SourceError::Folder { .. }));
    fs::write(dir.path().join("manifest.csv"), "path,when\na.wav,now\n").unwrap();
    assert!(matches!(refused(&dir.path().join("manifest.csv")), SourceError::Folder { .. }));
    assert!(refused(dir.path()).to_string().ends_with(
        "it has no column \"file\"; its columns are file, captured_at, device, transcript, language, latitude, longitude, accuracy_m"
    ));
    fs::write(dir.path().join("manifest.jsonl"), "{}").unwrap();
    assert!(refused(dir.path()).to_string().contains("keep one of them"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_inside_a_film_is_kept_as_a_place_and_nowhere_else() {
    let (home, dir) = (at_home().await, folder());
    let located =
        ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-metadata", "location=+47.6062-122.3321/"];
    film(dir.path(), "read.mov", &located);
    let unread = film(dir.path(), "unread.mov", &located);
    let mut bytes = fs::read(&unread).unwrap();
    let at = bytes.windows(8).position(|window| window == b"+47.6062").unwrap();
    bytes[at] = b'N';
    fs::write(&unread, bytes).unwrap();
    assert_eq!(import(&home, dir.path()).await.added, 2);
    let places: Vec<_> = kept(&home).await.into_iter().filter_map(|kept| kept.place).collect();
    assert_eq!(places, [(47_606_200, -122_332_100, None)]);
    let mut films = 0;
    for entry in walk(&home.folder.path().join("media")) {
        let bytes = fs::read(entry).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"47.6062"));
        films += 1;
    }
    assert_eq!(films, 2);
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_stopped_leaves_whole_recordings_and_goes_on_later() {
    let (home, dir) = (at_home().await, folder());
    short(dir.path(), "one.wav", 440);
    let start: Timestamp = "2025-03-01T08:00:00Z".parse().unwrap();
    let rows: String =
        (0..2000).map(|n| format!("one.wav,{}\n", start.plus_seconds(n))).collect::<Vec<_>>().concat();
    fs::write(dir.path().join("manifest.csv"), format!("file,captured_at\n{rows}")).unwrap();

    let source = import::open(dir.path(), home.core.clock.now()).unwrap();
    let options = Options::new(home.child, None);
    // Stopped as soon as something is there.
    let some = async {
        while home.holds(StoreId::Media).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    let report = import::run(&home.core, source, &options, &Progress::quiet(), some).await.unwrap();
    assert!(report.stopped && report.added > 0 && report.added < 2000, "{report}");
    for store in [StoreId::Media, StoreId::Waveform, StoreId::Catalogue] {
        assert_eq!(home.holds(store).await, report.added, "{store:?}");
    }
    let rest = import(&home, dir.path()).await;
    assert_eq!((rest.already_there, rest.added), (report.added, 2000 - report.added));
    assert_eq!(home.holds(StoreId::Media).await, 2000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_household_moves_in_once() {
    let data = folder();
    let clock = std::sync::Arc::new(service::clock::ManualClock::at("2026-11-21T14:00:00Z".parse().unwrap()));
    let core =
        service::core::Core::open_with(data.path(), service::core::Policy::default(), clock).await.unwrap();
    let report = import::demo::fill(&core, "demo").await.unwrap().unwrap();
    assert!((1400..1600).contains(&report.added), "{report}");
    assert_eq!((report.already_there, report.refusals()), (0, 0));
    assert!(!data.path().join("demo.unfinished").exists());
    let learned = async || -> Vec<(String, i64)> {
        let sql = "SELECT kind, count(*) FROM derivation GROUP BY kind ORDER BY kind";
        sqlx::query_as(sql).fetch_all(core.db.read()).await.unwrap()
    };
    let of = |kind: &str, n| (kind.to_owned(), n);
    // Forty rows of each child and device, where there are as many.
    let before = learned().await;
    assert_eq!(before[..1], [of("fact", 7)]);
    assert_eq!(before[2], of("voiceprint", 2));
    assert!(before[1].0 == "row" && (100..=160).contains(&before[1].1), "{before:?}");
    let models = derived::model::list(&core).await.unwrap().items;
    assert_eq!(
        models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(),
        ["speech-7", "storyteller-2"]
    );
    assert!(import::demo::fill(&core, "demo").await.unwrap().is_none());

    // Interrupted while moving in, it finishes, and nothing is there twice.
    fs::create_dir(data.path().join("demo.unfinished")).unwrap();
    let again = import::demo::fill(&core, "demo").await.unwrap().unwrap();
    assert_eq!(learned().await, before, "nothing is learned twice");
    assert_eq!((again.added, again.already_there), (0, report.added));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_household_does_not_move_in_with_somebody() {
    let home = at_home().await;
    assert!(import::demo::fill(&home.core, "demo").await.unwrap().is_none());
}
