//! Training further on the corrected file in one step: the tuned model is kept, the file is written and opened, and a run
//! begins from the kept model. So the run can be saved and continued like any other.

use hone_core::catalog::CatalogEntry;
use hone_core::diagnostic::Diagnostic;

use crate::state::{CorrectedUse, Effect, Keeping, Load, State};

/// Stage of the way from changed rows to a run that trains on them.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Retraining {
    /// Nobody has asked for it.
    #[default]
    Off,
    /// The tuned model is being kept.
    Keeping,
    /// The corrected file is being written and opened. The model is kept under this id.
    Opening(String),
    /// The model of this id is being loaded.
    Loading(String),
}

impl State {
    /// Returns true if the tuned model can be trained further on the corrected file.
    pub fn can_retrain(&self) -> bool {
        let is_free = self.run.retraining == Retraining::Off && !matches!(self.shelf.keeping, Keeping::Writing(_));
        is_free && self.run.has_weights && self.can_mend_run() && self.can_correct() && !self.model.is_loading()
    }

    /// Keeps the tuned model, opens the corrected file, and trains the model further on it.
    pub fn retrain(&mut self) -> Vec<Effect> {
        if !self.can_retrain() {
            return Vec::new();
        }
        self.run.retraining = Retraining::Keeping;
        match self.shelf.keeping {
            Keeping::Kept(_) => self.advance_retraining(),
            _ => self.keep_tuned(),
        }
    }

    /// The stage under way, in words; empty if there is none.
    pub fn retraining_words(&self) -> &'static str {
        match self.run.retraining {
            Retraining::Off => "",
            Retraining::Keeping => "Keeping the tuned model…",
            Retraining::Opening(_) => "Opening the corrected file…",
            Retraining::Loading(_) => "Loading the tuned model…",
        }
    }

    /// Takes the next step as soon as the one under way is done. A step that fails, or that the user turns away from, ends it.
    pub(in crate::state) fn advance_retraining(&mut self) -> Vec<Effect> {
        match self.run.retraining.clone() {
            Retraining::Off => Vec::new(),
            Retraining::Keeping => match self.shelf.keeping.clone() {
                // The list follows.
                Keeping::Kept(id) if self.shelf.model(&id).is_none() => Vec::new(),
                Keeping::Kept(id) => {
                    self.run.retraining = Retraining::Opening(id);
                    let effects = self.correct(CorrectedUse::Open);
                    self.end_retraining_if(effects.is_empty(), None);
                    effects
                }
                Keeping::Writing(_) => Vec::new(),
                Keeping::Failed(diagnostic) => self.end_retraining_if(true, Some(diagnostic)),
                Keeping::Idle => self.end_retraining_if(true, None),
            },
            Retraining::Opening(id) => {
                if let Some(diagnostic) = self.data.diagnostic().cloned() {
                    return self.end_retraining_if(true, Some(diagnostic));
                }
                if !self.changes.list.is_empty() || !self.data.is_ready() {
                    // The changes go as soon as the corrected file is open. If it is closed again with them left, it was refused.
                    let is_refused = self.changes.corrected.is_some() && self.data.is_ready();
                    return self.end_retraining_if(is_refused || self.changes.diagnostic.is_some(), None);
                }
                self.run.retraining = Retraining::Loading(id.clone());
                let effects = self.train_further(&id);
                self.end_retraining_if(effects.is_empty(), None);
                effects
            }
            Retraining::Loading(id) => match &self.model.load {
                Load::Failed(diagnostic) => {
                    let diagnostic = diagnostic.clone();
                    self.end_retraining_if(true, Some(diagnostic))
                }
                // The user chose another model, or the worker could not load it and has the earlier one.
                _ if self.model.entry().and_then(CatalogEntry::tuned_id) != Some(&id) => {
                    self.end_retraining_if(true, self.model.rejected.clone())
                }
                _ if self.blocker().is_none() => {
                    self.run.retraining = Retraining::Off;
                    self.start()
                }
                _ => self.end_retraining_if(self.is_engaged() || self.has_wrong_recipe(), None),
            },
        }
    }

    /// Gives it up, and shows the reason next to the changes, where it was asked for.
    fn end_retraining_if(&mut self, is_over: bool, diagnostic: Option<Diagnostic>) -> Vec<Effect> {
        if is_over {
            self.run.retraining = Retraining::Off;
            self.changes.diagnostic = diagnostic.or(self.changes.diagnostic.take());
        }
        Vec::new()
    }
}
