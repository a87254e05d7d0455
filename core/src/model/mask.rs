//! Attention masks, added to attention scores.

use burn::tensor::{Device, Tensor, TensorData};

/// Added to the score of a token that must not be attended to. It vanishes in the softmax, and a row without any visible
/// token stays finite.
pub(crate) const MASKED: f64 = -1e9;

/// Mask `[batch, 1, 1, seq]` of padding, from `attention_mask` `[batch, seq]`, which is 1 on tokens and 0 on padding.
pub(super) fn padding_mask(attention_mask: Tensor<2>) -> Tensor<4> {
    let [batch, seq] = attention_mask.dims();
    ((attention_mask - 1.0) * -MASKED).reshape([batch, 1, 1, seq])
}

/// Mask `[1, 1, seq, seq]` that lets a token attend to those at most `distance` away, on both sides.
pub(super) fn distance_mask(seq: usize, distance: usize, device: &Device) -> Tensor<4> {
    let value = |row: usize, column: usize| if row.abs_diff(column) <= distance { 0.0 } else { MASKED as f32 };
    let values: Vec<f32> = (0..seq).flat_map(|row| (0..seq).map(move |column| value(row, column))).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, seq, seq]), device)
}

/// Causal mask `[1, 1, seq, past + seq]` for `seq` tokens that follow `past` cached ones: 0 where a token may attend,
/// which is to itself and to earlier tokens; with a `window`, to the last tokens of that number, itself included.
pub(super) fn causal_mask(seq: usize, past: usize, window: Option<usize>, device: &Device) -> Tensor<4> {
    let all = past + seq;
    let value = |row: usize, column: usize| {
        let is_visible = column <= past + row && window.is_none_or(|window| column + window > past + row);
        if is_visible { 0.0 } else { MASKED as f32 }
    };
    let values: Vec<f32> = (0..seq).flat_map(|row| (0..all).map(move |column| value(row, column))).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, seq, all]), device)
}
