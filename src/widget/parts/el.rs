//! Elements without a life of their own: a tag, a class, what is in it.
//!
//! Where `html!` unfolds into a few hundred bytes of code for every element, a call of one of these
//! takes some twenty. What has listeners or changing attributes is written with `html!`.

use yew::{
    prelude::*,
    virtual_dom::{AttributeOrProperty, Attributes, Key, VList, VTag, VText},
};

/// An element with a class (or none, if that is empty) and children.
pub fn el(tag: &'static str, class: &'static str, children: Vec<Html>) -> Html {
    if class.is_empty() {
        with(tag, &[], vec![], children)
    } else {
        with(tag, &["class"], vec![class.into()], children)
    }
}

/// An element with these attributes and children.
pub fn with(
    tag: &'static str,
    names: &'static [&'static str],
    values: Vec<AttrValue>,
    children: Vec<Html>,
) -> Html {
    let mut element = VTag::new(tag);
    let values = values.into_iter().map(|value| Some(AttributeOrProperty::Attribute(value)));
    element.set_attributes(Attributes::Dynamic { keys: names, values: values.collect() });
    element.add_children(children);
    element.into()
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
