//! What is told of a file and of the rows taken from it: plain data.

use serde::{Deserialize, Serialize};

use crate::dataset::mapping::Mapping;
use crate::dataset::skipped::SkippedRow;
use crate::diagnostic::Diagnostic;

/// What was found in the rows, before any training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataReport {
    /// The columns, and what is learned from them.
    pub mapping: Mapping,
    /// Rows that can be used.
    pub rows_kept: u32,
    /// Rows that cannot.
    pub rows_dropped: u32,
    /// The first of those, with line and reason.
    pub dropped: Vec<SkippedRow>,
    /// Classes or labels with their rows, tags with their words; commonest first. None for other tasks.
    pub classes: Vec<ClassCount>,
    /// Rows that stand earlier in the file, with what is learned of them.
    pub duplicates: u32,
    /// Texts that stand with more than one class, set of labels or set of tags.
    pub contradictions: u32,
    /// Training rows whose text (for questions, whose passage) is also in the validation file; they are not learned
    /// from.
    pub across_split: u32,
    /// The first of the duplicates, contradictions and texts across the split, with their lines.
    pub repeated: Vec<RepeatedText>,
    /// Rows learned from.
    pub train_rows: u32,
    /// Rows validated on.
    pub validation_rows: u32,
    /// Always guessing the commonest class is right for this share; for classification only.
    pub majority_ratio: Option<f64>,
    /// What only this task has.
    pub facts: TaskFacts,
    /// Token lengths, once a tokenizer is loaded.
    pub tokens: Option<TokenLengths>,
    /// What should be known before going on.
    pub warnings: Vec<Diagnostic>,
}

/// Figures that only some tasks have, over all rows that can be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskFacts {
    /// Classification, completions and running text: nothing more.
    #[default]
    None,
    /// Several labels a row.
    Labels {
        /// Labels a row, on average (label cardinality).
        mean: f64,
        /// Most labels of one row.
        max: u32,
        /// Rows without any.
        without: u32,
    },
    /// A number a row.
    Numbers {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
        /// Their mean.
        mean: f64,
        /// Their standard deviation: always guessing the mean has this error.
        deviation: f64,
    },
    /// A tag a word.
    Tags {
        /// Words in all.
        words: u32,
        /// Entities in all; 0 where the tags are no BIO.
        entities: u32,
        /// Tags that were changed to keep BIO consistent.
        repaired: u32,
        /// Spans that began or ended inside a word and were widened to whole words.
        widened: u32,
        /// Spans left out: they overlap another one, or stand outside the text.
        dropped: u32,
        /// The first of those, with line and reason.
        first_dropped: Vec<SkippedRow>,
    },
    /// Questions on passages.
    Answers {
        /// Different passages.
        contexts: u32,
        /// Questions that their passage does not answer.
        without: u32,
        /// Answers whose start was counted in bytes.
        in_bytes: u32,
        /// Answers that stand elsewhere than the file says, or that it does not place, and were found.
        found_elsewhere: u32,
        /// Answers that could not be found, of questions with others.
        lost: u32,
    },
    /// Conversations.
    Turns {
        /// Turns of the assistant in all.
        assistant: u32,
        /// Most turns of one conversation.
        max: u32,
    },
}

/// A class and its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// The class's name.
    pub label: String,
    /// Its rows; words for a tag.
    pub rows: u32,
}

/// A text that stands more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatedText {
    /// The text, cut to 200 characters.
    pub text: String,
    /// The lines it stands on, the first few.
    pub lines: Vec<u32>,
    /// The classes or labels it has; none for other tasks.
    pub labels: Vec<String>,
}

/// What a length does to rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Rows that lose a part.
    pub shortened: u32,
    /// Rows that cannot be used: what is to be learned of them is longer than the length.
    pub skipped: u32,
}

/// What a run's length does to the rows of both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cuts {
    /// Those learned from.
    pub train: Cut,
    /// Those validated on.
    pub validation: Cut,
}

/// How long the texts are in tokens, and what a length would cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenLengths {
    /// Half of the rows are at most this long.
    pub p50: u32,
    /// 95 % of the rows are at most this long.
    pub p95: u32,
    /// The longest.
    pub max: u32,
    /// The length chosen.
    pub max_length: u32,
    /// Share of the rows that it cuts.
    pub truncated_ratio: f64,
}
