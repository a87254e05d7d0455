//! Changes to the rows of a file, and the form in which the file can be written with them.

use serde::{Deserialize, Serialize};

use crate::dataset::layout::{Encoding, Format};
use crate::dataset::mapping::Mapping;
use crate::dataset::source::SourceInfo;

/// A change to a row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Line on which the row begins, from 1.
    pub line: u32,
    /// Number of the word whose tag changes, from 0; none if the labels of the row change.
    pub word: Option<u32>,
    /// Its new label, its new labels, or the new tag of the word; none to drop the row.
    pub labels: Option<Vec<String>>,
}

/// The form in which a corrected file can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectedForm {
    /// Its own format, with nothing changed but labels and rows.
    Same,
    /// CSV, with all columns.
    Csv,
    /// None: there is only the list of the changes.
    ListOnly,
}

impl SourceInfo {
    /// The form in which the file can be written with other labels in the columns of `mapping`.
    pub fn corrected_form(&self, mapping: &Mapping) -> CorrectedForm {
        match mapping {
            Mapping::TokenClassification { tags, .. } => {
                let cells = self.preview.iter().filter_map(|row| row.get(*tags as usize));
                // A tag of a word may be part of several spans, or of none.
                let has_spans = cells
                    .map(|cell| cell.replace(' ', ""))
                    .any(|cell| cell.starts_with("[{") || cell.starts_with("[["));
                if has_spans { CorrectedForm::ListOnly } else { self.form_with(mapping, self.format == Format::Conll) }
            }
            Mapping::Classification { .. }
            | Mapping::MultiLabel { .. }
            | Mapping::Regression { .. }
            | Mapping::LabeledTexts { .. }
            | Mapping::Pairs { .. }
            | Mapping::ScoredPairs { .. }
            | Mapping::Reranking { .. } => self.form_with(mapping, false),
            _ => CorrectedForm::ListOnly,
        }
    }

    fn form_with(&self, mapping: &Mapping, has_lines_of_words: bool) -> CorrectedForm {
        let has_format = matches!(self.format, Format::Delimited | Format::JsonLines)
            // The words of a table with a delimiter have a row each.
            || (has_lines_of_words && self.delimiter.is_none());
        let is_plain = self.encoding == Encoding::UTF_8
            && !self.quirks.ends_in_cr
            && !self.quirks.numbers_rows
            && !self.quirks.rows_are_arrays
            && mapping.converted(&self.quirks, &self.columns).is_empty()
            && self.compression.is_none()
            && self.parts.is_empty()
            && !self.holds_validation
            && !self.holds_test;
        if has_format && is_plain { CorrectedForm::Same } else { CorrectedForm::Csv }
    }
}
