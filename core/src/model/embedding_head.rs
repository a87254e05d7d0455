//! The head for embeddings, which has no weights.

use burn::tensor::Tensor;

use crate::recipe::Pooling;
use crate::weights::{WeightMut, WeightRef, Weights};

/// Smallest length that a vector is divided by, as in `torch.nn.functional.normalize`.
const MIN_LENGTH: f64 = 1e-12;

/// Makes the pooled texts vectors of length 1, whose dot products are cosines.
#[derive(Clone, Copy, Debug)]
pub(super) struct EmbeddingHead {
    /// Pooling of the tokens' hidden states into one vector.
    pub(super) pooling: Pooling,
}

impl EmbeddingHead {
    /// Pooled texts `[batch, hidden]`, each divided by its length.
    pub(super) fn forward(self, pooled: Tensor<2>) -> Tensor<2> {
        normalized(pooled)
    }
}

/// Vectors `[rows, size]`, each divided by its length.
pub(crate) fn normalized(vectors: Tensor<2>) -> Tensor<2> {
    let length = vectors.clone().square().sum_dim(1).sqrt().clamp_min(MIN_LENGTH);
    vectors / length
}

impl Weights for EmbeddingHead {
    fn visit<'a>(&'a self, _: &mut dyn FnMut(WeightRef<'a>)) {}

    fn visit_mut<'a>(&'a mut self, _: &mut dyn FnMut(WeightMut<'a>)) {}
}
