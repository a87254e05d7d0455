//! Changes to the labels and rows of the training file.

use hone_core::dataset::{Correction, DataRole};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;

use crate::format;
use crate::state::{Effect, FileChoice, State, Topic};

/// A change to a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Line on which the row begins.
    pub line: u32,
    /// Its label in the file.
    pub given: String,
    /// Its new label; none to drop the row.
    pub label: Option<String>,
}

/// Use of the corrected file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CorrectedUse {
    /// It is downloaded.
    #[default]
    Download,
    /// It is opened as the training file.
    Open,
}

/// The changes to the open file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The changes, in the order in which they were made: one for each row.
    pub list: Vec<Change>,
    /// The purpose of the corrected file that the worker writes; none while it writes none.
    pub writing: Option<CorrectedUse>,
    /// Where the page keeps the file that they are made to.
    pub file: Option<usize>,
    /// Where the page keeps the corrected file that is being opened.
    pub corrected: Option<usize>,
    /// What became of the changes to an earlier file; empty if there were none.
    pub past: String,
    /// Why the corrected file could not be written.
    pub diagnostic: Option<Diagnostic>,
}

impl Changes {
    /// The change to a row in words; empty if there is none.
    pub fn of_line(&self, line: u32) -> String {
        match self.list.iter().find(|change| change.line == line) {
            Some(Change { label: Some(label), .. }) => format!("Changed to {}.", format::visible(label)),
            Some(_) => "Dropped.".to_owned(),
            None => String::new(),
        }
    }

    /// The changes in words; what became of the earlier ones if there are none.
    pub fn sentence(&self) -> String {
        if self.list.is_empty() {
            return self.past.clone();
        }
        let changes = format::counted(self.list.len() as u32, "change", "changes");
        format!("{changes}, not in the open file yet. Opening another file drops them.")
    }

    /// The list as CSV.
    pub fn csv(&self) -> String {
        let cell = |text: &str| {
            let is_plain = !text.contains([',', '"', '\n', '\r']);
            if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
        };
        let row = |Change { line, given, label }: &Change| {
            let (change, label) = label.as_ref().map_or(("drop", ""), |label| ("label", label));
            format!("{line},{change},{},{}\n", cell(given), cell(label))
        };
        format!("line,change,label,new_label\n{}", self.list.iter().map(row).collect::<String>())
    }
}

impl State {
    /// Changes the label of a row, or drops the row if it has none. An earlier change to the row is replaced.
    pub fn change_row(&mut self, change: Change) {
        self.undo_change(change.line);
        self.changes.file = self.data.train.choice().map(|choice| choice.blobs);
        self.changes.list.push(change);
    }

    /// Undoes the change to a row.
    pub fn undo_change(&mut self, line: u32) {
        self.changes.diagnostic = None;
        self.changes.list.retain(|change| change.line != line);
    }

    /// Returns true if the corrected file can be written.
    pub fn can_correct(&self) -> bool {
        let is_open = self.data.is_ready() || self.can_label();
        !self.changes.list.is_empty() && self.changes.writing.is_none() && is_open && !self.is_engaged()
    }

    /// Returns true if the corrected file keeps its format. Otherwise it is CSV.
    pub fn keeps_format(&self) -> bool {
        self.data.train.source().is_some_and(|source| source.is_rewritable())
    }

    /// Writes the corrected file.
    pub fn correct(&mut self, purpose: CorrectedUse) -> Vec<Effect> {
        if !self.can_correct() {
            return Vec::new();
        }
        (self.changes.writing, self.changes.diagnostic) = (Some(purpose), None);
        let correction = |change: &Change| Correction { line: change.line, label: change.label.clone() };
        let corrections = self.changes.list.iter().map(correction).collect();
        vec![self.request(Topic::Corrected, Command::Correct { corrections })]
    }

    /// The corrected file has arrived.
    pub(in crate::state) fn on_corrected(&mut self, file_name: String) -> Vec<Effect> {
        match self.changes.writing.take().unwrap_or_default() {
            CorrectedUse::Download => vec![Effect::Download { file_name }],
            CorrectedUse::Open => vec![Effect::OpenCorrected { file_name }],
        }
    }

    /// Opens the corrected file in place of the training file. The page keeps it at `blobs`.
    pub fn open_corrected(&mut self, name: String, blobs: usize) -> Vec<Effect> {
        let hints = if self.keeps_format() { self.data.hints() } else { Default::default() };
        self.changes.corrected = Some(blobs);
        let folds = self.folds.clone();
        let effects = self.open(DataRole::Train, FileChoice { hints, ..FileChoice::new(name, None, blobs) });
        // The step stays as open as it is.
        self.folds = folds;
        effects
    }

    /// A training file is open. If it is another one than the changes were made to, they end here.
    pub(in crate::state) fn follow_file(&mut self) {
        let open = self.data.train.choice().map(|choice| choice.blobs);
        self.follow_pool(open);
        if self.changes.list.is_empty() || self.changes.file == open {
            return;
        }
        self.requests.give_up(Topic::Corrected);
        let count = self.changes.list.len() as u32;
        let past = if self.changes.corrected == open {
            let changes = format::counted(count, "change is", "changes are");
            format!("{changes} in the open file. To undo them, open the original file again.")
        } else {
            let changes = format::counted(count, "change was", "changes were");
            format!(
                "{changes} dropped with the earlier file, and cannot be undone here. Open that file to make them again."
            )
        };
        self.changes = Changes { past, ..Changes::default() };
    }
}
