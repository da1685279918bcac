//! `/plain/requests`: what was asked to be deleted, newest first.

use axum::extract::State;
use maud::html;
use rules::{ErasureId, contract::Permission};

use super::{
    Answer, Fields, Visitor,
    fields::address,
    layout::{Page, Way},
    progress, words,
};
use crate::{api::Api, erasure::view, listing::DEFAULT_LIMIT};

/// `GET /plain/requests`
pub async fn show(State(api): State<Api>, visitor: Visitor, fields: Fields) -> Answer {
    visitor.may(Permission::View)?;
    let texts = &visitor.texts;
    let before = fields.read::<ErasureId>("before")?.map(|id| id.to_string());
    let asker = &visitor.session.asker;
    let requests = view::list(api.core(), asker, None, before.as_deref(), DEFAULT_LIMIT).await?;
    let body = html! {
        @if requests.items.is_empty() {
            p .nothing { (texts.text("requests-none")) }
        }
        ul .cards {
            @for erasure in &requests.items {
                li .card {
                    h2 { (texts.text(words::phrase(erasure.phrase()).0)) }
                    p { (progress::summary(&api, &visitor, erasure).await?) }
                    p .decide { a .button href={ "/plain/requests/" (erasure.id) } { (texts.text("request-open")) } }
                }
            }
        }
        @if let Some(next) = &requests.next {
            p .decide { a .button rel="next" href=(address("/plain/requests", &[("before", next)])) { (texts.text("older")) } }
        }
    };
    Ok(Page::new(&visitor, Way::Requests, texts.text("requests-title"), body).answer())
}
