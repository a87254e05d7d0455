//! What a run learns from.

use std::sync::Arc;

use crate::dataset::Cuts;
use crate::metrics::{Evaluation, evaluate};
use crate::recipe::Metric;
use crate::run::Baseline;
use crate::text::{EncodedExamples, EncodedTexts, Labels, Tokenizer};
use crate::usage::PromptForm;

/// Training and validation rows.
#[derive(Clone, Debug, Default)]
pub struct TrainingData {
    /// Rows learned from.
    pub train: EncodedExamples,
    /// Rows validated on.
    pub validation: EncodedExamples,
    /// Names of the classes, labels or tags, in the order of the model's outputs.
    pub labels: Vec<String>,
    /// General sentences, by which it is measured how far the model moves; none where that is not wanted.
    pub general: EncodedTexts,
    /// The token that fills a row up.
    pub pad: u32,
    /// What turns written tokens into text, in the task of generation.
    pub tokenizer: Option<Arc<Tokenizer>>,
    /// The form of the rows, in the task of generation.
    pub form: PromptForm,
    /// What the run's length has done to the rows.
    pub cuts: Cuts,
}

impl TrainingData {
    /// What saying the same of every row scores on the validation rows, where there is such a thing to say: the class
    /// that most training rows have, or the mean of their numbers.
    pub fn baseline(&self) -> Option<Baseline> {
        let (label, evaluation): (String, Evaluation) = match (&self.train.labels, &self.validation.labels) {
            (Labels::Classes(classes), Labels::Classes(actual)) => {
                let guess = majority(classes, self.labels.len());
                let label = self.labels.get(guess as usize).cloned().unwrap_or_default();
                (label, evaluate(&self.labels, actual, &vec![guess; actual.len()]))
            }
            (Labels::Numbers(numbers), Labels::Numbers(actual)) => {
                let mean = numbers.iter().map(|&number| f64::from(number)).sum::<f64>() / numbers.len().max(1) as f64;
                let squares: f64 = actual.iter().map(|&number| (f64::from(number) - mean).powi(2)).sum();
                let distances: f64 = actual.iter().map(|&number| (f64::from(number) - mean).abs()).sum();
                let rows = actual.len().max(1) as f64;
                let scores = [(Metric::Rmse, (squares / rows).sqrt()), (Metric::Mae, distances / rows)];
                (format!("{mean:.3}"), Evaluation { scores: scores.into(), ..Evaluation::default() })
            }
            _ => return None,
        };
        Some(Baseline { label, scores: evaluation.scores })
    }
}

/// The class that most rows have, the first of equals.
fn majority(labels: &[u32], classes: usize) -> u32 {
    let mut counts = vec![0u32; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    (0..).zip(counts).max_by_key(|&(class, count)| (count, std::cmp::Reverse(class))).map_or(0, |(class, _)| class)
}
