//! The rows collected from a file, stored compactly.

use crate::dataset::collect::example::{Example, Message, Word};
use crate::dataset::collect::label_lists::ListForm;
use crate::dataset::collect::labels::LabelName;
use crate::dataset::collect::pool::Pool;
use crate::dataset::collect::records::Records;
use crate::dataset::collect::repairs::Repairs;
use crate::dataset::collect::row_targets::{RowTarget, RowTargets};
use crate::dataset::collect::text_arena::TextArena;
use crate::dataset::data_recipe::DataRecipe;
use crate::dataset::input_columns::InputColumns;
use crate::dataset::mapping::Mapping;
use crate::dataset::skipped::{SkippedRow, SkippedRows};
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_TEXT_BYTES;

/// The usable rows of a file.
#[derive(Debug)]
pub struct Examples {
    /// The columns that the rows come from.
    pub mapping: Mapping,
    /// The names of the columns that a model's input comes from.
    pub(crate) input: Option<InputColumns<String>>,
    /// Settings by which the file was read, for the recipe file.
    pub(crate) data_recipe: Option<DataRecipe>,
    /// All texts.
    arena: TextArena,
    /// Byte range in `arena` of each text, `texts_per_row` per row. A text that the previous row has too is stored
    /// once, because questions share their passages.
    spans: Vec<[u32; 2]>,
    texts_per_row: usize,
    /// Line on which each row begins, from 1.
    lines: Vec<u32>,
    /// The records of the file, and which of them each row is.
    pub(crate) records: Records,
    /// One target per row.
    pub(crate) targets: RowTargets,
    pub(crate) label_names: Vec<LabelName>,
    /// The form of the lists of labels, if the labels are in lists.
    pub(crate) list_form: ListForm,
    pub(crate) skipped: SkippedRows,
    /// The skipped rows that lack nothing but a label.
    pub(crate) pool: Pool,
    pub(crate) repairs: Repairs,
}

impl Examples {
    /// An empty collection for `mapping` of a file with these columns.
    pub(crate) fn new(mapping: Mapping, columns: &[String]) -> Self {
        let texts_per_row = match &mapping {
            Mapping::Classification { pair, .. }
            | Mapping::MultiLabel { pair, .. }
            | Mapping::Regression { pair, .. } => 1 + usize::from(pair.is_some()),
            Mapping::Pairs { negative, .. } => 2 + usize::from(negative.is_some()),
            Mapping::QuestionAnswering { .. }
            | Mapping::Completion { .. }
            | Mapping::ScoredPairs { .. }
            | Mapping::Reranking { .. } => 2,
            Mapping::TokenClassification { .. }
            | Mapping::Chat { .. }
            | Mapping::Corpus { .. }
            | Mapping::LabeledTexts { .. } => 1,
        };
        Self {
            targets: RowTargets::new(&mapping),
            input: InputColumns::of_training(&mapping, columns),
            data_recipe: None,
            mapping,
            arena: TextArena::default(),
            spans: Vec::new(),
            texts_per_row,
            lines: Vec::new(),
            records: Records::default(),
            label_names: Vec::new(),
            list_form: ListForm::default(),
            skipped: SkippedRows::default(),
            pool: Pool::default(),
            repairs: Repairs::default(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Size of all texts in bytes.
    pub fn text_bytes(&self) -> usize {
        self.arena.len()
    }

    /// First text of a row: the question, the prompt, or all turns of a conversation joined.
    pub fn text(&self, row: usize) -> &str {
        self.nth_text(row, 0)
    }

    /// Line on which a row begins, from 1.
    pub fn line(&self, row: usize) -> u32 {
        self.lines[row]
    }

    /// Second text of a row, if it has one.
    pub(crate) fn second_text(&self, row: usize) -> Option<&str> {
        (self.texts_per_row > 1).then(|| self.nth_text(row, 1))
    }

    fn nth_text(&self, row: usize, nth: usize) -> &str {
        self.stored(self.spans[row * self.texts_per_row + nth])
    }

    fn stored(&self, span: [u32; 2]) -> &str {
        self.arena.get(span)
    }

    /// A row as an example. `class_of` maps the file's label ids to indices of the model's labels.
    pub(crate) fn example(&self, row: usize, class_of: impl Fn(u32) -> u32) -> Example<'_> {
        let (text, pair) = (self.text(row), self.second_text(row));
        match &self.targets {
            RowTargets::Classes(classes) if matches!(self.mapping, Mapping::LabeledTexts { .. }) => {
                Example::LabeledText { text, class: class_of(classes[row]) }
            }
            RowTargets::Numbers(scores) if matches!(self.mapping, Mapping::ScoredPairs { .. }) => {
                Example::ScoredPair { text, pair: pair.unwrap_or_default(), score: scores[row] }
            }
            RowTargets::Texts if matches!(self.mapping, Mapping::Pairs { .. }) => {
                let negative = (self.texts_per_row > 2).then(|| self.nth_text(row, 2));
                Example::Pair { anchor: text, positive: pair.unwrap_or_default(), negative }
            }
            RowTargets::Classes(classes) => Example::Class { text, pair, class: class_of(classes[row]) },
            RowTargets::Labels(lists) => {
                let mut labels: Vec<u32> = lists.get(row).iter().map(|&id| class_of(id)).collect();
                labels.sort_unstable();
                Example::Labels { text, pair, labels }
            }
            RowTargets::Numbers(numbers) => Example::Number { text, pair, value: numbers[row] },
            RowTargets::Words(lists) => {
                let words = lists.get(row).iter().map(|word| Word { tag: class_of(word.tag), ..*word }).collect();
                Example::Tags { text, words }
            }
            RowTargets::Answers(lists) => {
                let answers = lists.get(row).iter().map(|span| span.start as usize..span.end as usize).collect();
                Example::Question { question: text, context: pair.unwrap_or_default(), answers }
            }
            RowTargets::Turns(lists) => {
                let mut start = 0;
                let turns = lists.get(row).iter().map(|turn| {
                    let content = &text[start..turn.end as usize];
                    start = turn.end as usize;
                    Message { role: turn.role, content }
                });
                Example::Chat(turns.collect())
            }
            RowTargets::Texts => match pair {
                Some(completion) => Example::Completion { prompt: text, completion },
                None => Example::Passage(text),
            },
        }
    }

    /// The file's label ids on a row: its class, its labels, or the tag of each of its words.
    pub(crate) fn label_ids(&self, row: usize) -> Vec<u32> {
        self.targets.label_ids(row)
    }

    /// The text that must not be in both training and validation: the input, the passage of a question, or the query of a
    /// passage, since passages are ranked within their query.
    pub(crate) fn group(&self, row: usize) -> (&str, &str) {
        match &self.targets {
            RowTargets::Answers(_) => (self.nth_text(row, 1), ""),
            _ if matches!(self.mapping, Mapping::Reranking { .. }) => (self.text(row), ""),
            _ => self.input(row),
        }
    }

    /// The model's input for a row: its texts without the target.
    pub(crate) fn input(&self, row: usize) -> (&str, &str) {
        match &self.targets {
            RowTargets::Texts => (self.text(row), ""),
            _ => (self.text(row), self.second_text(row).unwrap_or_default()),
        }
    }

    /// A hash that rows with the same target share.
    pub(crate) fn target_hash(&self, row: usize) -> u64 {
        self.targets.hash(row, self.second_text(row))
    }

    /// Adds a row: its texts together with its target.
    ///
    /// # Errors
    /// `data.too-much-text`, and `data.row-kind` for a row of another task. The row is not added then.
    pub(crate) fn push<S: AsRef<str>>(&mut self, line: u32, texts: &[S], target: RowTarget) -> Result<(), Diagnostic> {
        if texts.len() != self.texts_per_row {
            return Err(wrong_row_kind(line));
        }
        let previous_row = self.spans.len().checked_sub(self.texts_per_row);
        let mut spans = Vec::with_capacity(texts.len());
        for (nth, text) in texts.iter().map(AsRef::as_ref).enumerate() {
            let previous = previous_row.map(|at| self.spans[at + nth]);
            spans.push(match previous.filter(|&span| self.stored(span) == text) {
                Some(span) => span,
                None => self.store(text)?,
            });
        }
        self.targets.push(target).map_err(|_| wrong_row_kind(line))?;
        self.spans.extend(spans);
        self.lines.push(line);
        Ok(())
    }

    /// Rows that cannot be used, at most [`LISTED_ROWS`](crate::limits::LISTED_ROWS).
    pub fn skipped_rows(&self) -> &[SkippedRow] {
        &self.skipped.first
    }

    /// The rows without a label.
    #[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "only the engine chooses rows to be labeled"))]
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The form of the lists of labels.
    pub fn list_form(&self) -> ListForm {
        self.list_form
    }

    /// The names of the file's labels, by id.
    #[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "only the engine chooses rows to be labeled"))]
    pub(crate) fn label_names(&self) -> impl Iterator<Item = String> {
        self.label_names.iter().map(|label| label.name.clone())
    }

    /// Removes rows, each given with the reason, and lists them as skipped.
    pub(crate) fn skip_rows(&mut self, rows: &[(usize, String)]) {
        if rows.is_empty() {
            return;
        }
        let mut keep = vec![true; self.len()];
        for (row, reason) in rows {
            if let Some(keeps) = keep.get_mut(*row) {
                *keeps = false;
                self.skipped.add(self.lines[*row], reason.as_str());
            }
        }
        let spans = self.spans.chunks(self.texts_per_row).zip(&keep).filter(|(_, keeps)| **keeps);
        self.spans = spans.flat_map(|(spans, _)| spans.iter().copied()).collect();
        self.targets.retain(&keep);
        self.records.retain(&keep);
        let mut keep = keep.into_iter();
        self.lines.retain(|_| keep.next().unwrap_or(true));
    }

    fn store(&mut self, text: &str) -> Result<[u32; 2], Diagnostic> {
        let is_small_enough = self.arena.len() + text.len() <= MAX_TEXT_BYTES;
        is_small_enough.then(|| self.arena.push(text)).flatten().ok_or_else(|| {
            let what = format!("The texts take more than {} MB of memory.", self.arena.len() >> 20);
            Diagnostic::new("data.too-much-text", what)
                .done("Reading stopped.")
                .remedy("Use a part of the file: a few hundred thousand rows are enough to learn from.")
        })
    }
}

/// A row whose texts or target belong to another task: a bug, reported so that no later label shifts.
fn wrong_row_kind(line: u32) -> Diagnostic {
    Diagnostic::new("data.row-kind", format!("Line {line} was read as a row of another task."))
        .done("Reading stopped.")
        .remedy("This is a bug in Hone. Please report it with the first lines of the file.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::collect::example::Role;
    use crate::dataset::collect::row_targets::{ByteSpan, Turn};
    use crate::recipe::Task;

    /// One mapping of every kind, with the texts and the target of a row.
    fn kinds() -> Vec<(Mapping, Vec<&'static str>, RowTarget)> {
        let word = Word { start: 0, end: 1, tag: 3 };
        let (span, turn) = (ByteSpan { start: 0, end: 1 }, Turn { role: Role::Assistant, end: 1 });
        vec![
            (Mapping::Classification { text: 0, pair: None, label: 1 }, vec!["a"], RowTarget::Class(3)),
            (Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] }, vec!["a"], RowTarget::Labels(vec![1, 3])),
            (Mapping::Regression { text: 0, pair: Some(1), number: 2 }, vec!["a", "b"], RowTarget::Number(0.5)),
            (Mapping::TokenClassification { text: 0, tags: 1 }, vec!["a"], RowTarget::Words(vec![word])),
            (
                Mapping::QuestionAnswering { question: 0, context: 1, answer: 2, start: None },
                vec!["a", "b"],
                RowTarget::Answers(vec![span]),
            ),
            (Mapping::Completion { prompt: "{a}".into(), completion: 1 }, vec!["a", "b"], RowTarget::Text),
            (Mapping::Chat { messages: 0 }, vec!["a"], RowTarget::Turns(vec![turn])),
            (Mapping::Corpus { text: 0 }, vec!["a"], RowTarget::Text),
            (Mapping::Pairs { anchor: 0, positive: 1, negative: Some(2) }, vec!["a", "b", "c"], RowTarget::Text),
            (Mapping::ScoredPairs { text: 0, pair: 1, score: 2 }, vec!["a", "b"], RowTarget::Number(0.5)),
            (Mapping::LabeledTexts { text: 0, label: 1 }, vec!["a"], RowTarget::Class(3)),
            (Mapping::Reranking { query: 0, passage: 1, label: 2 }, vec!["a", "b"], RowTarget::Number(0.5)),
        ]
    }

    #[test]
    fn a_target_of_another_task_is_an_error_and_adds_nothing() {
        for (mapping, texts, target) in kinds() {
            for (other_mapping, other_texts, other) in kinds() {
                if std::mem::discriminant(&other) == std::mem::discriminant(&target) {
                    continue;
                }
                let mut examples = Examples::new(mapping.clone(), &[]);
                examples.push(1, &texts, target.clone()).unwrap();
                let first = format!("{:?}", examples.example(0, |id| id));
                let error = examples.push(2, &other_texts, other.clone()).unwrap_err();
                assert_eq!(error.code, "data.row-kind", "{other_mapping:?} in {mapping:?}");
                assert_eq!(examples.push(2, &texts, other).unwrap_err().code, "data.row-kind");
                examples.push(3, &texts, target.clone()).unwrap();
                assert_eq!((examples.len(), examples.line(1)), (2, 3));
                assert_eq!(format!("{:?}", examples.example(1, |id| id)), first);
            }
        }
    }

    #[test]
    fn a_row_with_too_few_texts_is_an_error_and_adds_nothing() {
        for (mapping, mut texts, target) in kinds() {
            let mut examples = Examples::new(mapping, &[]);
            texts.pop();
            assert_eq!(examples.push(1, &texts, target).unwrap_err().code, "data.row-kind");
            assert!(examples.is_empty());
        }
    }

    #[test]
    fn every_task_has_its_kind_of_target() {
        let tasks: std::collections::BTreeSet<Task> = kinds().iter().map(|(mapping, ..)| mapping.task()).collect();
        assert_eq!(tasks.into_iter().collect::<Vec<_>>(), Task::ALL);
    }
}
