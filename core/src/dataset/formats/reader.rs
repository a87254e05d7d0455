//! Reads records of any format from text that arrives in chunks.

use std::ops::Range;

use crate::dataset::formats::conll::ConllReader;
use crate::dataset::formats::decode::line_ends;
use crate::dataset::formats::delimited::{DelimitedReader, Dialect};
use crate::dataset::formats::json::{JsonArrayReader, JsonLinesReader};
use crate::dataset::formats::json_columns::JsonColumnsReader;
use crate::dataset::formats::labeled_lines::{LabeledLines, LabeledLinesReader};
use crate::dataset::formats::record::Record;
use crate::dataset::formats::sheet::SheetReader;
use crate::dataset::formats::squad::SquadReader;
use crate::dataset::formats::step::ReadStep;
use crate::dataset::formats::text::TextReader;
use crate::dataset::formats::threads::Threads;
use crate::dataset::formats::word_table::WordTableReader;
use crate::dataset::layout::{FileLayout, Format};
use crate::diagnostic::Diagnostic;
use crate::phrases::count;

/// Reason to skip a header after the first.
pub(crate) const HEADER_AGAIN: &str = "the header again";

/// A part of the text, and the record that it holds.
pub(crate) struct Piece<'a> {
    /// The part, with the line end of a record.
    pub raw: &'a str,
    /// The record; none between records, and for the header.
    pub record: Option<ParsedRecord<'a>>,
    reader: &'a FormatReader,
}

impl Piece<'_> {
    /// The place of a word's tag in the part, if the format has a line for each word.
    pub(crate) fn tag_range(&self, word: usize) -> Option<Range<usize>> {
        match self.reader {
            FormatReader::Conll(reader) => reader.tag_range(self.raw, word),
            _ => None,
        }
    }
}

/// A record and its position in the file.
pub(crate) struct ParsedRecord<'a> {
    /// Line on which the record begins, from 1; the row number if the file is JSON with several rows on a line.
    pub line: u32,
    /// The record, or the reason why it cannot be read.
    pub record: Result<&'a Record, String>,
}

enum FormatReader {
    Delimited(DelimitedReader),
    JsonLines(JsonLinesReader),
    JsonArray(JsonArrayReader),
    JsonColumns(JsonColumnsReader),
    Squad(SquadReader),
    Conll(ConllReader),
    WordTable(WordTableReader),
    Text(TextReader),
    LabeledLines(LabeledLinesReader),
    Sheet(SheetReader),
}

impl FormatReader {
    fn new(layout: FileLayout) -> Self {
        let dialect = Dialect::of(&layout);
        match layout.format {
            Format::Delimited => Self::Delimited(DelimitedReader::new(dialect)),
            Format::JsonLines | Format::Parquet | Format::Translations => {
                Self::JsonLines(JsonLinesReader::new(layout.columns, layout.quirks.rows_are_arrays))
            }
            Format::JsonArray => Self::JsonArray(JsonArrayReader::new(layout.columns, layout.quirks.rows_are_arrays)),
            Format::JsonColumns => Self::JsonColumns(JsonColumnsReader::new(layout.columns)),
            Format::Squad => Self::Squad(SquadReader::default()),
            Format::Conll if layout.delimiter.is_some() => Self::WordTable(WordTableReader::new(dialect)),
            Format::Conll => Self::Conll(ConllReader::default()),
            Format::Sheet | Format::Folder | Format::Document => {
                Self::Sheet(SheetReader::new(Some(layout.columns.len())))
            }
            Format::Text => match LabeledLines::of_columns(&layout.columns) {
                Some(writing) => Self::LabeledLines(LabeledLinesReader { writing }),
                None => Self::Text(TextReader { by_paragraph: layout.multiline }),
            },
        }
    }

    fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        match self {
            Self::Delimited(reader) => reader.step(rest, is_end, record),
            Self::JsonLines(reader) => reader.step(rest, is_end, record),
            Self::JsonArray(reader) => reader.step(rest, is_end, record),
            Self::JsonColumns(reader) => reader.step(rest, is_end, record),
            Self::Squad(reader) => reader.step(rest, is_end, record),
            Self::Conll(reader) => reader.step(rest, is_end, record),
            Self::WordTable(reader) => reader.step(rest, is_end, record),
            Self::Text(reader) => reader.step(rest, is_end, record),
            Self::Sheet(reader) => reader.step(rest, is_end, record),
            Self::LabeledLines(reader) => reader.step(rest, is_end, record),
        }
    }

    /// Columns that are no members of the objects; none if the records are not objects.
    fn converted(&self) -> &[String] {
        match self {
            Self::JsonLines(reader) => reader.converted(),
            Self::JsonArray(reader) => reader.converted(),
            _ => &[],
        }
    }

    /// Keys of the objects read so far; none if the records are not objects.
    fn keys(&self) -> &[String] {
        match self {
            Self::JsonLines(reader) => reader.keys(),
            Self::JsonArray(reader) => reader.keys(),
            Self::JsonColumns(reader) => reader.keys(),
            _ => &[],
        }
    }
}

/// Cuts text into records.
pub(crate) struct RecordReader {
    reader: FormatReader,
    /// Cells that each record must have. None if the format has no fixed width.
    width: Option<usize>,
    /// True until the header has been read.
    expects_header: bool,
    /// Rows below the header that are still to be skipped, because they describe the columns.
    described_rows: u32,
    /// The header of a table, which files that were joined have again.
    header: Option<Record>,
    /// Lines to skip before the first record.
    lines_to_skip: u32,
    /// Number of records so far, if they are numbered instead of lines.
    row: Option<u32>,
    /// Text from the first incomplete record on.
    rest: String,
    /// Line on which `rest` begins, from 1.
    line: u32,
    record: Record,
    /// Messages to be joined, if each record is one.
    threads: Option<Threads>,
    /// Number of messages that belong to no conversation.
    unused_messages: usize,
}

impl RecordReader {
    pub(crate) fn new(layout: FileLayout) -> Self {
        Self {
            width: (layout.format == Format::Delimited && !layout.quirks.joins_messages)
                .then_some(layout.columns.len()),
            expects_header: layout.has_header
                && matches!(layout.format, Format::Delimited | Format::Text | Format::Sheet),
            described_rows: layout.quirks.described_rows,
            header: None,
            lines_to_skip: layout.quirks.skipped_lines,
            row: layout.quirks.numbers_rows.then_some(0),
            threads: layout.quirks.joins_messages.then(Threads::default),
            unused_messages: 0,
            reader: FormatReader::new(layout),
            rest: String::new(),
            line: 1,
            record: Record::default(),
        }
    }

    /// Calls `on_record` for each record that `text` completes. `is_end` marks the last chunk.
    ///
    /// # Errors
    /// The first error that `on_record` returns.
    pub(crate) fn push(
        &mut self,
        text: &str,
        is_end: bool,
        on_record: &mut dyn FnMut(ParsedRecord) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        self.push_pieces(text, is_end, &mut |piece| piece.record.map_or(Ok(()), &mut *on_record))
    }

    /// Calls `on_piece` for each part of the text that `text` completes: all of them together are the whole text.
    ///
    /// # Errors
    /// The first error that `on_piece` returns.
    pub(crate) fn push_pieces(
        &mut self,
        text: &str,
        is_end: bool,
        on_piece: &mut dyn FnMut(Piece) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        self.rest.push_str(text);
        let mut at = 0;
        while self.lines_to_skip > 0 {
            let Some(line) = self.rest[at..].find('\n') else { break };
            on_piece(Piece { raw: &self.rest[at..=at + line], record: None, reader: &self.reader })?;
            at += line + 1;
            self.line += 1;
            self.lines_to_skip -= 1;
        }
        while self.lines_to_skip == 0 && at < self.rest.len() {
            self.record.clear();
            let (used, record) = match self.reader.step(&self.rest[at..], is_end, &mut self.record) {
                ReadStep::NeedMore => break,
                ReadStep::Skip(used) => (used, None),
                ReadStep::Invalid(used, reason) => (used, Some(Err(reason))),
                ReadStep::Record(used) if self.expects_header => {
                    self.expects_header = false;
                    self.header = Some(self.record.clone()).filter(|header| header.len() > 1);
                    (used, None)
                }
                ReadStep::Record(used) if self.described_rows > 0 => {
                    self.described_rows -= 1;
                    (used, None)
                }
                ReadStep::Record(used) => {
                    if let Some(width) = self.width {
                        self.record.drop_empty_tail(width);
                    }
                    match self.width {
                        Some(width) if width != self.record.len() => (used, Some(Err(ragged(&self.record, width)))),
                        _ if self.header.as_ref().is_some_and(|header| header.iter().eq(self.record.iter())) => {
                            (used, Some(Err(HEADER_AGAIN.into())))
                        }
                        _ => (used, Some(Ok(&self.record))),
                    }
                }
            };
            let record = record.map(|record| {
                self.row = self.row.map(|row| row + 1);
                let line = match &self.reader {
                    FormatReader::JsonColumns(reader) if record.is_ok() => reader.row_number(),
                    _ => self.row.unwrap_or(self.line),
                };
                ParsedRecord { line, record }
            });
            let record = match (&mut self.threads, record) {
                (Some(threads), Some(ParsedRecord { line, record: Ok(record) })) => {
                    let (keys, header) = (self.reader.keys(), &self.header);
                    let in_header = |name: &str| header.as_ref()?.iter().position(|column| column == name);
                    let place = |name: &str| keys.iter().position(|key| key == name).or_else(|| in_header(name));
                    threads.add(place, record, line);
                    None
                }
                (_, record) => record,
            };
            on_piece(Piece { raw: &self.rest[at..at + used], record, reader: &self.reader })?;
            self.line += line_ends(&self.rest.as_bytes()[at..at + used]) as u32;
            at += used;
        }
        self.rest.drain(..at);
        match self.threads.take_if(|_| is_end) {
            Some(threads) => self.push_conversations(threads, on_piece),
            None => Ok(()),
        }
    }

    /// Calls `on_piece` for each conversation of the messages.
    fn push_conversations(
        &mut self,
        threads: Threads,
        on_piece: &mut dyn FnMut(Piece) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let (conversations, unused) = threads.join();
        self.unused_messages = unused;
        for (line, record) in &conversations {
            let record = Some(ParsedRecord { line: *line, record: Ok(record) });
            on_piece(Piece { raw: "", record, reader: &self.reader })?;
        }
        Ok(())
    }

    /// Number of messages that belong to no conversation.
    pub(crate) fn unused_messages(&self) -> usize {
        self.unused_messages
    }

    /// Columns that are no members of the objects read so far. Empty if the records are not objects.
    pub(crate) fn converted(&self) -> &[String] {
        self.reader.converted()
    }

    /// Keys of the objects read so far, in order of appearance. Empty if the records are not objects.
    pub(crate) fn keys(&self) -> &[String] {
        self.reader.keys()
    }
}

/// Reason to skip a record with the wrong number of cells.
fn ragged(record: &Record, width: usize) -> String {
    let quote = if record.has_open_quote { ", and a quote that is never closed" } else { "" };
    format!("{} instead of {width}{quote}", count(record.len(), "cell"))
}
