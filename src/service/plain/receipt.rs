//! `/plain/requests/{id}/receipt`: the receipt of a finished erasure as a page that prints well, and as the
//! file to keep. Where nothing runs, nothing is checked by the browser, and the page says so.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use proof::{
    receipt::Receipt,
    statement::{Answer as Said, By, Ended, Statement, When},
};
use rules::{
    ChildId, Date, ErasureId, StoreId, Timestamp,
    contract::{Erasure, Permission},
};

use super::{
    Answer, Fields, Oops, Texts, Visitor,
    fields::address,
    layout::{Page, Way},
    words,
};
use crate::{
    api::{Api, failure::Failure, input::Id},
    erasure::view,
    ledger::receipt,
    listing,
};

/// The receipt, and what it says.
struct Opened {
    child: ChildId,
    text: String,
    origin: String,
    statement: Statement,
}

async fn open(api: &Api, visitor: &Visitor, id: ErasureId, fields: &Fields) -> Result<Opened, Oops> {
    visitor.may(Permission::View)?;
    let asker = &visitor.session.asker;
    let erasure = view::get(api.core(), asker, id).await?;
    let child = match (fields.read::<ChildId>("child")?, &erasure.children[..]) {
        (Some(child), _) => child,
        (None, [child, ..]) => *child,
        (None, []) => return Err(Failure::not_found().into()),
    };
    let text = receipt::of_erasure(api.core(), asker, id, Some(child)).await?;
    let receipt = Receipt::parse(&text).map_err(Failure::internal)?;
    let statement = Statement::parse(&receipt.body).map_err(Failure::internal)?;
    let origin = receipt.checkpoint.lines().next().unwrap_or_default().to_owned();
    Ok(Opened { child, text, origin, statement })
}

/// `GET /plain/requests/{id}/receipt`
pub async fn show(State(api): State<Api>, visitor: Visitor, Id(id): Id<ErasureId>, fields: Fields) -> Answer {
    let Opened { child, origin, statement, .. } = open(&api, &visitor, id, &fields).await?;
    let texts = &visitor.texts;
    let name = listing::name(api.core(), &visitor.session.asker, child).await?;
    let you =
        statement.by == By::Guardian(receipt::pseudonym(api.core(), &visitor.session.asker, child).await?);
    let date = texts.date(day(statement.backups));
    let file = address(&format!("/plain/requests/{id}/receipt/file"), &[("child", &child.to_string())]);
    let body = html! {
        p .lead { (summary(texts, &statement, &name, you)) }
        p { (texts.text("plain-receipt-about")) }
        p .decide {
            a .button .main href=(file) download { (texts.text("save-receipt")) }
            a .button href="/ledger/policy" { (texts.text("save-policy")) }
            a .button href={ "/ledger/inventory/" (statement.inventory) } { (texts.text("save-inventory")) }
        }
        h2 { (texts.fill("rung-signed", &[("operator", &origin)])) }
        p .quiet { (texts.text("rung-signed-about")) }
        (told(texts, &statement))
        h2 { (texts.text("rung-promised")) }
        p .quiet { (texts.text("rung-promised-about")) }
        ul .steps-list {
            li { (texts.fill("backups", &[("date", &date)])) }
            li { (texts.text("elsewhere")) }
        }
    };
    let mut page = Page::new(&visitor, Way::Elsewhere, texts.text("receipt-title"), body);
    page.child = Some(child);
    Ok(page.answer())
}

/// `GET /plain/requests/{id}/receipt/file`
pub async fn file(
    State(api): State<Api>,
    visitor: Visitor,
    Id(id): Id<ErasureId>,
    fields: Fields,
) -> Result<Response, Oops> {
    let opened = open(&api, &visitor, id, &fields).await?;
    let day = moment(opened.statement.asked).date();
    let name = format!("attachment; filename=\"forget-me-not-receipt-{day}.tlog-proof\"");
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, opened.text).into_response())
}

/// The ways to the receipts of a finished erasure, one for each child.
pub async fn ways(api: &Api, visitor: &Visitor, erasure: &Erasure) -> Result<Markup, Oops> {
    let texts = &visitor.texts;
    let path = format!("/plain/requests/{}/receipt", erasure.id);
    let mut ways = Vec::new();
    for child in &erasure.children {
        let name = listing::name(api.core(), &visitor.session.asker, *child).await?;
        let label = texts.fill("receipt-of", &[("child", &name)]);
        ways.push((address(&path, &[("child", &child.to_string())]), label));
    }
    Ok(html! { p .decide { @for (address, label) in ways { a .button href=(address) { (label) } } } })
}

fn summary(texts: &Texts, statement: &Statement, child: &str, you: bool) -> String {
    let who = match statement.by {
        By::Rule => "requester-rule",
        By::Guardian(_) if you => "requester-you",
        By::Guardian(_) => "requester-another-guardian",
    };
    let values = [
        ("child", child),
        ("what", texts.text(words::scope(&statement.scope))),
        ("who", texts.text(who)),
        ("when", &*texts.moment(moment(statement.asked))),
    ];
    texts.count("request-summary", statement.recordings, &values)
}

/// What the operator has signed.
fn told(texts: &Texts, statement: &Statement) -> Markup {
    html! {
        ul .steps-list {
            @for store in &statement.stores {
                @let at = texts.moment(moment(store.at));
                @let at = [("at", &*at)];
                li .absent {
                    strong { (place(texts, &store.name)) }
                    span {
                        @match store.ended {
                            Ended::Absent => (texts.count("ended-absent", store.copies, &at)),
                            Ended::KeyDestroyed => (texts.count("ended-key-destroyed", store.copies, &at)),
                            Ended::None => (texts.fill("ended-none", &at)),
                        }
                    }
                }
            }
            @for model in &statement.models {
                @let on = model.on.map_or_else(|| texts.text("unknown").to_owned(), |on| texts.date(day(on)));
                li { (words::model_named(texts, &model.id, &model.outcome, &on)) }
            }
            @if statement.models.is_empty() {
                li .absent { (texts.text("models-none")) }
            }
            @for processor in &statement.processors {
                @let at = match processor.at {
                    Some(When::Time(at)) => texts.moment(moment(at)),
                    Some(When::Day(on)) => texts.date(day(on)),
                    None => String::new(),
                };
                @let (class, said) = answer(processor.answer);
                li class=(class) {
                    strong { (texts.fill("processor-named", &[("name", &processor.name)])) }
                    span { (texts.fill(said, &[("at", &at)])) }
                }
            }
        }
    }
}

const fn answer(answer: Said) -> (&'static str, &'static str) {
    match answer {
        Said::None => ("absent", words::ANSWERS[0]),
        Said::Completed => ("absent", words::ANSWERS[1]),
        Said::Acknowledged => ("", words::ANSWERS[2]),
        Said::Silent => ("", words::ANSWERS[3]),
        Said::NotAsked => ("", words::ANSWERS[5]),
        Said::Asked => ("", words::ANSWERS[6]),
        Said::Contradicted => ("retrying", words::ANSWERS[4]),
    }
}

/// A place by the name that it has in the ledger.
fn place(texts: &Texts, name: &str) -> String {
    let known = StoreId::ALL.into_iter().find(|store| store.name() == name);
    known.map_or_else(|| name.to_owned(), |known| texts.text(words::store(known).0).to_owned())
}

fn moment(at: proof::Time) -> Timestamp {
    Timestamp::from_ms(i64::try_from(at.0).unwrap_or(0) * 1000)
}

fn day(on: proof::Day) -> Date {
    Date::from_days(i64::from(on.0))
}
