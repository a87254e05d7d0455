//! Normalization layers.

use burn::tensor::Tensor;

use crate::ops::{layer_norm, rms_norm};
use crate::recipe::ParamGroup;
use crate::weights::{Tensors, Weight, WeightsError, weights_of};

/// Layer normalization over the last dimension (Ba, Kiros, Hinton 2016).
#[derive(Clone, Debug)]
pub(super) struct LayerNorm {
    weight: Weight<1>,
    bias: Weight<1>,
    eps: f64,
}

impl LayerNorm {
    /// Loads the norm `name` over `size` values.
    ///
    /// # Errors
    /// When a tensor is missing or of another shape.
    pub(super) fn load(
        tensors: &mut Tensors,
        name: &str,
        group: ParamGroup,
        size: usize,
        eps: f64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: tensors.vector(format!("{name}.weight"), group, size)?,
            bias: tensors.vector(format!("{name}.bias"), group, size)?,
            eps,
        })
    }

    /// `[.., size]` to `[.., size]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.weight.tensor.clone(), self.bias.tensor.clone(), self.eps)
    }
}

/// Root mean square normalization over the last dimension (Zhang, Sennrich 2019).
#[derive(Clone, Debug)]
pub(super) struct RmsNorm {
    weight: Weight<1>,
    eps: f64,
}

impl RmsNorm {
    /// Loads the norm `name` over `size` values.
    ///
    /// # Errors
    /// When the tensor is missing or of another shape.
    pub(super) fn load(
        tensors: &mut Tensors,
        name: &str,
        group: ParamGroup,
        size: usize,
        eps: f64,
    ) -> Result<Self, WeightsError> {
        Ok(Self { weight: tensors.vector(format!("{name}.weight"), group, size)?, eps })
    }

    /// `[.., size]` to `[.., size]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        rms_norm(x, self.weight.tensor.clone(), self.eps)
    }
}

weights_of!(LayerNorm { weight, bias });
weights_of!(RmsNorm { weight });
