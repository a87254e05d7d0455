//! Operations with a backward pass of their own. Left to automatic differentiation, a norm or a softmax turns into a
//! dozen small operations each way; on a GPU every one of them is a dispatch, on the CPU a pass over memory.
//!
//! [`FusedOps`] says each in burn's own operations, which serve every backend (and which fusion makes kernels of);
//! `flex` says them again for the CPU, in one pass.

mod backward;
mod flex;
mod fused;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

pub use fused::{AdamWStep, FusedOps};

/// Softmax over the last dimension.
pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::softmax_last(x.into_dispatch()))
}

/// Layer normalisation over the last dimension (Ba, Kiros, Hinton 2016): `x` `[.., size]`, `gamma` and `beta` `[size]`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, beta: Tensor<1>, eps: f64) -> Tensor<D> {
    let [x, gamma, beta] = [x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch()];
    Tensor::from_dispatch(Dispatch::norm_last(x, gamma, beta, eps))
}

/// Cross-entropy `−Σ targets · log softmax(logits)`, `[1]`, of `[rows, classes]` each. No gradient reaches the targets.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::cross_entropy(logits.into_dispatch(), targets.into_dispatch()))
}

/// One step of AdamW: new weight, mean gradient and mean squared gradient, of the old ones and the gradient, all of one
/// shape.
pub fn adamw<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    mean: Tensor<D>,
    square: Tensor<D>,
    step: AdamWStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let inputs = [weight.into_dispatch(), gradient.into_dispatch(), mean.into_dispatch(), square.into_dispatch()];
    let [weight, gradient, mean, square] = inputs;
    let (weight, mean, square) = Dispatch::adamw(weight, gradient, mean, square, step);
    (Tensor::from_dispatch(weight), Tensor::from_dispatch(mean), Tensor::from_dispatch(square))
}
