//! Training examples, with one variant per kind of task.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// One row of a data set, as the model trains on it.
#[derive(Clone, Debug, PartialEq)]
pub enum Example<'a> {
    /// One class for a text or a pair of texts.
    Class {
        /// The text, trimmed.
        text: &'a str,
        /// Second text of a pair.
        pair: Option<&'a str>,
        /// Index of the class in `Dataset::labels`.
        class: u32,
    },
    /// Any number of labels for a text or a pair of texts.
    Labels {
        /// The text, trimmed.
        text: &'a str,
        /// Second text of a pair.
        pair: Option<&'a str>,
        /// Indices in `Dataset::labels`, ascending. Empty if the row has no label.
        labels: Vec<u32>,
    },
    /// A number for a text or a pair of texts.
    Number {
        /// The text, trimmed.
        text: &'a str,
        /// Second text of a pair.
        pair: Option<&'a str>,
        /// The number, finite.
        value: f32,
    },
    /// A tag for each word.
    Tags {
        /// The whole text.
        text: &'a str,
        /// The words in order. The text between them has no tag.
        words: Vec<Word>,
    },
    /// A question, and the spans of a passage that answer it.
    Question {
        /// The question, trimmed.
        question: &'a str,
        /// The passage, exactly as in the file.
        context: &'a str,
        /// Byte ranges of the answers in the passage, on character boundaries. Empty if the passage has no answer.
        answers: Vec<Range<usize>>,
    },
    /// A prompt and its completion.
    Completion {
        /// The template filled with the row's cells. It keeps the template's trailing line break or space.
        prompt: &'a str,
        /// The text to learn after the prompt, trimmed.
        completion: &'a str,
    },
    /// A conversation with at least one turn of the assistant.
    Chat(Vec<Message<'a>>),
    /// A passage of running text.
    Passage(&'a str),
    /// A text and one that belongs to it.
    Pair {
        /// The text that is searched for, trimmed.
        anchor: &'a str,
        /// The text that is to be found, trimmed.
        positive: &'a str,
        /// A text that must not be found, for triplets.
        negative: Option<&'a str>,
    },
    /// A pair of texts whose similarity was rated.
    ScoredPair {
        /// The text, trimmed.
        text: &'a str,
        /// The second text, trimmed.
        pair: &'a str,
        /// The similarity, in any range.
        score: f32,
    },
    /// A text that is similar to the others of its class.
    LabeledText {
        /// The text, trimmed.
        text: &'a str,
        /// Index of the class in `Dataset::labels`.
        class: u32,
    },
}

/// A word of a text and its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    /// Start in the text, in bytes.
    pub start: u32,
    /// End in the text, in bytes.
    pub end: u32,
    /// Index of the tag in `Dataset::labels`.
    pub tag: u32,
}

/// A turn of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Message<'a> {
    /// Role of the speaker.
    pub role: Role,
    /// Text of the turn, trimmed.
    pub content: &'a str,
}

/// Role in a conversation, serialized with the names of chat templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions for the whole conversation.
    System,
    /// The user.
    User,
    /// The model. It trains on these turns.
    Assistant,
    /// The model, in a turn that the file excludes from training.
    #[serde(rename(serialize = "assistant"))]
    AssistantContext,
}
