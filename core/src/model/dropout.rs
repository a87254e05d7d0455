//! Dropout (Srivastava et al. 2014): in training, a share of the values is set to 0 and the rest scaled up, so that
//! the mean stays.

use burn::tensor::{Device, Distribution, Tensor, TensorData};

use crate::recipe::RecipeSpec;
use crate::rng::{Rng, Stream};

/// Where masks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskSource {
    /// Our own generator: right for the CPU backend, whose own is several times slower.
    Host,
    /// The device's generator, seeded anew for every batch: a mask then need not be uploaded.
    Device,
}

/// What is switched off in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Hidden states: after the embeddings and both halves of a layer.
    HiddenStates,
    /// Attention weights.
    Attention,
    /// The sentence vector before the head.
    Head,
    /// The input of an adapter.
    Adapter,
}

/// The share of values that is switched off at each site, from 0 to below 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DropoutRates {
    /// Of hidden states.
    pub hidden: f64,
    /// Of attention weights.
    pub attention: f64,
    /// Of the sentence vector before the head.
    pub head: f64,
    /// Of the input of an adapter.
    pub adapter: f64,
}

impl DropoutRates {
    /// The same share everywhere.
    pub fn all(share: f64) -> Self {
        Self { hidden: share, attention: share, head: share, adapter: share }
    }

    /// The shares of a recipe.
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
    shares: DropoutRates,
    source: MaskSource,
    rng: Rng,
    seeded: bool,
}

impl Dropout {
    /// No dropout: for evaluation.
    pub fn off() -> Self {
        Self::new(DropoutRates::default(), MaskSource::Host, 0, 0)
    }

    /// The masks of batch number `batch` of a run.
    pub fn new(shares: DropoutRates, source: MaskSource, seed: u64, batch: u64) -> Self {
        Self { shares, source, rng: Rng::new(seed, Stream::Dropout, batch), seeded: false }
    }

    /// A second source that draws from here on what this one will draw.
    pub fn checkpoint(&mut self) -> Self {
        // A device is seeded anew by both, before their next mask.
        self.seeded = false;
        self.clone()
    }

    /// Draws the mask of values of `shape`. Before the values themselves are computed: a GPU can then mask them in the
    /// kernel that makes them.
    pub fn draw<const D: usize>(&mut self, site: Site, shape: [usize; D], device: &Device) -> Mask<D> {
        let share = self.shares.at(site);
        if share == 0.0 {
            return Mask(None);
        }
        let keep = 1.0 - share;
        let device = device.clone().inner();
        Mask(Some(match self.source {
            MaskSource::Host => {
                let mask = self.mask(share, shape.iter().product());
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

    /// `len` values that are 0 or 1/keep. A share is met to 1/65,536.
    fn mask(&mut self, share: f64, len: usize) -> Vec<f32> {
        let threshold = (share * 65_536.0).round() as u64;
        let kept = (1.0 / (1.0 - share)) as f32;
        let mut mask = Vec::with_capacity(len.next_multiple_of(4));
        while mask.len() < len {
            let bits = self.rng.next_u64();
            for lane in 0..4 {
                mask.push(if (bits >> (16 * lane)) & 0xFFFF >= threshold { kept } else { 0.0 });
            }
        }
        mask.truncate(len);
        mask
    }
}

/// Which values stay, and what they are multiplied with; nothing where there is no dropout.
#[derive(Clone, Debug)]
pub struct Mask<const D: usize>(Option<(Tensor<D>, f64)>);

impl<const D: usize> Mask<D> {
    /// Whether it changes anything.
    pub fn drops(&self) -> bool {
        self.0.is_some()
    }

    /// Switches values off.
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

    fn mask(share: f64, batch: u64, len: usize) -> Vec<f32> {
        Dropout::new(DropoutRates::all(share), MaskSource::Host, 1, batch).mask(share, len)
    }

    #[test]
    fn the_share_is_met_and_the_mean_stays() {
        let mask = mask(0.1, 1, 100_001);
        assert_eq!(mask.len(), 100_001);
        let off = mask.iter().filter(|&&value| value == 0.0).count() as f64 / mask.len() as f64;
        let mean = mask.iter().sum::<f32>() / mask.len() as f32;
        assert!((off - 0.1).abs() < 0.005 && (mean - 1.0).abs() < 0.005, "off {off}, mean {mean}");
    }

    #[test]
    fn a_batch_has_its_own_mask_and_always_the_same() {
        assert_eq!(mask(0.5, 1, 64), mask(0.5, 1, 64));
        assert_ne!(mask(0.5, 1, 64), mask(0.5, 2, 64));
    }

    #[test]
    fn each_site_has_its_own_share() {
        let device = Device::flex();
        let shares = DropoutRates { hidden: 0.0, attention: 0.9, head: 0.5, adapter: 0.0 };
        let mut dropout = Dropout::new(shares, MaskSource::Host, 1, 0);
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
