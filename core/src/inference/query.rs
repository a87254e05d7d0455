//! Queries to a tuned model.

use serde::{Deserialize, Serialize};

use crate::dataset::InputCells;
use crate::generate::Sampling;

/// A query to the base and the tuned model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// A text to classify, label, score, find entities in, or turn into a vector.
    Text {
        /// The text.
        text: String,
        /// The second text of a pair.
        pair: Option<String>,
    },
    /// A question about a passage.
    Question {
        /// The question.
        question: String,
        /// The passage.
        context: String,
    },
    /// A prompt to continue.
    Prompt {
        /// The prompt, with its template filled in.
        prompt: String,
        /// Settings of the generation.
        sampling: Sampling,
    },
    /// A text to search for among others, or a query for which a reranker ranks passages.
    Search {
        /// The text to search for.
        query: String,
        /// The texts that are searched, or the passages. If there are none, the texts of the run's validation rows.
        texts: Vec<String>,
    },
}

impl Query {
    /// The query for the input in a row of a file; prompts are continued with these settings.
    pub fn of_row(input: InputCells, sampling: Sampling) -> Self {
        match input {
            InputCells::Text { text, pair } => Self::Text { text, pair },
            InputCells::Question { question, context } => Self::Question { question, context },
            InputCells::Prompt(prompt) => Self::Prompt { prompt, sampling },
        }
    }
}
