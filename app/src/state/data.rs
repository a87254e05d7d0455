//! The dropped files and what was found in them.

use hone_core::dataset::{DataReport, Encoding, Mapping, SourceInfo};
use hone_core::problem::Problem;
use hone_core::protocol::{Command, DataRole};

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
    pub notice: Option<Problem>,
}

impl Data {
    /// The file of a role, to be changed.
    pub fn file_mut(&mut self, role: DataRole) -> &mut File {
        match role {
            DataRole::Train => &mut self.train,
            DataRole::Validation => &mut self.validation,
        }
    }

    /// The worker splits the texts into tokens anew: what it told of them holds no more.
    pub fn forget_tokens(&mut self) {
        if let Some(report) = &mut self.report {
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
        self.is_mapping || self.train.opens > 0 || self.validation.opens > 0
    }
}

/// A file that the person chose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// What was chosen; absent when nothing was.
    pub chosen: Option<Chosen>,
    /// Readings asked for and not answered yet: an answer counts only when it is the last one due.
    pub opens: u32,
    /// Share that is read.
    pub progress: f64,
    /// What was found in it.
    pub source: Option<SourceInfo>,
    /// Why it cannot be used.
    pub problem: Option<Problem>,
}

/// A file by name, and how the person says it is to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// As given.
    pub name: String,
    /// The name of a second file whose lines belong to the first one's.
    pub aligned_with: Option<String>,
    /// What the person says of the encoding.
    pub encoding: Option<Encoding>,
    /// What the person says of the first line.
    pub has_header: Option<bool>,
}

impl Chosen {
    /// A file to be read as it is found.
    pub fn new(name: String, aligned_with: Option<String>) -> Self {
        Self { name, aligned_with, encoding: None, has_header: None }
    }
}

impl File {
    /// Reads the chosen file (again); nothing when there is none.
    pub fn open(&mut self, role: DataRole) -> Option<Command> {
        let Chosen { name, aligned_with, encoding, has_header } = self.chosen.clone()?;
        self.opens += 1;
        self.progress = 0.0;
        self.problem = None;
        Some(Command::OpenData { role, name, aligned_with, encoding, has_header })
    }

    /// Counts an answer; true when it is the one to the last question and the file was not taken away meanwhile.
    pub fn answered(&mut self) -> bool {
        self.opens = self.opens.saturating_sub(1);
        self.opens == 0 && self.chosen.is_some()
    }
}
