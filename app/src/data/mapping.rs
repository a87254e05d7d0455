use hone_core::dataset::{Encoding, Format, SourceInfo};
use leptos::prelude::*;

use crate::components::{DiagnosticNote, MenuOption, changing, typed};
use crate::data::task::TaskForm;
use crate::format;
use crate::page::Page;
use crate::state::State;

const ENCODINGS: [(&str, &str); 5] = [
    ("", "detect"),
    ("utf8", "UTF-8"),
    ("utf16_le", "UTF-16, little-endian"),
    ("utf16_be", "UTF-16, big-endian"),
    ("windows1252", "Windows-1252 (Latin-1)"),
];
const HEADERS: [(&str, &str); 3] = [("", "detect"), ("names", "is a header"), ("data", "is a row of data")];

/// The file, how it is read, and which columns are used.
#[component]
pub fn MappingForm() -> impl IntoView {
    let page = Page::get();
    let name =
        page.memo(|state| state.data.train.choice().map(|choice| format::visible(&choice.name)).unwrap_or_default());
    let facts = page.memo(|state| state.data.train.source().map(facts).unwrap_or_default());
    let source = page.memo(|state| state.data.train.source().cloned());
    let is_none = page.memo(|state| state.data.train.choice().is_none());
    let is_locked = page.memo(State::is_engaged);
    let warnings =
        page.memo(|state| state.data.train.source().map(|source| source.warnings.clone()).unwrap_or_default());
    let warnings = changing(move || {
        warnings
            .get()
            .into_iter()
            .map(|diagnostic| view! { <DiagnosticNote diagnostic is_warning=true /> })
            .collect_view()
    });
    view! {
        <fieldset class="mapping" disabled=is_locked hidden=is_none>
                <legend class="unseen">"How the file is read"</legend>
                <p class="source">
                    <strong dir="auto">{name}</strong>
                    <span>{facts}</span>
                </p>
                <Reading />
                {changing(move || source.get().map(|source| view! { <TaskForm source /> }))}
            </fieldset>
            {warnings}
    }
}

/// Encoding and header, in case they were detected wrong.
#[component]
fn Reading() -> impl IntoView {
    let page = Page::get();
    let set_encoding = move |value: String| {
        let encoding = match value.as_str() {
            "utf8" => Some(Encoding::Utf8),
            "utf16_le" => Some(Encoding::Utf16Le),
            "utf16_be" => Some(Encoding::Utf16Be),
            "windows1252" => Some(Encoding::Windows1252),
            _ => None,
        };
        page.act(|state| state.reread(encoding, hints(state).1));
    };
    let set_header = move |value: String| {
        let has_header = match value.as_str() {
            "names" => Some(true),
            "data" => Some(false),
            _ => None,
        };
        page.act(|state| state.reread(hints(state).0, has_header));
    };
    view! {
        <details class="reading">
            <summary>"Change how it is read"</summary>
            <div class="pair">
                <label>
                    "Encoding"
                    <select on:change=typed(set_encoding)>
                        {options(&ENCODINGS, |state| hints(state).0.map_or("", encoding_key))}
                    </select>
                </label>
                <label>
                    "The first line"
                    <select on:change=typed(set_header)>
                        {options(&HEADERS, |state| match hints(state).1 {
                            None => "",
                            Some(true) => "names",
                            Some(false) => "data",
                        })}
                    </select>
                </label>
            </div>
        </details>
    }
}

/// The encoding and header that the user set.
fn hints(state: &State) -> (Option<Encoding>, Option<bool>) {
    let choice = state.data.train.choice();
    choice.map(|choice| (choice.encoding, choice.has_header)).unwrap_or_default()
}

fn options(choices: &'static [(&'static str, &'static str)], value: fn(&State) -> &'static str) -> impl IntoView {
    let page = Page::get();
    let option = move |&(key, name): &(&'static str, &'static str)| {
        view! { <MenuOption value=key name is_chosen=page.memo(move |state| value(state) == key) /> }
    };
    choices.iter().map(option).collect_view()
}

fn facts(source: &SourceInfo) -> String {
    let mut facts = vec![format::counted(source.rows, "row", "rows"), encoding_name(source.encoding).into()];
    facts.push(match (source.format, source.delimiter) {
        (Format::JsonLines, _) => "JSON Lines".into(),
        (Format::JsonArray, _) => "JSON array".into(),
        (Format::JsonColumns, _) => "JSON, an array per column".into(),
        (Format::Squad, _) => "SQuAD".into(),
        (Format::Conll, _) => "CoNLL, one word per line".into(),
        (Format::Text, _) if source.multiline => "plain text, one paragraph per row".into(),
        (Format::Text, _) => "plain text, one line per row".into(),
        (Format::Delimited, Some(',')) => "comma-separated".into(),
        (Format::Delimited, Some('\t')) => "tab-separated".into(),
        (Format::Delimited, Some(';')) => "semicolon-separated".into(),
        (Format::Delimited, Some(other)) => format!("separated by “{other}”"),
        (Format::Delimited, None) => "one column".into(),
    });
    facts.join(" · ")
}

fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "UTF-8",
        Encoding::Utf16Le | Encoding::Utf16Be => "UTF-16",
        Encoding::Windows1252 => "Windows-1252",
    }
}

fn encoding_key(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf8",
        Encoding::Utf16Le => "utf16_le",
        Encoding::Utf16Be => "utf16_be",
        Encoding::Windows1252 => "windows1252",
    }
}
