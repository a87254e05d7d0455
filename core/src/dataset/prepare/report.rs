//! The report on a data set: plain data.

use serde::{Deserialize, Serialize};

use crate::dataset::mapping::Mapping;
use crate::dataset::skipped::SkippedRow;
use crate::dataset::source::DataRole;
use crate::diagnostic::Diagnostic;
use crate::recipe::RowFacts;

/// Findings about the rows of a data set, before any training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataReport {
    /// Task and columns.
    pub mapping: Mapping,
    /// Number of rows that can be used.
    pub rows_kept: u32,
    /// Number of rows that cannot be used.
    pub rows_dropped: u32,
    /// Number of these that lack nothing but a label.
    #[serde(default)]
    pub unlabeled: u32,
    /// The first rows that cannot be used.
    pub dropped: Vec<SkippedRow>,
    /// Classes and labels with their rows, or tags with their words; most frequent first. Empty for other tasks.
    pub classes: Vec<ClassCount>,
    /// Number of rows whose text and target occur in an earlier row.
    pub duplicates: u32,
    /// Number of texts with more than one class, set of labels or list of tags.
    pub contradictions: u32,
    /// Number of rows left out of training because their text (for questions, their passage) is also in the validation or
    /// test file.
    pub across_split: u32,
    /// The first duplicates, contradictions and texts across the split.
    pub repeated: Vec<RepeatedText>,
    /// Number of training rows.
    pub train_rows: u32,
    /// Number of validation rows.
    pub validation_rows: u32,
    /// Number of test rows.
    #[serde(default)]
    pub test_rows: u32,
    /// The sides for which the training file has rows that are of no use, such as test rows without labels.
    #[serde(default)]
    pub left_out: Vec<DataRole>,
    /// Accuracy of always predicting the most frequent class, for single-label classification only.
    pub majority_ratio: Option<f64>,
    /// Figures of the task.
    pub facts: TaskFacts,
    /// Languages of the texts, in words, if most of them are not English.
    #[serde(default)]
    pub other_languages: Option<String>,
    /// Token lengths. None until a tokenizer is loaded.
    pub tokens: Option<TokenLengths>,
    /// Warnings to show before the user continues.
    pub warnings: Vec<Diagnostic>,
}

impl DataReport {
    /// The facts that the defaults of a recipe are chosen from.
    pub fn facts(&self) -> RowFacts {
        let unknown = RowFacts::default();
        RowFacts {
            rows: self.train_rows,
            classes: self.classes.len() as u32,
            suggested_len: self.tokens.as_ref().map_or(unknown.suggested_len, |tokens| tokens.max_length),
            has_negatives: matches!(self.mapping, Mapping::Pairs { negative: Some(_), .. }),
        }
    }
}

/// Figures of a task, over all rows that can be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskFacts {
    /// Classification, completions and running text.
    #[default]
    None,
    /// Multi-label classification.
    Labels {
        /// Mean number of labels per row (label cardinality).
        mean: f64,
        /// Most labels on one row.
        max: u32,
        /// Number of rows without labels.
        unlabeled: u32,
    },
    /// Regression on numbers.
    Numbers {
        /// Smallest number.
        min: f64,
        /// Largest number.
        max: f64,
        /// Mean of the numbers.
        mean: f64,
        /// Standard deviation: the error of always predicting the mean.
        deviation: f64,
    },
    /// Token classification.
    Tags {
        /// Number of words.
        words: u32,
        /// Number of entities; 0 if the tags do not follow the BIO scheme.
        entities: u32,
        /// Number of tags that were changed to make BIO consistent.
        repaired: u32,
        /// Number of spans that were widened to whole words.
        widened: u32,
        /// Number of spans that were left out, because they overlap another one or lie outside the text.
        dropped: u32,
        /// The first spans that were left out.
        first_dropped: Vec<SkippedRow>,
    },
    /// Question answering.
    Answers {
        /// Number of distinct passages.
        contexts: u32,
        /// Number of questions without an answer in their passage.
        unanswerable: u32,
        /// Number of answers whose start counts bytes.
        byte_offsets: u32,
        /// Number of answers with a wrong or missing start that were found by their text.
        found_by_text: u32,
        /// Number of answers that were not found, to questions with another answer that was.
        not_found: u32,
    },
    /// Turns of conversations.
    Turns {
        /// Number of turns of the assistant.
        assistant: u32,
        /// Most turns in one conversation.
        max: u32,
    },
}

/// A class and the number of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// Name of the class, label or tag.
    pub label: String,
    /// Number of rows, or of words for a tag.
    pub rows: u32,
}

/// A text that occurs more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatedText {
    /// The text, cut to 200 characters.
    pub text: String,
    /// The first lines with this text.
    pub lines: Vec<u32>,
    /// Its classes or labels. Empty for other tasks.
    pub labels: Vec<String>,
}

/// Effect of a maximum length on rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Number of rows that are truncated.
    pub shortened: u32,
    /// Number of rows that cannot be used, because their target alone is longer than the maximum.
    pub skipped: u32,
}

/// Effect of a run's maximum length on its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cuts {
    /// Training rows.
    pub train: Cut,
    /// Validation rows.
    pub validation: Cut,
    /// Test rows.
    #[serde(default)]
    pub test: Cut,
}

/// Lengths of the texts in tokens, and the effect of a maximum length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenLengths {
    /// Median length.
    pub p50: u32,
    /// 95th percentile of the lengths.
    pub p95: u32,
    /// Greatest length.
    pub max: u32,
    /// Suggested maximum length.
    pub max_length: u32,
    /// Ratio of the rows that it truncates.
    pub truncated_ratio: f64,
}
