//! Training: a state machine of small steps that can be stopped, paused and read between any two of them.

mod adamw;
mod data;
mod early_stop;
mod estimate;
mod evaluate;
mod forgetting;
mod lr_finder;
mod objective;
mod plan;
mod plateau;
mod predict;
mod prefix;
mod self_check;
mod session;
mod spans;
mod state;
mod step;
mod targets;
mod writing;

pub use adamw::{AdamW, AdamWConfig, Moments};
pub use data::TrainingData;
pub use early_stop::{Best, EarlyStop};
pub use estimate::{Work, least_and_full_bytes};
pub use forgetting::{compare, general_texts};
pub use lr_finder::{LrFinder, STEPS as LR_FINDER_STEPS, suggestions};
pub use objective::{Objective, TargetRule, disagreement, span_scores};
pub use plateau::Plateau;
pub use predict::{Prediction, predict};
pub use prefix::PrefixCache;
pub use self_check::{MAX_DIFFERENCE, self_check};
pub use session::{BatchShape, Progress, Session};
pub use spans::{MAX_ANSWER_TOKENS, Span, SpanAnswers, best_spans};
pub use state::{Record, RunState};
pub use step::{Gradient, Gradients, clip_scale, gradients};
pub use targets::{StepInput, Targets};
