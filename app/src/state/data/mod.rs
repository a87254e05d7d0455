//! The dropped files and what was found in them.

pub mod columns;
mod files;
pub mod multi_drop;

use hone_core::dataset::DataRole;
use hone_core::dataset::{DataReport, Encoding, Mapping, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;

use crate::state::format;

/// The training file, the person's own validation file, and what was found in both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// What is learned from.
    pub train: File,
    /// What is validated on, where the person has a file for it.
    pub validation: File,
    /// The columns in use: the guess until the person changes it.
    pub mapping: Option<Mapping>,
    /// Rows are being taken and split.
    pub is_mapping: bool,
    /// What was found in the columns.
    pub report: Option<DataReport>,
    /// What was not done with the last dropped file, and why.
    pub notice: Option<Diagnostic>,
}

/// What is in use while another file is read to take its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// The file.
    pub file: File,
    /// Its columns in use.
    pub mapping: Option<Mapping>,
    /// What was found in them; absent where rows must be taken and split again.
    pub report: Option<DataReport>,
}

/// A file that could not be opened, so that the earlier one stayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Which.
    pub chosen: Chosen,
    /// Why.
    pub diagnostic: Diagnostic,
}

impl Refused {
    fn new(chosen: Chosen, diagnostic: Diagnostic, earlier: &File) -> Self {
        let is_same = earlier.chosen.as_ref().is_some_and(|earlier| earlier.blobs == chosen.blobs);
        let done = match is_same {
            true => "It stays as it was read before.".to_owned(),
            false => format!("“{}” was not opened. Your earlier file is still here.", format::visible(&chosen.name)),
        };
        Self { chosen, diagnostic: diagnostic.done(done) }
    }
}

impl Data {
    /// The file of a role.
    pub fn file(&self, role: DataRole) -> &File {
        match role {
            DataRole::Train => &self.train,
            DataRole::Validation => &self.validation,
        }
    }

    /// The file of a role, to be changed.
    pub fn file_mut(&mut self, role: DataRole) -> &mut File {
        match role {
            DataRole::Train => &mut self.train,
            DataRole::Validation => &mut self.validation,
        }
    }

    /// Puts a file in the place of the one in use, which comes back if the new one cannot be opened. The same file, to be
    /// read otherwise, keeps its columns.
    pub fn replace(&mut self, role: DataRole, chosen: Chosen) -> Option<Command> {
        self.remember(role);
        let file = self.file_mut(role);
        let is_other = file.chosen.as_ref().is_none_or(|before| before.blobs != chosen.blobs);
        if is_other {
            file.source = None;
        }
        (file.chosen, file.refused, file.is_open) = (Some(chosen), None, false);
        let command = file.open(role);
        if role == DataRole::Train {
            self.report = None;
            self.mapping.take_if(|_| is_other);
        }
        command
    }

    /// Remembers the file in use, unless one is remembered already.
    fn remember(&mut self, role: DataRole) {
        let file = self.file(role);
        if file.earlier.is_none() && file.source.is_some() {
            let (mapping, report) = (self.mapping.clone(), self.report.clone());
            let file = File { is_opening: false, refused: None, ..file.clone() };
            self.file_mut(role).earlier = Some(Box::new(Earlier { file, mapping, report }));
        }
    }

    /// Puts the file that was in use back into its place.
    fn take_back(&mut self, role: DataRole, earlier: Earlier, diagnostic: Diagnostic) {
        let Earlier { file, mapping, report } = earlier;
        let current = self.file_mut(role);
        let refused = current.chosen.take().map(|chosen| Refused::new(chosen, diagnostic, &file));
        *current = File { refused, ..file };
        if role == DataRole::Train {
            (self.mapping, self.report) = (mapping, report);
        }
    }

    /// The file of a role could not be opened: the earlier one is back, or there is none.
    pub fn not_opened(&mut self, role: DataRole, diagnostic: Diagnostic) {
        let file = self.file_mut(role);
        file.is_opening = false;
        match file.earlier.take() {
            Some(earlier) => self.take_back(role, *earlier, diagnostic),
            None => file.diagnostic = Some(diagnostic),
        }
    }

    /// What was not opened is of no interest any more.
    pub fn forget_refused(&mut self) {
        (self.notice, self.train.refused, self.validation.refused) = (None, None, None);
    }

    /// The report of the training file that the worker has open: while another one is read, of the earlier.
    pub fn open_report(&mut self) -> &mut Option<DataReport> {
        match &mut self.train.earlier {
            Some(earlier) => &mut earlier.report,
            None => &mut self.report,
        }
    }

    /// The training file in use is to be split anew, should it come back.
    pub fn outdate_earlier(&mut self) {
        if let Some(earlier) = &mut self.train.earlier {
            earlier.report = None;
        }
    }

    /// The rows cannot be taken, split or made into tokens.
    pub fn failed(&mut self, role: DataRole, diagnostic: Diagnostic) {
        let file = self.file_mut(role).last_open();
        if file.chosen.is_none() {
            return;
        }
        file.diagnostic = Some(diagnostic);
        self.is_mapping = false;
        if role == DataRole::Train {
            *self.open_report() = None;
        }
    }

    /// The worker splits the texts into tokens anew: what it told of them holds no more.
    pub fn forget_tokens(&mut self) {
        if let Some(report) = self.open_report() {
            report.tokens = None;
        }
    }

    /// Names of the training file's columns.
    pub fn columns(&self) -> &[String] {
        self.train.source.as_ref().map_or(&[], |source| &source.columns)
    }

    /// Whether rows are there to learn from and nothing is being read.
    pub fn is_ready(&self) -> bool {
        self.report.is_some() && !self.is_busy()
    }

    /// Whether a file is being read or mapped.
    pub fn is_busy(&self) -> bool {
        self.is_mapping || self.train.is_opening || self.validation.is_opening
    }
}

/// A file that the person chose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// What was chosen; absent when nothing was.
    pub chosen: Option<Chosen>,
    /// The worker has been asked to open it and has not answered yet.
    pub is_opening: bool,
    /// Whether the worker has it open.
    pub is_open: bool,
    /// Share that is read.
    pub progress: f64,
    /// What was found in it.
    pub source: Option<SourceInfo>,
    /// Why it cannot be used.
    pub diagnostic: Option<Diagnostic>,
    /// What was in use before, until this one is open.
    pub earlier: Option<Box<Earlier>>,
    /// What was chosen after this one and could not be opened.
    pub refused: Option<Refused>,
}

/// A file by name, and how the person says it is to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// As given.
    pub name: String,
    /// The name of a second file whose lines belong to the first one's.
    pub aligned_with: Option<String>,
    /// Where the page keeps its bytes.
    pub blobs: usize,
    /// What the person says of the encoding.
    pub encoding: Option<Encoding>,
    /// What the person says of the first line.
    pub has_header: Option<bool>,
}

impl Chosen {
    /// A file to be read as it is found.
    pub fn new(name: String, aligned_with: Option<String>, blobs: usize) -> Self {
        Self { name, aligned_with, blobs, encoding: None, has_header: None }
    }
}

impl File {
    /// Reads the chosen file (again); nothing when there is none.
    pub fn open(&mut self, role: DataRole) -> Option<Command> {
        let Chosen { name, aligned_with, encoding, has_header, .. } = self.chosen.clone()?;
        self.is_opening = true;
        self.progress = 0.0;
        self.diagnostic = None;
        Some(Command::OpenData { role, name, aligned_with, encoding, has_header })
    }

    /// Whether what was chosen last is no UTF-8: an older Windows program may have written it.
    pub fn has_other_encoding(&self) -> bool {
        let refused = self.refused.as_ref().map(|refused| &refused.diagnostic);
        refused.or(self.diagnostic.as_ref()).is_some_and(|diagnostic| diagnostic.code == "data.not-utf8")
    }

    /// The file that the worker has open: while another one is read, the earlier.
    fn last_open(&mut self) -> &mut Self {
        match self.earlier {
            Some(ref mut earlier) => &mut earlier.file,
            None => self,
        }
    }

    /// The worker has let go of it, and of the one before.
    pub fn closed(&mut self) {
        self.is_open = false;
        if let Some(earlier) = &mut self.earlier {
            earlier.file.is_open = false;
        }
    }
}
