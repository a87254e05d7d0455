//! The list of validation rows that the model got wrong.

use hone_core::dataset::Mapping;
use hone_core::diagnostic::Diagnostic;
use hone_core::limits::SHOWN_ROWS;
use hone_core::protocol::Command;
use hone_core::run::{WrongRowQuery, WrongRows};

use crate::state::{Effect, State, Topic};

/// The rows that the user looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WrongRowList {
    /// The user's search.
    pub query: WrongRowQuery,
    /// The last findings.
    pub found: WrongRows,
    /// True once the search for the nearest training rows was stopped or has failed: it begins again only on a press.
    pub is_stopped: bool,
    /// Why that search failed.
    pub diagnostic: Option<Diagnostic>,
}

impl State {
    /// Returns true if the run has rows with a right answer each: not for running text.
    pub fn has_wrong_rows(&self) -> bool {
        let is_running_text = matches!(self.run.mapping, Some(Mapping::Corpus { .. }));
        self.run.summary().is_some() && !is_running_text
    }

    /// The query of the list; that of all wrong rows if the list is closed.
    pub fn wrong_query(&self) -> WrongRowQuery {
        self.run.wrong.as_ref().map(|list| list.query.clone()).unwrap_or_default()
    }

    /// The rows that were found last, and which they are.
    pub fn wrong_rows(&self) -> WrongRows {
        self.run.wrong.as_ref().map(|list| list.found.clone()).unwrap_or_default()
    }

    /// Opens the list, or looks for other rows.
    pub fn find_wrong_rows(&mut self, query: WrongRowQuery) -> Vec<Effect> {
        if !self.run.has_weights {
            return Vec::new();
        }
        let list = self.run.wrong.get_or_insert_default();
        list.query = query.clone();
        let with_nearest = !list.is_stopped;
        vec![self.request(Topic::WrongRows, Command::FindWrongRows { query, with_nearest })]
    }

    /// Looks for the nearest training rows again.
    pub fn find_nearest(&mut self) -> Vec<Effect> {
        let Some(list) = &mut self.run.wrong else { return Vec::new() };
        (list.is_stopped, list.diagnostic) = (false, None);
        let query = list.query.clone();
        self.find_wrong_rows(query)
    }

    /// Stops looking for the nearest training rows.
    pub fn stop_nearest(&mut self) -> Vec<Effect> {
        self.end_nearest(None);
        vec![self.send(Command::StopNearest)]
    }

    fn end_nearest(&mut self, diagnostic: Option<Diagnostic>) {
        if let Some(list) = &mut self.run.wrong {
            (list.found.comparing, list.is_stopped, list.diagnostic) = (None, true, diagnostic);
            list.found.neighbors.clear();
        }
    }

    /// Returns true while the worker looks for the nearest training rows.
    pub fn is_comparing(&self) -> bool {
        self.run.wrong.as_ref().is_some_and(|list| list.found.comparing.is_some())
    }

    /// Opens the rows of a cell of the confusion matrix.
    pub fn open_cell(&mut self, actual: u32, predicted: u32) -> Vec<Effect> {
        let (actual, predicted) = (Some(actual), Some(predicted));
        self.find_wrong_rows(WrongRowQuery { actual, predicted, ..WrongRowQuery::default() })
    }

    /// Shows the next rows, or those before.
    pub fn turn_wrong_rows(&mut self, is_forward: bool) -> Vec<Effect> {
        let query = self.wrong_query();
        let page = SHOWN_ROWS as u32;
        let offset = if is_forward { query.offset + page } else { query.offset.saturating_sub(page) };
        self.find_wrong_rows(WrongRowQuery { offset, ..query })
    }

    /// Returns true if the rows of the run can be mended: the file is open with the same columns, and its rows can be changed.
    pub fn can_mend_run(&self) -> bool {
        let is_open = self.run.file.is_some() && self.run.file == self.data.train.choice().map(|choice| choice.blobs);
        is_open && self.has_rows_to_review() && self.run.mapping == self.data.mapping
    }

    /// Part of the search for the nearest training rows is done. It may have been stopped meanwhile.
    pub(in crate::state) fn on_nearest_progress(&mut self, fraction: f64) {
        if let Some(comparing) = self.run.wrong.as_mut().and_then(|list| list.found.comparing.as_mut()) {
            *comparing = fraction.clamp(0.0, 1.0);
        }
    }

    /// The nearest training rows cannot be found.
    pub(in crate::state) fn on_nearest_failed(&mut self, diagnostic: Diagnostic) {
        self.end_nearest(Some(diagnostic));
    }

    /// Rows have been found: those of the list, or those to pick from.
    pub(in crate::state) fn on_wrong_rows(&mut self, topic: Option<Topic>, found: WrongRows) {
        if topic == Some(Topic::Misclassified) {
            self.inference.misclassified = found;
        } else if let Some(list) = &mut self.run.wrong {
            list.found = found;
        }
    }
}
