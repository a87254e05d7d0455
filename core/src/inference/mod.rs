//! Predictions for a user's own text, question or prompt.

mod answer;
#[cfg(feature = "engine")]
mod context;
#[cfg(feature = "engine")]
mod encoded_prompt;
#[cfg(feature = "engine")]
mod encoded_query;
mod query;

pub use answer::{Answer, TextSpan};
#[cfg(feature = "engine")]
pub use context::InferenceContext;
#[cfg(feature = "engine")]
pub use encoded_prompt::EncodedPrompt;
#[cfg(feature = "engine")]
pub use encoded_query::EncodedQuery;
pub use query::Query;
