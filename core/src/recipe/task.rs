//! The tasks that a model is fine-tuned for.

use serde::{Deserialize, Serialize};

/// What a model learns to do with a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of several classes for a text, or for a pair of texts.
    #[default]
    Classification,
    /// Any number of labels for a text.
    MultiLabel,
    /// A number for a text.
    Regression,
    /// A tag for each word: the entities in a text.
    TokenClassification,
    /// The span of a passage that answers a question.
    QuestionAnswering,
    /// How a text goes on: with a decoder.
    Generation,
}

impl Task {
    /// Whether a text gets one answer as a whole: its tokens' vectors become one.
    pub fn reads_sentences(self) -> bool {
        matches!(self, Self::Classification | Self::MultiLabel | Self::Regression)
    }
}
