//! Predictions for a user's own text, question or prompt.

mod answer;
#[cfg(feature = "engine")]
mod context;
#[cfg(feature = "engine")]
mod encoded_prompt;
#[cfg(feature = "engine")]
mod encoded_queries;
mod output;
mod query;
mod table;

pub use answer::{Answer, Hit, TextSpan};
#[cfg(feature = "engine")]
pub use context::InferenceContext;
#[cfg(feature = "engine")]
pub use encoded_prompt::EncodedPrompt;
#[cfg(feature = "engine")]
pub use encoded_queries::EncodedQueries;
pub use output::{prediction_cells, prediction_columns, rounded};
pub use query::Query;
pub use table::TableFormat;
#[cfg(feature = "engine")]
pub use table::TableWriter;
