//! A box over the page: the browser's own modal dialog, and `aria-modal`, without which VoiceOver
//! still reads what lies behind it.

use web_sys::HtmlDialogElement;
use yew::prelude::{Callback, Html, NodeRef};

use super::{live, on, tag_of};

/// A dialog, which the page opens as soon as it is there ([`open`]). Its title has the id
/// `box-title`, what it says `box-body`, and what destroys least in it `autofocus`.
pub fn dialog(node: &NodeRef, on_cancel: Callback<web_sys::Event>, inside: Vec<Html>) -> Html {
    let names = &["class", "part", "aria-modal", "aria-labelledby", "aria-describedby"];
    let about = ["box", "dialog", "true", "box-title", "box-body"].map(Into::into);
    let mut dialog = tag_of("dialog", names, about.into(), inside);
    dialog.node_ref = node.clone();
    live(dialog, on("cancel", on_cancel))
}

/// Opens the dialog that was just drawn, if there is one.
pub fn open(node: &NodeRef) {
    if let Some(dialog) = node.cast::<HtmlDialogElement>()
        && !dialog.open()
    {
        // It is in the document and not open: the only two reasons to refuse.
        let _ = dialog.show_modal();
    }
}

/// Closes it, which gives the focus back to where it was.
pub fn close(node: &NodeRef) {
    if let Some(dialog) = node.cast::<HtmlDialogElement>() {
        dialog.close();
    }
}
