//! The keys and values of earlier tokens, so that each new token costs one token's work.

use burn::tensor::Tensor;

/// Keys and values of every layer, each `[batch, heads, tokens, head_dim]`.
#[derive(Clone, Debug, Default)]
pub struct KvCache {
    layers: Vec<(Tensor<4>, Tensor<4>)>,
}

impl KvCache {
    /// Number of cached tokens.
    pub fn tokens(&self) -> usize {
        self.layers.first().map_or(0, |(key, _)| key.dims()[2])
    }

    /// Appends the keys and values `[batch, heads, seq, head_dim]` of new tokens to a layer's and returns all of them.
    /// Layers are extended in order.
    pub(super) fn extend(&mut self, layer: usize, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let all = match self.layers.get(layer) {
            None => (key, value),
            Some((keys, values)) => {
                (Tensor::cat(vec![keys.clone(), key], 2), Tensor::cat(vec![values.clone(), value], 2))
            }
        };
        match self.layers.get_mut(layer) {
            Some(cached) => *cached = all.clone(),
            None => self.layers.push(all.clone()),
        }
        all
    }
}
