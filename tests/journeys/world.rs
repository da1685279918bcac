//! What a journey needs: the real service on real recordings, a host page on another origin, and a
//! real Chromium.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, http::header, response::IntoResponse, routing::get};
use fantoccini::{Client, ClientBuilder, elements::Element};
use rules::{
    ChildId, Class, RecordingId, StoreId, Timestamp,
    contract::{NewDataset, NewDerivation, NewMade, NewRecording, NewRow, NewSession, Source, Transcript},
    derived::Consent,
    location::Place,
};
use serde_json::{Value, json};
use service::{
    api::Options,
    clock::{Clock, SystemClock},
    core::{Core, Policy},
    derived,
    ingest::{self, Incoming},
    ledger::{self, Ledger},
    media,
    processors::Processor,
    serve, session,
    store::Subject,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

/// How long a page may take to show something.
const PATIENCE: Duration = Duration::from_secs(20);
/// The property under which WebDriver writes an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A clock that goes as the machine's does, and is put forward by a test.
#[derive(Debug, Default)]
pub struct Ahead(AtomicI64);

impl Ahead {
    pub fn by_hours(&self, hours: i64) {
        self.0.fetch_add(hours * 3_600, Ordering::SeqCst);
    }

    pub fn by_days(&self, days: i64) {
        self.by_hours(days * 24);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(self.0.load(Ordering::SeqCst))
    }
}

/// Makes a policy of a ledger's key.
pub type Witnesses = Box<dyn FnOnce(&str) -> String + Send>;

/// What is otherwise than usual.
#[derive(Default)]
pub struct Setting {
    /// Whether the service is a demo, which signs everyone in.
    pub demo: bool,
    /// Who may be given recordings.
    pub processors: Vec<Processor>,
    /// Whom the ledger asks to witness it, made of its key.
    pub witnesses: Option<Witnesses>,
    /// Whether the browser lets no page keep anything.
    pub forgetful: bool,
}

/// Everything that runs; ended when it is dropped.
pub struct World {
    pub core: Arc<Core>,
    pub clock: Arc<Ahead>,
    pub child: ChildId,
    pub number: i64,
    pub folder: tempfile::TempDir,
    pub api: String,
    pub page: Client,
    closing: CancellationToken,
    _driver: Driver,
}

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl World {
    /// A service with one child, Mia, and the demo's clips as her recordings, an hour apart.
    pub async fn new(demo: bool) -> Self {
        Self::with(demo, |_| {}).await
    }

    /// The same, with something changed before anybody else sees it.
    pub async fn with(demo: bool, change: impl FnOnce(&mut Core)) -> Self {
        Self::set(Setting { demo, ..Setting::default() }, change).await
    }

    /// The same, in another setting.
    pub async fn set(setting: Setting, change: impl FnOnce(&mut Core)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(witnesses) = setting.witnesses {
            let key = Ledger::open(folder.path(), false).unwrap().key().text();
            ledger::policy::set(folder.path(), &witnesses(&key)).unwrap();
        }
        let clock = Arc::new(Ahead::default());
        let policy = Policy { undo_window_seconds: 120, demo: setting.demo };
        let processors = Some(setting.processors);
        let mut core = Core::open_to(folder.path(), policy, clock.clone(), processors).await.unwrap();
        change(Arc::get_mut(&mut core).unwrap());
        let child = ingest::find_or_make_child(&core, DEMO_GUARDIAN, "Mia").await.unwrap();
        let number = sqlx::query_scalar("SELECT number FROM child WHERE id = ?")
            .bind(child.to_string())
            .fetch_one(core.db.read())
            .await
            .unwrap();
        record_clips(&core, child).await;

        let closing = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}", listener.local_addr().unwrap());
        let options = Options { assets: Some(built_page()), ..Options::new("k".repeat(40)) };
        tokio::spawn(serve::run(listener, core.clone(), options, closing.clone()));
        let (driver, page) = browser(setting.forgetful).await;
        Self { core, clock, child, number, folder, api, page, closing, _driver: driver }
    }

    /// A page of another site that embeds the element, under the strict policy; returns its address.
    pub async fn host(&self) -> String {
        self.host_that("element.fetchSession = async () => minted;").await
    }

    /// The same, where this script of the host has the `element`, what was `minted` for it, and writes
    /// into `told`; that the page is ready is told there, too.
    pub async fn host_that(&self, does: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let new = NewSession {
            guardian: DEMO_GUARDIAN.into(),
            children: vec![],
            permissions: vec![],
            origin: origin.clone(),
            ttl_seconds: None,
        };
        let session = session::mint(&self.core.db, SystemClock.now(), &new).await.unwrap();
        let session = serde_json::to_string(&session).unwrap();
        // widget.md's policy, and the two sources that a recording's bytes come from.
        let policy = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self' {0}; \
             media-src {0}; require-trusted-types-for 'script'",
            self.api
        );
        let document = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>A host</title>\
             <script src=/watch.js></script><script type=module src=/host.js></script>\
             <script type=module src=/element/forget-me-not.js></script>\
             <h1>A site of somebody else</h1><forget-me-not src=\"{}/v1\"><p>Loading</p></forget-me-not>",
            self.api
        );
        let script = format!(
            "const element = document.querySelector('forget-me-not'); const told = window.told = []; \
             element.addEventListener('fmn-ready', () => told.push('ready')); \
             const minted = {session}; {does}"
        );
        let watch = "window.refused = []; document.addEventListener('securitypolicyviolation', \
                     (e) => window.refused.push(e.violatedDirective + ' ' + e.blockedURI));";
        let host = Router::new()
            .route("/", get(move || async move { axum::response::Html(document) }))
            .route("/host.js", get(move || async move { script_file(script) }))
            .route("/watch.js", get(move || async move { script_file(watch.to_owned()) }))
            .nest_service("/element", ServeDir::new(built_page()))
            .layer(SetResponseHeaderLayer::overriding(
                header::CONTENT_SECURITY_POLICY,
                header::HeaderValue::from_str(&policy).unwrap(),
            ));
        tokio::spawn(async move { axum::serve(listener, host).await });
        origin
    }

    /// Runs JavaScript with `root`, the element's shadow root, in scope.
    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Value {
        let script = format!(
            "const root = document.querySelector('forget-me-not')?.shadowRoot; if (!root) return null; {script}"
        );
        self.page.execute(&script, arguments).await.unwrap()
    }

    /// The first visible element that `selector` finds and whose label or text contains `name`.
    pub async fn find(&self, selector: &str, name: &str) -> Element {
        let begun = Instant::now();
        loop {
            let script = "return [...root.querySelectorAll(arguments[0])].find((e) => e.checkVisibility() \
                          && (e.getAttribute('aria-label') ?? e.textContent).includes(arguments[1])) ?? null;";
            if let Value::Object(found) = self.ask(script, vec![json!(selector), json!(name)]).await {
                let id = found[ELEMENT].as_str().unwrap().to_owned();
                return Element::from_element_id(self.page.clone(), id.into());
            }
            assert!(begun.elapsed() < PATIENCE, "no {selector} “{name}” in:\n{}", self.text().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Clicks a visible button.
    pub async fn press(&self, name: &str) {
        // One that is drawn anew in between is another element, and is looked for again.
        let begun = Instant::now();
        while let Err(error) = self.find("button", name).await.click().await {
            assert!(begun.elapsed() < PATIENCE, "{name}: {error}");
        }
    }

    /// Ticks a choice, scrolled to as a hand does: in a long box it may lie under what stays in sight.
    pub async fn choose(&self, name: &str) {
        let choice = self.find("label.choice", name).await;
        let scroll = "arguments[0].scrollIntoView({ block: 'center' });";
        self.page.execute(scroll, vec![serde_json::to_value(&choice).unwrap()]).await.unwrap();
        choice.click().await.unwrap();
    }

    /// All text the element shows.
    pub async fn text(&self) -> String {
        let script = "return [...root.children].map((e) => e.innerText).join('\\n');";
        self.ask(script, vec![]).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until JavaScript over the shadow root answers `true`.
    pub async fn until(&self, what: &str, script: &str) {
        let begun = Instant::now();
        while self.ask(&format!("return Boolean({script});"), vec![]).await != true {
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain until {what}; the page shows:\n{}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Tries until something is so.
    pub async fn tried(&self, what: &str, mut so: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !so().await {
            assert!(
                begun.elapsed() < PATIENCE,
                "tried in vain until {what}; the page shows:\n{}",
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Waits until the element shows a text.
    pub async fn until_shown(&self, text: &str) {
        let script = format!("[...root.children].some((e) => e.innerText.includes({}))", json!(text));
        self.until(&format!("“{text}” is shown"), &script).await;
    }

    /// How many rows the list shows.
    pub async fn until_rows(&self, n: usize) {
        self.until(
            &format!("{n} rows are shown"),
            &format!("root.querySelectorAll('li.row').length === {n}"),
        )
        .await;
    }

    /// What the content security policy refused, of the page under way.
    pub async fn refused(&self) -> Value {
        let script = "return new Promise((done) => { new ReportingObserver((r) => done(r.map((r) => r.body.blockedURL)), \
                      { types: ['csp-violation'], buffered: true }).observe(); setTimeout(() => done([]), 300); });";
        let reported = self.page.execute(script, vec![]).await.unwrap();
        let heard = self.page.execute("return window.refused ?? [];", vec![]).await.unwrap();
        json!([reported, heard])
    }

    /// Puts the element into another language, and waits until it is.
    pub async fn language(&self, tag: &str) {
        self.ask("root.host.setAttribute('locale', arguments[0]);", vec![json!(tag)]).await;
        self.until(&format!("the page is in {tag}"), &format!("root.querySelector('[lang={tag}]')")).await;
    }

    /// One more recording of the demo's clips, so many hours old.
    pub async fn record(&self, file: &str, words: &str, hours: i64) {
        record(&self.core, self.child, file, words, hours).await;
    }

    /// A deletion of what is open, at once, seen to its end.
    pub async fn delete_opened(&self) {
        self.press("Delete this recording").await;
        self.until_shown("Delete 1 recording of").await;
        self.choose("Do not wait").await;
        self.find("dialog button, .decide button", "Delete 1 recording").await.click().await.unwrap();
    }

    /// Copies that each store holds of the child, as the stores themselves say.
    pub async fn copies(&self) -> Vec<(StoreId, u64)> {
        let mut copies = Vec::new();
        for store in &self.core.stores {
            let holds = store.list(Subject { number: self.number, id: self.child }).await.unwrap();
            copies.push((store.id(), holds.copies));
        }
        copies
    }

    /// Ends the browser's session; the rest ends with the test.
    pub async fn end(self) {
        self.page.clone().close().await.unwrap();
        self.closing.cancel();
    }
}

/// The guardian that the demo signs in.
pub const DEMO_GUARDIAN: &str = "demo";

/// The clips, in the order of `clips.csv`, the first one newest.
pub const CLIPS: [(&str, &str); 8] = [
    ("kitchen-walnut.mp3", "Is there walnut in pesto?"),
    ("kitchen-sky.opus", "Why is the sky blue?"),
    ("toy-good-night.ogg", "Good night, little bear."),
    ("toy-alphabet.flac", "A, B, C, D, E, F, G."),
    ("camera-thirsty.wav", "I am thirsty."),
    ("camera-motion.mp4", ""),
    ("camera-peekaboo.webm", "Peekaboo!"),
    ("toy-lettuce.mp3", "Walnut, walnut, lettuce."),
];

async fn record_clips(core: &Core, child: ChildId) {
    for ((file, words), hours) in CLIPS.iter().zip(1..) {
        record(core, child, file, words, hours).await;
    }
}

/// A recording of so many hours ago; only the latest has a place.
async fn record(core: &Core, child: ChildId, file: &str, words: &str, hours: i64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/demo").join(file);
    let incoming = Incoming {
        recording: NewRecording {
            child,
            captured_at: core.clock.now().plus_seconds(-3600 * hours),
            device: Some(file.split('-').next().unwrap().into()),
            transcript: (!words.is_empty()).then(|| Transcript::new(words, Some("en".into()))),
            location: (hours == 1).then(|| Place::new(47_606_200, -122_332_100, Some(25)).unwrap()),
            reference: None,
        },
        moment_stated: true,
        begun: core.clock.now(),
        probed: media::probe_file(&path).unwrap(),
        media: path,
    };
    let id = ingest::ingest(core, &incoming).await.unwrap().id;
    learn(core, child, id, if words.is_empty() { file } else { words }, hours == 1).await;
}

/// What a maker makes of it: something for each store there is, from where it was too if that is known.
async fn learn(core: &Core, child: ChildId, id: RecordingId, words: &str, placed: bool) {
    let made_at = core.clock.now();
    let made = |content: String, from: &[Class]| NewMade {
        child,
        recordings: vec![Source { recording: id, from: from.to_vec() }],
        derivations: Vec::new(),
        content,
        made_at,
        reference: None,
    };
    let row = NewRow { recording: id, from: Vec::new(), content: words.into() };
    let rows = NewDataset { name: "speech-1".into(), consent: Consent::Given, rows: vec![row], made_at };
    let mut all = vec![
        NewDerivation::Fact(made(format!("Has said: {words}"), &[])),
        NewDerivation::Voiceprint(made(words.into(), &[])),
        NewDerivation::Thumbnail(made(words.into(), &[])),
        NewDerivation::Dataset(rows),
    ];
    if placed {
        all.push(NewDerivation::Fact(made("Was at home.".into(), &[Class::Location])));
    }
    for new in all {
        derived::register(core, &new).await.unwrap();
    }
}

fn built_page() -> PathBuf {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    assert!(page.join("index.html").is_file(), "build the page first: cargo xtask test journeys does");
    page
}

fn script_file(script: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript")], script)
}

async fn browser(forgetful: bool) -> (Driver, Client) {
    let mut process = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver is installed by cargo xtask test");
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let driver = Driver(process);
    let port: u16 = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok())
        .expect("chromedriver says where it listens");
    // As a parent does who allows no site to keep anything.
    let keeping =
        if forgetful { json!({ "profile.default_content_setting_values.cookies": 2 }) } else { json!({}) };
    let options = json!({ "goog:chromeOptions": { "prefs": keeping, "args": [
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--window-size=1280,900", "--lang=en"
    ] } });
    let Value::Object(capabilities) = options else { unreachable!() };
    let page = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .unwrap();
    (driver, page)
}
