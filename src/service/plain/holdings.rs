//! `/plain/children/{id}/holdings`: what each place holds of a child, and deleting a kind of data or
//! everything.

use axum::extract::State;
use maud::{Markup, html};
use rules::{
    ChildId, Class, Scope,
    contract::{Held, NewErasure, Permission},
};

use super::{
    Answer, Texts, Visitor, erase,
    layout::{Page, Way},
    progress::recipients,
    words,
};
use crate::{
    api::{Api, input::Id},
    listing,
};

/// `GET /plain/children/{id}/holdings`
pub async fn show(State(api): State<Api>, visitor: Visitor, Id(child): Id<ChildId>) -> Answer {
    visitor.may(Permission::View)?;
    let (core, asker, texts) = (api.core(), &visitor.session.asker, &visitor.texts);
    let holdings = listing::holdings(core, asker, child).await?;
    let name = listing::name(core, asker, child).await?;
    let named = [("child", &*name)];
    let ask = |scope| {
        erase::address(&NewErasure {
            child: Some(child),
            scope,
            include_kept: false,
            waive_undo: false,
            as_of: None,
        })
    };
    let body = html! {
        p { (texts.fill("holdings-about", &[("at", &texts.moment(holdings.as_of))])) }
        ul .cards {
            @for holding in &holdings.stores {
                @let (name, about) = words::store(holding.store);
                li .card {
                    h2 { (texts.text(name)) }
                    p .quiet { (texts.text(about)) }
                    (answer(texts, &holding.held))
                }
            }
        }
        (recipients(texts, &holdings.recipients, &texts.fill("recipients-held", &named)))
        @if visitor.has(Permission::Erase) {
            section .apart {
                h2 { (texts.text("classes-title")) }
                p { (texts.text("classes-about")) }
                p .decide {
                    @for class in Class::ALL {
                        a .button href=(ask(Scope::Class { class, from: None, to: None })) {
                            (texts.fill("class-delete", &[("class", texts.text(words::class(class)))]))
                        }
                    }
                }
            }
            section .apart {
                h2 { (texts.fill("child-delete-title", &named)) }
                p { (texts.text("child-delete-about")) }
                p .decide { a .button href=(ask(Scope::Child {})) { (texts.fill("child-delete", &named)) } }
            }
        }
    };
    let title = texts.fill("holdings-title", &named);
    Ok(Page::new(&visitor, Way::Holdings(child), &title, body).answer())
}

/// "We hold nothing", "we did not look" and "it cannot be tied to your child" are three answers.
fn answer(texts: &Texts, held: &Held) -> Markup {
    const MEGABYTE: u64 = 1_000_000;
    html! {
        @match held {
            Held::Held { copies, sealed, bytes } => {
                p .lead { (texts.count("copies", *copies, &[])) }
                @if *sealed > 0 { p { (texts.count("copies-sealed", *sealed, &[])) } }
                @match bytes {
                    Some(bytes) if *bytes < MEGABYTE => {
                        p .quiet { (texts.count("kilobytes", bytes.div_ceil(1000), &[])) }
                    }
                    Some(bytes) => { p .quiet { (texts.count("megabytes", bytes.div_ceil(MEGABYTE), &[])) } }
                    None => {}
                }
            }
            Held::None => { p .lead { (texts.text("held-none")) } }
            Held::NotSearched => { p .lead { (texts.text("held-not-searched")) } }
            Held::NotLinkable => { p .lead { (texts.text("held-not-linkable")) } }
        }
    }
}
