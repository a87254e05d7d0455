//! A row as it is learned from.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A row as it is learned from, by the task that its file is mapped to.
#[derive(Clone, Debug, PartialEq)]
pub enum Example<'a> {
    /// One class for a text, or for a pair of texts.
    Class {
        /// The text, without white space around it.
        text: &'a str,
        /// The second text of a pair.
        pair: Option<&'a str>,
        /// Index of the class in `Dataset::labels`.
        class: u32,
    },
    /// Any number of labels for a text.
    Labels {
        /// The text, without white space around it.
        text: &'a str,
        /// The second text of a pair.
        pair: Option<&'a str>,
        /// Indices in `Dataset::labels`, ascending; empty where none holds.
        labels: Vec<u32>,
    },
    /// A number for a text.
    Number {
        /// The text, without white space around it.
        text: &'a str,
        /// The second text of a pair.
        pair: Option<&'a str>,
        /// The number, finite.
        value: f32,
    },
    /// A tag for each word.
    Tags {
        /// The whole text.
        text: &'a str,
        /// Its words in order; what stands between them has no tag.
        words: Vec<Word>,
    },
    /// The spans of a passage that answer a question.
    Question {
        /// The question, without white space around it.
        question: &'a str,
        /// The passage, as it stands in the file.
        context: &'a str,
        /// Where the answers stand in the passage, in bytes, each at a character's beginning; empty where the passage
        /// holds none.
        answers: Vec<Range<usize>>,
    },
    /// A text and how it goes on.
    Completion {
        /// The template with the row's cells in it. It ends as the template does: in a line end or a space where that
        /// has one.
        prompt: &'a str,
        /// What is learned to follow, without white space around it.
        completion: &'a str,
    },
    /// A conversation with at least one turn of the assistant.
    Chat(Vec<Message<'a>>),
    /// A piece of a corpus.
    Passage(&'a str),
}

/// A word of a text, and its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    /// Where it begins, in bytes.
    pub start: u32,
    /// Where it ends, in bytes.
    pub end: u32,
    /// Index of its tag in `Dataset::labels`.
    pub tag: u32,
}

/// A turn of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Message<'a> {
    /// Whose turn it is.
    pub role: Role,
    /// What is said, without white space around it.
    pub content: &'a str,
}

/// Whose turn it is in a conversation. Serialized as chat templates name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What holds for the whole conversation.
    System,
    /// The person.
    User,
    /// The model: these turns are learned.
    Assistant,
}
