//! What a run is told to do. A [`RecipeSpec`] is what a file or a form says; a [`Recipe`] is one that can be run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod family;
mod metric;
mod param_group;
mod preset;
mod schedule;
mod task;
mod unfreeze;
mod valid;

pub use family::Family;
pub use metric::Metric;
pub use param_group::ParamGroup;
pub use preset::Preset;
pub use schedule::LrCurve;
pub use task::Task;
pub use unfreeze::{UnfreezeSchedule, UnfreezeTrigger};
pub use valid::{ModelFacts, Recipe, RecipeError, default_learning_rate, range_of};

/// A recipe as written: every field may be wrong. Fields that are absent take their defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecipeSpec {
    /// Version of this form.
    pub version: u32,
    /// What is learned.
    pub task: Task,
    /// Id of the model in the catalog.
    pub model: String,
    /// How a sentence becomes one vector; the model's own default when absent.
    pub pooling: Option<Pooling>,
    /// Longest sequence in tokens; chosen from the data when absent.
    pub max_length: Option<u32>,
    /// Rows computed at a time.
    pub batch_size: u32,
    /// Batches summed into one optimizer step.
    pub gradient_accumulation_steps: u32,
    /// Whether layers are computed a second time for their gradient, so that less memory is needed.
    pub gradient_checkpointing: bool,
    /// Passes over the training rows.
    pub epochs: u32,

    /// Highest learning rate; from the model's size and what learns when absent.
    pub learning_rate: Option<f64>,
    /// How the rate changes over the run.
    pub schedule: ScheduleKind,
    /// Share of the steps over which the rate rises from 0.
    pub warmup_ratio: f64,
    /// The same in optimizer steps; takes the place of the share.
    pub warmup_steps: Option<u32>,
    /// Rate at the end, as a share of the highest; of a plateau, the lowest it may be cut to.
    pub lr_final_ratio: f64,
    /// One cycle: rate at the beginning, as a share of the highest.
    pub lr_start_ratio: f64,
    /// Cosine with restarts: how often it falls.
    pub cycles: u32,
    /// Polynomial: exponent; 1 is linear.
    pub power: f64,
    /// Slanted triangle: share of the steps over which the rate rises.
    pub cut_frac: f64,
    /// Slanted triangle: highest rate over lowest.
    pub ratio: f64,
    /// Plateau: what the rate is multiplied with when the score stalls.
    pub plateau_factor: f64,
    /// Plateau: evaluations without improvement that are borne before that.
    pub plateau_patience: u32,
    /// Rate of a layer over that of the layer above it; the head and the pooler have the full rate.
    pub layer_decay: f64,
    /// Highest rate of each part by name, in place of `learning_rate` and `layer_decay`.
    pub lr_per_group: BTreeMap<ParamGroup, f64>,

    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Whether biases decay.
    pub decay_biases: bool,
    /// Whether LayerNorm weights decay.
    pub decay_norms: bool,
    /// Whether embeddings decay.
    pub decay_embeddings: bool,
    /// Share of the hidden states that is switched off in training.
    pub dropout: f64,
    /// Share of the attention weights that is switched off.
    pub attention_dropout: f64,
    /// Share of the sentence vector before the head that is switched off.
    pub head_dropout: f64,
    /// Share of the probability that is spread over all classes (Szegedy et al. 2015).
    pub label_smoothing: f64,
    /// What the classes weigh in the loss.
    pub class_weights: ClassWeights,
    /// Focal loss (Lin et al. 2017): how much rows that are right already count less; 0 is cross-entropy.
    pub focal_gamma: f64,
    /// R-Drop (Liang et al. 2021): weight of the disagreement between two dropout masks; 0 switches it off.
    pub r_drop: f64,
    /// L2-SP (Li et al. 2018): pull toward the pretrained weights; 0 switches it off.
    pub l2_sp: f64,
    /// Top layers that are made anew before training (Zhang et al. 2020).
    pub reinit_layers: u32,
    /// Largest global gradient norm; 0 switches clipping off.
    pub max_grad_norm: f64,

    /// Epochs from one evaluation to the next, with fraction.
    pub eval_every_epochs: f64,
    /// The same in optimizer steps; takes the place of the epochs.
    pub eval_every_steps: Option<u32>,
    /// Generation: validation rows that the model is asked to write on at each evaluation.
    pub generated_rows: u32,
    /// Generation: most tokens that it then writes.
    pub max_new_tokens: u32,
    /// Question answering: tokens that two windows on a long passage have in common.
    pub doc_stride: u32,
    /// Evaluations without improvement before the run stops; 0 switches early stopping off.
    pub early_stopping_patience: u32,
    /// What counts as improvement.
    pub metric_for_best_model: Option<Metric>,
    /// Smallest change that counts as improvement.
    pub early_stopping_min_delta: f64,

    /// Which parts of the model learn, and when.
    pub unfreezing: Unfreezing,
    /// Last layers only: how many.
    pub last_layers: u32,
    /// What a stage of gradual unfreezing or chain-thaw is measured in.
    pub unfreeze_unit: UnfreezeUnit,
    /// Length of a stage, in that unit.
    pub unfreeze_every: f64,
    /// What each stage of gradual unfreezing adds; empty means from the head down, a layer at a time.
    pub unfreeze_order: Vec<Vec<ParamGroup>>,
    /// Whether the embeddings learn with the layers. The head or the last layers alone, and an order that is given,
    /// take no notice of it.
    pub train_embeddings: bool,

    /// Small matrices that learn beside the frozen ones.
    pub adapter: AdapterKind,
    /// Rank of the adapter: the inner size of its matrices.
    pub lora_r: u32,
    /// The adapter's output is scaled by this over the rank.
    pub lora_alpha: f64,
    /// Share of the adapter's input that is switched off.
    pub lora_dropout: f64,
    /// Scale by the root of the rank instead (rsLoRA, Kalajdzievski 2023).
    pub use_rslora: bool,
    /// Which linear layers have an adapter.
    pub target_modules: Vec<LoraTarget>,

    /// Share of the rows kept for validation.
    pub validation_ratio: f64,
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

/// How the learning rate changes over a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// Stays at its highest.
    Constant,
    /// Falls in a straight line.
    Linear,
    /// Falls along half a cosine.
    Cosine,
    /// Falls along half a cosine several times.
    CosineRestarts,
    /// Falls along a power.
    Polynomial,
    /// Falls with the root of the step.
    InverseSqrt,
    /// Rises and falls along cosines (Smith 2018).
    OneCycle,
    /// A short straight rise and a long straight fall (ULMFiT).
    SlantedTriangular,
    /// Stays until the score stalls, then is cut.
    Plateau,
}

impl ScheduleKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Constant,
        Self::Linear,
        Self::Cosine,
        Self::CosineRestarts,
        Self::Polynomial,
        Self::InverseSqrt,
        Self::OneCycle,
        Self::SlantedTriangular,
        Self::Plateau,
    ];
}

/// What the classes weigh in the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All the same.
    Equal,
    /// Rows over (classes × rows of the class), as scikit-learn's `balanced`.
    Balanced,
    /// By class name; a class that is not named weighs 1.
    Given(BTreeMap<String, f64>),
}

/// Which parts of the model learn, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfreezing {
    /// All layers and the head from the beginning.
    All,
    /// The head alone.
    Head,
    /// The last layers and the head.
    Last,
    /// The head first, then one more layer at each stage.
    Gradual,
    /// The head first, then each layer alone from the bottom, then all (Felbo et al. 2017).
    ChainThaw,
}

/// What a stage of gradual unfreezing or chain-thaw is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnfreezeUnit {
    /// Epochs, with fraction.
    Epochs,
    /// Optimizer steps.
    Steps,
    /// Evaluations in a row without improvement.
    Stall,
}

/// Small matrices that learn beside the frozen ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdapterKind {
    /// None: the weights themselves learn.
    None,
    /// LoRA (Hu et al. 2021).
    Lora,
    /// DoRA (Liu et al. 2024): LoRA, with the length of each row of the weight learned by itself.
    Dora,
}

/// A linear layer of an encoder that may have an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoraTarget {
    /// What a token looks for in others.
    Query,
    /// What a token is found by.
    Key,
    /// What a token gives to those that find it.
    Value,
    /// What is made of what was given.
    AttentionOutput,
    /// Into the feed-forward block; its gate too, where it has one.
    Intermediate,
    /// Out of the feed-forward block.
    Output,
}

impl LoraTarget {
    /// All of them, in the order in which data flows.
    pub const ALL: [Self; 6] =
        [Self::Query, Self::Key, Self::Value, Self::AttentionOutput, Self::Intermediate, Self::Output];
}

impl Default for RecipeSpec {
    /// The recipe that trains well untouched: full fine-tuning of the layers and the head, embeddings frozen.
    fn default() -> Self {
        Self {
            version: 1,
            task: Task::Classification,
            model: String::new(),
            pooling: None,
            max_length: None,
            batch_size: 8,
            gradient_accumulation_steps: 1,
            gradient_checkpointing: false,
            epochs: 2,
            learning_rate: None,
            schedule: ScheduleKind::Linear,
            warmup_ratio: 0.1,
            warmup_steps: None,
            lr_final_ratio: 0.0,
            lr_start_ratio: 0.04,
            cycles: 2,
            power: 2.0,
            cut_frac: 0.1,
            ratio: 32.0,
            plateau_factor: 0.5,
            plateau_patience: 1,
            layer_decay: 1.0,
            lr_per_group: BTreeMap::new(),
            weight_decay: 0.01,
            decay_biases: false,
            decay_norms: false,
            decay_embeddings: true,
            dropout: 0.1,
            attention_dropout: 0.1,
            head_dropout: 0.1,
            label_smoothing: 0.0,
            class_weights: ClassWeights::Equal,
            focal_gamma: 0.0,
            r_drop: 0.0,
            l2_sp: 0.0,
            reinit_layers: 0,
            max_grad_norm: 1.0,
            eval_every_epochs: 0.5,
            eval_every_steps: None,
            generated_rows: 8,
            max_new_tokens: 64,
            doc_stride: 64,
            early_stopping_patience: 3,
            metric_for_best_model: None,
            early_stopping_min_delta: 0.0,
            unfreezing: Unfreezing::All,
            last_layers: 2,
            unfreeze_unit: UnfreezeUnit::Epochs,
            unfreeze_every: 1.0,
            unfreeze_order: Vec::new(),
            train_embeddings: false,
            adapter: AdapterKind::None,
            lora_r: 8,
            lora_alpha: 16.0,
            lora_dropout: 0.0,
            use_rslora: false,
            target_modules: LoraTarget::ALL.to_vec(),
            validation_ratio: 0.1,
            seed: 42,
        }
    }
}
