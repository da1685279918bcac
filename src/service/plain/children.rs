//! `/plain`: the children, and what is held of each.

use axum::{
    extract::{FromRequestParts, Request, State},
    response::Response,
};
use maud::{Markup, html};
use rules::{
    Scope,
    contract::{ChildSummary, NewErasure, Permission},
};

use super::{
    Answer, Visitor, erase,
    layout::{Page, Way},
    sign_in, words,
};
use crate::{api::Api, listing};

/// `GET /plain`
pub async fn show(State(api): State<Api>, request: Request) -> Answer {
    let (mut parts, _) = request.into_parts();
    match Visitor::from_request_parts(&mut parts, &api).await {
        Ok(visitor) => page(&api, &visitor).await,
        Err(oops) if api.core().policy.demo => {
            let https = sign_in::is_https(&parts.headers);
            let Ok((visitor, secret)) = sign_in::demo(&api, &parts).await else { return Err(oops) };
            let mut response = page(&api, &visitor).await?;
            sign_in::remember(&mut response, &secret, https);
            Ok(response)
        }
        Err(oops) => Err(oops),
    }
}

async fn page(api: &Api, visitor: &Visitor) -> Result<Response, super::Oops> {
    visitor.may(Permission::View)?;
    let texts = &visitor.texts;
    let children = listing::children(api.core(), &visitor.session.asker).await?;
    let everything = NewErasure {
        child: None,
        scope: Scope::Everything {},
        include_kept: false,
        waive_undo: false,
        as_of: None,
    };
    let body = html! {
        @if children.is_empty() {
            p .nothing { (texts.text("children-none")) }
        }
        ul .cards {
            @for child in &children {
                li .card {
                    h2 { (child.name) }
                    (summary(visitor, child))
                    p .decide {
                        a .button .main href={ "/plain/children/" (child.id) } {
                            (texts.fill("child-open", &[("child", &child.name)]))
                        }
                        a .button href={ "/plain/children/" (child.id) "/holdings" } {
                            (texts.fill("holdings-title", &[("child", &child.name)]))
                        }
                    }
                }
            }
        }
        @if children.len() > 1 && visitor.has(Permission::Erase) {
            section .apart {
                h2 { (texts.text("everything-title")) }
                p { (texts.text("everything-about")) }
                p .decide { a .button href=(erase::address(&everything)) { (texts.text("everything-delete")) } }
            }
        }
    };
    Ok(Page::new(visitor, Way::Children, texts.text("children-title"), body).answer())
}

/// What is held, since when, by which devices, and what goes next.
pub fn summary(visitor: &Visitor, child: &ChildSummary) -> Markup {
    let texts = &visitor.texts;
    let devices = texts.list(child.devices.iter().map(|device| device.name.as_str()));
    html! {
        p .lead {
            @match child.oldest {
                Some(oldest) => {
                    (texts.count("child-holds", child.recordings, &[("since", &texts.date(texts.day_of(oldest)))]))
                }
                None => (texts.fill("child-nothing", &[("child", &child.name)])),
            }
        }
        @if !devices.is_empty() {
            p { (texts.fill("child-devices", &[("devices", &devices)])) }
        }
        @if let Some(end) = child.next_end {
            p { (texts.fill(words::next_end(end.because), &[("date", &texts.date(end.on))])) }
        }
        @if child.open_erasures > 0 {
            p { a href="/plain/requests" { (texts.count("child-erasures", child.open_erasures, &[])) } }
        }
    }
}
