//! Validation rows that the model got wrong.

use serde::{Deserialize, Serialize};

/// The rows to find. Without filters, all rows that are wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongRowQuery {
    /// Text that the row contains, in upper or lower case; empty for all rows.
    pub search: String,
    /// Index of a label that the rows have: their class, one of their labels, or the tag of a wrong word.
    pub actual: Option<u32>,
    /// Index of a label that was predicted. If it equals `actual`, the rows are those that the model got right.
    pub predicted: Option<u32>,
    /// Number of matching rows before the first one to show.
    pub offset: u32,
}

/// Rows that match a query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WrongRows {
    /// The rows from the query's offset on, the surest mistakes first; not more than can be read.
    pub rows: Vec<WrongRow>,
    /// Number of rows that match.
    pub total: u32,
    /// Choice and order of the rows, in words.
    pub sentence: String,
    /// Where their nearest training rows come from, or what they wait for, in words; empty if nobody has asked for them.
    pub neighbors: String,
    /// Fraction of the search for the nearest training rows that is done, while it goes on.
    pub comparing: Option<f64>,
}

/// A validation row next to its prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrongRow {
    /// Line in its file, from 1.
    pub line: u32,
    /// True if the file is the training file, and not a validation file of the user's own.
    pub is_in_train_file: bool,
    /// Text of the row: the question, the prompt, or the last turn of the user in a conversation.
    pub text: String,
    /// The second text of a pair, or the passage.
    pub pair: Option<String>,
    /// The right answer: the label, labels, wrong words with their tags, number, answers or completion.
    pub given: String,
    /// The prediction, in the same form. Empty if no text was generated for the row.
    pub predicted: String,
    /// The predicted labels, which the row can get instead; none for tasks without.
    pub likely: Option<Vec<String>>,
    /// Size of the error, in words: its probability, error or perplexity.
    pub measure: String,
    /// The nearest training rows, once they are known.
    pub nearest: Vec<NearestRow>,
}

/// A training row with a similar text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearestRow {
    /// Line in the training file, from 1.
    pub line: u32,
    /// Text of the row.
    pub text: String,
    /// The second text of a pair.
    pub pair: Option<String>,
    /// Its label, labels, number or tagged words, its completion, or the positive of an anchor.
    pub label: String,
    /// Cosine of the two vectors.
    pub cosine: f32,
}
