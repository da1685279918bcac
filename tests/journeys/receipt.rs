//! One whole journey: delete, watch every store, open the receipt, see it checked; then the ledger that is
//! served is tampered with, and that is caught.

use std::{fs, path::Path};

use proof::{
    Hash,
    checkpoint::Checkpoint,
    merkle::root_of,
    note::{Role, Signer},
};
use serde_json::{Value, json};

use super::world::{CLIPS, World};

/// Whoever holds the ledger's key shows another ledger of the same length: an entry is another one, its tile
/// and the checkpoint are made to fit, and all is signed as it should be.
pub fn fork(data: &Path) {
    let folder = data.join("ledger");
    let published = fs::read_to_string(folder.join("checkpoint")).unwrap();
    let (origin, size) = {
        let mut lines = published.lines();
        (lines.next().unwrap().to_owned(), lines.next().unwrap().parse::<u64>().unwrap())
    };
    assert!(size < 256, "it fits into one tile");
    let tile = folder.join(format!("tile/0/000.p/{size}"));
    let mut hashes = fs::read(&tile).unwrap();
    // The first one is the inventory's, which the page asks for.
    hashes[32] ^= 1;
    fs::write(&tile, &hashes).unwrap();
    let hashes: Vec<Hash> = hashes.as_chunks::<32>().0.to_vec();
    let text = Checkpoint { origin: &origin, size, root: root_of(&hashes) }.text();
    let seed: Hash = fs::read(data.join("ledger.key")).unwrap().try_into().unwrap();
    let line = Signer::new(&origin, Role::Log, &seed).unwrap().line(&text, 0);
    fs::write(folder.join("checkpoint"), format!("{text}\n{line}")).unwrap();
}

/// How often the module that checks was asked for.
const ASKED: &str =
    "performance.getEntriesByType('resource').filter((it) => it.name.endsWith('verifier_bg.wasm')).length";

#[tokio::test(flavor = "multi_thread")]
async fn deleted_is_checked_by_her_own_browser_and_a_ledger_that_was_tampered_with_is_caught() {
    let world = World::new(false).await;
    let host = world.host().await;
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len()).await;
    world.find("button.open", "sky blue").await.click().await.unwrap();
    world.press("Delete this recording").await;
    world.until_shown("Delete 1 recording of Mia").await;
    world.choose("Do not wait").await;
    let asked = format!("return {ASKED};");
    assert_eq!(world.ask(&asked, vec![]).await, json!(0), "nothing is loaded that is not needed");
    world.find("dialog button, .decide button", "Delete 1 recording").await.click().await.unwrap();

    // Every store is watched to its end, and then the browser checks by itself.
    world.until_shown("Every place was read again and holds nothing of it").await;
    world.until_shown("Your browser has checked the receipt, and it adds up.").await;
    let status = "root.querySelector('[role=status]').textContent.includes('it adds up')";
    world.until("it is said", status).await;
    world.press("See the receipt").await;
    for said in [
        "Checked by your browser",
        "No entry about Mia is missing",
        "Nobody outside has seen this ledger",
        "This browser had nothing to compare it with",
        "Signed by forget-me-not.invalid/",
        "1 copy erased",
        "Only promised",
        "no backup of it can be read",
        "The service itself said which keys to believe",
    ] {
        world.until_shown(said).await;
    }
    assert!(!world.text().await.contains("Not so"));
    measure(&world, &host).await;

    // She comes back another day; this browser remembers, and the ledger has grown.
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len() - 1).await;
    world.press("Requests").await;
    world.press("See the receipt").await;
    world.until_shown("it adds up").await;
    assert!(!world.text().await.contains("nothing to compare it with"));

    // And another day, when it is another ledger.
    fork(world.folder.path());
    world.page.goto(&host).await.unwrap();
    world.until_rows(CLIPS.len() - 1).await;
    world.press("Requests").await;
    world.press("See the receipt").await;
    world.until_shown("This does not add up.").await;
    for said in [
        "It may show each person another one.",
        "Keep both files. Together they are the proof.",
        "Download what was seen before",
        "Download what is shown now",
    ] {
        world.until_shown(said).await;
    }
    assert_eq!(world.refused().await, json!([[], []]), "the strict policy was never broken");
    world.end().await;
}

/// Prints how long one check takes in this browser, in the verifier alone.
async fn measure(world: &World, host: &str) {
    let script = "const [element, origin, done] = arguments; (async () => { \
        const it = await import(element + '/element/verifier.js'); await it.default(); \
        const { fetchSession, src } = document.querySelector('forget-me-not'); \
        const { client_secret } = await fetchSession(); \
        const ask = async (path) => (await fetch(path, { headers: { authorization: 'Bearer ' + client_secret } })).text(); \
        const { items: [{ id, children: [child] }] } = JSON.parse(await ask(src + '/erasures')); \
        const receipt = await ask(src + '/erasures/' + id + '/receipt'); \
        const policy = await (await fetch(origin + '/ledger/policy')).text(); \
        const inventory = await (await fetch(origin + '/ledger/inventory/1')).text(); \
        const { key, items } = JSON.parse(await ask(src + '/children/' + child + '/ledger')); \
        const leaves = items.map((it) => it.leaf).join(''); \
        const times = []; \
        for (let n = 0; n < 30; n++) { \
          const begun = performance.now(); \
          const report = it.verify(receipt, policy, '', '', inventory, key, leaves, 0, -1); \
          times.push(performance.now() - begun); \
          if (report.includes(' failed ')) throw report; \
        } \
        times.sort((a, b) => a - b); \
        return [times[15], times[29], receipt.length, items.length]; \
      })().then(done, (error) => done(String(error)));";
    let measured = world.page.execute_async(script, vec![json!(host), json!(world.api)]).await.unwrap();
    let figure = |n: usize| measured[n].as_f64().unwrap_or_else(|| panic!("{measured}"));
    println!(
        "verified in Chromium: {:.1} ms (median of 30; slowest {:.1}), receipt of {} bytes, {} entries of the child",
        figure(0),
        figure(1),
        figure(2),
        figure(3)
    );
    assert!(matches!(measured, Value::Array(_)));
}
