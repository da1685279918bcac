//! How a state looks to everyone: axe in light, dark and forced colours and at 320 px, and where
//! `FMN_SCREENSHOTS` names a folder (`cargo xtask screens`), pictures at 360 and 1280 px in both schemes.

use std::path::PathBuf;

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use super::world::World;

/// A way of looking at the page.
#[derive(Debug, Clone, Copy)]
struct Mode {
    name: &'static str,
    width: u32,
    dark: bool,
    forced: bool,
    /// How large text is, in percent of what the browser was set to.
    text: u32,
}

const fn mode(name: &'static str, width: u32, dark: bool, forced: bool) -> Mode {
    Mode { name, width, dark, forced, text: 100 }
}

/// What axe looks at.
const CHECKED: [Mode; 5] = [
    mode("light", 1280, false, false),
    mode("dark", 360, true, false),
    mode("forced-colours", 1280, false, true),
    mode("narrow", 320, false, false),
    Mode { text: 200, ..mode("large-text", 360, false, false) },
];

/// What is photographed.
const PICTURED: [Mode; 4] = [
    mode("1280-light", 1280, false, false),
    mode("1280-dark", 1280, true, false),
    mode("360-light", 360, false, false),
    mode("360-dark", 360, true, false),
];

/// What can be pressed and is less than 24 px wide or high (WCAG 2.5.8). A box inside a label is hit
/// by the label, too.
const SMALL: &str = "return [...root.querySelectorAll('button, input, select, summary, a[href]')] \
    .filter((e) => e.checkVisibility({ visibilityProperty: true })) \
    .map((e) => [e, (e.closest('label') ?? e).getBoundingClientRect()]) \
    .filter(([, r]) => Math.min(r.width, r.height) < 23.9) \
    .map(([e, r]) => e.outerHTML.slice(0, 100) + ' ' + r.width + 'x' + r.height);";

/// A command of Chromium's own protocol.
#[derive(Debug)]
pub struct Devtools(pub &'static str, pub Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// Looks at states, one after the other, and remembers what is wrong with each.
pub struct Looker {
    axe: String,
    folder: Option<PathBuf>,
    wrong: Vec<String>,
    seen: u32,
}

impl Looker {
    /// With axe as `cargo xtask` installed it.
    pub fn new() -> Self {
        let path = std::env::var("FMN_AXE").expect("run by cargo xtask test journeys, which installs axe");
        let axe = std::fs::read_to_string(path).unwrap();
        let folder = std::env::var_os("FMN_SCREENSHOTS").map(PathBuf::from);
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder).unwrap();
        }
        Self { axe, folder, wrong: Vec::new(), seen: 0 }
    }

    /// Looks at what the page shows now.
    pub async fn at(&mut self, world: &World, state: &str) {
        self.look(world, state, "").await;
    }

    /// The same, where what matters is at the end of the page.
    pub async fn at_end(&mut self, world: &World, state: &str) {
        self.look(world, state, "scrollTo(0, document.scrollingElement.scrollHeight)").await;
    }

    async fn look(&mut self, world: &World, state: &str, scroll: &str) {
        self.seen += 1;
        for mode in CHECKED {
            put(world, mode).await;
            for violation in self.axe(world).await {
                self.wrong.push(format!("{state}, {}: {violation}", mode.name));
            }
            let wide = "return document.scrollingElement.scrollWidth - innerWidth;";
            let over = world.page.execute(wide, vec![]).await.unwrap();
            if over.as_i64() > Some(0) {
                self.wrong.push(format!("{state}, {}: {over} px wider than the screen", mode.name));
            }
            for small in world.ask(SMALL, vec![]).await.as_array().into_iter().flatten() {
                self.wrong.push(format!("{state}, {}: too small to hit: {small}", mode.name));
            }
        }
        if let Some(folder) = &self.folder {
            for mode in PICTURED {
                put(world, mode).await;
                world.page.execute(scroll, vec![]).await.unwrap();
                let picture = world.page.screenshot().await.unwrap();
                std::fs::write(folder.join(format!("{state}-{}.png", mode.name)), picture).unwrap();
            }
        }
        put(world, CHECKED[0]).await;
    }

    /// Looks at what would be on paper, whatever the scheme: ink, no ground, nothing to press.
    pub async fn on_paper(&mut self, world: &World, state: &str) {
        self.seen += 1;
        for mode in [CHECKED[0], CHECKED[1]] {
            put(world, mode).await;
            printed(world, mode.dark).await;
            let found = world.page.execute(NOT_ON_PAPER, vec![]).await.unwrap();
            for what in found.as_array().expect("a list") {
                self.wrong.push(format!("{state}, {}: not for paper: {what}", mode.name));
            }
            if let Some(folder) = &self.folder {
                let picture = world.page.screenshot().await.unwrap();
                std::fs::write(folder.join(format!("{state}-{}.png", mode.name)), picture).unwrap();
            }
        }
        let printed = "document.querySelector('forget-me-not')?.removeAttribute('printing');";
        world.page.execute(printed, vec![]).await.unwrap();
        put(world, CHECKED[0]).await;
    }

    /// Takes the browser off the network, or back on it.
    pub async fn offline(&self, world: &World, offline: bool) {
        let how =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        for command in
            [Devtools("Network.enable", json!({})), Devtools("Network.emulateNetworkConditions", how)]
        {
            world.page.issue_cmd(command).await.unwrap();
        }
    }

    /// Whether faults are found at all: with a field without a name put into the element.
    pub async fn sees_a_fault(&self, world: &World) -> bool {
        let spoil = "root.append(Object.assign(document.createElement('input'), { id: 'nameless' }));";
        world.ask(spoil, vec![]).await;
        let found = self.axe(world).await;
        world.ask("root.getElementById('nameless').remove();", vec![]).await;
        found.iter().any(|violation| violation.starts_with("label"))
    }

    /// Fails where anything was wrong.
    pub fn conclude(self, states: u32) {
        assert_eq!(self.seen, states, "states looked at");
        assert!(self.wrong.is_empty(), "{} faults:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }

    /// axe's violations, a line each. The page around the element is a document of its own.
    async fn axe(&self, world: &World) -> Vec<String> {
        let run = "const done = arguments[arguments.length - 1]; \
                   (async () => { \
                     if (!window.axe) (0, eval)(arguments[0]); \
                     const found = await axe.run(document, { resultTypes: ['violations'] }); \
                     return found.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 120) + ' ' \
                       + (n.failureSummary ?? '').replace(/\\s+/g, ' ').slice(0, 200)).join(' | ')); \
                   })().then(done, (error) => done(['axe failed: ' + error]));";
        let found = world.page.execute_async(run, vec![json!(self.axe)]).await.unwrap();
        let found = found.as_array().expect("axe answers with a list");
        found.iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// What nobody can use on paper, and what would print a page black.
const NOT_ON_PAPER: &str = "const host = document.querySelector('forget-me-not'); \
    const root = host?.shadowRoot ?? document; \
    const bright = (colour) => { \
      const canvas = new OffscreenCanvas(1, 1).getContext('2d'); \
      canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); \
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return a < 255 || r + g + b > 600; }; \
    const seen = [...root.querySelectorAll('button, input, nav, a.button')].filter((e) => e.checkVisibility()); \
    const dark = [document.documentElement, document.body, host ?? document.body, ...root.querySelectorAll('.page, li, .verdict')] \
      .filter((e) => !bright(getComputedStyle(e).backgroundColor)); \
    const pale = [...root.querySelectorAll('h2, p, .name')].filter((e) => e.checkVisibility() && bright(getComputedStyle(e).color)); \
    return [...seen, ...dark, ...pale].map((e) => e.outerHTML.slice(0, 100));";

/// Shows what would be printed, in a window that the parent has in one scheme or the other.
async fn printed(world: &World, dark: bool) {
    let scheme = if dark { "dark" } else { "light" };
    let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
    let media = Devtools("Emulation.setEmulatedMedia", json!({ "media": "print", "features": features }));
    world.page.issue_cmd(media).await.unwrap();
    let printing = "document.querySelector('forget-me-not')?.toggleAttribute('printing', true);";
    world.page.execute(printing, vec![]).await.unwrap();
}

/// Puts the browser into a mode.
async fn put(world: &World, mode: Mode) {
    let on = |yes, value: &str| if yes { value.to_owned() } else { "none".to_owned() };
    let scheme = if mode.dark { "dark" } else { "light" };
    let media = json!({ "media": "", "features": [
        { "name": "prefers-color-scheme", "value": scheme },
        { "name": "forced-colors", "value": on(mode.forced, "active") },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ] });
    let screen = json!({ "width": mode.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    for command in [
        Devtools("Emulation.setEmulatedMedia", media),
        Devtools("Emulation.setDeviceMetricsOverride", screen),
    ] {
        world.page.issue_cmd(command).await.unwrap();
    }
    let size = format!("document.documentElement.style.fontSize = '{}%';", mode.text);
    world.page.execute(&size, vec![]).await.unwrap();
    // Two frames: what follows the width has followed it.
    let frames =
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));";
    world.page.execute_async(frames, vec![]).await.unwrap();
}
