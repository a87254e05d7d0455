//! Every field of a recipe, in one table: name, type, default, range, group, and what it does. The struct, its default and
//! its validation, the form's controls and the model card's sentences are made from it. It is long because it is the
//! only place that a new field needs besides the code that acts on it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::recipe::choices::{
    AdapterKind, ClassWeights, LoraTarget, Pooling, Schedule, SimilarityLoss, TripletDistance, UnfreezeUnit,
    Unfreezing, sentence,
};
use crate::recipe::metric::Metric;
use crate::recipe::param_group::ParamGroup;
use crate::recipe::task::Task;

pub use field::{Choice, Field, FieldGroup, FieldKind, Number, Switch, Unit, Values};

use Unit::{Batches, Epochs, Evaluations, Layers, Percent, Rows, Stage, Steps, Tokens};
use field::Numeric;
use special::{CLASS_WEIGHTS, MATRYOSHKA, METRIC, POOLING, UNFREEZING};

mod field;
mod special;
#[macro_use]
mod table;

/// Learning rates allowed.
const RATES: RangeInclusive<f64> = 1e-7..=1.0;
/// Lengths of a sequence allowed, in tokens; the model may allow less.
pub(super) const LENGTHS: RangeInclusive<f64> = 8.0..=512.0;

recipe_fields! {
    identity {
        /// Version of the recipe format.
        version: u32 = 1;
        /// Task that the model is trained for.
        task: Task = Task::Classification;
        /// Id of the model in the catalog.
        model: String = String::new();
    }

    LearningRate {
        /// Size of the optimizer steps at the peak of the schedule. A small rate keeps what the model knows; a rate that is
        /// too large makes it forget.
        learning_rate: Option<f64> = None, number(RATES) {
            label: "Peak learning rate",
            when: "Halve it if the loss jumps up and down; double it if the loss hardly moves.",
        }
        /// Shape of the learning rate over the run.
        schedule: Schedule = Schedule::Linear, choice {
            label: "Schedule",
            when: "Change it if the loss still falls at the end, or stopped falling long before.",
        }
        /// Share of the steps over which the learning rate rises from zero, gently while the new head is still random.
        warmup_ratio: Option<f64> = None, number(0.0..=0.9, Percent) {
            label: "Warmup",
            when: "Raise it if the loss shoots up in the first steps.",
            applies: |spec| spec.has_warmup() && spec.warmup_steps.is_none(),
        }
        /// Optimizer steps over which the learning rate rises from zero; replaces the share.
        warmup_steps: Option<u32> = None, number(0.0..=100_000.0, Steps) {
            label: "Warmup",
            when: "Raise it if the loss shoots up in the first steps.",
            applies: |spec| spec.has_warmup() && spec.warmup_steps.is_some(),
        }
        /// Learning rate at the end of the schedule, as a share of the peak.
        lr_final_ratio: f64 = 0.0, number(0.0..=1.0, Percent) {
            label: "Final learning rate",
            when: "Raise it above 0 if the score still improves in the last steps.",
            applies: |spec| {
                use Schedule::{Cosine, CosineRestarts, Linear, OneCycle, Polynomial};
                [Linear, Cosine, CosineRestarts, Polynomial, OneCycle].contains(&spec.schedule)
            },
        }
        /// Learning rate at the start of a one-cycle schedule, as a share of the peak.
        lr_start_ratio: f64 = 0.04, number(0.0..=1.0, Percent) {
            label: "Initial learning rate",
            when: "Lower it if the loss shoots up in the first steps.",
            applies: |spec| spec.schedule == Schedule::OneCycle,
        }
        /// Number of times that a cosine schedule with restarts falls.
        cycles: u32 = 2, number(1.0..=50.0) {
            label: "Cycles",
            when: "One for every two or three epochs is plenty.",
            applies: |spec| spec.schedule == Schedule::CosineRestarts,
        }
        /// Exponent of a polynomial schedule; 1 is a straight line.
        power: f64 = 2.0, number(0.1..=10.0) {
            label: "Power",
            when: "Raise it to spend more of the run at small rates.",
            applies: |spec| spec.schedule == Schedule::Polynomial,
        }
        /// Share of the steps over which a slanted triangular schedule rises (cut_frac in ULMFiT).
        cut_frac: f64 = 0.1, number(0.01..=0.9, Percent) {
            label: "Cut fraction",
            when: "ULMFiT uses 10 %; raise it for very short runs.",
            applies: |spec| spec.schedule == Schedule::SlantedTriangular,
        }
        /// Peak of a slanted triangular schedule divided by its lowest rate (ratio in ULMFiT).
        ratio: f64 = 32.0, number(1.0..=1_000.0) {
            label: "Peak-to-lowest ratio",
            when: "ULMFiT uses 32; lower it to keep learning until the end.",
            applies: |spec| spec.schedule == Schedule::SlantedTriangular,
        }
        /// Factor by which the learning rate is multiplied when the score stalls.
        plateau_factor: f64 = 0.5, number(0.01..=0.99) {
            label: "Plateau factor",
            when: "Use 0.1 for few deep cuts, 0.5 for many small ones.",
            applies: |spec| spec.schedule == Schedule::Plateau,
        }
        /// Evaluations without improvement before the learning rate is cut.
        plateau_patience: u32 = 1, number(0.0..=100.0, Evaluations) {
            label: "Plateau patience",
            when: "Keep it below the early stopping patience, or the run ends before the first cut.",
            applies: |spec| spec.schedule == Schedule::Plateau,
        }
        /// Learning rate of each layer as a share of the rate of the layer above it. Lower layers hold more general
        /// knowledge and should change less. The head and the pooler have the full rate.
        layer_decay: f64 = 1.0, number(0.1..=1.0) {
            label: "Layer-wise decay",
            when: "Lower it to protect the lower layers; the peak can then be two or three times higher.",
            applies: |spec| spec.lr_per_group.is_empty(),
            card: "Each layer was trained at {} times the learning rate of the layer above.",
        }
        /// Peak learning rate of each parameter group by name; replaces the common peak and the layer-wise decay.
        lr_per_group: BTreeMap<ParamGroup, f64> = BTreeMap::new(), custom(RATES) {
            label: "Learning rate per group",
            when: "Set each rate to repeat a paper or to protect a layer.",
            card: "Some parameter groups had their own learning rate.",
        }
    }

    Regularization {
        /// Share of the hidden activations that is set to zero at random during training, so that the model relies on none
        /// of them too much.
        dropout: f64 = 0.1, number(0.0..=0.9, Percent) {
            label: "Dropout",
            when: "Raise it if the model memorizes: training loss falls while validation loss rises.",
        }
        /// Share of the attention weights that is set to zero at random during training.
        attention_dropout: f64 = 0.1, number(0.0..=0.9, Percent) {
            label: "Attention dropout",
            when: "Raise it if predictions hang on single words.",
        }
        /// Share of the text vector that is set to zero at random before the head reads it.
        head_dropout: f64 = 0.1, number(0.0..=0.9, Percent) {
            label: "Head dropout",
            when: "Raise it if only the head is trained and it memorizes.",
            applies: |spec| spec.task.has_new_head(),
        }
        /// Decoupled weight decay (AdamW): pulls weights gently toward zero, so that none grows without need.
        weight_decay: f64 = 0.01, number(0.0..=1.0) {
            label: "Weight decay",
            when: "Raise it to 0.1 on very small data; 0 turns it off.",
        }
        /// Applies weight decay to biases, which are few and usually left out.
        decay_biases: bool = false, switch {
            label: "Decay biases",
            when: "Leave it off unless you repeat a paper.",
        }
        /// Applies weight decay to LayerNorm weights, which belong near one rather than zero.
        decay_norms: bool = false, switch {
            label: "Decay LayerNorm weights",
            when: "Leave it off unless you repeat a paper.",
        }
        /// Applies weight decay to embeddings, also to those of words that your data lacks.
        decay_embeddings: bool = true, switch {
            label: "Decay embeddings",
            when: "Turn it off if your texts use few of the model's words.",
            applies: |spec| spec.train_embeddings,
        }
        /// Share of the target probability that is spread over all classes, so that the model is less overconfident
        /// (Szegedy et al. 2015).
        label_smoothing: f64 = 0.0, number(0.0..=0.9, Percent) {
            label: "Label smoothing",
            when: "Use 10 % if some labels are wrong, or if the model is sure and mistaken.",
            applies: |spec| spec.task.has_classes() || spec.task == Task::Generation,
            card: "Label smoothing {}.",
        }
        /// Weights of the classes in the loss.
        class_weights: ClassWeights = ClassWeights::Equal, choice_of(CLASS_WEIGHTS) {
            label: "Class weights",
            when: "Balance them if a class has far fewer rows and matters as much.",
            applies: |spec| spec.task.has_classes(),
            card: "Class weights: {}.",
        }
        /// Focal loss (Lin et al. 2017): reduces the weight of rows that the model already predicts well; 0 is plain
        /// cross-entropy.
        focal_gamma: f64 = 0.0, number(0.0..=10.0) {
            label: "Focal loss gamma",
            when: "Use 1 to 2 if easy rows are many and hard ones few; avoid it if labels may be wrong.",
            applies: |spec| spec.task.has_classes(),
            card: "Focal loss with gamma {}.",
        }
        /// Way in which the texts are compared with each other.
        similarity_loss: SimilarityLoss = SimilarityLoss::InBatch, choice {
            label: "Loss",
            when: "Use triplet if other rows have right answers too, so that they are no wrong ones.",
            applies: |spec| spec.task == Task::Embeddings,
            card: "Loss: {}.",
        }
        /// Distance in the triplet loss (`distance_metric` in sentence-transformers).
        triplet_distance: TripletDistance = TripletDistance::Cosine, choice {
            label: "Triplet distance",
            when: "Change it to repeat a paper.",
            applies: RecipeSpec::has_triplet_loss,
            card: "Triplet distance: {}.",
        }
        /// Margin by which a negative has to be farther from the anchor than the positive. Distances are at most 2, so
        /// sentence-transformers' default of 5 could not be reached.
        triplet_margin: f64 = 0.2, number(0.01..=2.0) {
            label: "Triplet margin",
            when: "Raise it if the loss is 0 early.",
            applies: RecipeSpec::has_triplet_loss,
            card: "Triplet margin {}.",
        }
        /// Sizes to which the vectors can be cut after training: the loss is also that of their first numbers (Matryoshka,
        /// Kusupati et al. 2022). Small vectors are searched faster and need less memory.
        matryoshka_dims: Vec<u32> = Vec::new(), choice_of(MATRYOSHKA) {
            label: "Sizes of the vectors",
            when: "Choose smaller ones too if you search many texts.",
            applies: |spec| spec.task == Task::Embeddings,
            card: "MatryoshkaLoss, for vectors that can be cut.",
        }
        /// R-Drop (Liang et al. 2021): reads each row twice with different dropout and penalizes disagreement. Each step
        /// takes twice as long.
        r_drop: f64 = 0.0, number(0.0..=10.0) {
            label: "R-Drop weight",
            when: "Use 1 to 5 on small data; 0 turns it off. It needs dropout.",
            applies: |spec| spec.task.has_classes(),
            card: "R-Drop with weight {}.",
        }
        /// L2-SP (Li et al. 2018): pulls weights back toward their pretrained values, so that less is forgotten.
        l2_sp: f64 = 0.0, number(0.0..=10.0) {
            label: "L2-SP strength",
            when: "Use 0.01 to 0.1 if the model forgets too much; 0 turns it off.",
            card: "L2-SP with strength {}: a pull toward the pretrained weights.",
        }
        /// Number of top layers whose pretrained weights are replaced by random ones before training (Zhang et al. 2020).
        reinit_layers: u32 = 0, number(0.0..=48.0, Layers) {
            label: "Reinitialized layers",
            when: "Use 1 or 2 if runs on a few hundred rows differ a lot from seed to seed.",
            card: "Layers reinitialized before training, from the top: {}.",
        }
        /// Greatest norm of the gradient; a longer one is scaled down, so that one odd batch does no harm.
        max_grad_norm: f64 = 1.0, number(0.0..=100.0) {
            label: "Max gradient norm",
            when: "Lower it if the loss has spikes; 0 turns clipping off.",
        }
    }

    Stopping {
        /// Passes over the training rows.
        epochs: Option<u32> = None, number(1.0..=100.0) {
            label: "Epochs",
            when: "Use more for a few hundred rows, fewer for tens of thousands.",
        }
        /// Optimizer steps after which the run ends if its epochs are not over before; the schedule fits into them. 0 for no
        /// limit.
        max_steps: u32 = 0, number(0.0..=1_000_000.0, Steps) {
            label: "Max steps",
            when: "Use it to try a recipe on many rows in a minute.",
            card: "The run was limited to {} optimizer steps.",
        }
        /// Greatest number of training rows, drawn at random; 0 for all.
        max_train_samples: u32 = 0, number(0.0..=1_000_000.0, Rows) {
            label: "Max training rows",
            when: "Set it to 0 to train on all rows.",
            applies: |spec| spec.max_train_samples > 0,
            card: "Trained on {} rows of the training data, drawn at random.",
        }
        /// Share of the training rows that get a wrong label on purpose.
        label_noise: f64 = 0.0, number(0.0..=0.9, Percent) {
            label: "Flipped labels",
            when: "Set it to 0 to train on the labels as they are.",
            applies: |spec| spec.label_noise > 0.0,
            card: "Labels flipped on purpose, to show overfitting: {}.",
        }
        /// Epochs between two evaluations on the validation rows; fractions are allowed.
        eval_every_epochs: Option<f64> = None, number(0.05..=100.0, Epochs) {
            label: "Evaluate every",
            when: "Evaluate more often to stop at a better moment; each evaluation takes time.",
            applies: |spec| spec.eval_every_steps.is_none(),
        }
        /// Optimizer steps between two evaluations on the validation rows; replaces the epochs.
        eval_every_steps: Option<u32> = None, number(1.0..=1_000_000.0, Steps) {
            label: "Evaluate every",
            when: "Evaluate more often to stop at a better moment; each evaluation takes time.",
            applies: |spec| spec.eval_every_steps.is_some(),
        }
        /// Metric that decides which weights of the run are kept.
        metric_for_best_model: Option<Metric> = None, choice_of(METRIC) {
            label: "Metric for best model",
            when: "Choose the one that is closest to what an error costs you.",
        }
        /// Validation rows for which the model generates text at each evaluation, to be read and scored.
        generated_rows: u32 = 8, number(0.0..=1_000.0, Rows) {
            label: "Rows generated",
            when: "Raise it for steadier scores; generation takes about one forward pass for each token.",
            applies: |spec| spec.task == Task::Generation,
        }
        /// Greatest number of tokens generated for a row; generation may end earlier by itself.
        max_new_tokens: u32 = 64, number(1.0..=512.0, Tokens) {
            label: "Max new tokens",
            when: "Set it to the length of your longest answers.",
            applies: |spec| spec.task == Task::Generation,
        }
        /// Evaluations without improvement before the run stops early; the best weights are kept.
        early_stopping_patience: Option<u32> = None, number(0.0..=100.0, Evaluations) {
            label: "Early stopping patience",
            when: "Raise it if the score is noisy; 0 always runs to the end.",
        }
        /// Smallest change of the metric that counts as an improvement.
        early_stopping_min_delta: f64 = 0.0, number(0.0..=1.0) {
            label: "Minimum improvement",
            when: "Raise it to stop sooner when the score only creeps. The best weights are kept whatever it is.",
        }
    }

    Unfreezing {
        /// Parameter groups that are trained, and the order in which they are unfrozen.
        unfreezing: Unfreezing = Unfreezing::All, choice_of(UNFREEZING) {
            label: "Unfreezing",
            when: "Freeze more on few rows or a slow machine: lower layers hold general knowledge.",
        }
        /// Number of layers that are trained, counted from the top.
        last_layers: u32 = 2, number(1.0..=48.0, Layers) {
            label: "Last layers",
            when: "Raise it if the score stays low and memory allows.",
            applies: |spec| spec.unfreezing == Unfreezing::Last,
        }
        /// Unit in which the length of a stage is measured.
        unfreeze_unit: UnfreezeUnit = UnfreezeUnit::Epochs, choice {
            label: "Stages measured in",
            when: "Choose stalled evaluations if you do not know how long a stage should last.",
            applies: RecipeSpec::has_stages,
        }
        /// Length of a stage, after which the next parameter groups are unfrozen.
        unfreeze_every: f64 = 1.0, number(0.01..=100_000.0, Stage) {
            label: "Stage length",
            when: "Raise it if the head has not settled before the next layer is unfrozen.",
            applies: RecipeSpec::has_stages,
        }
        /// Parameter groups that each stage of gradual unfreezing adds; empty for one layer at a time from the head down.
        unfreeze_order: Vec<Vec<ParamGroup>> = Vec::new(), custom {
            label: "Unfreezing order",
            when: "Unfreeze several layers at once to reach the lowest one in a short run.",
            applies: |spec| spec.unfreezing == Unfreezing::Gradual,
        }
        /// Trains the embeddings together with the layers. They hold the meaning of each token and are half of a small
        /// model. Training the head or the last layers alone, and a custom order, ignore it.
        train_embeddings: bool = false, switch {
            label: "Train embeddings",
            when: "Turn it on if your texts use words in unusual ways; it costs memory.",
        }
    }

    Adapter {
        /// Small trainable matrices next to the frozen weights.
        adapter: AdapterKind = AdapterKind::None, choice {
            label: "Adapter",
            when: "Use one to need less memory, or to keep many small results for one model.",
        }
        /// Rank of the adapter: the inner size of its matrices, and so how much they can learn.
        lora_r: u32 = 8, number(1.0..=256.0) {
            label: "Rank",
            when: "Use 16 or 32 if 8 scores lower than training all layers.",
            applies: RecipeSpec::has_adapter,
        }
        /// Scale of the adapter's output: alpha divided by the rank.
        lora_alpha: f64 = 16.0, number(0.1..=1_024.0) {
            label: "Alpha",
            when: "Keep it at about twice the rank.",
            applies: RecipeSpec::has_adapter,
        }
        /// Share of the adapter's input that is set to zero at random during training.
        lora_dropout: f64 = 0.0, number(0.0..=0.9, Percent) {
            label: "Adapter dropout",
            when: "Use 5 to 10 % if the model memorizes.",
            applies: RecipeSpec::has_adapter,
        }
        /// Scales by alpha over the square root of the rank, so that high ranks learn as fast (rsLoRA, Kalajdzievski 2023).
        use_rslora: bool = false, switch {
            label: "Rank-stabilized scaling",
            when: "Turn it on from rank 32 upward.",
            applies: RecipeSpec::has_adapter,
        }
        /// Linear layers that get an adapter, in each layer that is trained.
        target_modules: Vec<LoraTarget> = LoraTarget::ALL.to_vec(), custom {
            label: "Target modules",
            when: "All of them learn best; the original paper took query and value only.",
            applies: RecipeSpec::has_adapter,
        }
    }

    Head {
        /// Continues the head of a model that was tuned before, if its labels are those of the data. Otherwise, the run begins
        /// with a new head.
        keep_head: bool = true, switch {
            label: "Keep a tuned head",
            when: "Turn it off if the same labels mean something else in your data.",
            applies: |spec| spec.task.can_keep_head(),
        }
    }

    Batch {
        /// Rows that are computed at a time.
        batch_size: Option<u32> = None, number(1.0..=128.0, Rows) {
            label: "Batch size",
            when: "Lower it if memory runs out; larger batches give steadier steps.",
        }
        /// Batches whose gradients are summed into one optimizer step: the effect of a large batch without its memory.
        gradient_accumulation_steps: u32 = 1, number(1.0..=64.0, Batches) {
            label: "Gradient accumulation",
            when: "Raise it if you had to make the batch small.",
        }
        /// Recomputes activations in the backward pass instead of storing them: the same result with much less memory, in
        /// about a third more time.
        gradient_checkpointing: bool = false, switch {
            label: "Gradient checkpointing",
            when: "Turn it on if memory is short.",
        }
        /// Greatest length of a text in tokens; longer texts are cut. Empty for a length that fits the data.
        max_length: Option<u32> = None, number(LENGTHS, Tokens) {
            label: "Max length",
            when: "Raise it if what matters comes late in long texts; twice the length takes more than twice the time.",
        }
        /// Tokens shared by two neighboring windows of a long passage, so that no answer is cut in two.
        doc_stride: u32 = 64, number(0.0..=256.0, Tokens) {
            label: "Window overlap",
            when: "Raise it if answers are long; more windows take more time.",
            applies: |spec| spec.task == Task::QuestionAnswering,
        }
        /// Way in which the vectors of the tokens become one vector for the text.
        pooling: Option<Pooling> = None, choice_of(POOLING) {
            label: "Pooling",
            when: "Leave it unless the export must open without custom code.",
            applies: |spec| spec.task.pools(),
        }
    }

    Seed {
        /// Seed of everything random: the split, the order of the rows, the new head, and dropout.
        seed: u32 = 42, number(0.0..=u32::MAX as f64) {
            label: "Seed",
            when: "Change it to see how much of a score is luck; keep it to compare two recipes.",
        }
    }

    Data {
        /// Share of the rows held out for validation. The model never trains on them; each class keeps its share.
        validation_ratio: f64 = 0.1, number(0.02..=0.5, Percent) {
            label: "Validation split",
            when: "Raise it if there are few rows, so that the scores are reliable.",
        }
        /// Share of the rows held out for the test. They choose nothing: neither weights nor thresholds nor the end of the run.
        /// They are scored once, at the end.
        test_ratio: f64 = 0.0, number(0.0..=0.4, Percent) {
            label: "Test split",
            when: "Use 10 % to 20 % if you report the score: the validation score is a little too good, because it chose the weights.",
        }
    }
}

impl RecipeSpec {
    /// Returns true if the warmup fields shape the schedule; a slanted triangle has its own rise.
    pub fn has_warmup(&self) -> bool {
        self.schedule != Schedule::SlantedTriangular
    }

    /// Returns true if parameter groups are unfrozen in stages.
    pub fn has_stages(&self) -> bool {
        matches!(self.unfreezing, Unfreezing::Gradual | Unfreezing::ChainThaw)
    }

    /// Returns true if embeddings are trained with the triplet loss.
    pub fn has_triplet_loss(&self) -> bool {
        self.task == Task::Embeddings && self.similarity_loss == SimilarityLoss::Triplet
    }

    /// Returns true if an adapter is trained instead of the weights themselves.
    pub fn has_adapter(&self) -> bool {
        self.adapter != AdapterKind::None
    }
}
