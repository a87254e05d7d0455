//! What training makes small: cross-entropy and its relatives.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::StepInput;
use crate::model::Dropout;
use crate::ops::cross_entropy;
use crate::recipe::{ClassWeights, RawRecipe};

/// Least distance of a probability from 1 in the focal loss: below it the slope of a root would be infinite.
const LEAST_DOUBT: f64 = 1e-6;

/// How a row's class becomes what the loss asks of its scores.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRule {
    weights: Vec<f32>,
    smoothing: f32,
}

impl TargetRule {
    /// All classes weigh the same, and each row is asked for its own class alone.
    pub fn plain(classes: usize) -> Self {
        Self { weights: vec![1.0; classes], smoothing: 0.0 }
    }

    /// The rule of a recipe, for training rows of these `labels`.
    pub fn of(recipe: &RawRecipe, classes: &[String], labels: &[u32]) -> Self {
        let weights = match &recipe.class_weights {
            ClassWeights::Equal => vec![1.0; classes.len()],
            ClassWeights::Balanced => balanced(classes.len(), labels),
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

    /// What rows with these labels weigh together.
    pub fn weight(&self, labels: impl Iterator<Item = u32>) -> f32 {
        labels.map(|label| self.weights[label as usize]).sum()
    }

    /// `[rows, classes]`, row by row: what each class of each row weighs in a mean whose weights sum to `total`, as
    /// `torch.nn.CrossEntropyLoss` with `weight` and `label_smoothing`. Rows beyond `labels` are 0.
    pub fn targets(&self, labels: &[u32], rows: usize, total: f32) -> Vec<f32> {
        let classes = self.classes();
        let mut targets = vec![0.0f32; rows * classes];
        // Rows of weight 0 alone teach nothing.
        let unit = if total > 0.0 { 1.0 / total } else { 0.0 };
        for (row, &label) in targets.chunks_mut(classes).zip(labels) {
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
    pub fn of(recipe: &RawRecipe) -> Self {
        Self { focal_gamma: recipe.focal_gamma, r_drop: recipe.r_drop }
    }

    /// Loss `[1]` of a batch, whose scores `[rows, classes]` are computed with the dropout masks that `scores` is given.
    ///
    /// With R-Drop (Liang et al. 2021) they are computed twice, with masks of their own: the mean of both losses, and
    /// what the two say differently.
    pub fn loss(
        self,
        mut scores: impl FnMut(&mut Dropout) -> Tensor<2>,
        batch: &StepInput,
        dropout: &mut Dropout,
    ) -> Tensor<1> {
        let first = scores(dropout);
        if self.r_drop == 0.0 {
            return self.of_scores(first, batch.targets.clone());
        }
        let second = scores(dropout);
        let [one, two] = [&first, &second].map(|scores| self.of_scores(scores.clone(), batch.targets.clone()));
        (one + two) * 0.5 + disagreement(first, second, batch.row_shares.clone()) * self.r_drop
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

/// Half the sum of both Kullback-Leibler divergences between two predictions `[rows, classes]`, each row weighing its
/// share `[rows, 1]`: `½ Σ share · (p − q)(log p − log q)`.
pub fn disagreement(first: Tensor<2>, second: Tensor<2>, row_shares: Tensor<2>) -> Tensor<1> {
    let [first, second] = [first, second].map(|scores| log_softmax(scores, 1));
    let apart = (first.clone().exp() - second.clone().exp()) * (first - second);
    (apart * row_shares).sum() * 0.5
}
