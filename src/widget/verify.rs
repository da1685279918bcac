//! What the browser checks for itself: fetches all that is needed for it, has the verifier compute, and
//! remembers what it saw of the ledger.

use js_sys::{Array, Function, Reflect};
use proof::verify::What;
use rules::{ChildId, contract::ChildLedger};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

use crate::{
    client::Client,
    json, later, seen,
    state::{
        Failure, Trouble, Verified,
        receipt::{Job, Of},
        report::{Check, Outcome, Report},
    },
};

/// Checks what a job is about. Everything that is wrong with it is in the report; an error means that it
/// could not be checked.
///
/// # Errors
/// Where the verifier, the receipt, or something else that is needed cannot be had.
pub async fn verify(client: &Client, job: &Job, signal: &AbortSignal) -> Result<Verified, Failure> {
    let verifier = Verifier(later::verifier(later::here().ok_or(Failure::NotLoaded)?).await?);
    let ledger = client.ledger();
    // What was seen before, before anything newer is asked for: no other tab can make an honest answer look old.
    let seen = seen::all(&ledger);
    let receipt = client.text(&path_of(job), signal).await?;
    let (policy, pinned) = match client.host().get_attribute("policy") {
        Some(policy) if !policy.trim().is_empty() => (policy.trim().to_owned() + "\n", true),
        _ => (client.public(&format!("{ledger}/policy"), signal).await?, false),
    };
    let all = !matches!(job.of, Of::Entry(_));
    let (child, entries) = entries(client, job.child, all, signal).await?;
    let key = child.key.unwrap_or_default();
    let known = Known { policy: &policy, child: &key, entries: &entries, job };

    let mut inventory = String::new();
    if let Of::Erasure(..) = job.of {
        // Which inventory it follows is known when what it says is known to be what was entered.
        let first = verifier.verify(&receipt, "", &Known { entries: "", ..known })?;
        if let Some(statement) = first.statement() {
            let version = statement.inventory;
            inventory = client.public(&format!("{ledger}/inventory/{version}"), signal).await?;
        }
    }
    let mut report = verifier.verify(&receipt, &inventory, &known)?;

    let shown = receipt.split_once("\n\n").map_or("", |(_, checkpoint)| checkpoint);
    let is_same = |seen: &&String| seen::origin(seen) == seen::origin(shown);
    let mut before = seen.iter().find(is_same).map(String::as_str);
    let (mut caught, mut remembers) = (None, false);
    if report.proves(What::Signature) {
        let mut follows = true;
        if let Some(seen) = before {
            let check = follow(client, &verifier, &ledger, [seen, shown], &policy, signal).await?;
            caught = check.is_evidence().then(|| [seen.to_owned(), shown.to_owned()]);
            follows = check.outcome == Outcome::Proved;
            report.put(check);
        } else if let Some(other) = seen.first() {
            let detail = seen::origin(other).to_owned();
            report.put(Check { what: What::Consistency, outcome: Outcome::Open, detail });
        }
        remembers = follows && seen::remember(&ledger, before, shown);
    } else {
        before = None;
    }
    job.of.judge(&mut report, before.is_some());
    Ok(Verified { report, receipt, inventory, policy, pinned, you: child.you, remembers, caught })
}

fn path_of(job: &Job) -> String {
    let child = job.child;
    match &job.of {
        Of::Erasure(id, _) => format!("/erasures/{id}/receipt?child={child}"),
        Of::Entry(seq) | Of::Chain(seq) => format!("/children/{child}/ledger/{seq}/receipt"),
    }
}

/// The key of a child's entries, and all of them one after the other, if they are wanted.
async fn entries(
    client: &Client,
    child: ChildId,
    all: bool,
    signal: &AbortSignal,
) -> Result<(ChildLedger, String), Failure> {
    let mut entries = String::new();
    let mut after = String::new();
    loop {
        let limit = if all { 1_000 } else { 1 };
        let path = format!("/children/{child}/ledger?limit={limit}{after}");
        let page: ChildLedger = json::read(&client.text(&path, signal).await?).ok_or(Failure::Unreadable)?;
        if !all {
            return Ok((page, entries));
        }
        // What no checkpoint has yet proves nothing yet.
        for entry in page.items.iter().filter(|entry| entry.index.is_some()) {
            entries.push_str(&entry.leaf);
        }
        match page.next {
            Some(next) => after = format!("&after={next}"),
            None => return Ok((page, entries)),
        }
    }
}

/// Whether the ledger is the one that was seen before, and only grew.
async fn follow(
    client: &Client,
    verifier: &Verifier,
    ledger: &str,
    [before, shown]: [&str; 2],
    policy: &str,
    signal: &AbortSignal,
) -> Result<Check, Failure> {
    let sizes = (seen::size(before), seen::size(shown));
    let path = match sizes {
        (Some(old), Some(new)) if old < new => {
            match client.public(&format!("{ledger}/consistency/{old}/{new}"), signal).await {
                // A ledger that shows no proof of it is not believed.
                Err(failure) if failure.trouble() == Trouble::Gone => {
                    return Ok(Check::failed(What::Consistency, "no-proof"));
                }
                path => path?,
            }
        }
        _ => String::new(),
    };
    let report = verifier.call("follow", &[policy.into(), before.into(), shown.into(), path.into()])?;
    Report::read(&report).checks.into_iter().next().ok_or(Failure::NotLoaded)
}

/// What is known beside the receipt.
#[derive(Clone, Copy)]
struct Known<'a> {
    policy: &'a str,
    child: &'a str,
    entries: &'a str,
    job: &'a Job,
}

/// The module that checks.
struct Verifier(JsValue);

impl Verifier {
    fn call(&self, function: &str, arguments: &[JsValue]) -> Result<String, Failure> {
        let called = Reflect::get(&self.0, &function.into()).and_then(|function| {
            let function: Function = function.dyn_into()?;
            function.apply(&JsValue::NULL, &arguments.iter().collect::<Array>())
        });
        called.ok().and_then(|report| report.as_string()).ok_or(Failure::NotLoaded)
    }

    fn verify(&self, receipt: &str, inventory: &str, known: &Known) -> Result<Report, Failure> {
        #[expect(clippy::cast_precision_loss, reason = "seconds and counts fit in 53 bits")]
        let (not_before, number) = match &known.job.of {
            Of::Erasure(_, asked) => ((asked.ms() / 1_000) as f64, -1.0),
            Of::Entry(seq) | Of::Chain(seq) => (0.0, *seq as f64),
        };
        let texts = [receipt, known.policy, "", "", inventory, known.child, known.entries];
        let numbers = [not_before, number].map(JsValue::from_f64);
        let arguments: Vec<JsValue> = texts.into_iter().map(JsValue::from).chain(numbers).collect();
        Ok(Report::read(&self.call("verify", &arguments)?))
    }
}
