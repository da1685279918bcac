//! Builds nodes of the browser's own: what stays as it is need not be compared at every press.

use web_sys::{Document, Element, Node, window};

/// Elements that are being built, one inside the other.
pub struct Pen {
    document: Document,
    open: Vec<Element>,
}

impl Pen {
    /// With nothing open yet.
    pub fn new() -> Option<Self> {
        Some(Self { document: window()?.document()?, open: Vec::new() })
    }

    /// Opens an element inside the one that is open.
    pub fn open(&mut self, tag: &str, class: &str) {
        // Names are written in this code: none is refused, here and below.
        if let Ok(element) = self.document.create_element(tag) {
            self.put(&element);
            self.open.push(element);
            if !class.is_empty() {
                self.set("class", class);
            }
        }
    }

    /// Sets an attribute of the one that is open.
    pub fn set(&self, name: &str, value: &str) {
        if let Some(element) = self.open.last() {
            let _ = element.set_attribute(name, value);
        }
    }

    /// Puts a text into it.
    pub fn text(&self, words: &str) {
        self.put(&self.document.create_text_node(words));
    }

    /// An element with a text in it.
    pub fn leaf(&mut self, tag: &str, class: &str, words: &str) {
        self.open(tag, class);
        self.text(words);
        self.close();
    }

    /// Closes the one that is open, and gives it.
    pub fn close(&mut self) -> Option<Element> {
        self.open.pop()
    }

    fn put(&self, node: &Node) {
        if let Some(into) = self.open.last() {
            let _ = into.append_child(node);
        }
    }
}
