//! One row of a sheet.

use crate::diagnostic::Diagnostic;
use crate::limits::MAX_CELL_BYTES;

/// The cells of a row that are not empty.
#[derive(Default)]
pub(crate) struct Row {
    /// Its number in the sheet, from 1.
    pub number: u32,
    /// Column, from 0, and text of each cell that is not empty, in the order of the columns.
    pub cells: Vec<(u32, String)>,
    /// Cells that begin here and span several rows: the column, and the number of the last row.
    pub spans: Vec<(u32, u32)>,
}

impl Row {
    /// Begins another row.
    pub(crate) fn restart(&mut self, number: u32) {
        self.number = number;
        self.cells.clear();
        self.spans.clear();
    }

    /// Adds a cell. One byte more is kept than a cell may have, so that it counts as cut.
    pub(crate) fn push(&mut self, column: u32, text: &str) {
        if !text.trim().is_empty() {
            let text = &text[..text.floor_char_boundary(MAX_CELL_BYTES + 4)];
            self.cells.push((column, text.to_owned()));
        }
    }

    /// The text at a column, empty if there is none.
    pub(crate) fn get(&self, column: u32) -> &str {
        self.cells.iter().find(|(at, _)| *at == column).map_or("", |(_, text)| text)
    }
}

/// Reads the rows of a sheet in order.
pub(crate) trait SheetRows {
    /// Reads the next row. Returns false at the end.
    ///
    /// # Errors
    /// `data.damaged`.
    fn next_row(&mut self, row: &mut Row) -> Result<bool, Diagnostic>;
}

/// Name of a cell: column 1 of row 3 is `B3`.
pub(crate) fn cell_name(column: u32, row: u32) -> String {
    let (mut letters, mut rest) = (Vec::new(), column + 1);
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    format!("{}{row}", letters.iter().rev().collect::<String>())
}

/// Column, from 0, and row, from 1, of a cell's name.
pub(crate) fn cell_of(name: &str) -> Option<(u32, u32)> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = name.split_at(digits);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let value = u32::from(letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?) + 1;
        column = column.checked_mul(26)?.checked_add(value)?;
    }
    Some((column.checked_sub(1)?, row.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_names() {
        for (column, row, name) in [(0, 1, "A1"), (25, 2, "Z2"), (26, 3, "AA3"), (16_383, 1_048_576, "XFD1048576")] {
            assert_eq!((cell_name(column, row), cell_of(name)), (name.to_owned(), Some((column, row))));
        }
        for name in ["", "A", "1", "é1", "A0x", "AAAAAAAAAAAAA1", "A99999999999"] {
            assert_eq!(cell_of(name), None, "{name}");
        }
    }
}
