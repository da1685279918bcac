//! `/plain/erase`: a deletion before it is asked for, and asking for it.
//!
//! What is previewed travels as the very request that `/v1/erasures` takes, so what is confirmed is
//! what was shown. The preview makes the key under which it counts once, however often it is sent.

use axum::{extract::State, http::StatusCode, response::Response};
use maud::{Markup, html};
use rules::{
    RecordingId, Scope,
    contract::{NewErasure, Permission, Preview},
    preview::StoreCount,
};
use sha2::{Digest, Sha256};

use super::{
    Answer, Fields, Oops, Texts, Visitor, fields,
    fields::Form,
    layout::{Page, Way, token},
    progress::{models, recipients},
    see_other, words,
};
use crate::{
    api::{Api, erasures::may_ask, failure::Failure, input},
    erasure::{ErasureError, Idempotency, accept},
    listing, session,
};

/// The request as a form carries it.
pub fn as_json(request: &NewErasure) -> String {
    serde_json::to_string(request).unwrap_or_default()
}

/// The address of its preview.
pub fn address(request: &NewErasure) -> String {
    fields::address("/plain/erase", &[("request", &as_json(request))])
}

fn read(fields: &Fields) -> Result<NewErasure, Oops> {
    let request =
        fields.get("request").ok_or_else(|| Failure::invalid("a form of these pages says what is meant"))?;
    Ok(input::json(request.as_bytes())?)
}

/// `GET /plain/erase`: what would go, what stays and why, until when it can be taken back.
pub async fn preview(State(api): State<Api>, visitor: Visitor, fields: Fields) -> Answer {
    let mut request = read(&fields)?;
    if let Scope::Items { recordings } = &mut request.scope {
        for ticked in fields.all("rec") {
            recordings.push(ticked.parse::<RecordingId>().map_err(|_| Failure::not_found())?);
        }
        if recordings.is_empty() {
            return Ok(nothing_ticked(&visitor, &request));
        }
    }
    request.include_kept = fields.get("include_kept").is_some();
    request.waive_undo = fields.get("waive_undo").is_some();
    page(&api, &visitor, request, None).await
}

/// `POST /plain/erase`
pub async fn confirm(State(api): State<Api>, visitor: Visitor, Form(form): Form) -> Answer {
    visitor.may(Permission::Erase)?;
    visitor.sent(&form)?;
    let request = read(&form)?;
    may_ask(&visitor.session, &request)?;
    let key = form.get("key").ok_or_else(|| Failure::invalid("a form of these pages has a key"))?;
    let typed = form.get("name").unwrap_or_default();
    if let Some(name) = must_type(&api, &visitor, &request).await?
        && !typed.eq_ignore_ascii_case(name.trim())
    {
        let again = Again { key: key.to_owned(), typed: typed.to_owned() };
        return page(&api, &visitor, request, Some(again)).await;
    }
    let request_hash = Sha256::digest(as_json(&request)).into();
    let idempotency = Idempotency { key: key.to_owned(), request_hash };
    let (erasure, _) =
        accept::accept(api.core(), &visitor.session.asker, &request, Some(idempotency)).await?;
    Ok(see_other(&format!("/plain/requests/{}", erasure.id)))
}

/// The name was not typed as it is: the same form again.
struct Again {
    key: String,
    typed: String,
}

/// What has to be typed before everything goes.
async fn must_type(api: &Api, visitor: &Visitor, request: &NewErasure) -> Result<Option<String>, Oops> {
    match (&request.scope, request.child) {
        (Scope::Everything {}, _) => Ok(Some(visitor.texts.text("erase-type-all").to_owned())),
        (Scope::Child {}, Some(child)) => {
            Ok(Some(listing::name(api.core(), &visitor.session.asker, child).await?))
        }
        _ => Ok(None),
    }
}

async fn page(
    api: &Api,
    visitor: &Visitor,
    mut request: NewErasure,
    again: Option<Again>,
) -> Result<Response, Oops> {
    visitor.may(Permission::Erase)?;
    may_ask(&visitor.session, &request)?;
    let texts = &visitor.texts;
    let preview = match accept::preview(api.core(), &visitor.session.asker, &request).await {
        // Ids of nothing, and of what was sealed since: nothing is there to be deleted.
        Err(ErasureError::NothingMatches) => return Err(Failure::not_found().into()),
        preview => preview?,
    };
    let child = visitor.names(api, &preview.children).await?;
    let name = must_type(api, visitor, &request).await?;
    let as_asked = request.clone();
    request.as_of = Some(preview.as_of);
    let title = title(texts, &request.scope, &preview, &child);
    let wrong = again.is_some();
    let (key, typed) = match again {
        Some(Again { key, typed }) => (key, typed),
        None => (session::secret("plain-"), String::new()),
    };
    let back = request.child.map_or_else(|| "/plain".to_owned(), |child| format!("/plain/children/{child}"));
    let shared: u64 = preview.made.iter().map(|made| made.shared).sum();
    let body = html! {
        @if preview.recordings == 0 {
            p .lead { (texts.text("erase-nothing")) }
            @if preview.kept.is_some() || request.include_kept { (kept(texts, &preview)) (options(texts, &as_asked, true, false)) }
        } @else {
            p .lead {
                (texts.count("erase-number", preview.recordings, &[("child", &child)])) " " (period(texts, &preview))
            }
            h2 { (texts.text("erase-places")) }
            ul .places {
                @for count in &preview.stores {
                    li { span { (texts.text(words::store(count.store).0)) } " " span { (texts.count("copies", things(&preview, *count), &[])) } }
                }
            }
            @if shared > 0 {
                p { (texts.fill("made-shared", &[("n", &texts.number(shared))])) }
            }
            (models(texts, &preview.models))
            (recipients(texts, &preview.recipients, texts.text("recipients-about")))
            @if preview.kept.is_some() { (kept(texts, &preview)) }
            h2 { (texts.text("erase-when")) }
            p { (texts.text("erase-at-once")) }
            p { (texts.fill(taking_back(&preview, &request), &[("at", &texts.moment(preview.sealed_until))])) }
            p { (texts.fill("erase-expected", &[("at", &texts.moment(preview.expected_by))])) }
            (options(texts, &as_asked, preview.kept.is_some() || request.include_kept, true))
        }
        form .apart action="/plain/erase" method="post" {
            (token(visitor))
            input type="hidden" name="request" value=(as_json(&request));
            input type="hidden" name="key" value=(key);
            @if preview.recordings > 0 {
                @if let Some(name) = &name {
                    label .field .wide {
                        span { (texts.fill("erase-type", &[("name", name)])) }
                        input type="text" name="name" value=(typed) autocomplete="off" required
                            aria-invalid=[wrong.then_some("true")] aria-describedby=[wrong.then_some("name-hint")];
                    }
                    @if wrong { p .hint #name-hint role="alert" { (texts.text("erase-type-wrong")) } }
                }
            }
            p .decide {
                a .button href=(back) { (texts.text("erase-leave")) }
                @if preview.recordings > 0 {
                    button .button .grave { (texts.count("delete-selected", preview.recordings, &[])) }
                }
            }
        }
    };
    let mut page = Page::new(visitor, Way::Elsewhere, &title, body);
    page.child = request.child;
    Ok(page.with(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }))
}

fn title(texts: &Texts, scope: &Scope, preview: &Preview, child: &str) -> String {
    match scope {
        Scope::Class { class, .. } => {
            let class = texts.text(words::class(*class));
            texts.count("erase-class-title", preview.recordings, &[("class", class), ("child", child)])
        }
        Scope::Child {} | Scope::Everything {} => texts.fill("erase-all-title", &[("child", child)]),
        _ => texts.count("erase-some-title", preview.recordings, &[("child", child)]),
    }
}

fn period(texts: &Texts, preview: &Preview) -> String {
    let (Some(oldest), Some(newest)) = (preview.oldest, preview.newest) else { return String::new() };
    let (from, to) = (texts.date(texts.day_of(oldest)), texts.date(texts.day_of(newest)));
    if from == to {
        texts.fill("on-day", &[("day", &from)])
    } else {
        texts.fill("from-to", &[("from", &from), ("to", &to)])
    }
}

/// Copies are one a recording; of what was made from recordings, the things themselves are counted.
fn things(preview: &Preview, count: StoreCount) -> u64 {
    preview.made.iter().find(|made| made.store == count.store).map_or(count.copies, |made| made.things)
}

const fn taking_back(preview: &Preview, request: &NewErasure) -> &'static str {
    match (preview.contested, request.waive_undo) {
        (true, _) => "erase-contested",
        (false, true) => "erase-no-undo",
        (false, false) => "erase-undo",
    }
}

/// What stays, and why.
fn kept(texts: &Texts, preview: &Preview) -> Markup {
    html! {
        @if let Some(kept) = preview.kept {
            h2 { (texts.text("erase-kept")) }
            p { (texts.count("erase-kept-about", kept.recordings, &[("date", &texts.date(kept.until))])) }
        }
    }
}

/// The choices that change what would happen: looked at again before anything is asked for.
fn options(texts: &Texts, request: &NewErasure, keeps: bool, undo: bool) -> Markup {
    html! {
        form .options action="/plain/erase" method="get" {
            input type="hidden" name="request" value=(as_json(request));
            @if keeps {
                label .choice {
                    input type="checkbox" name="include_kept" value="1" checked[request.include_kept];
                    span { (texts.text("erase-kept-too")) }
                }
            }
            @if undo {
                label .choice {
                    input type="checkbox" name="waive_undo" value="1" checked[request.waive_undo];
                    span { (texts.text("erase-waive")) }
                }
            }
            p .decide { button .button { (texts.text("plain-see-again")) } }
        }
    }
}

/// Nothing was ticked: said, and the way back.
fn nothing_ticked(visitor: &Visitor, request: &NewErasure) -> Response {
    let texts = &visitor.texts;
    let back = request.child.map_or_else(|| "/plain".to_owned(), |child| format!("/plain/children/{child}"));
    let body = html! {
        p .lead { (texts.text("safe-nothing-changed")) }
        p .decide { a .button href=(back) { (texts.text("back-to-list")) } }
    };
    let mut page = Page::new(visitor, Way::Elsewhere, texts.text("plain-nothing-ticked"), body);
    page.child = request.child;
    page.with(StatusCode::UNPROCESSABLE_ENTITY)
}
