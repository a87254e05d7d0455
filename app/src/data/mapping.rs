use hone_core::dataset::{Encoding, Format, SourceInfo};
use leptos::prelude::*;

use crate::components::{DiagnosticNote, MenuOption, changing, typed};
use crate::data::purpose::Stream;
use crate::page::Page;
use crate::state::{State, format};

const ENCODINGS: [(&str, &str); 5] = [
    ("", "as found"),
    ("utf8", "UTF-8"),
    ("utf16_le", "UTF-16, little end first"),
    ("utf16_be", "UTF-16, big end first"),
    ("windows1252", "Windows-1252 (Latin-1)"),
];
const HEADERS: [(&str, &str); 3] = [("", "as found"), ("names", "names the columns"), ("data", "is a row of data")];

/// What the file is, how it is read, and which columns are used.
#[component]
pub fn MappingForm() -> impl IntoView {
    let page = Page::get();
    let name = page
        .memo(|state| state.data.train.chosen.as_ref().map(|chosen| format::visible(&chosen.name)).unwrap_or_default());
    let facts = page.memo(|state| state.data.train.source.as_ref().map(facts).unwrap_or_default());
    let source = page.memo(|state| state.data.train.source.clone());
    let is_none = page.memo(|state| state.data.train.chosen.is_none());
    let is_locked = page.memo(State::is_engaged);
    let warnings =
        page.memo(|state| state.data.train.source.as_ref().map(|source| source.warnings.clone()).unwrap_or_default());
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
                {changing(move || source.get().map(|source| view! { <Stream source /> }))}
            </fieldset>
            {warnings}
    }
}

/// Encoding and header, to be changed when they were found wrong.
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
        page.act(|state| state.reread(encoding, said(state).1));
    };
    let set_header = move |value: String| {
        let has_header = match value.as_str() {
            "names" => Some(true),
            "data" => Some(false),
            _ => None,
        };
        page.act(|state| state.reread(said(state).0, has_header));
    };
    view! {
        <details class="reading">
            <summary>"Change how it is read"</summary>
            <div class="pair">
                <label>
                    "Encoding"
                    <select on:change=typed(set_encoding)>
                        {options(&ENCODINGS, |state| said(state).0.map_or("", encoding_key))}
                    </select>
                </label>
                <label>
                    "The first line"
                    <select on:change=typed(set_header)>
                        {options(&HEADERS, |state| match said(state).1 {
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

/// What the person says of encoding and first line.
fn said(state: &State) -> (Option<Encoding>, Option<bool>) {
    let chosen = state.data.train.chosen.as_ref();
    chosen.map(|chosen| (chosen.encoding, chosen.has_header)).unwrap_or_default()
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
        (Format::JsonLines, _) => "one JSON object a line".into(),
        (Format::JsonArray, _) => "a JSON list".into(),
        (Format::JsonColumns, _) => "JSON, a list a column".into(),
        (Format::Squad, _) => "SQuAD".into(),
        (Format::Conll, _) => "CoNLL, a word a line".into(),
        (Format::Text, _) if source.multiline => "running text, a paragraph a row".into(),
        (Format::Text, _) => "running text, a line a row".into(),
        (Format::Delimited, Some(',')) => "comma".into(),
        (Format::Delimited, Some('\t')) => "tab".into(),
        (Format::Delimited, Some(';')) => "semicolon".into(),
        (Format::Delimited, Some(other)) => format!("“{other}” between cells"),
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
