//! Runs: current, waiting and finished, and the data for their charts.

pub mod charts;
pub mod compare;
mod control;
pub mod finder;
pub mod further;
pub mod history;
pub mod maps;
pub mod movements;
pub mod overfit;
pub mod pins;
pub mod queue;
pub mod replay;
pub mod retraining;
pub mod run;
pub mod scores;
pub mod study;
pub mod trials;
pub mod trust;
pub mod wrong_rows;
