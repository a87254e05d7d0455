//! The stages of a run and the parameter groups that are trained in each.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::recipe::choices::{UnfreezeUnit, Unfreezing};
use crate::recipe::fields::RecipeSpec;
use crate::recipe::param_group::ParamGroup;

/// The stages of a run: the parameter groups that are trained in each, and the trigger of the next.
#[derive(Clone, Debug, PartialEq)]
pub struct UnfreezeSchedule {
    stages: Vec<BTreeSet<ParamGroup>>,
    trigger: UnfreezeTrigger,
}

/// Trigger that ends a stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnfreezeTrigger {
    /// This many epochs, fractions included.
    Epochs(f64),
    /// This many optimizer steps.
    Steps(u32),
    /// This many evaluations in a row without improvement.
    Stall(u32),
}

impl UnfreezeSchedule {
    /// The stages of a recipe for a model with these parameter groups, from the bottom. The pretrained pooler, if there is
    /// one, is trained together with the head.
    pub(super) fn new(recipe: &RecipeSpec, groups: &[ParamGroup]) -> Self {
        let is_top = |group: &ParamGroup| matches!(group, ParamGroup::Head | ParamGroup::Pooler);
        let head = set(groups.iter().copied().filter(is_top));
        let with_head = |groups: &[ParamGroup]| set(head.iter().chain(groups).copied());
        let is_below =
            |group: &ParamGroup| !is_top(group) && (*group != ParamGroup::Embeddings || recipe.train_embeddings);
        let below: Vec<ParamGroup> = groups.iter().copied().filter(is_below).collect();
        let mut stages = match recipe.unfreezing {
            Unfreezing::All => vec![with_head(&below)],
            Unfreezing::Head => vec![head],
            Unfreezing::Last => {
                let layers: Vec<ParamGroup> =
                    below.into_iter().filter(|group| matches!(group, ParamGroup::Layer(_))).collect();
                let first = layers.len().saturating_sub(recipe.last_layers as usize);
                vec![with_head(&layers[first..])]
            }
            Unfreezing::Gradual if recipe.unfreeze_order.is_empty() => {
                (0..=below.len()).rev().map(|first| with_head(&below[first..])).collect()
            }
            Unfreezing::Gradual => {
                let mut trainable = BTreeSet::new();
                let add = |group: &Vec<ParamGroup>| {
                    trainable.extend(group.iter().copied());
                    trainable.clone()
                };
                recipe.unfreeze_order.iter().map(add).collect()
            }
            // Felbo et al. 2017 (DeepMoji), section 3.3: the new layer, each layer alone from the bottom, then all.
            Unfreezing::ChainThaw => {
                let alone = below.iter().map(|&group| set([group].into_iter()));
                [head.clone()].into_iter().chain(alone).chain([with_head(&below)]).collect()
            }
        };
        // Without a head, a stage that would train it alone has nothing to train.
        stages.retain(|stage| !stage.is_empty());
        let trigger = match recipe.unfreeze_unit {
            UnfreezeUnit::Epochs => UnfreezeTrigger::Epochs(recipe.unfreeze_every),
            UnfreezeUnit::Steps => UnfreezeTrigger::Steps((recipe.unfreeze_every.round() as u32).max(1)),
            UnfreezeUnit::Stall => UnfreezeTrigger::Stall((recipe.unfreeze_every.round() as u32).max(1)),
        };
        Self { stages, trigger }
    }

    /// Parameter groups that are trained in each stage.
    pub fn stages(&self) -> &[BTreeSet<ParamGroup>] {
        &self.stages
    }

    /// Trigger that ends a stage.
    pub fn trigger(&self) -> UnfreezeTrigger {
        self.trigger
    }

    /// Index of the stage that a step (from 0) belongs to; none if it depends on the scores of the run.
    pub fn stage_at(&self, step: u32, steps_per_epoch: u32) -> Option<usize> {
        let last = self.stages.len() - 1;
        let steps = match self.trigger {
            UnfreezeTrigger::Epochs(epochs) => (epochs * f64::from(steps_per_epoch)).round().max(1.0) as u32,
            UnfreezeTrigger::Steps(steps) => steps,
            UnfreezeTrigger::Stall(_) => return (last == 0).then_some(0),
        };
        Some(((step / steps) as usize).min(last))
    }

    /// Note about a run that has ended in a stage (from 0) before the last one, if that could not be known before: the
    /// scores decided, by the trigger or by early stopping. `trained` has the groups that were ever trainable.
    pub fn unreached(&self, stage: usize, trained: &BTreeSet<ParamGroup>, stopped_early: bool) -> Option<String> {
        let missed = self.stages.get(stage + 1..).filter(|missed| !missed.is_empty())?;
        let (reason, remedy) = match self.trigger {
            UnfreezeTrigger::Stall(1) => {
                ("the next one begins once an evaluation brings no improvement".to_owned(), "count stages in epochs")
            }
            UnfreezeTrigger::Stall(evaluations) => (
                format!("the next one begins once {evaluations} evaluations in a row bring no improvement"),
                "lower unfreeze_every, or count stages in epochs",
            ),
            _ if stopped_early => ("early stopping came before the next one".to_owned(), "use shorter stages"),
            _ => return None,
        };
        let (now, all, effect) = (stage + 1, self.stages.len(), effect(missed, trained));
        Some(format!(
            "The run ended in stage {now} of {all} of its unfreezing schedule: {reason}. {effect} To unfreeze more, {remedy}."
        ))
    }

    /// A warning if a run of this many steps ends before the last stage begins. None if the stages depend on its scores.
    pub fn shortfall(&self, steps: u32, steps_per_epoch: u32) -> Option<Diagnostic> {
        let last = self.stage_at(steps.saturating_sub(1), steps_per_epoch)?;
        let (reached, missed) = self.stages.split_at(last + 1);
        if missed.is_empty() {
            return None;
        }
        let reached = set(reached.iter().flatten().copied());
        let effect = effect(missed, &reached);
        let stages = format!("{} of {} stages", last + 1, self.stages.len());
        Some(
            Diagnostic::new("run.unreached-stages", format!("The run ends after {stages} of its unfreezing schedule."))
                .done(effect)
                .remedy("Use more epochs, or shorter stages (unfreeze_every), to unfreeze the rest."),
        )
    }
}

/// The effect of stages that are never reached in a run that trains only the groups of `reached`.
fn effect(missed: &[BTreeSet<ParamGroup>], reached: &BTreeSet<ParamGroup>) -> String {
    let frozen = set(missed.iter().flatten().copied().filter(|group| !reached.contains(group)));
    match frozen.iter().map(|group| group.to_string()).collect::<Vec<_>>().as_slice() {
        [] => "Its last stages are never trained.".to_owned(),
        [only] => format!("One parameter group stays frozen from beginning to end: {only}."),
        groups => {
            format!("{} parameter groups stay frozen from beginning to end: {}.", groups.len(), groups.join(", "))
        }
    }
}

/// A set of parameter groups, filled one by one: `collect` would add a whole sort to the page's wasm.
fn set(groups: impl Iterator<Item = ParamGroup>) -> BTreeSet<ParamGroup> {
    let mut set = BTreeSet::new();
    set.extend(groups);
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(recipe: RecipeSpec) -> Vec<String> {
        let joined =
            |stage: &BTreeSet<ParamGroup>| stage.iter().map(ParamGroup::to_string).collect::<Vec<_>>().join(" ");
        UnfreezeSchedule::new(&recipe, &ParamGroup::all(2, true)).stages().iter().map(joined).collect()
    }

    #[test]
    fn gradual_unfreezing_goes_from_the_head_down_and_keeps_unfrozen_groups() {
        let recipe = RecipeSpec { unfreezing: Unfreezing::Gradual, ..RecipeSpec::default() };
        assert_eq!(stages(recipe.clone()), ["pooler head", "layer.1 pooler head", "layer.0 layer.1 pooler head"]);
        let all = stages(RecipeSpec { train_embeddings: true, ..recipe });
        assert_eq!(all.last().map(String::as_str), Some("embeddings layer.0 layer.1 pooler head"));
    }

    #[test]
    fn a_custom_order_is_kept() {
        let unfreeze_order = vec![vec![ParamGroup::Head], vec![ParamGroup::Layer(0), ParamGroup::Layer(1)]];
        let recipe = RecipeSpec { unfreezing: Unfreezing::Gradual, unfreeze_order, ..RecipeSpec::default() };
        assert_eq!(stages(recipe), ["head", "layer.0 layer.1 head"]);
    }

    #[test]
    fn the_last_layers_train_with_the_head_but_never_the_embeddings() {
        let recipe = |last_layers| RecipeSpec {
            unfreezing: Unfreezing::Last,
            last_layers,
            train_embeddings: true,
            ..RecipeSpec::default()
        };
        assert_eq!(stages(recipe(1)), ["layer.1 pooler head"]);
        assert_eq!(stages(recipe(9)), ["layer.0 layer.1 pooler head"]);
    }

    #[test]
    fn chain_thaw_trains_each_layer_alone_and_then_all() {
        let recipe = RecipeSpec { unfreezing: Unfreezing::ChainThaw, ..RecipeSpec::default() };
        assert_eq!(stages(recipe), ["pooler head", "layer.0", "layer.1", "layer.0 layer.1 pooler head"]);
    }

    #[test]
    fn the_stage_follows_from_the_step() {
        let recipe = |unfreeze_unit, unfreeze_every| RecipeSpec {
            unfreezing: Unfreezing::Gradual,
            unfreeze_unit,
            unfreeze_every,
            ..RecipeSpec::default()
        };
        let at =
            |recipe: &RecipeSpec, step| UnfreezeSchedule::new(recipe, &ParamGroup::all(2, false)).stage_at(step, 10);
        let epochs = recipe(UnfreezeUnit::Epochs, 0.5);
        assert_eq!([0, 4, 5, 10, 99].map(|step| at(&epochs, step)), [0, 0, 1, 2, 2].map(Some));
        let steps = recipe(UnfreezeUnit::Steps, 3.0);
        assert_eq!([2, 3, 6].map(|step| at(&steps, step)), [0, 1, 2].map(Some));
        assert_eq!(at(&recipe(UnfreezeUnit::Stall, 2.0), 50), None);
    }

    #[test]
    fn a_run_that_ends_before_its_last_stage_names_what_stays_frozen() {
        let shortfall = |recipe: &RecipeSpec, steps| {
            UnfreezeSchedule::new(recipe, &ParamGroup::all(3, false)).shortfall(steps, 10).map(|found| found.done)
        };
        let gradual = RecipeSpec { unfreezing: Unfreezing::Gradual, unfreeze_every: 1.0, ..RecipeSpec::default() };
        assert_eq!(shortfall(&gradual, 31), None);
        let [one, two] = [30, 20].map(|steps| shortfall(&gradual, steps).unwrap());
        assert_eq!(one, "One parameter group stays frozen from beginning to end: layer.0.");
        assert_eq!(two, "2 parameter groups stay frozen from beginning to end: layer.0, layer.1.");
        let thaw = RecipeSpec { unfreezing: Unfreezing::ChainThaw, ..gradual.clone() };
        assert_eq!(shortfall(&thaw, 40).unwrap(), "Its last stages are never trained.");
        let stall = RecipeSpec { unfreeze_unit: UnfreezeUnit::Stall, ..gradual };
        assert_eq!(shortfall(&stall, 1), None, "it depends on the scores");
        assert_eq!(shortfall(&RecipeSpec::default(), 1), None);
    }

    #[test]
    fn a_stage_that_the_scores_never_reached_is_told_once_the_run_has_ended() {
        let note = |recipe: &RecipeSpec, stage: usize, stopped_early| {
            let schedule = UnfreezeSchedule::new(recipe, &ParamGroup::all(3, false));
            let trained = set(schedule.stages()[..=stage].iter().flatten().copied());
            schedule.unreached(stage, &trained, stopped_early)
        };
        let gradual = RecipeSpec { unfreezing: Unfreezing::Gradual, unfreeze_every: 2.0, ..RecipeSpec::default() };
        let stall = RecipeSpec { unfreeze_unit: UnfreezeUnit::Stall, ..gradual.clone() };
        assert_eq!(
            note(&stall, 1, false).unwrap(),
            "The run ended in stage 2 of 4 of its unfreezing schedule: the next one begins once 2 evaluations in a row bring \
             no improvement. 2 parameter groups stay frozen from beginning to end: layer.0, layer.1. To unfreeze more, lower \
             unfreeze_every, or count stages in epochs."
        );
        assert_eq!(note(&stall, 3, false), None, "the last stage was reached");
        assert_eq!(note(&gradual, 1, false), None, "it was told before the run");
        assert!(
            note(&gradual, 2, true)
                .unwrap()
                .contains("early stopping came before the next one. One parameter group stays frozen")
        );
        assert_eq!(note(&RecipeSpec::default(), 0, true), None);
    }
}
