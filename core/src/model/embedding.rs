//! Embedding tables.

use std::ops::Range;

use burn::tensor::module::embedding;
use burn::tensor::{Int, Tensor};

use crate::ops::linear;
use crate::recipe::ParamGroup;
use crate::weights::{Tensors, Weight, WeightsError, in_32_bits, weights_of};

/// A vector for each id.
#[derive(Clone, Debug)]
pub(super) struct Embedding {
    /// `[ids, hidden]`
    weight: Weight<2>,
}

impl Embedding {
    /// Loads the table `name` of shape `[ids, hidden]`.
    ///
    /// # Errors
    /// When the tensor is missing or of another shape.
    pub(super) fn load(tensors: &mut Tensors, name: &str, shape: [usize; 2]) -> Result<Self, WeightsError> {
        Ok(Self { weight: tensors.table(format!("{name}.weight"), ParamGroup::Embeddings, shape)? })
    }

    /// `[batch, seq]` to `[batch, seq, hidden]`.
    pub(super) fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        in_32_bits(embedding(self.weight.tensor.clone(), ids))
    }

    /// Length of a vector.
    pub(super) fn size(&self) -> usize {
        self.weight.tensor.dims()[1]
    }

    /// Number of ids.
    pub(super) fn len(&self) -> usize {
        self.weight.tensor.dims()[0]
    }

    /// The vectors of consecutive ids: `[rows.len(), hidden]`.
    pub(super) fn rows(&self, rows: Range<usize>) -> Tensor<2> {
        in_32_bits(self.weight.tensor.clone().narrow(0, rows.start, rows.len()))
    }

    /// Logits of every id, `[n, ids]`, for `x` `[n, hidden]`: the table as an output layer with tied weights.
    pub(super) fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        linear(x, self.weight.tensor.clone().transpose(), None)
    }
}

weights_of!(Embedding { weight });
