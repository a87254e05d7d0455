//! The operations, composed of burn's own.

#[cfg(feature = "wgpu")]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Slice, TensorData};
use hone_kernels::DropoutMask;

use crate::ops::operands::{AdamWInput, AdamWOutput, GradientGroup, NormSlots};
#[cfg(feature = "wgpu")]
use crate::ops::operands::{AdamWInputMetadata, AdamWOutputMetadata};

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonlinearity {
    /// `x · Φ(x)` (Hendrycks, Gimpel 2016).
    Gelu,
    /// GELU's approximation by tanh: `x · σ(2u)` with `u = √(2/π) (x + 0.044715 x³)`.
    GeluTanh,
    /// `x · σ(x)` (Elfwing et al. 2017).
    Silu,
}

/// √(2/π).
const TANH_SCALE: f32 = 0.797_884_6;
/// Coefficient of the cube in GELU's approximation.
const TANH_CUBE: f32 = 0.044_715;

/// Operations that backends may implement more efficiently.
#[backend_extension(Flex, Cube: cfg(feature = "wgpu"), Fusion: cfg(feature = "wgpu"), Autodiff)]
pub trait FusedOps: Backend {
    /// `x · weight`, from `[rows, in]` and `[in, out]` to `[rows, out]`.
    #[fusion(meta = |x, weight| product_of(x, weight))]
    fn product(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(x, weight)
    }

    /// `x · weight + bias`, from `[rows, in]`, `[in, out]` and `[out]` to `[rows, out]`.
    #[fusion(meta = |x, weight, _bias| product_of(x, weight))]
    fn linear_of_rows(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = along_last(&weight.shape());
        Self::float_add(Self::product(x, weight), Self::float_reshape(bias, shape))
    }

    /// The gradients of a linear layer's weight and bias, `[in, out]` and `[out]`, from its input `[rows, in]` and the
    /// output's gradient `[rows, out]`.
    #[fusion(meta = |x, grad| layer_of(x, grad))]
    fn weight_and_bias_gradients(
        x: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        (Self::product(Self::float_swap_dims(x, 0, 1), grad.clone()), Self::sum_to_last(grad))
    }

    /// The products of the matrices in two tensors: `[batch, heads, rows, depth]` and `[batch, heads, depth, columns]` to
    /// `[batch, heads, rows, columns]`.
    #[fusion(meta = |x, y| product_of(x, y))]
    fn products(x: FloatTensor<Self>, y: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(x, y)
    }

    /// An activation function of each value.
    #[fusion(default)]
    fn activated(x: FloatTensor<Self>, function: Nonlinearity) -> FloatTensor<Self> {
        match function {
            Nonlinearity::Gelu => Self::gelu(x),
            Nonlinearity::GeluTanh => Self::float_mul(x.clone(), Self::sigmoid(twice_u::<Self>(x))),
            Nonlinearity::Silu => Self::float_mul(x.clone(), Self::sigmoid(x)),
        }
    }

    /// Gradient of an activation function's input, from that input and the output's gradient.
    #[fusion(default)]
    fn activated_backward(x: FloatTensor<Self>, grad: FloatTensor<Self>, function: Nonlinearity) -> FloatTensor<Self> {
        // The slope of `x · σ(z)` is `σ(z) (1 + x z' (1 − σ(z)))`.
        let slope = |sigmoid: FloatTensor<Self>, x_times_z: FloatTensor<Self>| {
            let rest = Self::float_add_scalar(Self::float_neg(sigmoid.clone()), 1.0f32.into());
            let inner = Self::float_add_scalar(Self::float_mul(x_times_z, rest), 1.0f32.into());
            Self::float_mul(sigmoid, inner)
        };
        match function {
            Nonlinearity::Gelu => Self::gelu_backward(x, grad),
            Nonlinearity::GeluTanh => {
                let square = Self::float_mul(x.clone(), x.clone());
                let cubes = Self::float_mul_scalar(square, (6.0 * TANH_SCALE * TANH_CUBE).into());
                let z = Self::float_add_scalar(cubes, (2.0 * TANH_SCALE).into());
                let x_times_z = Self::float_mul(x.clone(), z);
                Self::float_mul(slope(Self::sigmoid(twice_u::<Self>(x)), x_times_z), grad)
            }
            Nonlinearity::Silu => Self::float_mul(slope(Self::sigmoid(x.clone()), x), grad),
        }
    }

    /// The same values, row by row in memory.
    #[fusion(meta = |x| x.clone())]
    fn contiguous(x: FloatTensor<Self>) -> FloatTensor<Self> {
        x
    }

    /// Heads `[batch, heads, seq, head_dim]` out of `[batch, seq, heads, head_dim]`, and rotates each pair `(i, i + head_dim /
    /// 2)` by an angle (`apply_rotary_pos_emb`). Cosines and sines are `[seq, head_dim]`.
    #[fusion(meta = |x, _cos, _sin| with_heads_swapped(x))]
    fn rotated_heads(x: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>) -> FloatTensor<Self> {
        let x = Self::float_swap_dims(x, 1, 2);
        let (low, high) = halves::<Self>(x.clone());
        let turned = Self::float_cat(vec![Self::float_neg(high), low], 3);
        let [cos, sin] = [cos, sin].map(|table| for_heads::<Self>(table));
        Self::float_add(Self::float_mul(x, cos), Self::float_mul(turned, sin))
    }

    /// Gradient of [`rotated_heads`](FusedOps::rotated_heads)' input, from that of its output.
    #[fusion(meta = |grad, _cos, _sin| with_heads_swapped(grad))]
    fn rotated_heads_backward(
        grad: FloatTensor<Self>,
        cos: FloatTensor<Self>,
        sin: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [cos, sin] = [cos, sin].map(|table| for_heads::<Self>(table));
        let (low, high) = halves::<Self>(Self::float_mul(grad.clone(), sin));
        let turned = Self::float_cat(vec![high, Self::float_neg(low)], 3);
        Self::float_swap_dims(Self::float_add(Self::float_mul(grad, cos), turned), 1, 2)
    }

    /// Dropout.
    #[fusion(meta = |x, _mask| x.clone())]
    fn dropout(x: FloatTensor<Self>, mask: DropoutMask) -> FloatTensor<Self> {
        let factors: Vec<f32> = (0..x.shape().num_elements() as u32).map(|i| mask.factor(i)).collect();
        let factors = Self::float_from_data(TensorData::new(factors, x.shape()), &x.device());
        Self::float_mul(x, factors)
    }

    /// `x + dropout(y)`.
    #[fusion(meta = |x, _y, _mask| x.clone())]
    fn add_dropped(x: FloatTensor<Self>, y: FloatTensor<Self>, mask: DropoutMask) -> FloatTensor<Self> {
        Self::float_add(x, Self::dropout(y, mask))
    }

    /// Softmax over the last dimension.
    #[fusion(meta = |x| x.clone())]
    fn softmax_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let last = x.rank() - 1;
        Self::softmax(x, last)
    }

    /// Gradient of a softmax's input, from its output and the gradient of that output.
    #[fusion(meta = |y, _grad| y.clone())]
    fn softmax_last_backward(y: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self> {
        let last = y.rank() - 1;
        let product = Self::float_mul(y.clone(), grad);
        let sum = Self::float_sum_dim(product.clone(), last);
        Self::float_sub(product, Self::float_mul(y, sum))
    }

    /// Layer normalization over the last dimension.
    #[fusion(default)]
    fn norm_last(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        Self::norm_last_kept(x, gamma, beta, eps).0
    }

    /// Layer normalization that keeps values for the backward pass: the output, `(x − mean) / deviation`, and 1 /
    /// deviation `[.., 1]`.
    #[fusion(meta = |x, _gamma, _beta, _eps| (x.clone(), x.clone(), scale_of(x)))]
    fn norm_last_kept(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (shape, last) = (along_last(&x.shape()), x.rank() - 1);
        let [gamma, beta] = [gamma, beta].map(|vector| Self::float_reshape(vector, shape.clone()));
        let mean = Self::float_mean_dim(x.clone(), last);
        let centered = Self::float_sub(x, mean);
        let variance = Self::float_mean_dim(Self::float_mul(centered.clone(), centered.clone()), last);
        let scale = Self::float_recip(Self::float_sqrt(Self::float_add_scalar(variance, eps.into())));
        let normal = Self::float_mul(centered, scale.clone());
        let y = Self::float_add(Self::float_mul(normal.clone(), gamma), beta);
        (y, normal, scale)
    }

    /// Gradients of a layer norm's input, gamma and beta, from the normalized input, 1 / deviation, gamma and the
    /// output's gradient.
    #[fusion(meta = |_normal, _scale, gamma, grad| (grad.clone(), gamma.clone(), gamma.clone()))]
    fn norm_last_backward(
        normal: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let last = grad.rank() - 1;
        let gamma = Self::float_reshape(gamma, along_last(&grad.shape()));
        // The element-wise part comes first, so that it becomes one kernel.
        let scaled = Self::float_mul(grad.clone(), gamma);
        let along = Self::float_mul(scaled.clone(), normal.clone());
        let for_gamma = Self::float_mul(grad.clone(), normal.clone());
        let mean = Self::float_mean_dim(scaled.clone(), last);
        let along = Self::float_mean_dim(along, last);
        let rest = Self::float_sub(Self::float_sub(scaled, mean), Self::float_mul(normal, along));
        (Self::float_mul(rest, scale), Self::sum_to_last(for_gamma), Self::sum_to_last(grad))
    }

    /// Layer normalization of `x + dropout(y)`.
    #[fusion(default)]
    fn norm_of_sum(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        Self::norm_of_sum_kept(x, y, mask, gamma, beta, eps).0
    }

    /// Layer normalization of `x + dropout(y)` with the values of [`norm_last_kept`](FusedOps::norm_last_kept).
    #[fusion(meta = |x, _y, _mask, _gamma, _beta, _eps| (x.clone(), x.clone(), scale_of(x)))]
    fn norm_of_sum_kept(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let sum = match mask {
            Some(mask) => Self::add_dropped(x, y, mask),
            None => Self::float_add(x, y),
        };
        Self::norm_last_kept(sum, gamma, beta, eps)
    }

    /// Gradients of `x`, `y`, gamma and beta of such a norm.
    #[fusion(meta = |_normal, _scale, gamma, grad, _mask| (grad.clone(), grad.clone(), gamma.clone(), gamma.clone()))]
    fn norm_of_sum_backward(
        normal: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        mask: Option<DropoutMask>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (for_x, for_gamma, for_beta) = Self::norm_last_backward(normal, scale, gamma, grad);
        let for_y = match mask {
            Some(mask) => Self::dropout(for_x.clone(), mask),
            None => for_x.clone(),
        };
        (for_x, for_y, for_gamma, for_beta)
    }

    /// Root-mean-square normalization over the last dimension.
    #[fusion(default)]
    fn rms_last(x: FloatTensor<Self>, gamma: FloatTensor<Self>, eps: f64) -> FloatTensor<Self> {
        Self::rms_last_kept(x, gamma, eps).0
    }

    /// Root-mean-square normalization that keeps values for the backward pass: the output, `x / root mean square`, and
    /// 1 / root mean square `[.., 1]`.
    #[fusion(meta = |x, _gamma, _eps| (x.clone(), x.clone(), scale_of(x)))]
    fn rms_last_kept(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        eps: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (shape, last) = (along_last(&x.shape()), x.rank() - 1);
        let square = Self::float_mean_dim(Self::float_mul(x.clone(), x.clone()), last);
        let scale = Self::float_recip(Self::float_sqrt(Self::float_add_scalar(square, eps.into())));
        let normal = Self::float_mul(x, scale.clone());
        let y = Self::float_mul(normal.clone(), Self::float_reshape(gamma, shape));
        (y, normal, scale)
    }

    /// Gradients of an RMS norm's input and gamma, from the normalized input, 1 / root mean square, gamma and the
    /// output's gradient.
    #[fusion(meta = |_normal, _scale, gamma, grad| (grad.clone(), gamma.clone()))]
    fn rms_last_backward(
        normal: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let last = grad.rank() - 1;
        let gamma = Self::float_reshape(gamma, along_last(&grad.shape()));
        let scaled = Self::float_mul(grad.clone(), gamma);
        let along = Self::float_mul(scaled.clone(), normal.clone());
        let for_gamma = Self::float_mul(grad, normal.clone());
        let along = Self::float_mean_dim(along, last);
        let rest = Self::float_sub(scaled, Self::float_mul(normal, along));
        (Self::float_mul(rest, scale), Self::sum_to_last(for_gamma))
    }

    /// Cross-entropy `−Σ targets · log softmax(logits)` `[1]`, and the softmax. Both inputs are `[rows, classes]`.
    #[fusion(default)]
    fn cross_entropy_kept(
        logits: FloatTensor<Self>,
        targets: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let log = Self::log_softmax(logits, 1);
        let loss = Self::float_neg(Self::float_sum(Self::float_mul(log.clone(), targets)));
        (loss, Self::float_exp(log))
    }

    /// Cross-entropy.
    #[fusion(default)]
    fn cross_entropy(logits: FloatTensor<Self>, targets: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::cross_entropy_kept(logits, targets).0
    }

    /// Gradient of the logits, from the softmax, the targets and the loss's gradient `[1]`.
    #[fusion(default)]
    fn cross_entropy_backward(
        softmax: FloatTensor<Self>,
        targets: FloatTensor<Self>,
        grad: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let weight = Self::float_sum_dim(targets.clone(), 1);
        let grad = Self::float_reshape(grad, Shape::from([1, 1]));
        Self::float_mul(Self::float_sub(Self::float_mul(softmax, weight), targets), grad)
    }

    /// Sums over all but the last dimension: `[.., size]` to `[size]`.
    #[fusion(default)]
    fn sum_to_last(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = x.shape();
        let size = shape.as_slice().last().copied().unwrap_or(1);
        let rows = shape.num_elements() / size.max(1);
        let sum = Self::float_sum_dim(Self::float_reshape(x, Shape::from([rows, size])), 0);
        Self::float_reshape(sum, Shape::from([size]))
    }

    /// Writes the squared norms of a group of gradients into `scalars` `[slots]`, each spread over its places.
    #[fusion(meta = |scalars, _gradients, _slots| scalars.clone())]
    fn squared_norms(
        scalars: FloatTensor<Self>,
        #[extension_type] gradients: GradientGroup<Self>,
        slots: NormSlots,
    ) -> FloatTensor<Self> {
        let mut scalars = scalars;
        let first_places = (slots.begin..).step_by(slots.parts);
        for (begin, gradient) in first_places.zip(gradients.into_array()).take(slots.gradients) {
            let norm = Self::float_sum(Self::float_mul(gradient.clone(), gradient));
            let part = Self::float_mul_scalar(norm, (1.0 / slots.parts as f32).into());
            let places = Slice::from(begin..begin + slots.parts);
            scalars =
                Self::float_slice_assign(scalars, &[places], Self::float_expand(part, Shape::from([slots.parts])));
        }
        scalars
    }

    /// One step of AdamW.
    #[fusion(meta = |input| updated(input))]
    fn adamw(#[extension_type] input: AdamWInput<Self>) -> AdamWOutput<Self> {
        let AdamWInput { weight, gradient, mean, square, step } = input;
        let times = |tensor, factor: f32| Self::float_mul_scalar(tensor, factor.into());
        let squared = Self::float_mul(gradient.clone(), gradient.clone());
        let mean = Self::float_add(times(mean, step.beta1), times(gradient, (1.0 - step.beta1) * step.scale));
        let squared = times(squared, (1.0 - step.beta2) * step.scale * step.scale);
        let square = Self::float_add(times(square, step.beta2), squared);
        let root = times(Self::float_sqrt(square.clone()), 1.0 / step.bias2_root);
        let change = Self::float_div(mean.clone(), Self::float_add_scalar(root, step.eps.into()));
        let weight = Self::float_sub(times(weight, step.keep), times(change, step.rate));
        AdamWOutput { weight, mean, square }
    }

    /// One step of AdamW for two weights.
    #[fusion(meta = |first, second| (updated(first), updated(second)))]
    fn adamw_two(
        #[extension_type] first: AdamWInput<Self>,
        #[extension_type] second: AdamWInput<Self>,
    ) -> (AdamWOutput<Self>, AdamWOutput<Self>) {
        (Self::adamw(first), Self::adamw(second))
    }
}

/// The description of `x · y`.
#[cfg(feature = "wgpu")]
fn product_of(x: &TensorSpec, y: &TensorSpec) -> TensorSpec {
    let mut dims = x.shape.as_slice().to_vec();
    if let (Some(last), Some(columns)) = (dims.last_mut(), y.shape.as_slice().last()) {
        *last = *columns;
    }
    TensorSpec::new(Shape::from(dims), x.dtype)
}

/// The descriptions of a linear layer's weight and bias, from those of its input and output.
#[cfg(feature = "wgpu")]
fn layer_of(x: &TensorSpec, y: &TensorSpec) -> (TensorSpec, TensorSpec) {
    let [inputs, outputs] = [x, y].map(|tensor| tensor.shape.as_slice()[1]);
    let spec = |dims: Vec<usize>| TensorSpec::new(Shape::from(dims), x.dtype);
    (spec(vec![inputs, outputs]), spec(vec![outputs]))
}

/// The description of a tensor whose second and third dimensions are swapped.
#[cfg(feature = "wgpu")]
fn with_heads_swapped(x: &TensorSpec) -> TensorSpec {
    let mut dims = x.shape.as_slice().to_vec();
    dims.swap(1, 2);
    TensorSpec::new(Shape::from(dims), x.dtype)
}

/// The description of 1 / deviation, `[.., 1]`, where `x` is that of the input.
#[cfg(feature = "wgpu")]
fn scale_of(x: &TensorSpec) -> TensorSpec {
    let mut dims = x.shape.as_slice().to_vec();
    if let Some(last) = dims.last_mut() {
        *last = 1;
    }
    TensorSpec::new(Shape::from(dims), x.dtype)
}

/// The description of a weight after a step of AdamW.
#[cfg(feature = "wgpu")]
fn updated(input: &AdamWInputMetadata) -> AdamWOutputMetadata {
    let [weight, mean, square] = [&input.weight, &input.mean, &input.square].map(Clone::clone);
    AdamWOutputMetadata { weight, mean, square }
}

/// The shape of a vector to be multiplied along the last dimension of `shape`.
fn along_last(shape: &Shape) -> Shape {
    let dims = shape.as_slice();
    let last = dims.len() - 1;
    Shape::from((0..dims.len()).map(|i| if i == last { dims[i] } else { 1 }).collect::<Vec<usize>>())
}

/// The two halves of the last dimension of `[batch, heads, seq, head_dim]`.
fn halves<B: Backend>(x: FloatTensor<B>) -> (FloatTensor<B>, FloatTensor<B>) {
    let shape = x.shape();
    let dims = shape.as_slice();
    let part = |range| {
        let others = dims[..3].iter().map(|&size| Slice::from(0..size));
        others.chain([Slice::from(range)]).collect::<Vec<Slice>>()
    };
    let half = dims[3] / 2;
    (B::float_slice(x.clone(), &part(0..half)), B::float_slice(x, &part(half..dims[3])))
}

/// A table `[seq, head_dim]`, to be multiplied with all heads.
fn for_heads<B: Backend>(table: FloatTensor<B>) -> FloatTensor<B> {
    let shape = table.shape();
    let dims = shape.as_slice();
    B::float_reshape(table, Shape::from([1, 1, dims[0], dims[1]]))
}

/// `2 √(2/π) (x + 0.044715 x³)`.
fn twice_u<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let cube = B::float_mul(B::float_mul(x.clone(), x.clone()), x.clone());
    let sum = B::float_add(x, B::float_mul_scalar(cube, TANH_CUBE.into()));
    B::float_mul_scalar(sum, (2.0 * TANH_SCALE).into())
}
