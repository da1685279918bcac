//! Whom a restored database knows: the folder `deletions` names nobody but by a mark.

use std::collections::HashMap;

use rules::{ChildId, GuardianId};
use sqlx::{query_as, query_scalar};

use crate::{core::Core, session::id, tombstone::Mark};

/// Children and guardians by their marks.
pub struct Known {
    children: HashMap<Mark, (i64, ChildId)>,
    guardians: HashMap<Mark, GuardianId>,
}

impl Known {
    /// Those of the restored database.
    pub async fn to(core: &Core) -> sqlx::Result<Self> {
        let mark = |id: &str| core.tombstones.mark_of_id(id);
        let children: Vec<(i64, String)> =
            query_as("SELECT number, id FROM child").fetch_all(core.db.read()).await?;
        let guardians: Vec<String> =
            query_scalar("SELECT id FROM guardian").fetch_all(core.db.read()).await?;
        let child = |(number, of): (i64, String)| Ok((mark(&of), (number, id(&of)?)));
        let guardian = |of: String| Ok((mark(&of), id(&of)?));
        Ok(Self {
            children: children.into_iter().map(child).collect::<sqlx::Result<_>>()?,
            guardians: guardians.into_iter().map(guardian).collect::<sqlx::Result<_>>()?,
        })
    }

    /// The number and id of a child; none of one that came after the backup, of which it holds nothing.
    pub fn child(&self, mark: &Mark) -> Option<(i64, ChildId)> {
        self.children.get(mark).copied()
    }

    /// The id of a guardian. One who came after the backup is nobody any more, and gets another id at the next session;
    /// what was asked for must not become the rule's, though, so somebody stands for them.
    pub fn guardian(&self, mark: &Mark) -> GuardianId {
        let [a, b, c, d, e, f, g, h, i, j, ..] = *mark;
        let random = [0, 0, 0, 0, 0, 0, a, b, c, d, e, f, g, h, i, j];
        self.guardians
            .get(mark)
            .copied()
            .unwrap_or_else(|| GuardianId::from_parts(0, u128::from_be_bytes(random)))
    }
}
