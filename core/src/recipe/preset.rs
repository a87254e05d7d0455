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
        let mut start = defaults(recipe.task);
        start.task = recipe.task;
        start.model.clone_from(&recipe.model);
        start.pooling = recipe.pooling;
        start.max_length = recipe.max_length;
        start.validation_ratio = recipe.validation_ratio;
        start.test_ratio = recipe.test_ratio;
        start.seed = recipe.seed;
        match self {
            Self::Full => {}
            Self::Quick => start.unfreezing = Unfreezing::Head,
            Self::Balanced => {
                start.unfreezing = Unfreezing::Gradual;
                start.unfreeze_unit = UnfreezeUnit::Epochs;
                start.unfreeze_every = 0.25;
                start.schedule = Schedule::SlantedTriangular;
                start.layer_decay = 0.8;
            }
            Self::Adapter => start.adapter = AdapterKind::Lora,
            Self::FewExamples => {
                start.layer_decay = 0.8;
                start.label_smoothing = if recipe.task.has_classes() { 0.1 } else { 0.0 };
                start.weight_decay = 0.05;
            }
        }
        start
    }

    /// The preset that equals a recipe, if there is one.
    pub fn of(recipe: &RecipeSpec) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.recipe(recipe) == *recipe)
    }
}

/// Defaults that train a task well.
fn defaults(task: Task) -> RecipeSpec {
    let mut recipe = RecipeSpec::default();
    // Decoders are fine-tuned without dropout, as they were pretrained: see the recipes of Alpaca and SmolLM2.
    if task == Task::Generation {
        recipe.dropout = 0.0;
        recipe.attention_dropout = 0.0;
        recipe.schedule = Schedule::Cosine;
    }
    recipe
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
