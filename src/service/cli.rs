//! The commands.

use std::{io::IsTerminal, path::Path, process::ExitCode, sync::Arc};

use anyhow::{Context, bail};
use clap::Parser;
use rules::{contract::NewSession, erasure::UNDO_WINDOW_SECONDS};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    api::{DEMO_GUARDIAN, Options, document},
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    db::{Db, index},
    erasure::report,
    follow, import, ingest, keys, ledger, processors, restore,
    serve::{self, Signals},
    session,
    settings::{Cli, Command, Erasures, Import, Keys, Log, Restore, Seconds, Serve, Session, WitnessCommand},
    verify, witness,
};

/// The undo window of a demo, in seconds: long enough to use it, short enough to see the end.
const DEMO_UNDO_WINDOW: i64 = 120;

/// Runs the command of the process's arguments. What goes wrong is one line on the standard error.
#[must_use]
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("forget-me-not: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(settings) => {
            log(settings.log);
            wait_for(serve(&cli.data, settings))?;
        }
        Command::Session(settings) => wait_for(mint(&cli.data, settings))?,
        Command::Import(settings) => {
            log(Log::Text);
            return wait_for(take_in(&cli.data, settings));
        }
        Command::Verify(settings) => {
            return Ok(if verify::verify(&settings)? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Follow(settings) => {
            let good = wait_for(async { follow::follow(&settings).await })?;
            return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Fsck => return wait_for(check(&cli.data)),
        Command::Erasures(settings) => return wait_for(erasures(&cli.data, settings)),
        Command::Restore(settings) => {
            log(Log::Text);
            wait_for(restore(&cli.data, settings))?;
        }
        Command::Keys(Keys::Rotate) => wait_for(rotate(&cli.data))?,
        Command::Witness(settings) => {
            if let Some(WitnessCommand::Key) = settings.command {
                println!("{}", witness::key(&settings.state, settings.name.as_deref())?.text());
            } else {
                log(Log::Text);
                wait_for(witness::serve(settings))?;
            }
        }
        Command::Openapi => print!("{}", document::text()?),
    }
    Ok(ExitCode::SUCCESS)
}

fn wait_for<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// The log goes to the standard error: what a command prints is its answer. `RUST_LOG` says how much.
fn log(format: Log) {
    // The demuxers tell every step they take with every file.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,symphonia=error"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        Log::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        Log::Json => log.json().flatten_event(true).init(),
    }
}

async fn serve(data: &Path, settings: Serve) -> anyhow::Result<()> {
    if settings.demo && !settings.listen.ip().is_loopback() {
        bail!(
            "a demo signs everyone in, so it listens on this machine only: --listen 127.0.0.1:{}",
            settings.listen.port()
        );
    }
    if let Some(assets) = settings.assets.as_ref().filter(|assets| !assets.join("index.html").is_file()) {
        bail!("there is no index.html in {}: build the page with cargo xtask dist", assets.display());
    }
    let mut signals = Signals::hear()?;
    let listener = serve::listen(settings.listen).await?;
    serve::folder(data)?;
    let lock = serve::lock(data)?;
    serve::sweep(data, &lock)?;
    // Before any secret is made: the backup has those that are lost.
    restore::copy::go_on(data)?;
    let given = std::env::var("FMN_VENDOR_KEY").ok();
    let vendor_key = serve::vendor_key(data, given, settings.vendor_key_file.as_deref())?;

    if let Some(origin) = &settings.ledger_origin {
        ledger::name(data, origin)?;
    }
    if let Some(file) = &settings.ledger_policy {
        let name = || format!("--ledger-policy {}", file.display());
        let text = std::fs::read_to_string(file).with_context(name)?;
        ledger::policy::set(data, &text).with_context(name)?;
    }
    // It ends after the service.
    let witness = if settings.demo && settings.ledger_policy.is_none() {
        witness::beside::start(data)?
    } else {
        witness::beside::leave(data)?;
        None
    };
    let usual = if settings.demo { DEMO_UNDO_WINDOW } else { UNDO_WINDOW_SECONDS };
    let undo_window_seconds = settings.undo_window.map_or(usual, |Seconds(seconds)| seconds);
    let processors = settings.processors.as_deref().map_or(Ok(Vec::new()), processors::settings::read)?;
    let policy = Policy { undo_window_seconds, demo: settings.demo };
    let (clock, index) = (Arc::new(SystemClock), settings.search_index.as_deref());
    let core = Core::open_with_index(data, policy, clock, Some(processors), index).await?;
    if settings.demo {
        demo_household(&core, &mut signals).await?;
    }
    let options = Options {
        allow_origins: settings.allow_origin,
        assets: settings.assets,
        max_upload_bytes: settings.max_upload as usize * (1 << 20),
        ..Options::new(vendor_key)
    };
    tracing::info!(address = %listener.local_addr()?, demo = settings.demo, "listening");
    let closing = CancellationToken::new();
    let service = serve::run(listener, core, options, closing.clone());
    serve::until_asked(signals, closing, service).await?;
    drop(witness);
    tracing::info!("ended");
    Ok(())
}

/// Moves the made-up household into an empty folder. Asked to end meanwhile, it ends; the next start
/// goes on.
async fn demo_household(core: &Core, signals: &mut Signals) -> anyhow::Result<()> {
    let moved_in = tokio::select! {
        moved_in = import::demo::fill(core, DEMO_GUARDIAN) => moved_in.context("the demo household cannot move in")?,
        () = signals.asked() => {
            bail!("ended while the demo household moved in; the next start goes on");
        }
    };
    if let Some(report) = moved_in {
        tracing::info!(recordings = report.added, "the demo household has moved in");
    }
    Ok(())
}

async fn take_in(data: &Path, settings: Import) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::hear()?;
    serve::folder(data)?;
    let index = settings.search_index.as_deref();
    let core = Core::open_with_index(data, Policy::default(), Arc::new(SystemClock), None, index).await?;
    if core.is_restoring() {
        bail!("{} is being restored: forget-me-not restore, or serve, ends that first", data.display());
    }
    // Looked at before the child is made: a wrong folder leaves no trace.
    let source = import::open(&settings.folder, core.clock.now())?;
    let child = ingest::find_or_make_child(&core, &settings.guardian, &settings.child).await?;
    eprintln!("{}: {} named", source.kind, source.total);
    let progress = import::Progress::shown(source.total);
    let options = import::Options::new(child, settings.device);
    let report = import::run(&core, source, &options, &progress, signals.asked()).await?;
    drop(progress);
    core.db.close().await;
    println!("{report}");
    // Something is wrong with the folder, not with a file, when nothing in it could be read.
    let nothing = report.added + report.already_there == 0 && report.refusals() > 0;
    Ok(if nothing || report.stopped { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn check(data: &Path) -> anyhow::Result<ExitCode> {
    let faults = ledger::fsck(data).await?;
    for fault in &faults {
        println!("{fault}");
    }
    if faults.is_empty() {
        println!("the ledger is what it should be");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn erasures(data: &Path, settings: Erasures) -> anyhow::Result<ExitCode> {
    let now = SystemClock.now();
    let db = existing(data).await?;
    let reports = report::list(&db, data, now, settings.all).await;
    let unwritten = report::unwritten(&db, now).await;
    let damage = index::damage(&db).await;
    db.close().await;
    let (reports, unwritten, damage) = (reports?, unwritten?, damage?);
    if settings.json {
        println!("{}", serde_json::to_string(&reports)?);
    } else {
        for report in &reports {
            println!("{report}");
        }
        if reports.is_empty() {
            println!("no erasure is open");
        }
    }
    if unwritten > 0 {
        eprintln!(
            "{unwritten} decisions are not written to deletions/: they would be lost with the database"
        );
    }
    if let Some(damage) = &damage {
        eprintln!(
            "the search index is damaged ({damage}): no erasure is verified until the service has made it anew, which its \
             next start does in any case"
        );
    }
    let alarming = damage.is_some() || unwritten > 0 || reports.iter().any(report::Report::is_alarming);
    Ok(if alarming { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn restore(data: &Path, settings: Restore) -> anyhow::Result<()> {
    let mut signals = Signals::hear()?;
    serve::folder(data)?;
    let _lock = serve::lock(data)?;
    restore::copy::begin(data, &settings.from, settings.accept_missing_deletions).await?;
    let index = settings.search_index.as_deref();
    let core = Core::open_with_index(data, Policy::default(), Arc::new(SystemClock), None, index).await?;
    tokio::select! {
        replayed = restore::replay::replay(&core) => replayed?,
        () = signals.asked() => bail!("ended before all was deleted again; restore or serve goes on"),
    }
    core.db.close().await;
    println!("restored: what was deleted since the backup is deleted again, and verified");
    Ok(())
}

async fn rotate(data: &Path) -> anyhow::Result<()> {
    if !data.join("keys.db").is_file() {
        bail!("there are no keys in {}: name the folder, --data DIR", data.display());
    }
    let keys = keys::Keys::open(data, SystemClock.now()).await?;
    let rotated = keys.rotate(|| SystemClock.now()).await;
    keys.close().await;
    println!("{}", rotated?);
    Ok(())
}

/// The database of a folder in which there is one.
async fn existing(data: &Path) -> anyhow::Result<Db> {
    let file = data.join("forget-me-not.db");
    if !file.is_file() {
        bail!(
            "there is nothing in {}: serve or import there first, or name the folder, --data DIR",
            data.display()
        );
    }
    Db::open(&file).await.with_context(|| format!("cannot open {}", file.display()))
}

async fn mint(data: &Path, settings: Session) -> anyhow::Result<()> {
    let db = existing(data).await?;
    let new = NewSession {
        guardian: settings.guardian,
        children: settings.child,
        permissions: settings.permission,
        origin: settings.origin,
        ttl_seconds: Some(settings.ttl),
    };
    let session = session::mint(&db, SystemClock.now(), &new).await;
    db.close().await;
    println!("{}", serde_json::to_string(&session?)?);
    Ok(())
}
