//! Self-attention of encoders (Vaswani et al. 2017), as one operation with its own backward pass. The three linear layers
//! become one product, and what surrounds the products is one kernel each on a GPU.

#[cfg(feature = "wgpu")]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, ExtensionType, TensorMetadata, backend_extension};
use burn::tensor::{Device, Shape, Slice, Tensor};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use hone_kernels::DropoutMask;

use crate::ops::fused::FusedOps;
use crate::ops::{contiguous, linear, products};

/// Weights `[hidden, hidden]` and biases `[hidden]` of the linear layers that make queries, keys and values.
#[derive(ExtensionType)]
#[extension_type(fusion: cfg(feature = "wgpu"))]
pub struct Projections<B: Backend> {
    pub(super) query_weight: FloatTensor<B>,
    pub(super) key_weight: FloatTensor<B>,
    pub(super) value_weight: FloatTensor<B>,
    pub(super) query_bias: FloatTensor<B>,
    pub(super) key_bias: FloatTensor<B>,
    pub(super) value_bias: FloatTensor<B>,
}

/// Sizes of the heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadShape {
    pub(super) batch: usize,
    pub(super) seq: usize,
    pub(super) heads: usize,
    pub(super) head_dim: usize,
}

impl HeadShape {
    pub(super) fn hidden(self) -> usize {
        self.heads * self.head_dim
    }

    /// `[batch, heads, seq, head_dim]`.
    #[cfg(feature = "wgpu")]
    pub(super) fn of_heads(self) -> Shape {
        Shape::from([self.batch, self.heads, self.seq, self.head_dim])
    }

    /// `[batch, seq, heads, head_dim]`.
    fn of_tokens(self) -> Shape {
        Shape::from([self.batch, self.seq, self.heads, self.head_dim])
    }

    /// `[batch · seq, width]`.
    pub(super) fn of_rows(self, width: usize) -> Shape {
        Shape::from([self.batch * self.seq, width])
    }

    fn scale(self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }
}

/// Self-attention and its parts.
#[backend_extension(Flex, Cube: cfg(feature = "wgpu"), Fusion: cfg(feature = "wgpu"), Autodiff)]
pub trait AttentionOps: FusedOps {
    /// Three matrices `[rows, size]` side by side: `[rows, 3 · size]`.
    #[fusion(meta = |first, _second, _third| side_by_side(first))]
    fn side_by_side(
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        third: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::float_cat(vec![first, second, third], 1)
    }

    /// Takes a weight `[in, 3 · out]` and a bias `[3 · out]` apart.
    #[fusion(meta = |weight, bias| projections(weight, bias))]
    fn apart(weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> Projections<Self> {
        let [rows, size] = [weight.shape().as_slice()[0], bias.shape().num_elements() / 3];
        let part = |i: usize| Slice::from(i * size..(i + 1) * size);
        let [query_weight, key_weight, value_weight] =
            [0, 1, 2].map(|i| Self::float_slice(weight.clone(), &[Slice::from(0..rows), part(i)]));
        let [query_bias, key_bias, value_bias] = [0, 1, 2].map(|i| Self::float_slice(bias.clone(), &[part(i)]));
        Projections { query_weight, key_weight, value_weight, query_bias, key_bias, value_bias }
    }

    /// Adds the biases `[hidden]` to queries, keys and values `[batch · seq, 3 · hidden]`, and splits them into heads
    /// `[batch, heads, seq, head_dim]`.
    #[fusion(meta = |packed, _query, _key, _value, shape| heads(packed, *shape))]
    fn split_heads(
        packed: FloatTensor<Self>,
        query_bias: FloatTensor<Self>,
        key_bias: FloatTensor<Self>,
        value_bias: FloatTensor<Self>,
        shape: HeadShape,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (rows, hidden) = (shape.batch * shape.seq, shape.hidden());
        let part = |i: usize, bias: FloatTensor<Self>| {
            let columns = Slice::from(i * hidden..(i + 1) * hidden);
            let part = Self::float_slice(packed.clone(), &[Slice::from(0..rows), columns]);
            let sum = Self::float_add(part, Self::float_reshape(bias, Shape::from([1, hidden])));
            Self::float_swap_dims(Self::float_reshape(sum, shape.of_tokens()), 1, 2)
        };
        (part(0, query_bias), part(1, key_bias), part(2, value_bias))
    }

    /// The reverse, without biases: heads to `[batch · seq, 3 · hidden]`.
    #[fusion(meta = |query, _key, _value, shape| merged(query, *shape))]
    fn merge_heads(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        shape: HeadShape,
    ) -> FloatTensor<Self> {
        let parts = [query, key, value]
            .map(|heads| Self::float_reshape(Self::float_swap_dims(heads, 1, 2), shape.of_rows(shape.hidden())));
        Self::float_cat(parts.into(), 1)
    }

    /// `softmax(scores · scale + bias)` over the last dimension, before and after dropout. `scores` is `[batch, heads, seq,
    /// seq]`, `bias` `[batch or 1, 1, seq or 1, seq]`.
    #[fusion(meta = |scores, _bias, _mask, _scale| (scores.clone(), scores.clone()))]
    fn attention_weights(
        scores: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        scale: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let weights = Self::softmax_last(Self::float_add(Self::float_mul_scalar(scores, scale.into()), bias));
        let dropped = dropped::<Self>(weights.clone(), mask);
        (weights, dropped)
    }

    /// [`attention_weights`](AttentionOps::attention_weights) after dropout.
    #[fusion(default)]
    fn dropped_attention_weights(
        scores: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        scale: f32,
    ) -> FloatTensor<Self> {
        Self::attention_weights(scores, bias, mask, scale).1
    }

    /// Gradient of the scores, from the weights before dropout and the gradient of those after it.
    #[fusion(meta = |weights, _grad, _mask, _scale| weights.clone())]
    fn attention_weights_backward(
        weights: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        scale: f32,
    ) -> FloatTensor<Self> {
        let grad = Self::softmax_last_backward(weights, dropped::<Self>(grad, mask));
        Self::float_mul_scalar(grad, scale.into())
    }

    /// Self-attention of rows `[batch · seq, hidden]`; so is the result.
    #[fusion(default)]
    fn self_attention(
        x: FloatTensor<Self>,
        #[extension_type] projections: Projections<Self>,
        bias: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        shape: HeadShape,
    ) -> FloatTensor<Self> {
        forward::<Self>(x, projections, bias, mask, shape).0
    }
}

impl AttentionOps for burn::backend::Flex {}

fn dropped<B: FusedOps>(weights: FloatTensor<B>, mask: Option<DropoutMask>) -> FloatTensor<B> {
    match mask {
        Some(mask) => B::dropout(weights, mask),
        None => weights,
    }
}

/// Tensors for the backward pass.
#[derive(Clone, Debug)]
struct Kept<B: Backend> {
    x: FloatTensor<B>,
    /// `[hidden, 3 · hidden]`.
    weight: FloatTensor<B>,
    query: FloatTensor<B>,
    key: FloatTensor<B>,
    value: FloatTensor<B>,
    /// Attention weights before and after dropout.
    weights: FloatTensor<B>,
    dropped: FloatTensor<B>,
    mask: Option<DropoutMask>,
    shape: HeadShape,
}

fn forward<B: AttentionOps>(
    x: FloatTensor<B>,
    projections: Projections<B>,
    bias: FloatTensor<B>,
    mask: Option<DropoutMask>,
    shape: HeadShape,
) -> (FloatTensor<B>, Kept<B>) {
    let Projections { query_weight, key_weight, value_weight, query_bias, key_bias, value_bias } = projections;
    let weight = B::side_by_side(query_weight, key_weight, value_weight);
    let packed = B::product(x.clone(), weight.clone());
    let (query, key, value) = B::split_heads(packed, query_bias, key_bias, value_bias, shape);
    let scores = B::products(query.clone(), transposed::<B>(key.clone()));
    let (weights, dropped) = B::attention_weights(scores, bias, mask, shape.scale());
    let context = B::products(dropped.clone(), value.clone());
    let context = B::float_reshape(B::float_swap_dims(context, 1, 2), shape.of_rows(shape.hidden()));
    (context, Kept { x, weight, query, key, value, weights, dropped, mask, shape })
}

fn transposed<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    B::float_swap_dims(x, 2, 3)
}

/// The gradient of queries, keys and values, `[batch · seq, 3 · hidden]`, from that of the result.
fn backward<B: AttentionOps>(kept: Kept<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    let Kept { query, key, value, weights, dropped, mask, shape, .. } = kept;
    let grad = B::contiguous(B::float_swap_dims(B::float_reshape(grad, shape.of_tokens()), 1, 2));
    let for_value = B::products(transposed::<B>(dropped), grad.clone());
    let for_dropped = B::products(grad, transposed::<B>(value));
    let for_scores = B::attention_weights_backward(weights, for_dropped, mask, shape.scale());
    let for_query = B::products(for_scores.clone(), key);
    let for_key = B::products(transposed::<B>(for_scores), query);
    B::merge_heads(for_query, for_key, for_value, shape)
}

#[derive(Debug)]
struct SelfAttention;

impl<B: AttentionOps> Backward<B, 7> for SelfAttention {
    type State = Kept<B>;

    fn backward(self, ops: Ops<Self::State, 7>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (x, weight) = (ops.state.x.clone(), ops.state.weight.clone());
        let grad = backward::<B>(ops.state, grad);
        let [for_x, rest @ ..] = ops.parents;
        if let Some(node) = for_x {
            grads.register::<B>(node.id, B::product(grad.clone(), B::float_swap_dims(weight, 0, 1)));
        }
        if rest.iter().all(Option::is_none) {
            return;
        }
        let (for_weight, for_bias) = B::weight_and_bias_gradients(x, grad);
        let parts = B::apart(for_weight, for_bias);
        let Projections { query_weight, key_weight, value_weight, query_bias, key_bias, value_bias } = parts;
        let parts = [query_weight, key_weight, value_weight, query_bias, key_bias, value_bias];
        for (node, grad) in rest.into_iter().zip(parts) {
            if let Some(node) = node {
                grads.register::<B>(node.id, grad);
            }
        }
    }
}

#[derive(Debug)]
struct AttentionWeights;

impl<B: AttentionOps> Backward<B, 1> for AttentionWeights {
    /// The weights before dropout, the mask, and the scale of the scores.
    type State = (FloatTensor<B>, Option<DropoutMask>, f32);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (weights, mask, scale) = ops.state;
        if let [Some(scores)] = ops.parents {
            grads.register::<B>(scores.id, B::attention_weights_backward(weights, grad, mask, scale));
        }
    }
}

impl<B: AttentionOps, C: CheckpointStrategy> AttentionOps for Autodiff<B, C> {
    fn dropped_attention_weights(
        scores: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        scale: f32,
    ) -> FloatTensor<Self> {
        let prepared = AttentionWeights.prepare::<C>([scores.node()]).compute_bound().stateful();
        let (scores, bias) = (scores.into_primitive(), bias.into_primitive());
        match prepared {
            OpsKind::Tracked(prepared) => {
                let (weights, dropped) = B::attention_weights(scores, bias, mask, scale);
                prepared.finish((weights, mask, scale), dropped)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::dropped_attention_weights(scores, bias, mask, scale)),
        }
    }

    fn self_attention(
        x: FloatTensor<Self>,
        projections: Projections<Self>,
        bias: FloatTensor<Self>,
        mask: Option<DropoutMask>,
        shape: HeadShape,
    ) -> FloatTensor<Self> {
        let Projections { query_weight, key_weight, value_weight, query_bias, key_bias, value_bias } = projections;
        let parents = [&x, &query_weight, &key_weight, &value_weight, &query_bias, &key_bias, &value_bias];
        let prepared = SelfAttention.prepare::<C>(parents.map(|tensor| tensor.node())).compute_bound().stateful();
        let projections = Projections {
            query_weight: query_weight.into_primitive(),
            key_weight: key_weight.into_primitive(),
            value_weight: value_weight.into_primitive(),
            query_bias: query_bias.into_primitive(),
            key_bias: key_bias.into_primitive(),
            value_bias: value_bias.into_primitive(),
        };
        let (context, kept) = forward::<B>(x.into_primitive(), projections, bias.into_primitive(), mask, shape);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(kept, context),
            OpsKind::UnTracked(prepared) => prepared.finish(context),
        }
    }
}

#[cfg(feature = "wgpu")]
fn side_by_side(matrix: &TensorSpec) -> TensorSpec {
    let dims = matrix.shape.as_slice();
    TensorSpec::new(Shape::from([dims[0], 3 * dims[1]]), matrix.dtype)
}

#[cfg(feature = "wgpu")]
fn projections(weight: &TensorSpec, bias: &TensorSpec) -> ProjectionsMetadata {
    let (rows, size) = (weight.shape.as_slice()[0], bias.shape.num_elements() / 3);
    let [query_weight, key_weight, value_weight] =
        [(); 3].map(|()| TensorSpec::new(Shape::from([rows, size]), weight.dtype));
    let [query_bias, key_bias, value_bias] = [(); 3].map(|()| TensorSpec::new(Shape::from([size]), bias.dtype));
    ProjectionsMetadata { query_weight, key_weight, value_weight, query_bias, key_bias, value_bias }
}

#[cfg(feature = "wgpu")]
fn heads(packed: &TensorSpec, shape: HeadShape) -> (TensorSpec, TensorSpec, TensorSpec) {
    let heads = TensorSpec::new(shape.of_heads(), packed.dtype);
    (heads.clone(), heads.clone(), heads)
}

#[cfg(feature = "wgpu")]
fn merged(heads: &TensorSpec, shape: HeadShape) -> TensorSpec {
    TensorSpec::new(shape.of_rows(3 * shape.hidden()), heads.dtype)
}

/// A linear layer's weight `[in, out]` and bias `[out]`.
pub type WeightAndBias = (Tensor<2>, Tensor<1>);

/// Self-attention of an encoder, `[batch, seq, hidden]`, before the layer that mixes the heads: the linear layers of
/// queries, keys and values, and [`attend`]. On a GPU, all is one operation. On the CPU there are no dispatches to save,
/// and each layer's weight is multiplied where it is.
pub fn self_attention(
    x: Tensor<3>,
    layers: [WeightAndBias; 3],
    bias: Tensor<4>,
    mask: Option<DropoutMask>,
    heads: usize,
) -> Tensor<3> {
    if x.device().inner() != Device::flex() {
        return as_one_operation(x, layers, bias, mask, heads);
    }
    let heads = layers.map(|(weight, bias)| heads_of(linear(x.clone(), weight, Some(bias)), heads));
    attend(heads, bias, mask)
}

/// Splits `[batch, seq, hidden]` into heads `[batch, heads, seq, head_dim]`.
pub fn heads_of(x: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, seq, hidden] = x.dims();
    contiguous(x.reshape([batch, seq, heads, hidden / heads]).swap_dims(1, 2))
}

/// [`attend_with_scale`], with the scale `1 / √head_dim`.
pub fn attend(heads: [Tensor<4>; 3], bias: Tensor<4>, mask: Option<DropoutMask>) -> Tensor<3> {
    let [.., head_dim] = heads[0].dims();
    attend_with_scale(heads, bias, mask, 1.0 / (head_dim as f64).sqrt())
}

/// `dropout(softmax(scale · Q Kᵀ + bias)) V`, as `[batch, seq, heads · head_dim]`. Queries are `[batch, heads, seq, head_dim]`,
/// keys and values `[batch, kv_heads, all, head_dim]`: as many queries share a head of keys and values as `kv_heads`
/// divides `heads` (Ainslie et al. 2023). `bias` is `[batch or 1, 1, seq or 1, all]`.
pub fn attend_with_scale(
    [query, key, value]: [Tensor<4>; 3],
    bias: Tensor<4>,
    mask: Option<DropoutMask>,
    scale: f64,
) -> Tensor<3> {
    let ([batch, heads, seq, head_dim], [_, kv_heads, all, _]) = (query.dims(), key.dims());
    // The queries that share a head are stacked along the sequence, so that keys and values need no copy.
    let rows = heads / kv_heads.max(1) * seq;
    let query = query.reshape([batch, kv_heads, rows, head_dim]);
    let scores = products(query, key.transpose()).reshape([batch, heads, seq, all]);
    let weights: Tensor<4> = Tensor::from_dispatch(Dispatch::dropped_attention_weights(
        scores.into_dispatch(),
        bias.into_dispatch(),
        mask,
        scale as f32,
    ));
    let context = contiguous(products(weights.reshape([batch, kv_heads, rows, all]), value));
    context.reshape([batch, heads, seq, head_dim]).swap_dims(1, 2).reshape([batch, seq, heads * head_dim])
}

fn as_one_operation(
    x: Tensor<3>,
    [query, key, value]: [WeightAndBias; 3],
    bias: Tensor<4>,
    mask: Option<DropoutMask>,
    heads: usize,
) -> Tensor<3> {
    let [batch, seq, hidden] = x.dims();
    let shape = HeadShape { batch, seq, heads, head_dim: hidden / heads };
    let projections = Projections {
        query_weight: query.0.into_dispatch(),
        key_weight: key.0.into_dispatch(),
        value_weight: value.0.into_dispatch(),
        query_bias: query.1.into_dispatch(),
        key_bias: key.1.into_dispatch(),
        value_bias: value.1.into_dispatch(),
    };
    let rows = x.reshape([batch * seq, hidden]).into_dispatch();
    let context: Tensor<2> =
        Tensor::from_dispatch(Dispatch::self_attention(rows, projections, bias.into_dispatch(), mask, shape));
    context.reshape([batch, seq, hidden])
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::rng::{Rng, Stream};

    fn tensor<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
        let mut rng = Rng::new(seed, Stream::Synthetic, 0);
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.normal()).collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    type Attention = fn(Tensor<3>, [WeightAndBias; 3], Tensor<4>, Option<DropoutMask>, usize) -> Tensor<3>;

    /// The output, and the gradients of the input, the weights and the biases.
    fn passes(
        attention: Attention,
        [batch, seq, heads, head_dim]: [usize; 4],
        bias_shape: [usize; 4],
        is_dropping: bool,
    ) -> Vec<Vec<f32>> {
        let hidden = heads * head_dim;
        let x = tensor([batch, seq, hidden], 1).autodiff().require_grad();
        let layers = [2, 3, 4].map(|seed| {
            (
                tensor([hidden, hidden], seed).autodiff().require_grad(),
                tensor([hidden], 5 + seed).autodiff().require_grad(),
            )
        });
        let mask = is_dropping.then(|| DropoutMask::new(0.3, 12));
        let bias = tensor(bias_shape, 13).autodiff();
        let y = attention(x.clone(), layers.clone(), bias, mask, heads);
        let mut grads = (y.clone() * tensor([batch, seq, hidden], 14).autodiff()).sum().backward();
        let mut all = vec![values(y.inner()), values(x.grad_remove(&mut grads).unwrap())];
        for (weight, bias) in layers {
            all.push(values(weight.grad_remove(&mut grads).unwrap()));
            all.push(values(bias.grad_remove(&mut grads).unwrap()));
        }
        all
    }

    #[test]
    fn as_one_operation_self_attention_has_the_passes_of_its_parts() {
        for shape @ [batch, seq, ..] in [[1, 1, 1, 1], [2, 5, 3, 7], [3, 4, 2, 8]] {
            for bias in [[batch, 1, 1, seq], [1, 1, seq, seq]] {
                for is_dropping in [false, true] {
                    let actual = passes(as_one_operation, shape, bias, is_dropping);
                    // On the CPU, this is differentiated part by part.
                    let expected = passes(self_attention, shape, bias, is_dropping);
                    for (actual, expected) in actual.iter().zip(&expected) {
                        assert_eq!(actual.len(), expected.len());
                        let is_close = |(a, e): (&f32, &f32)| (a - e).abs() < 1e-4 * e.abs().max(1.0);
                        assert!(actual.iter().zip(expected).all(is_close), "{shape:?} {actual:?} {expected:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn frozen_layers_below_get_no_gradient() {
        let layers = || [2, 3, 4].map(|seed| (tensor([4, 4], seed).autodiff(), tensor([4], 5 + seed).autodiff()));
        let x = || tensor([1, 3, 4], 1).autodiff();
        let bias = || tensor([1, 1, 1, 3], 2).autodiff();
        let tracked = x().require_grad();
        let mut grads = as_one_operation(tracked.clone(), layers(), bias(), None, 2).sum().backward();
        assert!(tracked.grad_remove(&mut grads).is_some());
        let mut trained = layers();
        trained[1].0 = trained[1].0.clone().require_grad();
        let mut grads = as_one_operation(x(), trained.clone(), bias(), None, 2).sum().backward();
        assert!(trained[1].0.grad_remove(&mut grads).is_some() && trained[0].0.grad_remove(&mut grads).is_none());
    }
}
