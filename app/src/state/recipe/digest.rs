//! A one-line summary of each group of the recipe, shown while the group is closed.

use hone_core::recipe::{ClassWeights, FieldGroup, UnfreezeUnit, Unfreezing};

use crate::format;
use crate::state::State;
use crate::state::runs::scores;

impl State {
    /// Summarizes a group of the recipe in one line.
    pub fn digest(&self, group: FieldGroup) -> String {
        let recipe = &self.filled_form();
        let mut words: Vec<String> = Vec::new();
        match group {
            FieldGroup::LearningRate => {
                words.push(recipe.schedule.label().to_owned());
                words.push(format!("peak {}", format::rate(self.planned_peak())));
                if !recipe.lr_per_group.is_empty() {
                    words.push("a rate for each group".into());
                } else if recipe.layer_decay < 1.0 {
                    words.push(format!("layer-wise decay {}", format::rate(recipe.layer_decay)));
                }
            }
            FieldGroup::Regularization => {
                words.push(format!("dropout {}", format::percent(recipe.dropout)));
                words.push(format!("weight decay {}", format::rate(recipe.weight_decay)));
                let others = [
                    (recipe.label_smoothing > 0.0, "label smoothing"),
                    (recipe.class_weights != ClassWeights::Equal, "class weights"),
                    (recipe.focal_gamma > 0.0, "focal loss"),
                    (recipe.has_triplet_loss(), "triplet loss"),
                    (!recipe.matryoshka_dims.is_empty(), "Matryoshka"),
                    (recipe.r_drop > 0.0, "R-Drop"),
                    (recipe.l2_sp > 0.0, "L2-SP"),
                    (recipe.reinit_layers > 0, "reinitialized layers"),
                ];
                words.extend(others.into_iter().filter(|(is_on, _)| *is_on).map(|(_, name)| name.to_owned()));
            }
            FieldGroup::Stopping => {
                words.push(format::counted(recipe.epochs.unwrap_or_default(), "epoch", "epochs"));
                words.push(format!("best {}", scores::deciding(recipe).name()));
                words.push(match recipe.early_stopping_patience.unwrap_or_default() {
                    0 => "no early stopping".into(),
                    patience => format!("patience {patience}"),
                });
            }
            FieldGroup::Unfreezing => {
                words.push(recipe.unfreezing.label().to_owned());
                match recipe.unfreezing {
                    Unfreezing::Last => words.push(format::counted(recipe.last_layers, "layer", "layers")),
                    Unfreezing::Gradual | Unfreezing::ChainThaw => words.push(match recipe.unfreeze_unit {
                        UnfreezeUnit::Epochs => format!("stages of {} epochs", format::rate(recipe.unfreeze_every)),
                        UnfreezeUnit::Steps => format!("stages of {} steps", format::rate(recipe.unfreeze_every)),
                        UnfreezeUnit::Stall => "next stage when the score stalls".into(),
                    }),
                    Unfreezing::All | Unfreezing::Head => {}
                }
            }
            FieldGroup::Adapter => {
                words.push(recipe.adapter.label().to_owned());
                if recipe.has_adapter() {
                    words.push(format!("rank {}", recipe.lora_r));
                }
            }
            FieldGroup::Batch => {
                words.push(self.effective_batch());
                words.push(recipe.max_length.map_or("automatic length".into(), |len| format!("{len} tokens")));
            }
            // Not under Advanced.
            FieldGroup::Head => {}
            FieldGroup::Seed => words.push(recipe.seed.to_string()),
            FieldGroup::Data => {
                words.push(format!("{} for validation", format::percent(recipe.validation_ratio)));
                if recipe.test_ratio > 0.0 {
                    words.push(format!("{} for the test", format::percent(recipe.test_ratio)));
                }
            }
        }
        words.join(" · ")
    }

    /// Effective batch size, in words.
    pub fn effective_batch(&self) -> String {
        let recipe = self.filled_form();
        let rows = u64::from(recipe.batch_size.unwrap_or_default()) * u64::from(recipe.gradient_accumulation_steps);
        format!("{} rows a step", format::count(rows as f64))
    }
}
