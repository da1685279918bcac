//! `forget-me-not follow`: somebody who has nothing to do with the operator looks at a ledger from time
//! to time, and sees that it only grew since the last look. Nothing of the operator is believed: the
//! proof is computed from the public tiles.

use std::{collections::BTreeMap, fs, io, path::Path, time::Duration};

use anyhow::{Context, bail};
use proof::{
    Error, Hash, Policy,
    merkle::consistency,
    note::Note,
    verify::{signed, witnessed},
};
use reqwest::{Client, StatusCode, Url};

use crate::{
    files,
    ledger::tiles::{Tile, node_in},
    outbound::{self, Reach},
    settings::Follow,
    verify,
};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// No checkpoint and no tile is longer.
const MOST: usize = 65_536;

/// Looks at a ledger, prints what it has come to, and remembers the checkpoint. Returns whether the
/// ledger is what it was, or more.
pub async fn follow(settings: &Follow) -> anyhow::Result<bool> {
    let policy = verify::policy(&settings.policy)?;
    let seen = match fs::read_to_string(&settings.seen) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", settings.seen.display())),
    };
    let ledger = Remote::at(&settings.url)?;
    let now = String::from_utf8(ledger.get("checkpoint").await?).context("the checkpoint is no text")?;
    match judge(&policy, settings, &ledger, seen.as_deref(), &now).await? {
        Ok(told) => {
            let folder = settings.seen.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            files::write(folder, &settings.seen, now.as_bytes())
                .and_then(|()| files::settle(folder))
                .with_context(|| format!("cannot write {}", settings.seen.display()))?;
            println!("{told}");
            Ok(true)
        }
        Err(error) => {
            println!("failed: {error} ({})", error.code());
            Ok(false)
        }
    }
}

async fn judge(
    policy: &Policy,
    settings: &Follow,
    ledger: &Remote,
    seen: Option<&str>,
    now: &str,
) -> anyhow::Result<Result<String, Error>> {
    let judged = Note::parse(now).and_then(|note| {
        let checkpoint = signed(policy, &note)?;
        let witnesses = witnessed(policy, &note, settings.not_before.map(|time| time.0))?;
        Ok((checkpoint.origin.to_owned(), checkpoint.size, witnesses))
    });
    let (origin, size, witnesses) = match judged {
        Ok(judged) => judged,
        Err(error) => return Ok(Err(error)),
    };
    let mut told = format!("{origin} has {size} entries");
    match seen {
        None => told.push_str("; it was not seen before"),
        Some(seen) => {
            let old = match Note::parse(seen).and_then(|note| Ok(signed(policy, &note)?.size)) {
                Ok(old) => old,
                Err(error) => return Ok(Err(error)),
            };
            let path = if old < size { ledger.consistency(old, size).await? } else { Vec::new() };
            if let Err(error) = proof::verify::follow(policy, seen, now, &path) {
                return Ok(Err(error));
            }
            told.push_str(&format!("; it only grew, by {}, since it was last seen", size - old));
        }
    }
    for witness in witnesses {
        let whose = if witness.own { ", of the same operator," } else { "" };
        told.push_str(&format!("\n{}{whose} saw it at {}", witness.name, witness.time.text()));
    }
    Ok(Ok(told))
}

/// A ledger's public files, over HTTP.
struct Remote {
    client: Client,
    base: String,
}

impl Remote {
    fn at(url: &str) -> anyhow::Result<Self> {
        let base = url.trim_end_matches('/').to_owned();
        let reach = Url::parse(&base).map_err(|_| "this is no address").and_then(|url| Reach::of(&url));
        let reach = reach.map_err(|why| anyhow::anyhow!("{url}: {why}"))?;
        let client = outbound::builder(reach).timeout(PATIENCE).build().context("no client can be made")?;
        Ok(Self { client, base })
    }

    async fn get(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        match self.ask(path).await? {
            (StatusCode::OK, bytes) => Ok(bytes),
            (status, _) => bail!("{path}: the ledger answers {status}"),
        }
    }

    async fn ask(&self, path: &str) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let answer = self.client.get(format!("{}/{path}", self.base)).send().await;
        let answer = answer.map_err(outbound::ReadError::from).with_context(|| path.to_owned())?;
        let status = answer.status();
        Ok((status, outbound::bytes(answer, MOST).await.with_context(|| path.to_owned())?))
    }

    /// The proof between two sizes, from the tiles it needs: a few for each level.
    async fn consistency(&self, old: u64, size: u64) -> anyhow::Result<Vec<Hash>> {
        let mut tiles: BTreeMap<Tile, Vec<u8>> = BTreeMap::new();
        loop {
            let tried = consistency(old, size, |level: u8, index: u64| {
                let tile = Tile::of_node(level, index, size);
                match tiles.get(&tile) {
                    Some(bytes) => node_in(bytes, level, index).ok_or(Missing::Broken(tile)),
                    None => Err(Missing::NotYet(tile)),
                }
            });
            match tried {
                Ok(path) => return Ok(path),
                Err(Missing::Broken(tile)) => bail!("{}: the tile is too short", tile.path()),
                Err(Missing::NotYet(tile)) => {
                    let (status, bytes) = self.ask(&tile.path()).await?;
                    let bytes = match status {
                        StatusCode::OK => bytes,
                        // What was a part is full now, and only that is kept.
                        StatusCode::NOT_FOUND => self.get(&tile.full().path()).await?,
                        status => bail!("{}: the ledger answers {status}", tile.path()),
                    };
                    tiles.insert(tile, bytes);
                }
            }
        }
    }
}

enum Missing {
    NotYet(Tile),
    Broken(Tile),
}
