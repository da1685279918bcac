//! What happened to a child's data: its entries in the ledger in plain words, newest first, each with its
//! proof; and whether any is missing.

use proof::verify::What;
use rules::{
    Date,
    contract::{ChildLedger, LedgerEntry},
};
use yew::prelude::{AttrValue, Html};

use super::{Cx, heading, loaded, receipt};
use crate::{
    locale::{Format, Key, Texts},
    page::entry_id,
    parts::{Weight, button, el, group, keyed, maybe, p, press, screen, span, text, ul, with},
    state::{
        EntriesMsg, Lane, Msg, Verified,
        entries::{field, moment_of},
        receipt::{File, Of},
    },
    words,
};

/// What is said of the check of all entries. What they say is only known of the newest; everything else is of
/// receipts.
const OF_ALL: &[What] =
    &[What::Signature, What::Witness, What::Inclusion, What::Child, What::Chain, What::Consistency];

/// The entries of the chosen child.
pub fn view(cx: &Cx) -> Html {
    let name = cx.state.chosen().map(|child| child.name.clone()).unwrap_or_default();
    let entries = &cx.state.entries;
    screen(vec![
        heading(cx.texts.fill(Key::EntriesTitle, &[("child", &name)])),
        p("", cx.text(Key::EntriesAbout)),
        loaded(cx, &entries.page, Lane::Entries, |page| {
            if page.items.is_empty() {
                return p("nothing", cx.text(Key::EntriesNone));
            }
            let list = ul("entries", page.items.iter().map(|item| entry(cx, page, item)));
            group(vec![whole(cx, &name), list, turning(cx, page)])
        }),
    ])
}

/// Whether any is missing: one check of all.
fn whole(cx: &Cx, name: &str) -> Html {
    let entries = &cx.state.entries;
    let is_of = |of: &Of| matches!(of, Of::Chain(_));
    let mine = entries.of.as_ref().is_some_and(is_of);
    let busy = entries.checking.busy;
    let label = cx.text(if mine && busy { Key::Waiting } else { Key::EntriesCheckAll });
    let waits = if entries.is_busy() { "true" } else { "false" };
    let about = vec!["button".into(), "button".into(), "button".into(), waits.into()];
    let then = cx.press(Msg::Entries(EntriesMsg::CheckAll));
    let ask = press(&["type", "class", "part", "aria-disabled"], about, then, vec![text(label)]);
    let ask =
        el("p", "decide", vec![ask, maybe(entries.reached.filter(|_| busy), |at| receipt::reached(cx, at))]);
    let found = maybe(entries.whole.as_ref(), |verified| match verified.holds() {
        true => {
            let said = none_missing(cx, verified);
            let lines = receipt::checks(cx, verified, name, OF_ALL);
            group(vec![p("checked", said), ul("steps-list", lines.into_iter())])
        }
        false => wrong(cx, verified, None),
    });
    let failed = entries.checking.failed.as_ref().filter(|_| mine);
    group(vec![ask, maybe(failed, |failure| receipt::unchecked(cx, failure, Lane::Entry)), found])
}

/// That none is missing up to the newest that was checked: what the service keeps back after that nobody sees.
pub fn none_missing(cx: &Cx, verified: &Verified) -> AttrValue {
    let chain = verified.report.check(What::Chain);
    let n = chain.and_then(|chain| chain.detail.parse().ok()).unwrap_or(0);
    let kind = verified.report.check(What::Opening).map(|opening| &*opening.detail).unwrap_or_default();
    let at = when(cx.texts, kind, &verified.report.body);
    cx.texts.count(Key::EntriesWhole, n, &[("at", &at)])
}

/// What is not so of an entry, or of all, what that means, and what to do: with the files for it.
fn wrong(cx: &Cx, verified: &Verified, of: Option<u64>) -> Html {
    let (code, about) = verified.first_failure().unwrap_or_default();
    let box_of = vec!["trouble".into(), "trouble".into(), "alert".into()];
    let inside = vec![
        p("lead", cx.text(Key::ReceiptBad)),
        p("", cx.texts.fill(words::flaw(code), &[("about", about)])),
        p("", cx.text(words::flaw_do(code))),
    ];
    let save = |file| Msg::Entries(EntriesMsg::Save(of, file));
    let receipt = button(cx, Weight::Plain, cx.text(Key::SaveReceipt), save(File::Receipt));
    let files = vec![
        el("p", "decide", vec![receipt]),
        maybe(verified.caught.as_ref(), |_| receipt::caught(cx, save)),
    ];
    group(vec![with("div", &["class", "part", "role"], box_of, inside), group(files)])
}

fn entry(cx: &Cx, page: &ChildLedger, item: &LedgerEntry) -> Html {
    let entries = &cx.state.entries;
    let told = said(cx.texts, page.you.as_deref(), item);
    let mine = entries.of == Some(Of::Entry(item.seq));
    let at = when(cx.texts, &item.kind, &item.body);
    let found = entries.found(item.seq);
    let check = match (item.index, found) {
        (None, _) => span("quiet", cx.text(Key::EntryEarly)),
        (Some(_), None) => {
            let label = cx.texts.fill(Key::EntryCheckThis, &[("entry", &told), ("at", &at)]);
            let words = cx.text(if mine && entries.checking.busy { Key::Waiting } else { Key::EntryCheck });
            let waits = if entries.is_busy() { "true" } else { "false" };
            let about = vec!["button".into(), "button quiet".into(), "button".into(), label, waits.into()];
            let then = cx.press(Msg::Entries(EntriesMsg::Check(item.seq)));
            let names = &["type", "class", "part", "aria-label", "aria-disabled"];
            press(names, about, then, vec![text(words)])
        }
        (Some(_), Some(verified)) if verified.holds() => span("checked", cx.text(Key::EntryProved)),
        (Some(_), Some(_)) => Html::default(),
    };
    let failed = entries.checking.failed.as_ref().filter(|_| mine);
    let inside = vec![
        span("quiet when", at),
        span("said", told),
        check,
        maybe(failed, |failure| receipt::unchecked(cx, failure, Lane::Entry)),
        maybe(found.filter(|verified| !verified.holds()), |verified| wrong(cx, verified, Some(item.seq))),
    ];
    // The button that is pressed goes: the focus is then on the entry, with what came of it.
    let about = vec![entry_id(item.seq).into(), "-1".into()];
    keyed(item.seq.to_string(), with("li", &["id", "tabindex"], about, inside))
}

fn turning(cx: &Cx, page: &ChildLedger) -> Html {
    let newer = cx.state.entries.are_newer().then_some(());
    let step = |key, msg| button(cx, Weight::Plain, cx.text(key), Msg::Entries(msg));
    el(
        "p",
        "decide",
        vec![
            maybe(newer, |()| step(Key::Newer, EntriesMsg::Newer)),
            maybe(page.next, |_| step(Key::Older, EntriesMsg::Older)),
        ],
    )
}

/// The moment that a body speaks of.
fn when(texts: &Texts, kind: &str, body: &str) -> AttrValue {
    let at = moment_of(kind, body);
    at.map_or_else(|| texts.get(Key::Unknown), |at| texts.moment(Format::DayTime, at).into())
}

/// The text for what an entry says: of two kinds of event it is never the same.
fn event(kind: &str, body: &str) -> Key {
    match kind {
        "birth" => Key::EntryBirth,
        "derive" if field(body, "rebuilt").is_some() => Key::EntryRebuilt,
        "derive" => Key::EntryDerive,
        "access" => match field(body, "for") {
            Some("playback") => Key::EntryPlayed,
            Some("reading") => Key::EntryRead,
            _ => Key::EntryAccess,
        },
        "decision" if kept_until(body).is_some() => Key::EntryKept,
        "decision" if field(body, "release").is_some() => Key::EntryReleased,
        "decision" if field(body, "undo").is_some() => Key::EntryUndone,
        "decision" => Key::EntryDecided,
        "request" => Key::EntryRequest,
        "store-result" => Key::EntryStore,
        "key-destroyed" => Key::EntryKeyDestroyed,
        "processor" if body.starts_with("forget-me-not/disclosure/") => Key::EntryDisclosure,
        "processor" => match processor(body).nth(1) {
            Some("asked") => Key::EntryAsked,
            Some("acknowledged") => Key::EntryAcknowledged,
            Some("completed") => Key::EntryCompleted,
            Some("cancelled") => Key::EntryCancelled,
            Some("silent") => Key::EntrySilent,
            Some("found") => Key::EntryFound,
            Some("found-none") => Key::EntryFoundNone,
            _ => Key::EntryProcessor,
        },
        "model" => Key::EntryModel,
        "complete" => Key::EntryComplete,
        _ => Key::EntryOther,
    }
}

/// The name of another company, and what it is about.
fn processor(body: &str) -> impl Iterator<Item = &str> {
    field(body, "processor").unwrap_or_default().split(' ')
}

fn kept_until(body: &str) -> Option<Date> {
    field(body, "keep")?.split(' ').nth(1)?.parse().ok()
}

/// What an entry says, in plain words. One that is not understood is named by its kind.
fn said(texts: &Texts, you: Option<&str>, item: &LedgerEntry) -> AttrValue {
    let body = &*item.body;
    let who = texts.get(match (field(body, "by"), you) {
        (Some("rule"), _) => Key::WhoRule,
        (Some(by), Some(you)) if by == you => Key::WhoYou,
        (Some(_), Some(_)) => Key::WhoOther,
        _ => Key::WhoGuardian,
    });
    let number = |n: Option<&str>| n.and_then(|n| n.parse().ok()).unwrap_or(0);
    let name = processor(body).next().unwrap_or_default();
    match event(&item.kind, body) {
        Key::EntryRequest => {
            let what = texts.get(words::scope(field(body, "scope").unwrap_or_default()));
            let n = number(field(body, "recordings"));
            texts.count(Key::EntryRequest, n, &[("who", &who), ("what", &what)])
        }
        Key::EntryStore => {
            let mut words = field(body, "store").unwrap_or_default().split(' ');
            let place = words::store_named(texts, words.next().unwrap_or_default());
            texts.count(Key::EntryStore, number(words.next()), &[("place", &place)])
        }
        Key::EntryDisclosure => {
            texts.count(Key::EntryDisclosure, number(field(body, "recordings")), &[("name", name)])
        }
        Key::EntryModel => became(texts, body),
        key => {
            let until = kept_until(body).map(|day| texts.date(day)).unwrap_or_default();
            texts.fill(key, &[("who", &who), ("name", name), ("date", &until)])
        }
    }
}

/// What becomes of a model that had learned from what was erased.
fn became(texts: &Texts, body: &str) -> AttrValue {
    let words: Vec<&str> = field(body, "model").unwrap_or_default().split(' ').collect();
    let [name, outcome, day] = words[..] else { return texts.get(Key::EntryModel) };
    let day = day.parse().map_or_else(|_| texts.get(Key::Unknown), |day| texts.date(day).into());
    words::model_named(texts, name, outcome, &day, Some(field(body, "because").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the functions of the service's `ledger/body.rs` write.
    #[test]
    fn no_two_kinds_of_event_are_told_alike() {
        let mut bodies = vec![
            ("birth", "birth/v1\nat t\nrecording r=\nstore media\n".to_owned()),
            ("derive", "derive/v1\nat t\nmade fact f=\nfrom r=\n".into()),
            ("derive", "derive/v1\nat t\nrebuilt d= 2\n".into()),
            ("model", "model/v1\nat t\nerasure era_1\nmodel m retired 2026-11-22\n".into()),
            ("request", "request/v1\nat t\nerasure era_1\nby g=\nscope items\nrecordings 2\n".into()),
            ("access", "access/v1\nat t\nrecording r=\nby g=\nfor reading\n".into()),
            ("access", "access/v1\nat t\nrecording r=\nby g=\nfor playback\n".into()),
            ("decision", "decision/v1\nat t\nby g=\nkeep r= 2027-11-22\n".into()),
            ("decision", "decision/v1\nat t\nby g=\nrelease r=\n".into()),
            ("decision", "decision/v1\nat t\nby g=\nundo era_1\n".into()),
            ("store-result", "store-result/v1\nat t\nerasure era_1\nstore media 2 absent h=\n".into()),
            ("key-destroyed", "key-destroyed/v1\nat t\nerasure era_1\nkeys 2 h=\n".into()),
            ("processor", "disclosure/v1\nat t\nprocessor speech\nclass media\nrecordings 2\n".into()),
            ("complete", "erasure/v1\n".into()),
        ];
        let answers = ["asked", "acknowledged", "completed", "cancelled", "silent", "found", "found-none"];
        bodies.extend(answers.map(|what| {
            let lines = format!("processor/v1\nat t\nerasure era_1\nprocessor speech {what}\nanswer -\n");
            ("processor", lines)
        }));
        let told = bodies.iter().map(|(kind, body)| event(kind, &format!("forget-me-not/{body}")));
        let told: Vec<_> = told.collect();
        for (n, key) in told.iter().enumerate() {
            assert!(!told[..n].contains(key), "{:?} is told as another", bodies[n]);
            let vague = [Key::EntryOther, Key::EntryAccess, Key::EntryDecided, Key::EntryProcessor];
            assert!(!vague.contains(key), "{:?}", bodies[n]);
        }
    }
}
