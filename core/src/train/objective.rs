//! The training loss: cross-entropy and its variants.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, log_softmax};

use crate::model::{Dropout, MASKED, normalized};
use crate::ops::cross_entropy;
use crate::recipe::RecipeSpec;
use crate::train::similarity_targets::SimilarityTargets;
use crate::train::targets::{StepInput, Targets};

/// Lower bound of `1 − p` in the focal loss. At 0, the derivative of a fractional power is infinite.
const MIN_COMPLEMENT: f64 = 1e-6;

/// The loss function of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Objective {
    /// Exponent of the focal loss; 0 is cross-entropy.
    pub focal_gamma: f64,
    /// Weight of the R-Drop term; 0 turns it off.
    pub r_drop: f64,
    /// Sizes of vectors, in addition to the full one, that have a loss of their own.
    pub matryoshka_dims: Vec<u32>,
}

impl Objective {
    /// The objective of a recipe.
    pub fn from_recipe(recipe: &RecipeSpec) -> Self {
        Self { focal_gamma: recipe.focal_gamma, r_drop: recipe.r_drop, matryoshka_dims: recipe.matryoshka_dims.clone() }
    }

    /// Loss `[1]` of a batch. `logits` runs a forward pass with the dropout masks that it is given.
    ///
    /// With R-Drop (Liang et al. 2021) a classifier runs two passes with different masks. The loss is the mean of both
    /// losses plus the weighted divergence of the two predictions.
    pub fn loss(
        &self,
        mut logits: impl FnMut(&mut Dropout) -> Tensor<2>,
        batch: &StepInput,
        dropout: &mut Dropout,
    ) -> Tensor<1> {
        let first = logits(dropout);
        match batch.targets.clone() {
            Targets::Classes { soft_targets, .. } if self.r_drop == 0.0 => self.cross_entropy(first, soft_targets),
            Targets::Classes { soft_targets, weights } => {
                let second = logits(dropout);
                let [one, two] =
                    [&first, &second].map(|logits| self.cross_entropy(logits.clone(), soft_targets.clone()));
                (one + two) * 0.5 + symmetric_kl(first, second, weights) * self.r_drop
            }
            Targets::MultiLabel { truth, weights } => binary_cross_entropy(first, truth, weights),
            Targets::Numbers { values, weights, deviation } => {
                (((first - values) / deviation).square() * weights).sum()
            }
            Targets::Spans { soft_targets } => {
                cross_entropy(span_logits(first, batch.input.attention_mask.clone()), soft_targets)
            }
            Targets::Tokens { ids, weights, smoothing } => token_cross_entropy(first, ids, weights, smoothing),
            Targets::Similarity(targets) => self.similarity(first, *targets),
        }
    }

    /// `−Σ targets · (1 − p)^γ · log p` `[1]` of logits and targets `[rows, classes]`: the focal loss (Lin et al. 2017)
    /// with a softmax, which is cross-entropy at γ = 0.
    pub fn cross_entropy(&self, logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        if self.focal_gamma == 0.0 {
            return cross_entropy(logits, targets);
        }
        let log_p = log_softmax(logits, 1);
        let complement = (log_p.clone().exp() * -1.0 + 1.0).clamp_min(MIN_COMPLEMENT);
        (complement.powf_scalar(self.focal_gamma) * log_p * targets).sum() * -1.0
    }

    /// Loss `[1]` of the vectors `[batch, hidden]`, each of length 1, plus that of each smaller size: sentence-transformers'
    /// `MatryoshkaLoss` (Kusupati et al. 2022) with all weights 1.
    fn similarity(&self, vectors: Tensor<2>, targets: SimilarityTargets) -> Tensor<1> {
        let [_, hidden] = vectors.dims();
        let smaller = self.matryoshka_dims.iter().map(|&size| size as usize).filter(|&size| size < hidden);
        let full = targets.clone().loss(vectors.clone());
        smaller.fold(full, |sum, size| sum + targets.clone().loss(normalized(vectors.clone().narrow(1, 0, size))))
    }
}

/// `−Σ weight · ((1 − s) log p(id) + s · mean log p)` `[1]`, where s is the label smoothing. Logits are
/// `[positions, vocab]`, ids and weights `[positions, 1]`.
fn token_cross_entropy(
    logits: Tensor<2>,
    ids: Tensor<2, burn::tensor::Int>,
    weights: Tensor<2>,
    smoothing: f64,
) -> Tensor<1> {
    let log_p = log_softmax(logits, 1);
    let of_ids = (log_p.clone().gather(1, ids) * weights.clone()).sum() * -(1.0 - smoothing);
    if smoothing > 0.0 { of_ids - (log_p.mean_dim(1) * weights).sum() * smoothing } else { of_ids }
}

/// `−Σ weight · (y log σ(x) + (1 − y) log σ(−x))` `[1]`, of logits and truth `[rows, labels]` and weights `[rows, 1]`.
fn binary_cross_entropy(logits: Tensor<2>, truth: Tensor<2>, weights: Tensor<2>) -> Tensor<1> {
    let [yes, no] = [log_sigmoid(logits.clone()), log_sigmoid(-logits)];
    ((truth.clone() * yes + (truth * -1.0 + 1.0) * no) * weights).sum() * -1.0
}

/// Rearranges the logits of each token `[batch · seq, 2]` into logits of the start and the end of each row's span, in
/// turn: `[2 · batch, seq]`. Padding, where `attention_mask` `[batch, seq]` is 0, is masked.
pub fn span_logits(logits: Tensor<2>, attention_mask: Tensor<2>) -> Tensor<2> {
    let [batch, seq] = attention_mask.dims();
    let logits = logits.reshape([batch, seq, 2]).swap_dims(1, 2);
    let bias = ((attention_mask - 1.0) * -MASKED).unsqueeze_dim::<3>(1);
    (logits + bias).reshape([2 * batch, seq])
}

/// Symmetric Kullback–Leibler divergence `½ Σ weight · (p − q)(log p − log q)` `[1]` of two predictions, the
/// regularization term of R-Drop. Logits are `[rows, classes]`, weights `[rows, 1]`.
pub fn symmetric_kl(first: Tensor<2>, second: Tensor<2>, weights: Tensor<2>) -> Tensor<1> {
    let [first, second] = [first, second].map(|logits| log_softmax(logits, 1));
    let divergence = (first.clone().exp() - second.clone().exp()) * (first - second);
    (divergence * weights).sum() * 0.5
}
