//! A deletion before it is asked for: whose, how many, of when, from which places, what stays and
//! why, and from when on there is no way back. A box for a few recordings, a page for more.

use rules::{Scope, StoreId, contract::Preview, preview::StoreCount, scope::Filter};
use yew::prelude::{AttrValue, Html};

use super::{
    Cx, heading, leave,
    progress::{models, recipients},
};
use crate::{
    idempotency,
    locale::{Format, Key},
    page::Event,
    parts::{
        awaited, choice, dialog, el, field, group, h3, label, maybe, on, p, period, press, screen, span,
        text, tick, trouble, ul, with,
    },
    state::{Flow, FlowMsg, Lane, Msg, View},
    words,
};

/// The box, over whatever it was begun on.
pub fn dialog(cx: &Cx) -> Html {
    maybe(cx.state.flow.as_ref().filter(|_| cx.state.view != View::Erase), |flow| {
        // The page decides whether it closes: not while a request is on its way.
        let on_cancel = cx.link.callback(|event: web_sys::Event| {
            event.prevent_default();
            Event::Msg(Msg::Leave)
        });
        let title = with("h2", &["id"], vec!["box-title".into()], vec![text(title(cx, flow))]);
        let body = with("div", &["id"], vec!["box-body".into()], vec![body(cx, flow)]);
        dialog::dialog(cx.dialog, on_cancel, vec![leave::button(cx), title, body, foot(cx, flow)])
    })
}

/// The page.
pub fn page(cx: &Cx) -> Html {
    let Some(flow) = &cx.state.flow else { return heading(cx.text(Key::EraseTitle)) };
    screen(vec![heading(title(cx, flow)), body(cx, flow), foot(cx, flow)])
}

/// Whose recordings, by name.
fn whose(cx: &Cx, preview: &Preview) -> String {
    cx.texts.list(preview.children.iter().map(|id| cx.state.name_of(*id)))
}

fn title(cx: &Cx, flow: &Flow) -> AttrValue {
    // "Delete 0 recordings" is no title.
    let preview = flow.preview.value.as_ref().filter(|preview| preview.recordings > 0);
    let Some(preview) = preview else { return cx.text(Key::EraseTitle) };
    let child = whose(cx, preview);
    match &flow.draft.scope {
        Scope::Class { class, .. } => {
            let class = cx.text(words::class(*class));
            cx.texts.count(Key::EraseClassTitle, preview.recordings, &[("class", &class), ("child", &child)])
        }
        Scope::Child {} | Scope::Everything {} => cx.texts.fill(Key::EraseAllTitle, &[("child", &child)]),
        Scope::Search { filter: Filter { q: Some(words), .. } } => {
            cx.texts.count(Key::EraseFoundTitle, preview.recordings, &[("child", &child), ("words", words)])
        }
        _ => cx.texts.count(Key::EraseSomeTitle, preview.recordings, &[("child", &child)]),
    }
}

/// That conditions narrow what the words find.
fn narrowed(cx: &Cx, flow: &Flow) -> Html {
    let Scope::Search { filter } = &flow.draft.scope else { return Html::default() };
    let words_alone = Filter { q: filter.q.clone(), ..Filter::default() };
    maybe((*filter != words_alone).then_some(()), |()| p("", cx.text(Key::EraseNarrowed)))
}

fn body(cx: &Cx, flow: &Flow) -> Html {
    match (&flow.preview.failed, &flow.preview.value) {
        (Some(failure), _) => trouble(cx, failure, Lane::Preview),
        (None, Some(preview)) if preview.recordings == 0 => {
            group(vec![p("", cx.text(Key::EraseNothing)), kept(cx, flow, preview)])
        }
        (None, Some(preview)) => shown(cx, flow, preview),
        (None, None) => awaited(cx, flow.preview.slow, Lane::Preview),
    }
}

/// What became of the last try, and what decides. They stay in sight together, however long the
/// list above them: nobody is left with "Try again" and no word why.
fn foot(cx: &Cx, flow: &Flow) -> Html {
    let inside = vec![
        maybe(flow.sending.failed.as_ref(), |failure| trouble(cx, failure, Lane::Erase)),
        maybe(flow.sending.slow.then_some(()), |()| {
            with("p", &["role"], vec!["status".into()], vec![text(cx.text(Key::SlowSending))])
        }),
        decide(cx, flow),
    ];
    el("div", "foot", inside)
}

fn shown(cx: &Cx, flow: &Flow, preview: &Preview) -> Html {
    let number = cx.texts.count(Key::EraseNumber, preview.recordings, &[("child", &whose(cx, preview))]);
    let period = period(cx.texts, preview.oldest, preview.newest).unwrap_or_default();
    group(vec![
        el("p", "lead", vec![text(number), text(" "), text(period)]),
        narrowed(cx, flow),
        h3(cx.text(Key::ErasePlaces)),
        ul("places-list", preview.stores.iter().map(|count| place(cx, count.store, things(preview, *count)))),
        shared(cx, preview),
        models(cx, &preview.models),
        recipients(cx, &preview.recipients, cx.text(Key::RecipientsAbout)),
        kept(cx, flow, preview),
        h3(cx.text(Key::EraseWhen)),
        when(cx, flow, preview),
        name(cx, flow),
    ])
}

/// Copies are one a recording; of what was made from recordings, the things themselves are counted.
fn things(preview: &Preview, count: StoreCount) -> u64 {
    preview.made.iter().find(|made| made.store == count.store).map_or(count.copies, |made| made.things)
}

fn place(cx: &Cx, store: StoreId, copies: u64) -> Html {
    let copies = cx.texts.count(Key::Copies, copies, &[]);
    el("li", "", vec![span("", cx.text(words::store(store))), span("", copies)])
}

/// That some of it was made from recordings that stay, and goes.
fn shared(cx: &Cx, preview: &Preview) -> Html {
    let shared: u64 = preview.made.iter().map(|made| made.shared).sum();
    maybe((shared > 0).then_some(shared), |n| {
        p("", cx.texts.fill(Key::MadeShared, &[("n", &cx.texts.number(n))]))
    })
}

/// A choice that is not made beforehand.
fn option(cx: &Cx, label: Key, chosen: bool, msg: fn(bool) -> Msg) -> Html {
    let listener = on("change", cx.ticked(msg));
    choice(cx.text(label), tick(&["type"], vec!["checkbox".into()], chosen, listener))
}

/// What stays, and why; and the choice that it goes too.
fn kept(cx: &Cx, flow: &Flow, preview: &Preview) -> Html {
    if flow.draft.scope.is_total() {
        return p("", cx.text(Key::EraseTotal));
    }
    if preview.kept.is_none() && !flow.draft.include_kept {
        return Html::default();
    }
    let texts = cx.texts;
    group(vec![
        h3(cx.text(Key::EraseKept)),
        maybe(preview.kept, |kept| {
            p("", texts.count(Key::EraseKeptAbout, kept.recordings, &[("date", &texts.date(kept.until))]))
        }),
        option(cx, Key::EraseKeptToo, flow.draft.include_kept, |on| Msg::Flow(FlowMsg::IncludeKept(on))),
    ])
}

/// From when on nobody can use it, until when it can be taken back, when it is gone.
fn when(cx: &Cx, flow: &Flow, preview: &Preview) -> Html {
    let texts = cx.texts;
    let back = match (preview.contested, flow.draft.waive_undo) {
        (true, _) => Key::EraseContested,
        (false, true) => Key::EraseNoUndo,
        (false, false) => Key::EraseUndo,
    };
    let at = |key, moment| p("", texts.fill(key, &[("at", &texts.moment(Format::DayTime, moment))]));
    group(vec![
        p("", cx.text(Key::EraseAtOnce)),
        at(back, preview.sealed_until),
        at(Key::EraseExpected, preview.expected_by),
        option(cx, Key::EraseWaive, flow.draft.waive_undo, |on| Msg::Flow(FlowMsg::WaiveUndo(on))),
    ])
}

/// What has to be typed before everything goes.
fn must_type(cx: &Cx, flow: &Flow) -> AttrValue {
    match flow.draft.scope {
        Scope::Everything {} => cx.text(Key::EraseTypeAll),
        _ => cx.state.chosen().map(|child| child.name.clone()).unwrap_or_default().into(),
    }
}

fn name(cx: &Cx, flow: &Flow) -> Html {
    if !flow.needs_name() {
        return Html::default();
    }
    let wrong = if flow.must_type { cx.text(Key::EraseTypeWrong) } else { AttrValue::default() };
    let about = vec!["text".into(), "off".into(), "must-type".into()];
    let typed = on("input", cx.typed(|typed| Msg::Flow(FlowMsg::Typed(typed))));
    let field = field(&["type", "autocomplete", "aria-describedby"], about, flow.typed.clone(), typed);
    let hint = vec!["must-type".into(), "hint".into(), "alert".into()];
    group(vec![
        label("field wide", cx.texts.fill(Key::EraseType, &[("name", &must_type(cx, flow))]), field),
        with("p", &["id", "class", "role"], hint, vec![text(wrong)]),
    ])
}

/// The two ways out. The one that destroys nothing has the focus.
fn decide(cx: &Cx, flow: &Flow) -> Html {
    // The button stays while another choice is being previewed; a press counts again once it is shown.
    let recordings = flow.preview.value.as_ref().map_or(0, |preview| preview.recordings);
    let named = !flow.needs_name() || words::same(&flow.typed, &must_type(cx, flow), cx.texts.tag());
    let confirm =
        cx.link.callback(move |_| Event::Msg(Msg::Flow(FlowMsg::Confirm { key: idempotency::key(), named })));
    let label = if flow.sending.busy {
        cx.text(Key::EraseSending)
    } else if flow.preview.busy {
        cx.text(Key::Waiting)
    } else if flow.sending.failed.is_some() {
        cx.text(Key::Retry)
    } else {
        cx.texts.count(Key::DeleteSelected, recordings, &[])
    };
    let cancel = ["button", "button", "button", ""].map(Into::into).into();
    let names = &["type", "class", "part", "autofocus"];
    let cancel = press(names, cancel, cx.press(Msg::Leave), vec![text(cx.text(Key::EraseLeave))]);
    let delete = maybe((recordings > 0).then_some(confirm), |confirm| {
        let about = ["button", "button grave", "button grave-button"].map(Into::into).into();
        press(&["type", "class", "part"], about, confirm, vec![text(label)])
    });
    el("p", "decide", vec![cancel, delete])
}
