//! Looking through the rows of the training file.

use hone_core::dataset::{FileRow, FileRows, RowQuery};
use hone_core::limits::SHOWN_ROWS;
use hone_core::protocol::Command;

use crate::state::{Effect, State, Topic};

/// The rows that are shown: the first ones of the file until the user looks further.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Browse {
    /// The user's search.
    pub query: RowQuery,
    /// The last findings.
    pub found: Option<FileRows>,
    /// True while the worker looks.
    pub is_pending: bool,
}

impl State {
    /// Rows to show, and the number of those that match.
    pub fn shown_rows(&self) -> (Vec<FileRow>, u32) {
        if let Some(FileRows { rows, total }) = &self.data.browse.found {
            return (rows.clone(), *total);
        }
        let Some(source) = self.data.train.source() else { return (Vec::new(), 0) };
        let row = |cells: &Vec<String>| FileRow { line: 0, cells: cells.clone(), skipped: None };
        (source.preview.iter().map(row).collect(), source.rows)
    }

    /// Looks for rows that contain a text.
    pub fn search_rows(&mut self, search: String) -> Vec<Effect> {
        self.find_rows(RowQuery { search, offset: 0, ..self.data.browse.query.clone() })
    }

    /// Shows only rows that cannot be used, or all.
    pub fn show_only_skipped(&mut self, only_skipped: bool) -> Vec<Effect> {
        self.find_rows(RowQuery { only_skipped, offset: 0, ..self.data.browse.query.clone() })
    }

    /// Shows the next rows.
    pub fn next_rows(&mut self) -> Vec<Effect> {
        let query = self.data.browse.query.clone();
        let offset = query.offset + self.shown_rows().0.len() as u32;
        self.find_rows(RowQuery { offset, ..query })
    }

    /// Shows the rows before.
    pub fn previous_rows(&mut self) -> Vec<Effect> {
        let query = self.data.browse.query.clone();
        self.find_rows(RowQuery { offset: query.offset.saturating_sub(SHOWN_ROWS as u32), ..query })
    }

    /// Stops looking; the rows that were shown stay.
    pub fn stop_browsing(&mut self) -> Vec<Effect> {
        self.requests.give_up(Topic::Browse);
        self.data.browse.is_pending = false;
        vec![self.send(Command::StopReading)]
    }

    fn find_rows(&mut self, query: RowQuery) -> Vec<Effect> {
        let mut effects = if self.data.browse.is_pending { self.stop_browsing() } else { Vec::new() };
        self.data.browse.query = query.clone();
        self.data.browse.is_pending = true;
        effects.push(self.request(Topic::Browse, Command::FindRows { query }));
        effects
    }

    /// Shows the first rows again: the file or its columns have changed.
    pub(in crate::state) fn forget_found_rows(&mut self) {
        self.requests.give_up(Topic::Browse);
        self.data.browse = Browse::default();
    }
}
