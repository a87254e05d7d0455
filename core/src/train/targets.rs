//! Training targets of a batch as tensors.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::model::Input;
use crate::text::{EncodedExamples, Labels};
use crate::train::similarity_targets::SimilarityTargets;
use crate::train::soft_targets::SoftTargets;
use crate::train::target_tokens::TargetTokens;

/// Targets of the loss. The weights of all rows of an optimizer step sum to 1, so the losses of its batches are added.
#[derive(Clone, Debug)]
pub enum Targets {
    /// One class for each row or each token.
    Classes {
        /// Weight of −log p of each class, `[n, classes]`.
        soft_targets: Tensor<2>,
        /// Weight of each row, whatever its class, `[n, 1]`; 0 for padding.
        weights: Tensor<2>,
    },
    /// Any number of labels for each row.
    MultiLabel {
        /// 1 where a row has a label, `[rows, labels]`; for a passage, how well it fits, from 0 to 1.
        truth: Tensor<2>,
        /// Weight of each of a row's decisions, `[rows, 1]`; 0 for padding.
        weights: Tensor<2>,
    },
    /// A number for each row.
    Numbers {
        /// The numbers, `[rows, 1]`.
        values: Tensor<2>,
        /// Weight of each row, `[rows, 1]`; 0 for padding.
        weights: Tensor<2>,
        /// Standard deviation of the training numbers, by which errors are divided.
        deviation: f64,
    },
    /// First and last token of a span.
    Spans {
        /// Weight of −log p of each position as the start and as the end of a row's span, in turn: `[2 · rows, seq]`.
        soft_targets: Tensor<2>,
    },
    /// The next token.
    Tokens {
        /// Ids of the target tokens, `[positions, 1]`.
        ids: Tensor<2, Int>,
        /// Weight of each token, `[positions, 1]`; 0 for padding.
        weights: Tensor<2>,
        /// Label smoothing, from 0 to 1.
        smoothing: f64,
    },
    /// Comparisons between the rows.
    Similarity(Box<SimilarityTargets>),
}

/// A training batch.
#[derive(Clone, Debug)]
pub struct StepInput {
    /// Input of the model.
    pub input: Input,
    /// Targets of the loss.
    pub targets: Targets,
}

impl StepInput {
    /// Adds the targets of `rows` to their batch `input`, whose remaining rows are padding. `step_rows` are all rows of
    /// the optimizer step, which may consist of several batches.
    pub fn new(
        mut input: Input,
        soft_targets: &SoftTargets,
        examples: &EncodedExamples,
        rows: &[u32],
        step_rows: &[u32],
    ) -> Self {
        let [size, len] = input.attention_mask.dims();
        let device = input.attention_mask.device();
        let matrix = |values: Vec<f32>, columns: usize| matrix(values, columns, &device);
        let row_weight = 1.0 / step_rows.len().max(1) as f32;
        let row_weights =
            |weight: f32| matrix((0..size).map(|i| if i < rows.len() { weight } else { 0.0 }).collect(), 1);
        let targets = match &examples.labels {
            Labels::Classes(classes) => {
                let labeled: Vec<(usize, u32)> = rows.iter().map(|&row| classes[row as usize]).enumerate().collect();
                let total = soft_targets.total_weight(&examples.class_labels(step_rows));
                Targets::Classes {
                    soft_targets: matrix(soft_targets.targets(&labeled, size, total), soft_targets.classes()),
                    weights: row_weights(row_weight),
                }
            }
            Labels::Tags(tags) => {
                let of_row = |(i, &row): (usize, &u32)| {
                    tags[row as usize].iter().map(move |&(at, tag)| (i * len + at as usize, tag)).collect::<Vec<_>>()
                };
                let labeled: Vec<(usize, u32)> = rows.iter().enumerate().flat_map(of_row).collect();
                let step_labels = examples.class_labels(step_rows);
                let total = soft_targets.total_weight(&step_labels);
                let mut weights = vec![0.0; size * len];
                labeled.iter().for_each(|&(at, _)| weights[at] = 1.0 / step_labels.len() as f32);
                Targets::Classes {
                    soft_targets: matrix(soft_targets.targets(&labeled, size * len, total), soft_targets.classes()),
                    weights: matrix(weights, 1),
                }
            }
            Labels::MultiLabel(flags) => {
                let labels = flags.first().map_or(0, |flags| flags.len());
                let mut truth = vec![0.0; size * labels];
                for (truth, &row) in truth.chunks_mut(labels.max(1)).zip(rows) {
                    truth.iter_mut().zip(&flags[row as usize]).for_each(|(truth, &flag)| *truth = f32::from(flag));
                }
                let weights = row_weights(row_weight / labels.max(1) as f32);
                Targets::MultiLabel { truth: matrix(truth, labels), weights }
            }
            Labels::Relevance(relevance) => {
                let mut truth = vec![0.0; size];
                truth.iter_mut().zip(rows).for_each(|(truth, &row)| *truth = relevance.labels[row as usize]);
                Targets::MultiLabel { truth: matrix(truth, 1), weights: row_weights(row_weight) }
            }
            Labels::Numbers(numbers) => {
                let mut values = vec![0.0; size];
                values.iter_mut().zip(rows).for_each(|(value, &row)| *value = numbers[row as usize]);
                let deviation = soft_targets.standardization().deviation;
                Targets::Numbers { values: matrix(values, 1), weights: row_weights(row_weight), deviation }
            }
            Labels::Spans { windows, .. } => {
                let mut weights = vec![0.0; 2 * size * len];
                for (i, &row) in rows.iter().enumerate() {
                    let (first, last) = windows[row as usize].answer;
                    weights[2 * i * len + first as usize] = row_weight / 2.0;
                    weights[(2 * i + 1) * len + last as usize] = row_weight / 2.0;
                }
                Targets::Spans { soft_targets: matrix(weights, len) }
            }
            Labels::Similarity(similarity) => {
                let targets = SimilarityTargets::new(similarity, rows, size, step_rows.len(), &device);
                Targets::Similarity(Box::new(targets))
            }
            Labels::Continuations { .. } => {
                let tokens = TargetTokens::of_rows(examples, rows, len);
                let weight = 1.0 / examples.target_tokens(step_rows).max(1) as f32;
                input.gather_positions = Some(tokens.gather_positions(&device));
                Targets::Tokens {
                    ids: tokens.ids(&device),
                    weights: matrix(tokens.weights(weight), 1),
                    smoothing: soft_targets.smoothing(),
                }
            }
        };
        Self { input, targets }
    }

    /// Parts of the batch with at most `size` target tokens each. If the targets are not tokens, it is one part.
    pub(in crate::train) fn parts(&self, size: usize) -> Vec<Self> {
        let (Targets::Tokens { ids, weights, smoothing }, Some(positions)) =
            (&self.targets, &self.input.gather_positions)
        else {
            return vec![self.clone()];
        };
        let [tokens, _] = ids.dims();
        if tokens <= size {
            return vec![self.clone()];
        }
        let part = |start: usize| {
            let len = size.min(tokens - start);
            let positions = positions.clone().narrow(0, start, len);
            let (ids, weights) = (ids.clone().narrow(0, start, len), weights.clone().narrow(0, start, len));
            Self {
                input: Input { gather_positions: Some(positions), ..self.input.clone() },
                targets: Targets::Tokens { ids, weights, smoothing: *smoothing },
            }
        };
        (0..tokens).step_by(size).map(part).collect()
    }
}

/// Row-major values as a tensor `[values / columns, columns]`.
fn matrix(values: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let shape = [values.len() / columns.max(1), columns];
    Tensor::from_data(TensorData::new(values, shape), device)
}
