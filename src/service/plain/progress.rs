//! `/plain/requests/{id}`: how an erasure stands, place by place, and taking it back.

use axum::extract::State;
use maud::{Markup, html};
use rules::{
    ErasureId, ErasureState, StepState,
    contract::{Erasure, ErasureModel, Permission, ProcessorStep, Recipient, Requester, Step},
};

use super::{
    Answer, Fields, Oops, Texts, Visitor,
    fields::Form,
    layout::{Page, Way, token},
    receipt, see_other, words,
};
use crate::{
    api::{Api, input::Id},
    erasure::{accept, view},
};

/// How often a page that follows work going on loads itself again, in seconds.
const REFRESH: u32 = 5;
/// A change that is further off than this is not waited for by loading again.
const NEAR_SECONDS: i64 = 600;

/// `GET /plain/requests/{id}`
pub async fn show(State(api): State<Api>, visitor: Visitor, Id(id): Id<ErasureId>, fields: Fields) -> Answer {
    visitor.may(Permission::View)?;
    let texts = &visitor.texts;
    let erasure = view::get(api.core(), &visitor.session.asker, id).await?;
    let now = api.core().clock.now();
    let (name, about) = words::phrase(erasure.phrase());
    let going_on = match erasure.state {
        ErasureState::Erasing => true,
        ErasureState::Sealed => erasure.sealed_until <= now.plus_seconds(NEAR_SECONDS),
        ErasureState::Deleted | ErasureState::Cancelled => false,
    };
    // Only where she asked for it: a page that loads itself again takes a screen reader back to its top.
    let following = going_on && fields.get("follow").is_some();
    let at = |moment| texts.moment(moment);
    let values = [
        ("sealed", &*at(erasure.sealed_until)),
        ("expected", &*at(erasure.expected_by)),
        ("due", &*at(erasure.due_by)),
        ("finished", &*erasure.finished_at.map(at).unwrap_or_default()),
        ("open", &*texts.number(erasure.not_confirmed())),
    ];
    let can_undo = erasure.state == ErasureState::Sealed
        && erasure.requested_by != Requester::AnotherGuardian
        && now < erasure.sealed_until
        && visitor.has(Permission::Erase);
    let body = html! {
        p .lead { (summary(&api, &visitor, &erasure).await?) }
        p { (texts.fill(about, &values)) }
        @if can_undo {
            form action={ "/plain/requests/" (id) "/undo" } method="post" {
                (token(&visitor))
                p .decide {
                    button .button .main { (texts.text("undo")) }
                    span { (texts.fill("erase-undo", &[("at", &at(erasure.sealed_until))])) }
                }
            }
        }
        @if erasure.phrase().is_done() { (receipt::ways(&api, &visitor, &erasure).await?) }
        @if !erasure.steps.is_empty() {
            h2 { (texts.text("progress-places")) }
            ul .steps-list { @for step in &erasure.steps { (place(texts, step)) } }
        }
        @if !erasure.processors.is_empty() {
            h2 { (texts.text("processors-title")) }
            ul .steps-list {
                @for step in &erasure.processors {
                    @let name = visitor.names(&api, &[step.child]).await?;
                    (processor(texts, step, (erasure.children.len() > 1).then_some(&*name)))
                }
            }
        }
        (models(texts, &erasure.models))
        @if going_on {
            p .quiet {
                @if following {
                    (texts.text("plain-following")) " "
                    a href={ "/plain/requests/" (id) } { (texts.text("plain-hold-still")) }
                } @else {
                    a href={ "/plain/requests/" (id) } { (texts.text("plain-again")) } " "
                    a href={ "/plain/requests/" (id) "?follow=1" } { (texts.text("plain-follow")) }
                }
            }
        } @else if erasure.state.is_final() && !erasure.is_over() {
            p .quiet {
                (texts.text("plain-may-change")) " "
                a href={ "/plain/requests/" (id) } { (texts.text("plain-again")) }
            }
        }
    };
    let mut page = Page::new(&visitor, Way::Elsewhere, texts.text(name), body);
    page.refresh = following.then_some(REFRESH);
    if let [child] = erasure.children[..] {
        page.child = Some(child);
    }
    Ok(page.answer())
}

/// `POST /plain/requests/{id}/undo`
pub async fn undo(
    State(api): State<Api>,
    visitor: Visitor,
    Id(id): Id<ErasureId>,
    Form(form): Form,
) -> Answer {
    visitor.may(Permission::Erase)?;
    visitor.sent(&form)?;
    accept::cancel(api.core(), &visitor.session.asker, id).await?;
    Ok(see_other(&format!("/plain/requests/{id}")))
}

/// What it is of, and who asked for it when.
pub async fn summary(api: &Api, visitor: &Visitor, erasure: &Erasure) -> Result<String, Oops> {
    let texts = &visitor.texts;
    let child = visitor.names(api, &erasure.children).await?;
    let values = [
        ("child", &*child),
        ("what", texts.text(words::scope(&erasure.scope))),
        ("who", texts.text(words::requester(erasure.requested_by))),
        ("when", &*texts.moment(erasure.requested_at)),
    ];
    Ok(texts.count("request-summary", erasure.recordings, &values))
}

/// Models that learned from what is erased, and what becomes of each.
pub fn models(texts: &Texts, models: &[ErasureModel]) -> Markup {
    let said = |model: &ErasureModel| {
        let day = model.day.map(|day| texts.date(day)).unwrap_or_default();
        let because = model.because.as_deref().unwrap_or_default();
        texts.fill(
            words::model(model.outcome),
            &[("name", &*model.name), ("day", &*day), ("because", because)],
        )
    };
    html! {
        @if !models.is_empty() {
            h2 { (texts.text("models-title")) }
            ul { @for model in models { li { (said(model)) } } }
        }
    }
}

fn place(texts: &Texts, step: &Step) -> Markup {
    let (copies, erased) = (texts.number(step.copies), texts.number(step.erased));
    let retrying = step.state == StepState::Retrying;
    let class = match step.state {
        StepState::Waiting => "waiting",
        StepState::VerifiedAbsent => "absent",
        StepState::Retrying => "retrying",
        StepState::Erasing | StepState::Probing => "going",
    };
    html! {
        li class=(class) {
            strong { (texts.text(words::store(step.store).0)) }
            span { (texts.fill(words::step(step.state), &[("copies", &copies), ("erased", &erased)])) }
            @if let Some(problem) = step.problem.filter(|_| retrying) {
                span .quiet { (texts.text(words::step_problem(problem))) }
            }
            @if let Some(next) = step.next_attempt_at.filter(|_| retrying) {
                span .quiet { (texts.fill("step-next", &[("at", &texts.moment(next))])) }
            }
            @if let Some(verified) = step.verified_at {
                span .quiet { (texts.fill("step-verified", &[("at", &texts.moment(verified))])) }
            }
        }
    }
}

/// Who was given some of it, and how much.
pub fn recipients(texts: &Texts, recipients: &[Recipient], about: &str) -> Markup {
    html! {
        @if !recipients.is_empty() {
            h2 { (texts.text("processors-title")) }
            p { (about) }
            ul .places {
                @for it in recipients {
                    li { span { (it.processor) } " " span { (texts.count("found", it.recordings, &[])) } }
                }
            }
        }
    }
}

/// One who was given some of it; of whom, where it is of several children.
fn processor(texts: &Texts, step: &ProcessorStep, child: Option<&str>) -> Markup {
    let due = step.due_by.map(|due| texts.moment(due)).unwrap_or_default();
    let class = match (step.state.is_confirmed(), step.state.is_escalated()) {
        (true, _) => "absent",
        (_, true) => "retrying",
        _ => "waiting",
    };
    html! {
        li class=(class) {
            strong { (step.processor) }
            @if let Some(child) = child {
                span .quiet { (child) }
            }
            span { (texts.fill(words::processor(step.state), &[("since", &texts.moment(step.since)), ("due", &due)])) }
            @if let Some(next) = step.next_attempt_at.filter(|_| step.problem.is_some()) {
                span .quiet { (texts.fill("step-next", &[("at", &texts.moment(next))])) }
            }
            @if let Some(found) = step.found_none_at {
                span .quiet { (texts.fill("processor-found-none", &[("at", &texts.moment(found))])) }
            }
        }
    }
}
