//! Columns to begin with, for tasks that a file does not seem to fit.

use crate::dataset::inspect::cell_kind::CellKind;
use crate::dataset::inspect::columns::{ColumnStats, has_word};
use crate::dataset::mapping::Mapping;
use crate::dataset::template;

/// A mapping for each form of every task. The columns of each are different as long as the file has enough of them.
pub(crate) fn drafts(columns: &[String], stats: &ColumnStats) -> Vec<Mapping> {
    let file = Drafter { columns, stats };
    let (text, label) = stats.text_and_label(columns);
    let tags = file.target_of(text, |column| matches!(stats.kind(column), CellKind::List | CellKind::Tags));
    let (question, context, answer) = file.question_columns();
    let score = file.target_of(text, |column| stats.are_numbers(column));
    let prompt = template::of_column(columns.get(text as usize).map_or("", String::as_str));
    vec![
        Mapping::Classification { text, pair: None, label },
        Mapping::MultiLabel { text, pair: None, labels: vec![label] },
        Mapping::Regression { text, pair: None, number: score },
        Mapping::TokenClassification { text, tags },
        Mapping::QuestionAnswering { question, context, answer, start: None },
        Mapping::Completion { prompt, completion: label },
        Mapping::Chat { messages: file.first(|column| stats.kind(column) == CellKind::Messages).unwrap_or(text) },
        Mapping::Corpus { text },
        Mapping::Pairs { anchor: text, positive: label, negative: None },
        Mapping::ScoredPairs { text, pair: file.other_than(text, score), score },
        Mapping::LabeledTexts { text, label },
        Mapping::Reranking { query: text, passage: file.other_than(text, score), label: score },
    ]
}

struct Drafter<'a> {
    columns: &'a [String],
    stats: &'a ColumnStats,
}

impl Drafter<'_> {
    fn first(&self, test: impl Fn(u32) -> bool) -> Option<u32> {
        (0..self.columns.len() as u32).find(|&column| test(column))
    }

    /// The first column next to the text that passes the test; the likeliest label if none does.
    fn target_of(&self, text: u32, test: impl Fn(u32) -> bool) -> u32 {
        let is_target = |column| column != text && !self.stats.is_index(column, self.columns) && test(column);
        self.first(is_target).unwrap_or_else(|| self.stats.text_and_label(self.columns).1)
    }

    /// The first column that is neither of two; the label if there is none.
    fn other_than(&self, text: u32, score: u32) -> u32 {
        let is_other = |column: u32| column != text && column != score && !self.stats.is_index(column, self.columns);
        self.first(is_other).unwrap_or(score)
    }

    /// Columns for a question, its passage and the answer: by name, and otherwise those that are left.
    fn question_columns(&self) -> (u32, u32, u32) {
        let mut used = Vec::new();
        let mut take = |names: &[&str]| {
            let is_free = |column: u32| !used.contains(&column);
            let is_named = |column: u32| self.columns.get(column as usize).is_some_and(|name| has_word(name, names));
            let is_data = |column: u32| !self.stats.is_index(column, self.columns);
            let found = self
                .first(|column| is_free(column) && is_named(column))
                .or_else(|| self.first(|column| is_free(column) && is_data(column)))
                .or_else(|| self.first(is_free))
                .unwrap_or_default();
            used.push(found);
            found
        };
        let question = take(&["question", "query"]);
        let context = take(&["context", "passage", "paragraph", "text", "document"]);
        (question, context, take(&["answer", "answers"]))
    }
}
