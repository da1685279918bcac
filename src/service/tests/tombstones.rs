//! What was deleted is not taken in again: by its bytes, by the vendor's name for it, nor while it was
//! on its way.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use household::{Household, canary, wav};
use rules::{
    Class, ErasureId, Scope,
    contract::{NewErasure, NewRecording, RecordingCreated, Transcript},
    location::Place,
    scope::Filter,
};
use service::{
    erasure::{accept, engine},
    ingest::{self, Incoming, IngestError},
    media,
};
use sha2::Digest;
use sqlx::{Row, query_scalar};

/// The nth moment with the bytes of `content`.
fn incoming(home: &Household, n: i64, content: &str, reference: Option<&str>) -> Incoming {
    let file = home.folder.path().join(format!("in-{n}-{content}.wav"));
    std::fs::write(&file, wav(content)).unwrap();
    Incoming {
        recording: NewRecording {
            child: home.child,
            captured_at: home.at(n),
            device: None,
            transcript: Some(Transcript::new(content, None)),
            location: None,
            reference: reference.map(Into::into),
        },
        moment_stated: true,
        begun: home.core.clock.now(),
        probed: media::probe_file(&file).unwrap(),
        media: file,
    }
}

async fn send(home: &Household, incoming: &Incoming) -> Result<RecordingCreated, IngestError> {
    let result = ingest::ingest(&home.core, incoming).await;
    std::fs::remove_file(&incoming.media).unwrap();
    if result.is_err() {
        assert_eq!(
            count(home, "SELECT count(*) FROM incoming").await,
            0,
            "nothing of it is noted as on its way"
        );
    }
    result
}

async fn delete(home: &Household, scope: Scope, waive_undo: bool) -> ErasureId {
    let child = (scope != Scope::Everything {}).then_some(home.child);
    let request = NewErasure { child, scope, include_kept: true, waive_undo, as_of: None };
    accept::accept(&home.core, &home.asker, &request, None).await.unwrap().0.id
}

async fn count(home: &Household, sql: &'static str) -> i64 {
    query_scalar(sql).fetch_one(home.core.db.read()).await.unwrap()
}

fn objects(home: &Household) -> usize {
    let folder = home.folder.path().join("media").join(home.child.to_string());
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_deleted_recording_is_refused_by_its_bytes_and_by_its_name() {
    let home = Household::new().await;
    let made = send(&home, &incoming(&home, 0, "walnut", Some("clip-7"))).await.unwrap();
    let again = send(&home, &incoming(&home, 0, "walnut", Some("clip-7"))).await.unwrap();
    assert_eq!((again.id, again.already_there), (made.id, true));
    delete(&home, Scope::Items { recordings: vec![made.id] }, true).await;
    // From the moment it is accepted; once it is done, for good.
    for done in [false, true] {
        if done {
            engine::tick(&home.core).await.unwrap();
        }
        for (n, content, reference) in [
            (0, "walnut", Some("clip-7")),
            (0, "walnut", None),
            (5, "walnut", Some("another")),
            (6, "else", Some("clip-7")),
        ] {
            let refused = send(&home, &incoming(&home, n, content, reference)).await;
            let as_it_should = match refused {
                Err(IngestError::Leaving) => !done,
                Err(IngestError::Erased) => done,
                _ => false,
            };
            assert!(as_it_should, "{n} {content} {reference:?}: {refused:?}");
        }
        let held = if done { 0 } else { 1 };
        assert_eq!(
            (count(&home, "SELECT count(*) FROM recording").await, objects(&home)),
            (held, usize::from(!done))
        );
    }
    // Other bytes of another name are another recording, and so are the same ones of another child.
    assert!(!send(&home, &incoming(&home, 7, "lettuce", Some("clip-8"))).await.unwrap().already_there);
    let sister = ingest::find_or_make_child(&home.core, "parent-1", "Ada").await.unwrap();
    let mut theirs = incoming(&home, 0, "walnut", Some("clip-7"));
    theirs.recording.child = sister;
    assert!(!send(&home, &theirs).await.unwrap().already_there);
}

#[tokio::test]
async fn an_undo_lets_it_in_again() {
    let home = Household::new().await;
    let made = send(&home, &incoming(&home, 0, "walnut", None)).await.unwrap();
    let id = delete(&home, Scope::Items { recordings: vec![made.id] }, false).await;
    assert!(matches!(send(&home, &incoming(&home, 0, "walnut", None)).await, Err(IngestError::Leaving)));
    accept::cancel(&home.core, &home.asker, id).await.unwrap();
    assert_eq!(count(&home, "SELECT count(*) FROM tombstone").await, 0);
    assert!(send(&home, &incoming(&home, 0, "walnut", None)).await.unwrap().already_there);
    assert!(!send(&home, &incoming(&home, 3, "walnut", None)).await.unwrap().already_there);
}

#[tokio::test]
async fn a_tombstone_tells_nothing() {
    let home = Household::new().await;
    let made = send(&home, &incoming(&home, 0, &canary(0), Some("clip-7"))).await.unwrap();
    let id = delete(&home, Scope::Everything {}, true).await;
    engine::tick(&home.core).await.unwrap();
    let tombstones = count(&home, "SELECT count(*) FROM tombstone").await;
    assert_eq!(tombstones, 3, "one of its bytes, one of its name, one of its id");
    let tied = count(&home, "SELECT count(*) FROM tombstone WHERE erasure <> ''").await;
    assert_eq!(tied, 0, "nothing ties them to {id}");
    for secret in [made.id.to_string(), "clip-7".into(), canary(0)] {
        assert!(!home.files_contain(&secret), "{secret}");
    }
}

#[tokio::test]
async fn what_is_on_its_way_when_everything_is_deleted_leaves_nothing() {
    let home = Household::new().await;
    send(&home, &incoming(&home, 0, "first", None)).await.unwrap();
    let late = incoming(&home, 1, "late", Some("clip-9"));
    home.clock.advance(60);
    delete(&home, Scope::Child {}, true).await;
    assert!(matches!(send(&home, &late).await, Err(IngestError::Leaving)));
    engine::tick(&home.core).await.unwrap();
    assert_eq!((count(&home, "SELECT count(*) FROM recording").await, objects(&home)), (0, 0));
    // Sent again it is the same, after the erasure is over as before.
    home.clock.advance(60);
    assert!(matches!(send(&home, &incoming(&home, 1, "late", None)).await, Err(IngestError::Erased)));
    assert!(matches!(send(&home, &incoming(&home, 2, "x", Some("clip-9"))).await, Err(IngestError::Erased)));
    // What sets out afterwards is new.
    assert!(send(&home, &incoming(&home, 3, "new", None)).await.is_ok());
}

#[tokio::test]
async fn what_is_on_its_way_when_a_part_is_deleted_is_to_be_sent_again() {
    for scope in [
        Scope::Search { filter: Filter { q: Some("first".into()), ..Filter::default() } },
        Scope::Class { class: Class::Media, from: None, to: None },
    ] {
        let home = Household::new().await;
        send(&home, &incoming(&home, 0, "first", None)).await.unwrap();
        let late = incoming(&home, 1, "late", None);
        home.clock.advance(60);
        delete(&home, scope, true).await;
        assert!(matches!(send(&home, &late).await, Err(IngestError::Overtaken)));
        assert_eq!((count(&home, "SELECT count(*) FROM recording").await, objects(&home)), (1, 1));
        home.clock.advance(1);
        assert!(
            send(&home, &incoming(&home, 1, "late", None)).await.is_ok(),
            "it set out after the deletion"
        );
    }
}

#[tokio::test]
async fn naming_some_or_taking_it_back_holds_up_nothing_on_its_way() {
    let home = Household::new().await;
    let made = send(&home, &incoming(&home, 0, "first", None)).await.unwrap();
    let late = incoming(&home, 1, "late", None);
    home.clock.advance(60);
    let everything = delete(&home, Scope::Everything {}, false).await;
    accept::cancel(&home.core, &home.asker, everything).await.unwrap();
    delete(&home, Scope::Items { recordings: vec![made.id] }, true).await;
    assert!(send(&home, &late).await.is_ok());
}

#[tokio::test]
async fn a_name_is_one_recordings() {
    let home = Household::new().await;
    send(&home, &incoming(&home, 0, "first", Some("clip-1"))).await.unwrap();
    let other = send(&home, &incoming(&home, 1, "second", Some("clip-1"))).await;
    assert!(matches!(other, Err(IngestError::ReferenceTaken)));
    for bad in [String::new(), "x".repeat(201)] {
        let refused = send(&home, &incoming(&home, 1, "second", Some(&bad))).await;
        assert!(matches!(refused, Err(IngestError::BadReference)));
    }
    assert_eq!(count(&home, "SELECT count(*) FROM recording").await, 1);
}

#[tokio::test]
async fn a_sound_that_was_deleted_stays_so_where_its_place_is_kept() {
    let home = Household::new().await;
    let mut first = incoming(&home, 0, "walnut", None);
    first.recording.location = Place::new(47_606_200, -122_332_100, None);
    send(&home, &first).await.unwrap();
    delete(&home, Scope::Class { class: Class::Media, from: None, to: None }, true).await;
    engine::tick(&home.core).await.unwrap();
    assert_eq!(count(&home, "SELECT count(*) FROM recording").await, 1, "its entry stays");
    home.clock.advance(1);
    // A millisecond off is another moment, and the same sound.
    for n in [0, 4] {
        assert!(matches!(send(&home, &incoming(&home, n, "walnut", None)).await, Err(IngestError::Erased)));
    }
}

#[tokio::test]
async fn a_name_that_is_given_later_counts_too() {
    let home = Household::new().await;
    let made = send(&home, &incoming(&home, 0, "walnut", None)).await.unwrap();
    assert!(send(&home, &incoming(&home, 0, "walnut", Some("clip-7"))).await.unwrap().already_there);
    for (n, content, name) in [(0, "walnut", "clip-8"), (1, "else", "clip-7")] {
        let other = send(&home, &incoming(&home, n, content, Some(name))).await;
        assert!(matches!(other, Err(IngestError::ReferenceTaken)), "{n} {content} {name}: {other:?}");
    }
    delete(&home, Scope::Items { recordings: vec![made.id] }, true).await;
    engine::tick(&home.core).await.unwrap();
    let encoded_anew = send(&home, &incoming(&home, 0, "else", Some("clip-7"))).await;
    assert!(matches!(encoded_anew, Err(IngestError::Erased)));
}

#[tokio::test]
async fn writing_down_undoing_and_finishing_do_not_read_all_tombstones() {
    let home = Household::new().await;
    for sql in [
        "EXPLAIN QUERY PLAN SELECT hash FROM tombstone
         WHERE erasure = 'era' AND erasure <> '' AND hash > x'00' ORDER BY hash LIMIT 1000",
        "EXPLAIN QUERY PLAN DELETE FROM tombstone WHERE erasure = 'era' AND erasure <> ''",
        "EXPLAIN QUERY PLAN SELECT hash, '' FROM tombstone WHERE erasure = 'era' AND erasure <> ''",
    ] {
        let plan: String = sqlx::query(sql).fetch_one(home.core.db.read()).await.unwrap().get(3);
        assert!(plan.contains("tombstone_by_erasure"), "{plan}");
    }
}

#[tokio::test]
async fn an_entry_never_has_a_hash_of_its_bytes() {
    let home = Household::new().await;
    let arriving = incoming(&home, 0, "walnut", None);
    let hash = arriving.probed.sha256;
    send(&home, &arriving).await.unwrap();
    let (content, identity): (Vec<u8>, Vec<u8>) = sqlx::query_as("SELECT content, identity FROM recording")
        .fetch_one(home.core.db.read())
        .await
        .unwrap();
    assert!(content != hash && identity != hash);
    assert!(!household::contains(home.folder.path(), &hash), "nobody who has the file can look for it");
}

#[tokio::test]
async fn entries_from_before_there_were_marks_get_theirs_and_are_recognised() {
    let home = Household::new().await;
    let sent: Vec<_> = (0..2).map(|n| incoming(&home, n, &canary(n), None)).collect();
    let hashes: Vec<[u8; 32]> = sent.iter().map(|incoming| incoming.probed.sha256).collect();
    let mut made = Vec::new();
    for incoming in &sent {
        made.push(send(&home, incoming).await.unwrap().id);
    }
    // As they were: SHA-256 of the bytes; of that and the moment.
    let mut tx = home.core.db.write().await.unwrap();
    for (n, hash) in (0..).zip(&hashes) {
        let identity = sha2::Sha256::digest([&hash[..], home.at(n).to_string().as_bytes()].concat());
        // The first one is older still, from before contents were written down.
        sqlx::query("UPDATE recording SET content = ?, identity = ? WHERE id = ?")
            .bind((n > 0).then_some(&hash[..]))
            .bind(&identity[..])
            .bind(made[usize::try_from(n).unwrap()].to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    sqlx::query("PRAGMA user_version = 0").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();

    let home = home.reopened().await;
    for n in 0..2 {
        let again = send(&home, &incoming(&home, n, &canary(n), None)).await.unwrap();
        assert!(again.already_there);
    }
    delete(&home, Scope::Child {}, true).await;
    engine::tick(&home.core).await.unwrap();
    for n in 0..2 {
        let refused = send(&home, &incoming(&home, n, &canary(n), None)).await;
        assert!(matches!(refused, Err(IngestError::Erased)), "{refused:?}");
    }
}
