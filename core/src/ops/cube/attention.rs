//! The parts of self-attention that are no products.

use burn::backend::wgpu::CubeBackend;
use burn::tensor::Shape;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use hone_kernels::DropoutMask;

use crate::ops::attention::{AttentionOps, HeadShape, Projections};
use crate::ops::cube::dropout::{Mask, argument, factor};
use crate::ops::cube::reduce::{max_of_units, sum_of_units};
use crate::ops::cube::{cubes_of_rows, cubes_of_values, empty, len, rows_and_size};

/// Units of a workgroup that handles one value a unit.
const UNITS: u32 = 256;
/// Units that share a row of attention weights.
const ROW_UNITS: u32 = 64;

impl AttentionOps for CubeBackend {
    fn side_by_side(first: CubeTensor, second: CubeTensor, third: CubeTensor) -> CubeTensor {
        let [first, second, third] = [first, second, third].map(into_contiguous);
        let (rows, size) = rows_and_size(&first);
        let out = empty(&first, Shape::from([rows, 3 * size]));
        side_by_side_kernel::launch(
            &out.client,
            cubes_of_values(rows * size, UNITS),
            CubeDim::new_1d(UNITS),
            first.into_tensor_arg(),
            second.into_tensor_arg(),
            third.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            rows * size,
            size,
        );
        out
    }

    fn apart(weight: CubeTensor, bias: CubeTensor) -> Projections<Self> {
        let [weight, bias] = [weight, bias].map(into_contiguous);
        let size = len(&bias) / 3;
        let rows = len(&weight) / (3 * size);
        let [query_weight, key_weight, value_weight] = [(); 3].map(|()| empty(&weight, Shape::from([rows, size])));
        let [query_bias, key_bias, value_bias] = [(); 3].map(|()| empty(&weight, Shape::from([size])));
        apart_kernel::launch(
            &query_weight.client,
            cubes_of_values(rows * size, UNITS),
            CubeDim::new_1d(UNITS),
            weight.into_tensor_arg(),
            bias.into_tensor_arg(),
            query_weight.clone().into_tensor_arg(),
            key_weight.clone().into_tensor_arg(),
            value_weight.clone().into_tensor_arg(),
            query_bias.clone().into_tensor_arg(),
            key_bias.clone().into_tensor_arg(),
            value_bias.clone().into_tensor_arg(),
            rows * size,
            size,
        );
        Projections { query_weight, key_weight, value_weight, query_bias, key_bias, value_bias }
    }

    fn split_heads(
        packed: CubeTensor,
        query_bias: CubeTensor,
        key_bias: CubeTensor,
        value_bias: CubeTensor,
        shape: HeadShape,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        let [packed, query_bias, key_bias, value_bias] =
            [packed, query_bias, key_bias, value_bias].map(into_contiguous);
        let [query, key, value] = [(); 3].map(|()| empty(&packed, shape.of_heads()));
        let values = len(&query);
        split_heads_kernel::launch(
            &query.client,
            cubes_of_values(values, UNITS),
            CubeDim::new_1d(UNITS),
            packed.into_tensor_arg(),
            query_bias.into_tensor_arg(),
            key_bias.into_tensor_arg(),
            value_bias.into_tensor_arg(),
            query.clone().into_tensor_arg(),
            key.clone().into_tensor_arg(),
            value.clone().into_tensor_arg(),
            values,
            shape.seq,
            shape.heads,
            shape.head_dim,
        );
        (query, key, value)
    }

    fn merge_heads(query: CubeTensor, key: CubeTensor, value: CubeTensor, shape: HeadShape) -> CubeTensor {
        let [query, key, value] = [query, key, value].map(into_contiguous);
        let out = empty(&query, shape.of_rows(3 * shape.hidden()));
        let values = len(&query);
        merge_heads_kernel::launch(
            &out.client,
            cubes_of_values(values, UNITS),
            CubeDim::new_1d(UNITS),
            query.into_tensor_arg(),
            key.into_tensor_arg(),
            value.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            values,
            shape.seq,
            shape.heads,
            shape.head_dim,
        );
        out
    }

    fn attention_weights(
        scores: CubeTensor,
        bias: CubeTensor,
        mask: Option<DropoutMask>,
        scale: f32,
    ) -> (CubeTensor, CubeTensor) {
        let [scores, bias] = [scores, bias].map(into_contiguous);
        let (rows, size) = rows_and_size(&scores);
        let dims = [1, 2].map(|dim| scores.meta.shape().as_slice()[dim]);
        // A dimension of 1 is repeated: a step along it leads nowhere.
        let of_bias = [0, 2].map(|dim| bias.meta.shape().as_slice()[dim]);
        let step_of_seq = if of_bias[1] == 1 { 0 } else { size };
        let step_of_batch = if of_bias[0] == 1 { 0 } else { of_bias[1] * size };
        let weights = empty(&scores, scores.meta.shape().clone());
        let is_dropping = mask.is_some();
        let dropped =
            if is_dropping { empty(&scores, scores.meta.shape().clone()) } else { empty(&scores, Shape::from([1])) };
        attention_weights_kernel::launch(
            &weights.client,
            cubes_of_rows(rows),
            CubeDim::new_1d(ROW_UNITS),
            scores.into_tensor_arg(),
            bias.into_tensor_arg(),
            weights.clone().into_tensor_arg(),
            dropped.clone().into_tensor_arg(),
            argument(mask),
            scale,
            rows,
            size,
            dims[0],
            dims[1],
            step_of_batch,
            step_of_seq,
            is_dropping,
            ROW_UNITS,
        );
        let dropped = if is_dropping { dropped } else { weights.clone() };
        (weights, dropped)
    }

    fn attention_weights_backward(
        weights: CubeTensor,
        grad: CubeTensor,
        mask: Option<DropoutMask>,
        scale: f32,
    ) -> CubeTensor {
        let [weights, grad] = [weights, grad].map(into_contiguous);
        let (rows, size) = rows_and_size(&weights);
        let out = empty(&weights, weights.meta.shape().clone());
        backward_kernel::launch(
            &out.client,
            cubes_of_rows(rows),
            CubeDim::new_1d(ROW_UNITS),
            weights.into_tensor_arg(),
            grad.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            argument(mask),
            scale,
            rows,
            size,
            mask.is_some(),
            ROW_UNITS,
        );
        out
    }
}

#[cube(launch)]
fn side_by_side_kernel(
    first: &Tensor<f32>,
    second: &Tensor<f32>,
    third: &Tensor<f32>,
    out: &mut Tensor<f32>,
    len: usize,
    size: usize,
) {
    let mut i = ABSOLUTE_POS;
    let step = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    while i < len {
        let to = i / size * size * 3 + i % size;
        out[to] = first[i];
        out[to + size] = second[i];
        out[to + 2 * size] = third[i];
        i += step;
    }
}

#[cube(launch)]
fn apart_kernel(
    weight: &Tensor<f32>,
    bias: &Tensor<f32>,
    first: &mut Tensor<f32>,
    second: &mut Tensor<f32>,
    third: &mut Tensor<f32>,
    first_bias: &mut Tensor<f32>,
    second_bias: &mut Tensor<f32>,
    third_bias: &mut Tensor<f32>,
    len: usize,
    size: usize,
) {
    let mut i = ABSOLUTE_POS;
    let step = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    while i < len {
        let from = i / size * size * 3 + i % size;
        first[i] = weight[from];
        second[i] = weight[from + size];
        third[i] = weight[from + 2 * size];
        if i < size {
            first_bias[i] = bias[i];
            second_bias[i] = bias[i + size];
            third_bias[i] = bias[i + 2 * size];
        }
        i += step;
    }
}

/// Place of a value `[batch, heads, seq, head_dim]` in `[batch · seq, 3 · hidden]`, for the first of the three parts.
#[cube]
fn place_in_rows(i: usize, seq: usize, heads: usize, head_dim: usize) -> usize {
    let column = i % head_dim;
    let row = i / head_dim;
    let token = row % seq;
    let head = row / seq % heads;
    let batch = row / seq / heads;
    ((batch * seq + token) * 3 * heads + head) * head_dim + column
}

#[cube(launch)]
fn split_heads_kernel(
    packed: &Tensor<f32>,
    query_bias: &Tensor<f32>,
    key_bias: &Tensor<f32>,
    value_bias: &Tensor<f32>,
    query: &mut Tensor<f32>,
    key: &mut Tensor<f32>,
    value: &mut Tensor<f32>,
    len: usize,
    seq: usize,
    heads: usize,
    head_dim: usize,
) {
    let mut i = ABSOLUTE_POS;
    let step = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    let hidden = heads * head_dim;
    while i < len {
        let from = place_in_rows(i, seq, heads, head_dim);
        let column = from % hidden;
        query[i] = packed[from] + query_bias[column];
        key[i] = packed[from + hidden] + key_bias[column];
        value[i] = packed[from + 2 * hidden] + value_bias[column];
        i += step;
    }
}

#[cube(launch)]
fn merge_heads_kernel(
    query: &Tensor<f32>,
    key: &Tensor<f32>,
    value: &Tensor<f32>,
    packed: &mut Tensor<f32>,
    len: usize,
    seq: usize,
    heads: usize,
    head_dim: usize,
) {
    let mut i = ABSOLUTE_POS;
    let step = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    let hidden = heads * head_dim;
    while i < len {
        let to = place_in_rows(i, seq, heads, head_dim);
        packed[to] = query[i];
        packed[to + hidden] = key[i];
        packed[to + 2 * hidden] = value[i];
        i += step;
    }
}

/// One workgroup for each row of scores.
#[cube(launch)]
fn attention_weights_kernel(
    scores: &Tensor<f32>,
    bias: &Tensor<f32>,
    weights: &mut Tensor<f32>,
    dropped: &mut Tensor<f32>,
    mask: Mask,
    scale: f32,
    rows: usize,
    size: usize,
    heads: usize,
    seq: usize,
    step_of_batch: usize,
    step_of_seq: usize,
    #[comptime] is_dropping: bool,
    #[comptime] units: u32,
) {
    let mut shared = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let step = units as usize;
    let mut row = CUBE_POS;
    while row < rows {
        let begin = row * size;
        let bias_begin = row / seq / heads * step_of_batch + row % seq * step_of_seq;
        let mut largest = scores[begin] * scale + bias[bias_begin];
        let mut i = UNIT_POS as usize;
        while i < size {
            let score = scores[begin + i] * scale + bias[bias_begin + i];
            if score > largest {
                largest = score;
            }
            i += step;
        }
        let largest = max_of_units(&mut shared, largest, units);
        let mut sum = 0.0f32;
        i = UNIT_POS as usize;
        while i < size {
            let value = (scores[begin + i] * scale + bias[bias_begin + i] - largest).exp();
            weights[begin + i] = value;
            sum += value;
            i += step;
        }
        let inverse = 1.0 / sum_of_units(&mut shared, sum, units);
        i = UNIT_POS as usize;
        while i < size {
            let weight = weights[begin + i] * inverse;
            weights[begin + i] = weight;
            if comptime!(is_dropping) {
                dropped[begin + i] = weight * factor(&mask, begin + i, is_dropping);
            }
            i += step;
        }
        row += CUBE_COUNT;
    }
}

#[cube(launch)]
fn backward_kernel(
    weights: &Tensor<f32>,
    grad: &Tensor<f32>,
    out: &mut Tensor<f32>,
    mask: Mask,
    scale: f32,
    rows: usize,
    size: usize,
    #[comptime] is_dropping: bool,
    #[comptime] units: u32,
) {
    let mut shared = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let step = units as usize;
    let mut row = CUBE_POS;
    while row < rows {
        let begin = row * size;
        let mut sum = 0.0f32;
        let mut i = UNIT_POS as usize;
        while i < size {
            sum += weights[begin + i] * grad[begin + i] * factor(&mask, begin + i, is_dropping);
            i += step;
        }
        let sum = sum_of_units(&mut shared, sum, units);
        i = UNIT_POS as usize;
        while i < size {
            let slope = grad[begin + i] * factor(&mask, begin + i, is_dropping);
            out[begin + i] = weights[begin + i] * (slope - sum) * scale;
            i += step;
        }
        row += CUBE_COUNT;
    }
}
