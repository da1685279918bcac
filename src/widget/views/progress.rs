//! An erasure as it happens: what it may be called, place by place, and the time left to undo.

use rules::contract::{Erasure, Step};
use rules::StepState;
use yew::prelude::*;

use super::{Cx, heading};
use crate::{
    locale::{Format, Key},
    parts::{Weight, button, span, trouble, waiting},
    state::{Lane, Msg, View, Watched},
    words,
};

/// The erasure that is being watched.
pub fn view(cx: &Cx) -> Html {
    let Some(watched) = &cx.state.watched else { return heading(cx.text(Key::EraseTitle)) };
    let back = if cx.state.child.is_some() { View::Recordings } else { View::Children };
    html! {
        <section aria-labelledby="heading">
            if let Some(erasure) = &watched.erasure.value {
                { heading(cx.text(words::phrase(erasure.phrase()))) }
                { body(cx, watched, erasure) }
            } else {
                { heading(cx.text(Key::ProgressTitle)) }
                { waiting(cx) }
            }
            if let Some(failure) = &watched.erasure.failed { { trouble(cx, failure, Lane::Watch) } }
            if let Some(failure) = &watched.undoing.failed { { trouble(cx, failure, Lane::Undo) } }
            <p class="decide">{ button(cx, Weight::Plain, cx.text(Key::ProgressLeave), Msg::Go(back)) }</p>
        </section>
    }
}

fn body(cx: &Cx, watched: &Watched, erasure: &Erasure) -> Html {
    let texts = cx.texts;
    let at = |moment| texts.moment(Format::DayTime, moment);
    let about = words::phrase_about(erasure.phrase());
    let values = [
        ("sealed", &*at(erasure.sealed_until)),
        ("expected", &*at(erasure.expected_by)),
        ("due", &*at(erasure.due_by)),
        ("finished", &*erasure.finished_at.map(at).unwrap_or_default()),
    ];
    html! {<>
        <p class="lead">{ summary(cx, erasure) }</p>
        <p>{ texts.fill(about, &values) }</p>
        if watched.can_undo() { { undo(cx, watched, erasure) } }
        <h3>{ cx.text(Key::ProgressPlaces) }</h3>
        <ul class="steps-list">{ for erasure.steps.iter().map(|step| place(cx, step)) }</ul>
    </>}
}

/// What it is of, and who asked for it when.
pub fn summary(cx: &Cx, erasure: &Erasure) -> AttrValue {
    let whose = cx.texts.list(erasure.children.iter().map(|id| cx.state.name_of(*id)));
    let who = cx.text(words::requester(erasure.requested_by));
    let when = cx.texts.moment(Format::DayTime, erasure.requested_at);
    let what = cx.text(words::scope(erasure));
    let values = [("child", &*whose), ("who", &*who), ("when", &*when), ("what", &*what)];
    cx.texts.count(Key::RequestSummary, erasure.recordings, &values)
}

fn undo(cx: &Cx, watched: &Watched, erasure: &Erasure) -> Html {
    let left = erasure.sealed_until.ms() - cx.now.ms();
    if left <= 0 {
        return Html::default();
    }
    let label = cx.text(if watched.undoing.busy { Key::Waiting } else { Key::Undo });
    html! {
        <p class="decide">
            { button(cx, Weight::Main, label, Msg::Undo) }
            // A timer is not announced by itself: each second would interrupt.
            <span role="timer">{ cx.texts.fill(Key::UndoLeft, &[("time", &span(cx.texts, left))]) }</span>
        </p>
    }
}

fn place(cx: &Cx, step: &Step) -> Html {
    let texts = cx.texts;
    let (copies, erased) = (texts.number(step.copies), texts.number(step.erased));
    let state = match step.state {
        StepState::Waiting => "waiting",
        StepState::VerifiedAbsent => "absent",
        StepState::Retrying => "retrying",
        StepState::Erasing | StepState::Probing => "going",
    };
    html! {
        <li data-state={state}>
            <span class="name">{ cx.text(words::store(step.store)) }</span>
            <span class="state">{ texts.fill(words::step(step.state), &[("copies", &copies), ("erased", &erased)]) }</span>
            if let (StepState::Retrying, Some(problem)) = (step.state, step.problem) {
                <span class="why">
                    { cx.text(words::step_problem(problem)) }
                    if let Some(next) = step.next_attempt_at {
                        { " " }{ texts.fill(Key::StepNext, &[("at", &texts.moment(Format::DayTime, next))]) }
                    }
                </span>
            }
            if let Some(verified) = step.verified_at {
                <span class="why">{ texts.fill(Key::StepVerified, &[("at", &texts.moment(Format::DayTime, verified))]) }</span>
            }
        </li>
    }
}
