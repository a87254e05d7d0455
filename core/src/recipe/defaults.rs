//! The fields that Hone chooses from the data and the model: epochs, learning rate, batch size, warmup, evaluations and
//! patience. `docs/experiments.md` measures them against a grid.

use crate::recipe::choices::{AdapterKind, Unfreezing};
use crate::recipe::facts::{ModelFacts, RowFacts};
use crate::recipe::fields::RecipeSpec;
use crate::recipe::task::Task;

/// Batch size of encoders.
const BATCH: u32 = 8;
/// Batch size of decoders, whose sequences are long and whose vocabulary makes large logits.
const DECODER_BATCH: u32 = 4;
/// Share of the steps over which the learning rate rises.
pub(super) const WARMUP_RATIO: f64 = 0.1;
/// Optimizer steps that a new head and all layers need for a task with two classes.
const STEPS: f64 = 400.0;
/// Additional steps for each class beyond the second.
const STEPS_PER_CLASS: f64 = 15.0;
/// Classes beyond which further ones add no steps.
const MOST_CLASSES: f64 = 100.0;
/// Classes up to which their number is not worth a word.
const FEW_CLASSES: u32 = 10;
/// Fewest and most epochs.
const EPOCHS: [f64; 2] = [3.0, 20.0];
/// Most epochs if only the head is trained: its inputs are computed once, so that an epoch costs next to nothing.
const HEAD_EPOCHS: f64 = 40.0;

/// The fields that Hone chooses, each for a recipe that leaves it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defaults {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Passes over the training rows.
    pub epochs: u32,
    /// Rows that are computed at a time.
    pub batch_size: u32,
    /// Share of the steps over which the learning rate rises.
    pub warmup_ratio: f64,
    /// Epochs between two evaluations.
    pub eval_every_epochs: f64,
    /// Evaluations without improvement before the run stops early.
    pub early_stopping_patience: u32,
}

impl Defaults {
    /// Chooses the fields for a recipe, a model and its data. The evaluations fit the recipe's own epochs if it has them.
    pub fn new(spec: &RecipeSpec, facts: &ModelFacts) -> Self {
        let epochs = epochs(spec, facts);
        let eval_every_epochs = if spec.epochs.unwrap_or(epochs) <= 5 { 0.5 } else { 1.0 };
        let interval = spec.eval_every_epochs.unwrap_or(eval_every_epochs);
        let evaluations = f64::from(spec.epochs.unwrap_or(epochs)) / interval;
        Self {
            learning_rate: learning_rate(spec, facts),
            epochs,
            batch_size: if spec.task == Task::Generation { DECODER_BATCH } else { BATCH },
            warmup_ratio: WARMUP_RATIO,
            eval_every_epochs,
            // The score may stall while the rate is high and rise again as it falls. In stages, it stalls before each.
            early_stopping_patience: if spec.has_stages() { 0 } else { (evaluations / 3.0).ceil().max(3.0) as u32 },
        }
    }

    /// These values, except where the recipe has its own.
    pub fn or_given(self, spec: &RecipeSpec) -> Self {
        Self {
            learning_rate: spec.learning_rate.unwrap_or(self.learning_rate),
            epochs: spec.epochs.unwrap_or(self.epochs),
            batch_size: spec.batch_size.unwrap_or(self.batch_size),
            warmup_ratio: spec.warmup_ratio.unwrap_or(self.warmup_ratio),
            eval_every_epochs: spec.eval_every_epochs.unwrap_or(self.eval_every_epochs),
            early_stopping_patience: spec.early_stopping_patience.unwrap_or(self.early_stopping_patience),
        }
    }

    /// Writes the values into a recipe.
    pub fn fill(self, spec: &mut RecipeSpec) {
        spec.learning_rate = Some(self.learning_rate);
        spec.epochs = Some(self.epochs);
        spec.batch_size = Some(self.batch_size);
        spec.warmup_ratio = Some(self.warmup_ratio);
        spec.eval_every_epochs = Some(self.eval_every_epochs);
        spec.early_stopping_patience = Some(self.early_stopping_patience);
    }

    /// Says which of the fields were chosen, those that the recipe leaves out, and why; empty if it has them all.
    pub fn sentence(self, spec: &RecipeSpec, facts: &ModelFacts) -> String {
        let chosen = [
            spec.epochs.is_none().then(|| format!("{} epochs", self.epochs)),
            spec.learning_rate.is_none().then(|| format!("peak learning rate {:e}", self.learning_rate)),
            spec.batch_size.is_none().then(|| format!("batches of {}", self.batch_size)),
        ];
        let chosen: Vec<String> = chosen.into_iter().flatten().collect();
        if chosen.is_empty() {
            return String::new();
        }
        let RowFacts { rows, classes, .. } = facts.data;
        let classes = match spec.task {
            _ if classes == 0 => String::new(),
            Task::MultiLabel => format!(" with {classes} labels"),
            Task::TokenClassification => format!(" with {classes} tags"),
            _ => format!(" in {classes} classes"),
        };
        let mut sentences = vec![format!("Chosen for {rows} training rows{classes}: {}.", chosen.join(", "))];
        if spec.epochs.is_none() {
            sentences.extend(self.epochs_reason(spec, facts));
        }
        if spec.learning_rate.is_none() {
            sentences.extend(rate_reason(spec, facts));
        }
        sentences.join(" ")
    }

    fn epochs_reason(self, spec: &RecipeSpec, facts: &ModelFacts) -> Option<String> {
        let RowFacts { rows, classes, .. } = facts.data;
        let reason = match spec.task {
            Task::Generation => return None,
            _ if f64::from(self.epochs) <= EPOCHS[0] => "So many rows need few passes.".to_owned(),
            _ if classes > FEW_CLASSES => {
                let each = f64::from(rows) / f64::from(classes);
                format!("With about {each:.0} rows for each label, the model needs more passes than for two labels.")
            }
            _ => "Few rows need more passes than many.".to_owned(),
        };
        Some(reason)
    }
}

fn rate_reason(spec: &RecipeSpec, facts: &ModelFacts) -> Option<String> {
    let reason = match spec.unfreezing {
        _ if spec.task == Task::Generation => return None,
        Unfreezing::Head => "A head that is trained alone takes a high rate.",
        _ if spec.has_adapter() => "An adapter takes a higher rate than the model's own weights.",
        _ if facts.parameters < 50e6 => "A small model takes a higher rate than a large one.",
        _ => "A large model takes a low rate.",
    };
    Some(reason.to_owned())
}

/// Passes over the rows: enough of them for a number of optimizer steps that grows with the number of classes.
fn epochs(spec: &RecipeSpec, facts: &ModelFacts) -> u32 {
    if spec.task == Task::Generation {
        return 2;
    }
    let per_epoch = f64::from(facts.data.rows.max(1)) / f64::from(BATCH);
    let classes = f64::from(facts.data.classes).clamp(2.0, MOST_CLASSES);
    let steps = STEPS + STEPS_PER_CLASS * (classes - 2.0);
    let [least, most] = EPOCHS;
    let most = if spec.unfreezing == Unfreezing::Head { HEAD_EPOCHS } else { most };
    (steps / per_epoch).ceil().clamp(least, most) as u32
}

/// The peak learning rate. Small models need higher rates, and so do new weights.
fn learning_rate(spec: &RecipeSpec, facts: &ModelFacts) -> f64 {
    let parameters = facts.parameters;
    if spec.task == Task::Generation {
        return match spec.adapter {
            _ if parameters < 4e6 => 2e-3,
            AdapterKind::None if parameters < 50e6 => 2e-4,
            AdapterKind::None => 5e-5,
            _ => 5e-4,
        };
    }
    let full = match parameters {
        small if small < 16e6 => 2e-4,
        medium if medium < 50e6 => 1e-4,
        _ => 3e-5,
    };
    match spec.unfreezing {
        Unfreezing::Head => 1e-2,
        _ if spec.has_adapter() => 1e-3,
        Unfreezing::Gradual | Unfreezing::ChainThaw if spec.layer_decay < 1.0 => 5.0 * full,
        _ => full,
    }
}
