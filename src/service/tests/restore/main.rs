//! The restore drill, with the real binary: recorded, backed up, deleted, lost, restored. What was deleted
//! after the backup is nowhere, and nothing is served before that is so.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

#[path = "../fake/mod.rs"]
mod fake;
#[path = "../household/mod.rs"]
mod household;
#[path = "../process/mod.rs"]
mod process;

mod decisions;
mod drill;
mod missing;
mod refused;
mod written;

use household::{canary, contains};
use process::{Process, free_port, mint};
use service::{
    core::{Core, Policy},
    outbound::{self, Reach},
};
use sqlx::query_scalar;

use drill::{BEST, Drill, GONE_SINCE, LEAST, VENDOR};

#[tokio::test]
async fn what_was_deleted_after_the_backup_stays_deleted() {
    for left in [BEST, LEAST] {
        let drill = Drill::new().await;
        assert!(contains(drill.backup.path(), canary(GONE_SINCE).as_bytes()), "the drill means something");
        drill.lose(left);
        assert!(drill.restore(None).ends_well());
        let core = Core::open(drill.data.path(), Policy::default()).await.unwrap();
        let sessions: i64 =
            query_scalar("SELECT count(*) FROM session").fetch_one(core.db.read()).await.unwrap();
        assert_eq!(sessions, 0, "who was signed in then may have signed out since");
        core.db.close().await;
        core.keys.close().await;
        drop(core);
        drill.check().await;
    }
}

#[tokio::test]
async fn killed_anywhere_the_next_start_goes_on() {
    for point in [
        "restore-copying",
        "restore-placing",
        "restore-copied",
        "restore-replayed",
        "restore-erased",
        "restore-entered",
    ] {
        let drill = Drill::new().await;
        drill.lose(LEAST);
        // Twice: going on may be killed too.
        for _ in 0..2 {
            drill.restore(Some(point)).kill_where_it_stopped(drill.data.path());
        }
        if point == "restore-copying" {
            // The service goes on as well, and makes no secret in the place of one that the backup has.
            Process::serve(drill.data.path(), Some("restore-replayed"))
                .kill_where_it_stopped(drill.data.path());
            assert_eq!(std::fs::read_to_string(drill.data.path().join("vendor.key")).unwrap(), VENDOR);
        }
        assert!(drill.restore(None).ends_well(), "{point}");
        drill.check().await;
    }
}

#[tokio::test]
async fn nothing_is_served_before_all_of_it_is_deleted_again() {
    let drill = Drill::new().await;
    let data = drill.data.path();
    drill.lose(LEAST);
    drill.restore(Some("restore-copied")).kill_where_it_stopped(data);
    let client = outbound::builder(Reach::ThisMachine).build().unwrap();
    for point in ["restore-replayed", "restore-erased", "restore-entered"] {
        let service = Process::serve_on(data, free_port(), Some(point));
        let waiting = service.port;
        let path = data.to_owned();
        let service = tokio::task::spawn_blocking(move || {
            service.wait_where_it_stops(&path);
            service
        })
        .await
        .unwrap();
        let token = mint(data);
        let status = async |path: &str| {
            let url = format!("http://127.0.0.1:{waiting}{path}");
            client.get(url).bearer_auth(&token).send().await.unwrap().status().as_u16()
        };
        assert_eq!(status("/healthz").await, 200, "{point}");
        for path in
            ["/readyz", "/v1/children", "/", "/ledger/checkpoint", "/metrics", "/openapi.json", "/app"]
        {
            assert_eq!(status(path).await, 503, "{point} {path}");
        }
        service.kill_where_it_stopped(data);
        let import = Process::run(data, ["import", "--child", "Mia", "."], None).ends_well();
        assert!(!import, "and nothing is taken in");
    }
    let service = Process::serve_on(data, free_port(), None);
    service.is_ready().await;
    drop(service);
    drill.check().await;
}

/// The undo came after the backup, and the loss after the end of its time: nobody erases meanwhile.
#[tokio::test]
async fn what_was_taken_back_after_the_backup_is_not_erased_by_the_service_that_restores() {
    let drill = Drill::new().await;
    drill.in_the_backup("UPDATE erasure SET sealed_until = requested_at WHERE state = 'sealed'").await;
    let data = drill.data.path();
    drill.lose(LEAST);
    drill.restore(Some("restore-copied")).kill_where_it_stopped(data);
    let service = Process::serve_on(data, free_port(), None);
    service.is_ready().await;
    drop(service);
    drill.check().await;

    // And where somebody has erased all the same, it is said.
    let drill = Drill::new().await;
    drill.in_the_backup("UPDATE erasure SET state = 'erasing' WHERE state = 'sealed'").await;
    drill.lose(LEAST);
    assert!(drill.refused().contains("was taken back, and the restored database carries it out"));
}
