//! What a model says of rows.

use burn::tensor::activation::{log_softmax, sigmoid, softmax};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::model::{Dropout, FrozenPrefix, Input, TaskModel};
use crate::text::{EncodedExamples, Labels};
use crate::train::span_scores;
use crate::train::targets::TargetTokens;

/// Tokens that are token_log_probs at a time: for each there is a score of every token of the vocabulary, of which some models
/// have 50,000 and more.
const LOG_PROBS_AT_A_TIME: usize = 256;

/// What a model says of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    /// Probability of each class.
    Classes(Vec<f32>),
    /// Probability of each label.
    Labels(Vec<f32>),
    /// A number.
    Number(f32),
    /// Of each word, the probability of each tag.
    Tags(Vec<Vec<f32>>),
    /// Scores of each token as the beginning and as the end of the answer; far below all others on padding.
    Spans {
        /// As the beginning.
        start: Vec<f32>,
        /// As the end.
        end: Vec<f32>,
    },
    /// How well the row's own continuation was token_log_probs.
    Tokens {
        /// Sum of −log p of its tokens.
        loss: f64,
        /// How many there are.
        tokens: u32,
    },
}

impl Prediction {
    /// Whether the model gave numbers at all.
    pub fn is_finite(&self) -> bool {
        let all = |values: &[f32]| values.iter().all(|value| value.is_finite());
        match self {
            Self::Classes(values) | Self::Labels(values) => all(values),
            Self::Number(value) => value.is_finite(),
            Self::Tags(words) => words.iter().all(|values| all(values)),
            Self::Spans { start, end } => all(start) && all(end),
            Self::Tokens { loss, .. } => loss.is_finite(),
        }
    }

    /// The likeliest class, the first of equals; 0 in other tasks.
    pub fn class(&self) -> u32 {
        match self {
            Self::Classes(probabilities) => likeliest(probabilities),
            _ => 0,
        }
    }

    /// Probability of a class; 0 in other tasks.
    pub fn probability(&self, class: u32) -> f32 {
        match self {
            Self::Classes(probabilities) => probabilities.get(class as usize).copied().unwrap_or(0.0),
            _ => 0.0,
        }
    }

    /// The loss of a row by what it was asked, and what that weighs among the others: its sum is the loss of all rows,
    /// without smoothing, weights of classes and the like.
    pub fn loss(&self, answers: &Labels, row: usize) -> (f64, f64) {
        let nll = |p: f32| -f64::from(p.max(f32::MIN_POSITIVE)).ln();
        match (self, answers) {
            (Self::Classes(p), Labels::Classes(classes)) => (nll(p[classes[row] as usize]), 1.0),
            (Self::Labels(p), Labels::MultiLabel(flags)) => {
                let of_label = |(&p, &holds): (&f32, &bool)| nll(if holds { p } else { 1.0 - p });
                (p.iter().zip(&flags[row]).map(of_label).sum::<f64>() / p.len().max(1) as f64, 1.0)
            }
            (Self::Number(said), Labels::Numbers(numbers)) => (f64::from(said - numbers[row]).powi(2), 1.0),
            (Self::Tags(words), Labels::Tags(tags)) => {
                let of_word = |(p, &(_, tag)): (&Vec<f32>, &(u32, u32))| nll(p[tag as usize]);
                (words.iter().zip(&tags[row]).map(of_word).sum(), words.len() as f64)
            }
            (Self::Spans { start, end }, Labels::Spans { windows, .. }) => {
                let (first, last) = windows[row].answer;
                ((place_loss(start, first) + place_loss(end, last)) / 2.0, 1.0)
            }
            (Self::Tokens { loss, tokens }, _) => (*loss, f64::from(*tokens)),
            _ => (0.0, 0.0),
        }
    }
}

/// −log of a place's share in the softmax over all.
fn place_loss(scores: &[f32], group: u32) -> f64 {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = scores.iter().map(|&score| f64::from(score - largest).exp()).sum();
    sum.ln() - f64::from(scores[group as usize] - largest)
}

/// Index of the largest value, the first of equals.
pub(super) fn likeliest(probabilities: &[f32]) -> u32 {
    let mut best = 0;
    for (i, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[best] {
            best = i;
        }
    }
    best as u32
}

/// What the model says of the batch `input`, whose first rows are the rows `rows` of `examples`; those beyond only fill
/// up.
///
/// # Errors
/// When the device fails.
pub async fn predict(
    model: &TaskModel,
    input: Input,
    examples: &EncodedExamples,
    rows: &[u32],
) -> Result<Vec<Prediction>, Diagnostic> {
    let ([_, len], mask) = (input.attention_mask.dims(), input.attention_mask.clone());
    let mut off = Dropout::off();
    Ok(match &examples.labels {
        Labels::Classes(_) => {
            let probabilities = softmax(model.forward(input, &mut off), 1);
            let [_, classes] = probabilities.dims();
            let values = device_to_host(probabilities).await?;
            values.chunks(classes).take(rows.len()).map(|row| Prediction::Classes(row.to_vec())).collect()
        }
        Labels::MultiLabel(_) => {
            let probabilities = sigmoid(model.forward(input, &mut off));
            let [_, labels] = probabilities.dims();
            let values = device_to_host(probabilities).await?;
            values.chunks(labels).take(rows.len()).map(|row| Prediction::Labels(row.to_vec())).collect()
        }
        Labels::Numbers(_) => {
            let values = device_to_host(model.forward(input, &mut off)).await?;
            values.into_iter().take(rows.len()).map(Prediction::Number).collect()
        }
        Labels::Tags(tags) => {
            let probabilities = softmax(model.forward(input, &mut off), 1);
            let [_, kinds] = probabilities.dims();
            let values = device_to_host(probabilities).await?;
            let of_row = |(i, &row): (usize, &u32)| {
                let word = |&(at, _): &(u32, u32)| values[(i * len + at as usize) * kinds..][..kinds].to_vec();
                Prediction::Tags(tags[row as usize].iter().map(word).collect())
            };
            rows.iter().enumerate().map(of_row).collect()
        }
        Labels::Spans { .. } => {
            let values = device_to_host(span_scores(model.forward(input, &mut off), mask)).await?;
            let both = values.chunks(2 * len).take(rows.len());
            both.map(|row| Prediction::Spans { start: row[..len].to_vec(), end: row[len..].to_vec() }).collect()
        }
        Labels::Continuations { target_ranges, .. } => {
            let mut values = token_log_probs(model, input, TargetTokens::of(examples, rows, len)).await?.into_iter();
            let mut of_row = |&row: &u32| {
                let tokens = target_ranges[row as usize].iter().map(|range| range.len()).sum();
                let loss = values.by_ref().take(tokens).map(|log| -f64::from(log)).sum();
                Prediction::Tokens { loss, tokens: tokens as u32 }
            };
            rows.iter().map(&mut of_row).collect()
        }
    })
}

/// log p of each token that is `asked` for, in their order, as a decoder foresees it.
///
/// # Errors
/// When the device fails.
pub(super) async fn token_log_probs(
    model: &TaskModel,
    input: Input,
    asked: TargetTokens,
) -> Result<Vec<f32>, Diagnostic> {
    let (mut off, device) = (Dropout::off(), input.attention_mask.device());
    let input = model.forward_to(input, FrozenPrefix::Layers(model.body.layers()), &mut off);
    let mut values = Vec::new();
    for part in asked.parts(LOG_PROBS_AT_A_TIME) {
        let input = Input { gather_positions: Some(part.picks(&device)), ..input.clone() };
        let log = log_softmax(model.forward(input, &mut off), 1).gather(1, part.ids(&device));
        values.extend(device_to_host(log).await?);
    }
    Ok(values)
}
