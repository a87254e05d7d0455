//! Builds a data set from collected rows: chooses the labels, splits the rows and reports on them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::same_labels::label_key;
use crate::dataset::phrases::{names, rows_were};
use crate::dataset::prepare::classes::Classes;
use crate::dataset::prepare::dataset::{Dataset, DatasetFile};
use crate::dataset::prepare::duplicates::{Duplicates, find_duplicates};
use crate::dataset::prepare::report::DataReport;
use crate::dataset::prepare::split::{SplitRow, stratified};
use crate::dataset::prepare::summary;
use crate::dataset::prepare::summary::Exclusions;
use crate::dataset::skipped::SkippedRows;
use crate::diagnostic::Diagnostic;
use crate::recipe::Task;

impl Dataset {
    /// Splits `train_file` by `seed`, or validates on `validation_file` if there is one.
    ///
    /// # Errors
    /// Labels that cannot be learned; `data.no-training` and `data.no-validation` if no row is left to train or validate
    /// on; and `data.other-task` if the files are mapped to different tasks.
    pub fn new(
        train_file: Arc<Examples>,
        validation_file: Option<Arc<Examples>>,
        validation_ratio: f64,
        seed: u64,
    ) -> Result<(Self, DataReport), Diagnostic> {
        let task = train_file.mapping.task();
        if validation_file.as_ref().is_some_and(|file| file.mapping.task() != task) {
            return Err(Diagnostic::new("data.other-task", "The validation file has no columns for this task.")
                .done("The rows were not split.")
                .remedy("Choose a validation file with the same columns as the training file, or none."));
        }
        let validated: HashSet<_> =
            validation_file.iter().flat_map(|file| (0..file.len()).map(|row| file.group(row))).collect();
        let is_validated = |row: usize| validated.contains(&train_file.group(row));
        let candidates: Vec<usize> = (0..train_file.len()).filter(|&row| !is_validated(row)).collect();
        if candidates.is_empty() {
            let what = "Every text of the training file is also in the validation file.";
            return Err(Diagnostic::new("data.no-training", what)
                .done("No row is left to train on.")
                .remedy("Choose another validation file, or none."));
        }
        let duplicates = find_duplicates(&train_file, is_validated);
        let across_split = (train_file.len() - candidates.len()) as u32;
        let classes = Classes::choose(&train_file, &candidates, validation_file.is_none())
            .map_err(|diagnostic| naming_skipped(diagnostic, &train_file.skipped))?;
        let mut warnings = classes.warnings;
        let mut dataset = Self {
            task,
            labels: classes.names,
            train: Vec::new(),
            validation: Vec::new(),
            train_file: DatasetFile { examples: train_file.clone(), class_of_label: classes.class_of_label },
            validation_file: None,
        };

        let mut skipped = SkippedRows::default();
        let mut kept = Vec::with_capacity(candidates.len());
        for row in candidates {
            if dataset.train_file.has_known_labels(row) {
                kept.push(row);
            } else {
                skipped.add(train_file.line(row), "the only row with its label");
            }
        }
        if let Some(file) = validation_file {
            dataset.train = kept.iter().map(|&row| row as u32).collect();
            warnings.extend(dataset.validate_on(file));
        } else {
            dataset.split(&kept, &duplicates, validation_ratio, seed);
        }
        if dataset.validation.is_empty() {
            return Err(naming_skipped(dataset.no_validation_rows(), &train_file.skipped));
        }
        warnings.extend(summary::repair_warnings(&train_file.repairs));
        warnings.extend(dataset.labels_missing_from_validation());
        let report = summary::report(&dataset, Exclusions { skipped: &skipped, across_split }, duplicates, warnings);
        Ok((dataset, report))
    }

    /// Splits the rows of the training file.
    fn split(&mut self, kept: &[usize], duplicates: &Duplicates, validation_ratio: f64, seed: u64) {
        let has_classes = self.task == Task::Classification;
        let examples = &self.train_file.examples;
        let mut groups = HashMap::new();
        let split_row = |&row: &usize| {
            let next_group = groups.len() as u32;
            SplitRow {
                class: if has_classes { self.label(row as u32) } else { 0 },
                group: *groups.entry(examples.group(row)).or_insert(next_group),
                is_contradictory: has_classes && duplicates.is_contradictory(row),
            }
        };
        let rows: Vec<SplitRow> = kept.iter().map(split_row).collect();
        let classes = if has_classes { self.labels.len() } else { 1 };
        for (&row, is_validation) in kept.iter().zip(stratified(&rows, classes, validation_ratio, seed)) {
            let side = if is_validation { &mut self.validation } else { &mut self.train };
            side.push(row as u32);
        }
    }

    /// Takes the validation rows from a file of their own.
    fn validate_on(&mut self, examples: Arc<Examples>) -> Vec<Diagnostic> {
        let classes: HashMap<&str, u32> =
            self.labels.iter().zip(0..).map(|(name, class)| (name.as_str(), class)).collect();
        // 1 and 1.0 are the same class, and é may be written in two ways.
        let by_key: HashMap<String, u32> = self.labels.iter().map(|name| label_key(name)).zip(0..).collect();
        let class_of = |label: &str| classes.get(label).or_else(|| by_key.get(&label_key(label))).copied();
        let class_of_label = examples.label_names.iter().map(|label| class_of(&label.name)).collect();
        let file = DatasetFile { examples, class_of_label };
        let first_row = self.train_file.examples.len();
        let known = (0..file.examples.len()).filter(|&row| file.has_known_labels(row));
        self.validation = known.map(|row| (first_row + row) as u32).collect();

        let mut warnings = Vec::new();
        let unknown_rows = file.examples.len() - self.validation.len();
        if unknown_rows > 0 {
            let labels = file.examples.label_names.iter().zip(&file.class_of_label);
            let unknown: Vec<_> = labels.filter(|(_, class)| class.is_none()).map(|(label, _)| &label.name).collect();
            let what = format!("Only the validation file has the labels {}.", names(&unknown));
            let done = format!("Their {} left out of validation.", rows_were(unknown_rows));
            warnings.push(
                Diagnostic::new("data.unlearned-labels", what)
                    .done(done)
                    .remedy("Check that both files name their labels the same way."),
            );
        }
        warnings.extend(file.examples.skipped.validation_file_warning());
        self.validation_file = Some(file);
        warnings
    }

    fn no_validation_rows(&self) -> Diagnostic {
        let diagnostic = Diagnostic::new("data.no-validation", "No row is left to validate on.");
        match (&self.validation_file, self.task) {
            (Some(file), _) => diagnostic
                .done(format!(
                    "The training file has none of the validation file's labels. It has {}, and the validation file {}.",
                    names(&self.labels),
                    names(&file.examples.label_names.iter().map(|label| &label.name).collect::<Vec<_>>())
                ))
                .remedy("Check that both files name their labels the same way, and which column is the label."),
            (None, _) if self.train.len() == 1 => diagnostic
                .done("Only 1 row can be used, and one is needed for training.")
                .remedy("Check which columns are chosen, and repair or add rows."),
            (None, Task::Classification) => diagnostic
                .done("No label has two different texts without another label.")
                .remedy("Check which column is the text."),
            (None, Task::QuestionAnswering) => diagnostic
                .done("All questions are about one passage, which cannot be in both training and validation.")
                .remedy("Add questions about another passage, or choose a validation file."),
            (None, _) => diagnostic
                .done("All rows have the same text, which cannot be in both training and validation.")
                .remedy("Add rows with other texts, or choose a validation file."),
        }
    }

    /// Warns of labels that training rows have and no validation row has.
    fn labels_missing_from_validation(&self) -> Option<Diagnostic> {
        let labels_of = |rows: &[u32]| rows.iter().flat_map(|&row| self.row_labels(row)).collect::<HashSet<u32>>();
        let (trained, validated) = (labels_of(&self.train), labels_of(&self.validation));
        let is_missing = |class: &u32| trained.contains(class) && !validated.contains(class);
        let missing: Vec<_> =
            self.labels.iter().zip(0..).filter(|(_, class)| is_missing(class)).map(|(name, _)| name).collect();
        if missing.is_empty() {
            return None;
        }
        let reason = match (&self.validation_file, self.task) {
            (Some(_), _) => "The validation file has no row with them.",
            (None, Task::Classification) => "Their rows all have the same text, or texts that also have another label.",
            (None, _) => "They have too few rows for both training and validation.",
        };
        let what = format!("No validation row has the labels {}.", names(&missing));
        Some(
            Diagnostic::new("data.unchecked-labels", what)
                .done(format!("{reason} They are trained, but not measured."))
                .remedy("Add rows with other texts."),
        )
    }
}

/// Adds to an error how many rows were skipped before, since they may be its cause.
fn naming_skipped(mut diagnostic: Diagnostic, skipped: &SkippedRows) -> Diagnostic {
    if let Some(first) = skipped.first.first() {
        let rows = rows_were(skipped.rows);
        diagnostic.done += &format!(" {rows} skipped before. First, line {}: {}.", first.line, first.reason);
    }
    diagnostic
}
