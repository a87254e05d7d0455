//! Dropout (Srivastava et al. 2014): in training, each value is set to 0 with probability `p`, and the others are scaled
//! up by `1 / (1 - p)` to keep the mean.

use crate::ops::DropoutMask;
use crate::recipe::RecipeSpec;
use crate::rng::{Rng, Stream};

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

/// Draws the masks of one training batch. A copy draws the same masks as the original from there on.
#[derive(Clone, Debug)]
pub struct Dropout {
    rates: DropoutRates,
    rng: Rng,
}

impl Dropout {
    /// No dropout, for evaluation.
    pub fn off() -> Self {
        Self::new(DropoutRates::default(), 0, 0)
    }

    /// The masks of a run's batch number `batch`.
    pub fn new(rates: DropoutRates, seed: u64, batch: u64) -> Self {
        Self { rates, rng: Rng::new(seed, Stream::Dropout, batch) }
    }

    /// Draws the next mask; `None` if nothing is dropped at the site.
    pub fn draw(&mut self, site: Site) -> Option<DropoutMask> {
        let p = self.rates.at(site);
        (p > 0.0).then(|| DropoutMask::new(p, self.rng.next_u64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_batch_has_its_own_reproducible_masks() {
        let draw = |batch| {
            let mut dropout = Dropout::new(DropoutRates::uniform(0.5), 1, batch);
            [Site::HiddenStates, Site::Attention].map(|site| dropout.draw(site))
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(1)[0], draw(1)[1]);
    }

    #[test]
    fn each_site_has_its_own_probability() {
        let rates = DropoutRates { hidden: 0.0, attention: 0.9, head: 0.5, adapter: 0.0 };
        let mut dropout = Dropout::new(rates, 1, 0);
        let mut scale = |site| dropout.draw(site).map(|mask| mask.scale.round());
        let sites = [Site::HiddenStates, Site::Attention, Site::Head, Site::Adapter];
        assert_eq!(sites.map(&mut scale), [None, Some(10.0), Some(2.0), None]);
    }

    #[test]
    fn a_copy_draws_the_same_masks() {
        let mut dropout = Dropout::new(DropoutRates::uniform(0.1), 1, 0);
        let mut copy = dropout.clone();
        assert_eq!(dropout.draw(Site::Head), copy.draw(Site::Head));
    }
}
