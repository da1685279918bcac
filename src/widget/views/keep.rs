//! Keeping a recording until a date: offered dates and a free one, none chosen beforehand, never
//! for ever.

use rules::{
    contract::RecordingItem,
    keep::{self, KeepRefused},
};
use yew::prelude::{AttrValue, Html};

use super::Cx;
use crate::{
    locale::Key,
    page,
    parts::{
        Weight, button, button_with, choice, el, field, group, label, maybe, on, press, text, tick, trouble,
        with,
    },
    state::{BadDate, Lane, Msg, OFFERED_MONTHS, Opened, OpenedMsg, Shortcut},
};

fn msg(msg: OpenedMsg) -> Msg {
    Msg::Opened(msg)
}

/// What opens the form, or ends a keep; nothing while the form is open.
pub fn opener(cx: &Cx, item: &RecordingItem) -> Html {
    if cx.state.opened.choosing {
        return Html::default();
    }
    // The same button under both names, so that it keeps the focus.
    let (label, kept) = match item.kept_until {
        None => (Key::KeepOpen, None),
        Some(until) => (Key::KeepChange, Some(until)),
    };
    let names = &["type", "class", "part", "id", "aria-keyshortcuts"];
    let about = ["button", "button", "button", page::KEEP, Shortcut::Keep.key()].map(Into::into);
    let open =
        press(names, about.into(), cx.press(msg(OpenedMsg::KeepForm(true))), vec![text(cx.text(label))]);
    group(vec![
        open,
        maybe(kept, |_| {
            let ending = cx.state.opened.keeping.busy;
            let label = cx.text(if ending { Key::Waiting } else { Key::KeepEnd });
            button(cx, Weight::Plain, label, msg(OpenedMsg::EndKeep))
        }),
    ])
}

/// The form, while it is open, and what went wrong with the last keep.
pub fn form(cx: &Cx) -> Html {
    let opened = &cx.state.opened;
    group(vec![
        maybe(opened.choosing.then_some(opened), |opened| fields(cx, opened)),
        maybe(opened.keeping.failed.as_ref(), |failure| trouble(cx, failure, Lane::Keep)),
    ])
}

fn fields(cx: &Cx, opened: &Opened) -> Html {
    let today = cx.now.date();
    let latest = keep::latest(today);
    let choose = || on("change", cx.typed(|until| msg(OpenedMsg::Until(until))));
    let offered = OFFERED_MONTHS.map(|months| {
        let until = Opened::offer(months, today);
        let name = cx.texts.count(Key::KeepMonths, u64::from(months), &[("date", &cx.texts.date(until))]);
        let until = until.to_string();
        let chosen = opened.until == until;
        let id = if months == OFFERED_MONTHS[0] { page::KEEP_FIRST } else { "" };
        let about = vec!["radio".into(), "until".into(), until.into(), id.into()];
        choice(name, tick(&["type", "name", "value", "id"], about, chosen, choose()))
    });
    let (first, last) = (today.plus_days(1).to_string().into(), latest.to_string().into());
    let about = vec!["date".into(), first, last, "keep-refused".into()];
    let free = field(&["type", "min", "max", "aria-describedby"], about, opened.until.clone(), choose());
    let refused = opened.refused.map(|why| refused(cx, why)).unwrap_or_default();
    let hint = vec!["keep-refused".into(), "hint".into(), "alert".into()];
    let keep = cx.text(if opened.keeping.busy { Key::Waiting } else { Key::KeepDo });
    let keep = button_with(cx, "id", page::KEEP, Weight::Main, keep, msg(OpenedMsg::Keep));
    el(
        "fieldset",
        "keep",
        vec![
            el("legend", "", vec![text(cx.text(Key::KeepTitle))]),
            group(offered.into()),
            label("field", cx.texts.fill(Key::KeepFree, &[("date", &cx.texts.date(latest))]), free),
            with("p", &["id", "class", "role"], hint, vec![text(refused)]),
            el(
                "p",
                "decide",
                vec![keep, button(cx, Weight::Plain, cx.text(Key::Cancel), msg(OpenedMsg::KeepForm(false)))],
            ),
        ],
    )
}

fn refused(cx: &Cx, why: BadDate) -> AttrValue {
    match why {
        BadDate::Missing => cx.text(Key::KeepNoDate),
        BadDate::Refused(KeepRefused::NotInFuture) => cx.text(Key::KeepNotInFuture),
        BadDate::Refused(KeepRefused::TooLong { latest }) => {
            cx.texts.fill(Key::KeepTooLong, &[("date", &cx.texts.date(latest))])
        }
    }
}
