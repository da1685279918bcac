//! A box over the page: the browser's own modal dialog, and `aria-modal`, without which VoiceOver
//! still reads what lies behind it.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// Properties of [`Dialog`].
#[derive(Clone, PartialEq, Properties)]
pub struct DialogProps {
    /// The id of its title.
    pub labelled_by: AttrValue,
    /// The id of what it says.
    pub described_by: AttrValue,
    /// Escape was pressed.
    pub on_cancel: Callback<()>,
    /// What is in it. One element has `autofocus`: the least destructive.
    pub children: Html,
}

/// A modal dialog, open as long as it is there. Closing gives the focus back to where it was.
pub struct Dialog {
    node: NodeRef,
}

impl Dialog {
    fn element(&self) -> Option<HtmlDialogElement> {
        self.node.cast()
    }
}

impl Component for Dialog {
    type Message = ();
    type Properties = DialogProps;

    fn create(_: &Context<Self>) -> Self {
        Self { node: NodeRef::default() }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let on_cancel = props.on_cancel.clone();
        // The page decides whether it closes: not while a request is on its way.
        let cancel = Callback::from(move |event: Event| {
            event.prevent_default();
            on_cancel.emit(());
        });
        html! {
            <dialog ref={&self.node} class="box" part="dialog" aria-modal="true"
                aria-labelledby={props.labelled_by.clone()} aria-describedby={props.described_by.clone()}
                oncancel={cancel}>
                { props.children.clone() }
            </dialog>
        }
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        if let (true, Some(dialog)) = (first, self.element()) {
            // It was just put into the document and is not open: the only two reasons to refuse.
            let _ = dialog.show_modal();
        }
    }

    fn destroy(&mut self, _: &Context<Self>) {
        if let Some(dialog) = self.element() {
            dialog.close();
        }
    }
}
