use hone_core::dataset::{Encoding, Format, SourceInfo};
use leptos::prelude::*;

use crate::components::{DiagnosticNote, MenuOption, changing, typed};
use crate::data::task::TaskForm;
use crate::format;
use crate::page::Page;
use crate::state::State;

/// Encodings by their names in the WHATWG Encoding Standard.
const ENCODINGS: [(&str, &str); 37] = [
    ("", "detect"),
    ("UTF-8", "UTF-8"),
    ("UTF-16LE", "UTF-16, little-endian"),
    ("UTF-16BE", "UTF-16, big-endian"),
    ("windows-1252", "Western (Windows-1252, Latin-1)"),
    ("ISO-8859-15", "Western with euro (ISO-8859-15)"),
    ("macintosh", "Western (Mac)"),
    ("windows-1250", "Central European (Windows-1250)"),
    ("ISO-8859-2", "Central European (ISO-8859-2)"),
    ("ISO-8859-16", "Romanian (ISO-8859-16)"),
    ("ISO-8859-3", "South European (ISO-8859-3)"),
    ("windows-1257", "Baltic (Windows-1257)"),
    ("ISO-8859-13", "Baltic (ISO-8859-13)"),
    ("ISO-8859-4", "Baltic (ISO-8859-4)"),
    ("ISO-8859-10", "Nordic (ISO-8859-10)"),
    ("ISO-8859-14", "Celtic (ISO-8859-14)"),
    ("windows-1251", "Cyrillic (Windows-1251)"),
    ("KOI8-R", "Cyrillic (KOI8-R)"),
    ("KOI8-U", "Ukrainian (KOI8-U)"),
    ("ISO-8859-5", "Cyrillic (ISO-8859-5)"),
    ("IBM866", "Cyrillic (DOS 866)"),
    ("x-mac-cyrillic", "Cyrillic (Mac)"),
    ("windows-1253", "Greek (Windows-1253)"),
    ("ISO-8859-7", "Greek (ISO-8859-7)"),
    ("windows-1254", "Turkish (Windows-1254)"),
    ("windows-1255", "Hebrew (Windows-1255)"),
    ("windows-1256", "Arabic (Windows-1256)"),
    ("ISO-8859-6", "Arabic (ISO-8859-6)"),
    ("windows-874", "Thai (Windows-874)"),
    ("windows-1258", "Vietnamese (Windows-1258)"),
    ("GBK", "Chinese, simplified (GBK, GB2312)"),
    ("gb18030", "Chinese, simplified (GB18030)"),
    ("Big5", "Chinese, traditional (Big5)"),
    ("Shift_JIS", "Japanese (Shift JIS)"),
    ("EUC-JP", "Japanese (EUC-JP)"),
    ("ISO-2022-JP", "Japanese (ISO-2022-JP)"),
    ("EUC-KR", "Korean (EUC-KR)"),
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
        let encoding = Encoding::from_name(&value);
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
                        {options(&ENCODINGS, |state| hints(state).0.map_or("", Encoding::name))}
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
    let mut facts = vec![format::counted(source.rows, "row", "rows"), source.encoding.name().into()];
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
