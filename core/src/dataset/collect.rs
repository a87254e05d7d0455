//! The second pass over a file: text and label of every row, held compactly.

use std::collections::HashMap;

use crate::limits::{MAX_LABEL_CHARS, MAX_TEXT_BYTES};
use crate::problem::Problem;

use super::decode::Decoder;
use super::rows::{Row, Rows};
use super::words::{LeftOut, thousands};
use super::{Mapping, SourceInfo};

/// Different labels at which counting stops: by then the column is an id or a text.
const MAX_LABELS: usize = 100_000;

/// Takes text and label out of a file's chunks.
pub struct Collector {
    decoder: Decoder,
    rows: Rows,
    text: String,
    labelled: Labelled,
    label_ids: HashMap<String, u32>,
}

/// The usable rows of a file.
#[derive(Debug)]
pub struct Labelled {
    /// The columns they come from.
    pub mapping: Mapping,
    /// All texts, one after the other.
    texts: String,
    /// Where each text ends.
    ends: Vec<u32>,
    /// Of each row: index of its label.
    labels: Vec<u32>,
    /// Of each row: line in the file.
    lines: Vec<u32>,
    pub(super) label_names: Vec<LabelName>,
    pub(super) left_out: LeftOut,
}

/// A label as it stands in the file.
#[derive(Debug)]
pub(super) struct LabelName {
    pub name: String,
    pub rows: usize,
    /// Rows where it has white space around it.
    pub padded_rows: usize,
}

impl Labelled {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A row's text, without white space around it.
    pub fn text(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.texts[start as usize..self.ends[row] as usize]
    }

    /// The line on which a row begins, from 1.
    pub fn line(&self, row: usize) -> u32 {
        self.lines[row]
    }

    /// Index of a row's label.
    pub(super) fn label_id(&self, row: usize) -> usize {
        self.labels[row] as usize
    }

    /// A row's label as it stands in the file.
    pub(super) fn label_name(&self, row: usize) -> &str {
        &self.label_names[self.label_id(row)].name
    }
}

impl Collector {
    /// A collector for a file that was scanned.
    ///
    /// # Errors
    /// `data.mapping` where a column does not exist or is named twice.
    pub fn new(source: &SourceInfo, mapping: Mapping) -> Result<Self, Problem> {
        let is_column = |index: u32| (index as usize) < source.columns.len();
        if mapping.text == mapping.label || !is_column(mapping.text) || !is_column(mapping.label) {
            return Err(Problem::new("data.mapping", "Text and label must be two columns of the file.")
                .done("The file was not read again.")
                .remedy("Choose another column for one of them."));
        }
        let labelled = Labelled {
            mapping,
            texts: String::new(),
            ends: Vec::new(),
            labels: Vec::new(),
            lines: Vec::new(),
            label_names: Vec::new(),
            left_out: LeftOut::default(),
        };
        Ok(Self {
            decoder: Decoder::new(source.encoding),
            rows: Rows::new(source),
            text: String::new(),
            labelled,
            label_ids: HashMap::new(),
        })
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// Bytes that cannot be read, and `data.too-much-text`, `data.too-many-labels`.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        self.text.clear();
        self.decoder.push(chunk, &mut self.text)?;
        self.read(false)
    }

    /// Gives the rows.
    ///
    /// # Errors
    /// As [`Collector::push`], and `data.no-rows` where no row has both a text and a label.
    pub fn finish(mut self) -> Result<Labelled, Problem> {
        self.decoder.finish()?;
        self.text.clear();
        self.read(true)?;
        if self.labelled.is_empty() {
            let why = match self.labelled.left_out.first.first() {
                Some(row) => format!(" Line {}: {}.", row.line, row.reason),
                None => String::new(),
            };
            return Err(Problem::new("data.no-rows", format!("No row has both a text and a label.{why}"))
                .done("Nothing was taken from the file.")
                .remedy("Choose other columns."));
        }
        Ok(self.labelled)
    }

    fn read(&mut self, is_end: bool) -> Result<(), Problem> {
        let Self { rows, text, labelled, label_ids, .. } = self;
        rows.push(text, is_end, &mut |row| labelled.add(row, label_ids))
    }
}

impl Labelled {
    fn add(&mut self, row: Row, label_ids: &mut HashMap<String, u32>) -> Result<(), Problem> {
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(reason) => {
                self.left_out.add(row.line, reason);
                return Ok(());
            }
        };
        let text = cells.get(self.mapping.text as usize).trim();
        let raw_label = cells.get(self.mapping.label as usize);
        let label = raw_label.trim();
        let reason = match (text.is_empty(), label.is_empty()) {
            (true, true) => "no text and no label",
            (true, false) => "no text",
            (false, true) => "no label",
            _ if label.chars().nth(MAX_LABEL_CHARS).is_some() => "the label is too long",
            _ => "",
        };
        if !reason.is_empty() {
            self.left_out.add(row.line, reason);
            return Ok(());
        }
        self.store(text)?;
        let id = match label_ids.get(label) {
            Some(&id) => id,
            None if self.label_names.len() >= MAX_LABELS => {
                let what = format!("There are more than {} different labels.", thousands(MAX_LABELS));
                return Err(Problem::new("data.too-many-labels", what)
                    .done("Reading stopped.")
                    .remedy("Another column may be the label."));
            }
            None => {
                let id = self.label_names.len() as u32;
                label_ids.insert(label.to_owned(), id);
                self.label_names.push(LabelName { name: label.to_owned(), rows: 0, padded_rows: 0 });
                id
            }
        };
        let name = &mut self.label_names[id as usize];
        name.rows += 1;
        name.padded_rows += usize::from(raw_label.len() > label.len());
        self.labels.push(id);
        self.lines.push(row.line);
        Ok(())
    }

    fn store(&mut self, text: &str) -> Result<(), Problem> {
        let has_room = self.texts.len() + text.len() <= MAX_TEXT_BYTES && self.texts.try_reserve(text.len()).is_ok();
        if !has_room {
            let what = format!("The texts take more than {} MB of memory.", self.texts.len() >> 20);
            return Err(Problem::new("data.too-much-text", what)
                .done("Reading stopped.")
                .remedy("Take a part of the file: a few hundred thousand rows teach as much."));
        }
        self.texts.push_str(text);
        self.ends.push(self.texts.len() as u32);
        Ok(())
    }
}
