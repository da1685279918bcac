//! Elements: a tag, attributes, what is in it, what listens on it.
//!
//! Where `html!` unfolds into a few hundred bytes of code for every element, and into a type for
//! every kind of event, a call of one of these takes some twenty.

use std::{borrow::Cow, rc::Rc};

use yew::{
    prelude::{AttrValue, Callback, Html},
    virtual_dom::{AttributeOrProperty, Attributes, Key, Listener, ListenerKind, VList, VTag, VText},
};

/// An element with a class (or none, if that is empty) and children.
pub fn el(tag: &'static str, class: &'static str, children: Vec<Html>) -> Html {
    if class.is_empty() {
        with(tag, &[], vec![], children)
    } else if let Some(part) = class.split(' ').next().filter(|first| PARTS.contains(first)) {
        with(tag, &["class", "part"], vec![class.into(), part.into()], children)
    } else {
        with(tag, &["class"], vec![class.into()], children)
    }
}

/// What a host's own style sheet can reach with `::part`. A class of this name is a part as well.
pub const PARTS: [&str; 20] = [
    "page",
    "ways",
    "way",
    "button",
    "main-button",
    "grave-button",
    "field",
    "card",
    "toolbar",
    "row",
    "day",
    "player",
    "play",
    "waveform",
    "dialog",
    "trouble",
    "status",
    "timeline",
    "map",
    "badge",
];

/// An element with these attributes and children.
pub fn with(
    tag: &'static str,
    names: &'static [&'static str],
    values: Vec<AttrValue>,
    children: Vec<Html>,
) -> Html {
    tag_of(tag, names, values, children).into()
}

/// The same, before it is done: something may be added to it.
pub fn tag_of(
    tag: &'static str,
    names: &'static [&'static str],
    values: Vec<AttrValue>,
    children: Vec<Html>,
) -> VTag {
    let mut element = VTag::new(tag);
    let values = values.into_iter().map(|value| Some(AttributeOrProperty::Attribute(value)));
    element.set_attributes(Attributes::Dynamic { keys: names, values: values.collect() });
    element.add_children(children);
    element
}

/// An element that stands where a style puts it. A strict policy refuses the attribute, so it is
/// the property; its name must be the last of `names`.
pub fn placed(
    tag: &'static str,
    names: &'static [&'static str],
    values: Vec<AttrValue>,
    style: String,
    children: Vec<Html>,
) -> VTag {
    let mut element = VTag::new(tag);
    let values = values.into_iter().map(|value| Some(AttributeOrProperty::Attribute(value)));
    let style = Some(AttributeOrProperty::Property(style.into()));
    element.set_attributes(Attributes::Dynamic { keys: names, values: values.chain([style]).collect() });
    element.add_children(children);
    element
}

/// What listens for one kind of event.
struct On(&'static str, Callback<web_sys::Event>);

impl Listener for On {
    fn kind(&self) -> ListenerKind {
        // The named kinds are a hundred arms of a match; a name is a name.
        ListenerKind::other(Cow::Borrowed(self.0))
    }

    fn handle(&self, event: web_sys::Event) {
        self.1.emit(event);
    }

    fn passive(&self) -> bool {
        false
    }
}

/// Something that listens for events of this name, like `click`.
pub fn on(kind: &'static str, then: Callback<web_sys::Event>) -> Rc<dyn Listener> {
    Rc::new(On(kind, then))
}

/// An element that listens.
pub fn live(mut element: VTag, listener: Rc<dyn Listener>) -> Html {
    element.add_listener(listener);
    element.into()
}

/// A button with these attributes, one of which is its class.
pub fn press(
    names: &'static [&'static str],
    values: Vec<AttrValue>,
    then: Callback<web_sys::Event>,
    children: Vec<Html>,
) -> Html {
    live(tag_of("button", names, values, children), on("click", then))
}

/// A field with a value, which listens.
pub fn field(
    names: &'static [&'static str],
    values: Vec<AttrValue>,
    value: impl Into<AttrValue>,
    listener: Rc<dyn Listener>,
) -> Html {
    let mut element = tag_of("input", names, values, vec![]);
    element.set_value(value.into());
    live(element, listener)
}

/// A box to tick, or one choice of several, which listens.
pub fn tick(
    names: &'static [&'static str],
    values: Vec<AttrValue>,
    checked: bool,
    listener: Rc<dyn Listener>,
) -> Html {
    let mut element = tag_of("input", names, values, vec![]);
    element.set_checked(checked);
    live(element, listener)
}

/// A label around a field, with its words before it.
pub fn label(class: &'static str, words: impl Into<AttrValue>, field: Html) -> Html {
    el("label", class, vec![span("", words), field])
}

/// A label around a box or a choice, with its words after it.
pub fn choice(words: impl Into<AttrValue>, tick: Html) -> Html {
    el("label", "choice", vec![tick, span("", words)])
}

/// An element of a list that may change its place.
pub fn keyed(key: String, element: Html) -> Html {
    VList::with_children(vec![element], Some(Key::from(key))).into()
}

/// Text.
pub fn text(text: impl Into<AttrValue>) -> Html {
    VText::new(text).into()
}

/// Several things where one is asked for.
pub fn group(children: Vec<Html>) -> Html {
    VList::with_children(children, None).into()
}

/// Something, or nothing in its place.
pub fn maybe<T>(value: Option<T>, show: impl FnOnce(T) -> Html) -> Html {
    value.map(show).unwrap_or_default()
}

/// `<p class="…">text</p>`
pub fn p(class: &'static str, words: impl Into<AttrValue>) -> Html {
    el("p", class, vec![text(words)])
}

/// `<h3>text</h3>`
pub fn h3(words: impl Into<AttrValue>) -> Html {
    el("h3", "", vec![text(words)])
}

/// `<span class="…">text</span>`
pub fn span(class: &'static str, words: impl Into<AttrValue>) -> Html {
    el("span", class, vec![text(words)])
}

/// `<ul class="…">`, of items that are `<li>` already.
pub fn ul(class: &'static str, items: impl Iterator<Item = Html>) -> Html {
    el("ul", class, items.collect())
}

/// A screen: a section that its heading names.
pub fn screen(children: Vec<Html>) -> Html {
    with("section", &["aria-labelledby"], vec![crate::page::HEADING.into()], children)
}
