//! What a batch is asked for, as tensors: from the rows' answers to what the loss compares scores with.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::model::Input;
use crate::text::{Batch, EncodedExamples, Labels};
use crate::train::SoftTargets;

/// Tokens that are learned in a batch are filled up to a multiple of this: every new shape makes a GPU compile anew.
const PICKS: usize = 64;

/// What the loss compares scores with.
#[derive(Clone, Debug)]
pub enum Targets {
    /// Of each row, or of each token, one of several classes.
    Classes {
        /// `[n, classes]`: what each class weighs in the sum of −log p.
        weights: Tensor<2>,
        /// `[n, 1]`: what each row weighs in its optimizer step, whatever its class; 0 for rows that only fill up.
        shares: Tensor<2>,
    },
    /// Any of several labels.
    Labels {
        /// `[rows, labels]`: 1 where a label holds.
        truth: Tensor<2>,
        /// `[rows, 1]`: what each of the row's decisions weighs.
        shares: Tensor<2>,
    },
    /// A number.
    Numbers {
        /// `[rows, 1]`
        values: Tensor<2>,
        /// `[rows, 1]`: what each row weighs.
        shares: Tensor<2>,
    },
    /// First and last token of a span.
    Spans {
        /// `[2 · rows, seq]`, the beginning and the end of each row in turn: what each place weighs in the sum of −log p.
        weights: Tensor<2>,
    },
    /// The next token.
    Tokens {
        /// `[picks, 1]`: the token that follows.
        ids: Tensor<2, Int>,
        /// `[picks, 1]`: what each weighs.
        shares: Tensor<2>,
        /// Share of the loss that asks for all tokens alike.
        smoothing: f64,
    },
}

/// A batch to learn from.
#[derive(Clone, Debug)]
pub struct StepInput {
    /// The texts.
    pub input: Input,
    /// What is asked of them. Weights sum to the batch's share of its optimizer step.
    pub targets: Targets,
}

impl StepInput {
    /// The batch `input` of the rows `rows`; those of it beyond only fill up. `group` are all rows of the optimizer step
    /// that it belongs to.
    pub fn new(mut input: Input, rule: &SoftTargets, examples: &EncodedExamples, rows: &[u32], group: &[u32]) -> Self {
        let [size, len] = input.attention_mask.dims();
        let device = input.attention_mask.device();
        let share = 1.0 / group.len().max(1) as f32;
        let matrix = |values: Vec<f32>, columns: usize| column_wise(values, columns, &device);
        let shares = |share: f32| matrix((0..size).map(|i| if i < rows.len() { share } else { 0.0 }).collect(), 1);
        let targets = match &examples.labels {
            Labels::Classes(classes) => {
                let asked: Vec<(usize, u32)> = rows.iter().map(|&row| classes[row as usize]).enumerate().collect();
                let total = rule.weight(&examples.class_labels(group));
                let weights = matrix(rule.targets(&asked, size, total), rule.classes());
                Targets::Classes { weights, shares: shares(share) }
            }
            Labels::Tags(tags) => {
                let of_row = |(i, &row): (usize, &u32)| {
                    tags[row as usize].iter().map(move |&(at, tag)| (i * len + at as usize, tag)).collect::<Vec<_>>()
                };
                let asked: Vec<(usize, u32)> = rows.iter().enumerate().flat_map(of_row).collect();
                let of_group = examples.class_labels(group);
                let weights = rule.targets(&asked, size * len, rule.weight(&of_group));
                let mut shares = vec![0.0; size * len];
                asked.iter().for_each(|&(at, _)| shares[at] = 1.0 / of_group.len() as f32);
                Targets::Classes { weights: matrix(weights, rule.classes()), shares: matrix(shares, 1) }
            }
            Labels::MultiLabel(flags) => {
                let labels = flags.first().map_or(0, |flags| flags.len());
                let mut truth = vec![0.0; size * labels];
                for (group, &row) in truth.chunks_mut(labels.max(1)).zip(rows) {
                    group.iter_mut().zip(&flags[row as usize]).for_each(|(group, &holds)| *group = f32::from(holds));
                }
                Targets::Labels { truth: matrix(truth, labels), shares: shares(share / labels.max(1) as f32) }
            }
            Labels::Numbers(numbers) => {
                let mut values = vec![0.0; size];
                values.iter_mut().zip(rows).for_each(|(value, &row)| *value = numbers[row as usize]);
                Targets::Numbers { values: matrix(values, 1), shares: shares(share) }
            }
            Labels::Spans { windows, .. } => {
                let mut weights = vec![0.0; 2 * size * len];
                for (i, &row) in rows.iter().enumerate() {
                    let (first, last) = windows[row as usize].answer;
                    weights[2 * i * len + first as usize] = share / 2.0;
                    weights[(2 * i + 1) * len + last as usize] = share / 2.0;
                }
                Targets::Spans { weights: matrix(weights, len) }
            }
            Labels::Continuations { .. } => {
                let target_ranges = TargetTokens::of(examples, rows, len);
                let share = 1.0 / examples.target_tokens(group).max(1) as f32;
                let weights = target_ranges.counts.iter().map(|&counts| if counts { share } else { 0.0 }).collect();
                input.gather_positions = Some(target_ranges.picks(&device));
                Targets::Tokens {
                    ids: target_ranges.ids(&device),
                    shares: matrix(weights, 1),
                    smoothing: rule.smoothing(),
                }
            }
        };
        Self { input, targets }
    }
}

/// The tokens of a batch that are learned.
pub(super) struct TargetTokens {
    /// The tokens after which they come, counted through the batch.
    before: Vec<i32>,
    ids: Vec<i32>,
    /// Whether it is one, or only fills up.
    counts: Vec<bool>,
}

impl TargetTokens {
    /// Those of `rows`, padded to `len` tokens each.
    pub(super) fn of(examples: &EncodedExamples, rows: &[u32], len: usize) -> Self {
        let (mut before, mut ids) = (Vec::new(), Vec::new());
        if let Labels::Continuations { target_ranges, .. } = &examples.labels {
            for (i, &row) in rows.iter().enumerate() {
                let text = examples.texts.get(row as usize);
                for at in target_ranges[row as usize].iter().cloned().flatten() {
                    before.push((i * len) as i32 + at as i32 - 1);
                    ids.push(text[at as usize] as i32);
                }
            }
        }
        Self::filled_up(before, ids)
    }

    /// Every token but the first of the first `rows` rows of a batch.
    pub(super) fn all_of(batch: &Batch, rows: usize) -> Self {
        let is_followed = |at: &usize| !(at + 1).is_multiple_of(batch.len) && batch.attention_mask[at + 1] == 1.0;
        let before: Vec<usize> = (0..rows * batch.len).filter(is_followed).collect();
        let ids = before.iter().map(|&at| batch.ids[at + 1]).collect();
        Self::filled_up(before.into_iter().map(|at| at as i32).collect(), ids)
    }

    fn filled_up(mut before: Vec<i32>, mut ids: Vec<i32>) -> Self {
        let mut counts = vec![true; ids.len()];
        let filled = ids.len().max(1).next_multiple_of(PICKS);
        before.resize(filled, 0);
        ids.resize(filled, 0);
        counts.resize(filled, false);
        Self { before, ids, counts }
    }

    /// How many there are, without those that only fill up.
    pub(super) fn tokens(&self) -> usize {
        self.counts.iter().filter(|&&counts| counts).count()
    }

    /// The same in parts of at most `size`, one after the other.
    pub(super) fn parts(&self, size: usize) -> impl Iterator<Item = Self> {
        let starts = (0..self.ids.len()).step_by(size);
        starts.map(move |start| {
            let part = start..(start + size).min(self.ids.len());
            Self {
                before: self.before[part.clone()].to_vec(),
                ids: self.ids[part.clone()].to_vec(),
                counts: self.counts[part].to_vec(),
            }
        })
    }

    /// `[picks]`
    pub(super) fn picks(&self, device: &Device) -> Tensor<1, Int> {
        Tensor::from_data(TensorData::new(self.before.clone(), [self.before.len()]), device)
    }

    /// `[picks, 1]`
    pub(super) fn ids(&self, device: &Device) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.ids.clone(), [self.ids.len(), 1]), device)
    }
}

fn column_wise(values: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let shape = [values.len() / columns.max(1), columns];
    Tensor::from_data(TensorData::new(values, shape), device)
}
