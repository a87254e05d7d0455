//! Training: a state machine of small steps that can be stopped, paused and read between any two of them.

mod adamw;
mod data;
mod early_stop;
mod predict;
mod self_check;
mod session;
mod state;
mod step;

pub(crate) use session::read;

pub use adamw::{AdamW, AdamWConfig, Moments};
pub use data::{Labels, TrainingData};
pub use early_stop::{Best, EarlyStop};
pub use predict::{Prediction, predict};
pub use self_check::{MAX_DIFFERENCE, self_check};
pub use session::{BatchShape, Progress, Session, read_step};
pub use state::{Record, RunState};
pub use step::{Gradient, Gradients, StepInput, clip_scale, gradients};
