//! Rows from text that comes in pieces, whatever the format.

use crate::dataset::formats::conll::Conll;
use crate::dataset::formats::decode::line_ends;
use crate::dataset::formats::delimited::{Delimited, Dialect};
use crate::dataset::formats::json::{JsonArray, JsonLines};
use crate::dataset::formats::json_columns::JsonColumns;
use crate::dataset::formats::record::Cells;
use crate::dataset::formats::squad::Squad;
use crate::dataset::formats::step::Step;
use crate::dataset::formats::text::Plain;
use crate::dataset::layout::Format;
use crate::dataset::phrases::count;
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;

/// A row as it comes from the file.
pub(crate) struct Row<'a> {
    /// Line on which it begins, from 1.
    pub line: u32,
    /// Its cells, or why there are none.
    pub cells: Result<&'a Cells, String>,
}

enum Reader {
    Delimited(Delimited),
    Lines(JsonLines),
    Array(JsonArray),
    Columns(JsonColumns),
    Squad(Squad),
    Conll(Conll),
    Plain(Plain),
}

/// Cuts text into rows.
pub(crate) struct Rows {
    reader: Reader,
    /// Cells a row must have; rows of objects have no such number.
    width: Option<usize>,
    has_header: bool,
    /// Text from the first row that is not whole.
    rest: String,
    /// Line on which it begins.
    line: u32,
    cells: Cells,
}

impl Rows {
    /// A reader of the layout that was found.
    pub(crate) fn new(source: &SourceInfo) -> Self {
        let columns = source.columns.clone();
        let reader = match source.format {
            Format::Delimited => Reader::Delimited(Delimited::new(Dialect {
                delimiter: source.delimiter.and_then(|c| u8::try_from(c).ok()).unwrap_or(b','),
                multiline: source.multiline,
            })),
            Format::JsonLines => Reader::Lines(JsonLines::new(columns)),
            Format::JsonArray => Reader::Array(JsonArray::new(columns)),
            Format::JsonColumns => Reader::Columns(JsonColumns::new(columns)),
            Format::Squad => Reader::Squad(Squad::default()),
            Format::Conll => Reader::Conll(Conll),
            Format::Text => Reader::Plain(Plain { by_paragraph: source.multiline }),
        };
        Self {
            reader,
            width: (source.format == Format::Delimited).then_some(source.columns.len()),
            has_header: source.has_header,
            rest: String::new(),
            line: 1,
            cells: Cells::default(),
        }
    }

    /// Gives every row that the text completes to `take`. `is_end` says that no more text comes.
    pub(crate) fn push(
        &mut self,
        text: &str,
        is_end: bool,
        take: &mut dyn FnMut(Row) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        self.rest.push_str(text);
        let mut at = 0;
        while at < self.rest.len() {
            let rest = &self.rest[at..];
            self.cells.clear();
            let step = match &mut self.reader {
                Reader::Delimited(reader) => reader.step(rest, is_end, &mut self.cells),
                Reader::Lines(reader) => reader.step(rest, is_end, &mut self.cells),
                Reader::Array(reader) => reader.step(rest, is_end, &mut self.cells),
                Reader::Columns(reader) => reader.step(rest, is_end, &mut self.cells),
                Reader::Squad(reader) => reader.step(rest, is_end, &mut self.cells),
                Reader::Conll(reader) => reader.step(rest, is_end, &mut self.cells),
                Reader::Plain(reader) => reader.step(rest, is_end, &mut self.cells),
            };
            let (used, cells) = match step {
                Step::More => break,
                Step::Skip(used) => (used, None),
                Step::Bad(used, reason) => (used, Some(Err(reason))),
                Step::Row(used) if self.has_header => {
                    self.has_header = false;
                    (used, None)
                }
                Step::Row(used) => match self.width {
                    Some(width) if width != self.cells.len() => (used, Some(Err(ragged(&self.cells, width)))),
                    _ => (used, Some(Ok(&self.cells))),
                },
            };
            if let Some(cells) = cells {
                let line = match &self.reader {
                    Reader::Columns(reader) if cells.is_ok() => reader.row_number(),
                    _ => self.line,
                };
                take(Row { line, cells })?;
            }
            self.line += line_ends(&self.rest.as_bytes()[at..at + used]) as u32;
            at += used;
        }
        self.rest.drain(..at);
        Ok(())
    }

    /// The names of the objects' members so far, in the order in which they came; none where the rows have no names.
    pub(crate) fn keys(&self) -> &[String] {
        match &self.reader {
            Reader::Lines(reader) => reader.keys(),
            Reader::Array(reader) => reader.keys(),
            Reader::Columns(reader) => reader.keys(),
            Reader::Delimited(_) | Reader::Squad(_) | Reader::Conll(_) | Reader::Plain(_) => &[],
        }
    }
}

/// Why a row with another number of cells cannot be used.
fn ragged(cells: &Cells, width: usize) -> String {
    let quote = if cells.has_open_quote { ", and a quote that does not close" } else { "" };
    format!("{}, not {width}{quote}", count(cells.len(), "cell"))
}
