//! What the browser checks for itself: fetches all that is needed for it, has the verifier compute, and
//! remembers what it saw of the ledger.

use js_sys::{Array, Function, Reflect};
use proof::verify::What;
use rules::{ChildId, contract::ChildLedger};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

use crate::{
    client::{Client, now},
    json, later, seen,
    state::{
        Failure, Reached, Trouble, Verified,
        receipt::{Job, Of},
        report::{Check, Outcome, Report},
    },
};

/// How long a child's entries may take in all, in milliseconds, however often some of them come.
const PATIENCE_MS: i64 = 600_000;
/// Entries that are asked for at once.
const MOST: u64 = 1_000;

/// Checks what a job is about, and tells whenever something of it has come, and how far that is. Everything that is
/// wrong with it is in the report; an error means that it could not be checked.
///
/// # Errors
/// Where the verifier, the receipt, or something else that is needed cannot be had.
pub async fn verify(
    client: &Client,
    job: &Job,
    signal: &AbortSignal,
    came: impl Fn(Option<Reached>),
) -> Result<Verified, Failure> {
    let verifier = Verifier(later::verifier(later::here().ok_or(Failure::NotLoaded)?).await?);
    let ledger = client.ledger();
    // What was seen before, before anything newer is asked for: no other tab can make an honest answer look old.
    let seen = seen::all(&ledger);
    let receipt = client.text(&path_of(job), signal).await?;
    came(None);
    let (policy, pinned) = match client.host().get_attribute("policy") {
        Some(policy) if !policy.trim().is_empty() => (policy.trim().to_owned() + "\n", true),
        _ => (client.public(&format!("{ledger}/policy"), signal).await?, false),
    };
    came(None);
    // Which inventory an erasure follows and which entry it is are known when what it says is known to be what was
    // entered. Of entries that came after it the receipt is no proof.
    let mut first = None;
    let mut inventory = String::new();
    let last = match job.of {
        Of::Erasure(_) => {
            let nothing = Known { policy: &policy, child: "", entries: "", job };
            let report = first.insert(verifier.verify(&receipt, "", &nothing)?);
            let statement = report.statement();
            if let Some(statement) = &statement {
                let version = statement.inventory;
                inventory = client.public(&format!("{ledger}/inventory/{version}"), signal).await?;
                came(None);
            }
            statement.map(|statement| statement.entry)
        }
        Of::Chain(seq) => Some(seq),
        Of::Entry(_) => None,
    };
    let (child, leaves) = entries(client, job.child, last, signal, &came).await?;
    came(None);
    let key = child.key.unwrap_or_default();
    let mut report = match first {
        // More than is wrong with it already would not be found.
        Some(report) if last.is_none() => report,
        _ => verifier.verify(
            &receipt,
            &inventory,
            &Known { policy: &policy, child: &key, entries: &leaves, job },
        )?,
    };

    let shown = receipt.split_once("\n\n").map_or("", |(_, checkpoint)| checkpoint);
    let is_same = |seen: &&String| seen::origin(seen) == seen::origin(shown);
    let before = seen.iter().find(is_same).map(String::as_str);
    let (mut caught, mut remembers, mut compared) = (None, false, false);
    if report.proves(What::Signature) {
        let check = match before {
            Some(seen) => Some(follow(client, &verifier, &ledger, [seen, shown], &policy, signal).await?),
            None => None,
        };
        let mut follows = true;
        match check.filter(|check| !check.is_of_nothing()) {
            Some(check) => {
                caught =
                    before.filter(|_| check.is_evidence()).map(|seen| [seen.to_owned(), shown.to_owned()]);
                (follows, compared) = (check.outcome == Outcome::Proved, true);
                report.put(check);
            }
            None => {
                let other = seen.iter().find(|seen| !is_same(seen));
                if let Some(other) = other.filter(|_| before.is_none()) {
                    let detail = seen::origin(other).to_owned();
                    report.put(Check { what: What::Consistency, outcome: Outcome::Open, detail });
                }
            }
        }
        remembers = follows && seen::remember(&ledger, before, shown);
    }
    job.of.judge(&mut report, compared);
    Ok(Verified { report, receipt, inventory, policy, pinned, you: child.you, remembers, caught, leaves })
}

fn path_of(job: &Job) -> String {
    let child = job.child;
    match &job.of {
        Of::Erasure(id) => format!("/erasures/{id}/receipt?child={child}"),
        Of::Entry(seq) | Of::Chain(seq) => format!("/children/{child}/ledger/{seq}/receipt"),
    }
}

/// The key of a child's entries, and their leaves up to the one with this number, one after the other; none where no
/// number is given. A child may have very many: it goes on as long as more of them come.
async fn entries(
    client: &Client,
    child: ChildId,
    last: Option<u64>,
    signal: &AbortSignal,
    came: impl Fn(Option<Reached>),
) -> Result<(ChildLedger, String), Failure> {
    let begun = now();
    let all = last.map_or(0, |last| last.saturating_add(1));
    let (mut leaves, mut count, mut after) = (String::new(), 0, None);
    loop {
        let limit = all.saturating_sub(count).clamp(1, MOST);
        let from = after.map(|after: u64| format!("&after={after}")).unwrap_or_default();
        let path = format!("/children/{child}/ledger?limit={limit}{from}");
        let page: ChildLedger = json::read(&client.text(&path, signal).await?).ok_or(Failure::Unreadable)?;
        // What no checkpoint has yet proves nothing yet.
        for entry in page.items.iter().filter(|entry| entry.index.is_some()) {
            if count < all {
                leaves.push_str(&entry.leaf);
                count += 1;
            }
        }
        let next = page.next.filter(|_| count < all);
        match next {
            // Whoever leads in circles gives no answer, and neither does who takes for ever.
            Some(_) if next <= after => return Err(Failure::Unreadable),
            Some(_) if now().ms() - begun.ms() > PATIENCE_MS => return Err(Failure::NoAnswer),
            Some(_) => {
                came(Some(Reached { entries: count, all }));
                after = next;
            }
            None => return Ok((page, leaves)),
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
    let check = |now: &str, path: &str| {
        let report = verifier.call("follow", &[policy.into(), before.into(), now.into(), path.into()])?;
        Report::read(&report).checks.into_iter().next().ok_or(Failure::NotLoaded)
    };
    // Before anything is asked for: whether what was kept is signed by this ledger at all.
    let kept = check(before, "")?.of_kept();
    if kept.outcome != Outcome::Proved {
        return Ok(kept);
    }
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
    check(shown, &path)
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
        let number = match &known.job.of {
            Of::Erasure(_) => -1.0,
            Of::Entry(seq) | Of::Chain(seq) => *seq as f64,
        };
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let not_before = (known.job.since.ms() / 1_000) as f64;
        let texts = [receipt, known.policy, "", "", inventory, known.child, known.entries];
        let numbers = [not_before, number].map(JsValue::from_f64);
        let arguments: Vec<JsValue> = texts.into_iter().map(JsValue::from).chain(numbers).collect();
        Ok(Report::read(&self.call("verify", &arguments)?))
    }
}
