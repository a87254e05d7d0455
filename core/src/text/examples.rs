//! Encoded rows with their labels.

use std::ops::Range;

use crate::limits::PREVIEW_CHARS;
use crate::phrases::excerpt;
use crate::text::batch::{Batch, EncodedTexts};
use crate::text::similarity::Similarity;

/// Shown in place of the answer to a question whose passage does not contain one.
pub(crate) const NO_ANSWER: &str = "no answer";

/// Encoded rows with their labels.
#[derive(Clone, Debug, Default)]
pub struct EncodedExamples {
    /// The tokens.
    pub texts: EncodedTexts,
    /// The label of each row.
    pub labels: Labels,
}

/// The rows' labels, by task.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Index of the row's class.
    Classes(Vec<u32>),
    /// For each label: true if the row has it.
    MultiLabel(Vec<Box<[bool]>>),
    /// The row's number.
    Numbers(Vec<f32>),
    /// Words by their first token: its index in the row, and the word's tag.
    Tags(Vec<Box<[(u32, u32)]>>),
    /// Spans of the answers.
    Spans {
        /// The window of each row.
        windows: Vec<Window>,
        /// The questions that the windows belong to.
        questions: Vec<Question>,
    },
    /// Target tokens of language modeling.
    Continuations {
        /// Ranges of the target tokens in each row; the first token is never a target.
        target_ranges: Vec<Box<[Range<u32>]>>,
        /// References for generation. The i-th one belongs to the i-th row; rows at the end may have none.
        references: Vec<Reference>,
    },
    /// Similarities between texts.
    Similarity(Similarity),
    /// Passages of queries.
    Relevance(Relevance),
}

/// Fit of the passages of queries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relevance {
    /// For each row, how well its passage fits its query, from 0 to 1.
    pub labels: Vec<f32>,
    /// For each row, a number that rows with the same query share.
    pub queries: Vec<u64>,
}

impl Default for Labels {
    fn default() -> Self {
        Self::Classes(Vec::new())
    }
}

/// A question followed by a part of its passage.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Index of the question.
    pub question: u32,
    /// First and last token of the answer, as indices in the row; both 0 if the window does not contain it.
    pub answer: (u32, u32),
    /// Index of the first token of the passage in the row.
    pub first: u32,
    /// For each passage token in the window, its range of bytes in the passage.
    pub bytes: Box<[Range<u32>]>,
}

/// A passage with the answers to its question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Index of its row, counted before rows were skipped.
    pub row: u32,
    /// The passage.
    pub context: String,
    /// Accepted answers; empty if the passage does not contain one.
    pub answers: Vec<String>,
}

/// A prompt with its expected completion.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Index of its row, counted before rows were skipped; of a window of running text, its own index.
    pub row: u32,
    /// Token ids of the prompt.
    pub prompt: Vec<u32>,
    /// Text of the prompt, for display.
    pub prompt_text: String,
    /// The completion in the data.
    pub completion: String,
}

impl Question {
    /// The accepted answers, for display.
    pub(crate) fn shown_answers(&self) -> String {
        let answers: Vec<String> = self.answers.iter().map(|answer| excerpt(answer, PREVIEW_CHARS)).collect();
        if answers.is_empty() { NO_ANSWER.to_owned() } else { answers.join(" / ") }
    }
}

impl EncodedExamples {
    /// Number of encoded texts, which the model reads one by one.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Number of tokens of each text.
    pub fn lengths(&self) -> Vec<usize> {
        (0..self.texts.len()).map(|row| self.texts.tokens(row)).collect()
    }

    /// The rows' classes; empty for tasks other than single-label classification.
    pub fn classes(&self) -> &[u32] {
        match &self.labels {
            Labels::Classes(classes) => classes,
            _ => &[],
        }
    }

    /// The classes of these rows, or the tags of their words, from which class weights are computed.
    pub fn class_labels(&self, rows: &[u32]) -> Vec<u32> {
        match &self.labels {
            Labels::Classes(classes) => rows.iter().map(|&row| classes[row as usize]).collect(),
            Labels::Tags(tags) => rows.iter().flat_map(|&row| &tags[row as usize]).map(|&(_, tag)| tag).collect(),
            _ => Vec::new(),
        }
    }

    /// Number of target tokens in these rows.
    pub fn target_tokens(&self, rows: &[u32]) -> usize {
        match &self.labels {
            Labels::Continuations { target_ranges, .. } => {
                rows.iter().flat_map(|&row| &target_ranges[row as usize]).map(|range| range.len()).sum()
            }
            _ => 0,
        }
    }

    /// A batch of these rows, padded to the same length and filled up to `size` rows.
    pub fn batch(&self, rows: &[u32], size: usize, max_length: usize, pad: u32) -> Batch {
        self.texts.batch(rows, size, max_length, pad)
    }
}
