//! The operations in terms of burn's.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn::tensor::Shape;

/// Numbers of one AdamW step, the same for every element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWStep {
    /// Decay of the mean gradient.
    pub beta1: f32,
    /// Decay of the mean squared gradient.
    pub beta2: f32,
    /// Added to the root of the mean squared gradient.
    pub eps: f32,
    /// Factor of the gradient: clipping.
    pub scale: f32,
    /// Factor of the old weight: 1 − rate × decay.
    pub keep: f32,
    /// Rate over 1 − β₁ᵗ.
    pub rate: f32,
    /// √(1 − β₂ᵗ).
    pub bias2_root: f32,
}

/// Operations that backends may have a better way for.
#[backend_extension(Flex, Cube: cfg(feature = "wgpu"), Fusion: cfg(feature = "wgpu"), Autodiff)]
pub trait FusedOps: Backend {
    /// Softmax over the last dimension.
    #[fusion(default)]
    fn softmax_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let last = x.rank() - 1;
        Self::softmax(x, last)
    }

    /// Gradient of a softmax's input, of its output and that one's gradient.
    #[fusion(default)]
    fn softmax_last_backward(y: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let last = y.rank() - 1;
        let product = Self::float_mul(y.clone(), grad);
        let sum = Self::float_sum_dim(product.clone(), last);
        Self::float_sub(product, Self::float_mul(y, sum))
    }

    /// Layer normalisation over the last dimension.
    #[fusion(default)]
    fn norm_last(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        Self::layer_norm(x, gamma, Some(beta), eps)
    }

    /// `(x − mean) / deviation` over the last dimension, and 1 / deviation `[.., 1]`.
    #[fusion(default)]
    fn normalised(x: FloatTensor<Self>, eps: f64) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let last = x.rank() - 1;
        let mean = Self::float_mean_dim(x.clone(), last);
        let centred = Self::float_sub(x, mean);
        let variance = Self::float_mean_dim(Self::float_mul(centred.clone(), centred.clone()), last);
        let scale = Self::float_recip(Self::float_sqrt(Self::float_add_scalar(variance, eps.into())));
        (Self::float_mul(centred, scale.clone()), scale)
    }

    /// `normal × gamma + beta`.
    #[fusion(default)]
    fn scaled(normal: FloatTensor<Self>, gamma: FloatTensor<Self>, beta: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = along_last(&normal.shape());
        let [gamma, beta] = [gamma, beta].map(|vector| Self::float_reshape(vector, shape.clone()));
        Self::float_add(Self::float_mul(normal, gamma), beta)
    }

    /// Gradient of a norm's input.
    #[fusion(default)]
    fn norm_last_backward(
        normal: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let last = grad.rank() - 1;
        let gamma = Self::float_reshape(gamma, along_last(&grad.shape()));
        let grad = Self::float_mul(grad, gamma);
        let mean = Self::float_mean_dim(grad.clone(), last);
        let along = Self::float_mean_dim(Self::float_mul(grad.clone(), normal.clone()), last);
        let rest = Self::float_sub(Self::float_sub(grad, mean), Self::float_mul(normal, along));
        Self::float_mul(rest, scale)
    }

    /// The sum over all but the last dimension: `[.., size]` to `[size]`.
    #[fusion(default)]
    fn sum_to_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = x.shape();
        let size = shape.as_slice().last().copied().unwrap_or(1);
        let rows = shape.num_elements() / size.max(1);
        let sum = Self::float_sum_dim(Self::float_reshape(x, Shape::from([rows, size])), 0);
        Self::float_reshape(sum, Shape::from([size]))
    }

    /// One step of AdamW: weight, mean and square.
    #[fusion(default)]
    fn adamw(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        step: AdamWStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let times = |tensor, factor: f32| Self::float_mul_scalar(tensor, factor.into());
        let gradient = times(gradient, step.scale);
        let mean = Self::float_add(times(mean, step.beta1), times(gradient.clone(), 1.0 - step.beta1));
        let squared = Self::float_mul(gradient.clone(), gradient);
        let square = Self::float_add(times(square, step.beta2), times(squared, 1.0 - step.beta2));
        let root = times(Self::float_sqrt(square.clone()), 1.0 / step.bias2_root);
        let change = Self::float_div(mean.clone(), Self::float_add_scalar(root, step.eps.into()));
        let weight = Self::float_sub(times(weight, step.keep), times(change, step.rate));
        (weight, mean, square)
    }
}

/// The shape of a vector that is to be multiplied along the last dimension of `shape`.
fn along_last(shape: &Shape) -> Shape {
    let dims = shape.as_slice();
    let last = dims.len() - 1;
    Shape::from((0..dims.len()).map(|i| if i == last { dims[i] } else { 1 }).collect::<Vec<usize>>())
}

#[cfg(feature = "wgpu")]
impl FusedOps for burn::backend::wgpu::CubeBackend {}
