//! The user's own texts, predicted during a run to show when an answer turns.

use crate::diagnostic::Diagnostic;
use crate::inference::{Answer, EncodedQueries, InferenceContext, Query};
use crate::text::Tokenizer;
use crate::train::Session;

/// Pinned texts of a run: predicted once when it begins and then at each evaluation, by the weights that are evaluated.
/// Predicting them takes no random number and changes nothing in the session.
#[derive(Debug)]
pub struct PinnedTexts {
    queries: EncodedQueries,
    count: usize,
    /// Number of optimizer steps at the last prediction.
    step: Option<u32>,
}

impl PinnedTexts {
    /// Encodes texts for the task of a run.
    ///
    /// # Errors
    /// `inference.other-task` if the task takes no single text, or an error of the tokenizer.
    pub fn new(queries: &[Query], session: &Session, tokenizer: &Tokenizer) -> Result<Self, Diagnostic> {
        let encoded = EncodedQueries::new(queries, &context(session), tokenizer)?;
        Ok(Self { queries: encoded, count: queries.len(), step: None })
    }

    /// Returns true if the texts are to be predicted before the next batch of the run.
    pub fn is_due(&self, session: &Session) -> bool {
        let step = session.state().step;
        self.step.is_none() || (session.is_evaluating() && self.step != Some(step))
    }

    /// Predicts the texts with the weights that the run has now. Probabilities are not calibrated: a temperature that
    /// changes from one evaluation to the next would hide what the weights do.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn predict(&mut self, session: &Session) -> Result<Vec<Answer>, Diagnostic> {
        self.step = Some(session.state().step);
        let mut predictions = Vec::new();
        let context = context(session);
        loop {
            let advanced = self.queries.advance(&mut predictions, self.count, session.model(), &context);
            if let Some(answers) = advanced.await? {
                return Ok(answers);
            }
        }
    }
}

fn context(session: &Session) -> InferenceContext<'_> {
    InferenceContext::of_run(session).of_base()
}
