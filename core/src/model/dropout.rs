//! Dropout (Srivastava et al. 2014): in training, a share of the values is set to 0 and the rest scaled up, so that
//! the mean stays.

use burn::tensor::{Device, Distribution, Tensor, TensorData};

use crate::rng::{Purpose, Rng};

/// Where masks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskSource {
    /// Our own generator: right for the CPU backend, whose own is several times slower.
    Host,
    /// The device's generator, seeded anew for every step: a mask then need not be uploaded.
    Device,
}

/// Draws the masks of one training step.
#[derive(Clone, Debug)]
pub struct Dropout {
    share: f64,
    source: MaskSource,
    rng: Rng,
    seeded: bool,
}

impl Dropout {
    /// No dropout: for evaluation.
    pub fn off() -> Self {
        Self { share: 0.0, source: MaskSource::Host, rng: Rng::new(0, Purpose::Dropout, 0), seeded: true }
    }

    /// The masks of batch number `batch` of a run: `share` of the values is switched off.
    pub fn new(share: f64, source: MaskSource, seed: u64, batch: u64) -> Self {
        Self { share, source, rng: Rng::new(seed, Purpose::Dropout, batch), seeded: false }
    }

    /// Draws the mask of values of `shape`. Before the values themselves are computed: a GPU can then mask them in the
    /// kernel that makes them.
    pub fn draw<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Mask<D> {
        if self.share == 0.0 {
            return Mask(None);
        }
        let keep = 1.0 - self.share;
        let device = device.clone().inner();
        Mask(Some(match self.source {
            MaskSource::Host => {
                (Tensor::from_data(TensorData::new(self.mask(shape.iter().product()), shape), &device), 1.0)
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
    fn mask(&mut self, len: usize) -> Vec<f32> {
        let threshold = (self.share * 65_536.0).round() as u64;
        let kept = (1.0 / (1.0 - self.share)) as f32;
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

    #[test]
    fn the_share_is_met_and_the_mean_stays() {
        let mask = Dropout::new(0.1, MaskSource::Host, 1, 1).mask(100_001);
        assert_eq!(mask.len(), 100_001);
        let off = mask.iter().filter(|&&value| value == 0.0).count() as f64 / mask.len() as f64;
        let mean = mask.iter().sum::<f32>() / mask.len() as f32;
        assert!((off - 0.1).abs() < 0.005 && (mean - 1.0).abs() < 0.005, "off {off}, mean {mean}");
    }

    #[test]
    fn a_batch_has_its_own_mask_and_always_the_same() {
        let draw = |batch| Dropout::new(0.5, MaskSource::Host, 1, batch).mask(64);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
