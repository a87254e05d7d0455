//! Rotary position embeddings (Su et al. 2021).

use std::f64::consts::TAU;
use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};

use crate::model::config::{Llama3Scaling, Rope};

/// Cosines and sines of each position's angles, `[seq, head_dim]`.
#[derive(Clone)]
pub(super) struct RotaryEmbedding {
    cos: Tensor<2>,
    sin: Tensor<2>,
}

impl RotaryEmbedding {
    pub(super) fn new(rope: Rope, positions: Range<usize>, head_dim: usize, device: &Device) -> Self {
        let frequencies = rope.frequencies(head_dim);
        let shape = [positions.len(), head_dim];
        let angles: Vec<f64> = positions
            .flat_map(|position| frequencies.iter().chain(&frequencies).map(move |each| position as f64 * each))
            .collect();
        let table = |function: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|&angle| function(angle) as f32).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self { cos: table(f64::cos), sin: table(f64::sin) }
    }

    /// Rotates each pair `(i, i + head_dim / 2)` of `x` `[batch, heads, seq, head_dim]` by its angle
    /// (`apply_rotary_pos_emb`).
    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, _, head_dim] = x.dims();
        let half = head_dim / 2;
        let (low, high) = (x.clone().narrow(3, 0, half), x.clone().narrow(3, half, half));
        let rotated = Tensor::cat(vec![-high, low], 3);
        x * self.cos.clone().unsqueeze::<4>() + rotated * self.sin.clone().unsqueeze::<4>()
    }
}

impl Rope {
    /// The angle between two neighboring positions for each pair of values, in radians: `[head_dim / 2]`.
    pub fn frequencies(self, head_dim: usize) -> Vec<f64> {
        let half = head_dim / 2;
        let plain = (0..half).map(|i| self.theta.powf(-(i as f64) / half as f64));
        plain.map(|frequency| self.scaling.map_or(frequency, |scaling| scaling.apply(frequency))).collect()
    }
}

impl Llama3Scaling {
    /// `_compute_llama3_parameters` of transformers.
    fn apply(self, frequency: f64) -> f64 {
        let waves = self.original_max_position_embeddings * frequency / TAU;
        let share = (waves - self.low_freq_factor) / (self.high_freq_factor - self.low_freq_factor);
        let share = share.clamp(0.0, 1.0);
        (1.0 - share) * frequency / self.factor + share * frequency
    }
}
