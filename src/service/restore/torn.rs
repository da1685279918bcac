//! A backup is not made in one moment: what its files and keys hold and what its database says of them may not fit.

use futures::TryStreamExt;
use rules::{RecordingId, StoreId, Stores};
use sqlx::{query_as, query_scalar};

use crate::{
    core::Core,
    store::{self, Item, Store},
};

/// Recordings or objects looked at in one go: bounds memory.
const PAGE: i64 = 1000;

/// Files may still be there where the database says that a store has erased. So all that is being erased is erased once more, from the first item.
pub async fn erase_again(core: &Core) -> anyhow::Result<()> {
    let mut after = (String::new(), i64::MIN);
    loop {
        let page: Vec<(String, i64, String, String, u32)> = query_as(
            "SELECT i.erasure, i.seq, i.recording, i.child, i.stores FROM erasure_item i
             WHERE (i.erasure, i.seq) > (?, ?) AND EXISTS (SELECT 1 FROM erasure e WHERE e.id = i.erasure AND e.state = 'erasing')
             ORDER BY i.erasure, i.seq LIMIT ?",
        )
        .bind(&after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(core.db.read())
        .await?;
        let Some((erasure, seq, ..)) = page.last() else { return Ok(()) };
        after = (erasure.clone(), *seq);
        for store in core.stores.iter().filter(|store| store.id() != StoreId::Catalogue) {
            let mut items = Vec::new();
            for (_, seq, recording, child, stores) in &page {
                let stores = Stores::from_bits(*stores);
                if !stores.and(store.id().takes_part_in()).is_empty() {
                    let (recording, child) = (recording.parse()?, child.parse()?);
                    items.push(Item { seq: *seq, recording, child, stores });
                }
            }
            store.erase(&items).await?;
        }
    }
}

/// Files and keys that the database does not know: of what was erased before the backup's database was
/// copied and after its files were, or recorded after it. Nobody could ever list or delete them.
pub async fn drop_unknown(core: &Core) -> anyhow::Result<Vec<Item>> {
    let mut objects = core.media.list(Some(&"media".into()));
    let mut unknown = Vec::new();
    while let Some(object) = objects.try_next().await? {
        if let Some((child, recording)) = store::media::owner(&object.location) {
            let stores = unknown_of(core, recording, Stores::NONE.with(StoreId::Media)).await?;
            if !stores.is_empty() {
                unknown.push(Item { seq: 0, recording, child, stores });
            }
        }
    }
    drop(objects);
    let mut after = String::new();
    loop {
        let page = core.keys.owners(&after, PAGE).await?;
        let Some(((_, last), _)) = page.last() else { break };
        after = last.to_string();
        for ((child, recording), parts) in page {
            let stores = unknown_of(core, recording, parts).await?;
            if !stores.is_empty() {
                unknown.push(Item { seq: 0, recording, child, stores });
            }
        }
    }
    for store in of_files(core) {
        let unknown = of(store, &unknown);
        for items in unknown.chunks(PAGE as usize) {
            store.erase(items).await?;
        }
    }
    for child in core.keys.children_with_things().await? {
        let things = store::keys::without_thing(&core.db, &core.keys, child).await?;
        core.keys.destroy(&[], &things).await?;
    }
    if !unknown.is_empty() {
        tracing::warn!(
            recordings = unknown.len(),
            "files or keys that the backup's database does not know are deleted"
        );
    }
    Ok(unknown)
}

/// How many of these still have a file or a key, once the files are written anew.
pub async fn holds(core: &Core, items: &[Item]) -> anyhow::Result<u64> {
    let mut held = 0;
    for store in of_files(core) {
        let items = of(store, items);
        for items in items.chunks(PAGE as usize) {
            held += store.probe(items).await?;
        }
    }
    Ok(held)
}

/// The stores that do not live in the backup's database.
fn of_files(core: &Core) -> impl Iterator<Item = &dyn Store> {
    let files = [StoreId::Keys, StoreId::Media];
    core.stores.iter().map(AsRef::as_ref).filter(move |store| files.contains(&store.id()))
}

/// Those that are this store's work.
fn of(store: &dyn Store, items: &[Item]) -> Vec<Item> {
    items.iter().filter(|item| !item.stores.and(store.id().takes_part_in()).is_empty()).copied().collect()
}

/// Those of these parts of a recording that neither its entry nor a plan has.
async fn unknown_of(core: &Core, recording: RecordingId, parts: Stores) -> sqlx::Result<Stores> {
    let known: Vec<u32> = query_scalar(
        "SELECT usable FROM recording WHERE id = ?1 UNION ALL SELECT stores FROM erasure_item WHERE recording = ?1",
    )
    .bind(recording.to_string())
    .fetch_all(core.db.read())
    .await?;
    Ok(known.into_iter().map(Stores::from_bits).fold(parts, Stores::without))
}
