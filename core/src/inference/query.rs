//! What a model is asked, and what it predicts.

use serde::{Deserialize, Serialize};

use crate::generate::Sampling;

/// What the models are asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// To classify a text or a pair, to give it labels or a number, or to find its entities.
    Text {
        /// The text.
        text: String,
        /// The second text of a pair.
        pair: Option<String>,
    },
    /// To find an answer.
    Question {
        /// The question.
        question: String,
        /// The passage.
        context: String,
    },
    /// To write on.
    Prompt {
        /// What stands before: a prompt as the data has it, its template filled in.
        prompt: String,
        /// How it is written on.
        sampling: Sampling,
    },
}

/// What a model says to a [`Query`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Probability of each class.
    Classes {
        /// In the order of the labels.
        probabilities: Vec<f32>,
    },
    /// Probability of each label.
    Labels {
        /// In the order of the labels.
        probabilities: Vec<f32>,
        /// From which on each is said to be there.
        thresholds: Vec<f32>,
    },
    /// A number.
    Number {
        /// It; absent where it is not finite.
        value: Option<f32>,
    },
    /// Entities in the text, in its order.
    Entities {
        /// Each with its kind.
        entities: Vec<TextSpan>,
    },
    /// Spans of the passage that may answer, the best first.
    Spans {
        /// Their labels are empty.
        spans: Vec<TextSpan>,
        /// Probability, beside the spans', that the passage does not answer.
        no_answer: f32,
        /// Whether "no answer" is what the model says: its score is above the threshold of the validation rows.
        is_unanswerable: bool,
    },
    /// A text.
    Generated {
        /// What was written so far.
        text: String,
        /// Whether nothing more comes.
        is_over: bool,
    },
}

/// A part of a text that a model marks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextSpan {
    /// Where it begins, in bytes.
    pub start: u32,
    /// Where it ends, in bytes.
    pub end: u32,
    /// Of an entity: its kind.
    pub label: String,
    /// Probability.
    pub score: f32,
}
