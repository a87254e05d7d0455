//! Training: a state machine of small steps that can be stopped, paused and read between any two of them.

mod adamw;
mod data;
mod early_stop;
mod eval;
mod lr_finder;
mod objective;
mod plateau;
mod prefix_cache;
mod recompute;
mod self_check;
mod session;
mod state;
mod step;
mod targets;

pub use adamw::{AdamW, AdamWConfig, AdamWState};
pub use data::TrainingData;
pub use early_stop::{BestScore, EarlyStop};
pub use eval::forgetting::{compare, general_texts};
pub use eval::predict::{Prediction, predict};
pub use eval::spans::{MAX_ANSWER_TOKENS, Span, SpanAnswers, best_spans};
pub use lr_finder::{LrFinder, STEPS as LR_FINDER_STEPS, suggestions};
pub use objective::{Objective, SoftTargets, span_scores, symmetric_kl};
pub use plateau::Plateau;
pub use prefix_cache::PrefixCache;
pub use recompute::checkpointed_gradients;
pub use self_check::{MAX_DIFFERENCE, self_check};
pub use session::estimate::{Work, least_and_full_bytes};
pub use session::{BatchShape, Progress, Session};
pub use state::{HistoryEntry, RunState};
pub use step::{Gradient, Gradients, clip_scale, gradients};
pub use targets::{StepInput, Targets};
