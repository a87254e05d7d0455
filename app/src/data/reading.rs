use hone_core::dataset::{Delimiter, Encoding, Format, Hints, Mapping, Quoting};
use leptos::prelude::*;

use crate::components::{CollectAny, MenuOption, memo, pressed, typed};
use crate::page::Page;
use crate::state::State;
use crate::state::data::file::FileState;

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
const HEADERS: [(&str, &str); 3] =
    [("", "detect"), ("names", "yes: the first line names the columns"), ("data", "no: the first line is a row")];
const DELIMITERS: [(&str, &str); 10] = [
    ("", "detect"),
    ("comma", "comma ,"),
    ("semicolon", "semicolon ;"),
    ("tab", "tab"),
    ("bar", "vertical bar |"),
    ("space", "space"),
    ("colon", "colon :"),
    ("caret", "caret ^"),
    ("tilde", "tilde ~"),
    ("none", "nothing: each line is one text"),
];
const QUOTINGS: [(&str, &str); 5] = [
    ("", "detect"),
    ("double", "double, around cells that need them"),
    ("backslash", "double, with \\\" for a quote in a cell"),
    ("single", "single, around cells that need them"),
    ("none", "none: a quote is part of the text"),
];

const SEPARATORS: [(&str, &str); 9] = [
    ("", "detect"),
    (",", "comma ,"),
    (";", "semicolon ;"),
    ("|", "vertical bar |"),
    ("/", "slash /"),
    ("+", "plus +"),
    ("&", "ampersand &"),
    (" ", "space"),
    ("\n", "line break"),
];

/// The layout of the file, in case it was detected wrong.
#[component]
pub fn Reading() -> impl IntoView {
    let page = Page::get();
    let is_open = RwSignal::new(false);
    let is_unread = page.memo(|state| matches!(state.data.train.state, FileState::Failed { source: None, .. }));
    Effect::new(move |_| {
        if is_unread.get() {
            is_open.set(true);
        }
    });
    let has_no_lists = page
        .memo(|state| !matches!(&state.data.mapping, Some(Mapping::MultiLabel { labels, .. }) if labels.len() == 1));
    // These files say themselves how they are read, except for lists of labels.
    let is_known =
        page.memo(|state| matches!(format(state), Some(Format::Document | Format::Parquet | Format::Translations)));
    let is_clear = memo(move || has_no_lists.get() && is_known.get());
    let is_table = page.memo(|state| format(state) == Some(Format::Sheet));
    let is_sheet = memo(move || is_known.get() || is_table.get());
    let is_json = page.memo(|state| {
        format(state).is_some_and(|it| !matches!(it, Format::Delimited | Format::Text | Format::Conll | Format::Sheet))
    });
    let is_undelimited = memo(move || is_json.get() || is_sheet.get());
    let is_detected = page.memo(|state| state.data.hints().for_other_file() == Hints::default());
    let set = move |change: &dyn Fn(&mut Hints)| {
        page.act(|state| {
            let mut hints = state.data.hints();
            change(&mut hints);
            state.reread(hints)
        });
    };
    let set_encoding = move |value: String| set(&|hints| hints.encoding = Encoding::from_name(&value));
    let set_header = move |value: String| {
        set(&|hints| {
            hints.has_header = match value.as_str() {
                "names" => Some(true),
                "data" => Some(false),
                _ => None,
            };
        });
    };
    let set_delimiter = move |value: String| set(&|hints| hints.delimiter = delimiter_named(&value));
    let set_separator = move |value: String| set(&|hints| hints.label_separator = value.chars().next());
    let set_quoting = move |value: String| set(&|hints| hints.quoting = quoting_named(&value));
    view! {
        <details class="reading" prop:open=is_open hidden=is_clear>
            <summary>"Change how it is read"</summary>
            <div class="pair">
                <label hidden=is_sheet>
                    "Encoding"
                    <select on:change=typed(set_encoding)>
                        {options(&ENCODINGS, |state| state.data.hints().encoding.map_or("", Encoding::name))}
                    </select>
                </label>
                <label hidden=is_undelimited>
                    "Delimiter"
                    <select on:change=typed(set_delimiter)>{options(&DELIMITERS, delimiter_name)}</select>
                </label>
                <label hidden=is_undelimited>
                    "Quotes"
                    <select on:change=typed(set_quoting)>{options(&QUOTINGS, quoting_name)}</select>
                </label>
                <label hidden=is_json>
                    "Header"
                    <select on:change=typed(set_header)>
                        {options(&HEADERS, |state| match state.data.hints().has_header {
                            None => "",
                            Some(true) => "names",
                            Some(false) => "data",
                        })}
                    </select>
                </label>
                <label hidden=has_no_lists>
                    "Between labels"
                    <select on:change=typed(set_separator)>{options(&SEPARATORS, separator_name)}</select>
                </label>
            </div>
            <p class="hint" hidden=is_undelimited>
                "Change these if the rows below look wrong. The delimiter is the character between two cells, and a cell that contains it is in quotes. A setting that the file cannot be read with is taken back."
            </p>
            <button
                type="button"
                class="quiet"
                hidden=is_detected
                on:click=pressed(move |_| page.act(State::detect_again))
            >
                "Detect everything again"
            </button>
        </details>
    }
}

fn format(state: &State) -> Option<Format> {
    state.data.train.source().map(|source| source.format)
}

fn delimiter_named(name: &str) -> Option<Delimiter> {
    Some(Delimiter::Character(match name {
        "comma" => ',',
        "semicolon" => ';',
        "tab" => '\t',
        "bar" => '|',
        "space" => ' ',
        "colon" => ':',
        "caret" => '^',
        "tilde" => '~',
        "none" => return Some(Delimiter::Absent),
        _ => return None,
    }))
}

fn delimiter_name(state: &State) -> &'static str {
    let set = state.data.hints().delimiter;
    DELIMITERS.iter().map(|(name, _)| *name).find(|name| delimiter_named(name) == set).unwrap_or_default()
}

fn separator_name(state: &State) -> &'static str {
    let set = state.data.hints().label_separator;
    SEPARATORS.iter().map(|(name, _)| *name).find(|name| name.chars().next() == set).unwrap_or_default()
}

fn quoting_named(name: &str) -> Option<Quoting> {
    Some(match name {
        "double" => Quoting::Double,
        "backslash" => Quoting::Backslash,
        "single" => Quoting::Single,
        "none" => Quoting::Never,
        _ => return None,
    })
}

fn quoting_name(state: &State) -> &'static str {
    let set = state.data.hints().quoting;
    QUOTINGS.iter().map(|(name, _)| *name).find(|name| quoting_named(name) == set).unwrap_or_default()
}

fn options(choices: &'static [(&'static str, &'static str)], value: fn(&State) -> &'static str) -> impl IntoView {
    let page = Page::get();
    let option = move |&(key, name): &(&'static str, &'static str)| {
        view! { <MenuOption value=key name is_chosen=page.memo(move |state| value(state) == key) /> }
    };
    choices.iter().map(option).collect_any()
}
