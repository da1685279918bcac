//! The ledger natively: the chain, the tree and its files, restarts, and two processes at once.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod household;

use household::{Household, canary};
use proof::{
    Policy,
    child::{ChildKey, Walk, items_root},
    leaf::{Kind, Leaf},
    merkle::leaf_hash,
    statement::Ended,
    verify::{Known, Outcome, What, verify},
};
use rules::{Scope, StoreId, contract::NewErasure, retention::BACKUPS_END_AFTER_DAYS};
use service::{
    clock::Clock,
    core::{Core, Policy as Deciding},
    erasure::{accept, engine},
    keep,
    ledger::{
        self, receipt,
        tiles::{Level, Tile, Tiles, entries},
    },
};
use sqlx::{query, query_as, query_scalar};

fn erase_all(home: &Household) -> NewErasure {
    NewErasure {
        child: Some(home.child),
        scope: Scope::Child {},
        include_kept: false,
        waive_undo: true,
        as_of: None,
    }
}

/// In a month.
fn day(home: &Household) -> rules::Date {
    home.clock.now().date().plus_days(30)
}

/// All entries of the household's child, as its guardian gets them.
async fn chain(home: &Household) -> (ChildKey, Vec<rules::contract::LedgerEntry>) {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = receipt::entries(&home.core, &home.asker, home.child, false, after, 3).await.unwrap();
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return (ChildKey(proof::base64::hash(&page.key.unwrap()).unwrap()), all);
        }
    }
}

async fn size(core: &Core) -> u64 {
    let size: i64 = query_scalar("SELECT size FROM ledger_head").fetch_one(core.db.read()).await.unwrap();
    u64::try_from(size).unwrap()
}

#[tokio::test]
async fn an_erasure_is_entered_step_by_step_and_its_receipt_verifies() {
    let home = Household::new().await;
    let first = home.record(0, &canary(0), true).await;
    let kept = home.record(1, &canary(1), false).await;
    keep::put(&home.core, &home.asker, kept, day(&home)).await.unwrap();
    // Said again: no decision, no entry.
    keep::put(&home.core, &home.asker, kept, day(&home)).await.unwrap();
    keep::delete(&home.core, &home.asker, kept).await.unwrap();
    let (taken_back, _) =
        accept::accept(&home.core, &home.asker, &NewErasure { waive_undo: false, ..erase_all(&home) }, None)
            .await
            .unwrap();
    accept::cancel(&home.core, &home.asker, taken_back.id).await.unwrap();
    let refused = receipt::of_erasure(&home.core, &home.asker, taken_back.id, None).await;
    assert!(matches!(refused, Err(receipt::ReceiptError::Cancelled)));

    let (erasure, _) = accept::accept(&home.core, &home.asker, &erase_all(&home), None).await.unwrap();
    let early = receipt::of_erasure(&home.core, &home.asker, erasure.id, None).await;
    assert!(matches!(early, Err(receipt::ReceiptError::NotFinished)));
    engine::tick(&home.core).await.unwrap();
    let early = receipt::of_erasure(&home.core, &home.asker, erasure.id, None).await;
    assert!(matches!(early, Err(receipt::ReceiptError::NotPublished)));
    ledger::sequence(&home.core).await.unwrap();

    let (key, entries) = chain(&home).await;
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let mut expected = vec!["birth", "birth", "decision", "decision", "request", "decision", "request"];
    // The keys go first, and their result says more than that they are absent.
    assert_eq!(erasure.steps[0].store, StoreId::Keys);
    expected.push("key-destroyed");
    expected.extend(erasure.steps[1..].iter().map(|_| "store-result"));
    expected.push("complete");
    assert_eq!(kinds, expected);
    let leaves: String = entries.iter().map(|entry| entry.leaf.as_str()).collect();
    for entry in &entries {
        let leaf = Leaf::parse(&entry.leaf).unwrap();
        assert_eq!(leaf.body, proof::leaf::commitment(&key.salt(entry.seq), &entry.body));
        assert!(entry.index.is_some());
    }

    let receipt = receipt::of_erasure(&home.core, &home.asker, erasure.id, None).await.unwrap();
    assert!(receipt.len() <= 4096, "{} bytes", receipt.len());
    let inventory = receipt::of_inventory(&home.core, 1).await.unwrap();
    let policy = Policy::parse(&home.core.ledger.policy()).unwrap();
    let known =
        Known { inventory: Some(&inventory), child: Some(&key), entries: Some(&leaves), ..Known::default() };
    let report = verify(&receipt, &policy, &known);
    assert!(!report.failed(), "{}", report.text());
    for what in
        [What::Signature, What::Inclusion, What::Opening, What::Inventory, What::Published, What::Child]
    {
        assert_eq!(report.outcome(what), &Outcome::Proved, "{what:?}");
    }
    assert_eq!(report.outcome(What::Chain), &Outcome::Proved);
    let statement = report.statement.unwrap();
    assert_eq!((statement.erasure, statement.recordings), (erasure.id.to_string(), 2));
    let held: Vec<_> = statement.stores.iter().filter(|store| store.copies > 0).collect();
    assert_eq!(held.len(), erasure.steps.len());
    for (store, step) in held.into_iter().zip(&erasure.steps) {
        assert_eq!((store.name.as_str(), store.copies), (step.store.name(), step.copies));
        let destroyed = step.store == StoreId::Keys;
        assert_eq!(
            store.ended,
            if destroyed { Ended::KeyDestroyed } else { Ended::Absent },
            "{}",
            store.name
        );
    }
    let backups = erasure.requested_at.date().plus_days(BACKUPS_END_AFTER_DAYS);
    assert_eq!(statement.backups.text(), backups.to_string());

    // What was erased, as a parent who noted the ids can compute it: in the order of the ids.
    let mut ids = [first, kept].map(|id| id.to_string());
    ids.sort_unstable();
    let roots: Vec<_> = statement
        .stores
        .iter()
        .map(|store| {
            // The second was recorded without a place, and nothing was made of either.
            let ids = match &*store.name {
                "location" => vec![first.to_string()],
                "fact" | "voiceprint" | "thumbnail" | "dataset" | "from_location" => Vec::new(),
                _ => ids.to_vec(),
            };
            key.store_root(&store.name, ids.iter().map(String::as_str))
        })
        .collect();
    assert_eq!(statement.items, Some(items_root(&roots)));

    // Somebody changes the statement.
    let mut forged = proof::receipt::Receipt::parse(&receipt).unwrap();
    forged.body = forged.body.replace("recordings 2", "recordings 1");
    let report = verify(&forged.text().unwrap(), &policy, &known);
    assert_eq!(report.outcome(What::Opening), &Outcome::Failed(proof::Error::NotOpened));
}

#[tokio::test]
async fn each_child_of_an_erasure_has_a_receipt_of_its_own() {
    let home = Household::new().await;
    home.record(0, &canary(0), true).await;
    let second = service::ingest::find_or_make_child(&home.core, "parent-1", "Tom").await.unwrap();
    let number: i64 = query_scalar("SELECT number FROM child WHERE id = ?")
        .bind(second.to_string())
        .fetch_one(home.core.db.read())
        .await
        .unwrap();
    let mut asker = home.asker.clone();
    asker.children.push((number, second));
    let request = NewErasure { child: None, scope: Scope::Everything {}, ..erase_all(&home) };
    let (erasure, _) = accept::accept(&home.core, &asker, &request, None).await.unwrap();
    engine::tick(&home.core).await.unwrap();
    ledger::sequence(&home.core).await.unwrap();

    let which = receipt::of_erasure(&home.core, &asker, erasure.id, None).await;
    assert!(matches!(which, Err(receipt::ReceiptError::WhichChild)));
    let policy = Policy::parse(&home.core.ledger.policy()).unwrap();
    for (child, recordings) in [(home.child, 1), (second, 0)] {
        let receipt = receipt::of_erasure(&home.core, &asker, erasure.id, Some(child)).await.unwrap();
        let report = verify(&receipt, &policy, &Known::default());
        assert!(!report.failed(), "{}", report.text());
        let statement = report.statement.unwrap();
        assert_eq!(statement.recordings, recordings);
        assert_eq!(statement.items.is_some(), recordings > 0);
    }
    let strangers = receipt::of_erasure(&home.core, &home.another_family().await, erasure.id, None).await;
    assert!(matches!(strangers, Err(receipt::ReceiptError::NotFound)));
}

#[tokio::test]
async fn many_entries_at_once_are_linked_like_those_that_come_one_by_one() {
    let home = Household::new().await;
    home.record(0, "walnut", true).await;
    let bodies = ["a\n", "\"b\" \\ \u{7f} \u{1f994}\n", "c\n"];
    let mut tx = home.core.db.write().await.unwrap();
    let mut log = ledger::Log::of(&mut tx, home.number).await.unwrap();
    log.enter_all(&mut tx, &home.core, &bodies.map(|body| (Kind::Derive, body))).await.unwrap();
    log.enter_all(&mut tx, &home.core, &[] as &[(Kind, &str)]).await.unwrap();
    let place = log.enter(&mut tx, &home.core, Kind::Access, "d\n").await.unwrap();
    ledger::enter(&mut tx, &home.core, home.number, Kind::Decision, |_| "e\n".into()).await.unwrap();
    tx.commit().await.unwrap();

    let rows: Vec<(i64, String, String)> =
        query_as("SELECT place, leaf, body FROM ledger_entry WHERE child = ? ORDER BY seq")
            .bind(home.number)
            .fetch_all(home.core.db.read())
            .await
            .unwrap();
    let text: String = rows.iter().map(|(_, leaf, _)| leaf.as_str()).collect();
    assert_eq!(
        proof::child::entries(&log.key, &text).unwrap().len(),
        6,
        "none is missing, each names the one before"
    );
    for (seq, (_, leaf, body)) in (0..).zip(&rows) {
        let salt = log.key.salt(seq);
        assert_eq!(Leaf::parse(leaf).unwrap().body, proof::leaf::commitment(&salt, body));
    }
    let entered: Vec<&str> = rows[1..].iter().map(|(.., body)| body.as_str()).collect();
    assert_eq!(entered, [&bodies[..], &["d\n", "e\n"]].concat());
    let places: Vec<i64> = rows[1..].iter().map(|(place, ..)| *place).collect();
    assert_eq!(places, (place - 3..place + 2).collect::<Vec<_>>());
}

/// Enters so many entries of the household's child, directly.
async fn enter(home: &Household, count: usize) {
    let mut tx = home.core.db.write().await.unwrap();
    for n in 0..count {
        let body = format!("entry {n}\n");
        ledger::enter(&mut tx, &home.core, home.number, Kind::Access, |_| body).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The same of no child, many at once.
async fn fill(home: &Household, count: usize) {
    let leaf = || Leaf::public(Kind::Policy, &rand::random::<u128>().to_string()).text();
    let leaves: Vec<String> = std::iter::repeat_with(leaf).take(count).collect();
    let mut tx = home.core.db.write().await.unwrap();
    query(
        "INSERT INTO ledger_entry (place, leaf, body, entered_at)
         SELECT j.key + (SELECT max(place) + 1 FROM ledger_entry), j.value, '', 0 FROM json_each(?) j",
    )
    .bind(serde_json::json!(leaves).to_string())
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

/// The files of the tree against another implementation, and the tree against its checkpoint.
async fn assert_tree(core: &Core) {
    use tlog_tiles::Hash;
    struct Stored(Vec<Hash>);
    impl tlog_tiles::HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
            Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
        }
    }
    let leaves: Vec<String> =
        query_scalar("SELECT leaf FROM ledger_entry ORDER BY place").fetch_all(core.db.read()).await.unwrap();
    let mut stored = Stored(Vec::new());
    for (n, leaf) in (0..).zip(&leaves) {
        let hashes = tlog_tiles::stored_hashes(n, leaf.as_bytes(), &stored).unwrap();
        stored.0.extend(hashes);
    }
    let size = leaves.len() as u64;
    let checkpoint = core.ledger.checkpoint().unwrap().unwrap();
    let mut lines = checkpoint.lines();
    assert_eq!(lines.next(), Some(core.ledger.origin()));
    assert_eq!(lines.next(), Some(&*size.to_string()));
    let root = tlog_tiles::tree_hash(size, &stored).unwrap();
    assert_eq!(lines.next(), Some(&*proof::base64::encode(&root.0)));

    let mut tiles = Tiles::new(core.ledger.folder(), size);
    let theirs = tlog_tiles::Tile::new_tiles(8, 0, size);
    for tile in &theirs {
        let ours =
            Tile { level: Level::Hashes(tile.level()), n: tile.level_index(), width: tile.width().into() };
        assert_eq!(ours.path(), tile.path().replacen("tile/8/", "tile/", 1));
        let bytes = std::fs::read(core.ledger.folder().join(ours.path())).unwrap();
        assert_eq!(bytes, tile.read_data(&stored).unwrap(), "{}", tile.path());
        if tile.level() == 0 {
            let bundle = tiles.tile(Level::Entries, tile.level_index()).unwrap().to_vec();
            let hashes: Vec<u8> = entries(&bundle).flat_map(leaf_hash).collect();
            assert_eq!(hashes, bytes, "the entries of {}", tile.path());
        }
    }
    // Nothing but these, the bundles, and parts of what is not full yet.
    assert_eq!(
        files(&core.ledger.folder().join("tile")).iter().filter(|path| !path.contains(".p/")).count(),
        2 * (size / 256) as usize + (size / 65_536) as usize
    );
    for path in files(&core.ledger.folder().join("tile")) {
        let tile = Tile::parse(&format!("tile/{path}")).unwrap();
        let full = Tile { width: 256, ..tile };
        assert!(tile == full || !core.ledger.folder().join(full.path()).exists(), "{path} is of no use");
    }
}

fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found
}

#[tokio::test]
async fn the_files_are_those_of_another_implementation_at_any_size() {
    let home = Household::new().await;
    // Across the edges of tiles and of batches, and by random steps.
    let mut steps = vec![0, 1, 1, 252, 1, 1, 255, 257, 4096, 5000];
    steps.extend((0..10).map(|_| rand::random_range(1..700)));
    for step in steps {
        fill(&home, step).await;
        ledger::sequence(&home.core).await.unwrap();
        assert_tree(&home.core).await;
    }
}

#[tokio::test]
async fn a_second_level_of_tiles_begins_where_it_must() {
    let home = Household::new().await;
    fill(&home, 65_536 - 2).await;
    for _ in 0..4 {
        ledger::sequence(&home.core).await.unwrap();
        assert_tree(&home.core).await;
        fill(&home, 1).await;
    }
}

#[tokio::test]
async fn two_processes_and_restarts_make_one_ledger() {
    let home = Household::new().await;
    let other = Core::open(home.folder.path(), Deciding::default()).await.unwrap();
    for _ in 0..20 {
        enter(&home, 50).await;
        let (one, two) = tokio::join!(ledger::sequence(&home.core), ledger::sequence(&other));
        assert_eq!(one.unwrap() + two.unwrap(), if size(&other).await == 51 { 51 } else { 50 });
        assert_eq!(size(&home.core).await, size(&other).await);
    }
    assert_tree(&other).await;
    let before = other.ledger.checkpoint().unwrap();
    other.db.close().await;
    let again = Core::open(home.folder.path(), Deciding::default()).await.unwrap();
    assert_eq!(ledger::sequence(&again).await.unwrap(), 0, "a start enters nothing by itself");
    assert_eq!(again.ledger.checkpoint().unwrap(), before);
    enter(&home, 1).await;
    assert_eq!(ledger::sequence(&again).await.unwrap(), 1);
    assert_tree(&again).await;

    // Who has the child's key finds all its entries in the public files, and no others.
    let (key, entries) = chain(&home).await;
    let mut walk = Walk::new(&key);
    let mut tiles = Tiles::new(again.ledger.folder(), size(&again).await);
    for index in 0..size(&again).await {
        walk.meet(&Leaf::parse(&tiles.entry(index).unwrap()).unwrap()).unwrap();
    }
    assert_eq!(walk.met(), entries.len() as u64);
}

#[tokio::test]
async fn what_would_contradict_the_checkpoint_is_refused() {
    let home = Household::new().await;
    enter(&home, 300).await;
    ledger::sequence(&home.core).await.unwrap();
    let head: (i64, Vec<u8>) =
        sqlx::query_as("SELECT size, root FROM ledger_head").fetch_one(home.core.db.read()).await.unwrap();
    enter(&home, 5).await;
    ledger::sequence(&home.core).await.unwrap();

    // The database of yesterday beside the ledger of today.
    let set = async |size: i64, root: &[u8]| {
        let mut tx = home.core.db.write().await.unwrap();
        query("UPDATE ledger_head SET size = ?, root = ?")
            .bind(size)
            .bind(root)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let now: (i64, Vec<u8>) =
        sqlx::query_as("SELECT size, root FROM ledger_head").fetch_one(home.core.db.read()).await.unwrap();
    set(head.0, &head.1).await;
    let error = ledger::sequence(&home.core).await.unwrap_err().to_string();
    assert!(error.contains("older than the ledger's checkpoint"), "{error}");
    set(now.0, &now.1).await;

    // A tile that somebody changed is not built upon.
    let tile = Tile { level: Level::Hashes(0), n: 1, width: (now.0 % 256) as u64 };
    let path = home.core.ledger.folder().join(tile.path());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    enter(&home, 1).await;
    let error = ledger::sequence(&home.core).await.unwrap_err().to_string();
    assert!(error.contains("fsck"), "{error}");
    assert_eq!(size(&home.core).await, now.0 as u64);
}

#[tokio::test]
async fn nothing_public_names_anybody() {
    let home = Household::new().await;
    let mut named = Vec::new();
    for n in 0..3 {
        named.push(home.record(n, &canary(n), true).await.to_string());
    }
    home.delete(&erase_all(&home)).await;
    ledger::sequence(&home.core).await.unwrap();
    named.extend([home.child.to_string(), home.asker.guardian.to_string(), "parent-1".into(), "Mia".into()]);
    named.extend((0..3).map(canary));
    for name in &named {
        // With and without its prefix, as text and as what base64 would make of it.
        for needle in [name.as_str(), name.split('_').next_back().unwrap()] {
            let found = household::contains(&home.core.ledger.folder(), needle.as_bytes());
            assert!(!found, "{needle} is in data/ledger");
        }
    }
    // What was erased is named nowhere any more, and yet who knows its name can find it.
    assert!(!home.files_contain(&named[0]));
    let (key, entries) = chain(&home).await;
    let name = proof::base64::encode(&key.pseudonym(&named[0]));
    assert!(entries[0].body.contains(&format!("recording {name}\n")), "{}", entries[0].body);
}

#[tokio::test]
async fn the_key_is_a_secret_file_and_the_name_stays() {
    use std::os::unix::fs::PermissionsExt;
    let home = Household::new().await;
    let data = home.folder.path();
    let mode = std::fs::metadata(data.join("ledger.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(home.core.ledger.origin().starts_with("forget-me-not.invalid/"));
    assert!(ledger::name(data, "two words").is_err());
    ledger::name(data, "ledger.toys.example/2026").unwrap();
    let core = Core::open(data, Deciding::default()).await.unwrap();
    assert_eq!(core.ledger.origin(), "ledger.toys.example/2026");
    ledger::sequence(&core).await.unwrap();
    ledger::name(data, "ledger.toys.example/2026").unwrap();
    let error = ledger::name(data, "ledger.toys.example/2027").unwrap_err().to_string();
    assert!(error.contains("never changes"), "{error}");
}

#[test]
fn a_tile_has_one_name() {
    let tile = |level, n, width| Tile { level, n, width };
    for (path, expected) in [
        ("tile/0/000", tile(Level::Hashes(0), 0, 256)),
        ("tile/63/x001/x234/067", tile(Level::Hashes(63), 1_234_067, 256)),
        ("tile/entries/x001/000.p/1", tile(Level::Entries, 1000, 1)),
    ] {
        assert_eq!(Tile::parse(path), Some(expected));
        assert_eq!(expected.path(), path);
    }
    for bad in [
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000/",
        "tile/data/000",
        "tile/0/../000",
        "tile/0/+01",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(Tile::parse(bad), None, "{bad}");
    }
}
