//! The facts about a model that a query to it depends on.

use burn::tensor::Device;

use crate::metrics::{Confidence, Evaluation};
use crate::recipe::Recipe;
use crate::train::Session;
use crate::usage::PromptForm;

/// The task of a model, its form of rows and its thresholds.
#[derive(Clone, Copy, Debug)]
pub struct InferenceContext<'a> {
    /// Recipe of the run that tuned it.
    pub recipe: &'a Recipe,
    /// Names of the classes, labels or tags.
    pub labels: &'a [String],
    /// Token that pads a batch.
    pub pad: u32,
    /// Generation: form of the prompts.
    pub form: PromptForm,
    /// Evaluation with the thresholds, once there is one.
    pub best: Option<&'a Evaluation>,
    /// Single-label classification: temperature, and the probability below which a prediction is unsure.
    pub confidence: Option<&'a Confidence>,
    /// Device of the model.
    pub device: &'a Device,
}

impl<'a> InferenceContext<'a> {
    /// The models of a run.
    pub fn of_run(session: &'a Session) -> Self {
        let data = session.data();
        let best = session.best().map(|(best, _)| best);
        let (recipe, device) = (session.recipe(), session.device());
        let confidence = best.and_then(|best| best.confidence.as_ref());
        Self { recipe, labels: &data.labels, pad: data.pad, form: data.form, best, confidence, device }
    }

    /// The context of weights whose probabilities are not calibrated, such as those before the run.
    pub fn of_base(self) -> Self {
        Self { confidence: None, ..self }
    }
}
