//! What the maps of a run are drawn from, recorded at its evaluations: vectors of some validation texts, and how probable
//! what is right in each row was. It changes nothing in the run and is not saved with it.

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::metrics::TrainingDynamics;
use crate::model::{Dropout, FrozenPrefix, HiddenStates, Input};
use crate::recipe::ParamGroup;
use crate::text::{EncodedExamples, Labels, batches_by_length};
use crate::train::eval::predict::Prediction;
use crate::train::eval::right_probability::right_probabilities;
use crate::train::session::Session;

/// Most texts whose vectors are recorded, spread evenly over the validation rows: more points would hide each other.
const MAX_TEXTS: usize = 200;
/// Most evaluations whose vectors are kept: 6 MB in all for 384 numbers each.
const MAX_FRAMES: usize = 20;

/// Vectors of the texts after a number of optimizer steps.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorFrame {
    /// Number of optimizer steps; 0 for the model before training.
    pub step: u32,
    /// The vectors that the head reads, `[texts, hidden]`: the pooled texts, or for questions the first token, from which the
    /// head reads whether there is an answer.
    pub vectors: Vec<f32>,
}

/// Records of a run.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Texts whose vectors are recorded; empty if none are.
    texts: Vec<u32>,
    /// Batches of them that are left to be encoded by the model before training.
    base_batches: Vec<Vec<u32>>,
    frames: Vec<VectorFrame>,
    /// True if the next frame is that of the model before training, too.
    begins_with_next: bool,
    /// Vectors of the evaluation under way.
    next: Vec<f32>,
    dynamics: TrainingDynamics,
}

impl Trace {
    /// Indices of the texts with recorded vectors among the encoded validation texts.
    pub fn texts(&self) -> &[u32] {
        &self.texts
    }

    /// The recorded vectors, in the order of their steps.
    pub fn frames(&self) -> &[VectorFrame] {
        &self.frames
    }

    /// Probabilities of what is right in each row over the evaluations since the run was started or continued; without rows
    /// for embeddings and numbers. A row of question answering is a question.
    pub fn dynamics(&self) -> &TrainingDynamics {
        &self.dynamics
    }

    fn put(&mut self, rows: &[u32], values: &[f32], hidden: usize) {
        self.next.resize(self.texts.len() * hidden, 0.0);
        for (row, vector) in rows.iter().zip(values.chunks_exact(hidden.max(1))) {
            if let Ok(at) = self.texts.binary_search(row) {
                self.next[at * hidden..][..hidden].copy_from_slice(vector);
            }
        }
    }

    /// Ends a frame. If there are too many, one goes, so that the others are spread as evenly as possible; the first and the
    /// last stay.
    fn end_frame(&mut self, step: u32) {
        let vectors = std::mem::take(&mut self.next);
        if vectors.iter().all(|value| value.is_finite()) && !vectors.is_empty() {
            if std::mem::take(&mut self.begins_with_next) {
                self.frames.push(VectorFrame { step: 0, vectors: vectors.clone() });
            }
            self.frames.push(VectorFrame { step, vectors });
        }
        if self.frames.len() > MAX_FRAMES {
            let gap = |at: &usize| self.frames[at + 1].step - self.frames[at - 1].step;
            let closest = (1..self.frames.len() - 1).min_by_key(gap);
            closest.map(|at| self.frames.remove(at));
        }
    }
}

impl Session {
    /// Records vectors of the validation texts from the next evaluation on, if the task has one vector for each text. The
    /// model before training encodes them too, once.
    pub fn record_vectors(&mut self) {
        let validation = &self.data.validation;
        let texts = texts_of_rows(validation, self.model.pooling().is_some());
        let count = texts.len().min(MAX_TEXTS);
        self.trace.texts = (0..count).map(|nth| texts[nth * texts.len() / count]).collect();
        // These tasks begin with an evaluation of the model before training.
        if !self.compares_with_base() {
            let lengths: Vec<usize> =
                self.trace.texts.iter().map(|&text| validation.texts.tokens(text as usize)).collect();
            let batches = batches_by_length(&lengths, self.recipe.batch_size()).into_iter();
            let texts = |batch: Vec<u32>| batch.iter().map(|&nth| self.trace.texts[nth as usize]).collect();
            self.trace.base_batches = batches.map(texts).collect();
        }
    }

    /// Records at the evaluations so far.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Texts of the next batch for the model before training. If only the head has been trained so far, the evaluation under
    /// way encodes them all the same.
    pub(super) fn base_batch(&self) -> Option<&Vec<u32>> {
        self.trace.base_batches.last().filter(|_| !self.has_base_layers())
    }

    /// Encodes a batch of texts by the model before training. Returns false if there is none left.
    pub(super) async fn trace_base_batch(&mut self) -> Result<bool, Diagnostic> {
        if self.base_batch().is_none() {
            self.trace.begins_with_next |= !std::mem::take(&mut self.trace.base_batches).is_empty();
        }
        let Some(rows) = self.trace.base_batches.pop() else { return Ok(false) };
        let validation = &self.data.validation;
        let batch = validation.batch(&rows, self.recipe.batch_size(), self.recipe.max_length(), self.data.pad);
        let input = Input::new(&batch, &self.device);
        let input = self.base.forward_to(input, self.traced_prefix(), &mut Dropout::off());
        self.trace_vectors(&input, &rows).await?;
        if self.trace.base_batches.is_empty() {
            self.trace.end_frame(0);
        }
        Ok(true)
    }

    /// The batch with its texts pooled, whose vectors are recorded; unchanged if none of them is.
    pub(super) async fn traced(&mut self, input: Input, rows: &[u32]) -> Result<Input, Diagnostic> {
        let is_recorded = |row| self.trace.texts.binary_search(row).is_ok();
        if self.predicts_vectors() || !rows.iter().any(is_recorded) {
            return Ok(input);
        }
        let input = self.model.forward_to(input, self.traced_prefix(), &mut Dropout::off());
        self.trace_vectors(&input, rows).await?;
        Ok(input)
    }

    /// Returns true if everything below the head is still that of the base model.
    fn has_base_layers(&self) -> bool {
        let is_above = |group: &ParamGroup| matches!(group, ParamGroup::Pooler | ParamGroup::Head);
        self.recipe.spec().reinit_layers == 0 && self.state.ever_trainable.iter().all(is_above)
    }

    /// Where the vectors are read: once texts are pooled, or after the last layer for a head that reads every token.
    fn traced_prefix(&self) -> FrozenPrefix {
        match self.model.pooling() {
            Some(_) => FrozenPrefix::Sentence,
            None => FrozenPrefix::Layers(self.model.base.layers()),
        }
    }

    async fn trace_vectors(&mut self, input: &Input, rows: &[u32]) -> Result<(), Diagnostic> {
        let vectors = match &input.hidden {
            HiddenStates::Sentence(vectors) => vectors.clone(),
            HiddenStates::Tokens(_, tokens) => tokens.clone().narrow(1, 0, 1).squeeze_dim(1),
            HiddenStates::Ids(_) => return Ok(()),
        };
        let [_, hidden] = vectors.dims();
        let values = device_to_host(vectors).await?;
        self.trace.put(rows, &values, hidden);
        Ok(())
    }

    /// Records the predictions of an evaluation, by weights that a step has changed or not.
    pub(super) fn trace_predictions(&mut self, predictions: &[Prediction], is_trained: bool) {
        let are_vectors = self.predicts_vectors();
        for (text, prediction) in (0..).zip(predictions).filter(|_| are_vectors) {
            let vector = prediction.vector();
            self.trace.put(&[text], vector, vector.len());
        }
        self.trace.end_frame(self.state.step);
        let labels = &self.data.validation.labels;
        if let Some(probabilities) = right_probabilities(labels, predictions).filter(|_| is_trained) {
            self.trace.dynamics.observe(&probabilities);
        }
    }
}

/// Index of the text that represents each row on the map: the first text of a row, or the first window of a question. Empty if
/// rows have no vector.
fn texts_of_rows(examples: &EncodedExamples, is_pooled: bool) -> Vec<u32> {
    match &examples.labels {
        Labels::Similarity(similarity) => (0..examples.len() as u32).step_by(similarity.texts_per_row()).collect(),
        Labels::Spans { windows, .. } => {
            let is_first = |at: &usize| *at == 0 || windows[*at].question != windows[at - 1].question;
            (0..windows.len()).filter(is_first).map(|at| at as u32).collect()
        }
        _ if is_pooled => (0..examples.len() as u32).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_frames_are_thinned_and_the_first_and_the_last_stay() {
        let mut trace = Trace { texts: vec![0], ..Trace::default() };
        for step in 0..=100 {
            trace.put(&[0], &[step as f32], 1);
            trace.end_frame(step);
        }
        let steps: Vec<u32> = trace.frames.iter().map(|frame| frame.step).collect();
        assert!(steps.len() <= MAX_FRAMES && steps[0] == 0 && steps.last() == Some(&100), "{steps:?}");
        assert!(steps.windows(2).all(|pair| pair[1] - pair[0] <= 20), "{steps:?}");
    }

    #[test]
    fn vectors_that_are_not_finite_are_left_out() {
        let mut trace = Trace { texts: vec![3, 8], ..Trace::default() };
        trace.put(&[8, 5, 3], &[1.0, 2.0, 9.0, 9.0, 3.0, 4.0], 2);
        trace.end_frame(0);
        assert_eq!(trace.frames[0].vectors, [3.0, 4.0, 1.0, 2.0]);
        trace.put(&[8, 3], &[f32::NAN; 4], 2);
        trace.end_frame(1);
        assert_eq!(trace.frames.len(), 1);
    }
}
