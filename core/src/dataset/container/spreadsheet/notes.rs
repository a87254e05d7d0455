//! Cells of a sheet that have no value, for the warnings.

use crate::dataset::container::pieces::Notices;
use crate::dataset::container::spreadsheet::row::cell_name;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_COLUMNS;
use crate::phrases::count;

/// Cells that were read as empty.
#[derive(Default)]
pub(crate) struct Notes {
    /// Errors such as `#N/A`, with the first of them.
    pub errors: Kind,
    /// Formulas whose value is not in the file.
    pub formulas: Kind,
    /// Cells to the right of the last column that is read.
    pub far: Kind,
}

/// The number of cells of a kind, and the name and the text of the first one.
#[derive(Default)]
pub(crate) struct Kind {
    cells: usize,
    first: String,
}

impl Kind {
    pub(crate) fn add(&mut self, column: u32, row: u32, text: &str) {
        if self.cells == 0 {
            let name = cell_name(column, row);
            self.first = if text.is_empty() { name } else { format!("{name}, {text}") };
        }
        self.cells += 1;
    }
}

impl Notes {
    fn formulas_warning(&self) -> Diagnostic {
        let Kind { cells, first } = &self.formulas;
        let verb = if *cells == 1 { "has a formula" } else { "have formulas" };
        let what = format!("{} {verb} without a value (first: {first}).", count(*cells, "cell"));
        Diagnostic::new("data.formulas", what).done("Read as empty.").remedy(
            "A program wrote the formulas but did not compute them. Open the file in Excel or LibreOffice and save it, \
             which adds the values.",
        )
    }
}

impl Notices for Notes {
    /// Formulas, if the sheet has no rows.
    fn reason(&self) -> Option<Diagnostic> {
        (self.formulas.cells > 0).then(|| self.formulas_warning().done("The file was not used."))
    }

    fn warnings(&self) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        let Kind { cells, first } = &self.errors;
        if *cells > 0 {
            let verb = if *cells == 1 { "is an error" } else { "are errors" };
            let what = format!("{} {verb} of a formula (first: {first}).", count(*cells, "cell"));
            warnings.push(
                Diagnostic::new("data.error-cells", what)
                    .done("Read as empty.")
                    .remedy("Correct the formulas, or delete these cells."),
            );
        }
        if self.formulas.cells > 0 {
            warnings.push(self.formulas_warning());
        }
        let Kind { cells, first } = &self.far;
        if *cells > 0 {
            let what = format!("{} beyond column {} (first: {first}).", count(*cells, "cell"), MAX_COLUMNS);
            warnings.push(
                Diagnostic::new("data.far-cells", what)
                    .done("Not read.")
                    .remedy("If they belong to the table, move them next to its other columns."),
            );
        }
        warnings
    }
}
