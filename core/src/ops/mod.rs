//! Operations with their own backward passes. Left to automatic differentiation, a norm or an attention becomes a dozen
//! small operations in each direction: on a GPU each is a dispatch, on the CPU a pass over memory. docs/speed.md has the
//! measurements.
//!
//! [`FusedOps`] defines each with burn's own operations, which work on every backend (and which fusion turns into
//! kernels). `flex` implements them again for the CPU, with the arithmetic of the crate `hone_kernels`, and `cube` some of
//! them for the GPU, as kernels of their own.

mod attention;
mod backward;
#[cfg(feature = "wgpu")]
mod cube;
mod flex;
mod fused;
mod lists;
mod operands;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use crate::ops::fused::Nonlinearity;

pub use attention::{AttentionOps, WeightAndBias, attend, attend_with_scale, heads_of, self_attention};
pub use fused::FusedOps;
pub use hone_kernels::{AdamWStep, DropoutMask};
pub use lists::{adamw, step_scalars};
pub use operands::{AdamWInput, AdamWOutput};

/// A linear layer `x · weight + bias`: `[.., in]`, `[in, out]` and `[out]` to `[.., out]`. The rows of all texts are
/// multiplied at once. As a product of each text with the weight, which is how burn computes it, the weight would get a
/// gradient from each text, and all of them would have to be stored and summed.
pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    let ([inputs, outputs], mut shape) = (weight.dims(), x.dims());
    let rows = shape[..D - 1].iter().product::<usize>();
    shape[D - 1] = outputs;
    let (x, weight) = (x.reshape([rows, inputs]).into_dispatch(), weight.into_dispatch());
    let y: Tensor<2> = Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::linear_of_rows(x, weight, bias.into_dispatch()),
        None => Dispatch::product(x, weight),
    });
    y.reshape(shape)
}

/// The products of the matrices in two tensors: `[batch, heads, rows, depth]` and `[batch, heads, depth, columns]` to `[batch,
/// heads, rows, columns]`.
pub fn products(x: Tensor<4>, y: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::products(x.into_dispatch(), y.into_dispatch()))
}

/// GELU (Hendrycks, Gimpel 2016), with the error function.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::activated(x.into_dispatch(), Nonlinearity::Gelu))
}

/// GELU's approximation by tanh: `gelu_new` in transformers.
pub fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::activated(x.into_dispatch(), Nonlinearity::GeluTanh))
}

/// SiLU (Elfwing et al. 2017): `x · σ(x)`.
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::activated(x.into_dispatch(), Nonlinearity::Silu))
}

/// The same values, row by row in memory, and so is the gradient of the input. A GPU's matrix product copies operands
/// that are neither in that order nor transposed, each time that it uses them, forward and backward.
pub fn contiguous<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::contiguous(x.into_dispatch()))
}

/// Rotary position embeddings (Su et al. 2021): heads `[batch, heads, seq, head_dim]` out of `[batch, seq, heads, head_dim]`,
/// with each pair `(i, i + head_dim / 2)` rotated by an angle whose cosine and sine are in the tables `[seq, head_dim]`.
pub fn rotated_heads(x: Tensor<4>, cos: Tensor<2>, sin: Tensor<2>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::rotated_heads(x.into_dispatch(), cos.into_dispatch(), sin.into_dispatch()))
}

/// Dropout (Srivastava et al. 2014); none without a mask.
pub fn apply_dropout<const D: usize>(x: Tensor<D>, mask: Option<DropoutMask>) -> Tensor<D> {
    match mask {
        Some(mask) => Tensor::from_dispatch(Dispatch::dropout(x.into_dispatch(), mask)),
        None => x,
    }
}

/// `x + dropout(y)`.
pub fn add_dropped<const D: usize>(x: Tensor<D>, y: Tensor<D>, mask: Option<DropoutMask>) -> Tensor<D> {
    match mask {
        Some(mask) => Tensor::from_dispatch(Dispatch::add_dropped(x.into_dispatch(), y.into_dispatch(), mask)),
        None => x + y,
    }
}

/// Layer normalization over the last dimension (Ba, Kiros, Hinton 2016): `x` `[.., size]`, `gamma` and `beta` `[size]`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, gamma: Tensor<1>, beta: Tensor<1>, eps: f64) -> Tensor<D> {
    let [x, gamma, beta] = [x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch()];
    Tensor::from_dispatch(Dispatch::norm_last(x, gamma, beta, eps))
}

/// [`layer_norm`] of `x + dropout(y)`.
pub fn layer_norm_of_sum<const D: usize>(
    x: Tensor<D>,
    y: Tensor<D>,
    mask: Option<DropoutMask>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    eps: f64,
) -> Tensor<D> {
    let [x, y, gamma, beta] = [x.into_dispatch(), y.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch()];
    Tensor::from_dispatch(Dispatch::norm_of_sum(x, y, mask, gamma, beta, eps))
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

    /// Output and gradients of `function` of inputs of these shapes, when the outputs are weighted by other values.
    fn passes_of<const D: usize>(
        shapes: [[usize; 2]; 2],
        function: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<D>,
    ) -> [Vec<f32>; 3] {
        let [a, b] = [1, 2].map(|seed| tensor(shapes[seed as usize - 1], seed).autodiff().require_grad());
        let y = function(a.clone(), b.clone());
        let mut grads = (y.clone() * tensor(y.dims(), 3).autodiff()).sum().backward();
        let [of_a, of_b] = [a, b].map(|input| input.grad_remove(&mut grads).map(values).unwrap_or_default());
        [values(y.inner()), of_a, of_b]
    }

    fn assert_same_passes(actual: [Vec<f32>; 3], expected: [Vec<f32>; 3]) {
        actual.iter().zip(&expected).for_each(|(actual, expected)| assert_close(actual, expected));
    }

    #[test]
    fn a_linear_layers_passes_are_those_of_automatic_differentiation() {
        use burn::tensor::module::linear as plain;
        for [batch, seq, inputs, outputs] in [[1, 1, 1, 1], [2, 3, 5, 7], [3, 1, 8, 4], [2, 9, 17, 3]] {
            let shapes = [[batch * seq, inputs], [inputs, outputs]];
            let texts = |x: Tensor<2>| x.reshape([batch, seq, inputs]);
            let bias = || Some(tensor::<1>([outputs], 4).autodiff());
            assert_same_passes(
                passes_of(shapes, |x, weight| linear(texts(x), weight, bias())),
                passes_of(shapes, |x, weight| plain(texts(x), weight, bias())),
            );
            // A tied output layer: the weight is a transposed view.
            let shapes = [[batch * seq, inputs], [outputs, inputs]];
            assert_same_passes(
                passes_of(shapes, |x, weight| linear(x, weight.transpose(), None)),
                passes_of(shapes, |x, weight| plain(x, weight.transpose(), None)),
            );
        }
    }

    #[test]
    fn a_bias_gets_the_sum_of_all_rows_as_its_gradient() {
        let bias = tensor::<1>([3], 1).autodiff().require_grad();
        let (x, weight) = (tensor::<3>([2, 4, 5], 2).autodiff(), tensor::<2>([5, 3], 3).autodiff());
        let mut grads = linear(x, weight, Some(bias.clone())).sum().backward();
        assert_eq!(values(bias.grad_remove(&mut grads).unwrap()), [8.0; 3]);
    }

    #[test]
    fn products_passes_are_those_of_automatic_differentiation() {
        let shapes = [[6, 5], [14, 5]];
        let heads = |x: Tensor<2>, rows| x.reshape([2, 1, rows, 5]);
        assert_same_passes(
            passes_of(shapes, |x, y| products(heads(x, 3), heads(y, 7).transpose())),
            passes_of(shapes, |x, y| heads(x, 3).matmul(heads(y, 7).transpose())),
        );
    }

    #[test]
    fn dropouts_passes_are_those_of_a_product_with_its_mask() {
        let mask = DropoutMask::new(0.4, 9);
        let factors = || {
            let factors: Vec<f32> = (0..35).map(|i| mask.factor(i)).collect();
            Tensor::<2>::from_data(TensorData::new(factors, [5, 7]), &Device::flex()).autodiff()
        };
        let shapes = [[5, 7], [5, 7]];
        assert_same_passes(
            passes_of(shapes, |x, y| apply_dropout(x, Some(mask)) + y),
            passes_of(shapes, |x, y| x * factors() + y),
        );
        assert_same_passes(
            passes_of(shapes, |x, y| add_dropped(x, y, Some(mask))),
            passes_of(shapes, |x, y| x + y * factors()),
        );
        let norm = || (tensor::<1>([7], 4).autodiff(), tensor::<1>([7], 5).autodiff());
        for mask in [None, Some(mask)] {
            assert_same_passes(
                passes_of(shapes, |x, y| layer_norm_of_sum(x, y, mask, norm().0, norm().1, 1e-5)),
                passes_of(shapes, |x, y| layer_norm(add_dropped(x, y, mask), norm().0, norm().1, 1e-5)),
            );
        }
    }

    #[test]
    fn rotated_heads_passes_are_those_of_automatic_differentiation() {
        let [batch, seq, heads, size] = [2, 3, 2, 6];
        let shapes = [[batch * seq, heads * size], [1, 1]];
        let table = |seed| tensor::<2>([seq, size], seed).autodiff();
        let plain = |x: Tensor<4>| {
            let x = x.swap_dims(1, 2);
            let turned =
                Tensor::cat(vec![-x.clone().narrow(3, size / 2, size / 2), x.clone().narrow(3, 0, size / 2)], 3);
            x * table(4).unsqueeze::<4>() + turned * table(5).unsqueeze::<4>()
        };
        let passes = |rotated: &dyn Fn(Tensor<4>) -> Tensor<4>| {
            passes_of(shapes, |x, one| rotated(x.reshape([batch, seq, heads, size])) * one.reshape([1, 1, 1, 1]))
        };
        assert_same_passes(passes(&|x| rotated_heads(x, table(4), table(5))), passes(&plain));
    }

    #[test]
    fn a_frozen_weight_gets_no_gradient() {
        let (x, weight) = (tensor::<2>([4, 5], 1).autodiff().require_grad(), tensor::<2>([5, 3], 2).autodiff());
        let mut grads = linear(x.clone(), weight.clone(), None).sum().backward();
        assert!(x.grad_remove(&mut grads).is_some() && weight.grad_remove(&mut grads).is_none());
    }

    #[test]
    fn activations_passes_are_those_of_automatic_differentiation() {
        use burn::tensor::activation;
        let shapes = [[3, 13], [1, 1]];
        let passes = |function: fn(Tensor<2>) -> Tensor<2>| {
            passes_of(shapes, |x, one| function((x - 1.0) * 3.0) * (one * 0.0 + 1.0))
        };
        assert_same_passes(passes(gelu), passes(activation::gelu));
        assert_same_passes(passes(gelu_tanh), passes(activation::gelu_approximate));
        assert_same_passes(passes(silu), passes(activation::silu));
    }

    #[test]
    fn cross_entropys_passes_are_those_of_automatic_differentiation() {
        use burn::tensor::activation::log_softmax;
        let shapes = [[4, 11], [1, 1]];
        let targets = || tensor::<2>([4, 11], 5).autodiff();
        assert_same_passes(
            passes_of(shapes, |logits, one| cross_entropy(logits, targets()) * one.reshape([1])),
            passes_of(shapes, |logits, one| -(log_softmax(logits, 1) * targets()).sum() * one.reshape([1])),
        );
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
