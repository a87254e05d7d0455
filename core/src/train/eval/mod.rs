//! What a model predicts for the validation rows, and what that scores.

pub(crate) mod evaluate;
pub(crate) mod forgetting;
pub(crate) mod predict;
pub(crate) mod sample_generation;
pub(crate) mod spans;
