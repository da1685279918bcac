//! What all pages have in common.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};
use rules::{
    ChildId,
    problem::{Problem, ProblemType},
};

use super::{Texts, Visitor, words};

/// Where in the pages one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Children,
    Recordings(ChildId),
    Holdings(ChildId),
    Requests,
    /// None of them.
    Elsewhere,
}

/// One page.
pub struct Page<'a> {
    pub texts: &'a Texts,
    pub title: &'a str,
    /// Of the session that the browser shows, so that it can be left; it may be over.
    pub token: Option<&'a str>,
    /// None for who is not signed in: there is nowhere to go.
    pub way: Option<Way>,
    /// The child that is spoken of, so that its other pages are at hand.
    pub child: Option<ChildId>,
    /// After how many seconds it is worth loading again.
    pub refresh: Option<u32>,
    pub body: Markup,
}

impl<'a> Page<'a> {
    /// An ordinary page of a signed-in parent.
    pub const fn new(visitor: &'a Visitor, way: Way, title: &'a str, body: Markup) -> Self {
        let child = match way {
            Way::Recordings(child) | Way::Holdings(child) => Some(child),
            _ => None,
        };
        let token = Some(visitor.token.as_str());
        Self { texts: &visitor.texts, title, token, way: Some(way), child, refresh: None, body }
    }

    /// As an answer.
    pub fn answer(self) -> Response {
        self.with(StatusCode::OK)
    }

    /// As an answer with this status.
    pub fn with(self, status: StatusCode) -> Response {
        let Self { texts, title, token, way, child, refresh, body } = self;
        let page = html! {
            (DOCTYPE)
            html lang=(texts.language()) dir=(texts.text("direction")) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(seconds) = refresh {
                        meta http-equiv="refresh" content=(seconds);
                    }
                    title { (title) }
                    link rel="stylesheet" href="/plain/style.css";
                }
                body {
                    @if way.is_some() || token.is_some() {
                        header {
                            @if let Some(token) = token { (leave(texts, token)) }
                            @if let Some(way) = way { (ways(texts, way, child)) }
                        }
                    }
                    main {
                        h1 { (title) }
                        (body)
                    }
                    footer {
                        p {
                            (texts.fill("plain-zone", &[("zone", texts.zone_name())])) " "
                            a href="/plain/reading" { (texts.text("plain-reading")) }
                        }
                    }
                }
            }
        };
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response()
    }
}

/// The way out, first on the page: one press of Tab, and in sight wherever the page is scrolled to.
fn leave(texts: &Texts, token: &str) -> Markup {
    html! {
        form .leave action="/plain/leave" method="post" {
            input type="hidden" name="token" value=(token);
            button .button { (texts.text("leave-page")) }
        }
    }
}

fn ways(texts: &Texts, here: Way, child: Option<ChildId>) -> Markup {
    let mut ways = vec![(Way::Children, "way-children", "/plain".to_owned())];
    if let Some(child) = child {
        ways.push((Way::Recordings(child), "way-recordings", format!("/plain/children/{child}")));
        ways.push((Way::Holdings(child), "way-holdings", format!("/plain/children/{child}/holdings")));
    }
    ways.push((Way::Requests, "way-requests", "/plain/requests".to_owned()));
    html! {
        nav aria-label=(texts.text("ways")) {
            ul {
                @for (way, name, address) in ways {
                    li { a href=(address) aria-current=[(way == here).then_some("page")] { (texts.text(name)) } }
                }
            }
        }
    }
}

/// A page about what went wrong: what happened, what is safe, what to do.
pub fn trouble(texts: &Texts, problem: &Problem, token: Option<&str>, demo: bool) -> Response {
    let (what, what_to_do) = words::trouble(problem.kind);
    let signed_out = matches!(
        problem.kind,
        ProblemType::NoSession | ProblemType::SessionExpired | ProblemType::WrongOrigin
    );
    // Ours may have come too late to say "nothing was changed".
    let unsure = matches!(problem.kind, ProblemType::Internal | ProblemType::Unavailable);
    let body = html! {
        p .lead { (texts.text(if unsure { "safe-again" } else { "safe-nothing-changed" })) }
        p { (texts.text(if signed_out { "plain-signed-out-do" } else { what_to_do })) }
        @if !signed_out || demo {
            p .decide { a .button href="/plain" { (texts.text("plain-begin")) } }
        }
    };
    let way = (!signed_out).then_some(Way::Elsewhere);
    let page = Page { texts, title: texts.text(what), token, way, child: None, refresh: None, body };
    page.with(StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}

/// What a form that changes something carries.
pub fn token(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name="token" value=(visitor.token); }
}

/// One fact of a list of them.
pub fn fact(name: &str, value: &str) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// A length: 1:05, 1:02:03.
pub fn clock(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
