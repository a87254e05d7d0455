//! Dropout (Srivastava et al. 2014): in training, each value is set to 0 with probability `p`, and the others are scaled
//! up by `1 / (1 - p)` to keep the mean.

use burn::tensor::{Device, Distribution, Tensor, TensorData};

use crate::recipe::RecipeSpec;
use crate::rng::{Rng, Stream};

/// The generator of the masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskSource {
    /// Hone's own generator, for the CPU backend, whose generator is several times slower.
    Host,
    /// The device's generator, reseeded for every batch, so that no mask has to be uploaded.
    Device,
}

/// A place in the model where dropout applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Hidden states: after the embeddings, the attention and the feed-forward block.
    HiddenStates,
    /// Attention weights.
    Attention,
    /// The input of the head.
    Head,
    /// The input of an adapter.
    Adapter,
}

/// The probability `p` that a value is dropped at each site, in `[0, 1)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DropoutRates {
    /// Probability for hidden states.
    pub hidden: f64,
    /// Probability for attention weights.
    pub attention: f64,
    /// Probability for the input of the head.
    pub head: f64,
    /// Probability for the input of an adapter.
    pub adapter: f64,
}

impl DropoutRates {
    /// The same probability at every site.
    pub fn uniform(p: f64) -> Self {
        Self { hidden: p, attention: p, head: p, adapter: p }
    }

    /// The probabilities of a recipe.
    pub fn of(recipe: &RecipeSpec) -> Self {
        Self {
            hidden: recipe.dropout,
            attention: recipe.attention_dropout,
            head: recipe.head_dropout,
            adapter: recipe.lora_dropout,
        }
    }

    fn at(self, site: Site) -> f64 {
        match site {
            Site::HiddenStates => self.hidden,
            Site::Attention => self.attention,
            Site::Head => self.head,
            Site::Adapter => self.adapter,
        }
    }
}

/// Draws the masks of one training batch.
#[derive(Clone, Debug)]
pub struct Dropout {
    rates: DropoutRates,
    source: MaskSource,
    rng: Rng,
    seeded: bool,
}

impl Dropout {
    /// No dropout, for evaluation.
    pub fn off() -> Self {
        Self::new(DropoutRates::default(), MaskSource::Host, 0, 0)
    }

    /// The masks of a run's batch number `batch`.
    pub fn new(rates: DropoutRates, source: MaskSource, seed: u64, batch: u64) -> Self {
        Self { rates, source, rng: Rng::new(seed, Stream::Dropout, batch), seeded: false }
    }

    /// A copy that will draw the same masks as this one from here on.
    pub fn checkpoint(&mut self) -> Self {
        // Both reseed the device before their next mask.
        self.seeded = false;
        self.clone()
    }

    /// Draws the mask for values of `shape`. Draw it before computing the values: a GPU can then apply it in the kernel
    /// that computes them.
    pub fn draw<const D: usize>(&mut self, site: Site, shape: [usize; D], device: &Device) -> Mask<D> {
        let p = self.rates.at(site);
        if p == 0.0 {
            return Mask(None);
        }
        let keep = 1.0 - p;
        let device = device.clone().inner();
        Mask(Some(match self.source {
            MaskSource::Host => {
                let mask = self.mask(p, shape.iter().product());
                (Tensor::from_data(TensorData::new(mask, shape), &device), 1.0)
            }
            MaskSource::Device => {
                if !std::mem::replace(&mut self.seeded, true) {
                    device.seed(self.rng.next_u64());
                }
                (Tensor::random(shape, Distribution::Bernoulli(keep), &device), 1.0 / keep)
            }
        }))
    }

    /// `len` values that are 0 with probability `p`, to 1/65,536, and `1 / (1 - p)` otherwise.
    fn mask(&mut self, p: f64, len: usize) -> Vec<f32> {
        let threshold = (p * 65_536.0).round() as u64;
        let scale = (1.0 / (1.0 - p)) as f32;
        let mut mask = Vec::with_capacity(len.next_multiple_of(4));
        while mask.len() < len {
            let bits = self.rng.next_u64();
            for lane in 0..4 {
                mask.push(if (bits >> (16 * lane)) & 0xFFFF >= threshold { scale } else { 0.0 });
            }
        }
        mask.truncate(len);
        mask
    }
}

/// A mask and the factor of the values that are kept; `None` without dropout.
#[derive(Clone, Debug)]
pub struct Mask<const D: usize>(Option<(Tensor<D>, f64)>);

impl<const D: usize> Mask<D> {
    /// Returns true if the mask can drop values.
    pub fn is_dropping(&self) -> bool {
        self.0.is_some()
    }

    /// The mask and the factor of the values that are kept; `None` without dropout.
    pub(crate) fn into_parts(self) -> Option<(Tensor<D>, f64)> {
        self.0
    }

    /// Applies the mask.
    pub fn apply(self, values: Tensor<D>) -> Tensor<D> {
        match self.0 {
            None => values,
            Some((mask, 1.0)) => values * mask,
            Some((mask, factor)) => values * factor * mask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(p: f64, batch: u64, len: usize) -> Vec<f32> {
        Dropout::new(DropoutRates::uniform(p), MaskSource::Host, 1, batch).mask(p, len)
    }

    #[test]
    fn values_are_dropped_with_probability_p_and_the_mean_is_kept() {
        let mask = mask(0.1, 1, 100_001);
        assert_eq!(mask.len(), 100_001);
        let off = mask.iter().filter(|&&value| value == 0.0).count() as f64 / mask.len() as f64;
        let mean = mask.iter().sum::<f32>() / mask.len() as f32;
        assert!((off - 0.1).abs() < 0.005 && (mean - 1.0).abs() < 0.005, "off {off}, mean {mean}");
    }

    #[test]
    fn each_batch_has_its_own_reproducible_mask() {
        assert_eq!(mask(0.5, 1, 64), mask(0.5, 1, 64));
        assert_ne!(mask(0.5, 1, 64), mask(0.5, 2, 64));
    }

    #[test]
    fn each_site_has_its_own_probability() {
        let device = Device::flex();
        let rates = DropoutRates { hidden: 0.0, attention: 0.9, head: 0.5, adapter: 0.0 };
        let mut dropout = Dropout::new(rates, MaskSource::Host, 1, 0);
        let mut kept = |site| {
            let values = dropout.draw(site, [10_000], &device).apply(Tensor::<1>::ones([10_000], &device));
            let values: Vec<f32> = values.into_data().try_into_vec().unwrap();
            values.iter().filter(|&&value| value != 0.0).count() as f64 / 1e4
        };
        assert_eq!((kept(Site::HiddenStates), kept(Site::Adapter)), (1.0, 1.0));
        assert!((kept(Site::Attention) - 0.1).abs() < 0.02);
        assert!((kept(Site::Head) - 0.5).abs() < 0.02);
    }
}
