//! Recipes to start from.

use serde::{Deserialize, Serialize};

use crate::recipe::{AdapterKind, RecipeSpec, ScheduleKind, Task, UnfreezeUnit, Unfreezing};

/// A recipe to start from. What the person said of task, model, data and seed stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The head alone.
    Quick,
    /// Gradual unfreezing with discriminative rates and a slanted triangle: ULMFiT.
    Balanced,
    /// All layers at one rate.
    Full,
    /// LoRA.
    Adapter,
    /// For some dozens of rows.
    FewExamples,
}

impl Preset {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [Self::Full, Self::Balanced, Self::Quick, Self::Adapter, Self::FewExamples];

    /// Whether it is of use for a task: a decoder's head is no new one that would have to learn first.
    pub fn suits(self, task: Task) -> bool {
        task != Task::Generation || !matches!(self, Self::Quick | Self::Balanced)
    }

    /// The recipe, for the task, the model and the data that `recipe` names.
    pub fn recipe(self, recipe: &RecipeSpec) -> RecipeSpec {
        let start = RecipeSpec {
            task: recipe.task,
            model: recipe.model.clone(),
            pooling: recipe.pooling,
            max_length: recipe.max_length,
            validation_ratio: recipe.validation_ratio,
            seed: recipe.seed,
            ..usual(recipe.task)
        };
        let has_classes = matches!(recipe.task, Task::Classification | Task::TokenClassification);
        match self {
            Self::Full => start,
            Self::Quick => RecipeSpec { unfreezing: Unfreezing::Head, epochs: 10, eval_every_epochs: 1.0, ..start },
            Self::Balanced => RecipeSpec {
                unfreezing: Unfreezing::Gradual,
                unfreeze_unit: UnfreezeUnit::Epochs,
                unfreeze_every: 0.25,
                schedule: ScheduleKind::SlantedTriangular,
                layer_decay: 0.8,
                learning_rate: Some(5e-4),
                epochs: 3,
                early_stopping_patience: 0,
                ..start
            },
            Self::Adapter => RecipeSpec { adapter: AdapterKind::Lora, ..start },
            Self::FewExamples => RecipeSpec {
                epochs: 15,
                eval_every_epochs: 1.0,
                early_stopping_patience: 5,
                layer_decay: 0.8,
                label_smoothing: if has_classes { 0.1 } else { 0.0 },
                weight_decay: 0.05,
                ..start
            },
        }
    }

    /// The preset that a recipe is, if it is one.
    pub fn of(recipe: &RecipeSpec) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.recipe(recipe) == *recipe)
    }
}

/// What trains a task well untouched.
fn usual(task: Task) -> RecipeSpec {
    match task {
        // Decoders are tuned without dropout, as they were trained: see the recipes of Alpaca and SmolLM2.
        Task::Generation => RecipeSpec {
            dropout: 0.0,
            attention_dropout: 0.0,
            schedule: ScheduleKind::Cosine,
            batch_size: 4,
            ..RecipeSpec::default()
        },
        _ => RecipeSpec::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_keeps_what_belongs_to_the_data_and_is_known_again() {
        let mine = RecipeSpec { seed: 7, max_length: Some(32), epochs: 9, ..RecipeSpec::default() };
        assert_eq!(Preset::of(&mine), None);
        for preset in Preset::ALL {
            let recipe = preset.recipe(&mine);
            assert_eq!((recipe.seed, recipe.max_length), (7, Some(32)));
            assert_eq!(Preset::of(&recipe), Some(preset));
        }
    }
}
