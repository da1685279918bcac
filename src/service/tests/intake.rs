//! Recordings in: all or nothing, once, and found again in any language.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use household::{Household, wav};
use rules::{
    StoreId,
    contract::{NewRecording, Transcript},
    scope::Filter,
};
use service::{
    core::{Core, Policy},
    ingest::{self, Incoming, IngestError},
    listing::{self, View},
    media,
};

fn incoming(home: &Household, n: i64, content: &str, text: &str, moment_stated: bool) -> Incoming {
    let file = home.folder.path().join(format!("in-{n}-{}.wav", content.len()));
    std::fs::write(&file, wav(content)).unwrap();
    Incoming {
        recording: NewRecording {
            child: home.child,
            captured_at: home.at(n),
            device: None,
            transcript: Some(Transcript::new(text, None)),
            location: None,
            reference: None,
        },
        moment_stated,
        begun: home.core.clock.now(),
        probed: media::probe_file(&file).unwrap(),
        media: file,
    }
}

#[tokio::test]
async fn the_same_recording_twice_is_one_and_one_file_at_two_stated_moments_is_two() {
    let home = Household::new().await;
    let first = ingest::ingest(&home.core, &incoming(&home, 1, "same", "a", true)).await.unwrap();
    let again = ingest::ingest(&home.core, &incoming(&home, 1, "same", "a", true)).await.unwrap();
    assert_eq!((again.already_there, again.id), (true, first.id));
    let later = ingest::ingest(&home.core, &incoming(&home, 2, "same", "a", true)).await.unwrap();
    assert!(!later.already_there);
    // A file's date changes when a folder is copied: it is no part of what the recording is.
    let guessed = ingest::ingest(&home.core, &incoming(&home, 3, "other", "b", false)).await.unwrap();
    let copied = ingest::ingest(&home.core, &incoming(&home, 4, "other", "b", false)).await.unwrap();
    assert_eq!((copied.already_there, copied.id), (true, guessed.id));
    assert_eq!(home.holds(StoreId::Media).await, 3);
}

#[tokio::test]
async fn one_that_is_refused_holds_up_no_other_of_its_batch() {
    let home = Household::new().await;
    let mut future = incoming(&home, 1, "future", "x", true);
    future.recording.captured_at = home.core.clock.now().plus_seconds(3600);
    let mut nobody = incoming(&home, 2, "nobody", "x", true);
    nobody.recording.child = rules::ChildId::from_parts(0, 7);
    let mut gone = incoming(&home, 3, "file that vanishes", "x", true);
    gone.media = home.folder.path().join("vanished.wav");
    let good = incoming(&home, 4, "good", "x", true);
    let twin = good.clone();
    let results = ingest::ingest_batch(&home.core, &[future, nobody, gone, good, twin]).await.unwrap();
    assert!(matches!(results[0], Err(IngestError::BadMoment)));
    assert!(matches!(results[1], Err(IngestError::NoChild)));
    assert!(matches!(results[2], Err(IngestError::Bytes(_))));
    assert!(results[3].as_ref().is_ok_and(|made| !made.already_there));
    assert!(results[4].as_ref().is_ok_and(|made| made.already_there), "twins in one batch");
    assert_eq!(home.holds(StoreId::Media).await, 1);
    let notes: i64 =
        sqlx::query_scalar("SELECT count(*) FROM incoming").fetch_one(home.core.db.read()).await.unwrap();
    assert_eq!(notes, 0, "no note is left behind");
}

#[tokio::test]
async fn what_a_dead_process_left_half_done_is_swept_by_the_next() {
    let home = Household::new().await;
    home.record(0, "whole", true).await;
    let media = home.folder.path().join("media").join(home.child.to_string());
    let half = "rec_00000000000000000000000000";
    // As a kill between object and rows leaves it: a note of a process that does not live, an object, a staged part.
    std::fs::write(home.folder.path().join("processes/dead"), "").unwrap();
    std::fs::write(media.join(half), "half").unwrap();
    std::fs::write(media.join(format!("{half}#1")), "half").unwrap();
    let object = format!("media/{}/{half}", home.child);
    let mut tx = home.core.db.write().await.unwrap();
    for owner in ["dead", home.core.owner.name()] {
        sqlx::query("INSERT INTO incoming (object, owner) VALUES (?, ?)")
            .bind(if owner == "dead" { object.clone() } else { format!("{object}-of-the-living") })
            .bind(owner)
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    let next = Core::open(home.folder.path(), Policy::default()).await.unwrap();
    assert_eq!(std::fs::read_dir(&media).unwrap().count(), 1, "the whole one stays");
    let notes: Vec<String> =
        sqlx::query_scalar("SELECT object FROM incoming").fetch_all(next.db.read()).await.unwrap();
    assert_eq!(notes, [format!("{object}-of-the-living")], "a living process is left alone");
    assert!(!home.folder.path().join("processes/dead").exists());
}

#[tokio::test]
async fn transcripts_are_found_in_every_script_by_word_and_by_beginning() {
    let home = Household::new().await;
    for (n, text) in [
        "Tell me a story about the moon",
        "¿Cómo se llama el pingüino?",
        "Où est l’écureuil de Noël?",
        "おやすみなさい、東京タワー",
        "أريد أن ألعب في الحديقة",
        "मुझे एक कहानी सुनाओ",
        "ฉันอยากฟังนิทาน",
        "Straße und Brücke",
    ]
    .into_iter()
    .enumerate()
    {
        let n = i64::try_from(n).unwrap();
        ingest::ingest(&home.core, &incoming(&home, n, text, text, true)).await.unwrap();
    }
    let view = View { asker: &home.asker, words: true };
    for (q, found) in [
        ("moon", vec![0]),
        ("mo", vec![0]),
        ("STORY moon", vec![0]),
        ("oon", vec![]),
        ("como", vec![1]),
        ("pinguino", vec![1]),
        ("NOEL", vec![2]),
        ("東京", vec![3]),
        ("京東", vec![]),
        ("おやすみ", vec![3]),
        ("الحديقة", vec![4]),
        ("कहानी", vec![5]),
        ("कहा", vec![5]),
        ("นิทาน", vec![6]),
        ("strasse", vec![]),
        ("straß", vec![7]),
        ("\"moon\" OR story* NOT -(", vec![]),
        ("moon\" OR \"2x", vec![]),
    ] {
        let filter = Filter { q: Some(q.into()), ..Filter::default() };
        let page = listing::page(&home.core, view, home.child, &filter, None, 50).await.unwrap();
        let moments: Vec<_> = page.items.iter().map(|item| item.captured_at).collect();
        let expected: Vec<_> = found.iter().map(|n| home.at(*n)).collect();
        assert_eq!(moments, expected, "{q}");
    }
}

#[tokio::test]
async fn a_place_inside_a_video_moves_to_the_location_store_and_nowhere_else() {
    let home = Household::new().await;
    let file = home.folder.path().join("walk.mov");
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=1"])
        .args(["-metadata", "location=+47.6062-122.3321/", "-pix_fmt", "yuv420p"])
        .arg(&file)
        .status()
        .expect("ffmpeg is installed by cargo xtask test");
    assert!(made.success());
    assert!(home.files_contain("+47.6062-122.3321"), "the encoder wrote it");
    let probed = media::probe_file(&file).unwrap();
    let recording = NewRecording {
        child: home.child,
        captured_at: home.at(0),
        device: None,
        transcript: None,
        location: None,
        reference: None,
    };
    let incoming = Incoming {
        recording,
        moment_stated: true,
        begun: home.core.clock.now(),
        media: file.clone(),
        probed,
    };
    let id = ingest::ingest(&home.core, &incoming).await.unwrap().id;
    std::fs::remove_file(file).unwrap();
    let seen = listing::recording(&home.core, &home.asker, id, None).await.unwrap();
    let place = seen.location.unwrap();
    assert_eq!((place.latitude_udeg, place.longitude_udeg), (47_606_200, -122_332_100));
    assert!(!home.files_contain("+47.6062"), "no file of ours says it any more");
}
