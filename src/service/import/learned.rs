//! What the demo household's maker has learned of the children: `static/demo/learned.csv`, two datasets and two
//! models, one of them never agreed to. All of it is made up.

use anyhow::Context;
use rules::{
    ChildId, Class, RecordingId, Timestamp,
    contract::{NewDataset, NewDerivation, NewMade, NewModel, NewRow, Source},
    derived::Consent,
};
use sqlx::query_as;

use super::{clips, demo::Child};
use crate::{core::Core, derived, session::id, transcript};

/// How many recordings of each child are in a dataset.
const ROWS: i64 = 40;

/// A dataset, what its maker says of consent, the device whose recordings are in it, and the model trained with it.
const DATASETS: [(&str, Consent, &str, &str); 2] = [
    ("story-words", Consent::Given, "Story toy", "storyteller-2"),
    ("kitchen-speech", Consent::None, "Kitchen speaker", "speech-7"),
];

/// Makes it, once the recordings are there. Made again, nothing is added.
pub async fn make(core: &Core, children: &[(Child, ChildId)]) -> anyhow::Result<()> {
    let rows = csv::Reader::from_reader(clips::LEARNED.as_bytes()).into_deserialize();
    for (n, row) in rows.enumerate() {
        let (who, kind, clip, recordings, content): (String, String, String, usize, String) = row?;
        let is_it = |(child, _): &&(Child, ChildId)| child.name().eq_ignore_ascii_case(&who);
        let (_, child) = *children.iter().find(is_it).with_context(|| format!("nobody is called {who}"))?;
        let words = clips::transcript(&clip)?.with_context(|| format!("{clip} has no words"))?;
        let from = match kind.as_str() {
            "place" => Class::Location,
            "voiceprint" => Class::Media,
            _ => Class::Transcript,
        };
        let sources = newest(core, child, &words, from, recordings).await?;
        // A household of another day may not have said this yet.
        if sources.is_empty() {
            continue;
        }
        let made = NewMade {
            child,
            recordings: sources.iter().map(|id| Source { recording: *id, from: vec![from] }).collect(),
            derivations: Vec::new(),
            content,
            made_at: core.clock.now(),
            reference: Some(format!("demo-{n}")),
        };
        let made = match kind.as_str() {
            "voiceprint" => NewDerivation::Voiceprint(made),
            _ => NewDerivation::Fact(made),
        };
        derived::register(core, &made).await?;
    }
    for (name, consent, device, model) in DATASETS {
        let rows = rows_of(core, children, device).await?;
        if rows.is_empty() {
            continue;
        }
        let new = NewDataset { name: name.into(), consent, rows, made_at: core.clock.now() };
        let dataset = derived::register(core, &NewDerivation::Dataset(new)).await?.id;
        // Long ago, so that moving in again is not another training.
        let made_at = Timestamp::from_ms(0);
        let new = NewModel { name: model.into(), datasets: vec![dataset.parse()?], made_at };
        derived::register(core, &NewDerivation::Model(new)).await?;
    }
    Ok(())
}

/// The newest recordings in which these words were said, those with a place where it is about one.
async fn newest(
    core: &Core,
    child: ChildId,
    words: &str,
    from: Class,
    limit: usize,
) -> anyhow::Result<Vec<RecordingId>> {
    let found: Vec<(String, Vec<u8>)> = query_as(
        "SELECT r.id, t.sealed FROM recording r JOIN transcript t ON t.seq = r.seq JOIN child c ON c.number = r.child
         WHERE c.id = ?1 AND r.usable <> 0
           AND (NOT ?2 OR EXISTS (SELECT 1 FROM location l WHERE l.seq = r.seq))
         ORDER BY r.seq DESC",
    )
    .bind(child.to_string())
    .bind(from == Class::Location)
    .fetch_all(core.db.read())
    .await?;
    let found = said(core, child, found).await?.into_iter().filter(|(_, said)| said == words);
    Ok(found.map(|(recording, _)| recording).take(limit).collect())
}

/// A row for each of the newest recordings of a device, in which something was said.
async fn rows_of(core: &Core, children: &[(Child, ChildId)], device: &str) -> anyhow::Result<Vec<NewRow>> {
    let mut rows = Vec::new();
    for (_, child) in children {
        let found: Vec<(String, Vec<u8>)> = query_as(
            "SELECT r.id, t.sealed FROM recording r JOIN transcript t ON t.seq = r.seq JOIN child c ON c.number = r.child
             JOIN device d ON d.id = r.device
             WHERE c.id = ? AND d.name = ? AND r.usable <> 0 ORDER BY r.seq DESC LIMIT ?",
        )
        .bind(child.to_string())
        .bind(device)
        .bind(ROWS)
        .fetch_all(core.db.read())
        .await?;
        for (recording, content) in said(core, *child, found).await? {
            rows.push(NewRow { recording, from: vec![Class::Transcript], content });
        }
    }
    Ok(rows)
}

/// What these recordings say, in the same order.
async fn said(
    core: &Core,
    child: ChildId,
    found: Vec<(String, Vec<u8>)>,
) -> anyhow::Result<Vec<(RecordingId, String)>> {
    let mut sealed = Vec::with_capacity(found.len());
    for (recording, words) in found {
        sealed.push((id(&recording)?, words));
    }
    let mut texts = transcript::texts(&core.keys, child, &sealed).await?;
    Ok(sealed.iter().filter_map(|(id, _)| Some((*id, texts.remove(id)?))).collect())
}
