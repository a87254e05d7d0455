//! A data set without the rows that a model refuses.

use std::collections::HashSet;

use crate::dataset::phrases::count;
use crate::dataset::prepare::dataset::Dataset;
use crate::dataset::prepare::report::DataReport;
use crate::dataset::prepare::summary;
use crate::dataset::skipped::SkippedRows;
use crate::diagnostic::Diagnostic;

impl Dataset {
    /// The same without `refused` rows, each with the reason, and the report on it. `report` is that on all rows.
    ///
    /// # Errors
    /// `data.refused` where no row of a side is left.
    pub fn without(&self, refused: &[(u32, String)], report: &DataReport) -> Result<(Self, DataReport), Diagnostic> {
        if refused.is_empty() {
            return Ok((self.clone(), report.clone()));
        }
        let are_refused: HashSet<u32> = refused.iter().map(|&(row, _)| row).collect();
        let kept = |rows: &[u32]| rows.iter().copied().filter(|row| !are_refused.contains(row)).collect();
        let mut dataset = self.clone();
        (dataset.train, dataset.validation) = (kept(&self.train), kept(&self.validation));
        let (mut own, mut other) = (SkippedRows::default(), SkippedRows::default());
        for (row, reason) in refused {
            let skipped = if self.is_own(*row) { &mut own } else { &mut other };
            skipped.add(self.line(*row), reason.as_str());
        }
        for (what_for, rows, left) in
            [("learn from", &self.train, &dataset.train), ("validate on", &self.validation, &dataset.validation)]
        {
            if left.is_empty() {
                let first = refused.iter().find(|(row, _)| rows.first() == Some(row));
                return Err(self.nothing_left(what_for, rows.len(), first));
            }
        }
        let mut report = summary::without(report, &dataset, &own);
        report.warnings.extend(other.of_validation_file());
        Ok((dataset, report))
    }

    fn nothing_left(&self, what_for: &str, rows: usize, first: Option<&(u32, String)>) -> Diagnostic {
        let first = first.map(|(row, reason)| format!(" Line {}: {reason}.", self.line(*row))).unwrap_or_default();
        let what = format!("The model refuses all {} to {what_for}.{first}", count(rows, "row"));
        Diagnostic::new("data.refused", what)
            .done("The file stays open.")
            .remedy("Choose another model, or write the rows in the form that this one knows.")
    }
}
