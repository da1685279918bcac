//! A deletion before it is asked for: whose, how many, of when, from which places, what stays and
//! why, and from when on there is no way back. A box for a few recordings, a page for more.

use rules::{
    Scope,
    contract::Preview,
    preview::StoreCount,
};
use yew::prelude::*;

use super::{Cx, heading};
use crate::{
    idempotency,
    locale::{Format, Key},
    page::HEADING,
    parts::{Dialog, period, trouble, waiting},
    state::{Flow, FlowMsg, Lane, Msg, View},
    words,
};

/// The box, over whatever it was begun on.
pub fn dialog(cx: &Cx) -> Html {
    let Some(flow) = cx.state.flow.as_ref().filter(|_| cx.state.view != View::Erase) else {
        return Html::default();
    };
    html! {
        <Dialog labelled_by="erase-title" described_by="erase-body" on_cancel={cx.link.callback(|()| Msg::Leave)}>
            <h2 id="erase-title">{ title(cx, flow) }</h2>
            <div id="erase-body">{ body(cx, flow) }</div>
            { decide(cx, flow) }
        </Dialog>
    }
}

/// The page.
pub fn page(cx: &Cx) -> Html {
    let Some(flow) = &cx.state.flow else { return heading(cx.text(Key::EraseTitle)) };
    html! {
        <section class="erase" aria-labelledby={HEADING}>
            { heading(title(cx, flow)) }
            { body(cx, flow) }
            { decide(cx, flow) }
        </section>
    }
}

/// Whose recordings, by name.
fn whose(cx: &Cx, preview: &Preview) -> String {
    cx.texts.list(preview.children.iter().map(|id| cx.state.name_of(*id)))
}

fn title(cx: &Cx, flow: &Flow) -> AttrValue {
    let Some(preview) = &flow.preview.value else { return cx.text(Key::EraseTitle) };
    let whose = whose(cx, preview);
    match &flow.draft.scope {
        Scope::Class { class, .. } => {
            let class = cx.text(words::class(*class));
            cx.texts.count(Key::EraseClassTitle, preview.recordings, &[("class", &class), ("child", &whose)])
        }
        Scope::Child | Scope::Everything => cx.texts.fill(Key::EraseAllTitle, &[("child", &whose)]),
        _ => cx.texts.count(Key::EraseSomeTitle, preview.recordings, &[("child", &whose)]),
    }
}

fn body(cx: &Cx, flow: &Flow) -> Html {
    html! {<>
        if let Some(failure) = &flow.preview.failed {
            { trouble(cx, failure, Lane::Preview) }
        } else if let Some(preview) = &flow.preview.value {
            { shown(cx, flow, preview) }
        } else {
            { waiting(cx) }
        }
        if let Some(failure) = &flow.sending.failed { { trouble(cx, failure, Lane::Erase) } }
    </>}
}

fn shown(cx: &Cx, flow: &Flow, preview: &Preview) -> Html {
    if preview.recordings == 0 {
        return html! {<>
            <p>{ cx.text(Key::EraseNothing) }</p>
            { kept(cx, flow, preview) }
        </>};
    }
    html! {<>
        <p class="lead">
            { cx.texts.count(Key::EraseNumber, preview.recordings, &[("child", &whose(cx, preview))]) }
            { " " }
            { period(cx.texts, preview.oldest, preview.newest) }
        </p>
        <h3>{ cx.text(Key::ErasePlaces) }</h3>
        <ul class="places-list">{ for preview.stores.iter().map(|count| place(cx, *count)) }</ul>
        { kept(cx, flow, preview) }
        <h3>{ cx.text(Key::EraseWhen) }</h3>
        { when(cx, flow, preview) }
        { name(cx, flow) }
    </>}
}

fn place(cx: &Cx, count: StoreCount) -> Html {
    html! {
        <li><span>{ cx.text(words::store(count.store)) }</span><span>{ cx.texts.count(Key::Copies, count.copies, &[]) }</span></li>
    }
}

/// What stays, and why; and the choice that it goes too.
fn kept(cx: &Cx, flow: &Flow, preview: &Preview) -> Html {
    let texts = cx.texts;
    html! {
        if preview.kept.is_some() || flow.draft.include_kept {
            <h3>{ cx.text(Key::EraseKept) }</h3>
            if let Some(kept) = preview.kept {
                <p>{ texts.count(Key::EraseKeptAbout, kept.recordings, &[("date", &texts.date(kept.until))]) }</p>
            }
            <label class="choice">
                <input type="checkbox" checked={flow.draft.include_kept} onchange={cx.ticked(|on| Msg::Flow(FlowMsg::IncludeKept(on)))} />
                <span>{ cx.text(Key::EraseKeptToo) }</span>
            </label>
        }
    }
}

/// From when on nobody can use it, until when it can be taken back, when it is gone.
fn when(cx: &Cx, flow: &Flow, preview: &Preview) -> Html {
    let texts = cx.texts;
    let sealed_until = texts.moment(Format::DayTime, preview.sealed_until);
    let expected_by = texts.moment(Format::DayTime, preview.expected_by);
    html! {<>
        <p>{ cx.text(Key::EraseAtOnce) }</p>
        if preview.contested {
            <p>{ texts.fill(Key::EraseContested, &[("at", &sealed_until)]) }</p>
        } else if flow.draft.waive_undo {
            <p>{ cx.text(Key::EraseNoUndo) }</p>
        } else {
            <p>{ texts.fill(Key::EraseUndo, &[("at", &sealed_until)]) }</p>
        }
        <p>{ texts.fill(Key::EraseExpected, &[("at", &expected_by)]) }</p>
        <label class="choice">
            <input type="checkbox" checked={flow.draft.waive_undo} onchange={cx.ticked(|on| Msg::Flow(FlowMsg::WaiveUndo(on)))} />
            <span>{ cx.text(Key::EraseWaive) }</span>
        </label>
    </>}
}

/// What has to be typed before everything goes.
fn must_type(cx: &Cx, flow: &Flow) -> AttrValue {
    match flow.draft.scope {
        Scope::Everything => cx.text(Key::EraseTypeAll),
        _ => cx.state.chosen().map(|child| child.name.clone()).unwrap_or_default().into(),
    }
}

fn name(cx: &Cx, flow: &Flow) -> Html {
    if !flow.needs_name() {
        return Html::default();
    }
    html! {
        <label class="field wide">
            <span>{ cx.texts.fill(Key::EraseType, &[("name", &must_type(cx, flow))]) }</span>
            <input type="text" autocomplete="off" value={flow.typed.clone()} aria-invalid={flow.must_type.then_some("true")}
                aria-describedby="must-type" oninput={cx.typed(|typed| Msg::Flow(FlowMsg::Typed(typed)))} />
            <span id="must-type" class="hint" role="alert">
                if flow.must_type { { cx.text(Key::EraseTypeWrong) } }
            </span>
        </label>
    }
}

/// The two ways out. The one that destroys nothing has the focus.
fn decide(cx: &Cx, flow: &Flow) -> Html {
    let recordings = flow.shown().map_or(0, |preview| preview.recordings);
    let expected = must_type(cx, flow);
    let confirm = cx.link.callback(move |_: MouseEvent| {
        Msg::Flow(FlowMsg::Confirm { key: idempotency::key(), name: expected.to_string() })
    });
    let label = if flow.sending.busy {
        cx.text(Key::EraseSending)
    } else if flow.sending.failed.is_some() {
        cx.text(Key::Retry)
    } else {
        cx.texts.count(Key::DeleteSelected, recordings, &[])
    };
    html! {
        <p class="decide">
            <button type="button" class="button" autofocus=true onclick={cx.press(Msg::Leave)}>{ cx.text(Key::EraseLeave) }</button>
            if recordings > 0 {
                <button type="button" class="button grave" onclick={confirm}>{ label }</button>
            }
        </p>
    }
}
