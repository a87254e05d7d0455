//! Operations with their own backward passes. Left to automatic differentiation, a norm or a softmax becomes a dozen
//! small operations in each direction: on a GPU each is a dispatch, on the CPU a pass over memory.
//!
//! [`FusedOps`] defines each with burn's own operations, which work on every backend (and which fusion turns into
//! kernels); `flex` implements them again for the CPU, in one pass.

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

/// Layer normalization over the last dimension (Ba, Kiros, Hinton 2016): `x` `[.., size]`, `gamma` and `beta` `[size]`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, beta: Tensor<1>, eps: f64) -> Tensor<D> {
    let [x, gamma, beta] = [x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch()];
    Tensor::from_dispatch(Dispatch::norm_last(x, gamma, beta, eps))
}

/// Root-mean-square normalization over the last dimension (Zhang, Sennrich 2019): `x` `[.., size]`, `gamma` `[size]`.
pub fn rms_norm<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, eps: f64) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::rms_last(x.into_dispatch(), gamma.into_dispatch(), eps))
}

/// Cross-entropy `−Σ targets · log softmax(logits)`, `[1]`. Both inputs are `[rows, classes]`. No gradient reaches the
/// targets.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::cross_entropy(logits.into_dispatch(), targets.into_dispatch()))
}

/// One step of AdamW. Returns the new weight, mean gradient and mean squared gradient, from the old ones and the
/// gradient, all of one shape.
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

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::rng::{Rng, Stream};

    fn tensor<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
        let mut rng = Rng::new(seed, Stream::Synthetic, 0);
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| 1.0 + rng.normal()).collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    fn assert_close(actual: &[f32], expected: &[f32]) {
        assert_eq!(actual.len(), expected.len());
        assert!(
            actual.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-5 * e.abs().max(1.0)),
            "{actual:?} {expected:?}"
        );
    }

    /// The output of a norm, and the gradients of `x` and `gamma` when the outputs are weighted by `weight`.
    fn passes(norm: impl Fn(Tensor<3>, Tensor<1>) -> Tensor<3>) -> [Vec<f32>; 3] {
        let (x, gamma) = (tensor([2, 3, 37], 1).autodiff().require_grad(), tensor([37], 2).autodiff().require_grad());
        let y = norm(x.clone(), gamma.clone());
        let mut grads = (y.clone() * tensor([2, 3, 37], 3).autodiff()).sum().backward();
        let of_gamma = values(gamma.grad_remove(&mut grads).unwrap());
        [values(y.inner()), values(x.grad_remove(&mut grads).unwrap()), of_gamma]
    }

    #[test]
    fn the_rms_norms_passes_are_those_of_automatic_differentiation() {
        let plain = |x: Tensor<3>, gamma: Tensor<1>| {
            let scale = (x.clone().square().mean_dim(2) + 1e-5).sqrt().recip();
            x * scale * gamma.unsqueeze::<3>()
        };
        let (actual, expected) = (passes(|x, gamma| rms_norm(x, gamma, 1e-5)), passes(plain));
        actual.iter().zip(&expected).for_each(|(actual, expected)| assert_close(actual, expected));
        let still = rms_norm(tensor::<3>([2, 3, 37], 1), tensor([37], 2), 1e-5);
        assert_close(&values(still), &expected[0]);
    }
}
