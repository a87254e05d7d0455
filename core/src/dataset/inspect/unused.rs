//! Warnings about columns that people expect to be used, and that are not.

use crate::dataset::inspect::cell_kind::CellKind;
use crate::dataset::inspect::columns::ColumnStats;
use crate::dataset::mapping::Mapping;
use crate::dataset::phrases::names;
use crate::diagnostic::Diagnostic;

/// Columns that training does not use, by name, each with the reason.
const UNUSED: [(&[&str], &str); 3] = [
    (&["tools", "functions"], "Tools are not part of a conversation here."),
    (&["rejected"], "Only the chosen answers are learned."),
    (&["weight", "weights", "sample_weight"], "All rows count alike."),
];

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
    let nested = (0..).zip(columns).find(|(column, _)| stats.kind(*column) == CellKind::Nested);
    if let Some((_, name)) = nested.filter(|_| !has_words) {
        warnings.push(
            Diagnostic::new("data.nested-cells", format!("The cells of column {} are JSON.", names(&[name])))
                .done("They were not read.")
                .remedy("Save the file as JSON Lines. The members of these objects then become columns."),
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
