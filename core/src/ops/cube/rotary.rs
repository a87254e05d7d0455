//! Rotary position embeddings: one unit for each pair of values.

use burn::tensor::Shape;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::ops::cube::{cubes_of_values, empty, len};

const UNITS: u32 = 256;

/// Reads `[batch, seq, heads, size]` and writes `[batch, heads, seq, size]`, or the other way around, rotated backward,
/// if it `is_backward`.
#[cube(launch)]
fn rotary_kernel(
    x: &Tensor<f32>,
    cos: &Tensor<f32>,
    sin: &Tensor<f32>,
    out: &mut Tensor<f32>,
    pairs: usize,
    seq: usize,
    heads: usize,
    size: usize,
    #[comptime] is_backward: bool,
) {
    let half = size / 2;
    let mut pair = ABSOLUTE_POS;
    let step = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    while pair < pairs {
        let column = pair % half;
        let row = pair / half;
        let token = row % seq;
        let head = row / seq % heads;
        let batch = row / seq / heads;
        let of_head = row * size + column;
        let of_token = ((batch * seq + token) * heads + head) * size + column;
        let angle = token * size + column;
        if comptime!(is_backward) {
            let (low, high) = (x[of_head], x[of_head + half]);
            out[of_token] = low * cos[angle] + high * sin[angle + half];
            out[of_token + half] = high * cos[angle + half] - low * sin[angle];
        } else {
            let (low, high) = (x[of_token], x[of_token + half]);
            out[of_head] = low * cos[angle] - high * sin[angle];
            out[of_head + half] = high * cos[angle + half] + low * sin[angle + half];
        }
        pair += step;
    }
}

/// Heads `[batch, heads, seq, head_dim]` of `[batch, seq, heads, head_dim]`.
pub(super) fn rotated_heads(x: CubeTensor, cos: CubeTensor, sin: CubeTensor) -> CubeTensor {
    let dims = dims(&x);
    let [_, seq, heads, _] = dims;
    launch(x, cos, sin, dims, [seq, heads], false)
}

/// The gradient `[batch, seq, heads, head_dim]` from that of the heads `[batch, heads, seq, head_dim]`.
pub(super) fn rotated_heads_backward(grad: CubeTensor, cos: CubeTensor, sin: CubeTensor) -> CubeTensor {
    let dims = dims(&grad);
    let [_, heads, seq, _] = dims;
    launch(grad, cos, sin, dims, [seq, heads], true)
}

fn launch(
    x: CubeTensor,
    cos: CubeTensor,
    sin: CubeTensor,
    [batch, second, third, size]: [usize; 4],
    [seq, heads]: [usize; 2],
    is_backward: bool,
) -> CubeTensor {
    let [x, cos, sin] = [x, cos, sin].map(into_contiguous);
    let out = empty(&x, Shape::from([batch, third, second, size]));
    let pairs = len(&x) / 2;
    rotary_kernel::launch(
        &out.client,
        cubes_of_values(pairs, UNITS),
        CubeDim::new_1d(UNITS),
        x.into_tensor_arg(),
        cos.into_tensor_arg(),
        sin.into_tensor_arg(),
        out.clone().into_tensor_arg(),
        pairs,
        seq,
        heads,
        size,
        is_backward,
    );
    out
}

fn dims(x: &CubeTensor) -> [usize; 4] {
    let dims = x.meta.shape().as_slice();
    [dims[0], dims[1], dims[2], dims[3]]
}
