//! `/plain/recordings/{id}`: one recording, heard, read, kept.

use axum::{extract::State, http::StatusCode, response::Response};
use maud::{Markup, html};
use rules::{
    Class, Date, Kind, RecordingId, Scope,
    contract::{NewErasure, Permission, Recording},
    keep::{self as rule, KeepRefused},
    location::Place,
    scope::Filter,
};

use super::{
    Answer, Fields, Oops, Texts, Visitor, erase,
    fields::Form,
    layout::{Page, Way, clock, fact, token},
    recordings::marked,
    see_other, words,
};
use crate::{
    access,
    api::{Api, input::Id},
    keep::{self, KeepError},
    playback,
};

/// How long a keep may be, as it is offered: months (the element's). None is chosen beforehand.
const OFFERED_MONTHS: [u32; 3] = [12, 6, 3];

/// `GET /plain/recordings/{id}`
pub async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    Id(id): Id<RecordingId>,
    fields: Fields,
) -> Answer {
    let q = Filter { q: fields.get("q").map(str::to_owned), ..Filter::default() };
    let q = q.q.clone().filter(|_| q.check().is_ok());
    let said = match fields.get("said") {
        Some("kept") => Some(Said::Kept),
        Some("keep-ended") => Some(Said::KeepEnded),
        _ => None,
    };
    Ok(page(&api, &visitor, id, q.as_deref(), said, None).await?.answer_as(&visitor, StatusCode::OK))
}

/// `POST /plain/recordings/{id}/keep`
pub async fn keep(
    State(api): State<Api>,
    visitor: Visitor,
    Id(id): Id<RecordingId>,
    Form(form): Form,
) -> Answer {
    visitor.may(Permission::Keep)?;
    visitor.sent(&form)?;
    // What was written by hand counts before what was offered.
    let until = form.get("other").or_else(|| form.get("until"));
    let refused = match until.map(str::parse::<Date>) {
        None => Refused::Missing,
        Some(Err(_)) => Refused::Missing,
        Some(Ok(until)) => match keep::put(api.core(), &visitor.session.asker, id, until).await {
            Ok(_) => return Ok(see_other(&format!("/plain/recordings/{id}?said=kept"))),
            Err(KeepError::Refused(why)) => Refused::Because(why),
            Err(error) => return Err(error.into()),
        },
    };
    let wrong = (refused, form.get("other").unwrap_or_default().to_owned());
    let page = page(&api, &visitor, id, None, None, Some(wrong)).await?;
    Ok(page.answer_as(&visitor, StatusCode::UNPROCESSABLE_ENTITY))
}

/// `POST /plain/recordings/{id}/keep/end`
pub async fn end_keep(
    State(api): State<Api>,
    visitor: Visitor,
    Id(id): Id<RecordingId>,
    Form(form): Form,
) -> Answer {
    visitor.may(Permission::Keep)?;
    visitor.sent(&form)?;
    keep::delete(api.core(), &visitor.session.asker, id).await?;
    Ok(see_other(&format!("/plain/recordings/{id}?said=keep-ended")))
}

/// What was done just now, as the address says.
#[derive(Clone, Copy)]
enum Said {
    Kept,
    KeepEnded,
}

/// Why a date will not do.
enum Refused {
    Missing,
    Because(KeepRefused),
}

/// A page before it is one.
struct Drawn {
    title: String,
    child: rules::ChildId,
    body: Markup,
}

impl Drawn {
    fn answer_as(self, visitor: &Visitor, status: StatusCode) -> Response {
        let mut page = Page::new(visitor, Way::Elsewhere, &self.title, self.body);
        page.child = Some(self.child);
        page.with(status)
    }
}

async fn page(
    api: &Api,
    visitor: &Visitor,
    id: RecordingId,
    q: Option<&str>,
    said: Option<Said>,
    wrong: Option<(Refused, String)>,
) -> Result<Drawn, Oops> {
    visitor.may(Permission::Play)?;
    let (core, texts) = (api.core(), &visitor.texts);
    let recording = access::read(core, &visitor.session.asker, id, q).await?;
    let item = &recording.item;
    let at = texts.moment(item.captured_at);
    let title = texts.fill("recording-of", &[("kind", texts.text(words::kind(item.kind))), ("at", &at)]);
    let ticket = match item.classes.contains(&Class::Media) {
        true => Some(playback::ticket(core, &visitor.session, id).await?),
        false => None,
    };
    let this = NewErasure {
        child: Some(item.child),
        scope: Scope::Items { recordings: vec![id] },
        include_kept: false,
        waive_undo: false,
        as_of: None,
    };
    let kept = item.kept_until.map(|until| texts.date(until));
    // An address outlives what it says: a keep ends, another begins.
    let said = match said {
        Some(Said::Kept) => kept.map(|date| texts.fill("said-kept", &[("date", &date)])),
        Some(Said::KeepEnded) if kept.is_none() => Some(texts.text("said-keep-ended").to_owned()),
        _ => None,
    };
    let body = html! {
        p { a href={ "/plain/children/" (item.child) } { (texts.text("back-to-list")) } }
        @if let Some(said) = said {
            p .said-so role="status" { (said) }
        }
        @match &ticket {
            Some(ticket) if item.kind == Kind::Video => {
                video controls preload="none" src=(ticket.url) aria-label=(texts.fill("play-of", &[("recording", &title)])) {}
            }
            Some(ticket) => {
                audio controls preload="none" src=(ticket.url) aria-label=(texts.fill("play-of", &[("recording", &title)])) {}
            }
            None => { p { (texts.text("no-media")) } }
        }
        h2 { (texts.text("transcript-title")) }
        @match &recording.transcript {
            Some(said) => {
                blockquote lang=[said.language.as_deref()] dir="auto" { p { (marked(&said.text, &said.marks)) } }
            }
            None => { p .quiet { (texts.text("no-transcript")) } }
        }
        @if recording.made.iter().any(|made| made.text.is_some()) {
            h2 { (texts.text("learned")) }
            ul { @for fact in recording.made.iter().filter_map(|made| made.text.as_ref()) { li dir="auto" { (fact) } } }
        }
        (facts(texts, &recording))
        @if visitor.has(Permission::Keep) {
            (keeping(visitor, core.clock.now().date(), &recording, wrong))
        }
        @if visitor.has(Permission::Erase) {
            p .decide .apart { a .button href=(erase::address(&this)) { (texts.text("delete-this")) } }
        }
    };
    Ok(Drawn { title, child: item.child, body })
}

fn facts(texts: &Texts, recording: &Recording) -> Markup {
    let item = &recording.item;
    let device = item.device.as_ref().map_or(texts.text("unknown"), |device| &device.name);
    let place = recording.location.map_or_else(|| texts.text("no-place").to_owned(), |at| place(texts, at));
    let stores = texts.list(recording.stores.iter().map(|store| texts.text(words::store(*store).0)));
    let end = texts.fill(words::end(recording.end.because), &[("date", &texts.date(recording.end.on))]);
    html! {
        dl .facts {
            (fact(texts.text("fact-length"), &clock(item.duration_ms)))
            (fact(texts.text("fact-device"), device))
            (fact(texts.text("fact-place"), &place))
            (fact(texts.text("fact-stores"), &stores))
            (fact(texts.text("fact-end"), &end))
            @if let Some(until) = item.kept_until {
                (fact(texts.text("fact-kept"), &texts.date(until)))
            }
        }
    }
}

fn place(texts: &Texts, place: Place) -> String {
    let (latitude, longitude) = (degrees(place.latitude_udeg), degrees(place.longitude_udeg));
    let at = [("latitude", &*latitude), ("longitude", &*longitude)];
    match place.accuracy_m {
        Some(metres) => {
            let within = texts.count("metres", u64::from(metres), &[]);
            texts.fill("place-within", &[at[0], at[1], ("within", &within)])
        }
        None => texts.fill("place", &at),
    }
}

/// Millionths of a degree as a decimal of five places, about a metre.
fn degrees(udeg: i32) -> String {
    let rounded = (udeg.unsigned_abs() + 5) / 10;
    let sign = if udeg < 0 && rounded > 0 { "\u{2212}" } else { "" };
    format!("{sign}{}.{:05}", rounded / 100_000, rounded % 100_000)
}

/// Until when it is kept: offered days, or another one.
fn keeping(
    visitor: &Visitor,
    today: Date,
    recording: &Recording,
    wrong: Option<(Refused, String)>,
) -> Markup {
    let texts = &visitor.texts;
    let id = recording.item.id;
    let latest = rule::latest(today);
    let offered = OFFERED_MONTHS.map(|months| (months, today.plus_months(i64::from(months))));
    let typed = wrong.as_ref().map(|(_, typed)| typed.as_str()).unwrap_or_default();
    let invalid = wrong.is_some();
    html! {
        form .keep .apart action={ "/plain/recordings/" (id) "/keep" } method="post" {
            (token(visitor))
            fieldset {
                legend { (texts.text("keep-title")) }
                @for (months, until) in &offered {
                    label .choice {
                        input type="radio" name="until" value=(until);
                        span { (texts.count("keep-months", u64::from(*months), &[("date", &texts.date(*until))])) }
                    }
                }
                label .field .wide {
                    span { (texts.fill("keep-free", &[("date", &texts.date(latest))])) }
                    input type="date" name="other" value=(typed) min=(today.plus_days(1)) max=(latest)
                        aria-invalid=[invalid.then_some("true")] aria-describedby=[invalid.then_some("keep-refused")];
                }
                @if let Some((why, _)) = &wrong {
                    p .hint #keep-refused role="alert" { (refused(texts, why)) }
                }
                p .decide {
                    button .button .main { (texts.text("keep-do")) }
                }
            }
        }
        @if recording.item.kept_until.is_some() {
            form action={ "/plain/recordings/" (id) "/keep/end" } method="post" {
                (token(visitor))
                p .decide { button .button { (texts.text("keep-end")) } }
            }
        }
    }
}

fn refused(texts: &Texts, why: &Refused) -> String {
    match why {
        Refused::Missing => texts.text("keep-no-date").to_owned(),
        Refused::Because(KeepRefused::NotInFuture) => texts.text("keep-not-in-future").to_owned(),
        Refused::Because(KeepRefused::TooLong { latest }) => {
            texts.fill("keep-too-long", &[("date", &texts.date(*latest))])
        }
    }
}
