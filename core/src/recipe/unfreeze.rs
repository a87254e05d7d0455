//! Which parts of the model learn when.

use std::collections::BTreeSet;

use crate::recipe::{ParamGroup, RecipeSpec, UnfreezeUnit, Unfreezing};

/// The stages of a run: which parts are live in each, and what leads to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct UnfreezeSchedule {
    stages: Vec<BTreeSet<ParamGroup>>,
    trigger: UnfreezeTrigger,
}

/// What leads from one stage to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnfreezeTrigger {
    /// So many epochs, with fraction.
    Epochs(f64),
    /// So many optimizer steps.
    Steps(u32),
    /// So many evaluations in a row without improvement.
    Stall(u32),
}

impl UnfreezeSchedule {
    /// The stages of `recipe` for a model of `layers` layers. The pretrained pooler, where there is one, learns
    /// together with the head.
    pub fn new(recipe: &RecipeSpec, layers: usize, has_pooler: bool) -> Self {
        let head = set([ParamGroup::Head].into_iter().chain(has_pooler.then_some(ParamGroup::Pooler)));
        let with_head = |parts: &[ParamGroup]| set(head.iter().chain(parts).copied());
        let embeddings = recipe.train_embeddings.then_some(ParamGroup::Embeddings);
        let all: Vec<ParamGroup> = embeddings.into_iter().chain((0..layers).map(ParamGroup::Layer)).collect();
        let stages = match recipe.unfreezing {
            Unfreezing::All => vec![with_head(&all)],
            Unfreezing::Head => vec![head],
            Unfreezing::Last => {
                let first = layers.saturating_sub(recipe.last_layers as usize);
                vec![with_head(&(first..layers).map(ParamGroup::Layer).collect::<Vec<_>>())]
            }
            Unfreezing::Gradual if recipe.unfreeze_order.is_empty() => {
                (0..=all.len()).rev().map(|first| with_head(&all[first..])).collect()
            }
            Unfreezing::Gradual => {
                let mut trainable = BTreeSet::new();
                let add = |group: &Vec<ParamGroup>| {
                    trainable.extend(group.iter().copied());
                    trainable.clone()
                };
                recipe.unfreeze_order.iter().map(add).collect()
            }
            // Felbo et al. 2017 (DeepMoji), section 3.3: what is new, each layer alone from the bottom, then all.
            Unfreezing::ChainThaw => {
                let alone = all.iter().map(|&part| set([part].into_iter()));
                [head.clone()].into_iter().chain(alone).chain([with_head(&all)]).collect()
            }
        };
        let trigger = match recipe.unfreeze_unit {
            UnfreezeUnit::Epochs => UnfreezeTrigger::Epochs(recipe.unfreeze_every),
            UnfreezeUnit::Steps => UnfreezeTrigger::Steps((recipe.unfreeze_every.round() as u32).max(1)),
            UnfreezeUnit::Stall => UnfreezeTrigger::Stall((recipe.unfreeze_every.round() as u32).max(1)),
        };
        Self { stages, trigger }
    }

    /// The parts that are live in each stage.
    pub fn stages(&self) -> &[BTreeSet<ParamGroup>] {
        &self.stages
    }

    /// What leads from one stage to the next.
    pub fn trigger(&self) -> UnfreezeTrigger {
        self.trigger
    }

    /// The stage that a step (from 0) belongs to; none where it depends on the run.
    pub fn stage_at(&self, step: u32, steps_per_epoch: u32) -> Option<usize> {
        let last = self.stages.len() - 1;
        let steps = match self.trigger {
            UnfreezeTrigger::Epochs(epochs) => (epochs * f64::from(steps_per_epoch)).round().max(1.0) as u32,
            UnfreezeTrigger::Steps(steps) => steps,
            UnfreezeTrigger::Stall(_) => return (last == 0).then_some(0),
        };
        Some(((step / steps) as usize).min(last))
    }
}

/// Some parts as a set: one by one, because `collect` would bring a whole sort into the page's wasm.
fn set(parts: impl Iterator<Item = ParamGroup>) -> BTreeSet<ParamGroup> {
    let mut set = BTreeSet::new();
    set.extend(parts);
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(recipe: RecipeSpec) -> Vec<String> {
        let written =
            |stage: &BTreeSet<ParamGroup>| stage.iter().map(ParamGroup::to_string).collect::<Vec<_>>().join(" ");
        UnfreezeSchedule::new(&recipe, 2, true).stages().iter().map(written).collect()
    }

    #[test]
    fn gradual_unfreezing_goes_from_the_head_down_and_keeps_what_is_live() {
        let recipe = RecipeSpec { unfreezing: Unfreezing::Gradual, ..RecipeSpec::default() };
        assert_eq!(stages(recipe.clone()), ["pooler head", "layer.1 pooler head", "layer.0 layer.1 pooler head"]);
        let all = stages(RecipeSpec { train_embeddings: true, ..recipe });
        assert_eq!(all.last().map(String::as_str), Some("embeddings layer.0 layer.1 pooler head"));
    }

    #[test]
    fn an_order_of_ones_own_is_kept() {
        let unfreeze_order = vec![vec![ParamGroup::Head], vec![ParamGroup::Layer(0), ParamGroup::Layer(1)]];
        let recipe = RecipeSpec { unfreezing: Unfreezing::Gradual, unfreeze_order, ..RecipeSpec::default() };
        assert_eq!(stages(recipe), ["head", "layer.0 layer.1 head"]);
    }

    #[test]
    fn chain_thaw_trains_each_layer_alone_and_then_all() {
        let recipe = RecipeSpec { unfreezing: Unfreezing::ChainThaw, ..RecipeSpec::default() };
        assert_eq!(stages(recipe), ["pooler head", "layer.0", "layer.1", "layer.0 layer.1 pooler head"]);
    }

    #[test]
    fn a_stage_follows_from_the_step() {
        let recipe = |unfreeze_unit, unfreeze_every| RecipeSpec {
            unfreezing: Unfreezing::Gradual,
            unfreeze_unit,
            unfreeze_every,
            ..RecipeSpec::default()
        };
        let at = |recipe: &RecipeSpec, step| UnfreezeSchedule::new(recipe, 2, false).stage_at(step, 10);
        let epochs = recipe(UnfreezeUnit::Epochs, 0.5);
        assert_eq!([0, 4, 5, 10, 99].map(|step| at(&epochs, step)), [0, 0, 1, 2, 2].map(Some));
        let steps = recipe(UnfreezeUnit::Steps, 3.0);
        assert_eq!([2, 3, 6].map(|step| at(&steps, step)), [0, 1, 2].map(Some));
        assert_eq!(at(&recipe(UnfreezeUnit::Stall, 2.0), 50), None);
    }
}
