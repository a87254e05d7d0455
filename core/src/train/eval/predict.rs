//! Predictions of a model.

use burn::tensor::activation::{log_softmax, softmax};
use serde::{Deserialize, Serialize};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::metrics::argmax;
use crate::model::{Dropout, FrozenPrefix, Input, TaskModel};
use crate::text::{EncodedExamples, Labels};
use crate::train::objective::span_logits;
use crate::train::target_tokens::{TargetTokens, tokens_at_a_time};

/// Prediction for one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Prediction {
    /// Probability of each class.
    Classes(Vec<f32>),
    /// Logit of each label.
    Labels(Vec<f32>),
    /// A number.
    Number(f32),
    /// Logit of how well a passage fits its query.
    Relevance(f32),
    /// Probability of each tag, for each word.
    Tags(Vec<Vec<f32>>),
    /// Logits of each token as the start and the end of the answer; far below all others on padding.
    Spans {
        /// Logits of the start.
        start: Vec<f32>,
        /// Logits of the end.
        end: Vec<f32>,
    },
    /// Likelihood of the row's target tokens.
    Tokens {
        /// Sum of −log p of the target tokens.
        loss: f64,
        /// Number of target tokens.
        tokens: u32,
    },
    /// A vector of length 1.
    Vector(Vec<f32>),
}

/// A decision for one class: that of a row, or of a tagged word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassDecision {
    /// Index of the true class.
    pub actual: u32,
    /// Index of the predicted class.
    pub predicted: u32,
    /// Probability of the true class.
    pub actual_probability: f32,
    /// Probability of the predicted class.
    pub predicted_probability: f32,
}

impl ClassDecision {
    fn new(probabilities: &[f32], actual: u32) -> Self {
        let predicted = argmax(probabilities) as u32;
        let probability = |class: u32| probabilities.get(class as usize).copied().unwrap_or(0.0);
        let [actual_probability, predicted_probability] = [actual, predicted].map(probability);
        Self { actual, predicted, actual_probability, predicted_probability }
    }
}

/// Loss of a row, as a part of the mean over all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowLoss {
    /// Sum of the losses of the row's decisions.
    pub sum: f64,
    /// Number of decisions: tokens or words in tasks that predict each of them, otherwise 1.
    pub weight: f64,
}

impl RowLoss {
    /// Mean loss of several rows; NaN without any.
    pub fn mean(rows: impl IntoIterator<Item = Self>) -> f64 {
        let total = rows
            .into_iter()
            .fold(Self::default(), |total, row| Self { sum: total.sum + row.sum, weight: total.weight + row.weight });
        if total.weight > 0.0 { total.sum / total.weight } else { f64::NAN }
    }
}

impl Prediction {
    /// Returns true if all numbers are finite.
    pub fn is_finite(&self) -> bool {
        let all = |values: &[f32]| values.iter().all(|value| value.is_finite());
        match self {
            Self::Classes(values) | Self::Labels(values) | Self::Vector(values) => all(values),
            Self::Number(value) | Self::Relevance(value) => value.is_finite(),
            Self::Tags(words) => words.iter().all(|values| all(values)),
            Self::Spans { start, end } => all(start) && all(end),
            Self::Tokens { loss, .. } => loss.is_finite(),
        }
    }

    /// Index of the most probable class, the first in a tie; 0 in other tasks.
    pub fn class(&self) -> u32 {
        match self {
            Self::Classes(probabilities) => argmax(probabilities) as u32,
            _ => 0,
        }
    }

    /// Probability of each label; empty in other tasks.
    pub fn label_probabilities(&self) -> Vec<f32> {
        match self {
            Self::Labels(logits) => logits.iter().copied().map(sigmoid).collect(),
            _ => Vec::new(),
        }
    }

    /// The number: for a passage, how well it fits its query, from 0 to 1. NaN in other tasks.
    pub fn number(&self) -> f32 {
        match self {
            Self::Number(number) => *number,
            Self::Relevance(logit) => sigmoid(*logit),
            _ => f32::NAN,
        }
    }

    /// The vector; empty in other tasks.
    pub fn vector(&self) -> &[f32] {
        match self {
            Self::Vector(values) => values,
            _ => &[],
        }
    }

    /// The decision for row `row` of `labels`, or that of each of its words; empty for tasks without classes.
    pub fn class_decisions(&self, labels: &Labels, row: usize) -> Vec<ClassDecision> {
        match (self, labels) {
            (Self::Classes(probabilities), Labels::Classes(classes)) => {
                vec![ClassDecision::new(probabilities, classes[row])]
            }
            (Self::Tags(words), Labels::Tags(tags)) => {
                words.iter().zip(&tags[row]).map(|(word, &(_, tag))| ClassDecision::new(word, tag)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Loss of this prediction for row `row` of `labels`, without smoothing, class weights and the like.
    pub fn loss(&self, labels: &Labels, row: usize) -> RowLoss {
        let nll = |p: f32| -f64::from(p.max(f32::MIN_POSITIVE)).ln();
        let (sum, weight) = match (self, labels) {
            (Self::Classes(p), Labels::Classes(classes)) => (nll(p[classes[row] as usize]), 1.0),
            (Self::Labels(logits), Labels::MultiLabel(flags)) => {
                let of_label = |(&logit, &flag): (&f32, &bool)| binary_loss(logit, f64::from(u8::from(flag)));
                (logits.iter().zip(&flags[row]).map(of_label).sum::<f64>() / logits.len().max(1) as f64, 1.0)
            }
            (Self::Relevance(logit), Labels::Relevance(relevance)) => {
                (binary_loss(*logit, relevance.labels[row].into()), 1.0)
            }
            (Self::Number(predicted), Labels::Numbers(numbers)) => (f64::from(predicted - numbers[row]).powi(2), 1.0),
            (Self::Tags(words), Labels::Tags(tags)) => {
                let of_word = |(p, &(_, tag)): (&Vec<f32>, &(u32, u32))| nll(p[tag as usize]);
                (words.iter().zip(&tags[row]).map(of_word).sum(), words.len() as f64)
            }
            (Self::Spans { start, end }, Labels::Spans { windows, .. }) => {
                let (first, last) = windows[row].answer;
                ((position_loss(start, first) + position_loss(end, last)) / 2.0, 1.0)
            }
            (Self::Tokens { loss, tokens }, _) => (*loss, f64::from(*tokens)),
            _ => (0.0, 0.0),
        };
        RowLoss { sum, weight }
    }

    /// Returns true if this can be a prediction for row `row` of `examples` by a model that knows `labels` labels.
    pub(in crate::train) fn fits(&self, examples: &EncodedExamples, row: usize, labels: usize) -> bool {
        match (self, &examples.labels) {
            (Self::Classes(values), Labels::Classes(_)) | (Self::Labels(values), Labels::MultiLabel(_)) => {
                values.len() == labels
            }
            (Self::Tags(words), Labels::Tags(tags)) => {
                words.len() == tags[row].len() && words.iter().all(|values| values.len() == labels)
            }
            (Self::Spans { start, end }, Labels::Spans { .. }) => {
                start.len() == end.len() && start.len() >= examples.texts.tokens(row)
            }
            (Self::Number(_), Labels::Numbers(_))
            | (Self::Relevance(_), Labels::Relevance(_))
            | (Self::Tokens { .. }, Labels::Continuations { .. })
            | (Self::Vector(_), Labels::Similarity(_)) => true,
            _ => false,
        }
    }
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Binary cross-entropy of a logit, as PyTorch's `BCEWithLogitsLoss`. The probability itself is exactly 1 in 32 bits above
/// a logit of 17, where the loss of a mistake would be infinite.
fn binary_loss(logit: f32, target: f64) -> f64 {
    let logit = f64::from(logit);
    logit.max(0.0) - logit * target + (-logit.abs()).exp().ln_1p()
}

/// Negative log-softmax of `logits` at `position`.
fn position_loss(logits: &[f32], position: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - largest).exp()).sum();
    sum.ln() - f64::from(logits[position as usize] - largest)
}

/// Predictions for `rows` of `examples`, which are the first rows of the batch `input`. The remaining rows of the batch
/// are padding.
///
/// # Errors
/// If the device fails.
pub async fn predict(
    model: &TaskModel,
    input: Input,
    examples: &EncodedExamples,
    rows: &[u32],
) -> Result<Vec<Prediction>, Diagnostic> {
    let attention_mask = input.attention_mask.clone();
    let [_, len] = attention_mask.dims();
    let mut off = Dropout::off();
    Ok(match &examples.labels {
        Labels::Classes(_) => {
            let probabilities = softmax(model.forward(input, &mut off), 1);
            let [_, classes] = probabilities.dims();
            let values = device_to_host(probabilities).await?;
            values.chunks(classes).take(rows.len()).map(|row| Prediction::Classes(row.to_vec())).collect()
        }
        Labels::MultiLabel(_) => {
            let logits = model.forward(input, &mut off);
            let [_, labels] = logits.dims();
            let values = device_to_host(logits).await?;
            values.chunks(labels).take(rows.len()).map(|row| Prediction::Labels(row.to_vec())).collect()
        }
        Labels::Relevance(_) => {
            let values = device_to_host(model.forward(input, &mut off)).await?;
            values.into_iter().take(rows.len()).map(Prediction::Relevance).collect()
        }
        Labels::Numbers(_) => {
            let values = device_to_host(model.forward(input, &mut off)).await?;
            values.into_iter().take(rows.len()).map(Prediction::Number).collect()
        }
        Labels::Tags(tags) => {
            let probabilities = softmax(model.forward(input, &mut off), 1);
            let [_, tag_count] = probabilities.dims();
            let values = device_to_host(probabilities).await?;
            let of_row = |(i, &row): (usize, &u32)| {
                let of_word =
                    |&(at, _): &(u32, u32)| values[(i * len + at as usize) * tag_count..][..tag_count].to_vec();
                Prediction::Tags(tags[row as usize].iter().map(of_word).collect())
            };
            rows.iter().enumerate().map(of_row).collect()
        }
        Labels::Spans { .. } => {
            let values = device_to_host(span_logits(model.forward(input, &mut off), attention_mask)).await?;
            let rows = values.chunks(2 * len).take(rows.len());
            rows.map(|row| Prediction::Spans { start: row[..len].to_vec(), end: row[len..].to_vec() }).collect()
        }
        Labels::Similarity(_) => {
            let vectors = model.forward(input, &mut off);
            let [_, hidden] = vectors.dims();
            let values = device_to_host(vectors).await?;
            values.chunks(hidden).take(rows.len()).map(|row| Prediction::Vector(row.to_vec())).collect()
        }
        Labels::Continuations { target_ranges, .. } => {
            let targets = TargetTokens::of_rows(examples, rows, len);
            let mut log_probs = token_log_probs(model, input, targets).await?.into_iter();
            let mut of_row = |&row: &u32| {
                let tokens = target_ranges[row as usize].iter().map(|range| range.len()).sum();
                let loss = log_probs.by_ref().take(tokens).map(|log_prob| -f64::from(log_prob)).sum();
                Prediction::Tokens { loss, tokens: tokens as u32 }
            };
            rows.iter().map(&mut of_row).collect()
        }
    })
}

/// Log probabilities of target tokens under a decoder, in their order.
///
/// # Errors
/// If the device fails.
pub(in crate::train) async fn token_log_probs(
    model: &TaskModel,
    input: Input,
    targets: TargetTokens,
) -> Result<Vec<f32>, Diagnostic> {
    let (mut off, device) = (Dropout::off(), input.attention_mask.device());
    let input = model.forward_to(input, FrozenPrefix::Layers(model.base.layers()), &mut off);
    let mut values = Vec::new();
    for chunk in targets.chunks(tokens_at_a_time(model.base.vocab())) {
        let input = Input { gather_positions: Some(chunk.gather_positions(&device)), ..input.clone() };
        let log_probs = log_softmax(model.forward(input, &mut off), 1).gather(1, chunk.ids(&device));
        values.extend(device_to_host(log_probs).await?);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Relevance;

    #[test]
    fn a_confident_mistake_costs_its_logit() {
        // torch.nn.functional.binary_cross_entropy_with_logits, in double precision.
        let expected = [(20.0, 0.0, 20.000000002061153), (20.0, 1.0, 2.061153620314381e-9), (-200.0, 1.0, 200.0)];
        for (logit, target, loss) in expected {
            let flags = Labels::MultiLabel(vec![[target == 1.0].into()]);
            let labels = Labels::Relevance(Relevance { labels: vec![target], queries: vec![0] });
            for (prediction, labels) in
                [(Prediction::Labels(vec![logit]), flags), (Prediction::Relevance(logit), labels)]
            {
                let found = prediction.loss(&labels, 0).sum;
                assert!((found / loss - 1.0).abs() < 1e-12, "{prediction:?}: {found} instead of {loss}");
            }
        }
        let half = Labels::Relevance(Relevance { labels: vec![0.25], queries: vec![0] });
        assert!((Prediction::Relevance(2.0).loss(&half, 0).sum - 1.626928011042973).abs() < 1e-12);
    }
}
