use hone_core::dataset::{DataRole, Format, PartKind, Quoting, SourceInfo};
use leptos::prelude::*;

use crate::components::{CollectAny, DiagnosticNote, Snippet, changing, memo};
use crate::data::part_choice::{PartChoice, PartOf};
use crate::data::reading::Reading;
use crate::data::task::TaskForm;
use crate::format;
use crate::page::Page;
use crate::state::State;
use crate::state::data::program;

/// The file, how it is read, and which columns are used.
#[component]
pub fn MappingForm() -> impl IntoView {
    let page = Page::get();
    let name =
        page.memo(|state| state.data.train.choice().map(|choice| format::visible(&choice.name)).unwrap_or_default());
    let facts = page.memo(|state| state.data.train.source().map(facts).unwrap_or_default());
    let source = page.watch(|state| state.data.train.source().cloned());
    let is_none = page.memo(|state| state.data.train.choice().is_none());
    let is_locked = page.memo(State::is_engaged);
    let warnings =
        page.watch(|state| state.data.train.source().map(|source| source.warnings.clone()).unwrap_or_default());
    let warnings = changing(move || {
        warnings
            .get()
            .into_iter()
            .map(|diagnostic| view! { <DiagnosticNote diagnostic is_warning=true /> })
            .collect_any()
    });
    let command = page.memo(program::command_line);
    let has_no_command = memo(move || command.with(String::is_empty));
    view! {
        <fieldset class="mapping" disabled=is_locked hidden=is_none>
                <legend class="unseen">"How the file is read"</legend>
                <p class="source">
                    <strong dir="auto">{name}</strong>
                    <span>{facts}</span>
                </p>
                <PartChoice of=PartOf::Data(DataRole::Train) />
                <Reading />
                {changing(move || source.get().map(|source| view! { <TaskForm source /> }))}
                <details hidden=has_no_command>
                    <summary>"Use this file and its columns in the program"</summary>
                    <p class="hint">
                        "Save the recipe, which also says how the file is read, and run this command in the folder of both files. It reads the same rows from the same columns."
                    </p>
                    <Snippet title="Command" code=command />
                </details>
            </fieldset>
            {warnings}
    }
}

fn facts(source: &SourceInfo) -> String {
    let mut facts = vec![format::counted(source.rows, "row", "rows")];
    if !matches!(
        source.format,
        Format::Sheet | Format::Folder | Format::Document | Format::Parquet | Format::Translations
    ) {
        facts.push(source.encoding.name().into());
    }
    facts.push(match (source.format, source.delimiter) {
        (Format::JsonLines, _) => "JSON Lines".into(),
        (Format::JsonArray, _) => "JSON objects".into(),
        (Format::JsonColumns, _) => "one JSON document".into(),
        (Format::Squad, _) => "SQuAD".into(),
        (Format::Conll, _) => "CoNLL, one word per line".into(),
        (Format::Text, _) if source.columns.len() > 1 => "lines with labels".into(),
        (Format::Text, _) if source.multiline => "plain text, one paragraph per row".into(),
        (Format::Text, _) => "plain text, one line per row".into(),
        (Format::Sheet, _) => "spreadsheet".into(),
        (Format::Document, _) => "document, one paragraph per row".into(),
        (Format::Parquet, _) => "Parquet".into(),
        (Format::Folder, _) => "text files".into(),
        (Format::Translations, _) => "translations".into(),
        (Format::Delimited, Some(',')) => "comma-separated".into(),
        (Format::Delimited, Some('\t')) => "tab-separated".into(),
        (Format::Delimited, Some(';')) => "semicolon-separated".into(),
        (Format::Delimited, Some(other)) => format!("separated by “{other}”"),
        (Format::Delimited, None) => "one column".into(),
    });
    if matches!(source.format, Format::Delimited | Format::Sheet) {
        facts.push(if source.has_header { "first line is a header" } else { "no header" }.into());
        match source.quirks.quoting {
            Quoting::Single => facts.push("cells in single quotes".into()),
            Quoting::Never => facts.push("quotes are part of the text".into()),
            Quoting::Double | Quoting::Backslash => {}
        }
    }
    if let Some(parts) = source.parts.iter().find(|parts| parts.kind == PartKind::File && parts.names.len() == 1) {
        facts.extend(parts.names.iter().map(|name| format::visible(name)));
    }
    if let Some(compression) = source.compression {
        facts.push(format!("unpacked from {}", compression.name()));
    }
    facts.join(" · ")
}
