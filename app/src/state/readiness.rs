//! Checks whether a run can start, with the reason if it cannot.

use crate::state::recipe::estimate::too_large;
use crate::state::{Load, State};

impl State {
    /// Returns true while the worker does something during which data, model and recipe must not change.
    pub fn is_engaged(&self) -> bool {
        self.run.is_active() || self.finder.is_active()
    }

    /// Why no run can start, in a sentence, apart from its memory requirements.
    pub(in crate::state) fn obstacle(&self) -> Option<String> {
        let reason = if self.device.failed.is_some() {
            "The engine is not running. See Model above."
        } else if self.data.is_busy() {
            "Your file is being read."
        } else if self.data.report.is_none() || self.data.train.diagnostic().is_some() {
            "Waiting for data. Choose a file above."
        } else if self.data.validation.diagnostic().is_some() {
            "The validation file cannot be used. Remove it or choose another one."
        } else if self.data.test.diagnostic().is_some() {
            "The test file cannot be used. Remove it or choose another one."
        } else if !matches!(self.model.load, Load::Ready(_)) {
            match self.model.load {
                Load::Idle { .. } => "Waiting for the model. Load it above.",
                _ => "Waiting for the model.",
            }
        } else if !self.form.errors.is_empty() {
            "A value under Advanced is out of range."
        } else if let Some(Err(error)) = self.planned() {
            return Some(format!("The recipe does not fit: {error}."));
        } else if self.data.report.as_ref().is_some_and(|report| report.tokens.is_none()) {
            "Your texts are being tokenized."
        } else {
            return None;
        };
        Some(reason.into())
    }

    /// Why no run can start, in a sentence.
    pub fn blocker(&self) -> Option<String> {
        self.obstacle().or_else(|| match self.estimate() {
            _ if self.finder.is_active() => Some("The learning rate finder is running.".into()),
            Some(Ok(estimate)) if !estimate.fits() => Some(too_large(estimate)),
            _ => None,
        })
    }

    /// Returns true if no run can start because of the recipe itself, not because something is still missing.
    pub(in crate::state) fn has_wrong_recipe(&self) -> bool {
        let is_too_large = matches!(self.estimate(), Some(Ok(estimate)) if !estimate.fits());
        !self.form.errors.is_empty() || matches!(self.planned(), Some(Err(_))) || is_too_large
    }
}
