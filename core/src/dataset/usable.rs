//! The rows that train and validate, and the report on them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::limits::{MIN_CLASS_ROWS, REPORTED_ROWS};
use crate::problem::Problem;

use super::labels::{self, Classes};
use super::repeats::{self, Repeats};
use super::split::{Entry, stratified};
use super::words::{LeftOut, count, names};
use super::{ClassCount, DataReport, Labelled};

/// Rows that train and validate, by numbers that this type turns into texts.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Class names, in the order of the model's outputs.
    pub labels: Vec<String>,
    /// Rows learned from, in the order of the file.
    pub train: Vec<u32>,
    /// Rows validated on, in the order of the file.
    pub validation: Vec<u32>,
    own: Arc<Labelled>,
    /// The person's own validation file: its rows are numbered after those of `own`.
    other: Option<Arc<Labelled>>,
    /// Class of each label of `own`, then of `other`; labels that are not learned stand on no row of this type.
    classes: [Vec<Option<u32>>; 2],
}

impl Dataset {
    /// Splits `own` by `seed`, or validates on `other` where the person gave one.
    ///
    /// # Errors
    /// Labels that cannot be learned, and `data.no-training` and `data.no-validation` where no row is left for a side.
    pub fn new(
        own: Arc<Labelled>,
        other: Option<Arc<Labelled>>,
        validation_share: f64,
        seed: u64,
    ) -> Result<(Self, DataReport), Problem> {
        let elsewhere: HashSet<&str> =
            other.iter().flat_map(|file| (0..file.len()).map(|row| file.text(row))).collect();
        let is_elsewhere = |text: &str| elsewhere.contains(text);
        let learnable: Vec<usize> = (0..own.len()).filter(|&row| !is_elsewhere(own.text(row))).collect();
        let across_split = own.len() - learnable.len();
        if learnable.is_empty() {
            return Err(Problem::new(
                "data.no-training",
                "Every text of the training file is also in the validation file.",
            )
            .done("Nothing is left to learn from.")
            .remedy("Choose another validation file, or none."));
        }
        let mut label_rows = vec![0; own.label_names.len()];
        learnable.iter().for_each(|&row| label_rows[own.label_id(row)] += 1);
        let min_rows = if other.is_some() { 1 } else { MIN_CLASS_ROWS };
        let Classes { names: labels, of_label, mut warnings } =
            labels::choose(&own.label_names, &label_rows, min_rows)?;

        let mut left_out = LeftOut::default();
        let mut usable = Vec::with_capacity(learnable.len());
        for row in learnable {
            match of_label[own.label_id(row)] {
                Some(class) => usable.push((row, class)),
                None => left_out.add(own.line(row), "the only row with its label"),
            }
        }
        let repeats = repeats::find(&own, is_elsewhere);
        let mut dataset =
            Self { labels, train: vec![], validation: vec![], own, other, classes: [of_label, Vec::new()] };
        match dataset.other.clone() {
            Some(other) => {
                dataset.train = usable.iter().map(|&(row, _)| row as u32).collect();
                warnings.extend(dataset.validate_on(&other));
            }
            None => dataset.split(&usable, &repeats, validation_share, seed),
        }
        if dataset.validation.is_empty() {
            let problem = Problem::new("data.no-validation", "No row is left to validate on.");
            return Err(match dataset.other {
                Some(_) => problem
                    .done("None of the validation file's labels is one that is learned.")
                    .remedy("Check that both files name their labels the same way, and which column is the label."),
                None => problem
                    .done("No label has two different texts that stand with no other label.")
                    .remedy("Check which column is the text."),
            });
        }
        warnings.extend(dataset.unchecked_classes());
        let report = dataset.report(repeats, left_out, across_split as u32, warnings);
        Ok((dataset, report))
    }

    /// A row's text, without white space around it.
    pub fn text(&self, row: u32) -> &str {
        let (file, row) = self.place(row);
        file.text(row)
    }

    /// Index of a row's class in `labels`.
    pub fn label(&self, row: u32) -> u32 {
        let is_other = row as usize >= self.own.len();
        let (file, row) = self.place(row);
        // Rows of `train` and `validation` have a class: the others were left out when those were filled.
        self.classes[usize::from(is_other)][file.label_id(row)].unwrap_or_default()
    }

    /// The line on which a row begins in its file, from 1.
    pub fn line(&self, row: u32) -> u32 {
        let (file, row) = self.place(row);
        file.line(row)
    }

    fn place(&self, row: u32) -> (&Labelled, usize) {
        let row = row as usize;
        match &self.other {
            Some(other) if row >= self.own.len() => (other, row - self.own.len()),
            _ => (&self.own, row),
        }
    }

    fn split(&mut self, usable: &[(usize, u32)], repeats: &Repeats, share: f64, seed: u64) {
        let entry = |&(row, class): &(usize, u32)| {
            let text = repeats.first_row[row];
            Entry { class, text, is_mixed: repeats.is_mixed[text as usize] }
        };
        let entries: Vec<Entry> = usable.iter().map(entry).collect();
        for ((row, _), is_held) in usable.iter().zip(stratified(&entries, self.labels.len(), share, seed)) {
            if is_held { &mut self.validation } else { &mut self.train }.push(*row as u32);
        }
    }

    /// Takes the rows of the person's own validation file.
    fn validate_on(&mut self, other: &Labelled) -> Vec<Problem> {
        let known: HashMap<&str, u32> =
            self.labels.iter().zip(0..).map(|(name, class)| (name.as_str(), class)).collect();
        let of_label: Vec<_> = other.label_names.iter().map(|label| known.get(label.name.as_str()).copied()).collect();
        let offset = self.own.len();
        let mut unknown_rows = 0;
        for row in 0..other.len() {
            match of_label[other.label_id(row)] {
                Some(_) => self.validation.push((offset + row) as u32),
                None => unknown_rows += 1,
            }
        }
        let unlearned = other.label_names.iter().zip(&of_label).filter(|(_, class)| class.is_none());
        let unlearned: Vec<_> = unlearned.map(|(label, _)| &label.name).collect();
        let mut warnings = Vec::new();
        if !unlearned.is_empty() {
            let what = format!("Only the validation file has {}.", names(&unlearned));
            warnings.push(
                Problem::new("data.unlearned-labels", what)
                    .done(format!(
                        "{} left out of validation: these labels cannot be learned.",
                        count(unknown_rows, "row")
                    ))
                    .remedy("Check that both files name their labels the same way."),
            );
        }
        if let Some(row) = other.left_out.first.first() {
            let what = format!("{} of the validation file cannot be used.", count(other.left_out.rows, "row"));
            let done = format!("Left out. The first, line {}: {}.", row.line, row.reason);
            warnings.push(Problem::new("data.validation-rows", what).done(done));
        }
        self.classes[1] = of_label;
        warnings
    }

    /// Warns of classes that no validation row has.
    fn unchecked_classes(&self) -> Option<Problem> {
        let checked: HashSet<u32> = self.validation.iter().map(|&row| self.label(row)).collect();
        let unchecked: Vec<_> =
            self.labels.iter().zip(0..).filter(|(_, class)| !checked.contains(class)).map(|(name, _)| name).collect();
        (!unchecked.is_empty()).then(|| {
            let reason = match self.other {
                Some(_) => "The validation file has no row of them.",
                None => "Their rows all have the same text, or texts that also stand with another label.",
            };
            Problem::new("data.unchecked-labels", format!("Nothing checks the labels {}.", names(&unchecked)))
                .done(format!("{reason} They are learned all the same."))
                .remedy("Add rows with other texts.")
        })
    }

    fn report(&self, repeats: Repeats, left_out: LeftOut, across_split: u32, warnings: Vec<Problem>) -> DataReport {
        let mut class_rows = vec![0u32; self.labels.len()];
        self.train.iter().chain(&self.validation).for_each(|&row| class_rows[self.label(row) as usize] += 1);
        let mut classes: Vec<ClassCount> = self
            .labels
            .iter()
            .zip(&class_rows)
            .map(|(label, &rows)| ClassCount { label: label.clone(), rows })
            .collect();
        classes.sort_by_key(|class| std::cmp::Reverse(class.rows));
        let rows_kept = (self.train.len() + self.validation.len()) as u32;
        let mut dropped = [self.own.left_out.first.as_slice(), &left_out.first].concat();
        dropped.sort_by_key(|row| row.line);
        dropped.truncate(REPORTED_ROWS);
        DataReport {
            mapping: self.own.mapping,
            rows_kept,
            rows_dropped: (self.own.left_out.rows + left_out.rows) as u32,
            dropped,
            majority_share: f64::from(classes.first().map_or(0, |class| class.rows)) / f64::from(rows_kept),
            classes,
            duplicates: repeats.duplicates,
            contradictions: repeats.contradictions,
            across_split,
            repeated: repeats.texts,
            train_rows: self.train.len() as u32,
            validation_rows: self.validation.len() as u32,
            tokens: None,
            warnings,
        }
    }
}
