//! A data file, from the choice until the worker has it open.

use hone_core::dataset::{DataReport, DataRole, Hints, Mapping, PartKind, SourceInfo};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;

use crate::format;

/// A file by name, and how to read it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileChoice {
    /// Its name, as given.
    pub name: String,
    /// The name of a second file whose lines are parallel to the first one's.
    pub aligned_with: Option<String>,
    /// Index of its bytes among the page's blobs.
    pub blobs: usize,
    /// Settings by which it is read, where the user has chosen them.
    pub hints: Hints,
}

impl FileChoice {
    /// A new file, whose layout will be detected.
    pub fn new(name: String, aligned_with: Option<String>, blobs: usize) -> Self {
        Self { name, aligned_with, blobs, hints: Hints::default() }
    }

    pub(super) fn open(&self, role: DataRole) -> Command {
        let Self { name, aligned_with, hints, .. } = self.clone();
        Command::OpenData { role, name, aligned_with, hints }
    }
}

/// The training, validation or test file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The file in use, or the one that is being read to replace it.
    pub state: FileState,
    /// The last file that could not be opened, if the one before it stayed.
    pub rejected: Option<RejectedFile>,
}

/// The state of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FileState {
    /// No file is chosen.
    #[default]
    Absent,
    /// The worker is reading it.
    Reading(Reading),
    /// The worker has it open.
    Open {
        /// The file.
        choice: FileChoice,
        /// Its format, columns and first rows.
        source: SourceInfo,
        /// Why its rows cannot be used.
        diagnostic: Option<Diagnostic>,
    },
    /// The file cannot be used, and the worker does not have it open.
    Failed {
        /// The file.
        choice: FileChoice,
        /// Its format, columns and first rows, if it was open before.
        source: Option<SourceInfo>,
        /// Why it cannot be used.
        diagnostic: Diagnostic,
    },
}

/// A file that the worker is reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The file.
    pub choice: FileChoice,
    /// Format, columns and first rows from an earlier reading of the same file.
    pub source: Option<SourceInfo>,
    /// Fraction read, from 0 to 1.
    pub progress: f64,
    /// The file that comes back if this one cannot be opened.
    pub earlier: Option<Box<EarlierFile>>,
}

/// A file that was in use before another one was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierFile {
    /// The file.
    pub choice: FileChoice,
    /// Its format, columns and first rows.
    pub source: SourceInfo,
    /// Why its rows cannot be used.
    pub diagnostic: Option<Diagnostic>,
    /// True if the worker still has it open.
    pub is_open: bool,
    /// The columns in use.
    pub mapping: Option<Mapping>,
    /// The report on its rows; absent if they must be split again.
    pub report: Option<DataReport>,
}

/// A file that could not be opened, so that the earlier one stayed.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectedFile {
    /// The file.
    pub choice: FileChoice,
    /// Why it could not be opened.
    pub diagnostic: Diagnostic,
}

impl RejectedFile {
    pub(super) fn new(choice: FileChoice, diagnostic: Diagnostic, earlier: &FileChoice) -> Self {
        let done = if earlier.blobs == choice.blobs {
            "It is still read the way it was before.".to_owned()
        } else {
            format!("“{}” was not opened. Your earlier file is still here.", format::visible(&choice.name))
        };
        Self { choice, diagnostic: diagnostic.done(done) }
    }
}

impl FileState {
    /// The file as something to return to; `None` if it was never open.
    pub(super) fn into_earlier(self, mapping: Option<Mapping>, report: Option<DataReport>) -> Option<Box<EarlierFile>> {
        let (choice, source, diagnostic, is_open) = match self {
            Self::Absent => return None,
            Self::Reading(Reading { earlier: Some(earlier), .. }) => return Some(earlier),
            Self::Reading(Reading { choice, source, .. }) => (choice, source?, None, false),
            Self::Open { choice, source, diagnostic } => (choice, source, diagnostic, true),
            Self::Failed { choice, source, diagnostic } => (choice, source?, Some(diagnostic), false),
        };
        Some(Box::new(EarlierFile { choice, source, diagnostic, is_open, mapping, report }))
    }
}

impl File {
    /// The chosen file, if any.
    pub fn choice(&self) -> Option<&FileChoice> {
        match &self.state {
            FileState::Absent => None,
            FileState::Reading(Reading { choice, .. })
            | FileState::Open { choice, .. }
            | FileState::Failed { choice, .. } => Some(choice),
        }
    }

    /// Its format, columns and first rows, once it has been read.
    pub fn source(&self) -> Option<&SourceInfo> {
        match &self.state {
            FileState::Absent => None,
            FileState::Open { source, .. } => Some(source),
            FileState::Reading(Reading { source, .. }) | FileState::Failed { source, .. } => source.as_ref(),
        }
    }

    /// Name of the part that is read, or that was chosen to be: of the file's lists of parts, the one at `level`.
    pub fn part(&self, level: usize) -> Option<&str> {
        let parts = self.source()?.parts.get(level)?;
        let chosen = self.choice().and_then(|choice| match parts.kind {
            PartKind::File | PartKind::Split => choice.hints.member.as_deref(),
            PartKind::Sheet => choice.hints.sheet.as_deref(),
        });
        chosen.or_else(|| parts.names.get(parts.chosen as usize).map(String::as_str))
    }

    /// Why it cannot be used.
    pub fn diagnostic(&self) -> Option<&Diagnostic> {
        match &self.state {
            FileState::Absent | FileState::Reading(_) => None,
            FileState::Open { diagnostic, .. } => diagnostic.as_ref(),
            FileState::Failed { diagnostic, .. } => Some(diagnostic),
        }
    }

    /// Returns true while the worker reads it.
    pub fn is_reading(&self) -> bool {
        matches!(self.state, FileState::Reading(_))
    }

    /// Fraction read, from 0 to 1.
    pub fn progress(&self) -> f64 {
        if let FileState::Reading(reading) = &self.state { reading.progress } else { 0.0 }
    }

    /// Updates the fraction read.
    pub(in crate::state) fn on_progress(&mut self, read: f64) {
        if let FileState::Reading(reading) = &mut self.state {
            reading.progress = read;
        }
    }

    /// The file that comes back if the one being read cannot be opened.
    pub(super) fn earlier_mut(&mut self) -> Option<&mut EarlierFile> {
        match &mut self.state {
            FileState::Reading(Reading { earlier, .. }) => earlier.as_deref_mut(),
            _ => None,
        }
    }

    /// Reads another file in place of this one, or this one in another way. Only in the latter case are its columns
    /// kept.
    pub(super) fn replace(
        &mut self,
        role: DataRole,
        choice: FileChoice,
        mapping: Option<Mapping>,
        report: Option<DataReport>,
    ) -> Command {
        let command = choice.open(role);
        let is_same = self.choice().is_some_and(|before| before.blobs == choice.blobs);
        let source = if is_same { self.source().cloned() } else { None };
        let earlier = std::mem::take(&mut self.state).into_earlier(mapping, report);
        self.state = FileState::Reading(Reading { choice, source, progress: 0.0, earlier });
        self.rejected = None;
        command
    }

    /// Reads the file again with the same settings; `None` if there is no file.
    pub(super) fn read_again(&mut self, role: DataRole) -> Option<Command> {
        let (choice, source, earlier) = match std::mem::take(&mut self.state) {
            FileState::Absent => return None,
            FileState::Reading(Reading { choice, source, earlier, .. }) => (choice, source, earlier),
            FileState::Open { choice, source, .. } => (choice, Some(source), None),
            FileState::Failed { choice, source, .. } => (choice, source, None),
        };
        let command = choice.open(role);
        self.state = FileState::Reading(Reading { choice, source, progress: 0.0, earlier });
        Some(command)
    }

    /// The worker opened another file in the meantime, and closed the one before it.
    pub(in crate::state) fn displaced(&mut self) {
        if let Some(earlier) = self.earlier_mut() {
            earlier.is_open = false;
        }
    }

    /// The worker has opened the file that it was reading.
    pub(super) fn opened(&mut self, source: SourceInfo) {
        self.state = match std::mem::take(&mut self.state) {
            FileState::Reading(Reading { choice, .. }) => FileState::Open { choice, source, diagnostic: None },
            other => other,
        };
    }

    /// The worker is gone, along with every file that it had open.
    pub(in crate::state) fn worker_lost(&mut self) {
        self.displaced();
        self.state = match std::mem::take(&mut self.state) {
            FileState::Open { choice, source, diagnostic: Some(diagnostic) } => {
                FileState::Failed { choice, source: Some(source), diagnostic }
            }
            other => other,
        };
    }

    /// Notes why an open file cannot be used. While another one is being read, this applies to the earlier one.
    pub(in crate::state) fn fail(&mut self, reason: Diagnostic) {
        match &mut self.state {
            FileState::Reading(Reading { earlier: Some(earlier), .. }) => earlier.diagnostic = Some(reason),
            FileState::Open { diagnostic, .. } => *diagnostic = Some(reason),
            FileState::Failed { diagnostic, .. } => *diagnostic = reason,
            FileState::Absent | FileState::Reading(_) => {}
        }
    }

    /// Clears the reason why an open file could not be used, if `is_moot` returns true for it.
    pub(in crate::state) fn clear_diagnostic(&mut self, is_moot: impl FnOnce(&Diagnostic) -> bool) {
        if let FileState::Open { diagnostic, .. } = &mut self.state {
            diagnostic.take_if(|diagnostic| is_moot(diagnostic));
        }
    }

    /// Returns true if the last file chosen is not in the encoding that was found or set: an older Windows program may
    /// have written it.
    pub fn has_other_encoding(&self) -> bool {
        let rejected = self.rejected.as_ref().map(|rejected| &rejected.diagnostic);
        rejected
            .or(self.diagnostic())
            .is_some_and(|diagnostic| ["data.not-utf8", "data.undecodable"].contains(&diagnostic.code.as_str()))
    }
}
