//! A preview of the effects of the form's recipe on the data and the model.

use std::collections::BTreeMap;

use hone_core::dataset::DataReport;
use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::{
    Defaults, LrCurve, ModelFacts, Number, ParamGroup, Recipe, RecipeError, RecipeSpec, RowFacts, UnfreezeSchedule,
    UnfreezeTrigger,
};
use hone_core::run::ParamGroupState;

use crate::format;
use crate::state::State;
use crate::state::recipe::fields;
use crate::state::recipe::form::any_model;

/// Points of the learning rate curve.
const CURVE_POINTS: u32 = 200;

/// The parameter groups that are trainable in each stage of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct StageGrid {
    /// The time at which each stage begins, in words.
    pub begins: Vec<String>,
    /// True for each stage that the run is long enough to reach. Stages that depend on the score are assumed to be
    /// reached.
    pub is_reached: Vec<bool>,
    /// Each group, from the head down, with true for each stage in which it is trainable.
    pub rows: Vec<(ParamGroup, Vec<bool>)>,
}

impl State {
    /// The facts that a recipe must fit; `None` before the model is loaded.
    pub fn facts(&self) -> Option<ModelFacts> {
        Some(self.model.report()?.facts(self.data_facts()))
    }

    /// The facts about the data that defaults are chosen from.
    fn data_facts(&self) -> RowFacts {
        self.data.report.as_ref().map(DataReport::facts).unwrap_or_default()
    }

    /// The facts as far as they are known: before the model is loaded, only its size is.
    fn known_facts(&self) -> ModelFacts {
        let parameters = self.model.entry().map_or(0.0, |entry| entry.parameters);
        let unloaded = ModelFacts { parameters, data: self.data_facts(), ..any_model(self.form.recipe.task) };
        self.facts().unwrap_or(unloaded)
    }

    /// A recipe with every field filled in that it leaves to Hone, as far as they are known.
    pub fn filled(&self, mut recipe: RecipeSpec) -> RecipeSpec {
        if let Some(Ok(planned)) = self.facts().map(|facts| Recipe::new(recipe.clone(), &facts)) {
            return planned.spec().clone();
        }
        Defaults::new(&recipe, &self.known_facts()).or_given(&recipe).fill(&mut recipe);
        recipe
    }

    /// The recipe of the form with every field filled in that the user leaves to Hone.
    pub fn filled_form(&self) -> RecipeSpec {
        self.filled(self.form.recipe.clone())
    }

    /// The value that a number would have if the user left it to Hone; empty if the user does, or must not.
    pub fn default_of(&self, number: &Number) -> String {
        let mut recipe = self.form.recipe.clone();
        if !number.is_optional || (number.get)(&recipe).is_none() {
            return String::new();
        }
        (number.set)(&mut recipe, None);
        fields::shown(number, &self.filled(recipe))
    }

    /// The fields that Hone chose for the data and the model, and why; empty until both are known.
    pub fn chosen_words(&self) -> String {
        match self.facts().filter(|_| self.data.report.is_some()) {
            Some(facts) => Defaults::new(&self.form.recipe, &facts).sentence(&self.form.recipe, &facts),
            None => String::new(),
        }
    }

    /// The recipe of the form, validated for the loaded model; `None` before the model is loaded.
    pub fn planned(&self) -> Option<Result<Recipe, RecipeError>> {
        self.facts().map(|facts| Recipe::new(self.form.recipe.clone(), &facts))
    }

    /// Says if the run continues the head that the model was tuned with before, or why not; empty if it has none for the task.
    pub fn head_words(&self) -> String {
        let recipe = &self.form.recipe;
        let (Some(model), Some(data)) = (self.model.report(), &self.data.report) else { return String::new() };
        match model.tuned_head.as_ref().filter(|_| recipe.task.can_keep_head()) {
            Some(head) => {
                let labels: Vec<String> = data.classes.iter().map(|class| class.label.clone()).collect();
                format::visible(&head.sentence(recipe, recipe.pooling.unwrap_or(model.pooling), &labels))
            }
            None => String::new(),
        }
    }

    /// The parameter groups of the loaded model under this recipe, from the input to the head.
    pub fn groups(&self) -> Vec<ParamGroup> {
        let Some(facts) = self.facts() else { return Vec::new() };
        let pooling = self.form.recipe.pooling.unwrap_or(facts.pooling);
        facts.param_groups(self.form.recipe.task, pooling)
    }

    /// The peak learning rate: the user's, or Hone's default.
    pub fn planned_peak(&self) -> f64 {
        self.filled_form().learning_rate.unwrap_or_default()
    }

    /// Optimizer steps per epoch; `None` while there is no data. Only the worker has the exact number: running text and
    /// long passages are split into windows.
    fn planned_steps_per_epoch(&self) -> Option<u32> {
        let recipe = self.filled_form();
        let is_whole = |steps: u32| recipe.max_steps == 0 || steps < recipe.max_steps;
        if let Some(Ok(estimate)) = self.estimate()
            && is_whole(estimate.steps)
        {
            return Some(estimate.steps / recipe.epochs.unwrap_or(1));
        }
        let rows = self.data.report.as_ref()?.train_rows;
        let most = if recipe.max_train_samples == 0 { rows } else { recipe.max_train_samples };
        let batches = rows.min(most).div_ceil(recipe.batch_size.unwrap_or(1));
        Some(batches.div_ceil(recipe.gradient_accumulation_steps.max(1)).max(1))
    }

    /// Optimizer steps of the run; 100 while there is no data.
    pub fn planned_steps(&self) -> u32 {
        let Some(per_epoch) = self.planned_steps_per_epoch() else { return 100 };
        let recipe = self.filled_form();
        match (per_epoch * recipe.epochs.unwrap_or(1), recipe.max_steps) {
            (steps, 0) => steps,
            (steps, most) => steps.min(most),
        }
    }

    /// The learning rate over the run, as (step, rate).
    pub fn planned_curve(&self) -> Vec<(f64, f64)> {
        let total = self.planned_steps();
        let curve = LrCurve::new(&self.filled_form(), self.planned_peak(), total);
        (0..=CURVE_POINTS)
            .map(|point| {
                let step = (u64::from(point) * u64::from(total) / u64::from(CURVE_POINTS)) as u32;
                (f64::from(step), curve.lr(step))
            })
            .collect()
    }

    /// The parameter groups at the start of the run, from the input to the head; empty before the model is loaded.
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

    /// The peak learning rate of each group, as a starting point for custom rates.
    pub fn planned_rates(&self) -> BTreeMap<ParamGroup, f64> {
        let peak = self.planned_peak();
        let mut rates = BTreeMap::new();
        for part in self.planned_parts() {
            rates.insert(part.group, format::two_digits(part.rate_factor * peak));
        }
        rates
    }

    /// Number of parameters that are trained at some point of the run.
    pub fn planned_parameters(&self) -> f64 {
        let Some(Ok(recipe)) = self.planned() else { return 0.0 };
        let learns =
            |group: &ParamGroup| recipe.unfreeze_schedule().stages().iter().any(|trainable| trainable.contains(group));
        recipe.groups().iter().filter(|group| learns(group)).map(|&group| self.parameters_of(group)).sum()
    }

    /// Number of parameters trained in a trainable group: its own, or its adapters'.
    fn parameters_of(&self, group: ParamGroup) -> f64 {
        let labels = self.data.report.as_ref().map_or(2, |report| report.classes.len());
        let recipe = &self.form.recipe;
        self.model.report().map_or(0.0, |model| model.trainable_parameters(group, recipe, labels))
    }

    /// A warning if the run ends before the last stage of its unfreezing schedule.
    pub fn unreached_stages(&self) -> Option<Diagnostic> {
        let per_epoch = self.planned_steps_per_epoch()?;
        self.planned()?.ok()?.unfreeze_schedule().shortfall(self.planned_steps(), per_epoch)
    }

    /// The stages of the run; `None` before the model is loaded or if the recipe does not fit it.
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

/// The time at which a stage begins, as the heading of its column.
fn begin(freezing: &UnfreezeSchedule, stage: usize) -> String {
    match freezing.trigger() {
        _ if freezing.stages().len() == 1 => "whole run".into(),
        UnfreezeTrigger::Epochs(epochs) => format::rate(epochs * stage as f64),
        UnfreezeTrigger::Steps(steps) => format::count(f64::from(steps) * stage as f64),
        UnfreezeTrigger::Stall(_) => (stage + 1).to_string(),
    }
}
