//! Normalization layers.

use burn::tensor::{Device, Tensor};

use crate::ops::{DropoutMask, layer_norm, layer_norm_of_sum, rms_norm};
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

    /// Initializes the norm `name` over `size` values: weights 1, biases 0.
    pub(super) fn new(name: &str, group: ParamGroup, size: usize, eps: f64, device: &Device) -> Self {
        let vector = |part: &str, tensor| Weight {
            name: format!("{name}.{part}").into(),
            tensor,
            group,
            transposed: false,
            is_frozen: false,
        };
        let (ones, zeros) = (Tensor::ones([size], device), Tensor::zeros([size], device));
        Self { weight: vector("weight", ones), bias: vector("bias", zeros), eps }
    }

    /// A bound `[1]` of the absolute value of all outputs: no normalized value exceeds the root of the size.
    pub(super) fn bound(&self) -> Tensor<1> {
        let [size] = self.weight.tensor.dims();
        let largest = self.weight.tensor.clone().abs() * (size as f64).sqrt();
        (largest + self.bias.tensor.clone().abs()).max()
    }

    /// Added to the variance before the square root.
    pub(super) fn eps(&self) -> f64 {
        self.eps
    }

    /// `[.., size]` to `[.., size]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.weight.tensor.clone(), self.bias.tensor.clone(), self.eps)
    }

    /// The norm of `x + dropout(y)`.
    pub(super) fn forward_sum<const D: usize>(
        &self,
        x: Tensor<D>,
        y: Tensor<D>,
        mask: Option<DropoutMask>,
    ) -> Tensor<D> {
        layer_norm_of_sum(x, y, mask, self.weight.tensor.clone(), self.bias.tensor.clone(), self.eps)
    }
}

/// Layer normalization without weights, over the last dimension: PyTorch's with `elementwise_affine=False`.
#[derive(Clone, Debug)]
pub(super) struct UnitNorm {
    ones: Tensor<1>,
    zeros: Tensor<1>,
    eps: f64,
}

impl UnitNorm {
    /// The norm over `size` values.
    pub(super) fn new(size: usize, eps: f64, device: &Device) -> Self {
        Self { ones: Tensor::ones([size], device), zeros: Tensor::zeros([size], device), eps }
    }

    /// `[.., size]` to `[.., size]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.ones.clone(), self.zeros.clone(), self.eps)
    }
}

/// Layer normalization without a bias: PyTorch's with `bias=False`.
#[derive(Clone, Debug)]
pub(super) struct UnbiasedNorm {
    weight: Weight<1>,
    /// The bias that the operation takes.
    zeros: Tensor<1>,
    eps: f64,
}

impl UnbiasedNorm {
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
        let weight = tensors.vector(format!("{name}.weight"), group, size)?;
        let zeros = weight.tensor.zeros_like();
        Ok(Self { weight, zeros, eps })
    }

    /// Initializes the norm `name` over `size` values: weights 1.
    pub(super) fn new(name: &str, group: ParamGroup, size: usize, eps: f64, device: &Device) -> Self {
        let weight = Weight {
            name: format!("{name}.weight").into(),
            tensor: Tensor::ones([size], device),
            group,
            transposed: false,
            is_frozen: false,
        };
        Self { weight, zeros: Tensor::zeros([size], device), eps }
    }

    /// `[.., size]` to `[.., size]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, self.weight.tensor.clone(), self.zeros.clone(), self.eps)
    }
}

/// Root mean square normalization over the last dimension (Zhang, Sennrich 2019).
#[derive(Clone, Debug)]
pub(super) struct RmsNorm {
    weight: Weight<1>,
    /// Added to the weight.
    offset: f64,
    eps: f64,
}

impl RmsNorm {
    /// Loads the norm `name` over `size` values, to whose weight `offset` is added.
    ///
    /// # Errors
    /// When the tensor is missing or of another shape.
    pub(super) fn load(
        tensors: &mut Tensors,
        name: &str,
        group: ParamGroup,
        size: usize,
        offset: f64,
        eps: f64,
    ) -> Result<Self, WeightsError> {
        Ok(Self { weight: tensors.vector(format!("{name}.weight"), group, size)?, offset, eps })
    }

    /// `[.., size]` to `[.., size]`.
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let weight = self.weight.tensor.clone();
        rms_norm(x, if self.offset == 0.0 { weight } else { weight + self.offset }, self.eps)
    }
}

weights_of!(LayerNorm { weight, bias });
weights_of!(UnbiasedNorm { weight });
weights_of!(RmsNorm { weight });
