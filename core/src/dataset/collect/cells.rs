//! A second pass over a file that keeps every cell, for rows that get a prediction.

use crate::dataset::collect::stream::RecordStream;
use crate::dataset::formats::reader::ParsedRecord;
use crate::dataset::skipped::{SkippedRow, SkippedRows};
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_TEXT_BYTES;

/// All cells of a file, by row.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// Column names.
    pub columns: Vec<String>,
    /// Cells of each row that could be read.
    pub rows: Vec<Vec<String>>,
    /// Number of rows that could not be read.
    pub skipped: usize,
    /// The first of them.
    pub first_skipped: Vec<SkippedRow>,
}

/// Reads the cells of a file, in chunks of any size.
pub struct CellReader {
    records: RecordStream,
    kept: KeptCells,
}

/// The cells read so far.
struct KeptCells {
    bytes: usize,
    cells: Cells,
    skipped: SkippedRows,
}

impl CellReader {
    /// A reader for a file that was scanned.
    pub fn new(source: &SourceInfo) -> Self {
        let cells = Cells { columns: source.columns.clone(), ..Cells::default() };
        let kept = KeptCells { bytes: 0, cells, skipped: SkippedRows::default() };
        Self { records: RecordStream::new(source), kept }
    }

    /// Reads the next chunk.
    ///
    /// # Errors
    /// Bytes that cannot be decoded, and `data.too-much-text`.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Diagnostic> {
        self.records.push(chunk, &mut |record| self.kept.add(record))
    }

    /// Returns the cells.
    ///
    /// # Errors
    /// As [`CellReader::push`], and `data.no-rows` if no row can be read.
    pub fn finish(mut self) -> Result<Cells, Diagnostic> {
        self.records.finish(&mut |record| self.kept.add(record))?;
        let KeptCells { cells, skipped, .. } = self.kept;
        if cells.rows.is_empty() {
            return Err(Diagnostic::new("data.no-rows", "The file has no row that can be read.")
                .done("Nothing was predicted.")
                .remedy("Choose a file with at least one row."));
        }
        let SkippedRows { rows, first } = skipped;
        Ok(Cells { skipped: rows, first_skipped: first, ..cells })
    }
}

impl KeptCells {
    fn add(&mut self, ParsedRecord { line, record }: ParsedRecord) -> Result<(), Diagnostic> {
        match record {
            Ok(record) => {
                let columns = self.cells.columns.len();
                let row: Vec<String> = (0..columns).map(|column| record.get(column).to_owned()).collect();
                self.bytes += row.iter().map(|cell| size_of::<String>() + cell.len()).sum::<usize>();
                self.cells.rows.push(row);
            }
            Err(reason) => self.skipped.add(line, reason),
        }
        if self.bytes > MAX_TEXT_BYTES { Err(too_much()) } else { Ok(()) }
    }
}

fn too_much() -> Diagnostic {
    Diagnostic::new("data.too-much-text", format!("The file has more than {} MB of text.", MAX_TEXT_BYTES >> 20))
        .done("Nothing was predicted.")
        .remedy("Split the file, and predict its parts one after the other.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::inspect::scan::Scanner;
    use crate::dataset::layout::Hints;

    fn read(name: &str, text: &str) -> Result<Cells, Diagnostic> {
        let mut scanner = Scanner::new(name, text.len() as f64, Hints::default());
        scanner.push(text.as_bytes()).unwrap();
        let mut reader = CellReader::new(&scanner.finish().unwrap());
        for piece in text.as_bytes().chunks(7) {
            reader.push(piece)?;
        }
        reader.finish()
    }

    #[test]
    fn every_cell_is_kept_and_rows_that_cannot_be_read_are_listed() {
        let cells = read("a.csv", "id,text\n7,so good\n8,\n9,one,too many\n10,\"a, b\"\n").unwrap();
        assert_eq!(cells.columns, ["id", "text"]);
        assert_eq!(cells.rows, [["7", "so good"], ["8", ""], ["10", "a, b"]]);
        assert_eq!((cells.skipped, cells.first_skipped[0].line), (1, 4));
    }

    #[test]
    fn missing_keys_are_empty_cells() {
        let cells = read("a.jsonl", "{\"id\": 1, \"text\": \"a\"}\n{\"text\": \"b\"}\n").unwrap();
        assert_eq!(cells.rows, [["1", "a"], ["", "b"]]);
    }
}
