//! Operands of operations on several tensors. A WebGPU adapter may bind no more than eight buffers to a dispatch, so
//! lists of tensors are cut into groups of fixed size.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType};
use hone_kernels::AdamWStep;

/// Gradients whose norms one dispatch computes. The eighth buffer is the output.
pub(super) const GRADIENTS: usize = 7;

/// [`GRADIENTS`] gradients of any shape.
#[derive(ExtensionType)]
#[extension_type(fusion: cfg(feature = "wgpu"))]
pub struct GradientGroup<B: Backend>(
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
);

impl<B: Backend> GradientGroup<B> {
    pub(super) fn new([a, b, c, d, e, f, g]: [FloatTensor<B>; GRADIENTS]) -> Self {
        Self(a, b, c, d, e, f, g)
    }

    pub(super) fn into_array(self) -> [FloatTensor<B>; GRADIENTS] {
        let Self(a, b, c, d, e, f, g) = self;
        [a, b, c, d, e, f, g]
    }
}

/// Places of squared norms in the tensor that collects them. A gradient has several, because many workgroups share a
/// large one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormSlots {
    /// First place.
    pub(super) begin: usize,
    /// Gradients of the group that count; the others fill it up.
    pub(super) gradients: usize,
    /// Places of each gradient: a power of two. Its squared norm is their sum.
    pub(super) parts: usize,
}

/// A weight that takes a step of AdamW. All tensors have the weight's shape.
#[derive(ExtensionType)]
#[extension_type(fusion: cfg(feature = "wgpu"))]
pub struct AdamWInput<B: Backend> {
    /// The weight.
    pub weight: FloatTensor<B>,
    /// Its gradient.
    pub gradient: FloatTensor<B>,
    /// Exponential moving average of the gradient.
    pub mean: FloatTensor<B>,
    /// Exponential moving average of the squared gradient.
    pub square: FloatTensor<B>,
    /// Coefficients.
    pub step: AdamWStep,
}

/// A weight after a step of AdamW.
#[derive(ExtensionType)]
#[extension_type(fusion: cfg(feature = "wgpu"))]
pub struct AdamWOutput<B: Backend> {
    /// The weight.
    pub weight: FloatTensor<B>,
    /// Exponential moving average of the gradient.
    pub mean: FloatTensor<B>,
    /// Exponential moving average of the squared gradient.
    pub square: FloatTensor<B>,
}
