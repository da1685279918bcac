//! The receipt's screen under attack: an operator, or somebody between, hands out files that are not what
//! they should be, and the page says what is wrong with each. The files are made by the crate `proof`, the
//! verifier is the real one, and everything else is the service that really runs.

use js_sys::{Array, Function, Object, Reflect};
use proof::{
    Time, base64,
    note::{Role, Signer},
    receipt::Receipt,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{HtmlElement, ShadowRoot, Storage, window};
use widget::{
    element::{mount, unmount},
    later,
};

use crate::{
    forged::{NOON, ORIGIN, World, child, inventory, log_key, policy_text, statement},
    support::{
        ENGLISH, LATER, Patience, api, found, press, root_of, secret, signed_in, text_of, until, until_shown,
        verifier,
    },
};

const ERASURE: &str = "era_01K0000000000000000000000A";
/// How much of the ledger this browser has seen before.
const SEEN: u64 = 4;

/// What the service is made to answer.
struct Answers {
    world: World,
    receipt: String,
    policy: String,
    inventory: String,
    entries: String,
    /// The child's; none where the service gives none.
    key: Option<[u8; 32]>,
    /// The checkpoint that this browser has seen, if any.
    seen: Option<String>,
    /// The proof that the ledger grew since; none where there is none.
    consistency: Option<String>,
    /// Whether it gives the entries one at a time, as slowly as the test wants.
    slow: bool,
}

impl Answers {
    fn honest() -> Self {
        Self::of(World::new())
    }

    fn of(world: World) -> Self {
        let lines = |hashes: Vec<proof::Hash>| -> String {
            hashes.iter().map(|hash| base64::encode(hash) + "\n").collect()
        };
        Self {
            receipt: world.receipt().text().unwrap(),
            policy: policy_text("two"),
            inventory: world.published(),
            entries: world.entries.clone(),
            key: Some(world.child.0),
            seen: Some(world.ledger.checkpoint(SEEN, NOON)),
            consistency: Some(lines(world.ledger.consistency(SEEN, world.size()))),
            slow: false,
            world,
        }
    }

    /// The honest receipt with another checkpoint under it.
    fn under(mut self, change: impl FnOnce(&World, &mut Receipt)) -> Self {
        let mut receipt = self.world.receipt();
        change(&self.world, &mut receipt);
        self.receipt = receipt.text().unwrap();
        self
    }
}

fn object(pairs: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in pairs {
        Reflect::set(&object, &(*name).into(), value).unwrap();
    }
    object.into()
}

/// While it lives, the service is asked as ever, and these answers are put in the place of its own.
struct Forged {
    fetched: JsValue,
    given: JsValue,
}

impl Forged {
    fn new(answers: &Answers, child: &str) -> Self {
        let key = answers.key.map(|key| JsValue::from(base64::encode(&key)));
        let given = object(&[
            ("receipt", answers.receipt.as_str().into()),
            ("policy", answers.policy.as_str().into()),
            ("inventory", answers.inventory.as_str().into()),
            ("entries", answers.entries.as_str().into()),
            ("key", key.unwrap_or(JsValue::NULL)),
            ("consistency", answers.consistency.as_deref().map_or(JsValue::NULL, JsValue::from)),
            ("child", child.into()),
            ("erasure", ERASURE.into()),
            ("slow", answers.slow.into()),
            ("held", Array::new().into()),
        ]);
        let body = "const fetched = globalThis.fetch;
            const text = (body) => new Response(body);
            const json = (body) => new Response(JSON.stringify(body));
            const at = '2026-11-21T12:00:00Z';
            const erasure = { id: it.erasure, state: 'deleted', contested: false, lateness: 'on_time',
              children: [it.child], scope: 'range', recordings: 12, requested_by: 'you', requested_at: at,
              sealed_until: at, expected_by: at, due_by: at, finished_at: at, steps: [{ store: 'media',
              state: 'verified_absent', copies: 12, erased: 12, failed_attempts: 0, verified_at: at }] };
            const entry = (leaf, seq) => ({ seq, kind: 'birth', index: seq, entered_at: at, body: 'body\\n', leaf });
            globalThis.fetch = async (url, init) => {
              const path = new URL(url).pathname;
              if (path.endsWith('/erasures') && init?.method == 'GET') return json({ items: [erasure], next: null });
              if (path.endsWith('/receipt')) return text(it.receipt);
              if (path.endsWith('/ledger/policy')) return text(it.policy);
              if (path.includes('/ledger/inventory/')) return text(it.inventory);
              if (path.includes('/ledger/consistency/')) return it.consistency == null
                ? new Response('{}', { status: 404 }) : text(it.consistency);
              if (path.endsWith('/ledger')) {
                const leaves = it.entries.split(/(?=forget-me-not\\/leaf\\/v1)/).filter(Boolean);
                if (!it.slow) return json({ key: it.key, items: leaves.map(entry), next: null });
                // One at a time, each when the test lets it through.
                const at = Number(new URL(url).searchParams.get('after') ?? -1) + 1;
                await new Promise((go) => it.held.push(go));
                return json({ key: it.key, items: [entry(leaves[at], at)], next: at + 1 < leaves.length ? at : null });
              }
              return fetched(url, init);
            };
            return fetched;";
        let fetched = Function::new_with_args("it", body).call1(&JsValue::NULL, &given).unwrap();
        Self { fetched, given }
    }

    /// Waits until a page of entries is asked for, which is not answered before [`Forged::let_through`].
    async fn until_held(&self) {
        let held: Array = Reflect::get(&self.given, &"held".into()).unwrap().unchecked_into();
        until("a page of entries is asked for", || held.length() > 0).await;
    }

    fn let_through(&self) {
        let held: Array = Reflect::get(&self.given, &"held".into()).unwrap().unchecked_into();
        held.shift().unchecked_into::<Function>().call0(&JsValue::NULL).unwrap();
    }
}

impl Drop for Forged {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &"fetch".into(), &self.fetched).unwrap();
    }
}

fn storage() -> Storage {
    window().unwrap().local_storage().unwrap().unwrap()
}

fn remembered_as() -> String {
    format!("forget-me-not {}/ledger {ORIGIN}", api().trim_end_matches("/v1"))
}

/// The id of a child of the demo, from the service itself.
async fn child_of_demo() -> String {
    let ask = Function::new_with_args(
        "api, secret",
        "return fetch(api + '/children', { headers: { authorization: 'Bearer ' + secret } })
           .then((answer) => answer.json()).then(({ items }) => items[0].id);",
    );
    let asked = ask.call2(&JsValue::NULL, &api().into(), &secret().into()).unwrap();
    let id = wasm_bindgen_futures::JsFuture::from(js_sys::Promise::from(asked)).await.unwrap();
    id.as_string().unwrap()
}

/// The page on which that receipt is opened.
async fn opened(answers: &Answers) -> (HtmlElement, ShadowRoot, u32, Forged) {
    let child = child_of_demo().await;
    let texts = Function::new_with_args("later", "return () => Promise.resolve(later)");
    let texts = texts.call1(&JsValue::NULL, &LATER.into()).unwrap().unchecked_into();
    later::beside(texts, verifier());
    match &answers.seen {
        Some(seen) => storage().set_item(&remembered_as(), seen).unwrap(),
        None => storage().remove_item(&remembered_as()).unwrap(),
    }
    let forged = Forged::new(answers, &child);
    let family = signed_in();
    let root = root_of(&family);
    let id = mount(family.clone(), &root, &ENGLISH).unwrap();
    found(&root, ".card .button").await;
    press(&root, "Requests");
    until_shown(&root, "See the receipt").await;
    press(&root, "See the receipt");
    (family, root, id, forged)
}

fn put_away(family: &HtmlElement, id: u32) {
    unmount(id);
    family.remove();
    storage().remove_item(&remembered_as()).unwrap();
}

#[wasm_bindgen_test]
async fn an_honest_receipt_adds_up_and_the_three_rungs_stand_apart() {
    let answers = Answers::honest();
    let (family, root, id, _forged) = opened(&answers).await;
    until_shown(&root, "Your browser has checked the receipt, and it adds up.").await;
    let titles = root.query_selector_all("h3").unwrap();
    let titles: Vec<_> = (0..titles.length()).filter_map(|n| titles.get(n)?.text_content()).take(3).collect();
    assert_eq!(titles, ["Checked by your browser", "Signed by ledger.toys.example/2026", "Only promised"]);
    let text = text_of(&root);
    for said in [
        "It is entered in the ledger",
        "watch.example/w1 saw it on",
        "4 entries so far.",
        "The ledger only grew since this browser last saw it",
        "12 copies erased.",
        "The keys of 12 copies were destroyed",
        "It held nothing of this.",
        "voice-3: trained anew without it",
        "It says that all of it is gone.",
        "From 27 December 2026 on, no backup of it can be read.",
        "The service itself said which keys to believe.",
    ] {
        assert!(text.contains(said), "{said:?} is not in {text}");
    }
    assert!(!text.contains("Not so") && !text.contains("Not checked"), "{text}");
    // What was seen is remembered, and is nothing of a child.
    let shown = answers.receipt.split_once("\n\n").unwrap().1;
    assert_eq!(storage().get_item(&remembered_as()).unwrap().as_deref(), Some(shown));
    put_away(&family, id);
}

#[wasm_bindgen_test]
async fn each_attack_is_caught_and_called_by_its_name() {
    let size = World::new().size();
    let at = |name: &'static str, answers: Answers, said: &'static str| (name, answers, said);
    let other_ledger = || {
        // The same length, and another entry in the place of one.
        let mut world = World::new();
        world.ledger.leaves[2] = world.ledger.leaves[2].replace("body ", "body A");
        world
    };
    let longer = |world: &World| {
        let mut longer = world.ledger.clone();
        longer.leaves.push(world.ledger.leaves[1].clone());
        longer.leaves.push(world.ledger.leaves[1].clone());
        longer.checkpoint(size + 2, NOON)
    };
    let mut attacks = Vec::new();

    let world = World::new();
    let seen = Some(other_ledger().ledger.checkpoint(size, NOON));
    attacks.push(at(
        "split view",
        Answers { seen, ..Answers::honest() },
        "It may show each person another one.",
    ));
    let seen = Some(longer(&world));
    attacks.push(at("rollback", Answers { seen, ..Answers::honest() }, "The ledger is shorter than it was."));
    let seen = Some(other_ledger().ledger.checkpoint(SEEN, NOON));
    attacks.push(at("changed", Answers { seen, ..Answers::honest() }, "has been changed"));
    attacks.push(at(
        "no proof",
        Answers { consistency: None, ..Answers::honest() },
        "The ledger gave no proof that what was in it is still there.",
    ));
    let whole: Vec<String> = split(&world.entries);
    let missing = [&whole[..1], &whole[2..]].concat().concat();
    attacks.push(at(
        "missing sequence",
        Answers { entries: missing, ..Answers::honest() },
        "An entry about your child is missing: number 1.",
    ));
    attacks.push(at(
        "stale witness",
        Answers::honest().under(|world, receipt| {
            receipt.checkpoint = world.ledger.checkpoint(world.size(), NOON - 400_000);
        }),
        "saw the ledger before this happened",
    ));
    attacks.push(at(
        "wrong origin",
        Answers { policy: trusting("other.example/2026", 1), ..Answers::honest() },
        "comes from a ledger of another name",
    ));
    attacks.push(at(
        "key swap",
        Answers { policy: swapped(), ..Answers::honest() },
        "key is not the one it had before",
    ));
    attacks.push(at(
        "another child's receipt",
        Answers { key: Some(child(6).0), ..Answers::honest() },
        "This is about another child.",
    ));
    let mut other = statement(&inventory(&["media", "transcript", "location"]), &child(5), 3);
    other.erasure = "era_01K0000000000000000000000B".into();
    attacks.push(at(
        "another request's receipt",
        Answers::of(World::telling(inventory(&["media", "transcript", "location"]), other)),
        "This is about another request to delete.",
    ));
    let mut quiet = statement(&inventory(&["media", "transcript", "location"]), &child(5), 3);
    quiet.stores.pop();
    attacks.push(at(
        "a store that is not spoken of",
        Answers::of(World::telling(inventory(&["media", "transcript", "location"]), quiet)),
        "Nothing is said about “location”, where copies may be.",
    ));
    let mut early = statement(&inventory(&["media", "transcript", "location"]), &child(5), 3);
    early.finished = Time(NOON + 4_000);
    attacks.push(at(
        "it ended after it was seen",
        Answers::of(World::telling(inventory(&["media", "transcript", "location"]), early)),
        "It is said to have ended after the witness",
    ));
    attacks.push(at(
        "another statement",
        Answers::honest().under(|_, receipt| {
            receipt.body = receipt.body.replace("transcript 0 none", "transcript 9 absent")
        }),
        "What you are shown is not what was entered in the ledger.",
    ));
    attacks.push(at(
        "no file at all",
        Answers { receipt: "<!doctype html>".into(), ..Answers::honest() },
        "The file is not what it should be",
    ));
    attacks.push(at(
        "no policy",
        Answers { policy: "log nobody\n".into(), ..Answers::honest() },
        "The list of keys to believe cannot be read",
    ));

    let mut all = Vec::new();
    for (name, answers, said) in attacks {
        let before = answers.seen.clone();
        let (family, root, id, _forged) = opened(&answers).await;
        until(&format!("{name} is caught"), || text_of(&root).contains("This does not add up.")).await;
        let text = text_of(&root);
        assert!(text.contains(said), "{name}: {said:?} is not in {text}");
        assert!(!text.contains("it adds up"), "{name}: {text}");
        assert!(root.query_selector("[role=alert]").unwrap().is_some(), "{name} is announced");
        if ["split view", "rollback", "changed", "no proof"].contains(&name) {
            let proves = text.contains("Two states of the ledger that do not fit");
            assert_eq!(proves, name != "no proof", "{name}: {text}");
            let kept = storage().get_item(&remembered_as()).unwrap();
            assert_eq!(kept, before, "{name}: what was seen before is kept, it is the evidence");
        }
        all.push(said);
        put_away(&family, id);
    }
    let names: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(names.len(), all.len(), "each has words of its own");
}

/// The checkpoint that this browser has seen, under another signature.
fn seen_under(line: &str) -> Option<String> {
    Some(format!("{}\n{line}", World::new().ledger.text(SEEN)))
}

#[wasm_bindgen_test]
async fn what_no_ledger_ever_signed_was_never_seen() {
    let world = World::new();
    let other = Signer::new("other.example/1", Role::Log, &[99; 32]).unwrap();
    for (name, kept) in [
        ("a length and nothing else", Some(format!("{ORIGIN}\n{SEEN}\n"))),
        ("a length beyond the end", Some(format!("{ORIGIN}\n999999\nroot\n"))),
        ("signed by somebody", seen_under(&other.line(&world.ledger.text(SEEN), 0))),
    ] {
        let answers = Answers { seen: kept, consistency: None, ..Answers::honest() };
        let (family, root, id, _forged) = opened(&answers).await;
        until(&format!("{name} is nothing"), || text_of(&root).contains("it adds up")).await;
        let text = text_of(&root);
        assert!(text.contains("This browser had nothing to compare it with."), "{name}: {text}");
        let shown = answers.receipt.split_once("\n\n").unwrap().1;
        assert_eq!(storage().get_item(&remembered_as()).unwrap().as_deref(), Some(shown), "{name}");
        put_away(&family, id);
    }
}

#[wasm_bindgen_test]
async fn another_key_under_the_name_of_the_ledger_is_told_and_accuses_nobody() {
    let before = Signer::new(ORIGIN, Role::Log, &[99; 32]).unwrap();
    let world = World::new();
    let other = seen_under(&before.line(&world.ledger.text(SEEN), 0));
    // A key's number has four bytes: another key of the same name and number only makes the signature wrong.
    let same_number = Some(world.ledger.checkpoint(SEEN, NOON).replacen("\n4\n", "\n3\n", 1));
    for seen in [other, same_number] {
        let answers = Answers { seen: seen.clone(), ..Answers::honest() };
        let (family, root, id, _forged) = opened(&answers).await;
        until_shown(&root, "This does not add up.").await;
        until_shown(&root, "Before, the ledger of this name had another key.").await;
        assert!(!text_of(&root).contains("Two states of the ledger that do not fit"));
        assert_eq!(storage().get_item(&remembered_as()).unwrap(), seen, "what was seen is kept");
        put_away(&family, id);
    }
}

#[wasm_bindgen_test]
async fn a_child_with_very_many_entries_is_waited_for_as_long_as_more_of_them_come() {
    let answers = Answers { slow: true, ..Answers::honest() };
    let patience = Patience::new();
    let (family, root, id, forged) = opened(&answers).await;
    for n in 1..4 {
        forged.until_held().await;
        patience.mark();
        forged.let_through();
        until_shown(&root, &format!("{n} of 4 entries are here.")).await;
        // Had it been waited for since the beginning, that would be over now.
        patience.ends();
    }
    forged.until_held().await;
    forged.let_through();
    until_shown(&root, "it adds up").await;
    until_shown(&root, "4 entries so far.").await;
    put_away(&family, id);

    // Where no more of them come, it is over.
    let (family, root, id, forged) = opened(&answers).await;
    forged.until_held().await;
    forged.let_through();
    forged.until_held().await;
    until_shown(&root, "1 of 4 entries are here.").await;
    patience.mark();
    patience.ends();
    until_shown(&root, "The service did not answer").await;
    assert!(!text_of(&root).contains("it adds up"));
    put_away(&family, id);
}

#[wasm_bindgen_test]
async fn a_service_that_gives_nothing_to_check_with_does_not_seem_honest() {
    for (name, answers) in [
        ("no key of the child", Answers { key: None, ..Answers::honest() }),
        ("no entries of the child", Answers { entries: String::new(), ..Answers::honest() }),
        ("no list of places", Answers { inventory: String::new(), ..Answers::honest() }),
    ] {
        let (family, root, id, _forged) = opened(&answers).await;
        until(&format!("{name} is caught"), || text_of(&root).contains("This does not add up.")).await;
        let text = text_of(&root);
        assert!(text.contains("The service has not given all that is needed"), "{name}: {text}");
        assert!(!text.contains("it adds up"), "{name}: {text}");
        put_away(&family, id);
    }
}

/// Entries one by one.
fn split(entries: &str) -> Vec<String> {
    let begins = "forget-me-not/leaf/v1\n";
    entries.split(begins).skip(1).map(|rest| format!("{begins}{rest}")).collect()
}

/// The policy with another key in the place of the ledger's.
fn trusting(name: &str, key: u8) -> String {
    let other = Signer::new(name, Role::Log, &[key; 32]).unwrap().key().text();
    let policy = policy_text("two");
    let lines = policy.lines().map(|line| match line.strip_prefix("log ") {
        Some(_) => format!("log {other}\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// The policy with another key under the ledger's own name.
fn swapped() -> String {
    trusting(ORIGIN, 99)
}

#[wasm_bindgen_test]
async fn without_a_witness_it_is_said_and_the_first_time_there_is_nothing_to_compare() {
    let alone = format!("log {}\nquorum none\n", log_key().key().text());
    let answers = Answers { policy: alone, seen: None, ..Answers::honest() };
    let (family, root, id, _forged) = opened(&answers).await;
    until_shown(&root, "it adds up").await;
    until_shown(&root, "Nobody outside has seen this ledger.").await;
    until_shown(&root, "This browser had nothing to compare it with.").await;
    assert!(storage().get_item(&remembered_as()).unwrap().is_some(), "from now on it has");
    put_away(&family, id);
}

#[wasm_bindgen_test]
async fn what_the_site_pins_counts_and_not_what_the_service_says() {
    let mut answers = Answers::honest();
    answers.policy = swapped();
    let (family, root, id, _forged) = opened(&answers).await;
    until_shown(&root, "key is not the one it had before").await;
    put_away(&family, id);

    let child = child_of_demo().await;
    storage().set_item(&remembered_as(), answers.seen.as_deref().unwrap()).unwrap();
    let forged = Forged::new(&answers, &child);
    let family = signed_in();
    family.set_attribute("policy", &policy_text("two")).unwrap();
    let root = root_of(&family);
    let id = mount(family.clone(), &root, &ENGLISH).unwrap();
    found(&root, ".card .button").await;
    press(&root, "Requests");
    until_shown(&root, "See the receipt").await;
    press(&root, "See the receipt");
    until_shown(&root, "it adds up").await;
    until_shown(&root, "The site around this page said which keys to believe").await;
    drop(forged);
    put_away(&family, id);
}

#[wasm_bindgen_test]
async fn everything_can_be_taken_along() {
    let answers = Answers::honest();
    let (family, root, id, _forged) = opened(&answers).await;
    until_shown(&root, "it adds up").await;
    // What a browser would write into a file is caught on its way.
    let body = "const saved = []; const made = URL.createObjectURL; \
        URL.createObjectURL = (blob) => { blob.text().then((text) => saved.push(text)); return made.call(URL, blob); }; \
        HTMLAnchorElement.prototype.click = function () { saved.push(this.download); }; return saved;";
    let saved: Array = Function::new_no_args(body).call0(&JsValue::NULL).unwrap().unchecked_into();
    for (label, name, file) in [
        ("Download the receipt", "forget-me-not-receipt-2026-11-21.tlog-proof", &answers.receipt),
        ("Download the keys", "forget-me-not-policy.txt", &answers.policy),
        ("Download the list of places", "forget-me-not-inventory.tlog-proof", &answers.inventory),
    ] {
        press(&root, label);
        let text: Vec<JsValue> = vec![name.into(), file.as_str().into()];
        until(label, || text.iter().all(|one| saved.includes(one, 0))).await;
    }
    put_away(&family, id);
}

/// The ledger of the service as it really is.
#[wasm_bindgen_test]
async fn the_history_of_a_child_is_told_and_proved_entry_by_entry_and_as_a_whole() {
    later::beside(Function::new_no_args("return Promise.reject()"), verifier());
    let family = signed_in();
    let root = root_of(&family);
    let id = mount(family.clone(), &root, &ENGLISH).unwrap();
    found(&root, ".card .button").await.click();
    found(&root, ".row .open").await;
    press(&root, "History");
    until_shown(&root, "A recording came in.").await;
    press(&root, "Check that none is missing");
    until_shown(&root, "none missing up to").await;
    until_shown(&root, "It is entered in the ledger").await;
    // What is of receipts only is not spoken of.
    for of_receipts in ["Every place on the list", "The times fit", "What you read is"] {
        assert!(!text_of(&root).contains(of_receipts), "{of_receipts}: {}", text_of(&root));
    }
    // A browser that sees the ledger for the first time has nothing to compare it with; all else is checked.
    assert!(text_of(&root).matches("Not checked").count() <= 1, "{}", text_of(&root));
    until("an entry can be checked", || root.query_selector(".entries .button").unwrap().is_some()).await;
    found(&root, ".entries .button").await.click();
    until_shown(&root, "Checked: it is in the ledger as you read it.").await;
    unmount(id);
    family.remove();
    storage().clear().unwrap();
}

/// While it lives, what the service lists of a child's entries is changed by this, and nothing else.
struct Listed(JsValue);

impl Listed {
    fn changed(by: &str) -> Self {
        let body = "const fetched = globalThis.fetch;
            globalThis.fetch = async (url, init) => {
              const answer = await fetched(url, init);
              if (!String(url).includes('order=newest')) return answer;
              const listed = await answer.json();
              change(listed.items);
              return new Response(JSON.stringify(listed));
            };
            return fetched;";
        let change = Function::new_with_args("items", by);
        Self(Function::new_with_args("change", body).call1(&JsValue::NULL, &change).unwrap())
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &"fetch".into(), &self.0).unwrap();
    }
}

#[wasm_bindgen_test]
async fn nothing_is_called_proved_whose_words_are_not_those_that_were_entered() {
    later::beside(Function::new_no_args("return Promise.reject()"), verifier());
    let newest = "const [entry] = items.filter((it) => it.index != null);";
    for (what, change, button) in [
        ("other words", "entry.body = entry.body.replace(/at \\S+/, 'at 2026-01-01T00:00:00Z');", "Check"),
        ("another kind", "entry.kind = entry.kind == 'access' ? 'birth' : 'access';", "Check"),
        ("another leaf", "entry.leaf = items.at(-1).leaf;", "Check that none is missing"),
        ("words of the newest", "entry.body += 'more\\n';", "Check that none is missing"),
    ] {
        let listed = Listed::changed(&format!("{newest} {change}"));
        let family = signed_in();
        let root = root_of(&family);
        let id = mount(family.clone(), &root, &ENGLISH).unwrap();
        found(&root, ".card .button").await.click();
        found(&root, ".row .open").await;
        press(&root, "History");
        until_shown(&root, "These are the entries in the ledger").await;
        match button {
            "Check" => found(&root, ".entries .button").await.click(),
            _ => {
                found(&root, ".entries .button").await;
                press(&root, button);
            }
        }
        until(what, || text_of(&root).contains("This does not add up.")).await;
        let text = text_of(&root);
        assert!(text.contains("What you are shown is not what was entered in the ledger."), "{what}: {text}");
        assert!(!text.contains("Checked: it is") && !text.contains("none missing up to"), "{what}: {text}");
        drop(listed);
        unmount(id);
        family.remove();
    }
    storage().clear().unwrap();
}
