//! What was said, read again by who makes something of it: the search index, the demo's maker.

use std::collections::HashMap;

use rules::{ChildId, RecordingId, StoreId, Stores};

use crate::keys::{KeyError, Keys, rows};

/// What these recordings of a child say, of their encrypted rows; without those whose key is gone.
pub async fn texts(
    keys: &Keys,
    child: ChildId,
    sealed: &[(RecordingId, Vec<u8>)],
) -> Result<HashMap<RecordingId, String>, KeyError> {
    let ids: Vec<RecordingId> = sealed.iter().map(|(recording, _)| *recording).collect();
    let keys = keys.of(child, &ids, Stores::NONE.with(StoreId::Transcript)).await?;
    let text = |(recording, sealed): &(RecordingId, Vec<u8>)| {
        let key = keys.get(recording)?.row(StoreId::Transcript)?;
        Some((*recording, rows::read_words(&key.open(sealed)?)?.0))
    };
    Ok(sealed.iter().filter_map(text).collect())
}
