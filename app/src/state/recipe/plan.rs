//! What the recipe in the form will do with the data and the model, before it runs.

use std::collections::BTreeMap;

use hone_core::recipe::{
    AdapterKind, LoraTarget, LrCurve, ModelFacts, ParamGroup, Recipe, RecipeError, RecipeSpec, Task, UnfreezeSchedule,
    UnfreezeTrigger,
};
use hone_core::run::ParamGroupState;

use crate::state::recipe::form::any_model;
use crate::state::{State, format};

/// Points of the curve shown before a run.
const CURVE_POINTS: u32 = 200;
/// Length of texts while the data's own is not known, in tokens.
const USUAL_LEN: u32 = 64;

/// Which parts are live in which stage of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct StageGrid {
    /// When each stage begins, in words.
    pub begins: Vec<String>,
    /// Whether the run is long enough for each; what depends on the scores is taken to be.
    pub is_reached: Vec<bool>,
    /// Each part, from the top, and whether it is live in each stage.
    pub rows: Vec<(ParamGroup, Vec<bool>)>,
}

impl State {
    /// What a recipe must fit; none before the model is loaded.
    pub fn facts(&self) -> Option<ModelFacts> {
        let (model, entry) = (self.model.report()?, self.model.entry()?);
        let tokens = self.data.report.as_ref().and_then(|report| report.tokens.as_ref());
        Some(ModelFacts {
            family: model.family,
            parameters: model.parameters,
            layers: model.layers as usize,
            // Only the worker knows; it says so where there is none.
            has_pooler: true,
            max_positions: model.max_positions,
            pooling: entry.pooling,
            suggested_len: tokens.map_or(USUAL_LEN, |tokens| tokens.max_length),
        })
    }

    /// The recipe of the form for the loaded model, or why it does not fit; none before the model is loaded.
    pub fn planned(&self) -> Option<Result<Recipe, RecipeError>> {
        self.facts().map(|facts| Recipe::new(self.form.recipe.clone(), &facts))
    }

    /// The parts of the loaded model, from the bottom.
    pub fn groups(&self) -> Vec<ParamGroup> {
        let Some(facts) = self.facts() else { return Vec::new() };
        let pooling = self.form.recipe.pooling.unwrap_or(facts.pooling);
        facts.param_groups(self.form.recipe.task, pooling)
    }

    /// The highest learning rate: the person's, or the one that Hone takes.
    pub fn planned_peak(&self) -> f64 {
        let recipe = &self.form.recipe;
        let parameters = self.model.entry().map_or(0.0, |entry| entry.parameters);
        let unloaded = || ModelFacts { parameters, ..any_model(recipe.task) };
        recipe.learning_rate.unwrap_or_else(|| self.facts().unwrap_or_else(unloaded).default_learning_rate(recipe))
    }

    /// Optimizer steps that an epoch of the recipe makes of the data; none while there is no data. Only the worker knows
    /// how many rows there are once they are cut: of running text and of long passages, windows.
    fn planned_steps_per_epoch(&self) -> Option<u32> {
        let recipe = &self.form.recipe;
        if let Some(Ok(estimate)) = self.estimate() {
            return Some(estimate.steps / recipe.epochs.max(1));
        }
        let batches = self.data.report.as_ref()?.train_rows.div_ceil(recipe.batch_size.max(1));
        Some(batches.div_ceil(recipe.gradient_accumulation_steps.max(1)).max(1))
    }

    /// Optimizer steps that the recipe makes of the data; 100 while there is no data.
    pub fn planned_steps(&self) -> u32 {
        self.planned_steps_per_epoch().map_or(100, |steps| steps * self.form.recipe.epochs)
    }

    /// The learning rate over the coming run.
    pub fn planned_curve(&self) -> Vec<(f64, f64)> {
        let total = self.planned_steps();
        let curve = LrCurve::new(&self.form.recipe, self.planned_peak(), total);
        (0..=CURVE_POINTS)
            .map(|point| {
                let step = (u64::from(point) * u64::from(total) / u64::from(CURVE_POINTS)) as u32;
                (f64::from(step), curve.lr(step))
            })
            .collect()
    }

    /// The parts of the model as they stand when the run begins, from the bottom; none before the model is loaded.
    pub fn planned_parts(&self) -> Vec<ParamGroupState> {
        let Some(Ok(recipe)) = self.planned() else { return Vec::new() };
        let first = recipe.unfreeze_schedule().stages().first();
        let part = |group| ParamGroupState {
            group,
            trainable: first.is_some_and(|trainable| trainable.contains(&group)),
            by_hand: false,
            rate_factor: recipe.rate_factor(group),
            parameters: self.parameters_of(group),
        };
        recipe.groups().iter().copied().map(part).collect()
    }

    /// The highest rate of each part: what a person's own rates start from.
    pub fn planned_rates(&self) -> BTreeMap<ParamGroup, f64> {
        let peak = self.planned_peak();
        let mut rates = BTreeMap::new();
        for part in self.planned_parts() {
            rates.insert(part.group, format::two_digits(part.rate_factor * peak));
        }
        rates
    }

    /// About how many parameters learn at some time in the run.
    pub fn planned_parameters(&self) -> f64 {
        let Some(Ok(recipe)) = self.planned() else { return 0.0 };
        let learns =
            |group: &ParamGroup| recipe.unfreeze_schedule().stages().iter().any(|trainable| trainable.contains(group));
        recipe.groups().iter().filter(|group| learns(group)).map(|&group| self.parameters_of(group)).sum()
    }

    /// About how many parameters of a part can learn: its own, or its adapter's. The inner size of a layer is taken to be
    /// four times the hidden size, as in every BERT.
    fn parameters_of(&self, group: ParamGroup) -> f64 {
        let Some(model) = self.model.report() else { return 0.0 };
        let recipe = &self.form.recipe;
        let (hidden, layers) = (f64::from(model.hidden), f64::from(model.layers));
        let outputs = match recipe.task {
            Task::Generation => 0.0,
            Task::Regression => 1.0,
            Task::QuestionAnswering => 2.0,
            _ => self.data.report.as_ref().map_or(2.0, |report| report.classes.len() as f64),
        };
        let (layer, pooler) = (12.0 * hidden * hidden + 13.0 * hidden, hidden * hidden + hidden);
        match group {
            ParamGroup::Head => outputs * (hidden + 1.0),
            ParamGroup::Pooler => pooler,
            ParamGroup::Layer(_) if recipe.adapter != AdapterKind::None => adapter_parameters(recipe, hidden),
            ParamGroup::Layer(_) => layer,
            ParamGroup::Embeddings => (model.parameters - layers * layer - pooler).max(0.0),
        }
    }

    /// Which parts are live when; none before the model is loaded or while the recipe does not fit it.
    pub fn planned_stages(&self) -> Option<StageGrid> {
        let recipe = self.planned()?.ok()?;
        let freezing = recipe.unfreeze_schedule();
        let stages = freezing.stages();
        let parts = recipe.groups().iter().copied().rev();
        let rows =
            parts.map(|part| (part, stages.iter().map(|trainable| trainable.contains(&part)).collect())).collect();
        let (per_epoch, total) = (self.planned_steps_per_epoch().unwrap_or(1), self.planned_steps());
        let last = freezing.stage_at(total.saturating_sub(1), per_epoch);
        let is_reached = (0..stages.len()).map(|stage| last.is_none_or(|last| stage <= last)).collect();
        let begins = (0..stages.len()).map(|stage| begin(freezing, stage)).collect();
        Some(StageGrid { begins, is_reached, rows })
    }
}

fn adapter_parameters(recipe: &RecipeSpec, hidden: f64) -> f64 {
    let sizes = |target: LoraTarget| match target {
        LoraTarget::Intermediate => (hidden, 4.0 * hidden),
        LoraTarget::Output => (4.0 * hidden, hidden),
        _ => (hidden, hidden),
    };
    let of = |target: &LoraTarget| {
        let (inputs, outputs) = sizes(*target);
        let lengths = if recipe.adapter == AdapterKind::Dora { outputs } else { 0.0 };
        f64::from(recipe.lora_r) * (inputs + outputs) + lengths
    };
    recipe.target_modules.iter().map(of).sum()
}

/// When a stage begins, as the head of its column.
fn begin(freezing: &UnfreezeSchedule, stage: usize) -> String {
    match freezing.trigger() {
        _ if freezing.stages().len() == 1 => "whole run".into(),
        UnfreezeTrigger::Epochs(epochs) => format::rate(epochs * stage as f64),
        UnfreezeTrigger::Steps(steps) => format::count(f64::from(steps) * stage as f64),
        UnfreezeTrigger::Stall(_) => (stage + 1).to_string(),
    }
}
