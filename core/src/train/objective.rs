//! What training makes small: cross-entropy and its relatives.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, log_softmax};

use crate::model::{Dropout, MASKED};
use crate::ops::cross_entropy;
use crate::recipe::{ClassWeights, RecipeSpec};
use crate::text::EncodedExamples;
use crate::train::{StepInput, Targets};

/// Least distance of a probability from 1 in the focal loss: below it the slope of a root would be infinite.
const LEAST_DOUBT: f64 = 1e-6;

/// How a row's class becomes what the loss asks of its scores.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftTargets {
    weights: Vec<f32>,
    smoothing: f32,
}

impl SoftTargets {
    /// All classes weigh the same, and each row is asked for its own class alone.
    pub fn plain(classes: usize) -> Self {
        Self { weights: vec![1.0; classes], smoothing: 0.0 }
    }

    /// The rule of a recipe, for these training rows.
    pub fn of(recipe: &RecipeSpec, classes: &[String], train: &EncodedExamples) -> Self {
        let weights = match &recipe.class_weights {
            ClassWeights::Equal => vec![1.0; classes.len()],
            ClassWeights::Balanced => {
                let rows: Vec<u32> = (0..train.len() as u32).collect();
                balanced(classes.len(), &train.class_labels(&rows))
            }
            ClassWeights::Given(given) => {
                classes.iter().map(|class| given.get(class).map_or(1.0, |&weight| weight as f32)).collect()
            }
        };
        Self { weights, smoothing: recipe.label_smoothing as f32 }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.weights.len()
    }

    /// The share of the loss that is spread over all classes.
    pub fn smoothing(&self) -> f64 {
        f64::from(self.smoothing)
    }

    /// What rows with these labels weigh together.
    pub fn weight(&self, labels: &[u32]) -> f32 {
        labels.iter().map(|&label| self.weights[label as usize]).sum()
    }

    /// `[rows, classes]`, row by row: what each class of each row weighs in a mean whose weights sum to `total`, as
    /// `torch.nn.CrossEntropyLoss` with `weight` and `label_smoothing`. `asked` are the rows that have a label, with it;
    /// the others are 0.
    pub fn targets(&self, asked: &[(usize, u32)], rows: usize, total: f32) -> Vec<f32> {
        let classes = self.classes();
        let mut targets = vec![0.0f32; rows * classes];
        // Rows of weight 0 alone teach nothing.
        let unit = if total > 0.0 { 1.0 / total } else { 0.0 };
        for &(row, label) in asked {
            let row = &mut targets[row * classes..][..classes];
            for (target, weight) in row.iter_mut().zip(&self.weights) {
                *target = self.smoothing / classes as f32 * weight * unit;
            }
            row[label as usize] += (1.0 - self.smoothing) * self.weights[label as usize] * unit;
        }
        targets
    }
}

/// Rows over (classes × rows of the class), as scikit-learn's `compute_class_weight("balanced")`.
fn balanced(classes: usize, labels: &[u32]) -> Vec<f32> {
    let mut counts = vec![0u32; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    counts.into_iter().map(|count| labels.len() as f32 / (classes as f32 * count.max(1) as f32)).collect()
}

/// What is made of the scores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Objective {
    /// Exponent of the focal loss; 0 is cross-entropy.
    pub focal_gamma: f64,
    /// Weight of R-Drop's disagreement; 0 switches it off.
    pub r_drop: f64,
}

impl Objective {
    /// The objective of a recipe.
    pub fn of(recipe: &RecipeSpec) -> Self {
        Self { focal_gamma: recipe.focal_gamma, r_drop: recipe.r_drop }
    }

    /// Loss `[1]` of a batch, whose scores are computed with the dropout masks that `scores` is given.
    ///
    /// With R-Drop (Liang et al. 2021) those of classes are computed twice, with masks of their own: the mean of both
    /// losses, and what the two say differently.
    pub fn loss(
        self,
        mut scores: impl FnMut(&mut Dropout) -> Tensor<2>,
        batch: &StepInput,
        dropout: &mut Dropout,
    ) -> Tensor<1> {
        let first = scores(dropout);
        match batch.targets.clone() {
            Targets::Classes { weights, .. } if self.r_drop == 0.0 => self.of_scores(first, weights),
            Targets::Classes { weights, shares } => {
                let second = scores(dropout);
                let [one, two] = [&first, &second].map(|scores| self.of_scores(scores.clone(), weights.clone()));
                (one + two) * 0.5 + symmetric_kl(first, second, shares) * self.r_drop
            }
            Targets::Labels { truth, shares } => binary_cross_entropy(first, truth, shares),
            Targets::Numbers { values, shares } => ((first - values).square() * shares).sum(),
            Targets::Spans { weights } => {
                cross_entropy(span_scores(first, batch.input.attention_mask.clone()), weights)
            }
            Targets::Tokens { ids, shares, smoothing } => {
                let log = log_softmax(first, 1);
                let of_tokens = (log.clone().gather(1, ids) * shares.clone()).sum() * -(1.0 - smoothing);
                match smoothing > 0.0 {
                    true => of_tokens - (log.mean_dim(1) * shares).sum() * smoothing,
                    false => of_tokens,
                }
            }
        }
    }

    /// `−Σ targets · (1 − p)^γ · log p` `[1]`, of `[rows, classes]` each (Lin et al. 2017, with a softmax).
    pub fn of_scores(self, scores: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        if self.focal_gamma == 0.0 {
            return cross_entropy(scores, targets);
        }
        let log = log_softmax(scores, 1);
        let doubt = (log.clone().exp() * -1.0 + 1.0).clamp_min(LEAST_DOUBT);
        (doubt.powf_scalar(self.focal_gamma) * log * targets).sum() * -1.0
    }
}

/// `−Σ share · (y log σ(x) + (1 − y) log σ(−x))` `[1]`, of scores and truth `[rows, labels]` and shares `[rows, 1]`.
pub(crate) fn binary_cross_entropy(scores: Tensor<2>, truth: Tensor<2>, shares: Tensor<2>) -> Tensor<1> {
    let [yes, no] = [log_sigmoid(scores.clone()), log_sigmoid(-scores)];
    ((truth.clone() * yes + (truth * -1.0 + 1.0) * no) * shares).sum() * -1.0
}

/// From scores of each token, `[batch · seq, 2]`, to those of the places where a span begins and ends, in turn:
/// `[2 · batch, seq]`. Nothing begins or ends on padding, where `mask` `[batch, seq]` is 0.
pub fn span_scores(scores: Tensor<2>, mask: Tensor<2>) -> Tensor<2> {
    let [batch, seq] = mask.dims();
    let scores = scores.reshape([batch, seq, 2]).swap_dims(1, 2);
    let bias = ((mask - 1.0) * -MASKED).unsqueeze_dim::<3>(1);
    (scores + bias).reshape([2 * batch, seq])
}

/// Half the sum of both Kullback-Leibler divergences between two predictions `[rows, classes]`, each row weighing its
/// share `[rows, 1]`: `½ Σ share · (p − q)(log p − log q)`.
pub fn symmetric_kl(first: Tensor<2>, second: Tensor<2>, row_shares: Tensor<2>) -> Tensor<1> {
    let [first, second] = [first, second].map(|scores| log_softmax(scores, 1));
    let apart = (first.clone().exp() - second.clone().exp()) * (first - second);
    (apart * row_shares).sum() * 0.5
}
