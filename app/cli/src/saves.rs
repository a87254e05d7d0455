//! Saving a run while it goes on, and continuing a saved one.

use std::env;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::Device;
use hone_core::checkpoint::{self, RestoredRun};
use hone_core::diagnostic::Diagnostic;
use hone_core::run::RunSource;
use hone_core::runner::{SaveSchedule, run_record};
use hone_core::train::Session;

use crate::run_folder::RunFolder;

/// Folder of the saved run, in the folder for the tuned model.
const FOLDER: &str = "checkpoint";

/// A saved run that has been read.
pub struct OpenedRun {
    /// Where it is saved.
    folder: RunFolder,
    /// Its contents.
    pub saved: RestoredRun,
}

impl OpenedRun {
    /// Reads the run that is saved in `path`: a folder, or a zip, which is unpacked below `out`.
    ///
    /// # Errors
    /// `resume.none` if nothing is saved there, and `resume.saved` if another run is saved below `out`.
    pub async fn read(path: &Path, out: &Path, device: &Device) -> Result<Self, Diagnostic> {
        let mut folder = RunFolder::new(path);
        if path.is_file() {
            folder = empty_folder(out).await?;
            let unreadable = |error| {
                Diagnostic::new("file.read", format!("{} cannot be read: {error}.", path.display()))
                    .remedy("Check the path.")
            };
            let archive = File::open(path).map_err(unreadable)?;
            if let Err(error) = checkpoint::unpack(BufReader::new(archive), &mut folder).await {
                folder.remove_empty();
                return Err(error);
            }
        }
        match checkpoint::load(&mut folder, device).await? {
            Some(saved) => Ok(Self { folder, saved }),
            None => Err(Diagnostic::new("resume.none", format!("No run is saved in {}.", path.display()))
                .done("Nothing was changed.")
                .remedy("Leave out --resume to start a run.")),
        }
    }
}

/// Where a run is saved, and when.
pub struct Saves {
    /// None if the run is not saved.
    folder: Option<RunFolder>,
    source: RunSource,
    schedule: SaveSchedule,
    begin: Instant,
    /// Seconds of work before the program was started.
    seconds_before: f64,
}

impl Saves {
    /// Saves a new run below `out`, or nowhere if there is none.
    ///
    /// # Errors
    /// `resume.saved` if an unfinished run is saved there.
    pub async fn of_new_run(out: Option<&Path>, source: RunSource) -> Result<Self, Diagnostic> {
        let folder = match out {
            Some(out) => Some(empty_folder(out).await?),
            None => None,
        };
        Ok(Self::new(folder, source, 0.0))
    }

    /// Continues a saved run, which is saved in the same place from now on. Returns the session as it was.
    ///
    /// # Errors
    /// Changes since it was saved.
    pub fn of_saved_run(opened: OpenedRun, source: RunSource, session: Session) -> Result<(Self, Session), Diagnostic> {
        let OpenedRun { folder, saved: RestoredRun { record, state, tensors, notice } } = opened;
        let warning = record.check(session.recipe().spec(), &source)?;
        for note in notice.into_iter().chain(warning) {
            eprintln!("warning: {note}");
        }
        let session = session.restore(state, tensors)?;
        Ok((Self::new(Some(folder), source, record.seconds), session))
    }

    fn new(folder: Option<RunFolder>, source: RunSource, seconds_before: f64) -> Self {
        Self { folder, source, schedule: SaveSchedule::new(seconds_before), begin: Instant::now(), seconds_before }
    }

    /// Returns true if the run is saved.
    pub fn is_on(&self) -> bool {
        self.folder.is_some()
    }

    /// Seconds of work, before and since the program was started.
    pub fn seconds(&self) -> f64 {
        self.seconds_before + self.begin.elapsed().as_secs_f64()
    }

    /// Records an evaluation, after which the run is saved.
    pub fn evaluated(&mut self) {
        self.schedule.evaluated();
    }

    /// Saves the run if it is time to.
    ///
    /// # Errors
    /// `checkpoint.write` if the folder fails.
    pub async fn save_if_due(&mut self, session: &Session) -> Result<(), Diagnostic> {
        if self.schedule.is_due(self.seconds(), session.max_checkpoint_bytes()) {
            self.save(session).await?;
        }
        Ok(())
    }

    /// Saves the run. Returns the folder; none if the run is not saved or in the middle of an optimizer step.
    ///
    /// # Errors
    /// `checkpoint.write` if the folder fails.
    pub async fn save(&mut self, session: &Session) -> Result<Option<PathBuf>, Diagnostic> {
        let begin = Instant::now();
        let (Some(folder), Some(saved)) = (&mut self.folder, session.checkpoint()) else { return Ok(None) };
        let seconds = self.seconds_before + self.begin.elapsed().as_secs_f64();
        let result = checkpoint::save(folder, run_record(session, self.source.clone(), seconds), saved).await;
        self.schedule.saved(self.seconds(), begin.elapsed().as_secs_f64());
        result.map(|()| self.folder.as_ref().map(|folder| folder.path().to_owned()))
    }

    /// Removes what is saved of a run that is over.
    ///
    /// # Errors
    /// `checkpoint.write` if the folder fails.
    pub async fn clear(&mut self) -> Result<(), Diagnostic> {
        if let Some(folder) = &mut self.folder {
            checkpoint::clear(folder).await?;
            folder.remove_empty();
        }
        Ok(())
    }
}

/// The folder for saves below `out`.
///
/// # Errors
/// `resume.saved` if an unfinished run is saved there.
async fn empty_folder(out: &Path) -> Result<RunFolder, Diagnostic> {
    let mut folder = RunFolder::new(out.join(FOLDER));
    let Some(saved) = checkpoint::peek(&mut folder).await? else { return Ok(folder) };
    let (step, total, path) = (saved.step, saved.plan.total_steps, folder.path().display());
    Err(Diagnostic::new("resume.saved", format!("{path} has a run saved at step {step} of {total}."))
        .done("Nothing was changed.")
        .remedy(format!("Add `--resume {path}` to continue it, or delete the folder.")))
}

/// The command that continues the run saved in `folder`.
pub fn command(folder: &Path) -> String {
    let quoted = |argument: String| {
        let is_plain = |c: char| c.is_alphanumeric() || "-_./=,:".contains(c);
        if argument.chars().all(is_plain) { argument } else { format!("'{}'", argument.replace('\'', r"'\''")) }
    };
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    for option in ["--resume", "--further"] {
        if let Some(at) = arguments.iter().position(|argument| argument == option) {
            arguments.drain(at..(at + 2).min(arguments.len()));
        }
        arguments.retain(|argument| !argument.starts_with(&format!("{option}=")));
    }
    let resume = ["--resume".to_owned(), folder.display().to_string()];
    let words = ["hone".to_owned()].into_iter().chain(arguments).chain(resume);
    words.map(quoted).collect::<Vec<_>>().join(" ")
}
