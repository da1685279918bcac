//! From a source to the service: probed on several threads, handed over in batches.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rules::{ChildId, Timestamp, contract::NewRecording};
use tokio::sync::mpsc;

use super::{Item, Moment, Named, Progress, Reason, Refused, Source, fields};
use crate::{
    core::Core,
    ingest::{EARLIEST, Incoming, IngestError, ingest_batch},
    media,
};

/// How many recordings are handed over at once: what a batch costs is two transactions.
const BATCH: usize = 64;
/// How many probed recordings wait at most.
const WAITING: usize = 256;
/// How many refusals a report keeps; all are counted, and shown as they come.
const LISTED: usize = 1000;
/// What an import needs to know beside its source.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whose recordings they are.
    pub child: ChildId,
    /// The device of those that name none.
    pub device: Option<String>,
    /// How many are probed at the same time.
    pub workers: usize,
}

impl Options {
    /// For a child, with a worker a processor.
    #[must_use]
    pub fn new(child: ChildId, device: Option<String>) -> Self {
        let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { child, device, workers }
    }
}

/// What became of an import.
#[derive(Debug, Default)]
pub struct Report {
    /// Recordings that were taken in.
    pub added: u64,
    /// Recordings that were there already.
    pub already_there: u64,
    /// How many were refused, by [`Reason::name`].
    pub refused: BTreeMap<&'static str, u64>,
    /// The first refusals.
    pub listed: Vec<Refused>,
    /// It was stopped before its end; what was added stays, and a second run goes on.
    pub stopped: bool,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// How many were refused.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    fn refuse(&mut self, refused: Refused, progress: &Progress) {
        progress.refused(&refused);
        *self.refused.entry(refused.reason.name()).or_default() += 1;
        if self.listed.len() < LISTED {
            self.listed.push(refused);
        }
    }

    /// Adds another import's figures, for a household of several children.
    pub fn add(&mut self, other: Self) {
        self.added += other.added;
        self.already_there += other.already_there;
        for (name, count) in other.refused {
            *self.refused.entry(name).or_default() += count;
        }
        self.listed.extend(other.listed);
        self.listed.truncate(LISTED);
        self.stopped |= other.stopped;
        self.took += other.took;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        write!(f, "{} added, {} already there, {} refused", self.added, self.already_there, self.refusals())?;
        write!(f, " in {seconds:.1} s")?;
        if self.stopped {
            f.write_str(" (stopped before the end; import again to go on)")?;
        }
        Ok(())
    }
}

/// A recording ready to be handed over, or why it is not.
type Prepared = Result<(String, Incoming), Refused>;

/// Imports what `source` names. `stop` ends it early and cleanly: what was handed over is whole.
///
/// # Errors
/// When the service's database fails. What was added before stays, and nothing is half there.
pub async fn run(
    core: &Core,
    source: Source,
    options: &Options,
    progress: &Progress,
    stop: impl Future<Output = ()>,
) -> Result<Report, IngestError> {
    let started = Instant::now();
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let items = Arc::new(Mutex::new(source.items));
    let lately = Arc::new(Lately::default());
    let options = Arc::new(options.clone());
    let now = core.clock.now();
    let workers: Vec<_> = (0..options.workers.max(1))
        .map(|_| {
            let (items, lately) = (items.clone(), lately.clone());
            let (options, sender) = (options.clone(), sender.clone());
            tokio::task::spawn_blocking(move || work(&items, &lately, &options, now, &sender))
        })
        .collect();
    drop(sender);

    let mut report = Report::default();
    let taken = take_in(core, &mut receiver, &mut report, progress, stop).await;
    drop(receiver);
    for worker in workers {
        if let Err(panic) = worker.await {
            // Probing catches what decoders do; anything else is a mistake of ours.
            std::panic::resume_unwind(panic.into_panic());
        }
    }
    report.took = started.elapsed();
    taken.map(|()| report)
}

/// One worker: takes an item, probes it, hands it on, until there are no more or nobody listens.
fn work(
    items: &Mutex<Box<dyn Iterator<Item = Named> + Send>>,
    lately: &Lately,
    options: &Options,
    now: Timestamp,
    sender: &mpsc::Sender<Prepared>,
) {
    loop {
        let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(named) = next else { return };
        let prepared = named.and_then(|item| {
            let name = item.name.clone();
            match prepare(item, lately, options, now) {
                Ok(incoming) => Ok((name, incoming)),
                Err(reason) => Err(Refused { name, reason }),
            }
        });
        if sender.blocking_send(prepared).is_err() {
            return;
        }
    }
}

fn prepare(item: Item, lately: &Lately, options: &Options, now: Timestamp) -> Result<Incoming, Reason> {
    let probed = lately.probe(&item.file)?;
    let captured_at = match item.moment {
        Moment::Stated(at) => at,
        Moment::FromFile => {
            let believable = |at: &Timestamp| *at >= EARLIEST && fields::check_not_future(*at, now).is_ok();
            match probed.recorded_at.filter(believable) {
                Some(at) => at,
                None => modified(&item.file)?,
            }
        }
    };
    fields::check_not_future(captured_at, now)?;
    Ok(Incoming {
        recording: NewRecording {
            child: options.child,
            captured_at,
            device: item.device.or_else(|| options.device.clone()),
            transcript: item.transcript,
            location: item.location,
            reference: None,
        },
        moment_stated: matches!(item.moment, Moment::Stated(_)),
        begun: now,
        media: item.file,
        probed,
    })
}

/// What was probed lately: a manifest may name one file for many moments, as the demo household does.
#[derive(Default)]
struct Lately(Mutex<HashMap<PathBuf, (Stamp, media::Probed)>>);

/// What changes when a file does.
type Stamp = (u64, Option<SystemTime>);

impl Lately {
    /// How many are remembered.
    const MOST: usize = 64;

    fn probe(&self, file: &Path) -> Result<media::Probed, media::ProbeError> {
        let metadata = std::fs::metadata(file)?;
        let stamp = (metadata.len(), metadata.modified().ok());
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, probed)) = known().get(file).filter(|(then, _)| *then == stamp) {
            return Ok(probed.clone());
        }
        let probed = media::probe_file(file)?;
        let mut known = known();
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(file.to_owned(), (stamp, probed.clone()));
        Ok(probed)
    }
}

/// When a file was last written.
fn modified(file: &Path) -> Result<Timestamp, Reason> {
    let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    let modified = modified.map_err(|error| Reason::Bytes(error.into()))?;
    let since_1970 = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Timestamp::from_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)))
}

/// Hands over batch after batch until nothing more comes, or `stop`.
async fn take_in(
    core: &Core,
    receiver: &mut mpsc::Receiver<Prepared>,
    report: &mut Report,
    progress: &Progress,
    stop: impl Future<Output = ()>,
) -> Result<(), IngestError> {
    let mut stop = std::pin::pin!(stop);
    let mut arrived = Vec::with_capacity(BATCH);
    loop {
        let count = tokio::select! {
            biased;
            () = &mut stop => {
                report.stopped = true;
                return Ok(());
            }
            count = receiver.recv_many(&mut arrived, BATCH) => count,
        };
        if count == 0 {
            return Ok(());
        }
        let (mut names, mut batch) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for prepared in arrived.drain(..) {
            match prepared {
                Ok((name, incoming)) => {
                    names.push(name);
                    batch.push(incoming);
                }
                Err(refused) => report.refuse(refused, progress),
            }
        }
        // Not interrupted by `stop`: a batch is a matter of milliseconds.
        for (name, result) in names.into_iter().zip(ingest_batch(core, &batch).await?) {
            match result {
                Ok(made) if made.already_there => report.already_there += 1,
                Ok(_) => report.added += 1,
                Err(error) => {
                    report.refuse(Refused { name, reason: Reason::NotTaken(error.to_string()) }, progress);
                }
            }
        }
        progress.advance(count as u64);
    }
}
