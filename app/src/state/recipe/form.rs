//! The recipe while a person edits it.

use std::collections::BTreeMap;

use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::{
    ClassWeights, Family, LoraTarget, ModelFacts, ParamGroup, Pooling, Preset, Recipe, RecipeSpec, Task, Unfreezing,
    range_of,
};

use crate::state::format;
use crate::state::recipe::fields::{Choice, Field, Switch, numbers};
use crate::state::recipe::unfreeze_order;

/// A model that any recipe fits which can be run at all: what a recipe file is checked against before one is loaded.
pub fn any_model(task: Task) -> ModelFacts {
    ModelFacts {
        family: if task == Task::Generation { Family::Llama } else { Family::Bert },
        parameters: 20e6,
        layers: 48,
        has_pooler: true,
        max_positions: 512,
        pooling: Pooling::Cls,
        suggested_len: 64,
    }
}

/// Parameters from which on a decoder is tuned by an adapter unless the person says otherwise.
const LARGE_DECODER: f64 = 50e6;

/// The recipe and what is wrong with what was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// The last recipe whose every field was in range.
    pub recipe: RecipeSpec,
    /// The preset that it started from.
    pub preset: Preset,
    /// What is wrong, by the field's name.
    pub errors: BTreeMap<String, String>,
    /// Why the last recipe file was not taken.
    pub diagnostic: Option<Diagnostic>,
}

impl Default for Form {
    fn default() -> Self {
        Self::new(RecipeSpec::default())
    }
}

impl Form {
    fn new(recipe: RecipeSpec) -> Self {
        let preset = Preset::of(&recipe).unwrap_or(Preset::Full);
        Self { recipe, preset, errors: BTreeMap::new(), diagnostic: None }
    }

    /// What is wrong with a field; empty when nothing is.
    pub fn error(&self, name: &str) -> String {
        self.errors.get(name).cloned().unwrap_or_default()
    }

    /// Follows task and model, unless the person has changed the recipe for the same task. A large decoder starts with an
    /// adapter: all its weights would need several times the memory.
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

    /// Takes a preset; what the person said of data, length and seed stays.
    pub fn take_preset(&mut self, preset: Preset) {
        *self = Self { preset, ..Self::new(preset.recipe(&self.recipe)) };
    }

    /// Whether the recipe is no longer the preset that it started from.
    pub fn is_changed(&self) -> bool {
        self.preset.recipe(&self.recipe) != self.recipe
    }

    /// Takes a recipe as it is.
    pub fn take(&mut self, recipe: RecipeSpec) {
        *self = Self { preset: self.preset, ..Self::new(recipe) };
    }

    /// Takes what was typed into a field; true when it fits.
    pub fn type_in(&mut self, field: &Field, typed: &str) -> bool {
        let taken = field.parse_into(typed, &mut self.recipe);
        self.note(field.name.into(), taken)
    }

    /// Takes a choice.
    pub fn choose(&mut self, choice: &Choice, index: usize) {
        choice.choose(index, &mut self.recipe);
        self.forget_hidden();
    }

    /// Takes a switch.
    pub fn switch(&mut self, switch: &Switch, is_on: bool) {
        switch.set(is_on, &mut self.recipe);
        self.forget_hidden();
    }

    /// Sets the rates of the parts one by one, or lets them follow from the highest rate again.
    pub fn set_rates(&mut self, rates: BTreeMap<ParamGroup, f64>) {
        self.recipe.lr_per_group = rates;
        self.errors.retain(|name, _| !name.starts_with("lr_per_group."));
        self.forget_hidden();
    }

    /// Takes what was typed as the rate of a part.
    pub fn type_rate(&mut self, group: ParamGroup, typed: &str) {
        let taken = number_of("lr_per_group", typed).map(|rate| {
            self.recipe.lr_per_group.insert(group, rate);
        });
        self.note(format!("lr_per_group.{group}"), taken);
    }

    /// The person's own weight of a label; 1 where none was typed.
    pub fn class_weight(&self, label: &str) -> f64 {
        match &self.recipe.class_weights {
            ClassWeights::Given(weights) => weights.get(label).copied().unwrap_or(1.0),
            _ => 1.0,
        }
    }

    /// Takes what was typed as the weight of a label.
    pub fn type_class_weight(&mut self, label: &str, typed: &str) {
        let taken = number_of("class_weights", typed).map(|weight| {
            if let ClassWeights::Given(weights) = &mut self.recipe.class_weights {
                weights.insert(label.to_owned(), weight);
            }
        });
        self.note(format!("class_weights.{label}"), taken);
    }

    /// Sets the order in which parts wake, or lets it go from the head down again (no stages).
    pub fn set_order(&mut self, order: Vec<Vec<ParamGroup>>) {
        self.recipe.unfreeze_order = order;
        self.errors.remove("unfreeze_order");
    }

    /// Takes what was typed as the order in which the parts of a model wake.
    pub fn type_order(&mut self, typed: &str, parts: &[ParamGroup]) {
        let taken = unfreeze_order::parse(typed, parts).map(|order| self.recipe.unfreeze_order = order);
        self.note("unfreeze_order".into(), taken);
    }

    /// Gives a linear layer an adapter, or takes it away.
    pub fn set_target(&mut self, target: LoraTarget, is_on: bool) {
        let targets = &self.recipe.target_modules;
        let wanted = |other: &LoraTarget| if *other == target { is_on } else { targets.contains(other) };
        self.recipe.target_modules = LoraTarget::ALL.into_iter().filter(wanted).collect();
    }

    /// Takes a recipe that was read from a file, or says why not. The recipe in the form stays when the file's does not
    /// fit the model, or any model while there is none.
    pub fn import(&mut self, read: Result<RecipeSpec, String>, facts: Option<ModelFacts>) {
        let checked =
            read.and_then(|raw| match Recipe::new(raw.clone(), &facts.unwrap_or_else(|| any_model(raw.task))) {
                Ok(_) => Ok(raw),
                Err(error) => Err(error.to_string()),
            });
        match checked {
            Ok(recipe) => *self = Self::new(recipe),
            Err(reason) => {
                self.diagnostic = Some(
                    Diagnostic::new(
                        "recipe.unreadable",
                        format!("This file is not a recipe that can be run: {reason}."),
                    )
                    .done("The recipe in the form is as it was.")
                    .remedy("Choose a recipe.json that Hone wrote, or correct the named field."),
                );
            }
        }
    }

    /// Remembers what is wrong with a field, or that nothing is; true when it fits.
    fn note(&mut self, name: String, taken: Result<(), String>) -> bool {
        match taken {
            Ok(()) => {
                self.errors.remove(&name);
                true
            }
            Err(error) => {
                self.errors.insert(name, error);
                false
            }
        }
    }

    /// What is wrong with a field that no longer shows must not hold up a run.
    fn forget_hidden(&mut self) {
        let recipe = &self.recipe;
        self.errors.retain(|name, _| {
            let mut fields = numbers().filter(|field| field.name == name).peekable();
            let is_given = name.starts_with("class_weights.");
            match &recipe.class_weights {
                _ if name == "unfreeze_order" => recipe.unfreezing == Unfreezing::Gradual,
                _ if fields.peek().is_some() => fields.any(|field| (field.applies)(recipe)),
                ClassWeights::Given(_) => true,
                _ => !is_given,
            }
        });
    }
}

/// A number within the range of a field.
fn number_of(field: &str, typed: &str) -> Result<f64, String> {
    let range = range_of(field);
    let number = typed.trim().replace(',', ".").parse::<f64>().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        format!("This must be a number from {} to {}.", format::rate(*range.start()), format::rate(*range.end()))
    })
}
