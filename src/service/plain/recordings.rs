//! `/plain/children/{id}`: what there is of one child, found by words and conditions, ticked to be deleted.

use axum::extract::State;
use maud::{Markup, html};
use rules::{
    ChildId, Class, Date, Kind, Scope,
    contract::{ChildSummary, NewErasure, Permission, RecordingItem},
    scope::Filter,
};

use super::{
    Answer, Fields, Oops, Texts, Visitor, children, erase,
    fields::address,
    layout::{Page, Way, clock},
    words,
};
use crate::{
    api::{Api, failure::Failure, input::Id},
    listing::{self, DEFAULT_LIMIT, MAX_SKIP, View},
};

/// What was asked for, and what is wrong with it.
struct Asked<'a> {
    fields: &'a Fields,
    filter: Filter,
    backwards: bool,
    unsearchable: bool,
}

impl<'a> Asked<'a> {
    fn read(fields: &'a Fields, texts: &Texts) -> Result<Self, Oops> {
        let (from, to) = (fields.read::<Date>("from")?, fields.read::<Date>("to")?);
        let backwards = matches!((from, to), (Some(from), Some(to)) if to < from);
        let mut filter = Filter {
            q: fields.get("q").map(str::to_owned),
            from: from.map(|day| texts.start_of(day)),
            // The last day is one of them.
            to: to.filter(|_| !backwards).map(|day| texts.start_of(day.plus_days(1))),
            device: fields.read("device")?,
            kind: fields.word::<Kind>("kind")?,
            class: fields.word::<Class>("class")?,
        };
        let unsearchable = filter.check().is_err();
        if unsearchable {
            filter.q = None;
        }
        Ok(Self { fields, filter, backwards, unsearchable })
    }

    /// Whether a condition is left out because it is a mistake: more is found than was asked for.
    const fn is_wider(&self) -> bool {
        self.backwards || self.unsearchable
    }

    /// The address of the nth page of this.
    fn page(&self, child: ChildId, n: u32) -> String {
        let n = if n > 1 { n.to_string() } else { String::new() };
        let mut fields: Vec<(&str, &str)> = ["q", "from", "to", "device", "kind", "class"]
            .into_iter()
            .filter_map(|name| Some((name, self.fields.get(name)?)))
            .collect();
        fields.push(("page", &n));
        address(&format!("/plain/children/{child}"), &fields)
    }
}

/// `GET /plain/children/{id}`
pub async fn show(
    State(api): State<Api>,
    visitor: Visitor,
    Id(child): Id<ChildId>,
    fields: Fields,
) -> Answer {
    visitor.may(Permission::View)?;
    let (core, asker, texts) = (api.core(), &visitor.session.asker, &visitor.texts);
    let children = listing::children(core, asker).await?;
    let about = children.into_iter().find(|one| one.id == child).ok_or_else(Failure::not_found)?;
    let asked = Asked::read(&fields, texts)?;
    visitor.session.may_look_for(&asked.filter)?;
    let n = fields.read::<u32>("page")?.unwrap_or(1).clamp(1, MAX_SKIP / DEFAULT_LIMIT);
    let total = listing::count(core, asker, child, &asked.filter).await?;
    let view = View { asker, words: visitor.has(Permission::Play) };
    let items = match listing::place(core, asker, child, &asked.filter, (n - 1) * DEFAULT_LIMIT).await? {
        Some(before) => {
            listing::page(core, view, child, &asked.filter, Some(before), DEFAULT_LIMIT).await?.items
        }
        None => Vec::new(),
    };
    let more = u64::from(n * DEFAULT_LIMIT) < total;
    let body = html! {
        (children::summary(&visitor, &about))
        (looking(texts, &about, &asked))
        h2 { (texts.count("found", total, &[])) }
        @if items.is_empty() {
            p .nothing { (texts.text(if asked.filter.is_empty() { "list-empty" } else { "list-no-match" })) }
        } @else {
            (list(&visitor, child, &asked, &items, total))
        }
        @if n > 1 || more {
            nav .steps aria-label=(texts.text("plain-pages")) {
                @if n > 1 { a .button rel="prev" href=(asked.page(child, n - 1)) { (texts.text("newer")) } }
                @if more { a .button rel="next" href=(asked.page(child, n + 1)) { (texts.text("older")) } }
            }
        }
    };
    Ok(Page::new(&visitor, Way::Recordings(child), &about.name, body).answer())
}

/// Search and conditions.
fn looking(texts: &Texts, about: &ChildSummary, asked: &Asked<'_>) -> Markup {
    let field = |name| asked.fields.get(name).unwrap_or_default();
    let conditions = ["from", "to", "device", "kind", "class"];
    let set = conditions.into_iter().filter(|name| !field(name).is_empty()).count();
    html! {
        form .looking action={ "/plain/children/" (about.id) } method="get" role="search" aria-label=(texts.text("looking")) {
            label .field .wide {
                span { (texts.text("search-words")) }
                input type="search" name="q" value=(field("q")) maxlength="200"
                    aria-invalid=[asked.unsearchable.then_some("true")]
                    aria-describedby=[asked.unsearchable.then_some("q-hint")];
            }
            @if asked.unsearchable {
                p .hint #q-hint { (texts.text("plain-no-words")) }
            }
            details open[set > 0] {
                summary {
                    (texts.text("conditions"))
                    @if set > 0 { " · " (texts.count("conditions-set", set as u64, &[])) }
                }
                div .fields {
                    label .field { span { (texts.text("from")) } input type="date" name="from" value=(field("from")); }
                    label .field {
                        span { (texts.text("to")) }
                        input type="date" name="to" value=(field("to"))
                            aria-invalid=[asked.backwards.then_some("true")]
                            aria-describedby=[asked.backwards.then_some("to-hint")];
                    }
                    (choose(texts, "device", "device", field("device"),
                        about.devices.iter().map(|device| (device.id.to_string(), device.name.clone()))))
                    (choose(texts, "kind", "kind", field("kind"),
                        [("voice", Kind::Voice), ("video", Kind::Video)]
                            .map(|(name, kind)| (name.to_owned(), texts.text(words::kind(kind)).to_owned()))))
                    (choose(texts, "class", "class", field("class"),
                        Class::ALL
                            .map(|class| (class.name().to_owned(), texts.text(words::class(class)).to_owned()))))
                }
                @if asked.backwards {
                    p .hint #to-hint { (texts.text("backwards")) }
                }
            }
            p .decide {
                button .button .main { (texts.text("plain-look")) }
                @if !asked.filter.is_empty() || asked.unsearchable {
                    a .button href={ "/plain/children/" (about.id) } { (texts.text("look-for-all")) }
                }
            }
        }
    }
}

/// One of several, or all.
fn choose(
    texts: &Texts,
    label: &'static str,
    name: &str,
    chosen: &str,
    options: impl IntoIterator<Item = (String, String)>,
) -> Markup {
    html! {
        label .field {
            span { (texts.text(label)) }
            select name=(name) {
                option value="" { (texts.text("any")) }
                @for (value, shown) in options {
                    option value=(value) selected[value == chosen] { (shown) }
                }
            }
        }
    }
}

/// The recordings by day, each with a box to tick.
fn list(visitor: &Visitor, child: ChildId, asked: &Asked<'_>, items: &[RecordingItem], total: u64) -> Markup {
    let texts = &visitor.texts;
    let may_erase = visitor.has(Permission::Erase);
    let ask =
        |scope| NewErasure { child: Some(child), scope, include_kept: false, waive_undo: false, as_of: None };
    let ticked = erase::as_json(&ask(Scope::Items { recordings: Vec::new() }));
    // What she did not ask for is shown, and never offered to be deleted as a whole.
    let found = (!asked.filter.is_empty() && !asked.is_wider())
        .then(|| ask(Scope::Search { filter: asked.filter.clone() }));
    html! {
        form action="/plain/erase" method="get" {
            input type="hidden" name="request" value=(ticked);
            @for day in items.chunk_by(|a, b| texts.day_of(a.captured_at) == texts.day_of(b.captured_at)) {
                h3 { (texts.day(texts.day_of(day[0].captured_at))) }
                ul .rows {
                    @for item in day { (row(visitor, asked, item, may_erase)) }
                }
            }
            @if may_erase {
                @if asked.is_wider() {
                    p .hint { (texts.text("plain-found-wider")) }
                }
                p .decide .steady {
                    button .button { (texts.text("plain-delete-ticked")) }
                    @if let Some(found) = found {
                        a .button href=(erase::address(&found)) { (texts.count("plain-delete-found", total, &[])) }
                    }
                }
            }
        }
    }
}

fn row(visitor: &Visitor, asked: &Asked<'_>, item: &RecordingItem, tick: bool) -> Markup {
    let texts = &visitor.texts;
    let time = texts.time(item.captured_at);
    let said = item.excerpt.as_deref().map(|words| texts.fill("quoted", &[("words", words)]));
    let said = said.unwrap_or_else(|| texts.text("no-transcript").to_owned());
    let open = address(
        &format!("/plain/recordings/{}", item.id),
        &[("q", asked.filter.q.as_deref().unwrap_or_default())],
    );
    html! {
        li .row {
            @if tick {
                input type="checkbox" name="rec" value=(item.id)
                    aria-label=(texts.fill("select-row", &[("time", &time), ("words", &said)]));
            }
            div {
                a href=(open) {
                    time datetime=(item.captured_at) { (time) } " "
                    span .said lang=[item.language.as_deref()] dir="auto" {
                        @match &item.excerpt {
                            Some(words) => (marked(words, &item.marks)),
                            None => (texts.text("no-transcript")),
                        }
                    }
                }
                p .quiet {
                    @if item.kind == Kind::Video { span { (texts.text("kind-video")) } " " }
                    @if item.classes.contains(&Class::Media) { span { (clock(item.duration_ms)) } " " }
                    @if let Some(device) = &item.device { span { (device.name) } " " }
                    @if item.classes.contains(&Class::Location) { span { (texts.text("with-place")) } " " }
                    @if let Some(until) = item.kept_until {
                        strong .badge { (texts.fill("kept-until", &[("date", &texts.date(until))])) }
                    }
                }
            }
        }
    }
}

/// A text with what was searched for in it marked.
pub fn marked(text: &str, marks: &[(u32, u32)]) -> Markup {
    let units: Vec<u16> = text.encode_utf16().collect();
    let part = |from: u32, to: u32| {
        String::from_utf16_lossy(units.get(from as usize..to as usize).unwrap_or_default())
    };
    let end = u32::try_from(units.len()).unwrap_or(u32::MAX);
    let starts = std::iter::once(0).chain(marks.iter().map(|(_, to)| *to));
    html! {
        @for (start, mark) in starts.zip(marks.iter().copied().map(Some).chain([None])) {
            (part(start, mark.map_or(end, |(from, _)| from)))
            @if let Some((from, to)) = mark { mark { (part(from, to)) } }
        }
    }
}
