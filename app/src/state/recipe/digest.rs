//! Each group of the recipe in a line, for those who do not open it.

use hone_core::recipe::{AdapterKind, ClassWeights, UnfreezeUnit, Unfreezing};

use crate::state::recipe::fields::{Control, GROUPS, Topic};
use crate::state::runs::scores;
use crate::state::{State, format};

impl State {
    /// What a group says, in a line.
    pub fn digest(&self, topic: Topic) -> String {
        let recipe = &self.form.recipe;
        let mut words: Vec<String> = Vec::new();
        match topic {
            Topic::LearningRate => {
                words.push(self.option_name("schedule"));
                words.push(format!("at most {}", format::rate(self.planned_peak())));
                if !recipe.lr_per_group.is_empty() {
                    words.push("a rate for each part".into());
                } else if recipe.layer_decay < 1.0 {
                    words.push(format!("{} from layer to layer", format::rate(recipe.layer_decay)));
                }
            }
            Topic::Regularization => {
                words.push(format!("dropout {}", format::percent(recipe.dropout)));
                words.push(format!("weight decay {}", format::rate(recipe.weight_decay)));
                let others = [
                    (recipe.label_smoothing > 0.0, "label smoothing"),
                    (recipe.class_weights != ClassWeights::Equal, "weights of labels"),
                    (recipe.focal_gamma > 0.0, "focal loss"),
                    (recipe.r_drop > 0.0, "R-Drop"),
                    (recipe.l2_sp > 0.0, "L2-SP"),
                    (recipe.reinit_layers > 0, "layers made anew"),
                ];
                words.extend(others.into_iter().filter(|(is_on, _)| *is_on).map(|(_, name)| name.to_owned()));
            }
            Topic::Stopping => {
                words.push(format::counted(recipe.epochs, "epoch", "epochs"));
                words.push(format!("best {}", scores::name(scores::deciding(recipe))));
                words.push(match recipe.early_stopping_patience {
                    0 => "runs to the end".into(),
                    patience => format!("patience {patience}"),
                });
            }
            Topic::Unfreezing => {
                words.push(self.option_name("unfreezing"));
                match recipe.unfreezing {
                    Unfreezing::Last => words.push(format::counted(recipe.last_layers, "layer", "layers")),
                    Unfreezing::Gradual | Unfreezing::ChainThaw => words.push(match recipe.unfreeze_unit {
                        UnfreezeUnit::Epochs => format!("a stage each {} epochs", format::rate(recipe.unfreeze_every)),
                        UnfreezeUnit::Steps => format!("a stage each {} steps", format::rate(recipe.unfreeze_every)),
                        UnfreezeUnit::Stall => "a stage when the score stalls".into(),
                    }),
                    Unfreezing::All | Unfreezing::Head => {}
                }
            }
            Topic::Adapter => {
                words.push(self.option_name("adapter"));
                if recipe.adapter != AdapterKind::None {
                    words.push(format!("rank {}", recipe.lora_r));
                }
            }
            Topic::Batch => {
                words.push(self.effective_batch());
                words.push(recipe.max_length.map_or("texts in full if they fit".into(), |len| format!("{len} tokens")));
            }
            Topic::Seed => words.push(recipe.seed.to_string()),
        }
        words.join(" · ")
    }

    /// Rows behind each correction, in words.
    pub fn effective_batch(&self) -> String {
        let recipe = &self.form.recipe;
        let rows = u64::from(recipe.batch_size) * u64::from(recipe.gradient_accumulation_steps);
        format!("{} rows a step", format::count(rows as f64))
    }

    /// The name of the chosen option of a choice.
    fn option_name(&self, name: &str) -> String {
        let controls = GROUPS.iter().flat_map(|group| group.controls);
        let words = controls.filter_map(|control| match control {
            Control::Choice(choice) if choice.name == name => Some(choice.name_of_chosen(&self.form.recipe)),
            _ => None,
        });
        words.collect()
    }
}
