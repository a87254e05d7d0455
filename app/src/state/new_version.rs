//! A new version of the page, which waits until this one can be left without a loss.

use crate::state::{Effect, Export, Keeping, State};

/// A new version of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewVersion {
    /// This is the newest one.
    #[default]
    None,
    /// It has been downloaded completely.
    Ready,
    /// It could not be opened: another tab would get its engine.
    BlockedByTabs,
}

impl State {
    /// A new version is ready, or could not be opened. A page that nobody has used yet opens it at once.
    pub fn on_new_version(&mut self, new_version: NewVersion, is_untouched: bool) -> Vec<Effect> {
        self.new_version = new_version;
        let is_unused = is_untouched && self.data.train.choice().is_none() && !self.is_busy();
        if is_unused && new_version == NewVersion::Ready { self.open_new_version() } else { Vec::new() }
    }

    /// Reloads the page in its new version.
    pub fn open_new_version(&mut self) -> Vec<Effect> {
        vec![Effect::OpenNewVersion]
    }

    /// Cost of opening the new version, in a sentence; `None` if there is no new version, or if it has to wait.
    pub fn new_version_line(&self) -> Option<&'static str> {
        if self.is_busy() {
            return None;
        }
        match self.new_version {
            NewVersion::None => None,
            NewVersion::BlockedByTabs => Some("Hone is open in another tab too. Close it there, then try again."),
            NewVersion::Ready if self.run.has_weights && !matches!(self.shelf.keeping, Keeping::Kept(_)) => {
                Some("Opening it reloads the page: download or keep the tuned model first.")
            }
            NewVersion::Ready if self.data.train.choice().is_some() => {
                Some("Opening it reloads the page: choose your file again afterwards.")
            }
            NewVersion::Ready => Some("Opening it reloads the page."),
        }
    }

    /// Returns true while a reload would interrupt work: a run, those that wait for it, a download, or a model that is being
    /// stored.
    fn is_busy(&self) -> bool {
        let is_storing = matches!(self.shelf.keeping, Keeping::Writing(_)) || self.saved.is_keeping;
        let is_writing = is_storing || matches!(self.export, Export::Writing(_));
        self.is_engaged() || self.queue.waiting() > 0 || is_writing || self.saved.continuing.is_some()
    }
}
