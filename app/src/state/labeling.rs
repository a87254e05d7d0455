//! Labeling rows that have no label: those first that teach most.

use hone_core::dataset::{FEW_LABELS, Mapping};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::run::{LabelChoice, LabelQuestion};

use crate::state::{Change, Effect, Load, State, Topic};

/// Rows that are being labeled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labeling {
    /// The row that is asked for.
    pub question: Option<LabelQuestion>,
    /// The fraction of the texts that the model has read, while the next row is awaited.
    pub reading: Option<f64>,
    /// Why no row is asked for.
    pub diagnostic: Option<Diagnostic>,
    /// Lines of the rows that were labeled or skipped, in this order.
    done: Vec<u32>,
    /// Where the page keeps the file that they are in.
    file: Option<usize>,
}

impl Labeling {
    /// Text of the row that is asked for; empty if there is none.
    pub fn text(&self) -> &str {
        self.question.as_ref().and_then(|question| question.row.as_ref()).map_or("", |row| &row.text)
    }

    /// The second text of the row, if it is a pair.
    pub fn pair(&self) -> &str {
        let row = self.question.as_ref().and_then(|question| question.row.as_ref());
        row.and_then(|row| row.pair.as_deref()).unwrap_or_default()
    }

    /// The labels that have a key.
    pub fn choices(&self) -> &[LabelChoice] {
        self.question.as_ref().map_or(&[], |question| &question.choices)
    }

    /// All labels.
    pub fn labels(&self) -> &[String] {
        self.question.as_ref().map_or(&[], |question| &question.labels)
    }

    /// Progress of labeling, in words.
    pub fn progress(&self) -> &str {
        self.question.as_ref().map_or("", |question| &question.progress)
    }
}

impl State {
    /// Returns true if the training file has rows with a text and no label.
    pub fn has_pool(&self) -> bool {
        let is_classification = matches!(self.data.mapping, Some(Mapping::Classification { .. }));
        let lacks_labels = self.data.train.diagnostic().is_some_and(|diagnostic| diagnostic.code == FEW_LABELS);
        is_classification && (lacks_labels || self.data.report.as_ref().is_some_and(|report| report.unlabeled > 0))
    }

    /// Returns true if rows can be labeled now: a model can read the texts, and the worker is free.
    pub fn can_label(&self) -> bool {
        self.has_pool() && matches!(self.model.load, Load::Ready(_)) && !self.data.is_busy() && !self.is_engaged()
    }

    /// Asks for the next row to be labeled.
    pub fn ask_label(&mut self) -> Vec<Effect> {
        if !self.can_label() {
            return Vec::new();
        }
        let changes = &self.changes.list;
        let corrections = self.corrections();
        let is_skipped = |line: &u32| changes.iter().all(|change| change.line != *line);
        let skipped = self.labeling.done.iter().copied().filter(is_skipped).collect();
        (self.labeling.reading, self.labeling.diagnostic) = (Some(0.0), None);
        let mut effects = self.cancel_estimate();
        effects.push(self.request(Topic::Labeling, Command::AskLabel { corrections, skipped }));
        effects
    }

    /// Gives a label to the row that is asked for, or skips the row if there is none, and asks for the next one.
    pub fn label_row(&mut self, label: Option<String>) -> Vec<Effect> {
        let line = self.labeling.question.as_ref().and_then(|question| question.row.as_ref()).map(|row| row.line);
        let Some(line) = line.filter(|_| self.labeling.reading.is_none() && self.can_label()) else {
            return Vec::new();
        };
        let label = label.map(|label| label.trim().to_owned());
        if label.as_deref() == Some("") {
            return Vec::new();
        }
        self.labeling.done.push(line);
        self.labeling.file = self.data.train.choice().map(|choice| choice.blobs);
        if label.is_some() {
            let labels = label.map(|label| vec![label]);
            self.change_row(Change { line, word: None, given: String::new(), labels });
        }
        self.ask_label()
    }

    /// Handles a key press: labels the row, skips it, or undoes the last label.
    pub fn label_by_key(&mut self, key: &str) -> Vec<Effect> {
        let label = self.labeling.choices().iter().find(|choice| choice.key == key).map(|choice| choice.label.clone());
        match key {
            "s" | "S" => self.label_row(None),
            "u" | "U" => self.undo_label(),
            _ if label.is_some() => self.label_row(label),
            _ => Vec::new(),
        }
    }

    /// Returns true if a label or a skip can be undone.
    pub fn can_undo_label(&self) -> bool {
        !self.labeling.done.is_empty() && self.labeling.reading.is_none() && self.can_label()
    }

    /// Undoes the last label or skip, and asks for that row again.
    pub fn undo_label(&mut self) -> Vec<Effect> {
        if self.can_undo_label()
            && let Some(line) = self.labeling.done.pop()
        {
            self.undo_change(line, None);
            return self.ask_label();
        }
        Vec::new()
    }

    /// Stops labeling. Labels that were given stay among the changes.
    pub fn stop_labeling(&mut self) -> Vec<Effect> {
        self.requests.give_up(Topic::Labeling);
        (self.labeling.question, self.labeling.reading) = (None, None);
        vec![self.send(Command::StopAsking)]
    }

    /// The next row has arrived.
    pub(in crate::state) fn on_label_asked(&mut self, question: LabelQuestion) {
        (self.labeling.question, self.labeling.reading) = (Some(question), None);
    }

    /// No row can be asked for.
    pub(in crate::state) fn on_labeling_failed(&mut self, diagnostic: Diagnostic) {
        (self.labeling.question, self.labeling.reading) = (None, None);
        self.labeling.diagnostic = Some(diagnostic);
    }

    /// A training file is open. What was labeled or skipped in another one cannot be undone here.
    pub(in crate::state) fn follow_pool(&mut self, open: Option<usize>) {
        if self.labeling.file != open {
            self.labeling = Labeling::default();
        }
    }

    /// The question belongs to other rows or to another model.
    pub(in crate::state) fn forget_question(&mut self) {
        self.requests.give_up(Topic::Labeling);
        (self.labeling.question, self.labeling.reading) = (None, None);
    }
}
