//! Reports of a run: plain data that the engine produces, and the page, the program and the model card show.

mod bench_case;
mod estimate;
mod lr_finder;
mod plan;
mod record;
mod step;
mod summary;

pub use bench_case::BenchCase;
pub use estimate::Estimate;
pub use lr_finder::{LrFinderPoint, LrFinderResult};
pub use plan::{LrPoint, ParamGroupState, RunPlan};
pub use record::{RunRecord, RunSource, SourceFile};
pub use step::StepMetrics;
pub use summary::{Baseline, EndReason, Forgetting, PerplexityChange, RunSummary};
