//! Predictions for the validation rows, and their scores.

pub(in crate::train) mod forgetting;
pub(in crate::train) mod judged_rows;
pub(in crate::train) mod predict;
pub(in crate::train) mod right_probability;
pub(in crate::train) mod sample_generation;
pub(in crate::train) mod scores;
pub(in crate::train) mod searched_rows;
pub(in crate::train) mod similarity;
pub(in crate::train) mod spans;
