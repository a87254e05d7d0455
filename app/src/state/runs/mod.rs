//! Runs: the current one, those waiting, those finished, and the data of their charts.

pub mod charts;
pub mod compare;
mod control;
pub mod finder;
pub mod history;
pub mod queue;
pub mod run;
pub mod scores;
