//! Reports of a run: plain data that the engine produces, and the page, the program and the model card show.

mod baseline;
mod bench_case;
mod early_stop;
mod end_reason;
mod estimate;
mod file_outcome;
mod label_question;
mod labeled_row;
mod lr_finder;
mod movement;
mod plan;
mod record;
mod step;
mod summary;
mod suspected_labels;
mod text_issues;
mod verdict;
mod wrong_rows;

pub use baseline::Baseline;
pub use bench_case::BenchCase;
pub use early_stop::{BestScore, EarlyStop, Improvement, score_to_maximize};
pub use end_reason::EndReason;
pub use estimate::Estimate;
pub use file_outcome::FileOutcome;
pub use label_question::{CurvePoint, LabelChoice, LabelQuestion, RowToLabel};
pub use labeled_row::LabeledRow;
pub use lr_finder::{LrFinderPoint, LrFinderResult};
pub use movement::GroupMovement;
pub use plan::{LrPoint, ParamGroupState, RunPlan};
pub use record::{RunRecord, RunSource, SourceFile};
pub use step::StepMetrics;
pub use summary::{Forgetting, PerplexityChange, RunSummary};
pub use suspected_labels::{SuspectedLabel, SuspectedLabels};
pub use text_issues::{TextGroup, TextIssues};
pub use verdict::{Control, Finding, RunLog, Verdict};
pub use wrong_rows::{NearestRow, WrongRow, WrongRowQuery, WrongRows};
