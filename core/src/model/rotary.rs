//! Rotary position embeddings (Su et al. 2021).

use std::f64::consts::TAU;
use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};

use crate::model::config::{Llama3Scaling, Rope, RopeScaling, YarnScaling};
use crate::ops::rotated_heads;

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
        let factor = rope.attention_factor();
        let table = |function: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|&angle| (factor * function(angle)) as f32).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self { cos: table(f64::cos), sin: table(f64::sin) }
    }

    /// The heads `[batch, heads, seq, head_dim]` of `x` `[batch, seq, heads, head_dim]`, rotated by each position's angles.
    pub(super) fn heads_of(&self, x: Tensor<4>) -> Tensor<4> {
        rotated_heads(x, self.cos.clone(), self.sin.clone())
    }
}

impl Rope {
    /// The angle between two neighboring positions for each pair of values, in radians: `[head_dim / 2]`.
    pub fn frequencies(self, head_dim: usize) -> Vec<f64> {
        let half = head_dim / 2;
        let plain = (0..half).map(|i| self.theta.powf(-(i as f64) / half as f64));
        match self.scaling {
            None => plain.collect(),
            Some(RopeScaling::Linear(factor)) => plain.map(|frequency| frequency / factor).collect(),
            Some(RopeScaling::Llama3(scaling)) => plain.map(|frequency| scaling.apply(frequency)).collect(),
            Some(RopeScaling::Yarn(scaling)) => {
                let kept = scaling.kept(self.theta, head_dim);
                let scaled = |(i, each): (usize, f64)| kept(i) * each + (1.0 - kept(i)) * each / scaling.factor;
                plain.enumerate().map(scaled).collect()
            }
        }
    }

    /// Factor of cosines and sines.
    pub fn attention_factor(self) -> f64 {
        match self.scaling {
            Some(RopeScaling::Yarn(scaling)) => scaling.attention_factor,
            _ => 1.0,
        }
    }
}

impl YarnScaling {
    /// The share of each pair's own frequency in its new one: `_compute_yarn_parameters` of transformers.
    fn kept(self, theta: f64, head_dim: usize) -> impl Fn(usize) -> f64 {
        // The pair that rotates this often within the texts of pretraining, in fractions of pairs.
        let pair_of = |rotations: f64| {
            let wavelength = self.original_max_position_embeddings / (rotations * TAU);
            head_dim as f64 * wavelength.ln() / (2.0 * theta.ln())
        };
        let (first, last) = (pair_of(self.beta_fast), pair_of(self.beta_slow));
        let (first, last) = if self.is_truncated { (first.floor(), last.ceil()) } else { (first, last) };
        let (first, last) = (first.max(0.0), last.min(head_dim as f64 - 1.0));
        let width = if first == last { 1e-3 } else { last - first };
        move |pair| 1.0 - ((pair as f64 - first) / width).clamp(0.0, 1.0)
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
