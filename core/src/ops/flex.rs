//! The operations on the CPU, each in one pass over memory. All tensors are f32, except for the weights of products, which
//! may have 16 bits: no other type is trained.

use burn::backend::Flex;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Bytes, DType, Shape, TensorData, bf16, f16};
use half::slice::HalfFloatSliceExt;
use hone_kernels::{DropoutMask, Matrix, Norm, NormGradients};

use crate::ops::fused::{FusedOps, Nonlinearity};
use crate::ops::operands::{AdamWInput, AdamWOutput, GradientGroup, NormSlots};

type Cpu = FloatTensor<Flex>;

/// True where Hone's own matrix product is faster than burn's. Natively, burn's has kernels for AVX-512 and other wide
/// vectors; in WebAssembly, Hone's is 1.5 times as fast.
const HAS_FASTER_PRODUCT: bool = cfg!(target_arch = "wasm32");

impl FusedOps for Flex {
    fn product(x: Cpu, weight: Cpu) -> Cpu {
        let weight = widened(weight);
        if HAS_FASTER_PRODUCT { own_product(x, weight, None) } else { Self::float_matmul(x, weight) }
    }

    fn linear_of_rows(x: Cpu, weight: Cpu, bias: Cpu) -> Cpu {
        let weight = widened(weight);
        if HAS_FASTER_PRODUCT {
            return own_product(x, weight, Some(bias));
        }
        let columns = row_size(&shape(&weight));
        Self::float_add(Self::float_matmul(x, weight), Self::float_reshape(bias, Shape::from([1, columns])))
    }

    fn activated(x: Cpu, function: Nonlinearity) -> Cpu {
        let shape = shape(&x);
        let x = Values::of(x);
        let function = match function {
            Nonlinearity::Gelu => hone_kernels::gelu,
            Nonlinearity::GeluTanh => hone_kernels::gelu_tanh,
            Nonlinearity::Silu => hone_kernels::silu,
        };
        made(function(x.get()), shape)
    }

    fn activated_backward(x: Cpu, grad: Cpu, function: Nonlinearity) -> Cpu {
        let shape = shape(&x);
        let [x, grad] = [x, grad].map(Values::of);
        let function = match function {
            Nonlinearity::Gelu => hone_kernels::gelu_backward,
            Nonlinearity::GeluTanh => hone_kernels::gelu_tanh_backward,
            Nonlinearity::Silu => hone_kernels::silu_backward,
        };
        made(function(x.get(), grad.get()), shape)
    }

    fn dropout(x: Cpu, mask: DropoutMask) -> Cpu {
        changed(x, |values| hone_kernels::dropout(values, mask)).0
    }

    fn add_dropped(x: Cpu, y: Cpu, mask: DropoutMask) -> Cpu {
        let x = Values::of(x);
        changed(y, |values| hone_kernels::add_dropped(x.get(), values, mask)).0
    }

    fn softmax_last(x: Cpu) -> Cpu {
        let size = row_size(&shape(&x));
        changed(x, |values| hone_kernels::softmax(values, size)).0
    }

    fn softmax_last_backward(y: Cpu, grad: Cpu) -> Cpu {
        let shape = shape(&y);
        let [y, grad] = [y, grad].map(Values::of);
        made(hone_kernels::softmax_backward(y.get(), grad.get(), row_size(&shape)), shape)
    }

    // The same arithmetic with and without a backward pass, so that recomputed outputs are the same bits.
    fn norm_last(x: Cpu, gamma: Cpu, beta: Cpu, eps: f64) -> Cpu {
        Self::norm_last_kept(x, gamma, beta, eps).0
    }

    fn norm_last_kept(x: Cpu, gamma: Cpu, beta: Cpu, eps: f64) -> (Cpu, Cpu, Cpu) {
        let shape = shape(&x);
        let [x, gamma, beta] = [x, gamma, beta].map(Values::of);
        kept(hone_kernels::layer_norm(x.get(), gamma.get(), beta.get(), eps as f32), shape)
    }

    fn norm_last_backward(normal: Cpu, scale: Cpu, gamma: Cpu, grad: Cpu) -> (Cpu, Cpu, Cpu) {
        let shape = shape(&normal);
        let size = row_size(&shape);
        let [normal, scale, gamma, grad] = [normal, scale, gamma, grad].map(Values::of);
        let NormGradients { x, gamma, beta } =
            hone_kernels::layer_norm_backward(normal.get(), scale.get(), gamma.get(), grad.get());
        (made(x, shape), made(gamma, vec![size]), made(beta, vec![size]))
    }

    fn rms_last_kept(x: Cpu, gamma: Cpu, eps: f64) -> (Cpu, Cpu, Cpu) {
        let shape = shape(&x);
        let [x, gamma] = [x, gamma].map(Values::of);
        kept(hone_kernels::rms_norm(x.get(), gamma.get(), eps as f32), shape)
    }

    fn rms_last_backward(normal: Cpu, scale: Cpu, gamma: Cpu, grad: Cpu) -> (Cpu, Cpu) {
        let shape = shape(&normal);
        let size = row_size(&shape);
        let [normal, scale, gamma, grad] = [normal, scale, gamma, grad].map(Values::of);
        let NormGradients { x, gamma, .. } =
            hone_kernels::rms_norm_backward(normal.get(), scale.get(), gamma.get(), grad.get());
        (made(x, shape), made(gamma, vec![size]))
    }

    fn cross_entropy_kept(logits: Cpu, targets: Cpu) -> (Cpu, Cpu) {
        let size = row_size(&shape(&logits));
        let targets = Values::of(targets);
        let (softmax, loss) = changed(logits, |values| hone_kernels::cross_entropy(values, targets.get(), size));
        (made(vec![loss], vec![1]), softmax)
    }

    fn cross_entropy_backward(softmax: Cpu, targets: Cpu, grad: Cpu) -> Cpu {
        let shape = shape(&softmax);
        let [softmax, targets, grad] = [softmax, targets, grad].map(Values::of);
        let grad = grad.get().first().copied().unwrap_or(1.0);
        made(hone_kernels::cross_entropy_backward(softmax.get(), targets.get(), grad, row_size(&shape)), shape)
    }

    fn sum_to_last(x: Cpu) -> Cpu {
        let size = shape(&x).last().copied().unwrap_or(1);
        made(hone_kernels::sum_of_rows(Values::of(x).get(), size), vec![size])
    }

    fn squared_norms(scalars: Cpu, gradients: GradientGroup<Self>, slots: NormSlots) -> Cpu {
        let places = (slots.begin..).step_by(slots.parts);
        let norms = places.zip(gradients.into_array()).take(slots.gradients);
        changed(scalars, |scalars| {
            for (place, gradient) in norms {
                scalars[place..place + slots.parts].fill(0.0);
                scalars[place] = hone_kernels::squared_norm(Values::of(gradient).get());
            }
        })
        .0
    }

    fn adamw(input: AdamWInput<Self>) -> AdamWOutput<Self> {
        let AdamWInput { weight, gradient, mean, square, step } = input;
        let gradient = Values::of(gradient);
        let [mut weight, mut mean, mut square] = [weight, mean, square].map(|tensor| tensor.to_contiguous());
        let (weights, means, squares) = (weight.storage_mut(), mean.storage_mut(), square.storage_mut());
        hone_kernels::adamw(weights, gradient.get(), means, squares, step);
        AdamWOutput { weight, mean, square }
    }
}

/// The same values in 32 bits, where they are in memory, so that a product reads and adds them in the same order. The
/// copy lives as long as the product.
fn widened(tensor: Cpu) -> Cpu {
    let values = match tensor.dtype() {
        DType::F16 => hone_kernels::widen_f16(tensor.storage::<f16>().reinterpret_cast()),
        DType::BF16 => hone_kernels::widen_bf16(tensor.storage::<bf16>().reinterpret_cast()),
        _ => return tensor,
    };
    Cpu::new(Bytes::from_elems(values), tensor.layout().clone(), DType::F32)
}

/// `x · weight`, plus a bias, by Hone's own matrix product. The matrices are read where they are, transposed or not.
fn own_product(x: Cpu, weight: Cpu, bias: Option<Cpu>) -> Cpu {
    let (rows, depth, columns) = (shape(&x)[0], shape(&x)[1], shape(&weight)[1]);
    let mut out = match bias {
        Some(bias) => Values::of(bias).get().repeat(rows),
        None => vec![0.0; rows * columns],
    };
    let [x, weight] = [x, weight].map(with_matrix_strides);
    hone_kernels::add_product([rows, depth, columns], matrix(&x), matrix(&weight), &mut out);
    made(out, vec![rows, columns])
}

/// The tensor itself, or a copy if it is flipped.
fn with_matrix_strides(tensor: Cpu) -> Cpu {
    if tensor.layout().strides().iter().all(|&stride| stride >= 0) { tensor } else { tensor.to_contiguous() }
}

/// A tensor `[rows, columns]` in its memory.
fn matrix(tensor: &Cpu) -> Matrix<'_> {
    let stride = |dimension: usize| tensor.layout().strides()[dimension].unsigned_abs();
    Matrix { values: f32_slice(tensor), row_stride: stride(0), column_stride: stride(1) }
}

/// A tensor's values, row by row.
struct Values(Cpu);

impl Values {
    fn of(tensor: Cpu) -> Self {
        Self(tensor.to_contiguous())
    }

    fn get(&self) -> &[f32] {
        &f32_slice(&self.0)[..self.0.layout().shape().num_elements()]
    }
}

/// A tensor's memory, from its first value on. burn panics if its values are not f32: read as none, they would show up
/// as wrong results somewhere else.
fn f32_slice(tensor: &Cpu) -> &[f32] {
    // A flipped view of an empty tensor begins after its end.
    tensor.storage::<f32>().get(tensor.layout().start_offset()..).unwrap_or_default()
}

/// The tensor after a change of its values, which are copied only if other tensors share them; and the result of the
/// change.
fn changed<T>(tensor: Cpu, change: impl FnOnce(&mut [f32]) -> T) -> (Cpu, T) {
    let shape = shape(&tensor);
    let mut tensor = tensor.to_contiguous();
    let len: usize = shape.iter().product();
    if tensor.layout().start_offset() == 0
        && let Some(values) = tensor.try_storage_mut::<f32>()
        && values.len() == len
    {
        let result = change(values);
        return (tensor, result);
    }
    let mut values = Values(tensor).get().to_vec();
    let result = change(&mut values);
    (made(values, shape), result)
}

/// The tensors of a norm of a tensor of this shape: the output, the normalized input, and the factors `[.., 1]`.
fn kept(norm: Norm, shape: Vec<usize>) -> (Cpu, Cpu, Cpu) {
    let mut scale_shape = shape.clone();
    if let Some(last) = scale_shape.last_mut() {
        *last = 1;
    }
    (made(norm.y, shape.clone()), made(norm.normal, shape), made(norm.scales, scale_shape))
}

fn shape(tensor: &Cpu) -> Vec<usize> {
    tensor.layout().shape().as_slice().to_vec()
}

/// The last dimension; at least 1, so that rows can be counted.
fn row_size(shape: &[usize]) -> usize {
    shape.last().copied().unwrap_or(1).max(1)
}

fn made(values: Vec<f32>, shape: Vec<usize>) -> Cpu {
    Cpu::from_data(TensorData::new(values, Shape::from(shape)))
}

#[cfg(test)]
mod tests {
    use burn::tensor::FloatDType;

    use super::*;

    fn tensor(shape: [usize; 2], factor: usize) -> Cpu {
        let values = (0..shape[0] * shape[1]).map(|i| (i * factor % 101) as f32 / 50.0 - 1.0).collect();
        made(values, shape.to_vec())
    }

    fn values(tensor: Cpu) -> Vec<f32> {
        Values::of(tensor).get().to_vec()
    }

    #[test]
    fn the_own_product_of_views_equals_burns() {
        let swapped = |shape: [usize; 2], factor| Flex::float_swap_dims(tensor([shape[1], shape[0]], factor), 0, 1);
        let narrowed = |shape: [usize; 2], factor| {
            tensor([shape[0] + 2, shape[1] + 3], factor).narrow(0, 1, shape[0]).narrow(1, 2, shape[1])
        };
        let flipped = |shape: [usize; 2], factor| {
            let tensor = tensor(shape, factor);
            let layout = tensor.layout().flip(&[1]);
            tensor.with_layout(layout)
        };
        let layouts: [&dyn Fn([usize; 2], usize) -> Cpu; 4] = [&tensor, &swapped, &narrowed, &flipped];
        for [rows, depth, columns] in [[5, 7, 9], [1, 3, 2], [64, 33, 17], [0, 3, 4], [4, 0, 4], [4, 3, 0]] {
            for x in layouts {
                for weight in layouts {
                    let (x, weight) = (x([rows, depth], 31), weight([depth, columns], 17));
                    let bias = made(vec![0.5; columns], vec![columns]);
                    let actual = values(own_product(x.clone(), weight.clone(), Some(bias)));
                    let expected = if rows * depth * columns == 0 {
                        vec![0.0; rows * columns]
                    } else {
                        values(Flex::float_matmul(x, weight))
                    };
                    assert_eq!(actual.len(), expected.len());
                    let is_close = |(a, e): (&f32, &f32)| (a - e - 0.5).abs() < 1e-5;
                    assert!(actual.iter().zip(&expected).all(is_close), "{actual:?} {expected:?}");
                }
            }
        }
    }

    #[test]
    fn the_product_with_a_weight_of_16_bits_is_that_with_its_values_in_32_bits() {
        for dtype in [FloatDType::F16, FloatDType::BF16] {
            for is_swapped in [false, true] {
                let (rows, depth, columns) = (5, 33, 17);
                let shape = if is_swapped { [columns, depth] } else { [depth, columns] };
                let narrow = Flex::float_cast(tensor(shape, 17), dtype);
                let wide = Flex::float_cast(narrow.clone(), FloatDType::F32);
                let [narrow, wide] =
                    [narrow, wide].map(|weight| if is_swapped { Flex::float_swap_dims(weight, 0, 1) } else { weight });
                let (x, bias) = (tensor([rows, depth], 31), made(vec![0.5; columns], vec![columns]));
                let bits = |tensor: Cpu| values(tensor).into_iter().map(f32::to_bits).collect::<Vec<_>>();
                let products = [&narrow, &wide].map(|weight| bits(Flex::product(x.clone(), weight.clone())));
                assert_eq!(products[0], products[1]);
                let layers = [narrow, wide].map(|weight| bits(Flex::linear_of_rows(x.clone(), weight, bias.clone())));
                assert_eq!(layers[0], layers[1]);
            }
        }
    }

    #[test]
    #[should_panic(expected = "dtype mismatch")]
    fn a_tensor_of_16_bits_is_not_read_as_an_empty_one() {
        values(Flex::float_cast(tensor([2, 3], 31), FloatDType::F16));
    }

    #[test]
    fn a_tensor_that_shares_its_values_is_not_changed_with_another() {
        let first = tensor([2, 3], 31);
        let (second, _) = changed(first.clone(), |values| values.fill(7.0));
        assert_ne!(values(first), values(second.clone()));
        let part = second.narrow(0, 1, 1);
        let (third, len) = changed(part, |values| {
            values.fill(8.0);
            values.len()
        });
        assert_eq!((values(third), len), (vec![8.0; 3], 3));
    }
}
