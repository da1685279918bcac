//! `add-checkpoint` over HTTP, as c2sp.org/tlog-witness has it.

use std::sync::Arc;

use proof::note::Note;
use service::{
    clock::{Clock, ManualClock, SystemClock},
    witness::Witness,
};

use crate::stand::{Log, Stand};

const ORIGIN: &str = "ledger.toys.example/2026";
const NAME: &str = "watch.example/w1";

#[tokio::test]
async fn it_cosigns_what_only_grows_and_each_refusal_has_its_status() {
    let state = tempfile::tempdir().unwrap();
    let mut log = Log::new(ORIGIN, "honest", 3);
    let clock = Arc::new(ManualClock::at("2026-11-22T05:00:00Z".parse().unwrap()));
    let stand = Stand::new(state.path(), NAME, &log.line(), clock.clone()).await;
    let key = stand.witness.key().clone();

    let (status, _, line) = stand.post(log.request(0)).await;
    assert_eq!(status, 200);
    let note = log.note() + &line;
    let seen = Note::parse(&note).unwrap().cosigned_by(&key).unwrap();
    assert_eq!(seen, Some("2026-11-22T05:00:00Z".parse::<rules::Timestamp>().unwrap().ms() as u64 / 1000));
    assert_eq!(line.lines().count(), 1);

    log.grow("honest", 5);
    assert_eq!(stand.post(log.request(3)).await.0, 200);
    clock.advance(60);
    let again = stand.post(log.request(8)).await;
    assert_eq!(again.0, 200, "the same again is signed again");
    assert_ne!(again.2, line);

    let size = ("text/x.tlog.size".to_owned(), "8\n".to_owned());
    let (status, kind, told) = stand.post(log.request(3)).await;
    assert_eq!((status, (kind, told)), (409, size.clone()), "it says where the proof must begin");
    let shorter = Log::new(ORIGIN, "honest", 5);
    let (status, kind, told) = stand.post(shorter.request(0)).await;
    assert_eq!((status, (kind, told)), (409, size.clone()), "what has become shorter is not signed");
    let forked = Log::new(ORIGIN, "forked", 8);
    let (status, kind, told) = stand.post(forked.request(8)).await;
    assert_eq!((status, (kind, told)), (409, size), "the same size with other entries is not signed");
    let forked = Log::new(ORIGIN, "forked", 11);
    assert_eq!(stand.post(forked.request(8)).await.0, 422, "and neither is what grew from other entries");
    let unknown = Log::new("other.example/log", "honest", 3);
    assert_eq!(stand.post(unknown.request(0)).await.0, 404);
    let swapped = proof::note::Signer::new(ORIGIN, proof::note::Role::Log, &[8; 32]).unwrap();
    let swapped = Log { signer: Arc::new(swapped), ..log.clone() };
    assert_eq!(stand.post(swapped.request(8)).await.0, 403);
    assert_eq!(stand.post("old 9\n\n").await.0, 400);
    assert_eq!(stand.post(vec![0xff, 0xfe]).await.0, 400);
    assert_eq!(stand.post("x".repeat(200_000)).await.0, 413);
    let back = log.request(8).replacen("old 8", "old 9", 1);
    assert_eq!(stand.post(back).await.0, 400, "a proof leads forwards");

    let get = stand.client.get(format!("{}add-checkpoint", stand.url)).send().await.unwrap();
    assert_eq!(get.status(), 405);
    let about = stand.client.get(&stand.url).send().await.unwrap();
    assert_eq!(about.headers()["content-type"], "text/plain; charset=utf-8");
    let about = about.text().await.unwrap();
    for part in [NAME, &key.text(), ORIGIN, "8 entries at 2026-11-22T05:00:00Z", "two different states"] {
        assert!(about.contains(part), "{part}: {about}");
    }
    let evidence: Vec<_> = std::fs::read_dir(state.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "contradiction"))
        .collect();
    let both = std::fs::read_to_string(&evidence[0]).unwrap();
    assert_eq!((evidence.len(), both.matches(&format!("— {ORIGIN} ")).count()), (1, 2), "{both}");
}

#[tokio::test]
async fn it_remembers_across_its_own_end() {
    let state = tempfile::tempdir().unwrap();
    let mut log = Log::new(ORIGIN, "honest", 3);
    let clock = Arc::new(SystemClock);
    let stand = Stand::new(state.path(), NAME, &log.line(), clock.clone()).await;
    assert_eq!(stand.post(log.request(0)).await.0, 200);
    let (key, seen) = (stand.witness.key().clone(), stand.witness.seen());
    let logs = format!("{}quorum none\n", log.line());
    let policy = || proof::Policy::parse(&logs).unwrap();
    let second = Witness::open(state.path(), Some(NAME), policy(), clock.clone());
    assert!(second.err().unwrap().to_string().contains("another witness runs"));
    stand.end().await;

    let other_name = Witness::open(state.path(), Some("watch.example/w2"), policy(), clock.clone());
    assert!(other_name.err().unwrap().to_string().contains("never changes"));
    let stand = Stand::new(state.path(), NAME, &log.line(), clock.clone()).await;
    assert_eq!((stand.witness.key(), stand.witness.seen()), (&key, seen));
    let fork = Log::new(ORIGIN, "forked", 3);
    assert_eq!(stand.post(fork.request(0)).await.0, 409);
    assert_eq!(stand.post(fork.request(3)).await.0, 409);
    log.grow("honest", 1);
    assert_eq!(stand.post(log.request(3)).await.0, 200);
    stand.end().await;

    // Damaged, or its key lost: it does not begin again as if it had seen nothing.
    let file = std::fs::read_dir(state.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|kind| kind == "seen"))
        .unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &whole[..60]).unwrap();
    assert!(Witness::open(state.path(), Some(NAME), policy(), clock.clone()).is_err());
    std::fs::write(&file, whole).unwrap();
    std::fs::remove_file(state.path().join("witness.key")).unwrap();
    let lost = Witness::open(state.path(), Some(NAME), policy(), clock);
    assert!(lost.err().unwrap().to_string().contains("restore"));
}

#[tokio::test]
async fn of_two_ledgers_that_come_at_once_one_is_signed() {
    for _ in 0..20 {
        let state = tempfile::tempdir().unwrap();
        let log = Log::new(ORIGIN, "honest", 3);
        let stand = Arc::new(Stand::new(state.path(), NAME, &log.line(), Arc::new(SystemClock)).await);
        let asks = ["one", "two", "three", "four"].map(|of| {
            let (stand, request) = (stand.clone(), Log::new(ORIGIN, of, 3).request(0));
            tokio::spawn(async move { stand.post(request).await.0 })
        });
        let mut signed = 0;
        for ask in asks {
            match ask.await.unwrap() {
                200 => signed += 1,
                other => assert_eq!(other, 409),
            }
        }
        assert_eq!(signed, 1);
    }
}

/// The one file of a witness that ends so.
fn file(state: &std::path::Path, kind: &str) -> std::path::PathBuf {
    let paths = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    paths.into_iter().find(|path| path.extension().is_some_and(|of| of == kind)).unwrap()
}

#[tokio::test]
async fn a_copy_of_what_it_saw_earlier_is_not_taken_for_what_it_saw_last() {
    let state = tempfile::tempdir().unwrap();
    let mut log = Log::new(ORIGIN, "honest", 3);
    let stand = Stand::new(state.path(), NAME, &log.line(), Arc::new(SystemClock)).await;
    assert_eq!(stand.post(log.request(0)).await.0, 200);
    let seen = file(state.path(), "seen");
    let copies = [seen.with_file_name("0.seen"), seen.with_file_name("z.seen")];
    for copy in &copies {
        std::fs::copy(&seen, copy).unwrap();
    }
    log.grow("honest", 5);
    assert_eq!(stand.post(log.request(3)).await.0, 200);
    stand.end().await;
    let policy = || proof::Policy::parse(&format!("{}quorum none\n", log.line())).unwrap();
    for copy in copies {
        let refused = Witness::open(state.path(), None, policy(), Arc::new(SystemClock)).err().unwrap();
        assert!(refused.to_string().contains("if it is a copy"), "{refused}");
        std::fs::remove_file(copy).unwrap();
    }
    let witness = Witness::open(state.path(), None, policy(), Arc::new(SystemClock)).unwrap();
    assert_eq!(witness.seen()[ORIGIN].size, 8);
}

#[tokio::test]
async fn what_is_longer_is_never_signed_with_an_earlier_time() {
    let state = tempfile::tempdir().unwrap();
    let mut log = Log::new(ORIGIN, "honest", 3);
    let clock = Arc::new(ManualClock::at("2026-11-22T05:00:00Z".parse().unwrap()));
    let stand = Stand::new(state.path(), NAME, &log.line(), clock.clone()).await;
    let key = stand.witness.key().clone();
    let mut last = 0;
    let mut signed = async |stand: &Stand, log: &Log, old| {
        let (status, _, line) = stand.post(log.request(old)).await;
        assert_eq!(status, 200);
        let time = Note::parse(&(log.note() + &line)).unwrap().cosigned_by(&key).unwrap().unwrap();
        assert!(time >= last, "{time} after {last}");
        last = time;
    };
    signed(&stand, &log, 0).await;
    clock.advance(60);
    signed(&stand, &log, 3).await;
    clock.advance(-3600);
    log.grow("honest", 1);
    signed(&stand, &log, 3).await;
    // Nor after it was started again.
    stand.end().await;
    let stand = Stand::new(state.path(), NAME, &log.line(), clock.clone()).await;
    log.grow("honest", 1);
    signed(&stand, &log, 4).await;
    clock.advance(7200);
    signed(&stand, &log, 5).await;
    assert_eq!(last, clock.now().ms() as u64 / 1000);
    stand.end().await;
}

#[tokio::test]
async fn evidence_that_cannot_be_kept_just_now_is_kept_the_next_time() {
    let state = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, "honest", 3);
    let stand = Stand::new(state.path(), NAME, &log.line(), Arc::new(SystemClock)).await;
    assert_eq!(stand.post(log.request(0)).await.0, 200);
    // A folder is in the way of the file.
    let evidence = file(state.path(), "seen").with_extension("contradiction");
    std::fs::create_dir(&evidence).unwrap();
    let forked = Log::new(ORIGIN, "forked", 3);
    for _ in 0..2 {
        assert_eq!(stand.post(forked.request(3)).await.0, 409, "it is refused all the same");
        assert!(!stand.witness.seen()[ORIGIN].contradicted, "nothing is kept yet");
    }
    std::fs::remove_dir(&evidence).unwrap();
    assert_eq!(stand.post(forked.request(3)).await.0, 409);
    assert!(stand.witness.seen()[ORIGIN].contradicted);
    let both = std::fs::read_to_string(&evidence).unwrap();
    assert_eq!(both.matches(&format!("— {ORIGIN} ")).count(), 2, "{both}");
    stand.end().await;
}
