//! Removes the rows that a model cannot encode.

use std::collections::HashSet;

use crate::dataset::prepare::dataset::Dataset;
use crate::dataset::prepare::report::DataReport;
use crate::dataset::prepare::summary;
use crate::dataset::skipped::SkippedRows;
use crate::diagnostic::Diagnostic;
use crate::phrases::count;

impl Dataset {
    /// The data set without the rejected rows, each given with the reason, and an updated report. `report` is the report
    /// on all rows.
    ///
    /// # Errors
    /// `data.refused` if no training row, no validation row or none of the test rows is left.
    pub fn exclude_rows(
        &self,
        rejected: &[(u32, String)],
        report: &DataReport,
    ) -> Result<(Self, DataReport), Diagnostic> {
        if rejected.is_empty() {
            return Ok((self.clone(), report.clone()));
        }
        let rejected_rows: HashSet<u32> = rejected.iter().map(|&(row, _)| row).collect();
        let without = |rows: &Vec<u32>| rows.iter().copied().filter(|row| !rejected_rows.contains(row)).collect();
        let mut dataset = self.clone();
        [dataset.train, dataset.validation, dataset.test] = [&self.train, &self.validation, &self.test].map(without);
        let [mut train_file, mut validation_file, mut test_file] = [(); 3].map(|()| SkippedRows::default());
        for (row, reason) in rejected {
            let skipped = if self.is_from_train_file(*row) {
                &mut train_file
            } else if self.is_from_test_file(*row) {
                &mut test_file
            } else {
                &mut validation_file
            };
            skipped.add(self.line(*row), reason.as_str());
        }
        for (side, before, after) in [
            ("training", &self.train, &dataset.train),
            ("validation", &self.validation, &dataset.validation),
            ("test", &self.test, &dataset.test),
        ] {
            if after.is_empty() && !before.is_empty() {
                let first = rejected.iter().find(|(row, _)| before.first() == Some(row));
                return Err(self.all_rejected(side, before.len(), first));
            }
        }
        let mut report = summary::update(report, &dataset, &train_file);
        report.warnings.extend(validation_file.file_warning("validation"));
        report.warnings.extend(test_file.file_warning("test"));
        Ok((dataset, report))
    }

    fn all_rejected(&self, side: &str, rows: usize, first: Option<&(u32, String)>) -> Diagnostic {
        let first = first.map(|(row, reason)| format!(" Line {}: {reason}.", self.line(*row))).unwrap_or_default();
        let what = format!("The model rejects all {}.{first}", count(rows, &format!("{side} row")));
        Diagnostic::new("data.refused", what)
            .done("The file stays open.")
            .remedy("Choose another model, or write the rows in a form that this model supports.")
    }
}
