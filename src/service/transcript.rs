//! What was said, read again by who makes something of it: the search index, the demo's maker.

use std::collections::HashMap;

use rules::{ChildId, RecordingId, StoreId, Stores};

use crate::{
    keys::{KeyError, Keys, rows},
    reading,
};

/// What these recordings of a child say, of their encrypted rows; without what cannot be read.
pub async fn texts(
    keys: &Keys,
    child: ChildId,
    sealed: &[(RecordingId, Vec<u8>)],
) -> Result<HashMap<RecordingId, String>, KeyError> {
    let ids: Vec<RecordingId> = sealed.iter().map(|(recording, _)| *recording).collect();
    let parts = Stores::NONE.with(StoreId::Transcript);
    let mut reading = reading::Recordings::of(keys, child, &ids, parts).await?;
    let mut texts = HashMap::with_capacity(sealed.len());
    for (recording, sealed) in sealed {
        if let Some((text, _)) = reading.open(*recording, StoreId::Transcript, sealed, rows::read_words) {
            texts.insert(*recording, text);
        }
    }
    Ok(texts)
}
