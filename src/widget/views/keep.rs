//! Keeping a recording until a date: offered dates and a free one, none chosen beforehand, never
//! for ever.

use rules::{
    contract::RecordingItem,
    keep::{self, KeepRefused},
};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::Cx;
use crate::{
    locale::Key,
    parts::{Weight, button, trouble},
    state::{BadDate, Lane, Msg, OFFERED_MONTHS, Opened, OpenedMsg},
};

fn msg(msg: OpenedMsg) -> Msg {
    Msg::Opened(msg)
}

/// What opens the form, or ends a keep.
pub fn opener(cx: &Cx, item: &RecordingItem) -> Html {
    match item.kept_until {
        None => button(cx, Weight::Plain, cx.text(Key::KeepOpen), msg(OpenedMsg::KeepForm(true))),
        Some(_) => html! {<>
            { button(cx, Weight::Plain, cx.text(Key::KeepChange), msg(OpenedMsg::KeepForm(true))) }
            { button(cx, Weight::Plain, cx.text(Key::KeepEnd), msg(OpenedMsg::EndKeep)) }
        </>},
    }
}

/// The form, while it is open, and what went wrong with the last keep.
pub fn view(cx: &Cx, _item: &RecordingItem) -> Html {
    let opened = &cx.state.opened;
    html! {<>
        if opened.choosing { { form(cx, opened) } }
        if let Some(failure) = &opened.keeping.failed { { trouble(cx, failure, Lane::Keep) } }
    </>}
}

fn form(cx: &Cx, opened: &Opened) -> Html {
    let today = cx.now.date();
    let latest = keep::latest(today);
    let choose = cx.link.callback(|event: Event| {
        let until = event.target_dyn_into::<HtmlInputElement>().map(|field| field.value());
        msg(OpenedMsg::Until(until.unwrap_or_default()))
    });
    let offered = OFFERED_MONTHS.map(|months| {
        let until = Opened::offer(months, today);
        let name = cx.texts.count(Key::KeepMonths, u64::from(months), &[("date", &cx.texts.date(until))]);
        html! {
            <label class="choice">
                <input type="radio" name="until" value={until.to_string()}
                    checked={opened.until == until.to_string()} onchange={choose.clone()} />
                <span>{ name }</span>
            </label>
        }
    });
    html! {
        <fieldset class="keep">
            <legend>{ cx.text(Key::KeepTitle) }</legend>
            { for offered }
            <label class="field"><span>{ cx.texts.fill(Key::KeepFree, &[("date", &cx.texts.date(latest))]) }</span>
                <input type="date" min={today.plus_days(1).to_string()} max={latest.to_string()}
                    value={opened.until.clone()} onchange={choose.clone()}
                    aria-invalid={opened.refused.map(|_| "true")} aria-describedby="keep-refused" />
            </label>
            <p id="keep-refused" class="hint" role="alert">{ opened.refused.map(|why| refused(cx, why)) }</p>
            <p class="decide">
                { button(cx, Weight::Main, cx.text(if opened.keeping.busy { Key::Waiting } else { Key::KeepDo }), msg(OpenedMsg::Keep)) }
                { button(cx, Weight::Plain, cx.text(Key::Cancel), msg(OpenedMsg::KeepForm(false))) }
            </p>
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
