//! What every store of the inventory holds of a child (R1: it adds up over all of them), and who was given any of it.

use rules::{
    ChildId, StoreId,
    contract::{Held, Holding, Holdings},
};
use sqlx::query_scalar;

use super::{ListError, unsigned};
use crate::{
    core::Core,
    derived,
    erasure::Asker,
    processors,
    store::{DERIVED, Holds, Subject},
};

/// Asks every store itself, not the catalogue about them. A store that does not answer is told
/// apart from one that holds nothing.
pub async fn holdings(core: &Core, asker: &Asker, child: ChildId) -> Result<Holdings, ListError> {
    let number = asker.number_of(child).ok_or(ListError::NotFound)?;
    let as_of = core.clock.now();
    let mut stores = Vec::with_capacity(core.stores.len());
    for store in &core.stores {
        let held = match store.list(Subject { number, id: child }).await {
            Ok(holds) => held(holds, in_use(core, number, store.id()).await?),
            Err(error) => {
                tracing::warn!(store = store.id().name(), %error, "a store did not say what it holds");
                Held::NotSearched
            }
        };
        stores.push(Holding { store: store.id(), class: store.id().class(), held });
    }
    let recipients = processors::recipients::of_child(core.db.read(), number).await?;
    Ok(Holdings { child, as_of, stores, recipients })
}

/// Copies that a store was found to hold beyond those in use are sealed or being erased.
fn held(holds: Holds, in_use: u64) -> Held {
    if holds.copies == 0 {
        return Held::None;
    }
    let copies = in_use.min(holds.copies);
    Held::Held { copies, sealed: holds.copies - copies, bytes: holds.bytes }
}

async fn in_use(core: &Core, number: i64, store: StoreId) -> sqlx::Result<u64> {
    if DERIVED.contains(&store) {
        return Ok(unsigned(derived::view::in_use(core, number, store).await?));
    }
    let copies: i64 =
        query_scalar("SELECT count(*) FROM recording WHERE child = ? AND usable > 0 AND usable & ? != 0")
            .bind(number)
            .bind(store.takes_part_in().bits())
            .fetch_one(core.db.read())
            .await?;
    Ok(unsigned(copies))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_copies_are_those_held_and_not_in_use() {
        let holds = |copies| Holds { copies, bytes: None };
        assert_eq!(held(holds(0), 0), Held::None);
        assert_eq!(held(holds(5), 3), Held::Held { copies: 3, sealed: 2, bytes: None });
        // Erased between the two questions: never more in use than there is.
        assert_eq!(held(holds(2), 3), Held::Held { copies: 2, sealed: 0, bytes: None });
    }
}
