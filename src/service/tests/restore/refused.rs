//! What could not be honest is refused, before anything is touched.

use std::path::Path;

use crate::{
    drill::{Drill, LEAST, copy},
    process::Process,
};

/// A database that somebody put in place while the restoring was broken off.
#[tokio::test]
async fn a_database_that_stands_in_the_place_is_never_written_over() {
    for point in ["restore-copying", "restore-placing"] {
        let drill = Drill::new().await;
        let data = drill.data.path();
        drill.lose(LEAST);
        drill.restore(Some(point)).kill_where_it_stopped(data);
        let theirs = data.join("forget-me-not.db");
        std::fs::write(&theirs, "somebody's").unwrap();
        assert!(drill.refused().contains("move"), "{point}");
        assert!(!Process::serve(data, None).ends_well(), "{point}");
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "somebody's", "{point}");
        std::fs::remove_file(theirs).unwrap();
        assert!(drill.restore(None).ends_well(), "{point}");
        drill.check().await;
    }
}

/// `keys.db` and the epochs' keys belong together, and a rotation after the backup parts those of the backup
/// from those of the folder.
#[tokio::test]
async fn keys_that_do_not_belong_together_are_refused_and_none_is_replaced() {
    let drill = Drill::new().await;
    let data = drill.data.path();
    let epoch = |folder: &Path, n: u32| std::fs::read(folder.join(format!("epochs/{n}.key"))).ok();
    std::fs::remove_file(drill.backup.path().join("keys.db")).unwrap();
    drill.lose(&["deletions", "ledger", "epochs"]);
    let first = epoch(data, 1).unwrap();
    assert!(drill.refused().contains("there is no keys.db"));
    assert_eq!(epoch(data, 1), Some(first), "and nothing was touched");
    assert!(!data.join("restoring").exists());

    let drill = Drill::new().await;
    let data = drill.data.path();
    assert!(Process::run(data, ["keys", "rotate"], None).ends_well());
    let second = epoch(data, 2);
    assert!(second.is_some() && epoch(data, 1).is_none());
    // The new keys without the key that opens them, and with the old one in the backup.
    let saved = tempfile::tempdir().unwrap();
    copy(&data.join("epochs"), &saved.path().join("epochs"));
    drill.lose(&["deletions", "ledger", "keys.db"]);
    assert!(drill.refused().contains("they belong together"));
    assert!(!data.join("restoring").exists());
    copy(&saved.path().join("epochs"), &data.join("epochs"));
    assert!(drill.restore(None).ends_well());
    assert_eq!(epoch(data, 2), second);
    assert!(epoch(data, 1).is_none(), "what a rotation ended stays ended");
    drill.check().await;
}

#[tokio::test]
async fn without_what_must_be_known_nothing_is_restored() {
    let drill = Drill::new().await;
    assert!(drill.refused().contains("there is a database"), "no deletion would reach that one");
    drill.lose(&["ledger"]);
    assert!(drill.refused().contains("there is no folder deletions"));

    let drill = Drill::new().await;
    // The backup's ledger is older than what the world has seen.
    drill.lose(&["deletions"]);
    let refused = drill.refused();
    assert!(refused.contains("the ledger has published"), "{refused}");

    let drill = Drill::new().await;
    drill.lose(&["deletions", "ledger"]);
    std::fs::write(drill.data.path().join("tombstone.key"), [1; 32]).unwrap();
    assert!(drill.refused().contains("another service"));

    let drill = Drill::new().await;
    drill.lose(LEAST);
    std::fs::remove_file(drill.backup.path().join("tombstone.key")).unwrap();
    assert!(drill.refused().contains("there is no tombstone.key"), "nothing would be recognised");
    assert!(!drill.data.path().join("tombstone.key").exists());

    // Another key than the one that the deletions were written under, and no way to see it but by them.
    let drill = Drill::new().await;
    drill.lose(LEAST);
    std::fs::remove_file(drill.backup.path().join("tombstone.key")).unwrap();
    std::fs::write(drill.data.path().join("tombstone.key"), [1; 32]).unwrap();
    assert!(drill.refused().contains("another tombstone.key"), "nothing would be recognised");
    assert!(!drill.data.path().join("restoring").exists());

    // The file of a deletion that was not copied whole.
    let drill = Drill::new().await;
    drill.lose(LEAST);
    let file = drill.data.path().join("deletions").join(drill.erasures[0].to_string());
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.strip_suffix("end\n").unwrap()).unwrap();
    assert!(drill.refused().contains("ends too early"));
    std::fs::write(&file, text).unwrap();
    assert!(drill.restore(None).ends_well(), "with the whole file it goes on");
    drill.check().await;
}
