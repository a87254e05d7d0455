//! What a decoder keeps of the tokens before, so that each new one costs one token's work.

use burn::tensor::{Device, Tensor, TensorData};

use crate::model::base_model::MASKED;

/// Keys and values `[batch, heads, tokens, size]` of every layer.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    layers: Vec<(Tensor<4>, Tensor<4>)>,
}

impl Cache {
    /// Tokens in it.
    pub fn tokens(&self) -> usize {
        self.layers.first().map_or(0, |(key, _)| key.dims()[2])
    }

    /// Adds the keys and values of new tokens to a layer's, and gives all of them. Layers come in their order.
    pub(super) fn extend(&mut self, layer: usize, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let all = match self.layers.get(layer) {
            None => (key, value),
            Some((keys, values)) => {
                (Tensor::cat(vec![keys.clone(), key], 2), Tensor::cat(vec![values.clone(), value], 2))
            }
        };
        match self.layers.get_mut(layer) {
            Some(kept) => *kept = all.clone(),
            None => self.layers.push(all.clone()),
        }
        all
    }
}

/// `[1, 1, seq, before + seq]`, added to attention scores: 0 on what a token may see, itself and those before it.
pub(super) fn causal_bias(seq: usize, before: usize, device: &Device) -> Tensor<4> {
    let all = before + seq;
    let bias = |row: usize, column: usize| if column <= before + row { 0.0 } else { MASKED as f32 };
    let values: Vec<f32> = (0..seq).flat_map(|row| (0..all).map(move |column| bias(row, column))).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, seq, all]), device)
}
