//! What a run says of itself: plain data that the engine makes and the page, the program and the model card show.

mod estimate;
mod lr_range;
mod plan;
mod step;
mod summary;

pub use estimate::Estimate;
pub use lr_range::{LrFinderPoint, LrFinderResult};
pub use plan::{LrPoint, ParamGroupState, RunPlan};
pub use step::StepMetrics;
pub use summary::{Baseline, EndReason, Forgetting, PerplexityChange, RunSummary};
