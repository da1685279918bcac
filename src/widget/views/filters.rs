//! What is looked for: words as they are typed, and conditions.

use rules::{Class, Kind};
use web_sys::HtmlDetailsElement;
use yew::{
    html::TargetCast,
    prelude::{AttrValue, Callback, Html},
    virtual_dom::{AttributeOrProperty, Attributes},
};

use super::Cx;
use crate::{
    locale::Key,
    page,
    parts::{Weight, button, el, field, label, live, maybe, on, span, tag_of, text, with},
    state::{Change, Edge, Form, ListMsg, Msg},
    words, zone,
};

fn look(change: Change) -> Msg {
    Msg::List(ListMsg::Look(change))
}

/// The form above a list. It has no button: the list follows it.
pub fn form(cx: &Cx) -> Html {
    let form = &cx.state.list.form;
    let about = vec!["search".into(), "200".into(), "off".into(), page::SEARCH.into()];
    let typed = on("input", cx.typed(|words| look(Change::Words(words))));
    let search = field(&["type", "maxlength", "autocomplete", "id"], about, form.words.clone(), typed);
    let conditions = form.conditions();
    let set = maybe((conditions > 0).then_some(conditions), |n| {
        span("badge", cx.texts.count(Key::ConditionsSet, n, &[]))
    });
    let fields = vec![
        day(cx, Key::From, form.from.as_ref(), |day| look(Change::From(first_of(day)))),
        day(cx, Key::To, form.to.as_ref(), |day| look(Change::To(last_of(day)))),
        devices(cx, form),
        kinds(cx, form),
        classes(cx, form),
    ];
    let backwards = maybe(form.is_backwards().then(|| cx.text(Key::Backwards)), |words| {
        with("p", &["class", "role"], vec!["hint".into(), "alert".into()], vec![text(words)])
    });
    let summary = el("summary", "", vec![text(cx.text(Key::Conditions)), set]);
    let inside = vec![
        label("field wide", cx.text(Key::SearchWords), search),
        fold(
            cx,
            cx.state.list.unfolded,
            ListMsg::Unfold,
            vec![summary, el("div", "fields", fields), backwards],
        ),
        maybe((*form != Form::default()).then_some(()), |()| {
            button(cx, Weight::Quiet, cx.text(Key::LookForAll), look(Change::Nothing))
        }),
    ];
    let about = vec!["looking".into(), "search".into(), cx.text(Key::Looking)];
    with("div", &["class", "role", "aria-label"], about, inside)
}

/// What is folded in until it is wanted.
pub fn fold(cx: &Cx, unfolded: bool, msg: fn(bool) -> ListMsg, inside: Vec<Html>) -> Html {
    let (names, values): (&[_], _) = if unfolded {
        (&["class", "open"], vec!["conditions".into(), "".into()])
    } else {
        (&["class"], vec!["conditions".into()])
    };
    let toggled = cx.link.callback(move |event: web_sys::Event| {
        let unfolded = event.target_unchecked_into::<HtmlDetailsElement>().open();
        page::Event::Msg(Msg::List(msg(unfolded)))
    });
    live(tag_of("details", names, values, inside), on("toggle", toggled))
}

fn day(cx: &Cx, name: Key, edge: Option<&Edge>, msg: fn(String) -> Msg) -> Html {
    let day = edge.map(|edge| edge.day.clone()).unwrap_or_default();
    let chosen = on("change", cx.typed(msg));
    label("field", cx.text(name), field(&["type"], vec!["date".into()], day, chosen))
}

/// A list of choices by their place in it; the first means all.
fn choices(
    cx: &Cx,
    name: Key,
    names: &[AttrValue],
    chosen: Option<usize>,
    then: Callback<web_sys::Event>,
) -> Html {
    let value = |at: Option<usize>| at.map(|at| at.to_string()).unwrap_or_default();
    let option = |at: Option<usize>, name: AttrValue| {
        // The attribute chooses when the list is made, the property of the list ever after.
        let (names, values): (&[_], _) = if at == chosen {
            (&["value", "selected"], vec![value(at).into(), "".into()])
        } else {
            (&["value"], vec![value(at).into()])
        };
        with("option", names, values, vec![text(name)])
    };
    let mut options = vec![option(None, cx.text(Key::Any))];
    options.extend(names.iter().enumerate().map(|(at, name)| option(Some(at), name.clone())));
    let mut select = tag_of("select", &[], vec![], options);
    let property = Some(AttributeOrProperty::Property(value(chosen).into()));
    select.set_attributes(Attributes::Dynamic { keys: &["value"], values: Box::new([property]) });
    label("field", cx.text(name), live(select, on("change", then)))
}

fn devices(cx: &Cx, form: &Form) -> Html {
    let Some(child) = cx.state.chosen() else { return Html::default() };
    let names: Vec<_> = child.devices.iter().map(|device| device.name.clone().into()).collect();
    let ids: Vec<_> = child.devices.iter().map(|device| device.id).collect();
    let chosen = ids.iter().position(|id| Some(*id) == form.device);
    let then = cx.link.callback(move |event| {
        let device = super::choice_of(&event).and_then(|at| ids.get(at).copied());
        page::Event::Msg(look(Change::Device(device)))
    });
    choices(cx, Key::Device, &names, chosen, then)
}

const KINDS: [Kind; 2] = [Kind::Voice, Kind::Video];

fn kinds(cx: &Cx, form: &Form) -> Html {
    let names = KINDS.map(|kind| cx.text(words::kind(kind)));
    let chosen = KINDS.iter().position(|kind| Some(*kind) == form.kind);
    let then = cx.chosen(|at| look(Change::Kind(at.and_then(|at| KINDS.get(at).copied()))));
    choices(cx, Key::Kind, &names, chosen, then)
}

fn classes(cx: &Cx, form: &Form) -> Html {
    let names = Class::ALL.map(|class| cx.text(words::class(class)));
    let chosen = Class::ALL.iter().position(|class| Some(*class) == form.class);
    let then = cx.chosen(|at| look(Change::Class(at.and_then(|at| Class::ALL.get(at).copied()))));
    choices(cx, Key::Class, &names, chosen, then)
}

fn first_of(day: String) -> Option<Edge> {
    Some(Edge::first(day.parse().ok()?, zone::here()))
}

fn last_of(day: String) -> Option<Edge> {
    Some(Edge::last(day.parse().ok()?, zone::here()))
}
