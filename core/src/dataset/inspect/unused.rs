//! Warnings about columns that people expect to be used, and that are not.

use crate::dataset::inspect::cell_kind::CellKind;
use crate::dataset::inspect::columns::{ColumnStats, has_word, is_typical_name};
use crate::dataset::mapping::Mapping;
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// Columns that training does not use, by name, each with the reason.
const UNUSED: [(&[&str], &str); 4] = [
    (&["tools", "functions"], "Tools are not part of a conversation here."),
    (&["rejected"], "Only the chosen answers are learned."),
    (&["weight", "weights", "sample_weight"], "All rows count alike."),
    (&["choices", "options"], "The answer is learned as a class, whatever the choices of each row are."),
];

/// Names of columns with what is to be learned, in the files of annotation tools.
const NESTED_TARGETS: &[&str] =
    &["annotation", "annotations", "entities", "spans", "responses", "relations", "answers", "qas", "projects"];

/// Returns true if a mapping would take ids for texts, because the texts are in a column of JSON.
pub(crate) fn takes_ids_for_texts(columns: &[String], mapping: &Mapping, stats: &ColumnStats) -> bool {
    let Some((text, _)) = mapping.roles(columns).into_iter().next() else { return false };
    let is_id = stats.is_index(text, columns) || stats.are_only_numbers(text) || stats.are_machine_made(text);
    let is_id = is_id && !stats.kind(text).is_json();
    is_id && (0..columns.len() as u32).any(|column| stats.kind(column) == CellKind::Nested)
}

/// The error for a file whose columns are all JSON of no known form.
pub(crate) fn only_nested(columns: &[String], stats: &ColumnStats) -> Option<Diagnostic> {
    let (_, name) = (0..).zip(columns).find(|(column, _)| stats.kind(*column).is_json())?;
    let what = format!("No column has texts. The cells of column {} are JSON of no known form.", names(&[name]));
    Some(Diagnostic::new("data.only-nested", what).done("The file was not used.").remedy(
        "Write each row as an object with a member for the text and one for what is to be learned: {\"text\": \"…\", \"label\": \"…\"}. \
         In JSON Lines, the members of nested objects become columns.",
    ))
}

/// Warnings about columns that `mapping` passes over.
pub(crate) fn unused_columns(columns: &[String], mapping: &Mapping, stats: &ColumnStats) -> Vec<Diagnostic> {
    let used: Vec<u32> = mapping.roles(columns).into_iter().map(|(column, _)| column).collect();
    let unused = || (0..).zip(columns).filter(|(column, _)| !used.contains(column) && stats.is_filled(*column));
    let mut warnings = Vec::new();
    for (column, name) in unused() {
        let warning = |done: &str| {
            Diagnostic::new("data.unused-column", format!("Column {} is not used.", names(&[name]))).done(done)
        };
        let is = |known: &[&str]| known.iter().any(|known| name.trim().eq_ignore_ascii_case(known));
        if stats.are_splits(column) {
            warnings.push(
                warning("Hone splits the rows itself, whatever this column says.")
                    .remedy("To validate on rows of your choice, save them as a file of their own and choose it as the validation file."),
            );
        } else if let Some((_, reason)) = UNUSED.iter().find(|(known, _)| is(known)) {
            warnings.push(warning(reason));
        }
    }
    let has_words =
        (0..columns.len() as u32).any(|column| stats.is_text(column) || stats.kind(column) == CellKind::List);
    let is_target = |name: &String| is_typical_name(name) || has_word(name, NESTED_TARGETS);
    let is_nested = |(column, name): &(u32, &String)| {
        stats.kind(*column) == CellKind::Nested && !used.contains(column) && (!has_words || is_target(name))
    };
    if let Some((_, name)) = (0..).zip(columns).find(is_nested) {
        warnings.push(
            Diagnostic::new("data.nested-cells", format!("The cells of column {} are JSON.", names(&[name])))
                .done("They were not read.")
                .remedy("If you need their content, write it as columns of its own, such as a text and a label."),
        );
    }
    if let Some((text, _)) = mapping.roles(columns).first()
        && stats.are_codes(*text)
    {
        let what = format!("The cells of column {} look like ids, not texts.", names(&[&columns[*text as usize]]));
        warnings.push(
            Diagnostic::new("data.ids-for-texts", what)
                .done("They were read as texts.")
                .remedy("Open a file with the texts themselves. Judgments of relevance (qrels) have only the ids of texts that are in other files."),
        );
    }
    let is_place = |names: [&str; 3]| {
        unused().any(|(column, name)| {
            names.iter().any(|it| name.trim().eq_ignore_ascii_case(it)) && stats.are_only_numbers(column)
        })
    };
    if matches!(mapping, Mapping::Classification { .. })
        && is_place(["start", "start_offset", "begin"])
        && is_place(["end", "end_offset", "stop"])
    {
        warnings.push(
            Diagnostic::new("data.span-rows", "Each row seems to be one entity, with its start and end in a text.")
                .done("Each row was read as a whole text with one label.")
                .remedy("To find entities, write all of a text's into one cell: [{\"start\": 0, \"end\": 4, \"label\": \"PER\"}]."),
        );
    }
    if let Mapping::Classification { text, pair: None, label } = mapping
        && stats.kind(*label) == CellKind::Tags
        && !stats.is_text(*text)
    {
        warnings.push(
            Diagnostic::new("data.one-word-rows", "Each row seems to be one word with its tag.")
                .done("Each row was read as a text of its own, because nothing says where a sentence ends.")
                .remedy("Add a column named sentence_id, or a blank line after each sentence."),
        );
    }
    if matches!(mapping, Mapping::Completion { .. }) {
        let padded: Vec<&String> = (0..)
            .zip(columns)
            .filter(|(column, _)| used.contains(column) && stats.are_padded(*column))
            .map(|(_, name)| name)
            .collect();
        if !padded.is_empty() {
            let what = format!("Most cells of {} begin or end with white space.", names(&padded));
            warnings.push(
                Diagnostic::new("data.trimmed-cells", what)
                    .done("It is left out, and the prompt ends as its template says.")
                    .remedy("Check the template of the prompt."),
            );
        }
    }
    warnings
}
