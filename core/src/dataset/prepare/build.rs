//! Builds a data set from collected rows: chooses the labels, holds out rows and reports on them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::same_labels::label_key;
use crate::dataset::prepare::classes::Classes;
use crate::dataset::prepare::comparisons::check_comparisons;
use crate::dataset::prepare::dataset::{Dataset, DatasetFile, DatasetFiles, HoldOut};
use crate::dataset::prepare::duplicates::{Duplicates, find_duplicates};
use crate::dataset::prepare::held_out::{HeldOut, HeldOutRows, LeftOut};
use crate::dataset::prepare::queries::check_queries;
use crate::dataset::prepare::report::DataReport;
use crate::dataset::prepare::split::{SplitRow, stratified, text_hash};
use crate::dataset::prepare::summary;
use crate::dataset::prepare::summary::Exclusions;
use crate::dataset::prepare::wild_numbers::wild_numbers;
use crate::dataset::skipped::SkippedRows;
use crate::diagnostic::Diagnostic;
use crate::phrases::{count, names, rows_were};
use crate::recipe::Task;
use crate::rng::Stream;

/// Code of the error about a file that can be trained on once some of its rows without a label have one.
pub const FEW_LABELS: &str = "data.few-labels";

/// Texts of a file by which rows of other files are recognized; for questions, passages.
type Groups<'a> = HashSet<(&'a str, &'a str)>;

impl Dataset {
    /// Splits `train_file` by `seed`, or validates on `validation_file` if there is one. There are no test rows.
    ///
    /// # Errors
    /// Those of [`Dataset::with_test`].
    pub fn new(
        train_file: Arc<Examples>,
        validation_file: Option<Arc<Examples>>,
        validation_ratio: f64,
        seed: u64,
    ) -> Result<(Self, DataReport), Diagnostic> {
        let validation = validation_file.map(HeldOutRows::File);
        let files = DatasetFiles { train: train_file, validation, test: None };
        Self::with_test(files, HoldOut { validation_ratio, test_ratio: 0.0, seed })
    }

    /// Splits the rows of the training file, unless there are files for validation and test. No text is on two sides: a row
    /// whose text is also in the test file neither trains nor validates. A part of the training file without the columns or
    /// labels of the training rows is left out with a warning.
    ///
    /// # Errors
    /// Labels that cannot be learned; `data.no-training` and `data.no-validation` if no row is left to train or validate
    /// on; and `data.other-task` if the files are mapped to different tasks.
    pub fn with_test(files: DatasetFiles, held_out: HoldOut) -> Result<(Self, DataReport), Diagnostic> {
        let DatasetFiles { train: train_file, validation, test } = files;
        let task = train_file.mapping.task();
        let mut left_out = LeftOut::default();
        let validation_file = left_out.used(validation, HeldOut::Validation, &train_file)?;
        let test_file = left_out.used(test, HeldOut::Test, &train_file)?;
        if train_file.is_empty() {
            return Err(few_labels(Diagnostic::new(FEW_LABELS, "No row has a label yet."), &train_file));
        }
        let (validated, tested) = (groups(validation_file.as_deref()), groups(test_file.as_deref()));
        let is_held_out = |row: usize| {
            let group = train_file.group(row);
            validated.contains(&group) || tested.contains(&group)
        };
        let candidates: Vec<usize> = (0..train_file.len()).filter(|&row| !is_held_out(row)).collect();
        if candidates.is_empty() {
            let name = if test_file.is_none() { "validation" } else { "validation or test" };
            let what = format!("Every text of the training file is also in the {name} file.");
            return Err(Diagnostic::new("data.no-training", what)
                .done("No row is left to train on.")
                .remedy(format!("Choose another {name} file, or none.")));
        }
        let duplicates = find_duplicates(&train_file, is_held_out);
        let across_split = (train_file.len() - candidates.len()) as u32;
        let classes = Classes::choose(&train_file, &candidates, validation_file.is_none())
            .map_err(|diagnostic| naming_skipped(few_labels(diagnostic, &train_file), &train_file.skipped))?;
        let mut warnings = left_out.warnings;
        warnings.extend(classes.warnings);
        let mut dataset = Self {
            task,
            labels: classes.names,
            train: Vec::new(),
            validation: Vec::new(),
            test: Vec::new(),
            train_file: DatasetFile { examples: train_file.clone(), class_of_label: classes.class_of_label },
            validation_file: None,
            test_file: None,
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
        let own = [validation_file.clone(), test_file.clone()];
        dataset.split(&kept, &duplicates, held_out, own.each_ref().map(Option::is_some));
        let [own_validation, own_test] = own;
        if let Some(file) = own_validation {
            warnings.extend(dataset.hold_out_file(file, HeldOut::Validation, &tested));
        }
        if dataset.validation.is_empty() {
            return Err(naming_skipped(dataset.no_validation_rows(), &train_file.skipped));
        }
        check_comparisons(&dataset)?;
        warnings.extend(check_queries(&dataset)?);
        let wants_test = test_file.is_some() || held_out.test_ratio > 0.0;
        if let Some(file) = own_test {
            warnings.extend(dataset.hold_out_file(file, HeldOut::Test, &Groups::new()));
        }
        warnings.extend(summary::repair_warnings(&train_file.repairs));
        warnings.extend(wild_numbers(&dataset));
        warnings.extend(dataset.missing_labels(HeldOut::Validation));
        if wants_test {
            warnings.extend(dataset.missing_labels(HeldOut::Test));
            warnings.extend(dataset.no_test_rows());
        }
        let report = summary::report(&dataset, Exclusions { skipped: &skipped, across_split }, duplicates, warnings);
        Ok((dataset, DataReport { left_out: left_out.roles, ..report }))
    }

    /// Splits the rows of the training file. `has_file` says for validation and test if they have a file of their own.
    fn split(&mut self, kept: &[usize], duplicates: &Duplicates, held_out: HoldOut, has_file: [bool; 2]) {
        let HoldOut { validation_ratio, test_ratio, seed } = held_out;
        let [has_validation_file, has_test_file] = has_file;
        let has_classes = !self.labels.is_empty() && matches!(self.task, Task::Classification | Task::Embeddings);
        let examples = &self.train_file.examples;
        let split_row = |&row: &usize| SplitRow {
            class: if has_classes { self.label(row as u32) } else { 0 },
            text: text_hash(examples.group(row)),
            is_contradictory: has_classes && duplicates.is_contradictory(row),
        };
        let mut rows: Vec<(u32, SplitRow)> = kept.iter().map(|row| (*row as u32, split_row(row))).collect();
        let classes = if has_classes { self.labels.len() } else { 1 };
        // Test rows first, with random numbers of their own: without them, the other rows are split as if there were no test.
        let mut take = |ratio: f64, kept_texts: usize, stream: Stream| -> Vec<u32> {
            let split_rows: Vec<SplitRow> = rows.iter().map(|(_, row)| *row).collect();
            let is_held_out = stratified(&split_rows, classes, ratio, kept_texts, (seed, stream));
            let (taken, rest) = rows.drain(..).zip(is_held_out).partition::<Vec<_>, _>(|(_, is_held_out)| *is_held_out);
            rows = rest.into_iter().map(|(row, _)| row).collect();
            taken.into_iter().map(|((row, _), _)| row).collect()
        };
        let test_ratio = if has_test_file { 0.0 } else { test_ratio };
        if test_ratio > 0.0 {
            let kept_texts = if has_validation_file { 1 } else { 2 };
            self.test = take(test_ratio, kept_texts, Stream::TestSplit);
        }
        if !has_validation_file {
            self.validation = take(validation_ratio / (1.0 - test_ratio), 1, Stream::Split);
        }
        self.train = rows.into_iter().map(|(row, _)| row).collect();
    }

    /// Takes the rows of a side from a file of its own, without those of the groups in `excluded`.
    fn hold_out_file(&mut self, examples: Arc<Examples>, side: HeldOut, excluded: &Groups) -> Vec<Diagnostic> {
        let classes: HashMap<&str, u32> =
            self.labels.iter().zip(0..).map(|(name, class)| (name.as_str(), class)).collect();
        // 1 and 1.0 are the same class, and é may be written in two ways.
        let by_key: HashMap<String, u32> = self.labels.iter().map(|name| label_key(name)).zip(0..).collect();
        let class_of = |label: &str| classes.get(label).or_else(|| by_key.get(&label_key(label))).copied();
        let class_of_label = examples.label_names.iter().map(|label| class_of(&label.name)).collect();
        let file = DatasetFile { examples, class_of_label };
        let first_row = self.rows_in_files();
        let is_excluded = |row: usize| excluded.contains(&file.examples.group(row));
        let known: Vec<usize> = (0..file.examples.len()).filter(|&row| file.has_known_labels(row)).collect();
        let used = known.iter().filter(|&&row| !is_excluded(row)).map(|row| (first_row + row) as u32);
        let used: Vec<u32> = used.collect();

        let (mut warnings, name) = (Vec::new(), side.name());
        let unknown_rows = file.examples.len() - known.len();
        if unknown_rows > 0 {
            let labels = file.examples.label_names.iter().zip(&file.class_of_label);
            let unknown: Vec<_> = labels.filter(|(_, class)| class.is_none()).map(|(label, _)| &label.name).collect();
            let what = format!("Only the {name} file has the labels {}.", names(&unknown));
            let of_side = if side == HeldOut::Test { "the test" } else { "validation" };
            let done = format!("Their {} left out of {of_side}.", rows_were(unknown_rows));
            warnings.push(
                Diagnostic::new("data.unlearned-labels", what)
                    .done(done)
                    .remedy("Check that both files name their labels the same way."),
            );
        }
        if known.len() > used.len() {
            let rows = known.len() - used.len();
            let what = format!("Texts of the {name} file are also in the test file.");
            let done = format!("Their {} left out of {name}: nothing may be chosen by test rows.", rows_were(rows));
            warnings.push(Diagnostic::new("data.tested-texts", what).done(done));
        }
        warnings.extend(file.examples.skipped.file_warning(name));
        match side {
            HeldOut::Validation => (self.validation, self.validation_file) = (used, Some(file)),
            HeldOut::Test => (self.test, self.test_file) = (used, Some(file)),
        }
        warnings
    }

    /// Warns that there are no test rows, although the user wants some.
    fn no_test_rows(&self) -> Option<Diagnostic> {
        if !self.test.is_empty() {
            return None;
        }
        let reason = match &self.test_file {
            Some(_) => "The test file has no row with labels of the training file.",
            None => "Training and validation need all texts.",
        };
        Some(
            Diagnostic::new("data.no-test", "No row is left for the test.")
                .done(format!("{reason} The run will have no test score."))
                .remedy("Add rows, or check that both files name their labels the same way."),
        )
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
            (None, Task::Classification | Task::Embeddings) if !self.labels.is_empty() => diagnostic
                .done("No label has two different texts without another label.")
                .remedy("Check which column is the text."),
            (None, Task::QuestionAnswering) => diagnostic
                .done("All questions are about one passage, which cannot be in both training and validation.")
                .remedy("Add questions about another passage, or choose a validation file."),
            (None, Task::Reranking) => diagnostic
                .done("All passages belong to one query, which cannot be in both training and validation.")
                .remedy("Add rows with another query, or choose a validation file."),
            (None, _) => diagnostic
                .done("All rows have the same text, which cannot be in both training and validation.")
                .remedy("Add rows with other texts, or choose a validation file."),
        }
    }

    /// Warns of labels that training rows have and no row of the side has.
    fn missing_labels(&self, side: HeldOut) -> Option<Diagnostic> {
        let (rows, file) = match side {
            HeldOut::Validation => (&self.validation, &self.validation_file),
            HeldOut::Test => (&self.test, &self.test_file),
        };
        let labels_of = |rows: &[u32]| rows.iter().flat_map(|&row| self.row_labels(row)).collect::<HashSet<u32>>();
        let (trained, held_out) = (labels_of(&self.train), labels_of(rows));
        let is_missing = |class: &u32| trained.contains(class) && !held_out.contains(class);
        let missing: Vec<_> =
            self.labels.iter().zip(0..).filter(|(_, class)| is_missing(class)).map(|(name, _)| name).collect();
        if missing.is_empty() || rows.is_empty() {
            return None;
        }
        let name = side.name();
        let reason = match (file, side, self.task) {
            (Some(_), ..) => format!("The {name} file has no row with them."),
            (None, HeldOut::Validation, Task::Classification | Task::Embeddings) => {
                "Their rows all have the same text, or texts that also have another label.".into()
            }
            (None, HeldOut::Validation, _) => "They have too few rows for both training and validation.".into(),
            (None, HeldOut::Test, _) => "They have too few different texts.".into(),
        };
        let (code, measured) = match side {
            HeldOut::Validation => ("data.unchecked-labels", "They are trained, but not measured."),
            HeldOut::Test => ("data.untested-labels", "The test score says nothing about them."),
        };
        let what = format!("No {name} row has the labels {}.", names(&missing));
        Some(Diagnostic::new(code, what).done(format!("{reason} {measured}")).remedy("Add rows with other texts."))
    }
}

/// The groups of a file.
fn groups(file: Option<&Examples>) -> Groups<'_> {
    file.into_iter().flat_map(|file| (0..file.len()).map(|row| file.group(row))).collect()
}

/// An error about the labels of a file that has rows without one: with two labels, it can be trained on.
fn few_labels(diagnostic: Diagnostic, file: &Examples) -> Diagnostic {
    let is_lack = [FEW_LABELS, "data.one-class", "data.too-few-rows"].contains(&diagnostic.code.as_str());
    if !is_lack || file.pool.total == 0 {
        return diagnostic;
    }
    let rows = file.pool.total;
    let have = if rows == 1 { "has" } else { "have" };
    Diagnostic::new(FEW_LABELS, diagnostic.what)
        .done(format!("{} {have} a text and no label. The file stays open.", count(rows, "row")))
        .remedy(
            "Label some of them: two rows of each of two labels are needed to train, and ten of each are a start. Or \
             choose another column as the label.",
        )
}

/// Adds to an error how many rows were skipped before, since they may be its cause.
fn naming_skipped(mut diagnostic: Diagnostic, skipped: &SkippedRows) -> Diagnostic {
    if let Some(first) = skipped.first.first() {
        let rows = rows_were(skipped.rows);
        diagnostic.done += &format!(" {rows} skipped before. First, line {}: {}.", first.line, first.reason);
    }
    diagnostic
}
