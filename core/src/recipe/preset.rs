//! Presets: recipes to start from.

use serde::{Deserialize, Serialize};

use crate::recipe::choices::{AdapterKind, Schedule, UnfreezeUnit, Unfreezing};
use crate::recipe::fields::RecipeSpec;
use crate::recipe::task::Task;

/// A recipe to start from. It leaves the task, the model, the split, the length and the seed unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Trains only the head.
    Quick,
    /// Gradual unfreezing with discriminative learning rates and a slanted triangular schedule (ULMFiT).
    Balanced,
    /// Trains all layers at one learning rate.
    Full,
    /// Trains LoRA adapters.
    Adapter,
    /// Longer training with more regularization, for a few dozen rows.
    FewExamples,
}

impl Preset {
    /// All presets, the default first.
    pub const ALL: [Self; 5] = [Self::Full, Self::Balanced, Self::Quick, Self::Adapter, Self::FewExamples];

    /// Returns true if the preset makes sense for a task. Without a new head, there is nothing to train alone or first.
    pub fn suits(self, task: Task) -> bool {
        task.has_new_head() || !matches!(self, Self::Quick | Self::Balanced)
    }

    /// The preset as a recipe for the task, the model and the data of `recipe`.
    pub fn recipe(self, recipe: &RecipeSpec) -> RecipeSpec {
        let start = RecipeSpec {
            task: recipe.task,
            model: recipe.model.clone(),
            pooling: recipe.pooling,
            max_length: recipe.max_length,
            validation_ratio: recipe.validation_ratio,
            test_ratio: recipe.test_ratio,
            seed: recipe.seed,
            ..defaults(recipe.task)
        };
        match self {
            Self::Full => start,
            Self::Quick => RecipeSpec { unfreezing: Unfreezing::Head, ..start },
            Self::Balanced => RecipeSpec {
                unfreezing: Unfreezing::Gradual,
                unfreeze_unit: UnfreezeUnit::Epochs,
                unfreeze_every: 0.25,
                schedule: Schedule::SlantedTriangular,
                layer_decay: 0.8,
                ..start
            },
            Self::Adapter => RecipeSpec { adapter: AdapterKind::Lora, ..start },
            Self::FewExamples => RecipeSpec {
                layer_decay: 0.8,
                label_smoothing: if recipe.task.has_classes() { 0.1 } else { 0.0 },
                weight_decay: 0.05,
                ..start
            },
        }
    }

    /// The preset that equals a recipe, if there is one.
    pub fn of(recipe: &RecipeSpec) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.recipe(recipe) == *recipe)
    }
}

/// Defaults that train a task well.
fn defaults(task: Task) -> RecipeSpec {
    match task {
        // Decoders are fine-tuned without dropout, as they were pretrained: see the recipes of Alpaca and SmolLM2.
        Task::Generation => {
            RecipeSpec { dropout: 0.0, attention_dropout: 0.0, schedule: Schedule::Cosine, ..RecipeSpec::default() }
        }
        _ => RecipeSpec::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_keeps_seed_and_length_and_is_recognized() {
        let custom = RecipeSpec { seed: 7, max_length: Some(32), epochs: Some(9), ..RecipeSpec::default() };
        assert_eq!(Preset::of(&custom), None);
        for preset in Preset::ALL {
            let recipe = preset.recipe(&custom);
            assert_eq!((recipe.seed, recipe.max_length), (7, Some(32)));
            assert_eq!(Preset::of(&recipe), Some(preset));
        }
    }
}
