//! Names of columns by which tasks are recognized.

use crate::dataset::formats::json_shapes::{FIRST_OF_SET, FIRST_POSITIVE, SECOND_OF_SET};
use crate::dataset::inspect::columns::has_word;

/// Names of the two columns of a pair of texts.
pub(crate) const PAIRS: [(&str, &str); 13] = [
    ("premise", "hypothesis"),
    ("context", "hypothesis"),
    ("sentence1", "sentence2"),
    ("sentence_1", "sentence_2"),
    ("sentence_a", "sentence_b"),
    ("question1", "question2"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("query", "passage"),
    ("query", "document"),
    ("question", "sentence"),
    ("question", "passage"),
    ("claim", "evidence"),
];

/// Names of the columns of texts that belong together, as in sentence-transformers' documentation.
pub(crate) const ANCHORS: [(&str, &str); 7] = [
    ("anchor", "positive"),
    ("query", "positive"),
    ("question", "positive"),
    ("text", "positive"),
    ("query", FIRST_POSITIVE),
    ("query", "pos"),
    (FIRST_OF_SET, SECOND_OF_SET),
];
/// Names of columns that belong together, and that other tasks use too.
pub(crate) const ANSWERS: [(&str, &str); 3] = [("question", "answer"), ("query", "answer"), ("query", "response")];
/// Names of the columns of a prompt and its completion.
pub(crate) const COMPLETIONS: [(&str, &str); 20] = [
    ("prompt", "completion"),
    ("prompt", "response"),
    ("prompt", "chosen"),
    ("question", "chosen"),
    ("input", "chosen"),
    ("input", "output"),
    ("text_input", "output"),
    ("input_text", "output_text"),
    ("human", "assistant"),
    ("user", "assistant"),
    ("source", "target"),
    ("src", "tgt"),
    ("article", "highlights"),
    ("article", "summary"),
    ("document", "summary"),
    ("dialogue", "summary"),
    ("dialog", "summary"),
    ("query", "response"),
    ("question", "answer"),
    ("question", "response"),
];
/// Names of the column of conversations.
pub(crate) const CONVERSATIONS: [&str; 4] = ["messages", "conversations", "conversation", "chosen"];
/// Names of the column of words.
pub(crate) const TOKENS: &[&str] = &["tokens", "words", "text", "sentence"];
/// Names of the column of tags or spans.
pub(crate) const TAGS: &[&str] =
    &["tags", "ner_tags", "labels", "ner", "pos_tags", "pos", "upos", "tag", "label", "entities", "spans"];
/// Names of the column of queries whose passages are ranked.
pub(crate) const QUERIES: [&str; 3] = ["query", "search_query", "question"];
/// Names of the column of their passages.
pub(crate) const PASSAGES: [&str; 8] =
    ["passage", "document", "doc", "context", "paragraph", "text", "sentence", "response"];
/// Names of the column that says how well they fit.
pub(crate) const RELEVANCE: &[&str] = &["label", "relevance", "relevant", "score", "is_relevant", "is_selected"];
/// Names of the column of numbers to learn.
pub(crate) const NUMBERS: &[&str] =
    &["score", "similarity", "rating", "stars", "overall", "price", "grade", "target", "value"];
/// Names of the column of lists of labels.
pub(crate) const LISTS: &[&str] = &["labels", "tags", "genres", "categories", "topics", "emotions"];
/// Words in the names of columns that hold a label each.
const LABELS: &[&str] = &[
    "label",
    "labels",
    "tag",
    "tags",
    "category",
    "categories",
    "class",
    "topic",
    "genre",
    "emotion",
    "intent",
    "theme",
];

/// Returns true if a column's name says that it holds labels, with a number after it or without: `label1`, `second_label`.
pub(crate) fn names_labels(column: &str) -> bool {
    has_word(column.trim().trim_end_matches(|c: char| c.is_ascii_digit()), LABELS)
}

/// Returns true if a column's name is that of doccano's labels, which may be a list of texts.
pub(crate) fn lists_texts(column: &str) -> bool {
    ["label", "labels"].contains(&column.trim())
}
