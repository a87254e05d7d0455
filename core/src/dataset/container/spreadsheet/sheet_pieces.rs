//! Turns the rows of a sheet into lines of text.

use std::cell::RefCell;
use std::rc::Rc;

use crate::dataset::container::pieces::{PIECE_BYTES, Pieces};
use crate::dataset::container::spreadsheet::notes::Notes;
use crate::dataset::container::spreadsheet::row::{Row, SheetRows};
use crate::dataset::formats::sheet::{CELL_END, write_cell};
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_COLUMNS, MAX_ROW_BYTES, MAX_SHEET_ROWS, MAX_UNPACKED_BYTES};
use crate::phrases::{names, thousands};

/// A cell that spans rows, and the rows to come that it fills.
struct Span {
    column: u32,
    last_row: u32,
    text: String,
}

/// The rows of a sheet as lines, row n on line n.
pub(crate) struct SheetPieces {
    rows: Box<dyn SheetRows>,
    row: Row,
    /// Number of lines written so far.
    lines: u32,
    bytes: u64,
    spans: Vec<Span>,
    notes: Rc<RefCell<Notes>>,
    /// Name of the sheet.
    sheet: String,
    /// True once the last row has been read.
    is_over: bool,
}

impl SheetPieces {
    pub(crate) fn new(rows: Box<dyn SheetRows>, sheet: &str, notes: Rc<RefCell<Notes>>) -> Self {
        let sheet = sheet.to_owned();
        Self { rows, row: Row::default(), lines: 0, bytes: 0, spans: Vec::new(), notes, sheet, is_over: false }
    }

    /// Fills cells that belong to a cell above them. A row without any cell of its own stays empty.
    fn fill_spans(&mut self) {
        let row = &mut self.row;
        self.spans.retain(|span| span.last_row >= row.number);
        if !row.cells.is_empty() {
            for Span { column, text, .. } in &self.spans {
                if row.get(*column).is_empty() {
                    row.push(*column, text);
                }
            }
        }
        for &(column, last_row) in &row.spans {
            let text = row.get(column).to_owned();
            if !text.is_empty() && last_row > row.number {
                self.spans.push(Span { column, last_row, text });
            }
        }
        row.cells.sort_by_key(|(column, _)| *column);
        row.cells.dedup_by_key(|(column, _)| *column);
    }

    fn write_row(&mut self, out: &mut Vec<u8>) -> Result<(), Diagnostic> {
        if self.row.number <= self.lines || self.row.number as usize > MAX_SHEET_ROWS {
            let what = format!("Row {} of sheet {} is out of order.", self.row.number, names(&[&self.sheet]));
            return Err(Diagnostic::new("data.damaged", what)
                .done("The file was not read.")
                .remedy("Open it in a spreadsheet program and save it again."));
        }
        let begin = out.len();
        out.resize(begin + (self.row.number - self.lines - 1) as usize, b'\n');
        let mut next = 0;
        for (column, text) in &self.row.cells {
            if *column as usize >= MAX_COLUMNS {
                self.notes.borrow_mut().far.add(*column, self.row.number, "");
                continue;
            }
            if out.len() - begin + text.len() > MAX_ROW_BYTES {
                break;
            }
            out.resize(out.len() + (column - next) as usize, CELL_END as u8);
            next = *column;
            write_cell(text, out);
        }
        out.push(b'\n');
        self.lines = self.row.number;
        self.bytes += (out.len() - begin) as u64;
        if self.bytes > MAX_UNPACKED_BYTES {
            let gigabytes = MAX_UNPACKED_BYTES >> 30;
            let what = format!("Sheet {} has more than {gigabytes} GB of text.", names(&[&self.sheet]));
            return Err(Diagnostic::new("data.unpacks-to-too-much", what)
                .done("The file was not read any further.")
                .remedy(format!("Use a part of it. It had {} rows up to there.", thousands(self.lines as usize))));
        }
        Ok(())
    }
}

impl Pieces for SheetPieces {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        while out.len() < PIECE_BYTES && !self.is_over {
            self.is_over = !self.rows.next_row(&mut self.row)?;
            if self.is_over {
                break;
            }
            self.fill_spans();
            if !self.row.cells.is_empty() {
                self.write_row(out)?;
            }
        }
        Ok(!out.is_empty())
    }
}
