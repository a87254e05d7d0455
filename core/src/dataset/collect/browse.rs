//! A pass over a file that finds rows to show.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::dataset::collect::stream::RecordStream;
use crate::dataset::formats::reader::ParsedRecord;
use crate::dataset::formats::record::Record;
use crate::dataset::skipped::SkippedRow;
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;
use crate::limits::{PREVIEW_CHARS, SHOWN_ROWS};
use crate::phrases::excerpt;

/// Rows of a file to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowQuery {
    /// Text that one of the cells contains, in upper or lower case; empty for all rows.
    pub search: String,
    /// True for rows that cannot be used.
    pub only_skipped: bool,
    /// Number of matching rows before the first one to show.
    pub offset: u32,
}

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Line in the file, from 1; the row number if the file is JSON with several rows on a line.
    pub line: u32,
    /// Cells, of which long ones are cut. Empty if the row cannot be read.
    pub cells: Vec<String>,
    /// Reason why the row cannot be used.
    pub skipped: Option<String>,
}

/// Rows that match a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRows {
    /// At most [`SHOWN_ROWS`], from the query's offset on.
    pub rows: Vec<FileRow>,
    /// Number of rows that match.
    pub total: u32,
}

/// Finds the rows that match a query, in chunks of any size.
pub struct RowBrowser {
    records: RecordStream,
    matcher: Matcher,
}

struct Matcher {
    columns: usize,
    query: RowQuery,
    /// Lines of rows that cannot be used, with the reasons.
    skipped: HashMap<u32, String>,
    found: FileRows,
}

impl RowBrowser {
    /// A browser for a file that was scanned. `skipped` are the rows that cannot be used.
    pub fn new(source: &SourceInfo, skipped: impl IntoIterator<Item = SkippedRow>, query: RowQuery) -> Self {
        let query = RowQuery { search: query.search.trim().to_lowercase(), ..query };
        let skipped = skipped.into_iter().map(|row| (row.line, row.reason)).collect();
        let columns = source.columns.len();
        Self {
            records: RecordStream::new(source),
            matcher: Matcher { columns, query, skipped, found: FileRows::default() },
        }
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// Bytes that cannot be decoded.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Diagnostic> {
        self.records.push(chunk, &mut |record| self.matcher.add(record))
    }

    /// Returns the rows.
    ///
    /// # Errors
    /// As [`RowBrowser::push`].
    pub fn finish(mut self) -> Result<FileRows, Diagnostic> {
        self.records.finish(&mut |record| self.matcher.add(record))?;
        Ok(self.matcher.found)
    }
}

impl Matcher {
    fn add(&mut self, ParsedRecord { line, record }: ParsedRecord) -> Result<(), Diagnostic> {
        let (record, skipped) = match record {
            Ok(record) => (Some(record), self.skipped.get(&line).cloned()),
            Err(reason) => (None, Some(reason)),
        };
        if !self.matches(record, skipped.is_some()) {
            return Ok(());
        }
        self.found.total += 1;
        if self.found.total > self.query.offset && self.found.rows.len() < SHOWN_ROWS {
            let cell = |record: &Record, column| excerpt(record.get(column), PREVIEW_CHARS);
            let cells = record.map(|record| (0..self.columns).map(|column| cell(record, column)).collect());
            self.found.rows.push(FileRow { line, cells: cells.unwrap_or_default(), skipped });
        }
        Ok(())
    }

    fn matches(&self, record: Option<&Record>, is_skipped: bool) -> bool {
        let RowQuery { search, only_skipped, .. } = &self.query;
        let contains = |record: &Record| record.iter().any(|cell| cell.to_lowercase().contains(search.as_str()));
        (is_skipped || !only_skipped) && (search.is_empty() || record.is_some_and(contains))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::collect::collector::Collector;
    use crate::dataset::inspect::scan::Scanner;
    use crate::dataset::layout::Hints;

    fn found(text: &str, query: RowQuery) -> FileRows {
        let mut scanner = Scanner::new("a.csv", text.len() as f64, Hints::default());
        scanner.push(text.as_bytes()).unwrap();
        let source = scanner.finish().unwrap();
        let mut collector = Collector::new(&source, source.guess()).unwrap();
        collector.push(text.as_bytes()).unwrap();
        let mut browser = RowBrowser::new(&source, collector.finish().unwrap().skipped_rows().to_vec(), query);
        text.as_bytes().chunks(7).for_each(|chunk| browser.push(chunk).unwrap());
        browser.finish().unwrap()
    }

    /// 40 rows, of which every tenth has no label and the last one has a cell too many.
    fn file() -> String {
        let label = |row: usize| if row.is_multiple_of(10) { "" } else { ["good", "bad"][row % 2] };
        let rows: String = (1..40).map(|row| format!("Film number {row},{}\n", label(row))).collect();
        format!("text,label\n{rows}one,too,many\n")
    }

    fn lines(found: &FileRows) -> Vec<u32> {
        found.rows.iter().map(|row| row.line).collect()
    }

    #[test]
    fn rows_are_shown_from_an_offset_on() {
        let query = RowQuery { offset: 30, ..RowQuery::default() };
        let found = found(&file(), query);
        assert_eq!((found.total, lines(&found)), (40, (32..=41).collect()));
        assert_eq!(found.rows[0].cells, ["Film number 31", "bad"]);
    }

    #[test]
    fn a_search_matches_any_cell_in_upper_and_lower_case() {
        let search = |search: &str| found(&file(), RowQuery { search: search.to_owned(), ..RowQuery::default() });
        assert_eq!(search("film number 41").total, 0);
        assert_eq!(lines(&search(" NUMBER 12 ")), [13]);
        assert_eq!(search("bad").total, 20);
    }

    #[test]
    fn skipped_rows_are_shown_with_their_reasons() {
        let found = found(&file(), RowQuery { only_skipped: true, ..RowQuery::default() });
        let reasons: Vec<&str> = found.rows.iter().filter_map(|row| row.skipped.as_deref()).collect();
        assert_eq!(lines(&found), [11, 21, 31, 41]);
        assert_eq!(reasons, ["no label", "no label", "no label", "3 cells instead of 2"]);
        assert_eq!(found.rows[0].cells, ["Film number 10", ""]);
    }
}
