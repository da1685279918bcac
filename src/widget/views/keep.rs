//! Keeping a recording until a date: offered dates and a free one, none chosen beforehand, never
//! for ever.

use rules::{
    contract::RecordingItem,
    keep::{self, KeepRefused},
};
use yew::prelude::*;

use super::Cx;
use crate::{
    locale::Key,
    parts::{Weight, button, el, group, maybe, trouble},
    state::{BadDate, Lane, Msg, OFFERED_MONTHS, Opened, OpenedMsg},
};

fn msg(msg: OpenedMsg) -> Msg {
    Msg::Opened(msg)
}

/// What opens the form, or ends a keep; nothing while the form is open.
pub fn opener(cx: &Cx, item: &RecordingItem) -> Html {
    let open = |label| button(cx, Weight::Plain, cx.text(label), msg(OpenedMsg::KeepForm(true)));
    match item.kept_until {
        _ if cx.state.opened.choosing => Html::default(),
        None => open(Key::KeepOpen),
        Some(_) => group(vec![
            open(Key::KeepChange),
            button(cx, Weight::Plain, cx.text(Key::KeepEnd), msg(OpenedMsg::EndKeep)),
        ]),
    }
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
    let choose = cx.entered(|until| msg(OpenedMsg::Until(until)));
    let offered = OFFERED_MONTHS.map(|months| {
        let until = Opened::offer(months, today);
        let name = cx.texts.count(Key::KeepMonths, u64::from(months), &[("date", &cx.texts.date(until))]);
        let until = until.to_string();
        let chosen = opened.until == until;
        html! {
            <label class="choice">
                <input type="radio" name="until" checked={chosen} value={until} onchange={choose.clone()} />
                <span>{ name }</span>
            </label>
        }
    });
    let keep = cx.text(if opened.keeping.busy { Key::Waiting } else { Key::KeepDo });
    let buttons = el(
        "p",
        "decide",
        vec![
            button(cx, Weight::Main, keep, msg(OpenedMsg::Keep)),
            button(cx, Weight::Plain, cx.text(Key::Cancel), msg(OpenedMsg::KeepForm(false))),
        ],
    );
    html! {
        <fieldset class="keep">
            <legend>{ cx.text(Key::KeepTitle) }</legend>
            { for offered }
            <label class="field"><span>{ cx.texts.fill(Key::KeepFree, &[("date", &cx.texts.date(latest))]) }</span>
                <input type="date" min={today.plus_days(1).to_string()} max={latest.to_string()}
                    value={opened.until.clone()} onchange={choose.clone()} aria-describedby="keep-refused" />
            </label>
            <p id="keep-refused" class="hint" role="alert">{ opened.refused.map(|why| refused(cx, why)) }</p>
            { buttons }
        </fieldset>
    }
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
