//! The tasks that a model can be fine-tuned for.

use serde::{Deserialize, Serialize};

/// Task that a model is fine-tuned for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of several classes for a text or a pair of texts.
    #[default]
    Classification,
    /// Any number of labels for a text.
    MultiLabel,
    /// A number for a text.
    Regression,
    /// A tag for each word: named entities.
    TokenClassification,
    /// The span of a passage that answers a question.
    QuestionAnswering,
    /// The continuation of a text, by a decoder.
    Generation,
}

impl Task {
    /// All tasks.
    pub const ALL: [Self; 6] = [
        Self::Classification,
        Self::MultiLabel,
        Self::Regression,
        Self::TokenClassification,
        Self::QuestionAnswering,
        Self::Generation,
    ];

    /// Returns true if a text gets one prediction as a whole, from one pooled vector.
    pub fn reads_sentences(self) -> bool {
        matches!(self, Self::Classification | Self::MultiLabel | Self::Regression)
    }

    /// Returns true if each prediction is one of several classes that exclude each other.
    pub fn has_classes(self) -> bool {
        matches!(self, Self::Classification | Self::TokenClassification)
    }
}
