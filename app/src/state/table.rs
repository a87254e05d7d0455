//! A table whose rows are predicted by the tuned model.

use hone_core::dataset::{Hints, InputColumns, PartKind, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::TableFormat;
use hone_core::protocol::Command;
use hone_core::run::FileOutcome;

use crate::state::{Effect, State, Topic};

/// The table and its prediction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableState {
    /// Name of the file.
    pub name: String,
    /// Where the page keeps the file.
    pub blobs: Option<usize>,
    /// The part of it that the user chose.
    pub hints: Hints,
    /// The table that was open when this one was chosen, until this one has been scanned.
    pub earlier: Option<Box<TableState>>,
    /// Its contents, once it has been scanned.
    pub source: Option<SourceInfo>,
    /// The columns that the model's input comes from.
    pub columns: Option<InputColumns>,
    /// Format of the result.
    pub format: TableFormat,
    /// Progress of the work.
    pub stage: TableStage,
    /// Why the last action failed.
    pub diagnostic: Option<Diagnostic>,
}

/// Progress of the work on a table. Fractions are from 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TableStage {
    /// There is no work under way.
    #[default]
    Idle,
    /// This fraction of the file has been read.
    Opening(f64),
    /// This fraction of the rows is predicted.
    Predicting(f64),
    /// All rows are predicted.
    Done {
        /// Name of the file in the downloads.
        file_name: String,
        /// Outcome of the rows.
        outcome: Box<FileOutcome>,
        /// Names of the classes or labels that `outcome` counts.
        labels: Vec<String>,
    },
}

impl TableState {
    /// Returns true while the file is read or predicted.
    pub fn is_busy(&self) -> bool {
        matches!(self.stage, TableStage::Opening(_) | TableStage::Predicting(_))
    }

    /// A part of the work is done.
    pub fn on_progress(&mut self, fraction: f64) {
        match &mut self.stage {
            TableStage::Opening(done) | TableStage::Predicting(done) => *done = fraction.clamp(0.0, 1.0),
            TableStage::Idle | TableStage::Done { .. } => {}
        }
    }

    /// The file has been scanned.
    pub fn on_opened(&mut self, source: SourceInfo, columns: InputColumns) {
        (self.source, self.columns, self.stage) = (Some(source), Some(columns), TableStage::Idle);
        self.earlier = None;
    }

    /// All rows are predicted.
    pub fn on_predicted(&mut self, file_name: String, outcome: FileOutcome, labels: Vec<String>) {
        self.stage = TableStage::Done { file_name, outcome: outcome.into(), labels };
    }

    /// The file cannot be read or predicted. One that was scanned stays open, and an earlier one is open again.
    pub fn on_failed(&mut self, diagnostic: Diagnostic) {
        if let Some(earlier) = self.earlier.take() {
            *self = TableState { format: self.format, ..*earlier };
        }
        (self.stage, self.diagnostic) = (TableStage::Idle, Some(diagnostic));
    }

    /// Name of the part that is read: of the file's lists of parts, the one at `level`.
    pub fn part(&self, level: usize) -> Option<&str> {
        let parts = self.source.as_ref()?.parts.get(level)?;
        parts.names.get(parts.chosen as usize).map(String::as_str)
    }

    /// The columns are those of another file or for another model, or another result is wanted.
    fn change(&mut self, change: impl FnOnce(&mut Self)) {
        if !self.is_busy() {
            (self.stage, self.diagnostic) = (TableStage::Idle, None);
            change(self);
        }
    }
}

/// Names of the columns' roles.
pub fn roles(columns: &InputColumns) -> Vec<(&'static str, u32)> {
    match *columns {
        InputColumns::Text { text, pair: None } => vec![("Text column", text)],
        InputColumns::Text { text, pair: Some(pair) } => {
            vec![("First text column", text), ("Second text column", pair)]
        }
        InputColumns::Question { question, context } => {
            vec![("Question column", question), ("Passage column", context)]
        }
        InputColumns::Prompt { .. } => Vec::new(),
    }
}

impl State {
    /// Opens a file whose rows are to be predicted.
    pub fn open_table(&mut self, name: String, blobs: usize) -> Vec<Effect> {
        if !self.can_try() || self.table.is_busy() {
            return Vec::new();
        }
        self.read_table(name, blobs, Hints::default())
    }

    /// Reads another part of the table's file, such as another sheet.
    pub fn choose_table_part(&mut self, kind: PartKind, part: String) -> Vec<Effect> {
        let Some(blobs) = self.table.blobs.filter(|_| self.can_try() && !self.table.is_busy()) else {
            return Vec::new();
        };
        let mut hints = self.table.hints.clone();
        match kind {
            // Another file has other sheets.
            PartKind::File | PartKind::Split => (hints.member, hints.sheet) = (Some(part), None),
            PartKind::Sheet => hints.sheet = Some(part),
        }
        self.read_table(self.table.name.clone(), blobs, hints)
    }

    fn read_table(&mut self, name: String, blobs: usize, hints: Hints) -> Vec<Effect> {
        let earlier = std::mem::take(&mut self.table);
        let (format, stage) = (earlier.format, TableStage::Opening(0.0));
        let earlier = earlier.source.is_some().then(|| Box::new(TableState { diagnostic: None, ..earlier }));
        let new = TableState { name: name.clone(), blobs: Some(blobs), hints: hints.clone(), ..TableState::default() };
        self.table = TableState { earlier, format, stage, ..new };
        let tuned = self.asked_model();
        vec![self.request(Topic::Table, Command::OpenTable { name, hints, tuned })]
    }

    /// Chooses the column of the nth role.
    pub fn choose_table_column(&mut self, nth: usize, column: u32) {
        self.table.change(|table| match (&mut table.columns, nth) {
            (Some(InputColumns::Text { text, .. }), 0) => *text = column,
            (Some(InputColumns::Text { pair: Some(pair), .. }), _) => *pair = column,
            (Some(InputColumns::Question { question, .. }), 0) => *question = column,
            (Some(InputColumns::Question { context, .. }), _) => *context = column,
            _ => {}
        });
    }

    /// Sets the template of the prompts.
    pub fn set_table_prompt(&mut self, prompt: String) {
        self.table.change(|table| table.columns = Some(InputColumns::Prompt { prompt }));
    }

    /// Chooses the format of the result.
    pub fn choose_table_format(&mut self, format: TableFormat) {
        self.table.change(|table| table.format = format);
    }

    /// Reason for which the table cannot be predicted.
    pub fn table_problem(&self) -> Option<Diagnostic> {
        let opened = self.table.columns.as_ref().zip(self.table.source.as_ref());
        let wrong_columns = opened.and_then(|(columns, source)| columns.check(&source.columns).err());
        wrong_columns.or_else(|| self.table.diagnostic.clone())
    }

    /// Returns true if the table can be predicted now.
    pub fn can_predict_table(&self) -> bool {
        let table = &self.table;
        let is_sound = table
            .columns
            .as_ref()
            .zip(table.source.as_ref())
            .is_some_and(|(columns, source)| columns.check(&source.columns).is_ok());
        is_sound && self.can_try() && !table.is_busy() && !self.is_engaged() && !self.model.is_loading()
    }

    /// Predicts every row of the table.
    pub fn predict_table(&mut self) -> Vec<Effect> {
        if !self.can_predict_table() {
            return Vec::new();
        }
        let Some(columns) = self.table.columns.clone() else { return Vec::new() };
        (self.table.stage, self.table.diagnostic) = (TableStage::Predicting(0.0), None);
        let (format, tuned) = (self.table.format, self.asked_model());
        vec![self.request(Topic::Table, Command::PredictTable { columns, format, tuned })]
    }

    /// Stops predicting; the table stays open.
    pub fn stop_table(&mut self) -> Vec<Effect> {
        self.requests.give_up(Topic::Table);
        self.table.stage = TableStage::Idle;
        vec![self.send(Command::StopTable)]
    }

    /// Closes the table: another model will read other columns.
    pub(in crate::state) fn forget_table(&mut self) {
        self.requests.give_up(Topic::Table);
        self.table = TableState { format: self.table.format, ..TableState::default() };
    }

    /// `id` of the kept model that answers; `None` for the last run's.
    fn asked_model(&self) -> Option<String> {
        self.shelf.opened.first().map(|open| open.id.clone())
    }
}
