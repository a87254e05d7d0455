use leptos::prelude::*;

use crate::browser;
use crate::components::{memo, pressed};
use crate::page::Page;
use crate::state::{Fold, State};

/// The button that opens and folds a part of the page. Its words differ with the state of the part.
#[component]
pub fn FoldButton(
    /// The part.
    fold: Fold,
    /// Name of the part, which completes the words for screen readers.
    name: &'static str,
    /// Words while the part is folded.
    open_words: Memo<String>,
    /// True for one of several in a row, whose words stay the same.
    #[prop(optional)]
    is_chip: bool,
) -> impl IntoView {
    let page = Page::get();
    let is_open = page.memo(move |state| state.is_open(fold));
    let expanded = page.memo(move |state| state.is_open(fold).to_string());
    let words = memo(move || if is_open.get() && !is_chip { "Fold".to_owned() } else { open_words.get() });
    view! {
        <button
            type="button"
            class=if is_chip { "chip" } else { "quiet fold" }
            aria-expanded=expanded
            aria-controls=format!("{}-body", fold.id())
            on:click=pressed(move |_| page.change(|state| state.toggle_fold(fold)))
        >
            {words}
            <span class="unseen">" " {name}</span>
        </button>
    }
}

/// The head of a part within a step: its title, and its content in one line while it is folded.
#[component]
pub fn FoldHead(
    /// The part.
    fold: Fold,
    /// Its title.
    title: &'static str,
    /// Its content in one line; empty while it is open.
    line: Memo<String>,
    /// Words of the button while the part is folded.
    #[prop(default = "Change")]
    open_words: &'static str,
) -> impl IntoView {
    let open_words = memo(move || open_words.to_owned());
    view! {
        <div class="fold-head">
            <h3>{title}</h3>
            <p class="line" dir="auto">{line}</p>
            <FoldButton fold name=title open_words />
        </div>
    }
}

/// The content of a part that folds. It stays in the page, so that what one typed is kept and the browser's search finds
/// and opens it.
///
/// The children keep their type: views of an erased type would bring the code that redraws them in place into the wasm.
#[component]
pub fn FoldBody<C: IntoView + 'static>(
    /// The part.
    fold: Fold,
    /// Added to the id of a second body of the same part.
    #[prop(optional)]
    nth: &'static str,
    /// The content.
    children: TypedChildren<C>,
) -> impl IntoView {
    let page = Page::get();
    let hidden = page.memo(move |state| (!state.is_open(fold)).then(|| "until-found".to_owned()));
    view! {
        <div id=format!("{}-body{nth}", fold.id()) class="body" data-fold=fold.id() hidden=hidden>
            {children.into_inner()()}
        </div>
    }
}

/// The button that opens all steps at once, for teaching and for comparing.
#[component]
pub fn OpenAll() -> impl IntoView {
    let page = Page::get();
    let words =
        page.memo(|state| if state.folds.is_all_open() { "Fold finished steps" } else { "Open all steps" }.to_owned());
    let toggle = move |_| page.change(|state| state.open_all_folds(!state.folds.is_all_open()));
    view! {
        <button type="button" class="quiet open-all" on:click=pressed(toggle)>
            {words}
        </button>
    }
}

/// Keeps what is open in the address, and opens what the browser's search finds. Called once.
pub fn keep_folds(page: Page) {
    let address = page.memo(|state: &State| state.folds.address());
    Effect::new(move |_| browser::remember_open(&address.get()));
    let listener = window_event_listener_untyped("beforematch", move |event| {
        let found = browser::attribute_of_target(&event, "data-fold").and_then(|id| Fold::of_id(&id));
        if let Some(fold) = found {
            page.change(|state| state.open_fold(fold));
        }
    });
    on_cleanup(move || listener.remove());
}
