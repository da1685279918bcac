//! A copy of `deletions/` that is older than the loss: the ledger shows what it lacks.

use std::path::Path;

use rules::{Scope, contract::NewErasure};
use serde_json::Value;
use service::{
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    erasure::{accept, engine},
    ingest::{self, IngestError},
    ledger,
    outbound::{self, Reach},
};

use crate::{
    drill::{Drill, Folders, GONE_SINCE, LEAST, back_up, copy, end, play},
    household::{self, Household, canary, wav},
    process::{self, Process, free_port, until},
};

/// Takes files out of the folder, as if its last copy had been made before them; whoever calls may put them back.
fn take_out(data: &Path, which: impl Fn(&str) -> bool) -> tempfile::TempDir {
    let aside = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(data.join("deletions")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if which(&name) {
            std::fs::copy(entry.path(), aside.path().join(name)).unwrap();
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    aside
}

#[tokio::test]
async fn without_a_deletion_that_the_ledger_shows_nothing_is_restored() {
    for what in ["a deletion", "an undo"] {
        let drill = Drill::new().await;
        let data = drill.data.path();
        drill.lose(LEAST);
        let deletion = drill.erasures[0].to_string();
        let aside =
            take_out(
                data,
                |name| if what == "a deletion" { name == deletion } else { name.starts_with("note_") },
            );
        let refused = drill.refused();
        assert!(refused.contains("of 4 deletions and other decisions"), "{refused}");
        assert!(refused.contains("1 are not in"), "{refused}");
        assert!(refused.contains("--accept-missing-deletions"), "{refused}");
        assert!(!Process::serve(data, None).ends_well(), "and nothing is served");

        copy(aside.path(), &data.join("deletions"));
        assert!(drill.restore(None).ends_well(), "with it, it goes on");
        drill.check().await;
    }
}

/// What cannot be found any more is known to everybody.
#[tokio::test]
async fn whoever_goes_on_without_it_says_so_in_the_ledger() {
    let drill = Drill::new().await;
    let data = drill.data.path();
    drill.lose(LEAST);
    let deletion = drill.erasures[0].to_string();
    let _lost = take_out(data, |name| name == deletion);
    assert!(drill.refused().contains("1 are not in"));
    drill.restore_with(&["--accept-missing-deletions"], Some("restore-entered")).kill_where_it_stopped(data);
    assert!(drill.restore(None).ends_well(), "said once, it holds for this restoring");
    let core = Core::open(data, Policy::default()).await.unwrap();
    let back = drill.recordings[GONE_SINCE as usize];
    assert_eq!(
        play(&core, &drill.asker, back).await,
        wav(&canary(GONE_SINCE)),
        "as whoever said that was told"
    );
    core.db.close().await;
    core.keys.close().await;

    let service = Process::serve_on(data, free_port(), None);
    let client = outbound::builder(Reach::ThisMachine).build().unwrap();
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", service.port);
    service.is_ready().await;
    let newest = async || -> Option<Value> {
        let page: Value = client.get(url("/ledger/public")).send().await.ok()?.json().await.ok()?;
        Some(page["items"][0].clone()).filter(|newest| newest["kind"] == "policy")
    };
    let said = until(newest).await.expect("it was never published");
    assert!(said["body"].as_str().unwrap().starts_with("forget-me-not/restore/v1\n"), "{said}");
    assert!(said["body"].as_str().unwrap().ends_with("\nmissing 1\n"), "{said}");
    // Anybody can check that it was entered.
    let files = tempfile::tempdir().unwrap();
    let receipt = format!("/ledger/public/{}/receipt", said["index"]);
    for (name, path) in [("receipt", &*receipt), ("policy", "/ledger/policy")] {
        let text = client.get(url(path)).send().await.unwrap().text().await.unwrap();
        std::fs::write(files.path().join(name), text).unwrap();
    }
    let file = |name: &str| files.path().join(name).into_os_string().into_string().unwrap();
    let (well, told) =
        process::told(["verify", "--entry", "0", "--policy", &file("policy"), &file("receipt")]);
    assert!(well && told.ends_with(&format!("It says:\n{}", said["body"].as_str().unwrap())), "{told}");
}

/// What was refused on its way is in no ledger; its number is missed all the same.
#[tokio::test]
async fn without_a_note_between_others_nothing_is_restored() {
    let home = Household::starting(SystemClock.now().plus_seconds(-60)).await;
    home.record(0, &canary(0), true).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("late.wav");
    std::fs::write(&file, wav(&canary(1))).unwrap();
    let late = household::incoming(home.child, home.core.clock.now(), &file);
    home.clock.advance(1);
    engine::tick(&home.core).await.unwrap();
    let backup = back_up(&home).await;
    let request = NewErasure {
        child: Some(home.child),
        scope: Scope::Child {},
        include_kept: true,
        waive_undo: false,
        as_of: None,
    };
    let (erasure, _) = accept::accept(&home.core, &home.asker, &request, None).await.unwrap();
    assert!(matches!(ingest::ingest(&home.core, &late).await, Err(IngestError::Leaving)));
    // Each in a file of its own.
    engine::tick(&home.core).await.unwrap();
    accept::cancel(&home.core, &home.asker, erasure.id).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();

    let folders = Folders { data: end(home).await, backup };
    folders.lose(LEAST);
    let data = folders.data.path();
    let says = |name: &str| std::fs::read_to_string(data.join("deletions").join(name)).unwrap();
    let aside = take_out(data, |name| says(name).contains("\narriving "));
    let refused = folders.refused();
    assert!(refused.contains("lacks what was decided between note 1 and note 3"), "{refused}");
    copy(aside.path(), &data.join("deletions"));
    assert!(folders.restore(None).ends_well());
}
