//! A copy of `deletions/` that is older than the loss: the ledger shows what it lacks.

use serde_json::Value;
use service::{
    core::{Core, Policy},
    outbound::{self, Reach},
};

use crate::{
    drill::{Drill, GONE_SINCE, LEAST, copy, play},
    household::{canary, wav},
    process::{Process, free_port, until},
};

/// Takes files out of the folder, as if its last copy had been made before them; whoever calls may put them back.
fn take_out(drill: &Drill, which: impl Fn(&str) -> bool) -> tempfile::TempDir {
    let aside = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(drill.data.path().join("deletions")).unwrap() {
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
                &drill,
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
    let _lost = take_out(&drill, |name| name == deletion);
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
    let receipt = client.get(url(&format!("/ledger/public/{}/receipt", said["index"]))).send().await.unwrap();
    let policy = client.get(url("/ledger/policy")).send().await.unwrap().text().await.unwrap();
    let policy = proof::Policy::parse(&policy).unwrap();
    let report = proof::verify::verify_entry(&receipt.text().await.unwrap(), &policy, &Default::default(), 0);
    assert!(!report.failed(), "{}", report.text());
    assert_eq!(report.body.as_deref(), said["body"].as_str());
}
