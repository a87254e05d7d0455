//! The tasks that a model can be fine-tuned for.

use std::fmt;

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
    /// A vector for a text, close to those of texts with a similar meaning.
    Embeddings,
    /// The fit of a passage to a query, from 0 to 1, by which passages are ranked.
    Reranking,
}

impl fmt::Display for Task {
    /// The task's name in recipes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Task {
    /// All tasks.
    pub const ALL: [Self; 8] = [
        Self::Classification,
        Self::MultiLabel,
        Self::Regression,
        Self::TokenClassification,
        Self::QuestionAnswering,
        Self::Generation,
        Self::Embeddings,
        Self::Reranking,
    ];

    /// Returns true if a text gets one prediction as a whole, from one pooled vector.
    pub fn reads_sentences(self) -> bool {
        matches!(self, Self::Classification | Self::MultiLabel | Self::Regression | Self::Reranking)
    }

    /// Returns true if a text becomes one vector, by a pooling over its tokens.
    pub fn pools(self) -> bool {
        self.reads_sentences() || self == Self::Embeddings
    }

    /// Returns true if sentence-transformers opens its exports.
    pub fn is_of_sentence_transformers(self) -> bool {
        matches!(self, Self::Embeddings | Self::Reranking)
    }

    /// Returns true if the task adds layers of its own to the model. Generation has the model's output layer, and embeddings
    /// are the model's own vectors.
    pub fn has_new_head(self) -> bool {
        !matches!(self, Self::Generation | Self::Embeddings)
    }

    /// Returns true if the outputs of the head have names: classes, labels or tags.
    pub fn names_outputs(self) -> bool {
        self.has_classes() || self == Self::MultiLabel
    }

    /// Returns true if a head that was tuned before can be one of the task, by what its file says.
    pub fn can_keep_head(self) -> bool {
        self.names_outputs() || self == Self::Reranking
    }

    /// Returns true if each prediction is one of several classes that exclude each other.
    pub fn has_classes(self) -> bool {
        matches!(self, Self::Classification | Self::TokenClassification)
    }
}
