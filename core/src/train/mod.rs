//! Training: a state machine of small steps that can be stopped, paused and read between any two of them.

mod adamw;
mod data;
mod early_stop;
mod estimate;
mod forgetting;
mod lr_finder;
mod objective;
mod plan;
mod plateau;
mod predict;
mod prefix;
mod read;
mod self_check;
mod session;
mod state;
mod step;

pub(crate) use read::read;

pub use adamw::{AdamW, AdamWConfig, Moments};
pub use data::{Labels, TrainingData};
pub use early_stop::{Best, EarlyStop};
pub use estimate::Work;
pub use forgetting::{compare, general_texts};
pub use lr_finder::{LrFinder, STEPS as LR_FINDER_STEPS, suggestions};
pub use objective::{Objective, TargetRule, disagreement};
pub use plateau::Plateau;
pub use predict::{Prediction, predict};
pub use prefix::PrefixCache;
pub use read::read_step;
pub use self_check::{MAX_DIFFERENCE, self_check};
pub use session::{BatchShape, Progress, Session};
pub use state::{Record, RunState};
pub use step::{Gradient, Gradients, StepInput, clip_scale, gradients};
