//! Names of the labels found in a file.

use std::collections::HashMap;

use crate::dataset::collect::row_error::RowError;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_LABEL_CHARS;
use crate::phrases::thousands;

/// Number of different labels at which reading stops: by then the column holds ids or texts.
const MAX_LABELS: usize = 100_000;

/// A label of the file.
#[derive(Debug)]
pub(crate) struct LabelName {
    pub name: String,
    pub rows: usize,
    /// Rows in which the label has white space around it.
    pub padded_rows: usize,
}

impl LabelName {
    fn new(name: String) -> Self {
        Self { name, rows: 0, padded_rows: 0 }
    }
}

/// The labels of a file. A label's id is its index, in order of appearance.
#[derive(Default)]
pub(crate) struct LabelNames {
    pub all: Vec<LabelName>,
    ids: HashMap<String, u32>,
    /// True if each entry is a list of labels that has not been split yet.
    pub are_lists: bool,
}

impl LabelNames {
    /// Exactly these labels, in this order.
    pub(crate) fn from_names(names: impl Iterator<Item = String>) -> Self {
        Self { all: names.map(LabelName::new).collect(), ..Self::default() }
    }

    /// No entries yet; each will be a list of labels.
    pub(crate) fn of_lists() -> Self {
        Self { are_lists: true, ..Self::default() }
    }

    /// Id of a label, which is added if it is new.
    ///
    /// # Errors
    /// Skips the row if the label is too long; aborts with `data.too-many-labels`.
    pub(crate) fn id_of(&mut self, label: &str) -> Result<u32, RowError> {
        if let Some(&id) = self.ids.get(label) {
            return Ok(id);
        }
        if !self.are_lists && label.chars().nth(MAX_LABEL_CHARS).is_some() {
            return Err(format!("the label has more than {MAX_LABEL_CHARS} characters").into());
        }
        if self.all.len() >= MAX_LABELS {
            let what = format!("There are more than {} different labels.", thousands(MAX_LABELS));
            return Err(RowError::Abort(
                Diagnostic::new("data.too-many-labels", what)
                    .done("Reading stopped.")
                    .remedy("Choose another column as the label."),
            ));
        }
        let id = self.all.len() as u32;
        self.ids.insert(label.to_owned(), id);
        self.all.push(LabelName::new(label.to_owned()));
        Ok(id)
    }

    /// Counts a row with this label.
    pub(crate) fn count_row(&mut self, id: u32, is_padded: bool) {
        if let Some(label) = self.all.get_mut(id as usize) {
            label.rows += 1;
            label.padded_rows += usize::from(is_padded);
        }
    }
}
