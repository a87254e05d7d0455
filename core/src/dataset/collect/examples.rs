//! The rows that were taken from a file, held compactly.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::dataset::collect::answers::Placed;
use crate::dataset::collect::example::{Example, Message, Role, Word};
use crate::dataset::collect::labels::LabelName;
use crate::dataset::mapping::Mapping;
use crate::dataset::skipped::SkippedRows;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_TEXT_BYTES;

/// Lists of any length, one after the other.
#[derive(Debug)]
pub(crate) struct Lists<T> {
    items: Vec<T>,
    /// Where each list ends.
    ends: Vec<u32>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T> Lists<T> {
    pub(crate) fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.items.extend(list);
        self.ends.push(self.items.len() as u32);
    }

    pub(crate) fn get(&self, index: usize) -> &[T] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.items[start..self.ends[index] as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Visits each list, to be changed.
    pub(crate) fn each_mut(&mut self, mut visit: impl FnMut(&mut [T])) {
        let mut start = 0;
        for &end in &self.ends {
            visit(&mut self.items[start..end as usize]);
            start = end as usize;
        }
    }
}

/// What is learned of the rows beside their texts. Labels are indices of the file's own names.
#[derive(Debug)]
pub(crate) enum Targets {
    Classes(Vec<u32>),
    Labels(Lists<u32>),
    Numbers(Vec<f32>),
    Words(Lists<Word>),
    /// Starts and ends in the passage, in bytes.
    Answers(Lists<[u32; 2]>),
    /// Where each turn ends in the row's text, in bytes.
    Turns(Lists<(Role, u32)>),
    None,
}

impl Targets {
    /// None yet, of the kind that a mapping has.
    fn new(mapping: &Mapping) -> Self {
        match mapping {
            Mapping::Classification { .. } => Self::Classes(Vec::new()),
            Mapping::MultiLabel { .. } => Self::Labels(Lists::default()),
            Mapping::Regression { .. } => Self::Numbers(Vec::new()),
            Mapping::TokenClassification { .. } => Self::Words(Lists::default()),
            Mapping::QuestionAnswering { .. } => Self::Answers(Lists::default()),
            Mapping::Chat { .. } => Self::Turns(Lists::default()),
            Mapping::Completion { .. } | Mapping::Corpus { .. } => Self::None,
        }
    }
}

/// What was put right on the way.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    /// Tags that were changed to keep BIO consistent.
    pub tags: u32,
    /// Spans that were widened to whole words.
    pub widened: u32,
    /// Spans that were left out.
    pub spans: SkippedRows,
    pub answers: Placed,
}

/// The usable rows of a file.
#[derive(Debug)]
pub struct Examples {
    /// The columns they come from.
    pub mapping: Mapping,
    /// All texts.
    arena: String,
    /// Where the texts of each row begin and end. One that the row before has too is kept once: questions share their
    /// passages.
    spans: Vec<[u32; 2]>,
    /// Texts of a row.
    width: usize,
    /// Of each row: line in the file.
    lines: Vec<u32>,
    pub(crate) targets: Targets,
    pub(crate) label_names: Vec<LabelName>,
    pub(crate) skipped: SkippedRows,
    pub(crate) repairs: Repairs,
}

impl Examples {
    /// No rows yet.
    pub(crate) fn new(mapping: Mapping) -> Self {
        let width = match &mapping {
            Mapping::Classification { pair, .. }
            | Mapping::MultiLabel { pair, .. }
            | Mapping::Regression { pair, .. } => 1 + usize::from(pair.is_some()),
            Mapping::QuestionAnswering { .. } | Mapping::Completion { .. } => 2,
            Mapping::TokenClassification { .. } | Mapping::Chat { .. } | Mapping::Corpus { .. } => 1,
        };
        Self {
            targets: Targets::new(&mapping),
            mapping,
            arena: String::new(),
            spans: Vec::new(),
            width,
            lines: Vec::new(),
            label_names: Vec::new(),
            skipped: SkippedRows::default(),
            repairs: Repairs::default(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes that the texts take.
    pub fn text_bytes(&self) -> usize {
        self.arena.len()
    }

    /// A row's first text: the question, the prompt, all turns of a conversation one after the other.
    pub fn text(&self, row: usize) -> &str {
        self.nth_text(row, 0)
    }

    /// The line on which a row begins, from 1.
    pub fn line(&self, row: usize) -> u32 {
        self.lines[row]
    }

    /// A row's second text, where it has one.
    pub(crate) fn second_text(&self, row: usize) -> Option<&str> {
        (self.width > 1).then(|| self.nth_text(row, 1))
    }

    fn nth_text(&self, row: usize, nth: usize) -> &str {
        let [start, end] = self.spans[row * self.width + nth];
        &self.arena[start as usize..end as usize]
    }

    /// A row as it is learned from; `label` turns the file's labels into the model's.
    pub(crate) fn example(&self, row: usize, label: impl Fn(u32) -> u32) -> Example<'_> {
        let (text, pair) = (self.text(row), self.second_text(row));
        match &self.targets {
            Targets::Classes(classes) => Example::Class { text, pair, class: label(classes[row]) },
            Targets::Labels(lists) => {
                let mut labels: Vec<u32> = lists.get(row).iter().map(|&own| label(own)).collect();
                labels.sort_unstable();
                Example::Labels { text, pair, labels }
            }
            Targets::Numbers(numbers) => Example::Number { text, pair, value: numbers[row] },
            Targets::Words(lists) => {
                let words = lists.get(row).iter().map(|word| Word { tag: label(word.tag), ..*word }).collect();
                Example::Tags { text, words }
            }
            Targets::Answers(lists) => {
                let answers = lists.get(row).iter().map(|&[start, end]| start as usize..end as usize).collect();
                Example::Question { question: text, context: pair.unwrap_or_default(), answers }
            }
            Targets::Turns(lists) => {
                let mut start = 0;
                let message = |&(role, end): &(Role, u32)| {
                    let content = &text[start..end as usize];
                    start = end as usize;
                    Message { role, content }
                };
                Example::Chat(lists.get(row).iter().map(message).collect())
            }
            Targets::None => match pair {
                Some(completion) => Example::Completion { prompt: text, completion },
                None => Example::Passage(text),
            },
        }
    }

    /// Indices of the file's labels on a row, a tag once for each of its words.
    pub(crate) fn label_ids(&self, row: usize) -> Vec<u32> {
        match &self.targets {
            Targets::Classes(classes) => vec![classes[row]],
            Targets::Labels(lists) => lists.get(row).to_vec(),
            Targets::Words(lists) => lists.get(row).iter().map(|word| word.tag).collect(),
            _ => Vec::new(),
        }
    }

    /// What must not stand on both sides of a split: the texts that are read; of questions, the passage.
    pub(crate) fn group(&self, row: usize) -> (&str, &str) {
        match &self.targets {
            Targets::Answers(_) => (self.nth_text(row, 1), ""),
            Targets::None => (self.text(row), ""),
            _ => self.input(row),
        }
    }

    /// What is read to learn the row's target.
    pub(crate) fn input(&self, row: usize) -> (&str, &str) {
        match &self.targets {
            Targets::None => (self.text(row), ""),
            _ => (self.text(row), self.second_text(row).unwrap_or_default()),
        }
    }

    /// A number that is the same for rows with the same target.
    pub(crate) fn target(&self, row: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        match &self.targets {
            Targets::Classes(classes) => classes[row].hash(&mut hasher),
            Targets::Labels(lists) => {
                let mut ids = lists.get(row).to_vec();
                ids.sort_unstable();
                ids.hash(&mut hasher);
            }
            Targets::Numbers(numbers) => numbers[row].to_bits().hash(&mut hasher),
            Targets::Words(lists) => lists.get(row).hash(&mut hasher),
            Targets::Answers(lists) => lists.get(row).hash(&mut hasher),
            Targets::Turns(lists) => lists.get(row).hash(&mut hasher),
            Targets::None => self.second_text(row).hash(&mut hasher),
        }
        hasher.finish()
    }

    /// Adds the texts of a row. Its target follows.
    ///
    /// # Errors
    /// `data.too-much-text`.
    pub(crate) fn push(&mut self, line: u32, texts: &[&str]) -> Result<(), Diagnostic> {
        let before = self.spans.len().checked_sub(self.width);
        for (nth, text) in texts.iter().enumerate() {
            let same = before.map(|at| self.spans[at + nth]);
            let same = same.filter(|&[start, end]| &self.arena[start as usize..end as usize] == *text);
            let span = match same {
                Some(span) => span,
                None => self.store(text)?,
            };
            self.spans.push(span);
        }
        self.lines.push(line);
        Ok(())
    }

    fn store(&mut self, text: &str) -> Result<[u32; 2], Diagnostic> {
        let has_room = self.arena.len() + text.len() <= MAX_TEXT_BYTES && self.arena.try_reserve(text.len()).is_ok();
        if !has_room {
            let what = format!("The texts take more than {} MB of memory.", self.arena.len() >> 20);
            return Err(Diagnostic::new("data.too-much-text", what)
                .done("Reading stopped.")
                .remedy("Take a part of the file: a few hundred thousand rows teach as much."));
        }
        let start = self.arena.len() as u32;
        self.arena.push_str(text);
        Ok([start, self.arena.len() as u32])
    }
}
