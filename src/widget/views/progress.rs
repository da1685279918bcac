//! An erasure as it happens: what it may be called, place by place, and the time left to undo.

use rules::{
    StepState,
    contract::{Erasure, ErasureModel, ProcessorStep, Recipient, Step},
};
use yew::prelude::{AttrValue, Html};

use super::{
    Cx, heading, receipt,
    recording::{by_key, with_keys},
};
use crate::{
    locale::{Format, Key},
    parts::{Weight, awaited, button, el, group, h3, left, maybe, p, span, text, trouble, ul, with},
    state::{Lane, Msg, ReceiptMsg, Shortcut, View, Watched},
    words,
};

/// The erasure that is being watched.
pub fn view(cx: &Cx) -> Html {
    let Some(watched) = &cx.state.watched else { return heading(cx.text(Key::EraseTitle)) };
    let back = if cx.state.child.is_some() { View::Recordings } else { View::Children };
    let body = match &watched.erasure.value {
        Some(erasure) => {
            group(vec![heading(cx.text(words::phrase(erasure.phrase()))), body(cx, watched, erasure)])
        }
        None => {
            let awaited = awaited(cx, watched.erasure.slow, Lane::Watch);
            group(vec![heading(cx.text(Key::ProgressTitle)), awaited])
        }
    };
    let next = cx
        .state
        .next_up
        .map(|id| by_key(cx, Weight::Main, Key::NextRecording, Shortcut::Older, Msg::Open(id)));
    let inside = vec![
        body,
        maybe(watched.erasure.failed.as_ref(), |failure| trouble(cx, failure, Lane::Watch)),
        maybe(watched.undoing.failed.as_ref(), |failure| trouble(cx, failure, Lane::Undo)),
        el(
            "p",
            "decide",
            vec![
                next.unwrap_or_default(),
                button(cx, Weight::Plain, cx.text(Key::ProgressLeave), Msg::Go(back)),
            ],
        ),
    ];
    with_keys(cx, inside)
}

fn body(cx: &Cx, watched: &Watched, erasure: &Erasure) -> Html {
    let texts = cx.texts;
    let at = |moment| texts.moment(Format::DayTime, moment);
    let values = [
        ("sealed", &*at(erasure.sealed_until)),
        ("expected", &*at(erasure.expected_by)),
        ("due", &*at(erasure.due_by)),
        ("finished", &*erasure.finished_at.map(at).unwrap_or_default()),
        ("open", &*texts.number(erasure.not_confirmed())),
    ];
    group(vec![
        p("lead", summary(cx, erasure)),
        p("", texts.fill(words::phrase_about(erasure.phrase()), &values)),
        maybe(watched.can_undo().then_some(()), |()| undo(cx, watched, erasure)),
        maybe((erasure.phrase().is_done()).then_some(()), |()| {
            let mine = cx.state.receipts.as_ref().filter(|receipts| receipts.of.id == erasure.id);
            receipt::beside(cx, mine, Msg::Receipt(ReceiptMsg::Open(erasure.id)))
        }),
        maybe((!erasure.steps.is_empty()).then_some(()), |()| {
            let places = ul("steps-list", erasure.steps.iter().map(|step| place(cx, step)));
            group(vec![h3(cx.text(Key::ProgressPlaces)), places])
        }),
        maybe((!erasure.processors.is_empty()).then_some(()), |()| {
            let others = erasure.processors.iter().map(|it| processor(cx, it, erasure.children.len() > 1));
            group(vec![h3(cx.text(Key::ProcessorsTitle)), ul("steps-list", others)])
        }),
        models(cx, &erasure.models),
    ])
}

/// Models that learned from what is erased, and what becomes of each.
pub fn models(cx: &Cx, models: &[ErasureModel]) -> Html {
    if models.is_empty() {
        return Html::default();
    }
    let model = |model: &ErasureModel| {
        let day = model.day.map(|day| cx.texts.date(day)).unwrap_or_default();
        let because = model.because.as_deref().unwrap_or_default();
        let values = [("name", &*model.name), ("day", &*day), ("because", because)];
        el("li", "", vec![text(cx.texts.fill(words::model(model.outcome), &values))])
    };
    group(vec![h3(cx.text(Key::ModelsTitle)), ul("", models.iter().map(model))])
}

/// Who was given some of it, and how much.
pub fn recipients(cx: &Cx, recipients: &[Recipient], about: AttrValue) -> Html {
    if recipients.is_empty() {
        return Html::default();
    }
    let recipient = |it: &Recipient| {
        let recordings = cx.texts.count(Key::Found, it.recordings, &[]);
        el("li", "", vec![span("", it.processor.clone()), span("", recordings)])
    };
    let list = ul("places-list", recipients.iter().map(recipient));
    group(vec![h3(cx.text(Key::ProcessorsTitle)), p("", about), list])
}

/// What it is of, and who asked for it when.
pub fn summary(cx: &Cx, erasure: &Erasure) -> AttrValue {
    let whose = cx.texts.list(erasure.children.iter().map(|id| cx.state.name_of(*id)));
    let who = cx.text(words::requester(erasure.requested_by));
    let when = cx.texts.moment(Format::DayTime, erasure.requested_at);
    let what = cx.text(words::scope(&erasure.scope));
    let values = [("child", &*whose), ("who", &*who), ("when", &*when), ("what", &*what)];
    cx.texts.count(Key::RequestSummary, erasure.recordings, &values)
}

fn undo(cx: &Cx, watched: &Watched, erasure: &Erasure) -> Html {
    let ms = erasure.sealed_until.ms() - cx.now.ms();
    if ms <= 0 {
        return Html::default();
    }
    let label = cx.text(if watched.undoing.busy { Key::Waiting } else { Key::Undo });
    let time = cx.texts.fill(Key::UndoLeft, &[("time", &left(cx.texts, ms))]);
    // A timer is not announced by itself: each second would interrupt.
    let timer = with("span", &["role"], vec!["timer".into()], vec![text(time)]);
    el("p", "decide", vec![button(cx, Weight::Main, label, Msg::Undo), timer])
}

fn place(cx: &Cx, step: &Step) -> Html {
    let texts = cx.texts;
    let at = |key, moment| texts.fill(key, &[("at", &texts.moment(Format::DayTime, moment))]);
    let (copies, erased) = (texts.number(step.copies), texts.number(step.erased));
    let stands = texts.fill(words::step(step.state), &[("copies", &copies), ("erased", &erased)]);
    let class = match step.state {
        StepState::Waiting => "",
        StepState::VerifiedAbsent => "absent",
        StepState::Retrying => "retrying",
        StepState::Erasing | StepState::Probing => "going",
    };
    let retrying = step.state == StepState::Retrying;
    el(
        "li",
        class,
        vec![
            span("name", cx.text(words::store(step.store))),
            span("stands", stands),
            maybe(step.problem.filter(|_| retrying), |problem| {
                span("why", cx.text(words::step_problem(problem)))
            }),
            maybe(step.next_attempt_at.filter(|_| retrying), |next| span("why", at(Key::StepNext, next))),
            maybe(step.verified_at, |verified| span("why", at(Key::StepVerified, verified))),
        ],
    )
}

/// One who was given some of it. `named` where it is of several children.
fn processor(cx: &Cx, step: &ProcessorStep, named: bool) -> Html {
    let texts = cx.texts;
    let at = |moment| texts.moment(Format::DayTime, moment);
    let due = step.due_by.map(at).unwrap_or_default();
    let stands = texts.fill(words::processor(step.state), &[("since", &at(step.since)), ("due", &due)]);
    let class = match (step.state.is_confirmed(), step.state.is_escalated()) {
        (true, _) => "absent",
        (_, true) => "retrying",
        _ => "",
    };
    let next = step.next_attempt_at.filter(|_| step.problem.is_some());
    el(
        "li",
        class,
        vec![
            span("name", step.processor.clone()),
            maybe(named.then_some(step.child), |child| span("why", cx.state.name_of(child))),
            span("stands", stands),
            maybe(next, |next| span("why", texts.fill(Key::StepNext, &[("at", &at(next))]))),
            maybe(step.found_none_at, |found| {
                span("why", texts.fill(Key::ProcessorFoundNone, &[("at", &at(found))]))
            }),
        ],
    )
}
