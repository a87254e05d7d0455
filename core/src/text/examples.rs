//! Rows as a model learns from them: tokens, and what is asked of each row.

use std::ops::Range;

use crate::text::batch::{Batch, EncodedTexts};

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
    /// Where the answer stands.
    Spans {
        /// A row is a window on a passage.
        windows: Vec<Window>,
        /// The questions that the windows belong to.
        questions: Vec<Question>,
    },
    /// How the row goes on.
    Continuations {
        /// The tokens that are learned, by their indices in the row; none of them is the first.
        target_ranges: Vec<Box<[Range<u32>]>>,
        /// The rows that a model can be asked to write on, in the order of the rows.
        references: Vec<Reference>,
    },
}

impl Default for Labels {
    fn default() -> Self {
        Self::Classes(Vec::new())
    }
}

/// A part of a passage, after its question.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Index of the question.
    pub question: u32,
    /// First and last token of the answer, counted in the row; both 0 where the window does not hold it.
    pub answer: (u32, u32),
    /// Index in the row of the first token of the passage.
    pub first: u32,
    /// Of each token of the passage that is in the window: the bytes of the passage it stands for.
    pub bytes: Box<[Range<u32>]>,
}

/// A question with what is right.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The passage.
    pub context: String,
    /// Answers that count as right; none where the passage does not answer.
    pub answers: Vec<String>,
}

/// A row that a model can be asked to write on.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The tokens that it is given.
    pub prompt: Vec<u32>,
    /// The same as text, for a person.
    pub prompt_text: String,
    /// What stands in the data.
    pub completion: String,
}

impl EncodedExamples {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Tokens of each row.
    pub fn lengths(&self) -> Vec<usize> {
        (0..self.texts.len()).map(|row| self.texts.tokens(row)).collect()
    }

    /// The rows' classes; none in other tasks than single-label classification.
    pub fn classes(&self) -> &[u32] {
        match &self.labels {
            Labels::Classes(classes) => classes,
            _ => &[],
        }
    }

    /// The classes of rows, or the tags of their words: what class weights go by.
    pub fn class_labels(&self, rows: &[u32]) -> Vec<u32> {
        match &self.labels {
            Labels::Classes(classes) => rows.iter().map(|&row| classes[row as usize]).collect(),
            Labels::Tags(tags) => rows.iter().flat_map(|&row| &tags[row as usize]).map(|&(_, tag)| tag).collect(),
            _ => Vec::new(),
        }
    }

    /// Tokens of these rows that are learned to follow.
    pub fn target_tokens(&self, rows: &[u32]) -> usize {
        match &self.labels {
            Labels::Continuations { target_ranges, .. } => {
                rows.iter().flat_map(|&row| &target_ranges[row as usize]).map(|range| range.len()).sum()
            }
            _ => 0,
        }
    }

    /// Some rows, padded to one length and filled up to `size` rows.
    pub fn batch(&self, rows: &[u32], size: usize, max_length: usize, pad: u32) -> Batch {
        self.texts.batch(rows, size, max_length, pad)
    }
}
