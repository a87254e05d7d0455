//! The rows that train and validate.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::dataset::collect::example::Example;
use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::labels;
use crate::dataset::collect::labels::Classes;
use crate::dataset::phrases::{count, names};
use crate::dataset::prepare::duplicates;
use crate::dataset::prepare::duplicates::Repeats;
use crate::dataset::prepare::report::DataReport;
use crate::dataset::prepare::split::{Entry, stratified};
use crate::dataset::prepare::summary;
use crate::dataset::prepare::summary::Sides;
use crate::dataset::skipped::SkippedRows;
use crate::diagnostic::Diagnostic;
use crate::limits::MIN_CLASS_ROWS;
use crate::recipe::Task;
use crate::usage::PromptForm;

/// Rows that train and validate, by numbers that this type turns into examples.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The task that the file is mapped to.
    pub task: Task,
    /// Classes, labels or tags, in the order of the model's outputs; none for other tasks.
    pub labels: Vec<String>,
    /// Rows learned from, in the order of the file.
    pub train: Vec<u32>,
    /// Rows validated on, in the order of the file.
    pub validation: Vec<u32>,
    own: Arc<Examples>,
    /// The person's own validation file: its rows are numbered after those of `own`.
    other: Option<Arc<Examples>>,
    /// Of each label of `own`, then of `other`: its index in `labels`. Labels that are not learned stand on no row of
    /// this type.
    of_label: [Vec<Option<u32>>; 2],
}

impl Dataset {
    /// Splits `own` by `seed`, or validates on `other` where the person gave one.
    ///
    /// # Errors
    /// Labels that cannot be learned, `data.no-training` and `data.no-validation` where no row is left for a side, and
    /// `data.other-task` where the files are mapped to different tasks.
    pub fn new(
        own: Arc<Examples>,
        other: Option<Arc<Examples>>,
        validation_ratio: f64,
        seed: u64,
    ) -> Result<(Self, DataReport), Diagnostic> {
        let task = own.mapping.task();
        if other.as_ref().is_some_and(|other| other.mapping.task() != task) {
            return Err(Diagnostic::new("data.other-task", "The validation file has no columns for this task.")
                .done("Nothing was split.")
                .remedy("Choose a validation file with the same columns as the training file, or none."));
        }
        let elsewhere: HashSet<_> = other.iter().flat_map(|file| (0..file.len()).map(|row| file.group(row))).collect();
        let is_elsewhere = |row: usize| elsewhere.contains(&own.group(row));
        let learnable: Vec<usize> = (0..own.len()).filter(|&row| !is_elsewhere(row)).collect();
        let across_split = own.len() - learnable.len();
        if learnable.is_empty() {
            return Err(Diagnostic::new(
                "data.no-training",
                "Every text of the training file is also in the validation file.",
            )
            .done("Nothing is left to learn from.")
            .remedy("Choose another validation file, or none."));
        }
        let Classes { names: labels, of_label, mut warnings } = learned(&own, &learnable, other.is_some())?;

        let mut skipped = SkippedRows::default();
        let mut usable = Vec::with_capacity(learnable.len());
        for row in learnable {
            match own.label_ids(row).iter().all(|&id| of_label[id as usize].is_some()) {
                true => usable.push(row),
                false => skipped.add(own.line(row), "the only row with its label"),
            }
        }
        let repeats = duplicates::find(&own, is_elsewhere);
        let (train, validation) = (Vec::new(), Vec::new());
        let mut dataset = Self { task, labels, train, validation, own, other, of_label: [of_label, Vec::new()] };
        match dataset.other.clone() {
            Some(other) => {
                dataset.train = usable.iter().map(|&row| row as u32).collect();
                warnings.extend(dataset.validate_on(&other));
            }
            None => dataset.split(&usable, &repeats, validation_ratio, seed),
        }
        if dataset.validation.is_empty() {
            return Err(dataset.nothing_validates());
        }
        warnings.extend(summary::repairs(&dataset.own));
        warnings.extend(dataset.unchecked_labels());
        let sides = Sides { own: &dataset.own, skipped: &skipped, across_split: across_split as u32 };
        let report = summary::report(&dataset, sides, repeats, warnings);
        Ok((dataset, report))
    }

    /// The form in which a model that learned the rows is asked.
    pub fn prompt_form(&self) -> PromptForm {
        self.own.mapping.prompt_form()
    }

    /// A row as it is learned from.
    pub fn example(&self, row: u32) -> Example<'_> {
        let (file, nth, row) = self.place(row);
        file.example(row, |id| self.learned_label(nth, id))
    }

    /// A row's first text: the question, the prompt, all turns of a conversation one after the other. For showing it.
    pub fn text(&self, row: u32) -> &str {
        let (file, _, row) = self.place(row);
        file.text(row)
    }

    /// A row's second text, where it has one: that of a pair, the passage, what a prompt goes on with. For showing it.
    pub fn second_text(&self, row: u32) -> Option<&str> {
        let (file, _, row) = self.place(row);
        file.second_text(row)
    }

    /// Index of a row's class in `labels`; 0 for other tasks than classification.
    pub fn label(&self, row: u32) -> u32 {
        match self.example(row) {
            Example::Class { class, .. } => class,
            _ => 0,
        }
    }

    /// Whether a row is of the training file, rather than of the person's own validation file.
    pub(crate) fn is_own(&self, row: u32) -> bool {
        (row as usize) < self.own.len()
    }

    /// The file that rows are learned from.
    pub(crate) fn own(&self) -> &Examples {
        &self.own
    }

    /// Bytes that the texts take.
    pub fn text_bytes(&self) -> usize {
        self.own.text_bytes() + self.other.as_ref().map_or(0, |other| other.text_bytes())
    }

    /// The line on which a row begins in its file, from 1.
    pub fn line(&self, row: u32) -> u32 {
        let (file, _, row) = self.place(row);
        file.line(row)
    }

    /// Indices in `labels` of what stands on a row, a tag once for each of its words.
    pub(crate) fn row_labels(&self, row: u32) -> Vec<u32> {
        let (file, nth, row) = self.place(row);
        file.label_ids(row).into_iter().map(|id| self.learned_label(nth, id)).collect()
    }

    /// The file of a row, whether it is the first or the second, and the row's number in it.
    fn place(&self, row: u32) -> (&Examples, usize, usize) {
        match &self.other {
            Some(other) if !self.is_own(row) => (other, 1, row as usize - self.own.len()),
            _ => (&self.own, 0, row as usize),
        }
    }

    fn learned_label(&self, file: usize, id: u32) -> u32 {
        // Rows of `train` and `validation` have learned labels only: the others were left out when those were filled.
        self.of_label[file].get(id as usize).copied().flatten().unwrap_or_default()
    }

    fn split(&mut self, usable: &[usize], repeats: &Repeats, share: f64, seed: u64) {
        let is_classes = self.task == Task::Classification;
        let mut groups = HashMap::new();
        let entry = |&row: &usize| {
            let next = groups.len() as u32;
            let text = *groups.entry(self.own.group(row)).or_insert(next);
            let class = if is_classes { self.label(row as u32) } else { 0 };
            let is_mixed = is_classes && repeats.is_mixed[repeats.first_row[row] as usize];
            Entry { class, text, is_mixed }
        };
        let entries: Vec<Entry> = usable.iter().map(entry).collect();
        let classes = if is_classes { self.labels.len() } else { 1 };
        for (&row, is_held) in usable.iter().zip(stratified(&entries, classes, share, seed)) {
            if is_held { &mut self.validation } else { &mut self.train }.push(row as u32);
        }
    }

    /// Takes the rows of the person's own validation file.
    fn validate_on(&mut self, other: &Examples) -> Vec<Diagnostic> {
        let known: HashMap<&str, u32> =
            self.labels.iter().zip(0..).map(|(name, class)| (name.as_str(), class)).collect();
        let of_label: Vec<_> = other.label_names.iter().map(|label| known.get(label.name.as_str()).copied()).collect();
        let offset = self.own.len();
        let mut unknown_rows = 0;
        for row in 0..other.len() {
            match other.label_ids(row).iter().all(|&id| of_label[id as usize].is_some()) {
                true => self.validation.push((offset + row) as u32),
                false => unknown_rows += 1,
            }
        }
        let unlearned = other.label_names.iter().zip(&of_label).filter(|(_, class)| class.is_none());
        let unlearned: Vec<_> = unlearned.map(|(label, _)| &label.name).collect();
        let mut warnings = Vec::new();
        if unknown_rows > 0 {
            let what = format!("Only the validation file has {}.", names(&unlearned));
            warnings.push(
                Diagnostic::new("data.unlearned-labels", what)
                    .done(format!(
                        "{} left out of validation: these labels cannot be learned.",
                        count(unknown_rows, "row")
                    ))
                    .remedy("Check that both files name their labels the same way."),
            );
        }
        warnings.extend(other.skipped.of_validation_file());
        self.of_label[1] = of_label;
        warnings
    }

    fn nothing_validates(&self) -> Diagnostic {
        let diagnostic = Diagnostic::new("data.no-validation", "No row is left to validate on.");
        match (&self.other, self.task) {
            (Some(_), _) => diagnostic
                .done("None of the validation file's labels is one that is learned.")
                .remedy("Check that both files name their labels the same way, and which column is the label."),
            (None, Task::Classification) => diagnostic
                .done("No label has two different texts that stand with no other label.")
                .remedy("Check which column is the text."),
            (None, Task::QuestionAnswering) => diagnostic
                .done("All questions are about one passage, which cannot stand on both sides.")
                .remedy("Add questions about another passage, or choose a validation file."),
            (None, _) => diagnostic
                .done("All rows have the same text, which cannot stand on both sides.")
                .remedy("Add rows with other texts, or choose a validation file."),
        }
    }

    /// Warns of labels that are learned and that no validation row has.
    fn unchecked_labels(&self) -> Option<Diagnostic> {
        let on = |rows: &[u32]| rows.iter().flat_map(|&row| self.row_labels(row)).collect::<HashSet<u32>>();
        let (learned, checked) = (on(&self.train), on(&self.validation));
        let unchecked = |class: &u32| learned.contains(class) && !checked.contains(class);
        let unchecked: Vec<_> =
            self.labels.iter().zip(0..).filter(|(_, class)| unchecked(class)).map(|(name, _)| name).collect();
        (!unchecked.is_empty()).then(|| {
            let reason = match (&self.other, self.task) {
                (Some(_), _) => "The validation file has no row of them.",
                (None, Task::Classification) => {
                    "Their rows all have the same text, or texts that also stand with another label."
                }
                (None, _) => "Their rows are too few to stand on both sides.",
            };
            Diagnostic::new("data.unchecked-labels", format!("Nothing checks the labels {}.", names(&unchecked)))
                .done(format!("{reason} They are learned all the same."))
                .remedy("Add rows with other texts.")
        })
    }
}

/// The labels of a file that are learned from these rows of it.
fn learned(own: &Examples, rows: &[usize], has_other: bool) -> Result<Classes, Diagnostic> {
    let mut label_rows = vec![0; own.label_names.len()];
    rows.iter().flat_map(|&row| own.label_ids(row)).for_each(|id| label_rows[id as usize] += 1);
    match own.mapping.task() {
        Task::Classification => {
            let min_rows = if has_other { 1 } else { MIN_CLASS_ROWS };
            labels::choose(&own.label_names, &label_rows, min_rows)
        }
        Task::MultiLabel => labels::all(&own.label_names, &label_rows),
        Task::TokenClassification => labels::tags(&own.label_names),
        Task::Regression | Task::QuestionAnswering | Task::Generation => Ok(Classes::default()),
    }
}
