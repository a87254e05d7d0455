//! The recipe while the user edits it.

use std::collections::BTreeMap;

use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::{
    Choice, ClassWeights, Family, Field, FieldKind, LoraTarget, ModelFacts, ParamGroup, Pooling, Preset, Recipe,
    RecipeSpec, RowFacts, Switch, Task,
};

use crate::format;
use crate::state::recipe::{fields, unfreeze_order};

/// A model that fits every valid recipe, to validate recipe files before a model is loaded.
pub fn any_model(task: Task) -> ModelFacts {
    ModelFacts {
        family: if task == Task::Generation { Family::Llama } else { Family::Bert },
        parameters: 20e6,
        layers: 48,
        hidden: u32::MAX,
        has_pooler: true,
        max_positions: 512,
        pooling: Pooling::Cls,
        data: RowFacts::default(),
    }
}

/// Number of parameters above which a decoder starts with an adapter.
const LARGE_DECODER: f64 = 50e6;

/// The recipe being edited, with errors in typed values.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// The last recipe with every field in range.
    pub recipe: RecipeSpec,
    /// The preset that it started from.
    pub preset: Preset,
    /// Names of fields, and their errors.
    pub errors: Vec<(String, String)>,
    /// Why the last recipe file was refused.
    pub diagnostic: Option<Diagnostic>,
    /// The recipe's link that the page was opened with, if there was one.
    pub link: RecipeLink,
}

/// A link that carries a recipe.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RecipeLink {
    /// There was none.
    #[default]
    None,
    /// Its recipe is in the form, or was until the user changed it.
    Opened,
    /// Why its recipe was refused.
    Refused(Diagnostic),
}

impl Default for Form {
    fn default() -> Self {
        Self::new(RecipeSpec::default())
    }
}

impl Form {
    /// A form with this recipe.
    pub fn new(recipe: RecipeSpec) -> Self {
        let preset = Preset::of(&recipe).unwrap_or(Preset::Full);
        Self { recipe, preset, errors: Vec::new(), diagnostic: None, link: RecipeLink::None }
    }

    /// The error of a field; empty if there is none.
    pub fn error(&self, name: &str) -> String {
        self.errors.iter().find(|(other, _)| other == name).map(|(_, error)| error.clone()).unwrap_or_default()
    }

    /// Returns true if the value typed into a field is wrong.
    pub fn is_wrong(&self, name: &str) -> bool {
        self.errors.iter().any(|(other, _)| other == name)
    }

    /// Drops the error of a field.
    pub fn clear_error(&mut self, name: &str) {
        self.errors.retain(|(other, _)| other != name);
    }

    /// Adapts the recipe to a new task or model, unless the user has changed it for the same task. A large decoder
    /// starts with an adapter: training all its weights would need several times the memory.
    pub fn follow(&mut self, task: Task, parameters: f64) {
        if task == self.recipe.task && self.is_changed() {
            return;
        }
        let is_large = task == Task::Generation && parameters > LARGE_DECODER;
        let preset = match self.preset {
            _ if is_large => Preset::Adapter,
            preset if preset.suits(task) && task == self.recipe.task => preset,
            _ => Preset::Full,
        };
        self.recipe.task = task;
        self.take_preset(preset);
    }

    /// Starts over from a preset; the split, the length and the seed are kept.
    pub fn take_preset(&mut self, preset: Preset) {
        *self = Self { preset, ..Self::new(preset.recipe(&self.recipe)) };
    }

    /// Returns true if the recipe differs from the preset that it started from.
    pub fn is_changed(&self) -> bool {
        self.preset.recipe(&self.recipe) != self.recipe
    }

    /// Replaces the recipe.
    pub fn take(&mut self, recipe: RecipeSpec) {
        *self = Self { preset: self.preset, ..Self::new(recipe) };
    }

    /// Stores what was typed into a numeric field; returns true if it was valid.
    pub fn type_in(&mut self, field: &Field, typed: &str) -> bool {
        let FieldKind::Number(number) = &field.kind else { return false };
        let result = fields::parse_into(number, typed, &mut self.recipe);
        self.note(field.name.into(), result)
    }

    /// Chooses an option.
    pub fn choose(&mut self, choice: &Choice, index: usize) {
        (choice.set)(&mut self.recipe, index);
        self.forget_hidden();
    }

    /// Turns a switch on or off.
    pub fn switch(&mut self, switch: &Switch, is_on: bool) {
        (switch.set)(&mut self.recipe, is_on);
        self.forget_hidden();
    }

    /// Sets the learning rate of each parameter group; an empty map restores the common peak.
    pub fn set_rates(&mut self, rates: BTreeMap<ParamGroup, f64>) {
        self.recipe.lr_per_group = rates;
        self.errors.retain(|(name, _)| !name.starts_with("lr_per_group."));
        self.forget_hidden();
    }

    /// Stores what was typed as the learning rate of a parameter group.
    pub fn type_rate(&mut self, group: ParamGroup, typed: &str) {
        let result = number_of("lr_per_group", typed).map(|rate| {
            self.recipe.lr_per_group.insert(group, rate);
        });
        self.note(format!("lr_per_group.{group}"), result);
    }

    /// The custom weight of a label; 1 if none was typed.
    pub fn class_weight(&self, label: &str) -> f64 {
        match &self.recipe.class_weights {
            ClassWeights::Given(weights) => weights.get(label).copied().unwrap_or(1.0),
            _ => 1.0,
        }
    }

    /// Stores what was typed as the weight of a label.
    pub fn type_class_weight(&mut self, label: &str, typed: &str) {
        let result = number_of("class_weights", typed).map(|weight| {
            if let ClassWeights::Given(weights) = &mut self.recipe.class_weights {
                weights.insert(label.to_owned(), weight);
            }
        });
        self.note(format!("class_weights.{label}"), result);
    }

    /// Sets the unfreezing order; an empty one restores the order from the head down.
    pub fn set_order(&mut self, order: Vec<Vec<ParamGroup>>) {
        self.recipe.unfreeze_order = order;
        self.clear_error("unfreeze_order");
    }

    /// Stores what was typed as the unfreezing order of a model with these parameter groups.
    pub fn type_order(&mut self, typed: &str, groups: &[ParamGroup]) {
        let result = unfreeze_order::parse(typed, groups).map(|order| self.recipe.unfreeze_order = order);
        self.note("unfreeze_order".into(), result);
    }

    /// Adds a linear layer to the adapter's targets, or removes it.
    pub fn set_target(&mut self, target: LoraTarget, is_on: bool) {
        let targets = &self.recipe.target_modules;
        let wanted = |other: &LoraTarget| if *other == target { is_on } else { targets.contains(other) };
        self.recipe.target_modules = LoraTarget::ALL.into_iter().filter(wanted).collect();
    }

    /// Replaces the recipe by one from a file, or reports why not. A recipe that does not fit the loaded model (or, if
    /// none is loaded, any model) leaves the form unchanged.
    pub fn import(&mut self, read: Result<RecipeSpec, String>, facts: Option<ModelFacts>) {
        match checked(read, facts) {
            Ok(recipe) => *self = Self::new(recipe),
            Err(reason) => {
                self.diagnostic = Some(
                    Diagnostic::new(
                        "recipe.unreadable",
                        format!("This file is not a recipe that can be run: {reason}."),
                    )
                    .done("The recipe in the form is unchanged.")
                    .remedy("Choose a recipe.json that Hone saved, or correct the named field."),
                );
            }
        }
    }

    /// Replaces the recipe by one from a link, or reports why not.
    pub fn import_link(&mut self, read: Result<RecipeSpec, String>, facts: Option<ModelFacts>) {
        match checked(read, facts) {
            Ok(recipe) => *self = Self { link: RecipeLink::Opened, ..Self::new(recipe) },
            Err(reason) => {
                let what = format!("The link has no recipe that can be run: {reason}.");
                let diagnostic = Diagnostic::new("recipe.link", what)
                    .done("The recipe in the form is unchanged.")
                    .remedy("Part of the link may be missing. Copy all of it, or ask for it again.");
                self.link = RecipeLink::Refused(diagnostic);
            }
        }
    }

    /// Stores or clears the error of a field; returns true if the value is valid.
    fn note(&mut self, name: String, result: Result<(), String>) -> bool {
        self.clear_error(&name);
        let is_valid = result.is_ok();
        self.errors.extend(result.err().map(|error| (name, error)));
        is_valid
    }

    /// Drops the errors of fields that are no longer shown, so that they do not block a run.
    fn forget_hidden(&mut self) {
        let recipe = &self.recipe;
        self.errors.retain(|(name, _)| {
            let is_custom_weight = name.starts_with("class_weights.");
            match Field::named(name) {
                Some(field) => (field.applies)(recipe),
                None => !is_custom_weight || matches!(recipe.class_weights, ClassWeights::Given(_)),
            }
        });
    }
}

/// Checks a recipe that was read for the loaded model or, if none is loaded, for any.
fn checked(read: Result<RecipeSpec, String>, facts: Option<ModelFacts>) -> Result<RecipeSpec, String> {
    let spec = read?;
    let facts = facts.unwrap_or_else(|| any_model(spec.task));
    match Recipe::new(spec.clone(), &facts) {
        Ok(_) => Ok(spec),
        Err(error) => Err(error.to_string()),
    }
}

/// Parses a number of a map, within the range of its field.
fn number_of(field: &str, typed: &str) -> Result<f64, String> {
    let number = format::typed_number(typed).ok_or("This must be a number.")?;
    match Field::named(field).and_then(Field::range) {
        Some(range) if !range.contains(&number) => {
            let (least, most) = (format::rate(*range.start()), format::rate(*range.end()));
            Err(format!("This must be a number from {least} to {most}."))
        }
        _ => Ok(number),
    }
}
