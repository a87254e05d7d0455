//! What a run is told to do. A [`RawRecipe`] is what a file or a form says; a [`Recipe`] is one that can be run.

use serde::{Deserialize, Serialize};

/// A recipe as written: every field may be wrong. Fields that are absent take their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRecipe {
    /// Version of this form.
    pub version: u32,
    /// Id of the model in the catalog.
    pub model: String,
    /// How a sentence becomes one vector; the model's own default when absent.
    pub pooling: Option<Pooling>,
    /// Longest sequence in tokens; chosen from the data when absent.
    pub max_len: Option<u32>,
    /// Rows computed at a time.
    pub batch_size: u32,
    /// Batches summed into one optimiser step.
    pub grad_accum_steps: u32,
    /// Passes over the training rows.
    pub epochs: u32,
    /// Highest learning rate; from the model's size when absent.
    pub lr_peak: Option<f64>,
    /// Share of the steps over which the rate rises from 0.
    pub warmup_share: f64,
    /// Decoupled weight decay (not on biases and LayerNorm).
    pub weight_decay: f64,
    /// Share of values switched off in training, in hidden states, attention and head.
    pub dropout: f64,
    /// Largest global gradient norm; 0 switches clipping off.
    pub clip_norm: f64,
    /// Whether the embeddings learn.
    pub train_embeddings: bool,
    /// Evaluations an epoch.
    pub evals_per_epoch: u32,
    /// Evaluations without improvement before the run stops; 0 switches early stopping off.
    pub patience: u32,
    /// What counts as improvement.
    pub best_metric: Metric,
    /// Smallest change that counts as improvement.
    pub min_change: f64,
    /// Share of the rows kept for validation.
    pub validation_share: f64,
    /// Seed of split, order, head and dropout.
    pub seed: u32,
}

/// How the tokens' vectors become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The first token's vector through the pretrained pooler: plain `BertForSequenceClassification`.
    Cls,
    /// The mean over the text's tokens.
    Mean,
}

/// What decides which weights are best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Validation loss, lower is better.
    Loss,
    /// Accuracy, higher is better.
    Accuracy,
    /// Macro-F1, higher is better.
    MacroF1,
}

mod schedule;
mod valid;

pub use schedule::lr_at;
pub use valid::{ModelFacts, Recipe, RecipeError, range_of};

impl Default for RawRecipe {
    /// The recipe that trains well untouched: full fine-tuning of the layers and the head, embeddings frozen.
    fn default() -> Self {
        Self {
            version: 1,
            model: String::new(),
            pooling: None,
            max_len: None,
            batch_size: 8,
            grad_accum_steps: 1,
            epochs: 2,
            lr_peak: None,
            warmup_share: 0.1,
            weight_decay: 0.01,
            dropout: 0.1,
            clip_norm: 1.0,
            train_embeddings: false,
            evals_per_epoch: 2,
            patience: 3,
            best_metric: Metric::MacroF1,
            min_change: 0.0,
            validation_share: 0.1,
            seed: 42,
        }
    }
}
