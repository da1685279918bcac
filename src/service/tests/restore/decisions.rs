//! What guardians decided after the backup and is no deletion: it holds after the restoring as well.

use rules::{
    Class, Date, ErasureState, RecordingId, Scope,
    contract::{NewDisclosure, NewErasure, Requester},
    retention::inactivity_deletion_starts_on,
};
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    erasure::{ErasureError, accept, engine, view},
    ingest::{self, IngestError},
    keep, ledger,
    processors::disclose,
};
use sqlx::{query_as, query_scalar};

use crate::{
    drill::{Folders, LEAST, back_up, copy, end, play},
    fake::Fake,
    household::{self, Household, canary, wav},
};

const DAY: i64 = 86_400;

async fn open(folders: &Folders) -> std::sync::Arc<Core> {
    Core::open(folders.data.path(), Policy::default()).await.unwrap()
}

async fn close(core: std::sync::Arc<Core>) {
    core.db.close().await;
    core.keys.close().await;
}

/// Every keep: of which recording, by whom, until when.
async fn keeps(core: &Core) -> Vec<(String, String, i64)> {
    query_as("SELECT r.id, k.guardian, k.until FROM keep k JOIN recording r ON r.seq = k.seq ORDER BY r.seq, k.guardian")
        .fetch_all(core.db.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn keeps_are_as_they_were_and_so_after_a_second_loss() {
    let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
    let mut recordings: Vec<RecordingId> = Vec::new();
    for n in 0..4 {
        recordings.push(home.record(n, &canary(n), true).await);
    }
    let other = home.second_guardian().await;
    let day = |days: i64| home.clock.now().date().plus_days(days);
    let put = async |n: usize, until: Date| {
        keep::put(&home.core, &home.asker, recordings[n], until).await.unwrap();
    };
    put(0, day(10)).await;
    put(1, day(20)).await;
    let backup = back_up(&home).await;
    // Moved; given up; new, and moved; of another guardian; new and given up.
    put(0, day(11)).await;
    keep::delete(&home.core, &home.asker, recordings[1]).await.unwrap();
    put(2, day(30)).await;
    put(2, day(31)).await;
    keep::put(&home.core, &other, recordings[0], day(40)).await.unwrap();
    put(3, day(50)).await;
    keep::delete(&home.core, &home.asker, recordings[3]).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let before = keeps(&home.core).await;
    assert_eq!(before.len(), 3);
    let (asker, child) = (home.asker.clone(), home.child);

    let folders = Folders { data: end(home).await, backup };
    // Another version restores than the one that was lost: it enters its own inventory before it replays anything.
    folders.in_the_backup("UPDATE inventory SET body = replace(body, 'store keys ', 'store another ')").await;
    folders.lose(LEAST);
    assert!(folders.restore(None).ends_well());
    let core = open(&folders).await;
    assert_eq!(keeps(&core).await, before);
    // What they decided can still be proved: what each entry commits to came back with it.
    ledger::sequence(&core).await.unwrap();
    let entries = ledger::receipt::entries(&core, &asker, child, false, None, 100).await.unwrap().items;
    let decisions: Vec<_> = entries.iter().filter(|entry| entry.kind == "decision").collect();
    assert_eq!(decisions.len(), 9);
    for entry in decisions {
        assert!(entry.body.contains("\nkeep ") || entry.body.contains("\nrelease "), "{}", entry.body);
        ledger::receipt::of_entry(&core, &asker, child, entry.seq).await.unwrap();
    }
    // What is decided from now on comes after all that.
    keep::delete(&core, &asker, recordings[2]).await.unwrap();
    ledger::sequence(&core).await.unwrap();
    close(core).await;
    folders.lose(LEAST);
    assert!(folders.restore(None).ends_well());
    let core = open(&folders).await;
    assert_eq!(keeps(&core).await, before[..2]);
    close(core).await;
    assert_eq!(ledger::fsck(folders.data.path()).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn the_rule_does_not_begin_again_with_what_a_guardian_has_taken_from_it() {
    let now = SystemClock.now().plus_seconds(-60);
    let starts = inactivity_deletion_starts_on(now.date());
    let home = Household::starting(now.plus_seconds(-starts.days_since(now.date()) * DAY - 7 * DAY)).await;
    let recording = home.record(0, &canary(0), true).await;
    let since = now.ms() - home.core.clock.now().ms();
    home.clock.advance(since / 1000);
    let backup = back_up(&home).await;
    home.run_engine_once().await;
    let asked = view::list(&home.core, &home.asker, None, None, 10).await.unwrap().items;
    assert_eq!(asked.len(), 1, "the rule has begun");
    accept::cancel(&home.core, &home.asker, asked[0].id).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let before = keeps(&home.core).await;
    assert_eq!((before.len(), &before[0].0), (1, &recording.to_string()));
    let asker = home.asker.clone();

    let folders = Folders { data: end(home).await, backup };
    folders.lose(LEAST);
    assert!(folders.restore(None).ends_well());
    let core = open(&folders).await;
    assert_eq!(keeps(&core).await, before);
    engine::ask_rule(&core).await.unwrap();
    assert!(
        view::list(&core, &asker, None, None, 10).await.unwrap().items.is_empty(),
        "nothing is asked for again"
    );
    close(core).await;
}

/// Whether it was refused while the deletion was open or after its end; and whatever comes late.
#[tokio::test]
async fn what_was_refused_on_its_way_is_refused_after_a_restoring_too() {
    for waive_undo in [false, true] {
        let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
        home.record(0, &canary(0), true).await;
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("late.wav");
        std::fs::write(&file, wav(&canary(1))).unwrap();
        let late = household::incoming(home.child, home.core.clock.now(), &file);
        home.clock.advance(1);
        let backup = back_up(&home).await;
        let request = NewErasure {
            child: Some(home.child),
            scope: Scope::Child {},
            include_kept: false,
            waive_undo,
            as_of: None,
        };
        let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
        let written = home.folder.path().join("deletions").join(erasure.id.to_string());
        let early = std::fs::read(&written).unwrap();
        engine::tick(&home.core).await.unwrap();
        let refused = |result| match result {
            Err(IngestError::Leaving) => !waive_undo,
            Err(IngestError::Erased) => waive_undo,
            _ => false,
        };
        assert!(refused(ingest::ingest(&home.core, &late).await));
        engine::tick(&home.core).await.unwrap();
        ledger::sequence(&home.core).await.unwrap();
        // A process that had read it before, and writes only now.
        std::fs::write(&written, early).unwrap();
        let child = home.child;

        let folders = Folders { data: end(home).await, backup };
        folders.lose(LEAST);
        assert!(folders.restore(None).ends_well());
        let core = open(&folders).await;
        let again = household::incoming(child, core.clock.now(), &file);
        assert!(refused(ingest::ingest(&core, &again).await), "waived: {waive_undo}");
        close(core).await;
        assert_eq!(household::contains(folders.data.path(), canary(0).as_bytes()), !waive_undo);
    }
}

/// Whom to ask is known, although the backup does not know that they have anything.
#[tokio::test]
async fn who_was_given_something_after_the_backup_is_asked_to_delete_it() {
    let fake = Fake::start().await;
    let home = Household::giving_to(SystemClock.now().plus_seconds(-60), fake.processors()).await;
    let recordings = [home.record(0, &canary(0), true).await, home.record(1, &canary(1), true).await];
    home.clock.advance(1);
    let backup = back_up(&home).await;
    let given = NewDisclosure {
        processor: "speech".into(),
        recordings: recordings.to_vec(),
        classes: vec![Class::Media],
    };
    disclose::disclose(&home.core, &given).await.unwrap();
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Items { recordings: vec![recordings[0]] },
        include_kept: false,
        waive_undo: true,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    engine::tick(&home.core).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let asker = home.asker.clone();

    let folders = Folders { data: end(home).await, backup };
    folders.lose(&["deletions", "ledger", "processors.key"]);
    assert!(folders.restore(None).ends_well());
    let core = open(&folders).await;
    let again = view::get(&core, &asker, erasure.id).await.unwrap();
    assert_eq!(again.state, ErasureState::Deleted);
    let asked: Vec<_> = again.processors.iter().map(|step| (&*step.processor, step.recordings)).collect();
    assert_eq!(asked, [("speech", 1)]);
    let left: Vec<String> = query_scalar("SELECT r.id FROM disclosure d JOIN recording r ON r.seq = d.seq")
        .fetch_all(core.db.read())
        .await
        .unwrap();
    assert_eq!(left, [recordings[1].to_string()], "and what it still has is known");
    close(core).await;
}

/// Who asked is not the rule, and not somebody else, although the backup does not know them.
#[tokio::test]
async fn what_a_guardian_decided_who_came_after_the_backup_holds_too() {
    let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
    let kept = home.record(0, &canary(0), true).await;
    let deleted = home.record(1, &canary(1), true).await;
    home.clock.advance(1);
    let backup = back_up(&home).await;
    let newcomer = home.second_guardian().await;
    let until = home.clock.now().date().plus_days(40);
    keep::put(&home.core, &newcomer, kept, until).await.unwrap();
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Items { recordings: vec![deleted] },
        include_kept: false,
        waive_undo: false,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&home.core, &newcomer, &request, None).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let asker = home.asker.clone();

    let folders = Folders { data: end(home).await, backup };
    folders.lose(LEAST);
    assert!(folders.restore(None).ends_well());
    let core = open(&folders).await;
    let again = view::get(&core, &asker, erasure.id).await.unwrap();
    assert_eq!((again.state, again.requested_by), (ErasureState::Sealed, Requester::AnotherGuardian));
    assert!(matches!(accept::cancel(&core, &asker, erasure.id).await, Err(ErasureError::NotYours)));
    let keeps = keeps(&core).await;
    assert_eq!((keeps.len(), &keeps[0].0, keeps[0].2), (1, &kept.to_string(), until.days()));
    close(core).await;
}

/// The first restoring does not even know that it was asked for, and has the folder for longer than the undo alone
/// would be needed.
#[tokio::test]
async fn what_was_taken_back_stays_after_a_second_loss_long_after() {
    let home = Household::starting(SystemClock.now().plus_seconds(-50 * DAY)).await;
    let recording = home.record(0, &canary(0), true).await;
    home.clock.advance(1);
    let backup = back_up(&home).await;
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Child {},
        include_kept: false,
        waive_undo: false,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    accept::cancel(&home.core, &home.asker, erasure.id).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();
    let asker = home.asker.clone();

    let mut folders = Folders { data: end(home).await, backup };
    folders.lose(LEAST);
    assert!(folders.restore(None).ends_well());
    let core = open(&folders).await;
    engine::tick(&core).await.unwrap();
    core.db.empty_wal().await.unwrap();
    close(core).await;
    folders.backup = tempfile::tempdir().unwrap();
    copy(folders.data.path(), folders.backup.path());

    folders.lose(LEAST);
    assert!(folders.restore(None).ends_well());
    let core = open(&folders).await;
    engine::tick(&core).await.unwrap();
    assert_eq!(play(&core, &asker, recording).await, wav(&canary(0)));
    close(core).await;
}
