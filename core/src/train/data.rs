//! Encoded data of a run.

use std::sync::Arc;

use crate::dataset::Cuts;
use crate::decimal;
use crate::metrics::{Evaluation, are_entity_tags, evaluate};
use crate::recipe::Metric;
use crate::run::Baseline;
use crate::text::{EncodedExamples, EncodedTexts, Labels, Tokenizer};
use crate::usage::PromptForm;

/// Training, validation and test rows.
#[derive(Clone, Debug, Default)]
pub struct TrainingData {
    /// Training rows.
    pub train: EncodedExamples,
    /// Validation rows.
    pub validation: EncodedExamples,
    /// Test rows, which are scored once, at the end, and choose nothing; empty if none are held out.
    pub test: EncodedExamples,
    /// Names of the classes, labels or tags, in the order of the model's outputs.
    pub labels: Vec<String>,
    /// General sentences that measure forgetting; empty to skip the measurement.
    pub general: EncodedTexts,
    /// Id of the padding token.
    pub pad: u32,
    /// Tokenizer that decodes generated text; none for other tasks than generation.
    pub tokenizer: Option<Arc<Tokenizer>>,
    /// Form of the rows, for generation.
    pub form: PromptForm,
    /// Rows that were shortened or dropped to fit the maximum length.
    pub cuts: Cuts,
}

impl TrainingData {
    /// CRC-32 of the tokens of all rows, by which the data of a saved run is recognized.
    pub fn tokens_crc32(&self) -> u32 {
        let mut crc32 = crc32fast::Hasher::new();
        for texts in [&self.train.texts, &self.validation.texts, &self.test.texts] {
            for i in 0..texts.len() {
                let tokens = texts.get(i).iter().copied().chain([texts.second(i) as u32]);
                crc32.update(&tokens.flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
            }
        }
        crc32.finalize()
    }

    /// Score of a constant prediction on the validation rows: the majority class, the majority tag of tags that are not
    /// BIO, or the mean of the training rows. None for tasks without such a prediction.
    pub fn baseline(&self) -> Option<Baseline> {
        let (label, evaluation): (String, Evaluation) = match (&self.train.labels, &self.validation.labels) {
            (Labels::Classes(classes), Labels::Classes(actual)) => self.always_majority(classes, actual),
            (Labels::Tags(tags), Labels::Tags(actual)) if !are_entity_tags(&self.labels) => {
                let of_words =
                    |rows: &[Box<[(u32, u32)]>]| -> Vec<u32> { rows.iter().flatten().map(|&(_, tag)| tag).collect() };
                self.always_majority(&of_words(tags), &of_words(actual))
            }
            (Labels::Numbers(numbers), Labels::Numbers(actual)) => {
                let mean = numbers.iter().map(|&number| f64::from(number)).sum::<f64>() / numbers.len().max(1) as f64;
                let squares: f64 = actual.iter().map(|&number| (f64::from(number) - mean).powi(2)).sum();
                let distances: f64 = actual.iter().map(|&number| (f64::from(number) - mean).abs()).sum();
                let rows = actual.len().max(1) as f64;
                let scores = [(Metric::Rmse, (squares / rows).sqrt()), (Metric::Mae, distances / rows)];
                (decimal::score(mean, 3), Evaluation { scores: scores.into(), ..Evaluation::default() })
            }
            _ => return None,
        };
        Some(Baseline { prediction: Some(label), scores: evaluation.scores })
    }

    /// The most frequent class of `train`, and the scores of always predicting it.
    fn always_majority(&self, train: &[u32], actual: &[u32]) -> (String, Evaluation) {
        let guess = majority(train, self.labels.len());
        let label = self.labels.get(guess as usize).cloned().unwrap_or_default();
        (label, evaluate(&self.labels, actual, &vec![guess; actual.len()]))
    }
}

/// The most frequent class; in a tie, the first.
fn majority(labels: &[u32], classes: usize) -> u32 {
    let mut counts = vec![0u32; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    (0..).zip(counts).max_by_key(|&(class, count)| (count, std::cmp::Reverse(class))).map_or(0, |(class, _)| class)
}
