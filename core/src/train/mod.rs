//! Training. A [`Session`] is a state machine that runs one batch at a time and can be stopped, paused and read between
//! any two of them.

mod adamw;
mod checkpoint;
mod checkpointing;
mod data;
mod deciding_metric;
mod eval;
mod gradients;
mod linear_probe;
mod lr_finder;
mod movement;
mod objective;
mod operation_check;
mod plateau;
mod prefix_cache;
mod rate_trial;
mod self_check;
mod session;
mod similarity_targets;
mod soft_targets;
mod state;
mod step;
mod target_tokens;
mod targets;
mod training_sample;

pub use adamw::{AdamW, AdamWConfig, AdamWState};
pub use checkpoint::{
    RestoredTensors, SavedBest, SavedPhase, SavedTensor, SessionCheckpoint, SessionState, TensorKind,
};
pub use checkpointing::checkpointed_gradients;
pub use data::TrainingData;
pub use eval::forgetting::{compare_embeddings, general_texts};
pub use eval::judged_rows::{Decision, JudgedRow, judged_rows};
pub use eval::predict::{ClassDecision, Prediction, RowLoss, predict};
pub use eval::searched_rows::SearchedRow;
pub use eval::spans::{MAX_ANSWER_TOKENS, Span, SpanAnswers, SpanProbabilities, best_spans};
pub use gradients::{Gradient, Gradients};
pub use linear_probe::{LinearProbe, ProbeFeatures, ProbeFit, ProbeTargets};
pub use lr_finder::{LrFinder, LrSuggestions, STEPS as LR_FINDER_STEPS, suggestions};
pub use objective::{Objective, span_logits, symmetric_kl};
pub use plateau::Plateau;
pub use prefix_cache::PrefixCache;
pub use rate_trial::{RateTrial, TRIAL_STEPS};
pub use self_check::{MAX_DIFFERENCE, self_check};
pub use session::first_step::FirstStep;
pub use session::held_out::HeldOutScores;
pub use session::memory::{MemoryBounds, memory_bounds};
pub use session::progress::{BatchShape, Progress};
pub use session::trace::{Trace, VectorFrame};
pub use session::work::Work;
pub use session::{Session, starting_weights};
pub use similarity_targets::SimilarityTargets;
pub use soft_targets::SoftTargets;
pub use state::{BatchPosition, HistoryEntry, RunState};
pub use step::{clip_scale, gradients};
pub use targets::{StepInput, Targets};
pub(crate) use training_sample::training_sample;
