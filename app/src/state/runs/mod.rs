//! Runs: the present one, those that wait, those that are over, and what their charts show.

pub mod charts;
pub mod compare;
pub mod finder;
pub mod history;
pub mod plot;
pub mod queue;
pub mod run;
pub mod scores;
