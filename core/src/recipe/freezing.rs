//! Which parts of the model learn when.

use std::collections::BTreeSet;

use super::{Place, RawRecipe, ThawUnit, Unfreezing};

/// The stages of a run: which parts are live in each, and what leads to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Freezing {
    stages: Vec<BTreeSet<Place>>,
    pace: Pace,
}

/// What leads from one stage to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many epochs, with fraction.
    Epochs(f64),
    /// So many optimiser steps.
    Steps(u32),
    /// So many evaluations in a row without improvement.
    Stall(u32),
}

impl Freezing {
    /// The stages of `recipe` for a model of `layers` layers. The pretrained pooler, where there is one, learns
    /// together with the head.
    pub fn new(recipe: &RawRecipe, layers: usize, has_pooler: bool) -> Self {
        let head = set([Place::Head].into_iter().chain(has_pooler.then_some(Place::Pooler)));
        let with_head = |parts: &[Place]| set(head.iter().chain(parts).copied());
        let embeddings = recipe.train_embeddings.then_some(Place::Embeddings);
        let all: Vec<Place> = embeddings.into_iter().chain((0..layers).map(Place::Layer)).collect();
        let stages = match recipe.unfreezing {
            Unfreezing::All => vec![with_head(&all)],
            Unfreezing::Head => vec![head],
            Unfreezing::Last => {
                let first = layers.saturating_sub(recipe.last_layers as usize);
                vec![with_head(&(first..layers).map(Place::Layer).collect::<Vec<_>>())]
            }
            Unfreezing::Gradual if recipe.thaw_order.is_empty() => {
                (0..=all.len()).rev().map(|first| with_head(&all[first..])).collect()
            }
            Unfreezing::Gradual => {
                let mut live = BTreeSet::new();
                let add = |group: &Vec<Place>| {
                    live.extend(group.iter().copied());
                    live.clone()
                };
                recipe.thaw_order.iter().map(add).collect()
            }
            // Felbo et al. 2017 (DeepMoji), section 3.3: what is new, each layer alone from the bottom, then all.
            Unfreezing::ChainThaw => {
                let alone = all.iter().map(|&part| set([part].into_iter()));
                [head.clone()].into_iter().chain(alone).chain([with_head(&all)]).collect()
            }
        };
        let pace = match recipe.thaw_unit {
            ThawUnit::Epochs => Pace::Epochs(recipe.thaw_every),
            ThawUnit::Steps => Pace::Steps((recipe.thaw_every.round() as u32).max(1)),
            ThawUnit::Stall => Pace::Stall((recipe.thaw_every.round() as u32).max(1)),
        };
        Self { stages, pace }
    }

    /// The parts that are live in each stage.
    pub fn stages(&self) -> &[BTreeSet<Place>] {
        &self.stages
    }

    /// What leads from one stage to the next.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The stage that a step (from 0) belongs to; none where it depends on the run.
    pub fn stage_at(&self, step: u32, steps_per_epoch: u32) -> Option<usize> {
        let last = self.stages.len() - 1;
        let steps = match self.pace {
            Pace::Epochs(epochs) => (epochs * f64::from(steps_per_epoch)).round().max(1.0) as u32,
            Pace::Steps(steps) => steps,
            Pace::Stall(_) => return (last == 0).then_some(0),
        };
        Some(((step / steps) as usize).min(last))
    }
}

/// Some parts as a set: one by one, because `collect` would bring a whole sort into the page's wasm.
fn set(parts: impl Iterator<Item = Place>) -> BTreeSet<Place> {
    let mut set = BTreeSet::new();
    set.extend(parts);
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(recipe: RawRecipe) -> Vec<String> {
        let written = |stage: &BTreeSet<Place>| stage.iter().map(Place::to_string).collect::<Vec<_>>().join(" ");
        Freezing::new(&recipe, 2, true).stages().iter().map(written).collect()
    }

    #[test]
    fn gradual_unfreezing_goes_from_the_head_down_and_keeps_what_is_live() {
        let recipe = RawRecipe { unfreezing: Unfreezing::Gradual, ..RawRecipe::default() };
        assert_eq!(stages(recipe.clone()), ["pooler head", "layer.1 pooler head", "layer.0 layer.1 pooler head"]);
        let all = stages(RawRecipe { train_embeddings: true, ..recipe });
        assert_eq!(all.last().map(String::as_str), Some("embeddings layer.0 layer.1 pooler head"));
    }

    #[test]
    fn an_order_of_ones_own_is_kept() {
        let thaw_order = vec![vec![Place::Head], vec![Place::Layer(0), Place::Layer(1)]];
        let recipe = RawRecipe { unfreezing: Unfreezing::Gradual, thaw_order, ..RawRecipe::default() };
        assert_eq!(stages(recipe), ["head", "layer.0 layer.1 head"]);
    }

    #[test]
    fn chain_thaw_trains_each_layer_alone_and_then_all() {
        let recipe = RawRecipe { unfreezing: Unfreezing::ChainThaw, ..RawRecipe::default() };
        assert_eq!(stages(recipe), ["pooler head", "layer.0", "layer.1", "layer.0 layer.1 pooler head"]);
    }

    #[test]
    fn a_stage_follows_from_the_step() {
        let recipe = |thaw_unit, thaw_every| RawRecipe {
            unfreezing: Unfreezing::Gradual,
            thaw_unit,
            thaw_every,
            ..RawRecipe::default()
        };
        let at = |recipe: &RawRecipe, step| Freezing::new(recipe, 2, false).stage_at(step, 10);
        let epochs = recipe(ThawUnit::Epochs, 0.5);
        assert_eq!([0, 4, 5, 10, 99].map(|step| at(&epochs, step)), [0, 0, 1, 2, 2].map(Some));
        let steps = recipe(ThawUnit::Steps, 3.0);
        assert_eq!([2, 3, 6].map(|step| at(&steps, step)), [0, 1, 2].map(Some));
        assert_eq!(at(&recipe(ThawUnit::Stall, 2.0), 50), None);
    }
}
