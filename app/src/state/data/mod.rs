//! The data files and their contents.

pub mod browse;
pub mod columns;
pub mod file;
mod open;
pub mod program;
pub mod together;

use hone_core::dataset::{DataRecipe, DataReport, DataRole, Hints, Mapping, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::Task;

use crate::state::data::browse::Browse;
use crate::state::data::file::{EarlierFile, File, FileChoice, FileState, Reading, RejectedFile};

/// The training file, the user's own validation and test files, and the report on all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// The training file.
    pub train: File,
    /// The validation file, if the user has one.
    pub validation: File,
    /// The test file, if the user has one.
    pub test: File,
    /// The columns in use: the guess until the user changes it.
    pub mapping: Option<Mapping>,
    /// Columns that the user has set in this file, one mapping for each task.
    pub set_by_hand: Vec<Mapping>,
    /// Settings of an opened recipe by which the file is to be read. None once a file is open that they apply to.
    pub wanted: Option<DataRecipe>,
    /// True while the worker is collecting and splitting the rows.
    pub is_mapping: bool,
    /// The report on the rows.
    pub report: Option<DataReport>,
    /// Rows of the training file that the user looks at.
    pub browse: Browse,
    /// Notice about a dropped file that was not opened, or not completely.
    pub notice: Option<Diagnostic>,
}

impl Data {
    /// The file in this role.
    pub fn file(&self, role: DataRole) -> &File {
        match role {
            DataRole::Train => &self.train,
            DataRole::Validation => &self.validation,
            DataRole::Test => &self.test,
        }
    }

    /// A mutable reference to the file in this role.
    pub fn file_mut(&mut self, role: DataRole) -> &mut File {
        match role {
            DataRole::Train => &mut self.train,
            DataRole::Validation => &mut self.validation,
            DataRole::Test => &mut self.test,
        }
    }

    /// Reads a file in place of the one in use, which comes back if the new one cannot be opened.
    pub fn replace(&mut self, role: DataRole, choice: FileChoice) -> Command {
        let (mapping, report) = (self.mapping.clone(), self.report.clone());
        let command = self.file_mut(role).replace(role, choice, mapping, report);
        if role == DataRole::Train {
            self.report = None;
            if self.train.source().is_none() {
                self.mapping = None;
            }
        }
        command
    }

    /// The file in this role could not be opened: the earlier one is restored, if there is one.
    pub fn not_opened(&mut self, role: DataRole, diagnostic: Diagnostic) {
        let file = self.file_mut(role);
        match std::mem::take(&mut file.state) {
            FileState::Reading(Reading { choice, earlier: Some(earlier), .. }) => {
                self.restore(role, *earlier, choice, diagnostic);
            }
            FileState::Reading(Reading { choice, source, .. }) => {
                file.state = FileState::Failed { choice, source, diagnostic };
            }
            FileState::Absent => self.notice = Some(diagnostic),
            state => {
                file.state = state;
                file.fail(diagnostic);
            }
        }
    }

    /// Restores the earlier file in place of one that could not be opened. If the worker has closed it, it must be read
    /// again.
    fn restore(&mut self, role: DataRole, earlier: EarlierFile, choice: FileChoice, reason: Diagnostic) {
        let rejected = Some(RejectedFile::new(choice, reason, &earlier.choice));
        let EarlierFile { choice, source, diagnostic, is_open, mapping, report } = earlier;
        if role == DataRole::Train {
            (self.mapping, self.report) = (mapping, report);
        }
        let state = match (is_open, diagnostic) {
            (true, diagnostic) => FileState::Open { choice, source, diagnostic },
            (false, Some(diagnostic)) => FileState::Failed { choice, source: Some(source), diagnostic },
            (false, None) => FileState::Reading(Reading { choice, source: Some(source), progress: 0.0, earlier: None }),
        };
        *self.file_mut(role) = File { state, rejected };
    }

    /// The files, that for training first.
    pub fn files(&self) -> [&File; 3] {
        [&self.train, &self.validation, &self.test]
    }

    /// Why one of the files cannot be used.
    pub fn diagnostic(&self) -> Option<&Diagnostic> {
        self.files().into_iter().find_map(File::diagnostic)
    }

    /// Returns true if the training file that is being replaced is the file for `role` too.
    fn leaves_own(&self, role: DataRole) -> bool {
        let FileState::Reading(Reading { choice, earlier: Some(earlier), .. }) = &self.train.state else {
            return false;
        };
        let own = self.file(role).choice().is_some_and(|file| file.blobs == earlier.choice.blobs);
        own && earlier.choice.blobs != choice.blobs
    }

    /// Returns true if what is being read for `role` is a part of the training file, which was opened without being asked for.
    fn reads_own_part(&self, role: DataRole) -> bool {
        let FileState::Reading(Reading { choice, earlier: None, .. }) = &self.file(role).state else { return false };
        let is_own = self.train.choice().is_some_and(|train| train.blobs == choice.blobs);
        role != DataRole::Train && is_own && choice.hints.member.is_none()
    }

    /// Clears the notes on files that were not opened.
    pub fn forget_rejected(&mut self) {
        self.notice = None;
        for file in [&mut self.train, &mut self.validation, &mut self.test] {
            file.rejected = None;
        }
    }

    /// The report on the training file that the worker has open. While another file is being read, that is the earlier
    /// one.
    pub fn open_report(&mut self) -> &mut Option<DataReport> {
        let Self { train, report, .. } = self;
        train.earlier_mut().map_or(report, |earlier| &mut earlier.report)
    }

    /// The earlier training file must be split again if it is restored.
    pub fn outdate_earlier(&mut self) {
        if let Some(earlier) = self.train.earlier_mut() {
            earlier.report = None;
        }
    }

    /// Settings by which the training file is read, where the user has chosen them.
    pub fn hints(&self) -> Hints {
        self.train.choice().map(|choice| choice.hints.clone()).unwrap_or_default()
    }

    /// Chooses the columns of a file that has been read. If it was read before, in another way, columns that the user
    /// chose are kept where they still exist, and so is the task.
    fn map_again(&mut self, source: &SourceInfo) {
        let before = self.train.source().map(|source| source.columns.clone());
        let renamed = |mapping: &Mapping| {
            let columns = before.as_ref()?;
            let by_name = || mapping.remap(columns, &source.columns);
            let by_place = || Some(mapping.clone()).filter(|it| it.check(&source.columns).is_ok());
            let is_same_width = columns.len() == source.columns.len();
            by_name().or_else(|| by_place().filter(|_| is_same_width))
        };
        let offered = |mapping: &Mapping| {
            let offer = source.offers.iter().find(|offer| offer.mapping.has_form_of(mapping));
            offer.map(|offer| offer.mapping.clone())
        };
        let chosen = self.mapping.as_ref().filter(|mapping| self.set_by_hand.contains(mapping));
        let kept = chosen.and_then(|mapping| renamed(mapping).or_else(|| offered(mapping)));
        let others = self.set_by_hand.iter().filter(|mapping| !chosen.is_some_and(|it| it.has_form_of(mapping)));
        self.set_by_hand = others.filter_map(renamed).chain(kept.clone()).collect();
        self.mapping = Some(kept.unwrap_or_else(|| source.guess()));
    }

    /// Columns for a task other than the current one: those that the user set, or those that fit.
    pub(in crate::state) fn columns_for(&self, task: Task) -> Option<Mapping> {
        let source = self.train.source().filter(|_| self.mapping.as_ref().is_some_and(|it| it.task() != task))?;
        let fitting = source.offers.iter().filter(|offer| offer.fits).map(|offer| &offer.mapping);
        self.set_by_hand.iter().chain(fitting).find(|mapping| mapping.task() == task).cloned()
    }

    /// The command to read the validation or test file again without settings of the training file, if it was read with
    /// them.
    fn detect_held_out(&mut self, role: DataRole) -> Option<Command> {
        let hints = self.hints().for_other_file();
        let FileState::Reading(reading) = &mut self.file_mut(role).state else { return None };
        if reading.choice.hints != hints || hints == Hints::default() {
            return None;
        }
        reading.choice.hints = Hints::default();
        Some(reading.choice.open(role))
    }

    /// The rows of an open file cannot be collected, split or encoded.
    pub fn failed(&mut self, role: DataRole, diagnostic: Diagnostic) {
        let file = self.file_mut(role);
        if file.choice().is_none() {
            return;
        }
        file.fail(diagnostic);
        self.is_mapping = false;
        self.browse.is_pending = false;
        if role == DataRole::Train {
            *self.open_report() = None;
        }
    }

    /// The worker encodes the texts again: the lengths that it reported are out of date.
    pub fn forget_tokens(&mut self) {
        if let Some(report) = self.open_report() {
            report.tokens = None;
        }
    }

    /// Names of the training file's columns.
    pub fn columns(&self) -> &[String] {
        self.train.source().map_or(&[], |source| &source.columns)
    }

    /// Returns true if there are rows to train on and nothing is being read.
    pub fn is_ready(&self) -> bool {
        self.report.is_some() && !self.is_busy()
    }

    /// Returns true while a file is being read or its rows are being collected.
    pub fn is_busy(&self) -> bool {
        self.is_mapping || self.files().into_iter().any(File::is_reading)
    }
}
