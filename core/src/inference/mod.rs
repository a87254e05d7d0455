//! What a model predicts for a person's own text, question or prompt.

#[cfg(feature = "engine")]
mod predictor;
mod query;

#[cfg(feature = "engine")]
pub use predictor::*;
pub use query::{Answer, Query, TextSpan};
