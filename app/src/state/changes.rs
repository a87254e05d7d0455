//! Changes to the labels and rows of the training file.

use hone_core::dataset::{CorrectedForm, Correction, DataRole};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;

use crate::format;
use crate::state::{Effect, FileChoice, State, Topic};

/// A change to a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Line on which the row begins.
    pub line: u32,
    /// Number of the word whose tag changes, from 0; none if the change is about the whole row.
    pub word: Option<u32>,
    /// Its label or labels in the file, or the tag of the word.
    pub given: String,
    /// Its new labels, or the new tag; none to drop the row.
    pub labels: Option<Vec<String>>,
}

impl Change {
    /// Returns true if the change is about a word of a row, or about the row itself.
    fn is_about(&self, line: u32, word: Option<u32>) -> bool {
        self.line == line && (self.labels.is_none() || self.word == word)
    }
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
    /// Fate of the changes to an earlier file, in words; empty if there were none.
    pub past: String,
    /// Why the corrected file could not be written.
    pub diagnostic: Option<Diagnostic>,
}

impl Changes {
    /// The change to a row, or to one of its words, in words; empty if there is none.
    pub fn of_row(&self, line: u32, word: Option<u32>) -> String {
        match self.list.iter().find(|change| change.is_about(line, word)) {
            Some(Change { labels: Some(labels), .. }) => format!("Changed to {}.", labels_in_words(labels)),
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
        let row = |Change { line, word, given, labels }: &Change| {
            let change = if labels.is_some() { "label" } else { "drop" };
            let new = labels.as_ref().map(|labels| labels.join("; ")).unwrap_or_default();
            let word = word.map_or(String::new(), |word| (word + 1).to_string());
            format!("{line},{word},{change},{},{}\n", cell(given), cell(&new))
        };
        format!("line,word,change,label,new_label\n{}", self.list.iter().map(row).collect::<String>())
    }
}

/// Labels in words.
pub fn labels_in_words(labels: &[String]) -> String {
    if labels.is_empty() { "no label".to_owned() } else { format::visible(&labels.join(", ")) }
}

impl State {
    /// Changes the labels of a row or the tag of a word, or drops the row. An earlier change to the same is replaced.
    pub fn change_row(&mut self, change: Change) {
        self.undo_change(change.line, change.word);
        self.changes.list.retain(|other| other.line != change.line || change.labels.is_some());
        self.changes.file = self.data.train.choice().map(|choice| choice.blobs);
        self.changes.list.push(change);
    }

    /// Undoes the change to a row, or to one of its words.
    pub fn undo_change(&mut self, line: u32, word: Option<u32>) {
        self.changes.diagnostic = None;
        self.changes.list.retain(|change| !change.is_about(line, word));
    }

    /// The changes, as the worker takes them.
    pub(in crate::state) fn corrections(&self) -> Vec<Correction> {
        let correction = |it: &Change| Correction { line: it.line, word: it.word, labels: it.labels.clone() };
        self.changes.list.iter().map(correction).collect()
    }

    /// Returns true if the corrected file can be written.
    pub fn can_correct(&self) -> bool {
        let is_open = self.data.is_ready() || self.can_label();
        let can_write = self.corrected_form() != CorrectedForm::ListOnly;
        !self.changes.list.is_empty() && self.changes.writing.is_none() && is_open && can_write && !self.is_engaged()
    }

    /// The form in which the corrected file can be written.
    pub fn corrected_form(&self) -> CorrectedForm {
        let form = self.data.train.source().zip(self.data.mapping.as_ref());
        form.map_or(CorrectedForm::ListOnly, |(source, mapping)| source.corrected_form(mapping))
    }

    /// Writes the corrected file.
    pub fn correct(&mut self, purpose: CorrectedUse) -> Vec<Effect> {
        if !self.can_correct() {
            return Vec::new();
        }
        (self.changes.writing, self.changes.diagnostic, self.changes.corrected) = (Some(purpose), None, None);
        let corrections = self.corrections();
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
        let hints = if self.corrected_form() == CorrectedForm::Same { self.data.hints() } else { Default::default() };
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
