//! Running the service: from a folder and an address to requests answered, and to a clean end.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    future::Future,
    io::{ErrorKind, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use axum::serve::ListenerExt;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{self, Api, Options},
    core::Core,
    erasure::engine,
    ledger, processors, restore, session,
};

/// How long requests under way may take to end once the service was asked to.
const GRACE: Duration = Duration::from_secs(10);
/// How often counters are kept small, and the engine is looked after.
const UPKEEP: Duration = Duration::from_secs(1);
/// The fewest characters of a vendor key: 128 bits in hexadecimal.
const VENDOR_KEY_CHARS: usize = 32;

/// Answers requests until `closing` is cancelled, and erases meanwhile. What was asked before is
/// answered, streams end, the database is closed.
pub async fn run(
    listener: TcpListener,
    core: Arc<Core>,
    options: Options,
    closing: CancellationToken,
) -> anyhow::Result<()> {
    let engine = tokio::spawn(engine::run(core.clone(), closing.clone().cancelled_owned()));
    let sequencer = tokio::spawn(ledger::run(core.clone(), closing.clone().cancelled_owned()));
    let witnesses = tokio::spawn(ledger::ask_witnesses(core.clone(), closing.clone().cancelled_owned()));
    let restoring = tokio::spawn({
        let (core, closing) = (core.clone(), closing.clone());
        async move {
            if core.is_restoring() {
                tokio::select! {
                    () = restore::replay::run(&core) => {}
                    () = closing.cancelled() => {}
                }
            }
        }
    });
    let asking = tokio::spawn(processors::run::run(core.clone(), closing.clone().cancelled_owned()));
    let api = Api::new(core.clone(), options, closing.clone());
    let service = api.router().into_make_service_with_connect_info::<SocketAddr>();
    // A progress event is small, and must not wait for more to send.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps collecting small packets");
        }
    });
    let server = axum::serve(listener, service).with_graceful_shutdown(closing.clone().cancelled_owned());
    let served = tokio::select! {
        served = server => served.context("the service cannot listen any more"),
        () = patience_over(&closing) => {
            tracing::warn!("requests still under way are broken off");
            Ok(())
        }
        () = upkeep(&api, [&engine, &sequencer, &witnesses, &asking], &closing) => Ok(()),
    };
    closing.cancel();
    engine.await.context("the erasure engine failed; nothing is lost, the next start goes on")?;
    sequencer.await.context("the ledger's sequencer failed; nothing is lost, the next start goes on")?;
    witnesses.await.context("asking the witnesses failed; nothing is lost, the next start goes on")?;
    restoring.await.context("the restoring failed; nothing is lost, the next start goes on")?;
    asking.await.context("asking processors failed; nothing is lost, the next start goes on")?;
    core.db.close().await;
    served
}

async fn patience_over(closing: &CancellationToken) {
    closing.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// Returns when a worker has ended although nobody asked: a service that accepts deletions and
/// does not carry them out must not go on looking well.
async fn upkeep(api: &Api, workers: [&JoinHandle<()>; 4], closing: &CancellationToken) {
    while closing.is_cancelled() || !workers.iter().any(|worker| worker.is_finished()) {
        tokio::time::sleep(UPKEEP).await;
        api.upkeep();
    }
}

/// The ways an operator asks the process to end. Heard from the moment this exists, so that one that
/// comes early ends the process cleanly too.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Hears Ctrl-C and SIGTERM from now on.
    pub fn hear() -> anyhow::Result<Self> {
        let hear = |kind| signal(kind).context("cannot hear signals");
        Ok(Self { interrupt: hear(SignalKind::interrupt())?, terminate: hear(SignalKind::terminate())? })
    }

    /// Returns when one has come.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Listens, or says in one line why not and what to do.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let error = match TcpListener::bind(address).await {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => {
            let other = SocketAddr::new(address.ip(), port.checked_add(1).unwrap_or(port - 1));
            bail!("port {port} is taken: end what listens there, or choose another one, --listen {other}")
        }
        ErrorKind::PermissionDenied => {
            bail!(
                "port {port} is reserved for the system: choose one above 1023, --listen {}:8787",
                address.ip()
            )
        }
        ErrorKind::AddrNotAvailable => {
            bail!(
                "{} is no address of this machine: choose one that is, --listen 127.0.0.1:{port}",
                address.ip()
            )
        }
        _ => bail!("cannot listen on {address}: {error}"),
    }
}

/// The data folder, made where it is missing, for this user only.
pub fn folder(data: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let written = builder.create(data).and_then(|()| {
        let probe = data.join(format!(".writable-{:016x}", rand::random::<u64>()));
        File::create_new(&probe)?;
        std::fs::remove_file(probe)
    });
    written.map_err(|error| {
        anyhow::anyhow!("cannot write to {}: {error}: choose another folder, --data DIR", data.display())
    })
}

/// Held as long as the service of a data folder runs, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

/// Makes this process the one service of a data folder.
pub fn lock(data: &Path) -> anyhow::Result<Lock> {
    let path = data.join("serve.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => {
            bail!("another service runs on {}: end it, or choose another folder, --data DIR", data.display())
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
    }
}

/// Clears away what a service that died left behind. Only under the [`Lock`].
pub fn sweep(data: &Path, _: &Lock) -> anyhow::Result<()> {
    api::upload::sweep(data).context("cannot clear away what an earlier service left")
}

/// The vendor key: given, or read from a file, or made in the data folder. Never printed.
pub fn vendor_key(data: &Path, given: Option<String>, file: Option<&Path>) -> anyhow::Result<String> {
    let (key, from) = match (given, file) {
        (Some(key), _) => (key, "FMN_VENDOR_KEY".to_owned()),
        (None, Some(file)) => (read(file)?, file.display().to_string()),
        (None, None) => {
            let file = data.join("vendor.key");
            if !file.exists() {
                write_secret(&file, &session::secret("fmv_"))
                    .with_context(|| format!("cannot write {}", file.display()))?;
            }
            (read(&file)?, file.display().to_string())
        }
    };
    let key = key.trim();
    if key.len() < VENDOR_KEY_CHARS || key.contains(char::is_whitespace) {
        bail!(
            "the vendor key in {from} is too weak: it needs at least {VENDOR_KEY_CHARS} characters, no spaces"
        );
    }
    Ok(key.to_owned())
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read the vendor key in {}", file.display()))
}

fn write_secret(file: &Path, secret: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

/// Runs a service until the operator asks it to end; then `closing` is cancelled and it ends cleanly.
pub async fn until_asked(
    mut signals: Signals,
    closing: CancellationToken,
    service: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::pin!(service);
    tokio::select! {
        ended = &mut service => return ended,
        () = signals.asked() => {}
    }
    tracing::info!("ending");
    closing.cancel();
    service.await
}
