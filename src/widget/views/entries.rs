//! What happened to a child's data: its entries in the ledger in plain words, newest first, each with its
//! proof; and whether any is missing.

use proof::verify::What;
use rules::contract::{ChildLedger, LedgerEntry};
use yew::prelude::{AttrValue, Html};

use super::{Cx, heading, loaded, receipt};
use crate::{
    locale::{Format, Key, Texts},
    parts::{Weight, button, el, group, keyed, maybe, p, press, screen, span, text, trouble, ul, with},
    state::{EntriesMsg, Lane, Msg, Verified, receipt::Of},
    words,
};

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
    let label = cx.text(if mine && entries.checking.busy { Key::Waiting } else { Key::EntriesCheckAll });
    let ask = el("p", "decide", vec![button(cx, Weight::Plain, label, Msg::Entries(EntriesMsg::CheckAll))]);
    let found = maybe(entries.whole.as_ref(), |verified| match verified.holds() {
        true => {
            let chain = verified.report.check(What::Chain);
            let n = chain.and_then(|chain| chain.detail.parse().ok()).unwrap_or(0);
            let said = cx.texts.count(Key::EntriesWhole, n, &[]);
            let lines = receipt::checks(cx, verified, name);
            group(vec![p("checked", said), ul("steps-list", lines.into_iter())])
        }
        false => wrong(cx, verified),
    });
    let failed = entries.checking.failed.as_ref().filter(|_| mine);
    group(vec![ask, maybe(failed, |failure| trouble(cx, failure, Lane::Entry)), found])
}

/// What is not so, what that means, and what to do.
fn wrong(cx: &Cx, verified: &Verified) -> Html {
    let (code, about) = verified.first_failure().unwrap_or_default();
    let box_of = vec!["trouble".into(), "trouble".into(), "alert".into()];
    let inside = vec![
        p("lead", cx.text(Key::ReceiptBad)),
        p("", cx.texts.fill(words::flaw(code), &[("about", about)])),
        p("", cx.text(words::flaw_do(code))),
    ];
    with("div", &["class", "part", "role"], box_of, inside)
}

fn entry(cx: &Cx, page: &ChildLedger, item: &LedgerEntry) -> Html {
    let entries = &cx.state.entries;
    let told = said(cx.texts, page.you.as_deref(), item);
    let mine = entries.of == Some(Of::Entry(item.seq));
    let at = cx.texts.moment(Format::DayTime, item.entered_at);
    let found = entries.found(item.seq);
    let check = match (item.index, found) {
        (None, _) => span("quiet", cx.text(Key::EntryEarly)),
        (Some(_), None) => {
            let label = cx.texts.fill(Key::EntryCheckThis, &[("entry", &told), ("at", &at)]);
            let words = cx.text(if mine && entries.checking.busy { Key::Waiting } else { Key::EntryCheck });
            let about = vec!["button".into(), "button quiet".into(), "button".into(), label];
            let then = cx.press(Msg::Entries(EntriesMsg::Check(item.seq)));
            press(&["type", "class", "part", "aria-label"], about, then, vec![text(words)])
        }
        (Some(_), Some(verified)) if verified.holds() => span("checked", cx.text(Key::EntryProved)),
        (Some(_), Some(_)) => Html::default(),
    };
    let failed = entries.checking.failed.as_ref().filter(|_| mine);
    let inside = vec![
        span("quiet when", at),
        span("said", told),
        check,
        maybe(failed, |failure| trouble(cx, failure, Lane::Entry)),
        maybe(found.filter(|verified| !verified.holds()), |verified| wrong(cx, verified)),
    ];
    keyed(item.seq.to_string(), el("li", "", inside))
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

/// The rest of the first line of a body that begins with this word.
fn field<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
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
    let who = [("who", &*who)];
    match &*item.kind {
        "birth" => texts.get(Key::EntryBirth),
        "derive" if field(body, "rebuilt").is_some() => texts.get(Key::EntryRebuilt),
        "derive" => texts.get(Key::EntryDerive),
        "access" => match field(body, "for") {
            Some("playback") => texts.fill(Key::EntryPlayed, &who),
            Some("reading") => texts.fill(Key::EntryRead, &who),
            _ => texts.get(Key::EntryAccess),
        },
        "decision" => decided(texts, body, &who),
        "request" => {
            let n = field(body, "recordings").and_then(|n| n.parse().ok()).unwrap_or(0);
            let what = texts.get(words::scope(field(body, "scope").unwrap_or_default()));
            texts.count(Key::EntryRequest, n, &[who[0], ("what", &*what)])
        }
        "store-result" => {
            let mut words = field(body, "store").unwrap_or_default().split(' ');
            let place = words::store_named(texts, words.next().unwrap_or_default());
            let n = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
            texts.count(Key::EntryStore, n, &[("place", &*place)])
        }
        "key-destroyed" => texts.get(Key::EntryKeyDestroyed),
        "processor" => texts.get(Key::EntryProcessor),
        "model" => became(texts, body),
        "complete" => texts.get(Key::EntryComplete),
        _ => texts.get(Key::EntryOther),
    }
}

/// What becomes of a model that had learned from what was erased.
fn became(texts: &Texts, body: &str) -> AttrValue {
    let words: Vec<&str> = field(body, "model").unwrap_or_default().split(' ').collect();
    let [name, outcome, day] = words[..] else { return texts.get(Key::EntryModel) };
    let day = day.parse().map_or_else(|_| texts.get(Key::Unknown), |day| texts.date(day).into());
    words::model_named(texts, name, outcome, &day, Some(field(body, "because").unwrap_or_default()))
}

fn decided(texts: &Texts, body: &str, who: &[(&str, &str); 1]) -> AttrValue {
    let keep = field(body, "keep").and_then(|keep| keep.split(' ').nth(1)?.parse().ok());
    match keep {
        Some(day) => texts.fill(Key::EntryKept, &[who[0], ("date", &texts.date(day))]),
        None if field(body, "release").is_some() => texts.fill(Key::EntryReleased, who),
        None if field(body, "undo").is_some() => texts.fill(Key::EntryUndone, who),
        None => texts.fill(Key::EntryDecided, who),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_the_rest_of_its_line() {
        let body = "forget-me-not/decision/v1\nat 2026-11-22T04:01:00Z\nby you=\nkeep abc= 2027-11-22\n";
        assert_eq!(field(body, "by"), Some("you="));
        assert_eq!(field(body, "keep"), Some("abc= 2027-11-22"));
        assert_eq!(field(body, "k"), None, "a name is whole");
    }
}
